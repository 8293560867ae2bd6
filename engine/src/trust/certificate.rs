//! One certificate, read once: the parts that decisions need, owned.

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::name::Name;
use super::serial::Serial;
use super::signature::{PublicKey, SignatureAlgorithm, Signed};

/// A certificate.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    /// As people count them: 3 for v3.
    pub(super) version: u32,
    pub(super) serial: Serial,
    pub(super) subject: Name,
    pub(super) issuer: Name,
    /// µs since 1970; so `not_after`.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) key: PublicKey,
    pub(super) signed: Signed,
    pub(super) usage: Usage,
}

/// What a certificate may be used for; `None` where the extension is absent, or cannot be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    /// basicConstraints: whether it is a CA's.
    pub(super) ca: Option<bool>,
    /// keyUsage: keyCertSign.
    pub(super) signs_certificates: Option<bool>,
    /// keyUsage: digitalSignature.
    pub(super) signs: Option<bool>,
    /// extendedKeyUsage: clientAuth or any.
    pub(super) authenticates_clients: Option<bool>,
    /// extendedKeyUsage in words: `serverAuth, codeSigning`.
    pub(super) purposes: String,
}

impl Certificate {
    /// Reads DER that holds a certificate and nothing else.
    pub(super) fn parse(der: Vec<u8>) -> Result<Self, String> {
        let (rest, parsed) = X509Certificate::from_der(&der).map_err(|error| format!("no X.509 certificate: {}", reason(&error)))?;
        if !rest.is_empty() {
            return Err(format!("{} follow the certificate", super::text::counted(rest.len(), "byte", "bytes")));
        }
        let tbs = &parsed.tbs_certificate;
        Ok(Self {
            version: tbs.version.0.saturating_add(1),
            serial: Serial::from_der(tbs.raw_serial()),
            subject: Name::from_der(&tbs.subject),
            issuer: Name::from_der(&tbs.issuer),
            not_before: micros(tbs.validity.not_before),
            not_after: micros(tbs.validity.not_after),
            key: PublicKey::new(&tbs.subject_pki),
            signed: Signed {
                algorithm: SignatureAlgorithm::new(&parsed.signature_algorithm),
                message: tbs.as_ref().to_vec(),
                signature: parsed.signature_value.data.to_vec(),
            },
            usage: Usage::of(&parsed),
            der,
        })
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject.is(&self.issuer)
    }

    /// Whether it may issue others: a CA by basicConstraints (which before v3 nobody could say), and not barred by keyUsage.
    pub(super) fn may_issue(&self) -> bool {
        self.usage.ca.unwrap_or(self.version < 3) && self.usage.signs_certificates != Some(false)
    }

    /// Whether it is valid from `first` to `last`.
    pub(super) fn is_valid(&self, first: i64, last: i64) -> bool {
        self.not_before <= first && last <= self.not_after
    }
}

impl Usage {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let constraints = certificate.basic_constraints().ok().flatten();
        let usage = certificate.key_usage().ok().flatten();
        let extended = certificate.extended_key_usage().ok().flatten().map(|extension| extension.value);
        Self {
            ca: constraints.map(|extension| extension.value.ca),
            signs_certificates: usage.as_ref().map(|extension| extension.value.key_cert_sign()),
            signs: usage.as_ref().map(|extension| extension.value.digital_signature()),
            authenticates_clients: extended.map(|purposes| purposes.any || purposes.client_auth),
            purposes: extended.map(purposes).unwrap_or_default(),
        }
    }
}

fn purposes(purposes: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> String {
    let known = [
        (purposes.any, "any"),
        (purposes.server_auth, "serverAuth"),
        (purposes.client_auth, "clientAuth"),
        (purposes.code_signing, "codeSigning"),
        (purposes.email_protection, "emailProtection"),
        (purposes.time_stamping, "timeStamping"),
        (purposes.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name.to_owned());
    known.chain(purposes.other.iter().map(x509_parser::asn1_rs::Oid::to_id_string)).collect::<Vec<_>>().join(", ")
}

/// A time of a certificate as µs since 1970.
pub(super) fn micros(time: ASN1Time) -> i64 {
    time.timestamp().saturating_mul(1_000_000)
}

/// What a parser says, without the bytes that it stopped at.
pub(super) fn reason<E: std::fmt::Display>(error: &x509_parser::nom::Err<E>) -> String {
    match error {
        x509_parser::nom::Err::Incomplete(_) => "it ends too early".to_owned(),
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error.to_string(),
    }
}
