//! Certificates that were replaced while some clients still use the old one.

use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByLog};
use super::judge::{Scenario, finding, scenario, table};

table![expired_and_rotated, revoked_and_rotated, the_new_one_fails_and_the_old_one_works, rotated_before_the_first_failure];

fn old() -> Shown {
    Shown::new("CN=fleet,O=Company LLC,C=US", "2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "A1")
}

fn new() -> Shown {
    Shown::new("CN=fleet,O=Company LLC,C=US", "2026-02-20T00:00:00Z", "2027-02-20T00:00:00Z", "B2")
}

/// Most clients have the new certificate: the one that is left must be told so.
fn expired_and_rotated() -> Scenario {
    let updated = (1..=5).map(|number| connection("2026-03-16T08:30:00Z", &new()).from(&format!("203.0.113.{number}")));
    let straggler = connection("2026-03-16T08:00:00Z", &old()).failed("ClientCertExpired").from("203.0.113.99");
    scenario(updated.chain([straggler]))
        .expect(finding("ClientCertExpired", &old(), "leaf-expired", ProvenByLog).says("log", &["B2"]).says("log", &["2026-03-01"]))
}

fn revoked_and_rotated() -> Scenario {
    scenario([
        connection("2026-02-27T08:00:00Z", &old()).failed("ClientCertCrlHit"),
        connection("2026-02-28T08:00:00Z", &new()),
        connection("2026-02-28T09:00:00Z", &old()).failed("ClientCertCrlHit"),
    ])
    .expect(finding("ClientCertCrlHit", &old(), "revoked", Likely).says("log", &["B2"]))
}

/// A rotation to an issuer that the trust store does not know. The old serial is no successor.
fn the_new_one_fails_and_the_old_one_works() -> Scenario {
    scenario([
        connection("2026-02-27T08:00:00Z", &old()),
        connection("2026-02-27T09:00:00Z", &new()).failed("ClientCertUntrusted"),
        connection("2026-02-27T10:00:00Z", &new()).failed("ClientCertUntrusted"),
    ])
    .expect(finding("ClientCertUntrusted", &new(), "issuer-missing", Likely))
}

/// The other serial worked long ago only; nothing shows that it replaced this one.
fn rotated_before_the_first_failure() -> Scenario {
    scenario([connection("2026-02-21T08:00:00Z", &new()), connection("2026-03-16T09:00:00Z", &old()).failed("ClientCertExpired")])
        .expect(finding("ClientCertExpired", &old(), "leaf-expired", ProvenByLog))
}
