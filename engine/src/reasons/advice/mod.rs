//! What to say and what to do once the [`Cause`] is known, or suspected: one [`Advice`] per cause.

mod chain;
mod connection;
mod form;
mod revocation;
mod validity;

use serde::Serialize;

use super::Cause;

/// What a cause is, how to find out whether it is the one, and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// In a few words, without a full stop.
    pub title: &'static str,
    /// In a sentence.
    pub says: &'static str,
    /// How to find out, in a sentence or two; a template, see [`super::fill`].
    pub check: &'static str,
    /// What to do, in order, where the balancer verifies (mode verify).
    pub fix: &'static [FixStep],
    /// What to do instead where it hands the certificate to the target unverified (mode passthrough); `None` where that is the same.
    pub fix_passthrough: Option<&'static [FixStep]>,
}

/// A step of a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FixStep {
    /// What to do; a template, see [`super::fill`].
    pub step: &'static str,
    /// What to type; a template. `None` where nothing can be typed.
    pub command: Option<&'static str>,
}

impl FixStep {
    /// A step that nothing is typed for.
    pub(super) const fn say(step: &'static str) -> Self {
        Self { step, command: None }
    }

    /// A step with its command.
    pub(super) const fn run(step: &'static str, command: &'static str) -> Self {
        Self { step, command: Some(command) }
    }
}

/// What comes after a request: the CA's answer, under the name that later commands use.
const SIGNED: FixStep = FixStep::say(super::shared::CA_SIGNS);

impl Advice {
    /// The steps for mode passthrough.
    pub fn passthrough_steps(&self) -> &'static [FixStep] {
        self.fix_passthrough.unwrap_or(self.fix)
    }
}

/// What to do about [`Cause::NotYetValid`] where the client's own certificate was valid: one above it is the one that is not.
pub fn ca_not_yet_valid() -> &'static [FixStep] {
    &validity::CA_NOT_YET_VALID
}

impl Cause {
    /// What to say and to do about it.
    pub const fn advice(self) -> &'static Advice {
        match self {
            Cause::LeafExpired => &validity::LEAF_EXPIRED,
            Cause::IntermediateExpired => &validity::INTERMEDIATE_EXPIRED,
            Cause::NotYetValid => &validity::NOT_YET_VALID,
            Cause::ClockSkew => &validity::CLOCK_SKEW,
            Cause::Revoked => &revocation::REVOKED,
            Cause::CrlExpired => &revocation::CRL_EXPIRED,
            Cause::CrlUnparsable => &revocation::CRL_UNPARSABLE,
            Cause::CrlWrongIssuer => &revocation::CRL_WRONG_ISSUER,
            Cause::CrlBadSignature => &revocation::CRL_BAD_SIGNATURE,
            Cause::IssuerMissing => &chain::ISSUER_MISSING,
            Cause::IssuerKeyMismatch => &chain::ISSUER_KEY_MISMATCH,
            Cause::IntermediateMissing => &chain::INTERMEDIATE_MISSING,
            Cause::TrustStoreDiffers => &chain::TRUST_STORE_DIFFERS,
            Cause::ChainTooDeep => &chain::CHAIN_TOO_DEEP,
            Cause::QuotaExceeded => &chain::QUOTA_EXCEEDED,
            Cause::CertificateTooLarge => &form::CERTIFICATE_TOO_LARGE,
            Cause::NotX509v3 => &form::NOT_X509V3,
            Cause::WeakKey => &form::WEAK_KEY,
            Cause::UnsupportedKey => &form::UNSUPPORTED_KEY,
            Cause::WeakSignature => &form::WEAK_SIGNATURE,
            Cause::PurposeNotClientAuth => &form::PURPOSE_NOT_CLIENT_AUTH,
            Cause::PolicyIncompatible => &connection::POLICY_INCOMPATIBLE,
            Cause::RejectedByTarget => &connection::REJECTED_BY_TARGET,
            Cause::NoCertificate => &connection::NO_CERTIFICATE,
            Cause::TlsNegotiationFailed => &connection::TLS_NEGOTIATION_FAILED,
            Cause::Unknown => &connection::UNKNOWN,
        }
    }
}
