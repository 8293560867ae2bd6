//! What files prove, one sentence at a time.

use crate::reasons::{Cause, EvidenceSource};

/// Something that the files given show about a client's certificate or about the trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What kind of thing.
    pub kind: FactKind,
    /// The kind of file that shows it.
    pub source: EvidenceSource,
    /// The name of the one file that it is about; `None` where it is about several, or none.
    pub file: Option<String>,
    /// One sentence that names the file and the object, with numbers and dates.
    pub says: String,
}

/// The kinds of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// A client-certificate file holds the logged certificate.
    LeafGiven,
    /// Client-certificate files were given, and none holds it.
    LeafNotGiven,
    /// Every signature from the leaf to a CA certificate of the bundle verifies.
    ChainComplete,
    /// No file holds a certificate with the issuer's name, or the chain ends outside of the bundle.
    IssuerMissing,
    /// The bundle holds the issuer's name, but its keys did not make the signature.
    IssuerKeyMismatch,
    /// The client does not send an intermediate certificate; another file has it, and with it the chain is complete.
    IntermediateMissing,
    /// A CA certificate of the chain had expired by the last failed connection.
    IntermediateExpired,
    /// A CA certificate of the chain was not valid yet at the first failed connection.
    IntermediateNotYetValid,
    /// The leaf had expired by the last failed connection.
    LeafExpired,
    /// The leaf was not valid yet at the first failed connection.
    LeafNotYetValid,
    /// The client sends more certificates than a balancer takes.
    ChainTooDeep,
    /// A certificate, or the chain as a whole, has more bytes than a balancer takes.
    CertificateTooLarge,
    /// A certificate's version is not 3.
    NotX509v3,
    /// An RSA key is too short or too long.
    WeakKey,
    /// A key is of an algorithm or on a curve that a balancer does not take.
    UnsupportedKey,
    /// A signature uses a hash that a balancer does not take.
    WeakSignature,
    /// Key usage or extended key usage forbid client authentication.
    PurposeNotClientAuth,
    /// A certificate of the chain issued another one, but is not a CA's.
    IssuerNotCa,
    /// A CRL lists the certificate, or one above it.
    Revoked,
    /// A CRL has an entry that may be the certificate's, but does not prove that it was revoked when connections failed.
    SerialListed,
    /// CRLs were given, and none that could be the issuer's lists the certificate.
    SerialNotListed,
    /// A CRL's nextUpdate had passed before the first failed connection.
    CrlExpired,
    /// A CRL's nextUpdate passed between the first failed connection and the last.
    CrlExpiredSince,
    /// A CRL file cannot be read as one.
    CrlUnparsable,
    /// A CRL is of none of the CAs.
    CrlWrongIssuer,
    /// A CRL has the name of a CA, but its signature was not made by that CA's key.
    CrlBadSignature,
    /// A file, or all of them, are beyond a quota.
    QuotaExceeded,
}

impl FactKind {
    /// The cause of failures that a fact of this kind can be; `None` for what explains none by itself.
    pub fn cause(self) -> Option<Cause> {
        Some(match self {
            Self::LeafGiven
            | Self::LeafNotGiven
            | Self::ChainComplete
            | Self::SerialListed
            | Self::SerialNotListed
            | Self::CrlExpiredSince
            | Self::IssuerNotCa => return None,
            Self::IssuerMissing => Cause::IssuerMissing,
            Self::IssuerKeyMismatch => Cause::IssuerKeyMismatch,
            Self::IntermediateMissing => Cause::IntermediateMissing,
            Self::IntermediateExpired => Cause::IntermediateExpired,
            Self::IntermediateNotYetValid | Self::LeafNotYetValid => Cause::NotYetValid,
            Self::LeafExpired => Cause::LeafExpired,
            Self::ChainTooDeep => Cause::ChainTooDeep,
            Self::CertificateTooLarge => Cause::CertificateTooLarge,
            Self::NotX509v3 => Cause::NotX509v3,
            Self::WeakKey => Cause::WeakKey,
            Self::UnsupportedKey => Cause::UnsupportedKey,
            Self::WeakSignature => Cause::WeakSignature,
            Self::PurposeNotClientAuth => Cause::PurposeNotClientAuth,
            Self::Revoked => Cause::Revoked,
            Self::CrlExpired => Cause::CrlExpired,
            Self::CrlUnparsable => Cause::CrlUnparsable,
            Self::CrlWrongIssuer => Cause::CrlWrongIssuer,
            Self::CrlBadSignature => Cause::CrlBadSignature,
            Self::QuotaExceeded => Cause::QuotaExceeded,
        })
    }
}
