//! `tlslake explain`: every code that AWS documents, in every form, and what it says of others.

use crate::support::{folder, logs, run};

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

#[test]
fn the_list_has_every_code() {
    let text = run(["explain"]).exits(0).stdout;
    let markdown = run(["explain", "--format", "markdown"]).exits(0).stdout;
    let document = run(["explain", "--format", "json"]).exits(0).json();
    assert_eq!(document["schema"], "tlslake.explanation/1");
    let codes: Vec<_> = document["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect();
    assert_eq!(codes, CODES);
    for code in CODES {
        assert!(text.contains(&format!("\n{code}  ")), "{code}");
        assert!(markdown.contains(&format!("\n| `{code}` | ")), "{code}");
    }
}

#[test]
fn every_code_is_explained_whole() {
    for code in CODES {
        let text = run(["explain", code]).exits(0).stdout;
        for part in ["Usual causes", "Check", "Fix", "The log alone", "can't prove", "Sources", "https://docs.aws.amazon.com/"] {
            assert!(text.contains(part), "{code} lacks {part}:\n{text}");
        }
        let document = run(["explain", code, "--format", "json"]).exits(0).json();
        assert_eq!(document["reasons"].as_array().map(Vec::len), Some(1));
        assert_eq!(document["reasons"][0]["code"], code);
        assert!(document["reasons"][0]["fixes"].as_array().is_some_and(|fixes| fixes.len() > 1), "{code}");
        assert!(run(["explain", code, "--format", "markdown"]).exits(0).stdout.starts_with(&format!("# {code}\n")));
    }
}

#[test]
fn a_code_may_be_typed_as_it_stands_in_the_log() {
    let plain = run(["explain", "ClientCertExpired"]).exits(0).stdout;
    for typed in
        ["clientcertexpired", "CLIENTCERTEXPIRED", "Failed:ClientCertExpired", "failed:clientcertexpired", "\"Failed:ClientCertExpired\""]
    {
        assert_eq!(run(["explain", typed]).exits(0).stdout, plain, "{typed}");
    }
}

#[test]
fn a_code_that_is_not_documented_is_said_to_be_unknown() {
    let typo =
        run(["explain", "ClientCertExpird"]).exits(1).complains_of("no reason code that AWS documents").complains_of("ClientCertExpired");
    assert_eq!(typo.stdout, "");
    let other = run(["explain", "SomethingElse"]).exits(1).complains_of("`tlslake explain` lists the codes");
    assert!(!other.stderr.contains("did you mean"));
    run(["explain", "\u{1b}[2J"]).exits(1).complains_of("no reason code");
}

/// The report and the catalogue say the same of a code, since there is one place for it.
#[test]
fn the_report_takes_its_meanings_from_here() {
    let input = folder();
    logs::write(input.path(), &logs::name(1), &logs::gzip(format!("{}\n", logs::FIRST_ERA).as_bytes()));
    let report = run(["report", input.path().to_str().unwrap()]).exits(0).stdout;
    let document = run(["explain", "ClientCertExpired", "--format", "json"]).exits(0).json();
    let meaning = document["reasons"][0]["meaning"].as_str().unwrap();
    assert!(report.contains(meaning), "{report}");
}
