//! Which findings there are, in what order, and what they add up to.

use super::*;
use crate::aggregate::Forgotten;

fn counted(serial: &str, reason: &str, count: u64) -> CertificateHistory {
    certificate(serial).with(Went { count, ..failed(reason, NOW, NOW + HOUR) })
}

#[test]
fn no_failure_no_finding() {
    let diagnosis = of(vec![certificate("02").with(succeeded(NOW, NOW)), without_certificate().with(failed("-", NOW, NOW))]);
    assert_eq!((diagnosis.failures, diagnosis.total_findings, diagnosis.findings.len()), (0, 0, 0));
    assert_eq!(diagnosis.schema, "tlslake.diagnosis/1");
    assert_eq!(of(Vec::new()).findings, []);
}

#[test]
fn most_affected_first_then_by_name() {
    let histories = vec![counted("04", "B", 3), counted("03", "B", 3), counted("02", "A", 3), counted("05", "C", 4)];
    let order: Vec<(String, String)> = of(histories).findings.into_iter().map(|one| (one.reason, one.serial.unwrap_or_default())).collect();
    let expected = [("C", "05"), ("A", "02"), ("B", "03"), ("B", "04")].map(|(reason, serial)| (reason.to_owned(), serial.to_owned()));
    assert_eq!(order, expected);
}

#[test]
fn top_cuts_the_list_and_says_how_long_it_was() {
    let histories = vec![counted("02", "A", 1), counted("03", "A", 2), counted("04", "A", 3)];
    let certificates = Certificates { histories, ..Certificates::default() };
    let diagnosis = diagnose(&certificates, &Material::default(), &Options { top: Some(2), ..Options::default() });
    assert_eq!((diagnosis.failures, diagnosis.total_findings, diagnosis.findings.len()), (6, 3, 2));
    assert_eq!(diagnosis.findings[0].serial.as_deref(), Some("04"));
}

#[test]
fn uses_of_one_reason_are_one_finding() {
    let history = certificate("02")
        .with(Went { listener: Some(THERE), ..failed("A", NOW - HOUR, NOW) })
        .with(failed("A", NOW, NOW + HOUR))
        .with(Went { listener: None, protocol: None, ..failed("A", NOW, NOW) });
    let finding = only(history);
    assert_eq!(finding.count, 5);
    assert_eq!(finding.listeners, ["app/a/1:443", "app/b/2:443"]);
    assert_eq!((finding.first.as_str(), finding.last.as_str()), ("2026-03-16T23:00:00.000000Z", "2026-03-17T01:00:00.000000Z"));
}

#[test]
fn what_was_forgotten_is_noted() {
    let forgotten = Some(Forgotten { certificates: 12_000, connections: 13_000, failures: 7 });
    let diagnosis = diagnose(&Certificates { forgotten, ..Certificates::default() }, &Material::default(), &Options::default());
    assert!(diagnosis.notes[0].contains("12,000"), "{:?}", diagnosis.notes);
}
