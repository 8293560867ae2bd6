//! What to do: every finding has a remedy whose commands can be pasted, whoever chose the subject.

use super::super::{Given, Mode};
use super::*;

fn advised(history: CertificateHistory, options: &Options) -> Finding {
    let certificates = Certificates { histories: vec![history], ..Certificates::default() };
    diagnose(&certificates, &Material::default(), options).findings.remove(0)
}

fn text(finding: &Finding) -> String {
    let steps = finding.fix.iter().map(|one| format!("{}\n{}", one.step, one.command.as_deref().unwrap_or_default()));
    let checks = finding.hypotheses.iter().map(|one| one.check.clone());
    steps.chain(checks).collect::<Vec<_>>().join("\n")
}

fn given() -> Given {
    let files = |name: &str| vec![name.to_owned()];
    Given { inputs: files("my logs"), client_certs: files("c/client.pem"), ca_bundles: files("the bundle.pem"), crls: files("list.crl") }
}

#[test]
fn files_and_logs_are_called_by_their_names() {
    let options = Options { given: given(), ..Options::default() };
    let text = text(&advised(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW)), &options));
    assert!(text.contains("'the bundle.pem'") && !text.contains("c/client.pem"), "no fact says that it is that one: {text}");
    let history = certificate("02").with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired));
    let text = self::text(&advised(history, &options));
    assert!(text.contains("tlslake failures 'my logs' --serial 02"), "{text}");
}

#[test]
fn nothing_is_left_open() {
    for mode in [None, Some(Mode::Verify), Some(Mode::Passthrough)] {
        for reason in ["ClientCertExpired", "ClientCertUntrusted", "ClientCertCrlProcessingError", "UnmappedConnectionError", "New"] {
            let finding = advised(certificate("02").with(failed(reason, NOW, NOW)), &Options { mode, ..Options::default() });
            let text = text(&finding);
            assert!(!finding.fix.is_empty());
            for placeholder in crate::reasons::Placeholder::ALL {
                assert!(!text.contains(&format!("{{{}}}", placeholder.name)), "{text}");
            }
        }
    }
}

#[test]
fn a_subject_cannot_break_out_of_its_quotes() {
    let hostile = "CN=x'; rm -rf ~; echo '\u{1b}[2J{serial}";
    let mut history = certificate("02").with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired));
    (history.subject, history.serial) = (Some(hostile.into()), Some("0'$(id)'".into()));
    let finding = advised(history, &Options::default());
    let text = text(&finding);
    assert!(text.contains(r"--subject 'CN=x'\''; rm -rf ~; echo '\''\u{1b}[2J{serial}'") && !text.contains("$(id)"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(finding.subject.as_deref(), Some(hostile), "as logged");
}

#[test]
fn passthrough_turns_advice_around() {
    let history = certificate("02").with(failed("ClientCertUntrusted", NOW, NOW));
    let verify = text(&advised(history.clone(), &Options::default()));
    let passthrough = text(&advised(history, &Options { mode: Some(Mode::Passthrough), ..Options::default() }));
    assert!(passthrough.contains("target") && !passthrough.contains("modify-trust-store"), "{passthrough}");
    assert!(verify.contains("modify-trust-store"), "{verify}");
}

#[test]
fn a_serial_that_is_none_is_not_searched_for() {
    let history = |serial| certificate(serial).with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired));
    let text = text(&advised(history("not hex"), &Options::default()));
    assert!(text.contains("--subject 'CN=client,O=Company LLC'") && !text.contains("--serial"), "{text}");
    let nameless = CertificateHistory { subject: None, ..history("not hex") };
    let text = self::text(&advised(nameless, &Options::default()));
    assert!(!text.contains("tlslake failures"), "{text}");
}

#[test]
fn a_failure_that_is_over_is_said_to_be() {
    let history = certificate("02").with(failed("ClientCertUntrusted", NOW, NOW + HOUR)).with(succeeded(NOW + 2 * HOUR, NOW + 3 * HOUR));
    let finding = advised(history, &Options::default());
    assert!(finding.summary.contains("It is over since 2026-03-17T01:00:00Z"), "{}", finding.summary);
}
