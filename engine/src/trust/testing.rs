//! Certificates and lists to try things on, made with real keys.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::{Fact, FactKind, LoggedLeaf, Material, examine};

/// 2026-01-01, in seconds since 1970: when connections fail in these tests.
pub(super) const NOW: i64 = 1_767_225_600;
pub(super) const DAY: i64 = 86_400;

pub(super) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

pub(super) fn micros(seconds: i64) -> i64 {
    seconds * 1_000_000
}

/// `der` as a PEM block.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", data_encoding::BASE64.encode(der))
}

/// A certificate, with the key that belongs to it.
pub(super) struct Identity {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) pem: String,
}

/// Valid from a year before [`NOW`] to a year after it.
pub(super) fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Company LLC");
    params.distinguished_name.push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = (at(NOW - 365 * DAY), at(NOW + 365 * DAY));
    params
}

pub(super) fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn leaf_params(common_name: &str, serial: u64) -> CertificateParams {
    let mut params = params(common_name);
    params.serial_number = Some(serial.into());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// A root.
pub(super) fn root(common_name: &str) -> Identity {
    root_from(ca_params(common_name), KeyPair::generate().unwrap())
}

pub(super) fn root_from(params: CertificateParams, key: KeyPair) -> Identity {
    let certificate = params.self_signed(&key).unwrap();
    Identity { pem: certificate.pem(), params, key }
}

impl Identity {
    /// An intermediate CA.
    pub(super) fn ca(&self, common_name: &str) -> Identity {
        self.issue(ca_params(common_name), KeyPair::generate().unwrap())
    }

    /// A client's certificate.
    pub(super) fn leaf(&self, common_name: &str, serial: u64) -> Identity {
        self.issue(leaf_params(common_name, serial), KeyPair::generate().unwrap())
    }

    pub(super) fn issue(&self, params: CertificateParams, key: KeyPair) -> Identity {
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        Identity { pem: certificate.pem(), params, key }
    }

    /// A list of these serials, revoked for a compromise ten days before [`NOW`]; valid until ten days after it.
    pub(super) fn crl(&self, serials: &[u64]) -> String {
        self.crl_until(serials, NOW + 10 * DAY)
    }

    pub(super) fn crl_until(&self, serials: &[u64], next_update: i64) -> String {
        self.crl_for(serials, next_update, RevocationReason::KeyCompromise)
    }

    pub(super) fn crl_for(&self, serials: &[u64], next_update: i64, reason: RevocationReason) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: at(NOW - 10 * DAY),
            reason_code: Some(reason),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: at(NOW - 20 * DAY),
            next_update: at(next_update),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().pem().unwrap()
    }
}

/// Files to examine.
#[derive(Default)]
pub(super) struct Files(pub(super) Material);

impl Files {
    pub(super) fn bundle(mut self, name: &str, pem: &[&str]) -> Self {
        self.0.add_bundle(name, pem.concat().as_bytes()).unwrap();
        self
    }

    pub(super) fn client(mut self, name: &str, pem: &[&str]) -> Self {
        self.0.add_client_cert(name, pem.concat().as_bytes()).unwrap();
        self
    }

    pub(super) fn crl(mut self, name: &str, pem: &str) -> Self {
        self.0.add_crl(name, pem.as_bytes()).unwrap();
        self
    }

    /// The facts about a leaf whose connections failed at [`NOW`].
    pub(super) fn facts(&self, common_name: &str, serial: &str) -> Vec<Fact> {
        let subject = format!("CN={common_name},O=Company LLC");
        self.facts_of(&LoggedLeaf { subject: Some(&subject), serial: Some(serial), ..LoggedLeaf::default() })
    }

    pub(super) fn facts_of(&self, leaf: &LoggedLeaf<'_>) -> Vec<Fact> {
        examine(&self.0, leaf, micros(NOW), micros(NOW + 60))
    }
}

pub(super) fn kinds(facts: &[Fact]) -> Vec<FactKind> {
    facts.iter().map(|fact| fact.kind).collect()
}

/// The sentence of the only fact of a kind.
#[track_caller]
pub(super) fn says(facts: &[Fact], kind: FactKind) -> String {
    let found: Vec<&Fact> = facts.iter().filter(|fact| fact.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind:?} in {facts:#?}");
    found[0].says.clone()
}
