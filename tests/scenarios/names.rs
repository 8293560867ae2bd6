//! One certificate, written differently in the log and in the files; and two certificates that are written alike.

use rcgen::string::BmpString;
use rcgen::{DnType, DnValue};

use super::certificates::{Recipe, authority, crl, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles};
use super::judge::{Scenario, finding, scenario, table};
use super::openssl::{self, Odd};

table![
    subject_in_the_certificates_own_order,
    subject_with_spaces_around_its_separators,
    subject_with_a_comma_and_quotes,
    subject_in_utf_8,
    subject_in_utf_8_escaped_as_hex,
    subject_in_utf_16,
    subject_with_an_email_address,
    subject_with_types_as_numbers,
    subject_with_two_values_in_one_part,
    subject_that_differs_in_one_letter,
    serial_written_in_two_ways_is_one_certificate,
    issuer_in_another_string_type,
    two_certificates_of_one_subject,
    same_subject_from_two_issuers,
    same_subject_and_serial_from_two_issuers,
];

const REASON: &str = "ClientCertUntrusted";

fn refused(shown: &Shown) -> Scenario {
    scenario([connection("2026-03-16T08:00:00Z", shown).failed(REASON)])
}

/// The client's file proves that the issuer is missing, if only it is known for the client's.
fn recognised(recipe: Recipe, as_logged: impl Fn(&Shown) -> Shown) -> Scenario {
    let client = recipe.signed_by(&root("Root of theirs"));
    let shown = as_logged(&client.shown);
    refused(&shown)
        .bundle(&[root("Root of ours").pem()])
        .client(&[&client.pem])
        .expect(finding(REASON, &shown, "issuer-missing", ProvenByFiles).says("client-cert|ca-bundle", &["Root of theirs"]))
}

fn subject_in_the_certificates_own_order() -> Scenario {
    recognised(leaf("client-1"), |shown| shown.clone().with_subject("C=US,O=Company LLC,CN=client-1"))
}

fn subject_with_spaces_around_its_separators() -> Scenario {
    recognised(leaf("client-2"), |shown| shown.clone().with_subject("CN = client-2, O = Company LLC, C = US"))
}

fn subject_with_a_comma_and_quotes() -> Scenario {
    let named = leaf("client-3").named(&[
        (DnType::CountryName, "US".into()),
        (DnType::OrganizationName, "Company, \"the\" LLC".into()),
        (DnType::CommonName, "client-3".into()),
    ]);
    recognised(named, |shown| shown.clone().with_subject(r#"CN=client-3,O=Company\, \"the\" LLC,C=US"#))
}

fn utf_8() -> Recipe {
    leaf("client-4").named(&[(DnType::OrganizationName, "M\u{fc}ller \u{65e5}\u{672c}".into()), (DnType::CommonName, "client-4".into())])
}

fn subject_in_utf_8() -> Scenario {
    recognised(utf_8(), |shown| shown.clone().with_subject("CN=client-4,O=M\u{fc}ller \u{65e5}\u{672c}"))
}

/// RFC 2253 lets every byte be written as a backslash and two digits.
fn subject_in_utf_8_escaped_as_hex() -> Scenario {
    recognised(utf_8(), |shown| shown.clone().with_subject(r"CN=client-4,O=M\C3\BCller \E6\97\A5\E6\9C\AC"))
}

fn subject_in_utf_16() -> Scenario {
    let organization = DnValue::BmpString(BmpString::try_from("M\u{fc}ller").unwrap());
    let named = leaf("client-5").named(&[(DnType::OrganizationName, organization), (DnType::CommonName, "client-5".into())]);
    recognised(named, |shown| shown.clone().with_subject("CN=client-5,O=M\u{fc}ller"))
}

/// With more in its subject than `rcgen` knows.
fn recognised_odd(subject: &str, as_logged: &str) -> Scenario {
    let theirs = root("Root of theirs");
    let client = Odd { subject, ..Odd::default() }.signed_by("client-13", &theirs.identity);
    let shown = client.shown.clone().with_subject(as_logged);
    refused(&shown).bundle(&[root("Root of ours").pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &shown,
        "issuer-missing",
        ProvenByFiles,
    ))
}

fn subject_with_an_email_address() -> Scenario {
    recognised_odd("/C=US/emailAddress=ops@example.com", "CN=client-13,emailAddress=ops@example.com,C=US")
}

/// RFC 2253 writes a type that has no short name as its number, and the value as the hex of its DER.
fn subject_with_types_as_numbers() -> Scenario {
    recognised_odd("/C=US/emailAddress=ops@example.com", "CN=client-13,1.2.840.113549.1.9.1=#160f6f7073406578616d706c652e636f6d,C=US")
}

fn subject_with_two_values_in_one_part() -> Scenario {
    recognised_odd("/C=US/O=Company LLC+OU=Fleet", "CN=client-13,O=Company LLC+OU=Fleet,C=US")
}

fn subject_that_differs_in_one_letter() -> Scenario {
    let client = leaf("client-6").signed_by(&root("Root of theirs"));
    let shown = client.shown.clone().with_subject("CN=client-7,O=Company LLC,C=US");
    refused(&shown).bundle(&[root("Root of ours").pem()]).client(&[&client.pem]).expect(finding(REASON, &shown, "issuer-missing", Likely))
}

fn serial_written_in_two_ways_is_one_certificate() -> Scenario {
    let client = leaf("client-8").serial(&[0x0a, 0xbc]).signed_by(&root("Root of theirs"));
    let written = ["0ABC", "abc", "000abc"].map(|serial| client.shown.clone().with_serial(serial));
    let connections = written.iter().zip(["08:00:00", "08:00:01", "08:00:02"]);
    scenario(connections.map(|(shown, time)| connection(&format!("2026-03-16T{time}Z"), shown).failed(REASON)))
        .bundle(&[root("Root of ours").pem()])
        .client(&[&client.pem])
        .expect(finding(REASON, &written[0], "issuer-missing", ProvenByFiles))
}

/// RFC 5280 compares names by what they say: PrintableString and UTF8String of the same text are one name.
fn issuer_in_another_string_type() -> Scenario {
    let printable = |text: &str| DnValue::PrintableString(text.try_into().unwrap());
    let names = |make: &dyn Fn(&str) -> DnValue| {
        [(DnType::CountryName, make("US")), (DnType::OrganizationName, make("Company LLC")), (DnType::CommonName, make("Root M"))]
    };
    let trusted = authority("Root M").named(&names(&printable)).self_signed();
    let signing = trusted.key_under(authority("Root M").named(&names(&|text| DnValue::Utf8String(text.to_owned()))));
    let client = leaf("client-9").signed_by(&signing);
    refused(&client.shown).bundle(&[trusted.pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &client.shown,
        "trust-store-differs",
        Likely,
    ))
}

/// The serial number tells which of two files is meant.
fn two_certificates_of_one_subject() -> Scenario {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let good = leaf("client-10").serial(&[0x11]).signed_by(&ours);
    let bad = leaf("client-10").serial(&[0x12]).signed_by(&theirs);
    scenario([connection("2026-03-16T07:00:00Z", &good.shown), connection("2026-03-16T08:00:00Z", &bad.shown).failed(REASON)])
        .bundle(&[ours.pem()])
        .client(&[&good.pem])
        .client(&[&bad.pem])
        .expect(finding(REASON, &bad.shown, "issuer-missing", ProvenByFiles).says("client-cert|ca-bundle", &["Root of theirs"]))
}

/// The list of one issuer says nothing of the other's certificate.
fn same_subject_from_two_issuers() -> Scenario {
    let (one, other) = (root("Issuer one"), root("Issuer other"));
    let listed = leaf("client-11").serial(&[0x21]).signed_by(&one);
    let unlisted = leaf("client-11").serial(&[0x22]).signed_by(&other);
    let list = crl().revoking(&[0x21], "2026-03-15T00:00:00Z", None).revoking(&[0x22], "2026-03-15T00:00:00Z", None).pem(&one);
    scenario([&listed, &unlisted].map(|client| connection("2026-03-16T08:00:00Z", &client.shown).failed("ClientCertCrlHit")))
        .bundle(&[one.pem(), other.pem()])
        .client(&[&listed.pem])
        .client(&[&unlisted.pem])
        .crl(list)
        .expect(finding("ClientCertCrlHit", &listed.shown, "revoked", ProvenByFiles))
        .expect(finding("ClientCertCrlHit", &unlisted.shown, "revoked", Likely))
}

/// Nothing but the validity tells that the file is not the certificate of the log.
fn same_subject_and_serial_from_two_issuers() -> Scenario {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let logged = leaf("client-12").serial(&[0x31]).valid("2026-02-02T00:00:00Z", "2027-02-02T00:00:00Z").signed_by(&ours);
    let given = leaf("client-12").serial(&[0x31]).signed_by(&theirs);
    refused(&logged.shown).bundle(&[ours.pem()]).client(&[&given.pem]).expect(finding(REASON, &logged.shown, "issuer-missing", Likely))
}

/// The names made here are the ones that `openssl` reads from the certificates.
#[test]
fn names_are_written_as_openssl_writes_them() {
    let root = root("Root");
    let odd = leaf("client-5").named(&[
        (DnType::OrganizationName, DnValue::BmpString(BmpString::try_from("M\u{fc}ller").unwrap())),
        (DnType::CommonName, "client-5".into()),
    ]);
    for recipe in [leaf("client-1"), leaf("large").serial(&[0xfe, 0x00, 0x01]), utf_8(), odd] {
        let client = recipe.signed_by(&root);
        assert_eq!(openssl::shown(&client.pem), client.shown);
    }
}
