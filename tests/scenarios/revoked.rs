//! Certificates that a revocation list names, and lists that only seem to.

use rcgen::RevocationReason;

use super::certificates::{authority, crl, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles};
use super::judge::{Scenario, finding, scenario, table};

table![
    revoked_by_the_log_alone,
    revoked_after_it_last_worked,
    listed_with_date_and_reason,
    listed_without_a_reason,
    listed_in_a_der_file,
    listed_in_the_second_list,
    absent_from_every_list,
    serial_in_lower_case_with_leading_zeros,
    serial_with_the_sign_byte,
    list_of_the_right_name_but_another_key,
    list_of_another_issuer_with_the_same_serial,
    another_clients_serial_is_listed,
    intermediate_is_listed,
    list_that_cannot_be_read,
    chain_that_the_list_does_not_reach,
];

const REASON: &str = "ClientCertCrlHit";
const SERIAL: &[u8] = &[0x02, 0xab, 0xcd, 0xef, 0x11, 0x22, 0x33, 0x44];

fn client() -> Shown {
    Shown::new("CN=client,O=Company LLC,C=US", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "02ABCDEF11223344")
}

fn refused(shown: &Shown) -> Scenario {
    scenario(["2026-03-16T13:00:00Z", "2026-03-16T13:05:00Z"].map(|time| connection(time, shown).failed(REASON)))
}

fn revoked_by_the_log_alone() -> Scenario {
    refused(&client()).expect(finding(REASON, &client(), "revoked", Likely).remedy("reissue|issue|new certificate"))
}

fn revoked_after_it_last_worked() -> Scenario {
    let root = root("Root");
    scenario([
        connection("2026-03-16T10:00:00Z", &client()),
        connection("2026-03-16T11:11:11Z", &client()),
        connection("2026-03-16T13:00:00Z", &client()).failed(REASON),
    ])
    .crl(crl().revoking(SERIAL, "2026-03-16T12:00:00Z", None).pem(&root))
    .expect(
        finding(REASON, &client(), "revoked", ProvenByFiles)
            .says("log", &["2026-03-16T11:11:11|2026-03-16 11:11:11"])
            .says("crl", &["2026-03-16T12:00:00|2026-03-16 12:00:00"]),
    )
}

fn listed_with_date_and_reason() -> Scenario {
    let root = root("Root with a list");
    let client = leaf("client-1").serial(SERIAL).signed_by(&root);
    let list = crl().revoking(&[0x77], "2025-01-01T00:00:00Z", None).revoking(
        SERIAL,
        "2026-03-15T12:34:56Z",
        Some(RevocationReason::KeyCompromise),
    );
    refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem]).crl(list.pem(&root)).expect(
        finding(REASON, &client.shown, "revoked", ProvenByFiles)
            .says("crl", &["2026-03-15", "keyCompromise|key compromise|key-compromise"])
            .says("crl", &["list-2.crl"]),
    )
}

fn listed_without_a_reason() -> Scenario {
    let list = crl().revoking(SERIAL, "2026-03-15T12:34:56Z", None).pem(&root("Nobody asks"));
    refused(&client()).crl(list).expect(finding(REASON, &client(), "revoked", ProvenByFiles).says("crl", &["2026-03-15"]))
}

fn listed_in_a_der_file() -> Scenario {
    let list = crl().revoking(SERIAL, "2026-03-15T12:34:56Z", Some(RevocationReason::Superseded)).der(&root("Root in DER"));
    refused(&client()).crl(list).expect(finding(REASON, &client(), "revoked", ProvenByFiles).says("crl", &["2026-03-15", "superseded"]))
}

fn listed_in_the_second_list() -> Scenario {
    let (one, other) = (root("Root one"), root("Root other"));
    let client = leaf("client-2").serial(SERIAL).signed_by(&other);
    refused(&client.shown)
        .client(&[&client.pem])
        .crl(crl().revoking(&[0x01], "2026-03-15T00:00:00Z", None).pem(&one))
        .crl(crl().revoking(SERIAL, "2026-03-14T00:00:00Z", None).pem(&other))
        .expect(finding(REASON, &client.shown, "revoked", ProvenByFiles).says("crl", &["list-2.crl", "2026-03-14"]))
}

fn absent_from_every_list() -> Scenario {
    let list = |name: &str| crl().revoking(&[0x02, 0xab, 0xcd], "2026-03-15T00:00:00Z", None).pem(&root(name));
    let absent = "not listed|absent|does not list|not in|no entry|not on|not name|nowhere|does not hold|is not";
    refused(&client())
        .crl(list("Root one"))
        .crl(list("Root other"))
        .expect(finding(REASON, &client(), "revoked", Likely).says("crl", &["list-0.crl", absent]).says("crl", &["list-1.crl", absent]))
}

fn serial_in_lower_case_with_leading_zeros() -> Scenario {
    let client = client().with_serial("0002abcdef11223344");
    let list = crl().revoking(SERIAL, "2026-03-15T00:00:00Z", None).pem(&root("Root"));
    refused(&client).crl(list).expect(finding(REASON, &client, "revoked", ProvenByFiles).says("crl", &["2026-03-15"]))
}

/// In DER, a number whose highest bit is set has a zero byte before it; the log has none.
fn serial_with_the_sign_byte() -> Scenario {
    let root = root("Root of large numbers");
    let serial = [0xfe, 0xf2, 0x57, 0x37, 0x2d, 0x5c, 0x14, 0xd4];
    let client = leaf("client-3").serial(&serial).signed_by(&root);
    let list = crl().revoking(&serial, "2026-03-15T00:00:00Z", None).pem(&root);
    refused(&client.shown.clone().with_serial("FEF257372D5C14D4")).client(&[&client.pem]).crl(list).expect(finding(
        REASON,
        &client.shown,
        "revoked",
        ProvenByFiles,
    ))
}

fn list_of_the_right_name_but_another_key() -> Scenario {
    let (root, impostor) = (root("Root of one name"), root("Root of one name"));
    let client = leaf("client-4").serial(SERIAL).signed_by(&root);
    refused(&client.shown)
        .bundle(&[root.pem()])
        .client(&[&client.pem])
        .crl(crl().revoking(SERIAL, "2026-03-15T00:00:00Z", None).pem(&impostor))
        .expect(finding(REASON, &client.shown, "revoked", Likely).says("crl", &["sign|key"]))
}

fn list_of_another_issuer_with_the_same_serial() -> Scenario {
    let (root, other) = (root("Root of the client"), root("Root of others"));
    let client = leaf("client-5").serial(SERIAL).signed_by(&root);
    refused(&client.shown)
        .bundle(&[root.pem(), other.pem()])
        .client(&[&client.pem])
        .crl(crl().revoking(SERIAL, "2026-03-15T00:00:00Z", None).pem(&other))
        .expect(finding(REASON, &client.shown, "revoked", Likely).says("crl", &["Root of others"]))
}

/// A serial number that begins alike is another number.
fn another_clients_serial_is_listed() -> Scenario {
    let list = crl().revoking(&[0x02, 0xab, 0xcd, 0xef, 0x11, 0x22, 0x33, 0x44, 0x00], "2026-03-14T03:02:01Z", None).pem(&root("Root"));
    refused(&client()).crl(list).expect(finding(REASON, &client(), "revoked", Likely).never_says("2026-03-14T03:02:01"))
}

fn intermediate_is_listed() -> Scenario {
    let root = root("Root above");
    let issuing = authority("Issuing, revoked").serial(&[0x55, 0x66]).under(&root);
    let client = leaf("client-6").signed_by(&issuing);
    refused(&client.shown)
        .bundle(&[root.pem()])
        .client(&[&client.pem, issuing.pem()])
        .crl(crl().revoking(&[0x55, 0x66], "2026-03-14T01:02:03Z", Some(RevocationReason::CaCompromise)).pem(&root))
        .expect(finding(REASON, &client.shown, "revoked", ProvenByFiles).says("crl", &["Issuing, revoked|intermediate|5566", "2026-03-14"]))
}

fn list_that_cannot_be_read() -> Scenario {
    refused(&client())
        .crl("-----BEGIN X509 CRL-----\nbm90IGEgbGlzdA==\n-----END X509 CRL-----\n")
        .expect(finding(REASON, &client(), "revoked", Likely).says("crl", &["list-0.crl"]))
}

/// The leaf's number stands in the root's list, but the leaf was not issued by the root.
fn chain_that_the_list_does_not_reach() -> Scenario {
    let root = root("Root above all");
    let issuing = authority("Issuing below").under(&root);
    let client = leaf("client-7").serial(SERIAL).signed_by(&issuing);
    refused(&client.shown)
        .bundle(&[root.pem()])
        .client(&[&client.pem, issuing.pem()])
        .crl(crl().revoking(SERIAL, "2026-03-15T00:00:00Z", None).pem(&root))
        .expect(finding(REASON, &client.shown, "revoked", Likely))
}
