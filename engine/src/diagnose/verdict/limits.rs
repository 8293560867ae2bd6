//! A certificate that the balancer refuses for what it is, whoever issued it.

use crate::reasons::Cause;

use super::Verdict;

/// `ClientCertMaxChainDepthExceeded`.
pub(super) fn too_deep() -> Verdict {
    Verdict::likely(Cause::ChainTooDeep, "The client likely sends a chain of more certificates than the balancer takes (4).")
}

/// `ClientCertMaxSizeExceeded`.
pub(super) fn too_large() -> Verdict {
    Verdict::likely(Cause::CertificateTooLarge, "A certificate that the client sends is likely larger than the balancer takes (16 KB).")
}

/// `ClientCertTypeUnsupported`.
pub(super) fn wrong_type() -> Verdict {
    Verdict::likely(
        Cause::NotX509v3,
        "The client's certificate is likely of a kind that the balancer does not take: it must be X.509 version 3.",
    )
}

/// `ClientCertInvalid`.
pub(super) fn invalid() -> Verdict {
    Verdict::unknown("The client's certificate does not meet the balancer's requirements; the log does not say which.")
        .perhaps(Cause::WeakKey, "RSA keys must have 2048 to 8192 bits.")
        .perhaps(Cause::UnsupportedKey, "Keys must be RSA, or ECDSA over P-256, P-384 or P-521.")
        .perhaps(Cause::WeakSignature, "Signatures must be over SHA-256, SHA-384 or SHA-512.")
        .perhaps(Cause::NotX509v3, "Certificates must be X.509 version 3.")
        .perhaps(Cause::PurposeNotClientAuth, "Extended key usage and key usage must allow client authentication.")
}

/// `ClientCertPurposeInvalid`.
pub(super) fn wrong_purpose() -> Verdict {
    Verdict::likely(
        Cause::PurposeNotClientAuth,
        "The certificate is likely not made for client authentication (extended key usage or key usage).",
    )
}
