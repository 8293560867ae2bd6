//! Revoked, or a revocation list that cannot be processed.

use crate::reasons::Cause;

use super::super::past::Past;
use super::super::words::instant;
use super::Verdict;

/// `ClientCertCrlHit`.
pub(super) fn hit(past: &Past<'_>) -> Verdict {
    let last = past.successes.map(|worked| format!(" It last worked at {}.", instant(worked.last))).unwrap_or_default();
    let summary = "The certificate, or a CA above it, is likely on a revocation list: so says the balancer.";
    Verdict { aside: last, ..Verdict::likely(Cause::Revoked, summary) }
}

/// `ClientCertCrlProcessingError`.
pub(super) fn not_processed() -> Verdict {
    Verdict::unknown("The balancer could not process a revocation list of the trust store; AWS documents no causes.")
        .perhaps(Cause::CrlExpired, "A list whose nextUpdate has passed says nothing of today.")
        .perhaps(Cause::CrlUnparsable, "A list that is no PEM, cut short or damaged cannot be read.")
        .perhaps(Cause::CrlWrongIssuer, "A list must come from a CA of the trust store.")
        .perhaps(Cause::CrlBadSignature, "A list signed with another key than its issuer's cannot be trusted.")
        .perhaps(Cause::QuotaExceeded, "A trust store holds 30 lists of 50 MB each, and 500,000 entries in all.")
}
