//! Keys and signatures: what they are, whether a balancer takes them, and whether one was made by the other.
//!
//! In: algorithm identifiers and keys of certificates and CRLs. Out: [`PublicKey`], [`SignatureAlgorithm`], [`Verdict`]. The arithmetic
//! is `aws-lc-rs`'s.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::limits;

/// A subject's public key.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    pub(super) kind: KeyKind,
    bytes: Vec<u8>,
}

/// What kind of key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    P256,
    P384,
    P521,
    Ed25519,
    /// Anything else, by its OID or its curve's.
    Other(String),
}

/// Why a balancer does not take a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFault {
    /// RSA of too few or too many bits.
    Size,
    /// Another algorithm or curve.
    Kind,
}

impl PublicKey {
    pub(super) fn new(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let bytes = info.subject_public_key.data.to_vec();
        let algorithm = info.algorithm.algorithm.to_id_string();
        let kind = match algorithm.as_str() {
            "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => rsa_bits(&bytes).map_or(KeyKind::Other(algorithm), KeyKind::Rsa),
            "1.2.840.10045.2.1" => curve(&info.algorithm),
            "1.3.101.112" => KeyKind::Ed25519,
            _ => KeyKind::Other(algorithm),
        };
        Self { kind, bytes }
    }

    /// Why a balancer refuses it; `None` if it takes it.
    pub(super) fn fault(&self) -> Option<KeyFault> {
        match self.kind {
            KeyKind::Rsa(bits) if limits::RSA_BITS.contains(&bits) => None,
            KeyKind::Rsa(_) => Some(KeyFault::Size),
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => None,
            KeyKind::Ed25519 | KeyKind::Other(_) => Some(KeyFault::Kind),
        }
    }

    /// Whether it is the same key.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.bytes == other.bytes
    }
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rsa(bits) => write!(formatter, "RSA of {bits} bits"),
            Self::P256 => formatter.write_str("ECDSA P-256"),
            Self::P384 => formatter.write_str("ECDSA P-384"),
            Self::P521 => formatter.write_str("ECDSA P-521"),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::Other(oid) => formatter.write_str(known_key(oid).unwrap_or(oid)),
        }
    }
}

fn known_key(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.10040.4.1" => "DSA",
        "1.3.101.113" => "Ed448",
        "1.3.132.0.10" => "ECDSA secp256k1",
        "1.3.132.0.33" => "ECDSA P-224",
        "1.2.840.10045.3.1.1" => "ECDSA P-192",
        "1.3.36.3.3.2.8.1.1.7" => "ECDSA brainpoolP256r1",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return None,
    })
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (_, key) = RSAPublicKey::from_der(key).ok()?;
    let modulus = super::serial::significant(key.modulus);
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

fn curve(algorithm: &AlgorithmIdentifier<'_>) -> KeyKind {
    let oid = algorithm.parameters.as_ref().and_then(|parameters| parameters.clone().oid().ok());
    let oid = oid.map_or_else(|| "an unnamed curve".to_owned(), |oid| oid.to_id_string());
    match oid.as_str() {
        "1.2.840.10045.3.1.7" => KeyKind::P256,
        "1.3.132.0.34" => KeyKind::P384,
        "1.3.132.0.35" => KeyKind::P521,
        _ => KeyKind::Other(oid),
    }
}

/// How something was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    /// RSA PKCS #1 v1.5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS. `false`: with a mask or a salt other than the hash's own, which cannot be checked here.
    RsaPss(Hash, bool),
    Ecdsa(Hash),
    Ed25519,
    /// Anything else, by its OID.
    Other(String),
}

/// The hash that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureAlgorithm {
    pub(super) fn new(identifier: &AlgorithmIdentifier<'_>) -> Self {
        let oid = identifier.algorithm.to_id_string();
        match oid.as_str() {
            "1.2.840.113549.1.1.4" | "1.3.14.3.2.25" => Self::RsaPkcs1(Hash::Md5),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Self::RsaPkcs1(Hash::Sha1),
            "1.2.840.113549.1.1.14" => Self::RsaPkcs1(Hash::Sha224),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Hash::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Hash::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Hash::Sha512),
            "1.2.840.113549.1.1.10" => pss(identifier).unwrap_or(Self::Other(oid)),
            "1.2.840.10045.4.1" => Self::Ecdsa(Hash::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Hash::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Hash::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Hash::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Hash::Sha512),
            "1.3.101.112" => Self::Ed25519,
            _ => Self::Other(oid),
        }
    }

    /// Whether a balancer takes it: SHA-256, SHA-384 or SHA-512 with RSA, RSASSA-PSS or ECDSA.
    pub(super) fn is_accepted(&self) -> bool {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash, _) | Self::Ecdsa(hash) => {
                matches!(hash, Hash::Sha256 | Hash::Sha384 | Hash::Sha512)
            }
            Self::Ed25519 | Self::Other(_) => false,
        }
    }
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RsaPkcs1(hash) => write!(formatter, "{} with RSA", hash.name()),
            Self::RsaPss(hash, _) => write!(formatter, "{} with RSASSA-PSS", hash.name()),
            Self::Ecdsa(hash) => write!(formatter, "{} with ECDSA", hash.name()),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::Other(oid) => formatter.write_str(oid),
        }
    }
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn bytes(self) -> u32 {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

fn pss(identifier: &AlgorithmIdentifier<'_>) -> Option<SignatureAlgorithm> {
    let parameters = RsaSsaPssParams::try_from(identifier.parameters.as_ref()?).ok()?;
    let oid = parameters.hash_algorithm_oid();
    let hash = match oid.to_id_string().as_str() {
        "1.3.14.3.2.26" => Hash::Sha1,
        "2.16.840.1.101.3.4.2.4" => Hash::Sha224,
        "2.16.840.1.101.3.4.2.1" => Hash::Sha256,
        "2.16.840.1.101.3.4.2.2" => Hash::Sha384,
        "2.16.840.1.101.3.4.2.3" => Hash::Sha512,
        _ => return None,
    };
    let mask = parameters.mask_gen_algorithm().ok()?;
    Some(SignatureAlgorithm::RsaPss(hash, mask.hash == *oid && parameters.salt_length() == hash.bytes()))
}

/// Whether a key made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It did.
    Verified,
    /// It did not.
    Refuted,
    /// Not known: the algorithm or the size of the key cannot be checked here.
    Unchecked,
}

/// Something signed: the bytes, and the signature over them.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl Signed {
    /// Whether `key` signed it.
    pub(super) fn verify(&self, key: &PublicKey) -> Verdict {
        match verifier(&self.algorithm, &key.kind) {
            Ok(verifier) => match UnparsedPublicKey::new(verifier, &key.bytes).verify(&self.message, &self.signature) {
                Ok(()) => Verdict::Verified,
                Err(_) => Verdict::Refuted,
            },
            Err(verdict) => verdict,
        }
    }
}

/// What checks a signature by a key of this kind; `Err` if nothing does, or nothing needs to.
fn verifier(algorithm: &SignatureAlgorithm, key: &KeyKind) -> Result<&'static dyn VerificationAlgorithm, Verdict> {
    use SignatureAlgorithm::{Ecdsa, Ed25519, Other, RsaPkcs1, RsaPss};
    let verifier: &'static dyn VerificationAlgorithm = match (algorithm, key) {
        (Other(_), _) => return Err(Verdict::Unchecked),
        (RsaPkcs1(hash), KeyKind::Rsa(bits)) => return pkcs1(*hash, *bits).ok_or(Verdict::Unchecked),
        (RsaPss(Hash::Sha256, true), KeyKind::Rsa(2048..=8192)) => &signature::RSA_PSS_2048_8192_SHA256,
        (RsaPss(Hash::Sha384, true), KeyKind::Rsa(2048..=8192)) => &signature::RSA_PSS_2048_8192_SHA384,
        (RsaPss(Hash::Sha512, true), KeyKind::Rsa(2048..=8192)) => &signature::RSA_PSS_2048_8192_SHA512,
        (RsaPss(..), KeyKind::Rsa(_)) => return Err(Verdict::Unchecked),
        (Ecdsa(hash), KeyKind::P256 | KeyKind::P384 | KeyKind::P521) => return ecdsa(*hash, key).ok_or(Verdict::Unchecked),
        (Ed25519, KeyKind::Ed25519) => &signature::ED25519,
        (_, KeyKind::Other(_)) => return Err(Verdict::Unchecked),
        // A key of one kind never made a signature of another.
        _ => return Err(Verdict::Refuted),
    };
    Ok(verifier)
}

fn pkcs1(hash: Hash, bits: usize) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (hash, bits) {
        (Hash::Sha1, 1024..=8192) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, 1024..2048) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Hash::Sha512, 1024..2048) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Hash::Sha384, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Hash::Sha512, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    })
}

fn ecdsa(hash: Hash, curve: &KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, hash) {
        (KeyKind::P256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (KeyKind::P256, Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (KeyKind::P384, Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (KeyKind::P384, Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        (KeyKind::P521, Hash::Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
        (KeyKind::P521, Hash::Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
        (KeyKind::P521, Hash::Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}
