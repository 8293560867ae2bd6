//! The leaf, its chain and its defects, each fact and each trap once.

use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};

use super::super::fact::FactKind::{self, *};
use super::super::testing::{DAY, Files, Identity, NOW, at, ca_params, kinds, leaf_params, micros, root, root_from, says};
use super::{LoggedLeaf, examine};

fn has(facts: &[crate::trust::Fact], kind: FactKind) -> bool {
    facts.iter().any(|fact| fact.kind == kind)
}

#[test]
fn a_complete_chain() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let leaf = middle.leaf("client", 0x0a17);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem, &middle.pem]);
    let facts = files.facts("client", "A17");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete]);
    let chain = says(&facts, ChainComplete);
    assert!(chain.contains("CN=client,O=Company LLC → CN=Middle,O=Company LLC → CN=Root,O=Company LLC (bundle.pem)"), "{chain}");
    assert!(chain.ends_with("every signature verifies"), "{chain}");
}

#[test]
fn a_file_in_the_wrong_order_is_read_all_the_same() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let leaf = middle.leaf("client", 7);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&root.pem, &middle.pem, &leaf.pem]);
    assert_eq!(kinds(&files.facts("client", "07")), [LeafGiven, ChainComplete]);
}

#[test]
fn an_intermediate_in_the_bundle_is_trusted_without_its_root() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let leaf = middle.leaf("client", 7);
    let files = Files::default().bundle("bundle.pem", &[&middle.pem]).client("client.pem", &[&leaf.pem]);
    assert_eq!(kinds(&files.facts("client", "7")), [LeafGiven, ChainComplete]);
}

#[test]
fn serials_and_subjects_in_other_spellings() {
    let root = root("Root");
    let leaf = root.leaf("client", 0x00fe_f201);
    let files = Files::default().client("client.pem", &[&leaf.pem]);
    for (subject, serial) in [
        ("O=Company LLC, CN=client", "00fef201"),
        ("cn=CLIENT , o=Company  LLC", "fe:f2:01"),
        ("CN=client,O=#0C0B436F6D70616E79204C4C43", "FEF201"),
    ] {
        let facts = files.facts_of(&LoggedLeaf { subject: Some(subject), serial: Some(serial), ..LoggedLeaf::default() });
        assert_eq!(kinds(&facts), [LeafGiven], "{subject} {serial}");
    }
}

#[test]
fn another_certificate_is_not_the_leaf() {
    let root = root("Root");
    let leaf = root.leaf("client", 0x17);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]);
    let facts = files.facts("client", "18");
    assert_eq!(kinds(&facts), [LeafNotGiven]);
    assert!(says(&facts, LeafNotGiven).contains("client.pem has its subject, but serial 17"), "{facts:?}");
    assert!(says(&files.facts("other", "17"), LeafNotGiven).contains("client.pem has its serial, but subject CN=client"));
    assert!(says(&files.facts("other", "18"), LeafNotGiven).ends_with("is not the one in the log (CN=other,O=Company LLC, serial 18)"));
}

#[test]
fn nothing_is_said_of_a_leaf_that_was_not_logged() {
    let root = root("Root");
    let files = Files::default().client("client.pem", &[&root.leaf("client", 1).pem]);
    assert!(files.facts_of(&LoggedLeaf::default()).is_empty());
}

#[test]
fn validity_tells_two_issuers_apart() {
    let (one, other) = (root("One"), root("Other"));
    let first = one.leaf("client", 5);
    let mut params = leaf_params("client", 5);
    params.not_after = at(NOW + 90 * DAY);
    let second = other.issue(params, KeyPair::generate().unwrap());
    let files = Files::default().bundle("bundle.pem", &[&other.pem]).client("1.pem", &[&first.pem]).client("2.pem", &[&second.pem]);
    let logged = |days| LoggedLeaf {
        subject: Some("CN=client,O=Company LLC"),
        serial: Some("05"),
        not_before: Some(micros(NOW - 365 * DAY)),
        not_after: Some(micros(NOW + days * DAY)),
    };
    let facts = files.facts_of(&logged(90));
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete]);
    assert!(says(&facts, LeafGiven).starts_with("2.pem "));
    assert_eq!(kinds(&files.facts_of(&logged(365))), [LeafGiven, IssuerMissing]);
    let facts = files.facts_of(&logged(30));
    assert!(says(&facts, LeafNotGiven).contains("another certificate"), "{facts:?}");
}

#[test]
fn no_issuer_anywhere() {
    let (root, other) = (root("Root"), root("Other"));
    let leaf = root.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&other.pem]).client("client.pem", &[&leaf.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IssuerMissing]);
    assert!(says(&facts, IssuerMissing).starts_with("bundle.pem holds no certificate of CN=Root,O=Company LLC, which issued CN=client"));
}

#[test]
fn a_root_that_the_client_sends_is_no_trust() {
    let (root, other) = (root("Root"), root("Other"));
    let leaf = root.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&other.pem]).client("client.pem", &[&leaf.pem, &root.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IssuerMissing]);
    assert!(says(&facts, IssuerMissing).contains("the chain ends with the root CN=Root,O=Company LLC (client.pem, certificate 2)"));
}

#[test]
fn the_right_name_with_another_key() {
    let (old, new) = (root("Root"), root("Root"));
    let leaf = old.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&new.pem]).client("client.pem", &[&leaf.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IssuerKeyMismatch]);
    assert!(says(&facts, IssuerKeyMismatch).contains("but its key did not sign CN=client"), "{facts:?}");
}

#[test]
fn one_of_several_keys_of_a_name_is_enough() {
    let (old, new) = (root("Root"), root("Root"));
    let leaf = old.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&new.pem, &old.pem]).client("client.pem", &[&leaf.pem]);
    assert_eq!(kinds(&files.facts("client", "1")), [LeafGiven, ChainComplete]);
}

#[test]
fn an_intermediate_that_another_file_has() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let (leaf, neighbour) = (middle.leaf("client", 1), middle.leaf("neighbour", 2));
    let files = Files::default()
        .bundle("bundle.pem", &[&root.pem])
        .client("client.pem", &[&leaf.pem])
        .client("neighbour.pem", &[&neighbour.pem, &middle.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IntermediateMissing]);
    assert!(says(&facts, IntermediateMissing).contains("with CN=Middle,O=Company LLC (neighbour.pem, certificate 2)"), "{facts:?}");
    // Who sends it has a complete chain.
    assert_eq!(kinds(&files.facts("neighbour", "2")), [LeafGiven, ChainComplete]);
}

#[test]
fn an_intermediate_of_another_file_that_leads_nowhere() {
    let (root, other) = (root("Root"), root("Other"));
    let middle = root.ca("Middle");
    let leaf = middle.leaf("client", 1);
    let files =
        Files::default().bundle("bundle.pem", &[&other.pem]).client("client.pem", &[&leaf.pem]).client("middle.pem", &[&middle.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IssuerMissing]);
    assert!(says(&facts, IssuerMissing).contains("CN=Root"), "{facts:?}");
}

#[test]
fn the_longer_of_two_files_with_the_leaf_is_what_the_client_sends() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let leaf = middle.leaf("client", 1);
    let files =
        Files::default().bundle("bundle.pem", &[&root.pem]).client("leaf.pem", &[&leaf.pem]).client("chain.pem", &[&leaf.pem, &middle.pem]);
    assert_eq!(kinds(&files.facts("client", "1")), [LeafGiven, ChainComplete]);
}

#[test]
fn an_expired_intermediate_under_a_valid_leaf() {
    let root = root("Root");
    let mut params = ca_params("Middle");
    params.not_after = at(NOW - 3 * DAY);
    let middle = root.issue(params, KeyPair::generate().unwrap());
    let leaf = middle.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem, &middle.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, IntermediateExpired]);
    let says = says(&facts, IntermediateExpired);
    assert!(says.contains("expired at 2025-12-29T00:00:00Z, 3 d 0 h before the first failed connection"), "{says}");
}

#[test]
fn a_renewed_intermediate_of_the_same_key_makes_up_for_the_expired_one() {
    let root = root("Root");
    let mut params = ca_params("Middle");
    params.not_after = at(NOW - 3 * DAY);
    let old = root.issue(params, KeyPair::generate().unwrap());
    let renewed = root.issue(ca_params("Middle"), KeyPair::from_pem(&old.key.serialize_pem()).unwrap());
    let leaf = old.leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem, &old.pem, &renewed.pem]);
    assert_eq!(kinds(&files.facts("client", "1")), [LeafGiven, ChainComplete]);
}

#[test]
fn certificates_of_tomorrow() {
    let mut params = ca_params("Root");
    params.not_before = at(NOW + 5);
    let root = root_from(params, KeyPair::generate().unwrap());
    let mut params = leaf_params("client", 1);
    params.not_before = at(NOW + 7 * 3600);
    let leaf = root.issue(params, KeyPair::generate().unwrap());
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, LeafNotYetValid, IntermediateNotYetValid]);
    assert!(says(&facts, LeafNotYetValid).contains("7 h 0 min after the first failed connection"));
}

#[test]
fn an_expired_leaf_between_failures() {
    let root = root("Root");
    let mut params = leaf_params("client", 1);
    params.not_after = at(NOW + 30);
    let leaf = root.issue(params, KeyPair::generate().unwrap());
    let facts = Files::default().client("client.pem", &[&leaf.pem]).facts("client", "1");
    assert!(says(&facts, LeafExpired).contains("before the last failed connection, but not before the first"), "{facts:?}");
}

#[test]
fn cross_signed_cas_end() {
    let (a, b) = (root("A"), root("B"));
    let key = |identity: &Identity| KeyPair::from_pem(&identity.key.serialize_pem()).unwrap();
    let (a_by_b, b_by_a) = (b.issue(ca_params("A"), key(&a)), a.issue(ca_params("B"), key(&b)));
    let leaf = a.leaf("client", 1);
    let crossed = Files::default().bundle("bundle.pem", &[&root("C").pem]).client("client.pem", &[&leaf.pem, &a_by_b.pem, &b_by_a.pem]);
    assert_eq!(kinds(&crossed.facts("client", "1")), [LeafGiven, IssuerMissing]);
    let trusted = Files::default().bundle("bundle.pem", &[&b.pem]).client("client.pem", &[&leaf.pem, &a_by_b.pem, &b_by_a.pem]);
    assert_eq!(kinds(&trusted.facts("client", "1")), [LeafGiven, ChainComplete]);
}

#[test]
fn a_chain_of_five() {
    let root = root("Root");
    let mut above = vec![root];
    for depth in 1..5 {
        let next = above[depth - 1].ca(&format!("CA {depth}"));
        above.push(next);
    }
    let leaf = above[4].leaf("client", 1);
    let chain = |from: usize| -> Vec<&str> {
        std::iter::once(leaf.pem.as_str()).chain(above[from..].iter().rev().map(|ca| ca.pem.as_str())).collect()
    };
    let sent = |from| {
        Files::default().bundle("bundle.pem", &[&above[0].pem, &above[1].pem]).client("client.pem", &chain(from)).facts("client", "1")
    };
    assert!(says(&sent(1), ChainTooDeep).contains("a chain of 5 certificates"));
    assert!(!has(&sent(2), ChainTooDeep), "four are allowed");
}

#[test]
fn purposes_that_forbid_clients() {
    let root = root("Root");
    let facts = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = leaf_params("client", 1);
        change(&mut params);
        let leaf = root.issue(params, KeyPair::generate().unwrap());
        Files::default().client("client.pem", &[&leaf.pem]).facts("client", "1")
    };
    let server = facts(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert!(says(&server, PurposeNotClientAuth).contains("extended key usage is serverAuth without clientAuth"));
    let encipher = facts(&|params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment]);
    assert!(says(&encipher, PurposeNotClientAuth).contains("lacks digitalSignature"));
    for allowed in
        [vec![], vec![ExtendedKeyUsagePurpose::Any], vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]]
    {
        assert!(!has(&facts(&|params| params.extended_key_usages = allowed.clone()), PurposeNotClientAuth));
    }
    assert!(!has(&facts(&|params| params.key_usages = vec![]), PurposeNotClientAuth));
}

#[test]
fn an_issuer_that_is_no_ca() {
    let root = root("Root");
    let mut params = ca_params("Middle");
    params.is_ca = IsCa::ExplicitNoCa;
    let middle = root.issue(params, KeyPair::generate().unwrap());
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&middle.leaf("client", 1).pem, &middle.pem]);
    assert!(says(&files.facts("client", "1"), IssuerNotCa).contains("CN=Middle"));
}

#[test]
fn a_certificate_of_more_than_16_kb() {
    let root = root("Root");
    let mut params = leaf_params("client", 1);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0; 16 * 1024])];
    let leaf = root.issue(params, KeyPair::generate().unwrap());
    let facts = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]).facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, ChainComplete, CertificateTooLarge]);
    assert!(says(&facts, CertificateTooLarge).contains("a balancer takes 16,384"));
}

#[test]
fn keys_and_curves() {
    let root = root("Root");
    let facts = |algorithm| {
        let leaf = root.issue(leaf_params("client", 1), KeyPair::generate_for(algorithm).unwrap());
        Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&leaf.pem]).facts("client", "1")
    };
    assert!(says(&facts(&rcgen::PKCS_ED25519), UnsupportedKey).contains("its key is Ed25519"));
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ECDSA_P521_SHA512, &rcgen::PKCS_RSA_SHA256] {
        assert_eq!(kinds(&facts(algorithm)), [LeafGiven, ChainComplete], "{algorithm:?}");
    }
}

#[test]
fn every_accepted_signature_is_checked() {
    let algorithms = [
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA256,
        &rcgen::PKCS_ECDSA_P521_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_RSA_SHA384,
        &rcgen::PKCS_RSA_SHA512,
    ];
    for algorithm in algorithms {
        let key = || KeyPair::generate_for(algorithm).unwrap();
        let (root, namesake) = (root_from(ca_params("Root"), key()), root_from(ca_params("Root"), key()));
        let leaf = root.leaf("client", 1);
        let facts = |ca: &str| Files::default().bundle("bundle.pem", &[ca]).client("client.pem", &[&leaf.pem]).facts("client", "1");
        assert!(says(&facts(&root.pem), ChainComplete).ends_with("every signature verifies"), "{algorithm:?}");
        assert!(has(&facts(&namesake.pem), IssuerKeyMismatch), "{algorithm:?}");
    }
}

#[test]
fn a_bundle_over_its_quotas() {
    let cas: Vec<_> = (0..26)
        .map(|number| {
            let mut params = ca_params(&format!("Root {number} {}", "x".repeat(365)));
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            root_from(params, KeyPair::generate().unwrap())
        })
        .collect();
    let pem: Vec<&str> = cas.iter().map(|ca| ca.pem.as_str()).collect();
    let facts = Files::default().bundle("big.pem", &pem).facts("client", "1");
    assert_eq!(kinds(&facts), [QuotaExceeded, QuotaExceeded]);
    assert!(facts[0].says.contains("26 CA certificates; a trust store takes 25"), "{facts:?}");
    assert!(facts[1].says.contains("characters together; a trust store takes 10,000"), "{facts:?}");
    assert!(Files::default().bundle("full.pem", &pem[..25]).facts("client", "1").is_empty());
}

#[test]
fn times_at_the_ends_of_the_calendar_do_no_harm() {
    let root = root("Root");
    let files = Files::default().client("client.pem", &[&root.leaf("client", 1).pem]);
    for (first, last) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)] {
        examine(&files.0, &LoggedLeaf { serial: Some("1"), ..LoggedLeaf::default() }, first, last);
    }
}

#[test]
fn the_key_differs_above_what_another_client_sends() {
    let (real, namesake) = (root("Root"), root("Root"));
    let middle = real.ca("Middle");
    let (leaf, other) = (middle.leaf("client", 1), middle.leaf("other", 2));
    let files = Files::default()
        .bundle("bundle.pem", &[&namesake.pem])
        .client("client.pem", &[&leaf.pem])
        .client("other.pem", &[&other.pem, &middle.pem]);
    let facts = files.facts("client", "1");
    assert_eq!(kinds(&facts), [LeafGiven, IssuerKeyMismatch]);
    assert!(says(&facts, IssuerKeyMismatch).contains("did not sign CN=Middle,O=Company LLC (other.pem, certificate 2)"), "{facts:?}");
}

#[test]
fn a_search_that_was_cut_off_proves_nothing() {
    let (trusted, lost) = (root("Trusted"), root("Lost"));
    let (a, b) = (lost.ca("A"), lost.ca("B"));
    let key = |identity: &Identity| KeyPair::from_pem(&identity.key.serialize_pem()).unwrap();
    let many = |issuer: &Identity, name: &str, of: &Identity| -> Vec<Identity> {
        (0..17).map(|_| issuer.issue(ca_params(name), key(of))).collect()
    };
    let (bs, as_by_b) = (many(&lost, "B", &b), many(&b, "A", &a));
    let (good, leaf) = (trusted.issue(ca_params("A"), key(&a)), a.leaf("client", 1));
    let mut pem: Vec<&str> = vec![&leaf.pem];
    pem.extend(as_by_b.iter().chain(&bs).map(|one| one.pem.as_str()));
    pem.push(&good.pem);
    let facts = Files::default().bundle("bundle.pem", &[&trusted.pem]).client("client.pem", &pem).facts("client", "1");
    assert!(!kinds(&facts).contains(&IssuerMissing) && !kinds(&facts).contains(&IssuerKeyMismatch), "{facts:?}");
}

#[test]
fn a_subject_or_a_serial_alone_is_no_certificate() {
    let root = root("Root");
    let files = Files::default().bundle("bundle.pem", &[&root.pem]).client("client.pem", &[&root.leaf("client", 1).pem]);
    for (subject, serial) in [(Some("CN=client,O=Company LLC"), None), (None, Some("1"))] {
        assert_eq!(kinds(&files.facts_of(&LoggedLeaf { subject, serial, ..LoggedLeaf::default() })), []);
    }
}

#[test]
fn a_hundred_clients_that_send_the_same_ca() {
    let root = root("Root");
    let (middle, fake) = (root.ca("Middle"), super::super::testing::root("Root").ca("Middle"));
    let mut files = Files::default().bundle("bundle.pem", &[&root.pem]);
    for number in 1..=100 {
        let ca = if number == 80 { &fake.pem } else { &middle.pem };
        files = files.client(&format!("{number}.pem"), &[&middle.leaf(&format!("client-{number}"), number).pem, ca]);
    }
    for number in [1, 10, 99, 100] {
        let facts = files.facts(&format!("client-{number}"), &format!("{number:x}"));
        assert_eq!(kinds(&facts), [LeafGiven, ChainComplete], "{number}");
    }
    assert_eq!(kinds(&files.facts("client-80", "50")), [LeafGiven, IntermediateMissing]);
    assert!(says(&files.facts("client-101", "ff"), LeafNotGiven).contains("none of the 200 certificates in 100 files"));
}

#[test]
fn more_namesakes_than_are_tried_prove_nothing() {
    let namesakes: Vec<Identity> = (0..70).map(|_| root("Root")).collect();
    let bundle: Vec<&str> = namesakes.iter().map(|one| one.pem.as_str()).collect();
    let leaf = root("Root").leaf("client", 1);
    let files = Files::default().bundle("bundle.pem", &bundle).client("client.pem", &[&leaf.pem]);
    let files = files.crl("root.crl", &root("Root").crl(&[2]));
    assert_eq!(kinds(&files.facts("client", "1")), [LeafGiven, SerialNotListed, QuotaExceeded]);
}
