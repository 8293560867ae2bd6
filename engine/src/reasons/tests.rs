//! The catalogue as a whole: nothing is missing, every template can be filled, every command is one that exists.

use std::collections::BTreeSet;

use super::placeholder::{Piece, pieces};
use super::*;

/// The codes that AWS documents.
const CODES: [&str; 13] = [
    "ClientCertMaxChainDepthExceeded",
    "ClientCertMaxSizeExceeded",
    "ClientCertCrlHit",
    "ClientCertUntrusted",
    "ClientCertNotYetValid",
    "ClientCertExpired",
    "ClientCertTypeUnsupported",
    "ClientCertInvalid",
    "ClientCertRejected",
    "ClientCertCrlProcessingError",
    "UnmappedConnectionError",
    "ClientCertPurposeInvalid",
    "ClientCertIncompatible",
];

/// What `tlslake` has, by command.
const OPTIONS: [(&str, &[&str]); 5] = [
    (
        "failures",
        &[
            "--client-ip",
            "--reason",
            "--subject",
            "--serial",
            "--trace-id",
            "--since",
            "--until",
            "--all",
            "--limit",
            "--columns",
            "--format",
        ],
    ),
    ("explain", &["--format"]),
    ("diagnose", &["--ca-bundle", "--crl", "--client-cert", "--mode", "--top", "--format", "--support-pack", "--since", "--until"]),
    ("certs", &["--expiring", "--as-of", "--since", "--until", "--format"]),
    ("lint-trust-store", &["--ca-bundle", "--crl", "--format"]),
];

/// Programs that a command line may begin with.
const PROGRAMS: [&str; 15] = [
    "tlslake",
    "openssl",
    "aws",
    "curl",
    "curl.exe",
    "certutil",
    "awk",
    "grep",
    "printf",
    "date",
    "timedatectl",
    "wc",
    "Invoke-WebRequest",
    "$certs",
    "$bundle",
];

/// The first check of a reason.
fn who_fails(code: &str) -> String {
    format!(
        "tlslake failures {{logs}} --reason {code} --columns time,client_ip,elb,listener_port,tls_verify_status,leaf_client_cert_serial_number"
    )
}

fn steps() -> Vec<FixStep> {
    let of_reasons = all().iter().flat_map(|reason| reason.fixes);
    let of_causes = Cause::ALL.into_iter().flat_map(|cause| cause.advice().fix.iter().chain(cause.advice().passthrough_steps()));
    of_reasons.chain(of_causes).copied().collect()
}

/// Every command of checks and of fixes.
fn commands() -> Vec<&'static str> {
    let of_checks = all().iter().flat_map(|reason| reason.checks).flat_map(|check| {
        let Commands { linux, macos, windows } = check.commands;
        [linux, macos, windows]
    });
    of_checks.chain(steps().iter().filter_map(|step| step.command)).filter(|command| !command.is_empty()).collect()
}

/// Every text of both tables.
fn texts() -> Vec<&'static str> {
    let mut texts = commands();
    texts.extend(steps().iter().map(|step| step.step));
    for reason in all() {
        texts.extend([reason.code, reason.meaning, reason.about]);
        texts.extend(reason.causes.iter().map(|cause| cause.why));
        texts.extend(reason.checks.iter().flat_map(|check| [check.title, check.tells]));
        texts.extend(reason.log.can.iter().chain(reason.log.cannot));
        texts.extend(reason.sources.iter().flat_map(|source| [source.title, source.url]));
    }
    for advice in Cause::ALL.map(Cause::advice) {
        texts.extend([advice.title, advice.says, advice.check]);
    }
    texts
}

#[test]
fn every_documented_code_is_there_and_no_other() {
    assert_eq!(all().iter().map(|reason| reason.code).collect::<Vec<_>>(), CODES);
}

#[test]
fn every_reason_says_everything() {
    for reason in all() {
        let code = reason.code;
        assert!(!reason.causes.is_empty() && reason.checks.len() > 1 && reason.fixes.len() > 1 && !reason.sources.is_empty(), "{code}");
        assert!(!reason.log.can.is_empty() || !reason.log.cannot.is_empty(), "{code}");
        assert!(reason.checks.iter().all(|check| !check.commands.by_system().is_empty()), "{code}");
        assert_eq!(reason.checks.first().map(|check| check.commands.linux), Some(&*who_fails(code)));
        let causes: BTreeSet<_> = reason.causes.iter().map(|cause| cause.cause).collect();
        assert_eq!(causes.len(), reason.causes.len(), "{code}: a cause stands twice");
        assert!(reason.sources.iter().all(|source| source.url.starts_with("https://")), "{code}");
    }
}

#[test]
fn every_cause_has_advice_of_its_own() {
    let titles: BTreeSet<_> = Cause::ALL.map(|cause| cause.advice().title).into();
    assert_eq!(titles.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        let advice = cause.advice();
        assert!(!advice.fix.is_empty() && !advice.passthrough_steps().is_empty() && !advice.check.is_empty(), "{}", cause.name());
    }
}

/// AWS documents no causes for the first, and the second has several: nothing about them may sound like a fact.
#[test]
fn what_is_a_guess_is_called_one() {
    for code in ["ClientCertCrlProcessingError", "UnmappedConnectionError", "ClientCertInvalid"] {
        let reason = reason(code).unwrap();
        assert!(reason.about.contains("guess"), "{code}");
        assert!(reason.causes.iter().all(|cause| cause.basis == Basis::Guess), "{code}");
    }
}

#[test]
fn sentences_end_and_titles_do_not() {
    for reason in all() {
        assert!(!reason.meaning.ends_with('.') && reason.about.ends_with('.'), "{}", reason.code);
        let sentences = reason.causes.iter().map(|cause| cause.why).chain(reason.checks.iter().map(|check| check.tells));
        for sentence in sentences.chain(reason.log.can.iter().chain(reason.log.cannot).copied()) {
            assert!(sentence.ends_with('.'), "{}: {sentence}", reason.code);
        }
    }
    for cause in Cause::ALL {
        let advice = cause.advice();
        assert!(!advice.title.ends_with('.') && advice.says.ends_with('.') && advice.check.ends_with('.'), "{}", cause.name());
    }
    assert!(steps().iter().all(|step| !step.step.ends_with('.')));
}

/// What looks like a placeholder is one: a typo would be shown to people with its braces.
#[test]
fn no_placeholder_is_unknown() {
    for text in texts() {
        for piece in pieces(text) {
            let Piece::Text(text) = piece else { continue };
            let after = text.split('{').skip(1).map(|after| after.split('}').next().unwrap_or_default());
            let looks_like_one = after.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            assert_eq!(looks_like_one.collect::<Vec<_>>(), Vec::<&str>::new(), "{text}");
        }
    }
}

#[test]
fn every_placeholder_is_used() {
    let used: BTreeSet<&str> = texts()
        .into_iter()
        .flat_map(pieces)
        .filter_map(|piece| match piece {
            Piece::Open(placeholder) => Some(placeholder.name),
            Piece::Text(_) => None,
        })
        .collect();
    let unused: Vec<_> = Placeholder::ALL.iter().map(|placeholder| placeholder.name).filter(|name| !used.contains(name)).collect();
    assert_eq!(unused, Vec::<&str>::new());
}

#[test]
fn commands_begin_with_programs_that_exist() {
    for line in commands().iter().flat_map(|command| command.lines()) {
        let program = line.split([' ', '|', '(', '.']).next().unwrap_or_default();
        let known = PROGRAMS.iter().any(|known| known.split('.').next() == Some(program)) || line.starts_with('(');
        assert!(known, "{line}");
    }
}

/// The lists of steps, each a list.
fn remedies() -> Vec<&'static [FixStep]> {
    let of_causes = Cause::ALL.into_iter().flat_map(|cause| [cause.advice().fix, cause.advice().passthrough_steps()]);
    all().iter().map(|reason| reason.fixes).chain(of_causes).chain([ca_not_yet_valid()]).collect()
}

/// A bundle built from a stale file, and uploaded, shuts out everybody else.
#[test]
fn a_new_bundle_is_built_from_the_present_one_and_linted_before_it_is_uploaded() {
    let mut uploads = 0;
    for steps in remedies() {
        let first = |part: &str| steps.iter().position(|step| step.command.is_some_and(|command| command.contains(part)));
        for command in steps.iter().filter_map(|step| step.command).filter(|command| command.contains("> new-ca-bundle.pem")) {
            assert!(command.starts_with("awk 1 current-ca-bundle.pem "), "{command}");
        }
        let Some(upload) = first("aws s3 cp new-ca-bundle.pem") else { continue };
        assert!(first("-o current-ca-bundle.pem").unwrap() < first("--ca-bundle new-ca-bundle.pem").unwrap());
        assert!(first("--ca-bundle new-ca-bundle.pem").unwrap() < upload);
        uploads += 1;
    }
    assert!(uploads > 5);
    assert!(commands().iter().all(|command| !command.contains("-o ca-bundle.pem") && !command.contains("cat {")));
}

/// Without quotes a variable that is not set takes the next option for its value.
#[test]
fn variables_are_quoted() {
    for command in commands() {
        for (at, _) in command.match_indices("_arn}") {
            assert!(command[at + 5..].starts_with(['"', ',']), "{command}");
        }
    }
}

#[test]
fn commands_mention_no_option_that_tlslake_lacks() {
    // Inline ones, between backquotes, too.
    let inline = texts().into_iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    let ours = commands().into_iter().flat_map(str::lines).chain(inline).filter_map(|line| line.strip_prefix("tlslake "));
    let mut seen = 0;
    for line in ours {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (command, options) = OPTIONS.iter().find(|(command, _)| words.first() == Some(command)).unwrap_or_else(|| panic!("{line}"));
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(options.contains(option), "{command} has no {option}: {line}");
        }
        seen += 1;
    }
    assert!(seen > 30);
}

/// The command line of macOS is LibreSSL's: options that only OpenSSL has would fail there.
#[test]
fn commands_for_macos_use_what_libressl_has() {
    let only_openssl = ["storeutl", "-partial_chain", "-cert_chain", "-addext", "-copy_extensions", "-ext "];
    for command in all().iter().flat_map(|reason| reason.checks).map(|check| check.commands.macos) {
        assert!(only_openssl.iter().all(|option| !command.contains(option)), "{command}");
    }
}

/// A remedy has one command for every system, so it must say where it does not hold.
#[test]
fn where_only_openssl_will_do_it_says_so() {
    for step in steps().iter().filter(|step| step.command.is_some_and(|command| command.contains("-partial_chain"))) {
        assert!(step.step.contains("LibreSSL"), "{}", step.step);
    }
    for advice in Cause::ALL.map(Cause::advice) {
        assert_eq!(advice.check.contains("openssl verify"), advice.check.contains("-partial_chain") && advice.check.contains("LibreSSL"));
    }
}

/// What a step uses, one before it makes or tells where it comes from.
#[test]
fn a_new_certificate_comes_from_the_ca_before_it_is_tried() {
    for steps in remedies() {
        for (at, step) in steps.iter().enumerate() {
            let before = || steps.iter().take(at);
            if step.command.is_some_and(|command| command.contains("--cert new-client.pem")) {
                assert!(before().any(|earlier| earlier.step.contains("as new-client.pem")), "{}", step.step);
                assert!(before().any(|earlier| earlier.command == Some(shared::NEW_KEY_AND_REQUEST)), "{}", step.step);
            }
            if step.command == Some(shared::NEW_KEY_AND_REQUEST) {
                let after = |part: &str| steps.iter().skip(at).any(|later| later.step.contains(part));
                assert!(after("as new-client.pem") && after("subject"), "{}", step.step);
            }
        }
    }
    assert!(commands().iter().all(|command| !command.contains("> client.ext") || command.contains("-extfile client.ext")));
}

#[test]
fn commands_are_grouped_by_what_they_say() {
    assert_eq!(Commands::everywhere("a").by_system(), [(vec!["Linux", "macOS", "Windows"], "a")]);
    assert_eq!(Commands::unix_and_windows("a", "b").by_system(), [(vec!["Linux", "macOS"], "a"), (vec!["Windows"], "b")]);
    assert!(Commands::NONE.by_system().is_empty());
}
