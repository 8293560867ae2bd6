//! Certificates and revocation lists with real keys, made as the tests need them.
//!
//! Two certificate authorities under one roof: what is here is made by `rcgen`; what `rcgen` refuses to make is in [`super::openssl`].

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::connection::{Shown, number};

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) der: Vec<u8>,
    pub(crate) pem: String,
    pub(crate) key: String,
    /// As the log shows it.
    pub(crate) shown: Shown,
}

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) identity: Identity,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn pem(&self) -> &str {
        &self.identity.pem
    }

    /// Another authority with the same key.
    pub(crate) fn key_under(&self, recipe: Recipe) -> Authority {
        recipe.key(KeyPair::from_pem(&self.identity.key).unwrap()).self_signed()
    }
}

/// A certificate that is yet to be made.
pub(crate) struct Recipe {
    params: CertificateParams,
    key: KeyPair,
}

/// An instant, from RFC 3339.
pub(crate) fn instant(text: &str) -> OffsetDateTime {
    let timestamp: jiff::Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    OffsetDateTime::from_unix_timestamp(timestamp.as_second()).unwrap()
}

/// RFC 3339 in whole seconds, as the log writes validities.
pub(crate) fn second(time: OffsetDateTime) -> String {
    jiff::Timestamp::from_second(time.unix_timestamp()).unwrap().to_string()
}

fn recipe(common_name: &str) -> Recipe {
    let mut params = CertificateParams::default();
    params.distinguished_name = names(&[
        (DnType::CountryName, DnValue::PrintableString("US".try_into().unwrap())),
        (DnType::OrganizationName, "Company LLC".into()),
        (DnType::CommonName, common_name.into()),
    ]);
    params.serial_number = Some(SerialNumber::from(number().to_be_bytes()[3..].to_vec()));
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = KeyIdMethod::Sha256;
    Recipe { params, key: KeyPair::generate().unwrap() }
}

/// A distinguished name, in the order in which it stands in the certificate.
pub(crate) fn names(parts: &[(DnType, DnValue)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    parts.iter().for_each(|(kind, value)| name.push(kind.clone(), value.clone()));
    name
}

/// A client's certificate, as load balancers like them, good for the year 2026.
pub(crate) fn leaf(common_name: &str) -> Recipe {
    let mut recipe = recipe(common_name).valid("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    recipe.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    recipe.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    recipe
}

/// An authority's certificate, good from 2020 to 2040.
pub(crate) fn authority(common_name: &str) -> Recipe {
    let mut recipe = recipe(common_name).valid("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
    recipe.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    recipe.params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    recipe
}

/// A root of this name.
pub(crate) fn root(common_name: &str) -> Authority {
    authority(common_name).self_signed()
}

impl Recipe {
    pub(crate) fn valid(mut self, from: &str, until: &str) -> Self {
        (self.params.not_before, self.params.not_after) = (instant(from), instant(until));
        self
    }

    /// The bytes of the number; a leading zero for the sign may be left out.
    pub(crate) fn serial(mut self, bytes: &[u8]) -> Self {
        self.params.serial_number = Some(SerialNumber::from(bytes.to_vec()));
        self
    }

    /// In the certificate's own order, which RFC 2253 turns around.
    pub(crate) fn named(mut self, parts: &[(DnType, DnValue)]) -> Self {
        self.params.distinguished_name = names(parts);
        self
    }

    pub(crate) fn purposes(mut self, purposes: &[ExtendedKeyUsagePurpose]) -> Self {
        self.params.extended_key_usages = purposes.to_vec();
        self
    }

    pub(crate) fn usages(mut self, usages: &[KeyUsagePurpose]) -> Self {
        self.params.key_usages = usages.to_vec();
        self
    }

    /// With an extension that nobody knows, of so many bytes.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        self.params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], padding(bytes))];
        self
    }

    /// Without the identifiers that tell an issuer's keys apart, as old authorities do.
    pub(crate) fn without_key_identifier(mut self) -> Self {
        self.params.use_authority_key_identifier_extension = false;
        self
    }

    pub(crate) fn key(mut self, key: KeyPair) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn signed_by(&self, authority: &Authority) -> Identity {
        self.identity(self.params.signed_by(&self.key, &authority.issuer).unwrap())
    }

    pub(crate) fn self_signed(self) -> Authority {
        let identity = self.identity(self.params.self_signed(&self.key).unwrap());
        Authority { identity, issuer: Issuer::new(self.params, self.key) }
    }

    pub(crate) fn under(self, authority: &Authority) -> Authority {
        let identity = self.signed_by(authority);
        Authority { identity, issuer: Issuer::new(self.params, self.key) }
    }

    fn identity(&self, certificate: rcgen::Certificate) -> Identity {
        let shown = Shown::new(
            &rfc_2253(&self.params.distinguished_name),
            &second(self.params.not_before),
            &second(self.params.not_after),
            &hex(&self.params.serial_number.as_ref().unwrap().to_bytes()),
        );
        Identity { der: certificate.der().to_vec(), pem: certificate.pem(), key: self.key.serialize_pem(), shown }
    }
}

/// An OCTET STRING of so many bytes.
fn padding(bytes: usize) -> Vec<u8> {
    let length = u32::try_from(bytes).unwrap().to_be_bytes();
    let mut content = vec![0x04, 0x84];
    content.extend(length);
    content.resize(content.len() + bytes, 0x5a);
    content
}

/// The last part first; values that would need escapes are not for this function.
fn rfc_2253(name: &DistinguishedName) -> String {
    let mut parts: Vec<String> = name.iter().map(|(kind, value)| format!("{}={}", kind_name(kind), text_of(value))).collect();
    parts.reverse();
    parts.join(",")
}

fn kind_name(kind: &DnType) -> &'static str {
    match kind {
        DnType::CountryName => "C",
        DnType::OrganizationName => "O",
        DnType::OrganizationalUnitName => "OU",
        DnType::CommonName => "CN",
        DnType::LocalityName => "L",
        DnType::StateOrProvinceName => "ST",
        other => panic!("{other:?} has no name here"),
    }
}

fn text_of(value: &DnValue) -> String {
    match value {
        DnValue::Utf8String(text) => text.clone(),
        DnValue::PrintableString(text) => text.as_str().to_owned(),
        DnValue::TeletexString(text) => text.as_str().to_owned(),
        DnValue::BmpString(text) => {
            let units: Vec<u16> = text.as_bytes().chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        other => panic!("{other:?} is not for this function"),
    }
}

/// Upper case, two digits a byte, as the log writes serial numbers.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    let short = digits.trim_start_matches("00");
    if short.is_empty() { "00".to_owned() } else { short.to_owned() }
}

/// A list of revoked certificates that is yet to be made.
pub(crate) struct CrlRecipe(CertificateRevocationListParams);

/// An empty list, in force from the middle of March 2026 for ten years.
pub(crate) fn crl() -> CrlRecipe {
    CrlRecipe(CertificateRevocationListParams {
        this_update: instant("2026-03-15T00:00:00Z"),
        next_update: instant("2036-03-15T00:00:00Z"),
        crl_number: SerialNumber::from(number()),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    })
}

impl CrlRecipe {
    pub(crate) fn in_force(mut self, from: &str, until: &str) -> Self {
        (self.0.this_update, self.0.next_update) = (instant(from), instant(until));
        self
    }

    pub(crate) fn revoking(mut self, serial: &[u8], time: &str, reason: Option<RevocationReason>) -> Self {
        let serial_number = SerialNumber::from(serial.to_vec());
        let revocation_time = instant(time);
        self.0.revoked_certs.push(RevokedCertParams { serial_number, revocation_time, reason_code: reason, invalidity_date: None });
        self
    }

    pub(crate) fn pem(&self, authority: &Authority) -> String {
        self.0.signed_by(&authority.issuer).unwrap().pem().unwrap()
    }

    pub(crate) fn der(&self, authority: &Authority) -> Vec<u8> {
        self.0.signed_by(&authority.issuer).unwrap().der().to_vec()
    }
}
