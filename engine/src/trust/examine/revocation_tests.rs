//! Revocation lists: what they prove, and what they do not.

use rcgen::RevocationReason;

use super::super::fact::FactKind::*;
use super::super::testing::{DAY, Files, NOW, kinds, micros, root, says};
use super::LoggedLeaf;

/// A serial of 64 bits.
const LONG: u64 = 0xC0FF_EE00_1234_5678;

#[test]
fn a_revoked_leaf() {
    let root = root("Root");
    let leaf = root.leaf("client", 0x17);
    let files = Files::default()
        .bundle("bundle.pem", &[&root.pem])
        .client("client.pem", &[&leaf.pem])
        .crl("root.crl", &root.crl(&[5, 0x17, 0x1700]));
    let facts = files.facts("client", "0017");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, Revoked]);
    let says = says(&facts, Revoked);
    for part in [
        "root.crl, the CRL of CN=Root,O=Company LLC",
        "serial 17",
        "revoked 2025-12-22T00:00:00Z",
        "reason keyCompromise",
        "signature verifies",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
}

#[test]
fn a_serial_that_is_not_listed() {
    let root = root("Root");
    let leaf = root.leaf("client", 0x17);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]).crl("root.crl", &root.crl(&[0x18]));
    let facts = files.facts("client", "17");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, SerialNotListed]);
    assert!(says(&facts, SerialNotListed).contains("serial 17 is not revoked in root.crl (1 entry"), "{facts:?}");
}

#[test]
fn a_list_alone_proves_a_long_serial_but_no_short_one() {
    let root = root("Root");
    let files = Files::default().crl("root.crl", &root.crl(&[0x17, LONG]));
    let facts = files.facts("client", "C0FFEE0012345678");
    assert_eq!(kinds(&facts), [Revoked]);
    assert!(says(&facts, Revoked).contains("not met by chance"));
    let facts = files.facts("client", "17");
    assert_eq!(kinds(&facts), [SerialListed]);
    assert!(says(&facts, SerialListed).contains("this proves nothing"));
    assert_eq!(kinds(&files.facts("client", "18")), [SerialNotListed]);
    assert!(files.facts_of(&LoggedLeaf::default()).is_empty());
    // The list's entry is somebody else's.
    let other = root.leaf("other", LONG);
    let files = Files::default().client("other.pem", &[&other.pem]).crl("root.crl", &root.crl(&[LONG]));
    let facts = files.facts("client", "C0FFEE0012345678");
    assert_eq!(kinds(&facts), [LeafNotGiven, SerialListed]);
    assert!(says(&facts, SerialListed).contains("is the one of CN=other,O=Company LLC (other.pem)"), "{facts:?}");
}

#[test]
fn revoked_after_the_failures_began() {
    let root = root("Root");
    let leaf = root.leaf("client", LONG);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]).crl("root.crl", &root.crl(&[LONG]));
    let logged = LoggedLeaf { subject: Some("CN=client,O=Company LLC"), serial: Some("C0FFEE0012345678"), ..LoggedLeaf::default() };
    let facts = super::examine(&files.0, &logged, micros(NOW - 11 * DAY), micros(NOW));
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, SerialListed]);
    assert!(says(&facts, SerialListed).contains("revoked later, on 2025-12-22T00:00:00Z"), "{facts:?}");
    let unknown = Files::default().crl("root.crl", &root.crl(&[LONG]));
    assert_eq!(kinds(&super::examine(&unknown.0, &logged, micros(NOW - 11 * DAY), micros(NOW))), [SerialListed]);
}

#[test]
fn a_list_of_the_right_name_by_another_key() {
    let (real, fake) = (root("Root"), root("Root"));
    let leaf = real.leaf("client", 0x17);
    let files = Files::default().bundle("bundle.pem", &[&real.pem]).client("client.pem", &[&leaf.pem]).crl("fake.crl", &fake.crl(&[0x17]));
    let facts = files.facts("client", "17");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, CrlBadSignature, SerialNotListed]);
    assert!(
        says(&facts, CrlBadSignature).contains("was not signed by the key of bundle.pem; that it lists the logged serial proves nothing")
    );
    // Without the leaf's file the bundle alone tells.
    let files = Files::default().bundle("bundle.pem", &[&real.pem]).crl("fake.crl", &fake.crl(&[0x17]));
    assert_eq!(kinds(&files.facts("client", "17")), [CrlBadSignature, SerialNotListed]);
}

#[test]
fn a_namesake_of_the_issuer_does_not_speak_for_it() {
    let (one, other) = (root("Root"), root("Root"));
    let leaf = one.leaf("client", 0x17);
    let files = Files::default()
        .bundle("bundle.pem", &[&one.pem, &other.pem])
        .client("client.pem", &[&leaf.pem])
        .crl("other.crl", &other.crl(&[0x17]));
    assert_eq!(kinds(&files.facts("client", "17")), [LeafGiven, ChainComplete, SerialNotListed]);
}

#[test]
fn a_list_of_a_stranger() {
    let (root_ca, stranger) = (root("Root"), root("Stranger"));
    let leaf = root_ca.leaf("client", 0x17);
    let strange = stranger.crl(&[0x17]);
    let with_bundle = Files::default().bundle("bundle.pem", &[&root_ca.pem]).crl("strange.crl", &strange);
    let facts = with_bundle.facts("client", "17");
    assert_eq!(kinds(&facts), [CrlWrongIssuer, SerialNotListed]);
    assert!(says(&facts, CrlWrongIssuer).contains("CN=Stranger,O=Company LLC, which is no CA in bundle.pem"), "{facts:?}");
    let with_leaf = Files::default().client("client.pem", &[&leaf.pem]).crl("strange.crl", &strange);
    // Without a bundle nobody knows what CAs the balancer trusts.
    let facts = with_leaf.facts("client", "17");
    assert_eq!(kinds(&facts), [LeafGiven, SerialNotListed]);
    assert!(says(&facts, SerialNotListed).contains("no CRL given is one that could list"), "{facts:?}");
    // A trust store may hold lists of its other CAs.
    let of_another_ca = Files::default()
        .bundle("bundle.pem", &[&root_ca.pem, &stranger.pem])
        .client("client.pem", &[&leaf.pem])
        .crl("strange.crl", &strange);
    assert_eq!(kinds(&of_another_ca.facts("client", "17")), [LeafGiven, ChainComplete, SerialNotListed]);
}

#[test]
fn without_the_issuer_the_signature_is_said_to_be_unchecked() {
    let root = root("Root");
    let leaf = root.leaf("client", 0x17);
    let files = Files::default().client("client.pem", &[&leaf.pem]).crl("root.crl", &root.crl(&[0x17]));
    let facts = files.facts("client", "17");
    assert_eq!(kinds(&facts), [LeafGiven, Revoked]);
    assert!(says(&facts, Revoked).contains("could not be checked"));
}

#[test]
fn whoever_signed_the_list_must_have_signed_the_leaf() {
    let (real, namesake) = (root("Root"), root("Root"));
    let leaf = real.leaf("client", LONG);
    let files =
        Files::default().bundle("bundle.pem", &[&namesake.pem]).client("client.pem", &[&leaf.pem]).crl("root.crl", &namesake.crl(&[LONG]));
    assert_eq!(kinds(&files.facts("client", "C0FFEE0012345678")), [LeafGiven, IssuerKeyMismatch, SerialNotListed]);
}

#[test]
fn a_key_outside_of_the_bundle_refutes_no_list() {
    let (real, namesake) = (root("Root"), root("Root"));
    let files = Files::default().client("ca.pem", &[&namesake.pem]).crl("root.crl", &real.crl(&[LONG]));
    assert_eq!(kinds(&files.facts("client", "C0FFEE0012345678")), [LeafNotGiven, Revoked]);
}

#[test]
fn a_delta_takes_an_entry_back() {
    let root = root("Root");
    let delta = root.crl_for(&[LONG], NOW + DAY, RevocationReason::RemoveFromCrl);
    let files = Files::default().crl("base.crl", &root.crl(&[LONG])).crl("delta.crl", &as_delta(&delta));
    assert_eq!(kinds(&files.facts("client", "C0FFEE0012345678")), [SerialNotListed]);
}

/// The list with its CRL number's OID made into the delta indicator's.
fn as_delta(pem: &str) -> String {
    let mut der = crate::trust::pem::blocks(pem.as_bytes()).next().unwrap().decode().unwrap();
    let at = memchr::memmem::find(&der, &[0x06, 0x03, 0x55, 0x1d, 0x14]).unwrap();
    der[at + 4] = 0x1b;
    crate::trust::pem::encode("X509 CRL", &der)
}

#[test]
fn one_bad_list_does_not_void_the_others() {
    let root = root("Root");
    let text = format!("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n{}", root.crl(&[LONG]));
    assert_eq!(kinds(&Files::default().crl("two.crl", &text).facts("client", "C0FFEE0012345678")), [CrlUnparsable, Revoked]);
}

#[test]
fn a_revoked_intermediate() {
    let root = root("Root");
    let mut params = super::super::testing::ca_params("Middle");
    params.serial_number = Some(0x99_u64.into());
    let middle = root.issue(params, rcgen::KeyPair::generate().unwrap());
    let leaf = middle.leaf("client", 0x17);
    let files = Files::default()
        .bundle("bundle.pem", &[&root.pem])
        .client("client.pem", &[&leaf.pem, &middle.pem])
        .crl("root.crl", &root.crl(&[0x99, 0x17]));
    let facts = files.facts("client", "17");
    // The root's list has the leaf's number too, but the leaf is not the root's.
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, Revoked, SerialNotListed]);
    assert!(says(&facts, Revoked).contains("lists the CA certificate CN=Middle,O=Company LLC (client.pem, certificate 2), serial 99"));
}

#[test]
fn a_list_out_of_date_still_lists() {
    let root = root("Root");
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).crl("old.crl", &root.crl_until(&[LONG], NOW - DAY));
    let facts = files.facts("client", "C0FFEE0012345678");
    assert_eq!(kinds(&facts), [CrlExpired, Revoked]);
    assert!(says(&facts, CrlExpired).contains("passed at 2025-12-31T00:00:00Z, 1 d 0 h before the first failed connection"), "{facts:?}");
    // Half a minute after the first failure, which it cannot have caused.
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).crl("old.crl", &root.crl_until(&[LONG], NOW + 30));
    assert_eq!(kinds(&files.facts("client", "18")), [CrlExpiredSince, SerialNotListed]);
}

#[test]
fn an_entry_that_was_taken_back() {
    let root = root("Root");
    let files = Files::default().crl("root.crl", &root.crl_for(&[0x17], NOW + DAY, RevocationReason::RemoveFromCrl));
    assert_eq!(kinds(&files.facts("client", "17")), [SerialNotListed]);
}

#[test]
fn files_that_are_no_lists() {
    let root = root("Root");
    let crl = root.crl(&[1]);
    let truncated: String = crl.lines().take(3).collect::<Vec<_>>().join("\n");
    for (text, fault) in [
        (truncated.as_str(), "no END line"),
        (&crl.replace("MII", "!II"), "line 2: not base64"),
        ("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "line 1: no revocation list"),
    ] {
        let facts = Files::default().crl("bad.crl", text).facts("client", "1");
        assert_eq!(kinds(&facts), [CrlUnparsable], "{text}");
        assert!(says(&facts, CrlUnparsable).contains(fault), "{fault}: {facts:?}");
    }
    let der = |text: &str| crate::trust::pem::blocks(text.as_bytes()).next().unwrap().decode().unwrap();
    let mut material = crate::trust::Material::default();
    for (bytes, what) in [
        (b"".to_vec(), "it is empty"),
        (b"<html>404</html>".to_vec(), "neither PEM nor DER"),
        (b"0123456789".to_vec(), "neither PEM nor DER"),
        (b"\x7fELF\x02\x01".to_vec(), "neither PEM nor DER"),
        (root.pem.clone().into_bytes(), "it holds a certificate"),
        (der(&root.pem), "it is a certificate"),
    ] {
        let error = material.add_crl("bad.crl", &bytes).unwrap_err();
        assert!(error.problem.contains("no revocation list; ") && error.problem.contains(what), "{error}");
    }
    assert!(material.is_empty());
    material.add_crl("cut.der", der(&crl).split_at(100).0).unwrap();
    assert!(material.has_crl());
}

#[test]
fn der_and_several_lists_in_a_file() {
    let (a, b) = (root("A"), root("B"));
    let (first, second) = (a.crl(&[1]), b.crl(&[2]));
    let files = Files::default().crl("both.crl", &[first.as_str(), &second].concat());
    assert_eq!(kinds(&files.facts("client", "2")), [SerialListed]);
    let der = crate::trust::pem::blocks(first.as_bytes()).next().unwrap().decode().unwrap();
    let mut files = Files::default();
    files.0.add_crl("a.der", &der).unwrap();
    assert_eq!(kinds(&files.facts("client", "1")), [SerialListed]);
}

#[test]
fn lists_over_their_quotas() {
    let root = root("Root");
    let mut files = Files::default();
    for number in 0..31 {
        files = files.crl(&format!("{number}.crl"), &root.crl(&[number]));
    }
    let facts = files.facts("client", "ffff");
    assert_eq!(kinds(&facts), [SerialNotListed, QuotaExceeded]);
    assert!(says(&facts, QuotaExceeded).contains("31 CRLs were given; a trust store takes 30"));
}

#[test]
fn half_a_million_entries_are_an_index() {
    let root = root("Root");
    let serials: Vec<u64> = (0..500_001).map(|number| number * 7 + 1_000_000).rev().collect();
    let files = Files::default().crl("huge.crl", &root.crl(&serials));
    let facts = files.facts("client", "F4241"); // 1,000,001
    assert_eq!(kinds(&facts), [SerialNotListed, QuotaExceeded]);
    assert!(says(&facts, QuotaExceeded).contains("500,001 entries"), "{facts:?}");
    let listed = format!("{:X}", 1_000_000 + 7 * 123_456);
    assert_eq!(kinds(&files.facts("client", &listed)), [SerialListed, QuotaExceeded]);
}
