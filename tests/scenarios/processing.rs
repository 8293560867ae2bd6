//! Revocation lists that a balancer may fail to process.

use super::certificates::{Authority, Identity, authority, crl, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{ProvenByFiles, Unknown};
use super::judge::{Scenario, finding, scenario, table};

table![
    processing_error_by_the_log_alone,
    list_expired,
    list_valid_then_and_expired_since,
    list_is_garbage_in_pem,
    list_is_cut_off,
    list_of_an_issuer_that_is_not_trusted,
    list_signed_by_another_key,
    list_whose_signature_was_tampered_with,
    list_expired_and_badly_signed,
    list_without_a_defect,
    lists_over_their_quota,
    one_of_two_lists_is_expired,
];

const REASON: &str = "ClientCertCrlProcessingError";
const SUSPECTS: [&str; 5] = ["crl-expired", "crl-unparsable", "crl-wrong-issuer", "crl-bad-signature", "quota-exceeded"];

fn refused(shown: &Shown) -> Scenario {
    scenario(["2026-03-16T08:00:00Z", "2026-03-16T08:10:00Z"].map(|time| connection(time, shown).failed(REASON)))
}

/// A client of this authority, which the bundle holds.
fn client_of(root: &Authority) -> (Identity, Scenario) {
    let client = leaf("client").signed_by(root);
    let scenario = refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem]);
    (client, scenario)
}

/// With this list, this must be proven, and evidence must say this of it.
fn proven(root: &Authority, list: impl AsRef<[u8]>, cause: &'static str, words: &[&str]) -> Scenario {
    let (client, scenario) = client_of(root);
    scenario.crl(list).expect(finding(REASON, &client.shown, cause, ProvenByFiles).says("crl", words).says("crl", &["list-2.crl"]))
}

fn processing_error_by_the_log_alone() -> Scenario {
    let client = Shown::new("CN=client,O=Company LLC,C=US", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0E");
    refused(&client).expect(finding(REASON, &client, "unknown", Unknown).supposes(&SUSPECTS).remedy("support"))
}

fn list_expired() -> Scenario {
    let root = root("Root");
    let list = crl().in_force("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").pem(&root);
    proven(&root, list, "crl-expired", &["2026-03-01"])
}

/// It was in force when the connections failed: that it has expired by now explains nothing.
fn list_valid_then_and_expired_since() -> Scenario {
    let root = root("Root");
    let (client, scenario) = client_of(&root);
    let list = crl().in_force("2026-03-15T00:00:00Z", "2026-03-20T00:00:00Z").pem(&root);
    scenario.crl(list).expect(finding(REASON, &client.shown, "unknown", Unknown))
}

fn list_is_garbage_in_pem() -> Scenario {
    let list = "-----BEGIN X509 CRL-----\nbm90IGEgbGlzdCBvZiByZXZva2VkIGNlcnRpZmljYXRlcw==\n-----END X509 CRL-----\n";
    proven(&root("Root"), list, "crl-unparsable", &[])
}

fn list_is_cut_off() -> Scenario {
    let root = root("Root");
    let whole = crl().revoking(&[1], "2026-03-01T00:00:00Z", None).pem(&root);
    proven(&root, &whole[..whole.len() / 2], "crl-unparsable", &[])
}

fn list_of_an_issuer_that_is_not_trusted() -> Scenario {
    proven(&root("Root of ours"), crl().pem(&root("Root of theirs")), "crl-wrong-issuer", &["Root of theirs"])
}

fn list_signed_by_another_key() -> Scenario {
    proven(&root("Root, renewed"), crl().pem(&root("Root, renewed")), "crl-bad-signature", &["sign"])
}

/// The right issuer and the right key, but the list was changed after it was signed.
fn list_whose_signature_was_tampered_with() -> Scenario {
    let root = root("Root");
    let mut list = crl().revoking(&[0x41, 0x42, 0x43, 0x44], "2026-03-01T00:00:00Z", None).der(&root);
    let at = list.windows(4).position(|bytes| bytes == [0x41, 0x42, 0x43, 0x44]).unwrap();
    list[at + 3] = 0x45;
    proven(&root, list, "crl-bad-signature", &["sign"])
}

/// Two causes at once: a list that nobody signed has no date to speak of.
fn list_expired_and_badly_signed() -> Scenario {
    let list = crl().in_force("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").pem(&root("Root, twice"));
    proven(&root("Root, twice"), list, "crl-bad-signature", &["sign"])
}

fn list_without_a_defect() -> Scenario {
    let root = root("Root");
    let issuing = authority("Issuing").under(&root);
    let client = leaf("client").signed_by(&issuing);
    refused(&client.shown)
        .bundle(&[root.pem()])
        .client(&[&client.pem, issuing.pem()])
        .crl(crl().pem(&root))
        .crl(crl().pem(&issuing))
        .expect(finding(REASON, &client.shown, "unknown", Unknown))
}

/// 31 lists where a trust store takes 30.
fn lists_over_their_quota() -> Scenario {
    let root = root("Root");
    let (client, scenario) = client_of(&root);
    let lists = (0..31).map(|_| crl().pem(&root));
    let expected = finding(REASON, &client.shown, "quota-exceeded", ProvenByFiles).says("crl", &["31", "30"]);
    lists.fold(scenario, Scenario::crl).expect(expected)
}

fn one_of_two_lists_is_expired() -> Scenario {
    let root = root("Root");
    let (client, scenario) = client_of(&root);
    let expired = crl().in_force("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").pem(&root);
    scenario
        .crl(crl().pem(&root))
        .crl(expired)
        .expect(finding(REASON, &client.shown, "crl-expired", ProvenByFiles).says("crl", &["list-3.crl", "2026-03-01"]))
}
