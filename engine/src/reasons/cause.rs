//! What can be wrong, apart from what the balancer calls it: the causes that a diagnosis names.

/// The cause of failed connections. The order is of no consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each variant is the cause of the same name; `Cause::name` spells it, the catalogue explains it
pub enum Cause {
    LeafExpired,
    IntermediateExpired,
    NotYetValid,
    ClockSkew,
    Revoked,
    CrlExpired,
    CrlUnparsable,
    CrlWrongIssuer,
    CrlBadSignature,
    IssuerMissing,
    IssuerKeyMismatch,
    IntermediateMissing,
    TrustStoreDiffers,
    ChainTooDeep,
    CertificateTooLarge,
    NotX509v3,
    WeakKey,
    UnsupportedKey,
    WeakSignature,
    PurposeNotClientAuth,
    PolicyIncompatible,
    RejectedByTarget,
    NoCertificate,
    TlsNegotiationFailed,
    QuotaExceeded,
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 26] = [
        Cause::LeafExpired,
        Cause::IntermediateExpired,
        Cause::NotYetValid,
        Cause::ClockSkew,
        Cause::Revoked,
        Cause::CrlExpired,
        Cause::CrlUnparsable,
        Cause::CrlWrongIssuer,
        Cause::CrlBadSignature,
        Cause::IssuerMissing,
        Cause::IssuerKeyMismatch,
        Cause::IntermediateMissing,
        Cause::TrustStoreDiffers,
        Cause::ChainTooDeep,
        Cause::CertificateTooLarge,
        Cause::NotX509v3,
        Cause::WeakKey,
        Cause::UnsupportedKey,
        Cause::WeakSignature,
        Cause::PurposeNotClientAuth,
        Cause::PolicyIncompatible,
        Cause::RejectedByTarget,
        Cause::NoCertificate,
        Cause::TlsNegotiationFailed,
        Cause::QuotaExceeded,
        Cause::Unknown,
    ];

    /// The cause as documents spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::LeafExpired => "leaf-expired",
            Cause::IntermediateExpired => "intermediate-expired",
            Cause::NotYetValid => "not-yet-valid",
            Cause::ClockSkew => "clock-skew",
            Cause::Revoked => "revoked",
            Cause::CrlExpired => "crl-expired",
            Cause::CrlUnparsable => "crl-unparsable",
            Cause::CrlWrongIssuer => "crl-wrong-issuer",
            Cause::CrlBadSignature => "crl-bad-signature",
            Cause::IssuerMissing => "issuer-missing",
            Cause::IssuerKeyMismatch => "issuer-key-mismatch",
            Cause::IntermediateMissing => "intermediate-missing",
            Cause::TrustStoreDiffers => "trust-store-differs",
            Cause::ChainTooDeep => "chain-too-deep",
            Cause::CertificateTooLarge => "certificate-too-large",
            Cause::NotX509v3 => "not-x509v3",
            Cause::WeakKey => "weak-key",
            Cause::UnsupportedKey => "unsupported-key",
            Cause::WeakSignature => "weak-signature",
            Cause::PurposeNotClientAuth => "purpose-not-client-auth",
            Cause::PolicyIncompatible => "policy-incompatible",
            Cause::RejectedByTarget => "rejected-by-target",
            Cause::NoCertificate => "no-certificate",
            Cause::TlsNegotiationFailed => "tls-negotiation-failed",
            Cause::QuotaExceeded => "quota-exceeded",
            Cause::Unknown => "unknown",
        }
    }
}

impl serde::Serialize for Cause {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
