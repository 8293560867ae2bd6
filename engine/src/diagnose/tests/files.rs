//! What files prove, with real keys and signatures; what is proven must be, and nothing else may be.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::*;

/// Validities are given as days before and after now.
pub(super) type Days = (i64, i64);
pub(super) const LONG: Days = (-1_000, 1_000);

fn at(days: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp((NOW + days * DAY) / SECOND).unwrap()
}

pub(super) fn named(name: &str, serial: u64, days: Days) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(days.0), at(days.1));
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

pub(super) type Ca = CertifiedIssuer<'static, KeyPair>;

pub(super) fn ca_params(name: &str, days: Days) -> CertificateParams {
    let mut params = named(name, 1, days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn root(name: &str, days: Days) -> Ca {
    CertifiedIssuer::self_signed(ca_params(name, days), KeyPair::generate().unwrap()).unwrap()
}

pub(super) fn intermediate(name: &str, days: Days, issuer: &Ca) -> Ca {
    CertifiedIssuer::signed_by(ca_params(name, days), KeyPair::generate().unwrap(), issuer).unwrap()
}

/// A leaf for client authentication.
pub(super) fn leaf(issuer: &Issuer<'_, KeyPair>, purpose: ExtendedKeyUsagePurpose) -> String {
    let mut params = named("client", 2, (-90, 90));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().pem()
}

pub(super) fn crl(issuer: &Ca, serials: &[u64], days: Days) -> String {
    let revoked = |serial: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: at(-5),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: at(days.0),
        next_update: at(days.1),
        crl_number: SerialNumber::from(7),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().pem().unwrap()
}

/// The files of a case.
#[derive(Default)]
struct Files<'a> {
    bundle: &'a [&'a str],
    clients: &'a [&'a str],
    crl: &'a str,
}

pub(super) fn logged() -> CertificateHistory {
    CertificateHistory { subject: Some("CN=client".into()), ..certificate("02") }
}

fn with_files(history: CertificateHistory, files: &Files<'_>) -> Finding {
    let mut material = Material::default();
    if !files.bundle.is_empty() {
        material.add_bundle("ca.pem", files.bundle.concat().as_bytes()).unwrap();
    }
    for (index, client) in files.clients.iter().enumerate() {
        material.add_client_cert(&format!("client-{}.pem", index + 1), client.as_bytes()).unwrap();
    }
    if !files.crl.is_empty() {
        material.add_crl("list.crl", files.crl.as_bytes()).unwrap();
    }
    let certificates = Certificates { histories: vec![history], ..Certificates::default() };
    diagnose(&certificates, &material, &Options::default()).findings.remove(0)
}

pub(super) fn failing(reason: &'static str) -> CertificateHistory {
    logged().with(failed(reason, NOW, NOW + HOUR))
}

pub(super) fn for_clients(issuer: &Ca) -> String {
    leaf(issuer, ExtendedKeyUsagePurpose::ClientAuth)
}

#[test]
fn untrusted_by_a_bundle_without_the_issuer() {
    let (ours, other) = (root("ours", LONG), root("other", LONG));
    let finding =
        with_files(failing("ClientCertUntrusted"), &Files { bundle: &[&other.pem()], clients: &[&for_clients(&ours)], ..Files::default() });
    assert_eq!((finding.cause, finding.certainty), (Cause::IssuerMissing, Certainty::Proven), "{finding:#?}");
    assert_eq!(hypotheses(&finding), [Cause::IntermediateMissing]);
    assert!(finding.evidence.iter().any(|one| one.from == super::super::EvidenceSource::CaBundle));
}

#[test]
fn untrusted_since_the_issuer_has_another_key() {
    let (ours, namesake) = (root("ours", LONG), root("ours", LONG));
    let finding = with_files(
        failing("ClientCertUntrusted"),
        &Files { bundle: &[&namesake.pem()], clients: &[&for_clients(&ours)], ..Files::default() },
    );
    assert_cause(&finding, Cause::IssuerKeyMismatch, Certainty::Proven);
}

#[test]
fn untrusted_since_the_intermediate_is_not_sent() {
    let root = root("root", LONG);
    let between = intermediate("between", LONG, &root);
    let (client, rest) = (for_clients(&between), between.pem());
    let finding =
        with_files(failing("ClientCertUntrusted"), &Files { bundle: &[&root.pem()], clients: &[&client, &rest], ..Files::default() });
    assert_cause(&finding, Cause::IntermediateMissing, Certainty::Proven);
}

#[test]
fn untrusted_though_the_chain_is_complete() {
    let root = root("root", LONG);
    let files = Files { bundle: &[&root.pem()], clients: &[&for_clients(&root)], ..Files::default() };
    let finding = with_files(failing("ClientCertUntrusted"), &files);
    assert_cause(&finding, Cause::TrustStoreDiffers, Certainty::Likely);
    assert_says(&finding, "The chain is complete");
    // Twenty-six CA certificates are more than a trust store takes.
    let many: Vec<String> = (0..25).map(|number| self::root(&format!("other {number}"), LONG).pem()).collect();
    let bundle: Vec<&str> = many.iter().map(String::as_str).chain([files.bundle[0]]).collect();
    let finding = with_files(failing("ClientCertUntrusted"), &Files { bundle: &bundle, ..files });
    assert_cause(&finding, Cause::QuotaExceeded, Certainty::Proven);
}

#[test]
fn expired_higher_in_the_chain() {
    let ends_at = |days| {
        let root = root("root", LONG);
        let between = intermediate("between", (-500, days), &root);
        let client = for_clients(&between) + &between.pem();
        let history = logged().with(failed("ClientCertExpired", NOW, NOW + 10 * DAY));
        with_files(history, &Files { bundle: &[&root.pem()], clients: &[&client], ..Files::default() })
    };
    let finding = ends_at(-1);
    assert_cause(&finding, Cause::IntermediateExpired, Certainty::Proven);
    assert_says(&finding, "client-1.pem");
    // It ended after the first failures: it explains the later ones alone.
    assert_cause(&ends_at(5), Cause::IntermediateExpired, Certainty::Likely);
    assert_cause(&ends_at(50), Cause::IntermediateExpired, Certainty::Likely);
}

#[test]
fn the_leafs_dates_may_come_from_its_file() {
    let root = root("root", LONG);
    let mut history = logged().with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 92 * DAY).leaf(LeafState::Unknown));
    (history.validity, history.not_before, history.not_after) = (None, None, None);
    let finding = with_files(history, &Files { bundle: &[&root.pem()], clients: &[&for_clients(&root)], ..Files::default() });
    assert_cause(&finding, Cause::LeafExpired, Certainty::Proven);
    assert_says(&finding, "client-1.pem");
}

#[test]
fn the_leafs_own_end_stays_the_cause_and_the_other_is_said() {
    let root = root("root", LONG);
    let between = intermediate("between", (-500, 1), &root);
    let client = for_clients(&between) + &between.pem();
    let history = logged().with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 92 * DAY).leaf(LeafState::Expired));
    let finding = with_files(history, &Files { bundle: &[&root.pem()], clients: &[&client], ..Files::default() });
    assert_cause(&finding, Cause::LeafExpired, Certainty::Proven);
    assert_says(&finding, "A CA certificate above it has expired as well");
}

#[test]
fn revoked_by_the_issuers_list() {
    let root = root("root", LONG);
    let listed = crl(&root, &[2], (-1, 30));
    let history = failing("ClientCertCrlHit").with(succeeded(NOW - DAY, NOW - HOUR));
    let files = Files { bundle: &[&root.pem()], clients: &[&for_clients(&root)], crl: &listed };
    let finding = with_files(history.clone(), &files);
    assert_cause(&finding, Cause::Revoked, Certainty::Proven);
    assert_says(&finding, "list.crl");
    assert!(finding.summary.contains("It last worked at"), "{}", finding.summary);
    // The serial is not there.
    let absent = crl(&root, &[3], (-1, 30));
    let finding = with_files(history.clone(), &Files { crl: &absent, ..files });
    assert_cause(&finding, Cause::Revoked, Certainty::Likely);
    assert_says(&finding, "is not revoked in list.crl");
    // A list of that name, signed by another key, proves nothing.
    let forged = crl(&self::root("root", LONG), &[2], (-1, 30));
    let files = Files { bundle: &[&root.pem()], clients: &[], crl: &forged };
    assert_cause(&with_files(history, &files), Cause::Revoked, Certainty::Likely);
}

#[test]
fn a_list_that_cannot_be_processed() {
    let root = root("root", LONG);
    let stranger = self::root("stranger", LONG);
    let forged = crl(&self::root("root", LONG), &[], (-1, 30));
    let cases = [
        ("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n".to_owned(), Cause::CrlUnparsable),
        (forged, Cause::CrlBadSignature),
        (crl(&stranger, &[], (-1, 30)), Cause::CrlWrongIssuer),
        (crl(&root, &[], (-30, -1)), Cause::CrlExpired),
    ];
    for (list, cause) in cases {
        let finding = with_files(failing("ClientCertCrlProcessingError"), &Files { bundle: &[&root.pem()], clients: &[], crl: &list });
        assert_cause(&finding, cause, Certainty::Proven);
        assert_says(&finding, "AWS documents no causes");
    }
    let good = crl(&root, &[], (-1, 30));
    let finding = with_files(failing("ClientCertCrlProcessingError"), &Files { bundle: &[&root.pem()], clients: &[], crl: &good });
    assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
}

#[test]
fn a_certificate_that_is_not_for_clients() {
    let root = root("root", LONG);
    let server = leaf(&root, ExtendedKeyUsagePurpose::ServerAuth);
    let files = Files { bundle: &[&root.pem()], clients: &[&server], ..Files::default() };
    assert_cause(&with_files(failing("ClientCertPurposeInvalid"), &files), Cause::PurposeNotClientAuth, Certainty::Proven);
    // Beside the point of another reason: it is said, and is not the cause.
    let finding = with_files(failing("ClientCertCrlHit"), &files);
    assert_cause(&finding, Cause::Revoked, Certainty::Likely);
    assert_says(&finding, "may fail next");
    // Where the balancer has no name for it, it is a hypothesis, and no more.
    let finding = with_files(failing("UnmappedConnectionError"), &files);
    assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
    assert_eq!(finding.hypotheses[0].cause, Cause::PurposeNotClientAuth);
}

#[test]
fn a_key_that_the_balancer_does_not_take() {
    let root = root("root", LONG);
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut params = named("client", 2, (-90, 90));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let client = params.signed_by(&key, &root).unwrap().pem();
    let files = Files { bundle: &[&root.pem()], clients: &[&client], ..Files::default() };
    assert_cause(&with_files(failing("ClientCertInvalid"), &files), Cause::UnsupportedKey, Certainty::Proven);
    assert_cause(&with_files(failing("ClientCertIncompatible"), &files), Cause::PolicyIncompatible, Certainty::Likely);
}

#[test]
fn a_chain_deeper_than_four() {
    let root = root("root", LONG);
    let mut chain = vec![intermediate("ca 1", LONG, &root)];
    for number in 2..=4 {
        chain.push(intermediate(&format!("ca {number}"), LONG, chain.last().unwrap()));
    }
    let client: String = [for_clients(chain.last().unwrap())].into_iter().chain(chain.iter().rev().map(Ca::pem)).collect();
    let files = Files { bundle: &[&root.pem()], clients: &[&client], ..Files::default() };
    assert_cause(&with_files(failing("ClientCertMaxChainDepthExceeded"), &files), Cause::ChainTooDeep, Certainty::Proven);
}

#[test]
fn another_certificate_given_proves_nothing() {
    let (ours, other) = (root("ours", LONG), root("other", LONG));
    let mut history = failing("ClientCertUntrusted");
    history.serial = Some("0BAD".into());
    let finding = with_files(history, &Files { bundle: &[&other.pem()], clients: &[&for_clients(&ours)], ..Files::default() });
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_says(&finding, "is not the one in the log");
}

#[test]
fn files_say_nothing_of_connections_without_a_certificate() {
    let root = root("root", LONG);
    let history = without_certificate().with(failed("UnmappedConnectionError", NOW, NOW));
    let finding = with_files(history, &Files { bundle: &[&root.pem()], clients: &[&for_clients(&root)], ..Files::default() });
    assert_cause(&finding, Cause::NoCertificate, Certainty::Likely);
    assert!(finding.evidence.iter().all(|one| one.from == super::super::EvidenceSource::Log));
}
