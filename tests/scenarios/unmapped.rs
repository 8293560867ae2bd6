//! Failures that name no fault of a certificate, codes that nobody knows, and what is no failure at all.

use super::certificates::{crl, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles, ProvenByLog, Unknown};
use super::judge::{Scenario, finding, scenario, table};

table![
    no_certificate_over_tls,
    no_protocol,
    unmapped_with_a_certificate,
    unmapped_with_a_certificate_that_is_too_large,
    rejected_by_the_target,
    a_code_that_nobody_knows,
    failed_without_a_code,
    failed_with_an_empty_code,
    status_in_quotes,
    nothing_failed,
    passthrough_and_untrusted,
    passthrough_and_revoked,
    passthrough_and_rejected,
    several_reasons_of_many_clients,
];

const UNMAPPED: &str = "UnmappedConnectionError";
const TIME: &str = "2026-03-16T08:00:00Z";

fn client() -> Shown {
    Shown::new("CN=client,O=Company LLC,C=US", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0F0F0F0F0F0F0F0F")
}

fn no_certificate_over_tls() -> Scenario {
    scenario([connection(TIME, &Shown::nothing()).failed(UNMAPPED)])
        .expect(finding(UNMAPPED, &Shown::nothing(), "no-certificate", Likely).says("log", &["certificate"]).remedy("certificate"))
}

fn no_protocol() -> Scenario {
    let connection = connection(TIME, &Shown::nothing()).failed(UNMAPPED).over("-", "-");
    scenario([connection]).expect(finding(UNMAPPED, &Shown::nothing(), "tls-negotiation-failed", Likely).says("log", &["protocol|tls"]))
}

fn unmapped_with_a_certificate() -> Scenario {
    scenario([connection(TIME, &client()).failed(UNMAPPED)]).expect(finding(UNMAPPED, &client(), "unknown", Unknown).remedy("support"))
}

/// The file shows what may be wrong; that it was, the code does not say.
fn unmapped_with_a_certificate_that_is_too_large() -> Scenario {
    let root = root("Root");
    let client = leaf("client").padded(17_000).signed_by(&root);
    scenario([connection(TIME, &client.shown).failed(UNMAPPED)])
        .bundle(&[root.pem()])
        .client(&[&client.pem])
        .expect(finding(UNMAPPED, &client.shown, "unknown", Unknown).supposes(&["certificate-too-large"]).says("client-cert", &["16"]))
}

fn rejected_by_the_target() -> Scenario {
    scenario([connection(TIME, &client()).failed("ClientCertRejected")])
        .expect(finding("ClientCertRejected", &client(), "rejected-by-target", Likely).remedy("access log|trace").remedy("target"))
}

fn a_code_that_nobody_knows() -> Scenario {
    scenario([connection(TIME, &client()).failed("ClientCertQuantumBroken")]).expect(finding(
        "ClientCertQuantumBroken",
        &client(),
        "unknown",
        Unknown,
    ))
}

fn failed_without_a_code() -> Scenario {
    scenario([connection(TIME, &client()).status("Failed")]).expect(finding("(none)", &client(), "unknown", Unknown))
}

fn failed_with_an_empty_code() -> Scenario {
    scenario([connection(TIME, &client()).status("Failed:")]).expect(finding("(empty)", &client(), "unknown", Unknown))
}

fn status_in_quotes() -> Scenario {
    let expired = Shown::new("CN=client,O=Company LLC,C=US", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "10");
    scenario([connection(TIME, &expired).status("\"Failed:ClientCertExpired\"")]).expect(finding(
        "ClientCertExpired",
        &expired,
        "leaf-expired",
        ProvenByLog,
    ))
}

/// Successes, plain HTTP, TLS without a verdict: none of them is a failure.
fn nothing_failed() -> Scenario {
    scenario([
        connection(TIME, &client()),
        connection(TIME, &Shown::nothing()).status("-").over("-", "-").port(80),
        connection(TIME, &Shown::nothing()).status("-").over("-", "-"),
        connection(TIME, &Shown::nothing()).status("\"-\""),
        connection(TIME, &Shown::nothing()),
    ])
}

/// A balancer that hands certificates on has no trust store to mend.
fn passthrough_and_untrusted() -> Scenario {
    scenario([connection(TIME, &client()).failed("ClientCertUntrusted")])
        .option(&["--mode", "passthrough"])
        .expect(finding("ClientCertUntrusted", &client(), "issuer-missing", Likely).remedy("target").remedy("passthrough|verify mode|mode"))
}

fn passthrough_and_revoked() -> Scenario {
    let list = crl().revoking(&[0x0f; 8], "2026-03-15T00:00:00Z", None).pem(&root("Root"));
    scenario([connection(TIME, &client()).failed("ClientCertCrlHit")])
        .crl(list)
        .option(&["--mode", "passthrough"])
        .expect(finding("ClientCertCrlHit", &client(), "revoked", ProvenByFiles).remedy("target|passthrough|mode"))
}

fn passthrough_and_rejected() -> Scenario {
    scenario([connection(TIME, &client()).failed("ClientCertRejected")])
        .option(&["--mode", "passthrough"])
        .expect(finding("ClientCertRejected", &client(), "rejected-by-target", Likely).remedy("target"))
}

/// One incident, as it looks in the log: each reason and each certificate is a finding of its own.
fn several_reasons_of_many_clients() -> Scenario {
    let named = |name: &str, serial: &str| Shown::new(&format!("CN={name}"), "2025-01-01T00:00:00Z", "2026-02-01T00:00:00Z", serial);
    let (one, other, third) = (named("one", "01"), named("other", "02"), named("third", "03"));
    let from = |number: u32| format!("198.51.100.{number}");
    let expired = (1..=5).map(|number| connection(TIME, &one).failed("ClientCertExpired").from(&from(number)));
    let untrusted = (1..=3).map(|number| connection(TIME, &other).failed("ClientCertUntrusted").from(&from(number)).port(8443));
    let expired_too = (1..=2).map(|number| connection(TIME, &third).failed("ClientCertExpired").from(&from(number)));
    let scanner = connection(TIME, &Shown::nothing()).failed(UNMAPPED).over("-", "-").from("192.0.2.66");
    scenario(std::iter::once(scanner).chain(expired).chain(untrusted).chain(expired_too))
        .expect(finding("ClientCertExpired", &one, "leaf-expired", ProvenByLog))
        .expect(finding("ClientCertUntrusted", &other, "issuer-missing", Likely))
        .expect(finding("ClientCertExpired", &third, "leaf-expired", ProvenByLog))
        .expect(finding(UNMAPPED, &Shown::nothing(), "tls-negotiation-failed", Likely))
}
