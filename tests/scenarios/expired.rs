//! Certificates used too late or too early, and the chains above them.

use super::certificates::{authority, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles, ProvenByLog};
use super::judge::{Scenario, finding, scenario, table};

table![
    leaf_expired,
    leaf_expired_after_it_worked,
    leaf_expired_by_a_second,
    leaf_valid_but_something_above_it_expired,
    leaf_refused_while_valid_and_expired_since,
    expired_without_a_logged_validity,
    intermediate_expired_in_the_chain_that_the_client_sends,
    authority_expired_in_the_bundle,
    intermediate_expired_since_but_valid_then,
    an_expired_authority_that_has_nothing_to_do_with_the_leaf,
    expired_authority_beside_its_renewed_self,
    leaf_and_intermediate_expired,
    expired_and_weakly_linked,
    not_yet_valid,
    not_yet_valid_by_an_hour,
    clock_skew,
    clock_skew_of_59_minutes,
    leaf_valid_but_called_not_yet_valid,
    intermediate_not_yet_valid,
];

const REASON: &str = "ClientCertExpired";
const EARLY: &str = "ClientCertNotYetValid";

fn client() -> Shown {
    Shown::new("CN=client,O=Company LLC,C=US", "2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "0A1B2C")
}

fn leaf_expired() -> Scenario {
    scenario(["2026-03-16T08:00:00.000001Z", "2026-03-16T09:00:00.5Z"].map(|time| connection(time, &client()).failed(REASON)))
        .expect(finding(REASON, &client(), "leaf-expired", ProvenByLog).says("log", &["2026-03-01", "15 d|15.3 d|15 days"]))
}

fn leaf_expired_after_it_worked() -> Scenario {
    scenario([
        connection("2026-02-27T10:00:00Z", &client()),
        connection("2026-02-28T11:22:33Z", &client()),
        connection("2026-03-01T00:30:00Z", &client()).failed(REASON),
        connection("2026-03-01T01:00:00Z", &client()).failed(REASON).from("203.0.113.8"),
    ])
    .expect(finding(REASON, &client(), "leaf-expired", ProvenByLog).says("log", &["2026-02-28T11:22:33|2026-02-28 11:22:33"]))
}

/// NotAfter is the last second of the validity.
fn leaf_expired_by_a_second() -> Scenario {
    scenario([connection("2026-03-01T00:00:01.2Z", &client()).failed(REASON)])
        .expect(finding(REASON, &client(), "leaf-expired", ProvenByLog).says("log", &["1 s|1.2 s|second"]))
}

fn leaf_valid_but_something_above_it_expired() -> Scenario {
    scenario([connection("2026-02-16T08:00:00Z", &client()).failed(REASON)]).expect(
        finding(REASON, &client(), "intermediate-expired", Likely)
            .says("log", &["valid", "2026-03-01"])
            .begins_with("intermediate|chain|CA certificate"),
    )
}

fn leaf_refused_while_valid_and_expired_since() -> Scenario {
    scenario(["2026-02-16T08:00:00Z", "2026-03-16T08:00:00Z"].map(|time| connection(time, &client()).failed(REASON)))
        .expect(finding(REASON, &client(), "intermediate-expired", Likely).says("log", &["expired|notafter", "2026-03-01"]))
}

fn expired_without_a_logged_validity() -> Scenario {
    let client = client().without_validity();
    scenario([connection("2026-03-16T08:00:00Z", &client).failed(REASON)]).expect(finding(REASON, &client, "leaf-expired", Likely))
}

fn intermediate_expired_in_the_chain_that_the_client_sends() -> Scenario {
    let root = root("Root A");
    let old = authority("Issuing A 2025").valid("2024-01-01T00:00:00Z", "2026-03-10T00:00:00Z").under(&root);
    let client = leaf("client-1").signed_by(&old);
    scenario([connection("2026-03-09T08:00:00Z", &client.shown), connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, old.pem()])
        .expect(
            finding(REASON, &client.shown, "intermediate-expired", ProvenByFiles).says("client-cert", &["Issuing A 2025", "2026-03-10"]),
        )
}

fn authority_expired_in_the_bundle() -> Scenario {
    let old = authority("Old root").valid("2016-01-01T00:00:00Z", "2026-03-10T00:00:00Z").self_signed();
    let client = leaf("client-2").signed_by(&old);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[old.pem()])
        .client(&[&client.pem])
        .expect(finding(REASON, &client.shown, "intermediate-expired", ProvenByFiles).says("ca-bundle", &["Old root", "2026-03-10"]))
}

/// What has expired since the event explains nothing.
fn intermediate_expired_since_but_valid_then() -> Scenario {
    let root = root("Root B");
    let issuing = authority("Issuing B").valid("2024-01-01T00:00:00Z", "2026-04-10T00:00:00Z").under(&root);
    let client = leaf("client-3").signed_by(&issuing);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, issuing.pem()])
        .expect(finding(REASON, &client.shown, "intermediate-expired", Likely))
}

fn an_expired_authority_that_has_nothing_to_do_with_the_leaf() -> Scenario {
    let root = root("Root C");
    let stranger = authority("Stranger").valid("2016-01-01T00:00:00Z", "2026-03-10T00:00:00Z").self_signed();
    let client = leaf("client-4").signed_by(&root);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[stranger.pem(), root.pem()])
        .client(&[&client.pem])
        .expect(finding(REASON, &client.shown, "intermediate-expired", Likely))
}

/// The same name and key, good for longer: the expired one is in nobody's way.
fn expired_authority_beside_its_renewed_self() -> Scenario {
    let old = authority("Root F").valid("2016-01-01T00:00:00Z", "2026-03-10T00:00:00Z").self_signed();
    let renewed = old.key_under(authority("Root F"));
    let client = leaf("client-7").signed_by(&renewed);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[old.pem(), renewed.pem()])
        .client(&[&client.pem])
        .expect(finding(REASON, &client.shown, "intermediate-expired", Likely))
}

/// Two causes at once: the log proves the first, and the second would be met right after it.
fn leaf_and_intermediate_expired() -> Scenario {
    let root = root("Root D");
    let old = authority("Issuing D").valid("2024-01-01T00:00:00Z", "2026-03-05T00:00:00Z").under(&root);
    let client = leaf("client-5").valid("2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z").signed_by(&old);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(REASON)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, old.pem()])
        .expect(
            finding(REASON, &client.shown, "leaf-expired", ProvenByLog)
                .says("log", &["2026-03-01"])
                .says("client-cert", &["Issuing D", "2026-03-05"]),
        )
}

/// One certificate, two reasons: two findings.
fn expired_and_weakly_linked() -> Scenario {
    scenario([
        connection("2026-02-16T08:00:00Z", &client()).failed("ClientCertUntrusted").port(8443),
        connection("2026-03-16T08:00:00Z", &client()).failed(REASON),
        connection("2026-03-16T08:00:01Z", &client()).failed(REASON),
    ])
    .expect(finding(REASON, &client(), "leaf-expired", ProvenByLog))
    .expect(finding("ClientCertUntrusted", &client(), "issuer-missing", Likely))
}

fn new() -> Shown {
    Shown::new("CN=new,O=Company LLC,C=US", "2026-03-16T12:00:00Z", "2027-03-16T12:00:00Z", "0B")
}

fn not_yet_valid() -> Scenario {
    scenario([connection("2026-03-13T12:00:00Z", &new()).failed(EARLY)])
        .expect(finding(EARLY, &new(), "not-yet-valid", ProvenByLog).says("log", &["2026-03-16", "3 d|72 h|3.0 d|3 days"]))
}

fn not_yet_valid_by_an_hour() -> Scenario {
    scenario([connection("2026-03-16T11:00:00Z", &new()).failed(EARLY)])
        .expect(finding(EARLY, &new(), "not-yet-valid", ProvenByLog).says("log", &["1 h|60 min"]))
}

fn clock_skew() -> Scenario {
    scenario([connection("2026-03-16T11:56:00Z", &new()).failed(EARLY), connection("2026-03-16T12:04:00Z", &new())])
        .expect(finding(EARLY, &new(), "clock-skew", Likely).says("log", &["4 min|240 s|4 m"]).supposes(&["not-yet-valid"]).remedy("clock"))
}

fn clock_skew_of_59_minutes() -> Scenario {
    scenario([connection("2026-03-16T11:01:00Z", &new()).failed(EARLY)])
        .expect(finding(EARLY, &new(), "clock-skew", Likely).says("log", &["59 min|59 m"]))
}

fn leaf_valid_but_called_not_yet_valid() -> Scenario {
    scenario([connection("2026-03-17T12:00:00Z", &new()).failed(EARLY)])
        .expect(finding(EARLY, &new(), "not-yet-valid", Likely).says("log", &["valid"]).begins_with("intermediate|chain|CA certificate"))
}

fn intermediate_not_yet_valid() -> Scenario {
    let root = root("Root E");
    let next = authority("Issuing E 2026").valid("2026-04-01T00:00:00Z", "2030-01-01T00:00:00Z").under(&root);
    let client = leaf("client-6").signed_by(&next);
    scenario([connection("2026-03-16T08:00:00Z", &client.shown).failed(EARLY)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, next.pem()])
        .expect(finding(EARLY, &client.shown, "not-yet-valid", ProvenByFiles).says("client-cert", &["Issuing E 2026", "2026-04-01"]))
}
