//! What fails on the way, and what the balancer has no better name for.

use crate::reasons::Cause;

use super::super::case::Case;
use super::super::words::{counted, listed, number, times};
use super::Verdict;

/// `ClientCertRejected`.
pub(super) fn rejected() -> Verdict {
    Verdict::likely(
        Cause::RejectedByTarget,
        "Custom validation behind the balancer likely refused the certificate: the target's own log says why.",
    )
    .seen("The conn_trace_id of these lines is in the access log, too, where it names the target.")
}

/// `ClientCertIncompatible`.
pub(super) fn incompatible(case: &Case<'_>) -> Verdict {
    Verdict::likely(Cause::PolicyIncompatible, "The certificate is likely not compatible with the listener's security policy.")
        .seen(format!("Protocol and cipher logged: {}.", negotiated(case)))
        .perhaps(Cause::WeakKey, "A policy may ask for a larger key.")
        .perhaps(Cause::WeakSignature, "A policy may refuse the certificate's signature algorithm.")
}

fn negotiated(case: &Case<'_>) -> String {
    let each: Vec<String> = case.negotiated().into_iter().map(|(logged, count)| format!("{logged} ({})", times(count))).collect();
    listed(&each)
}

/// `UnmappedConnectionError`.
pub(super) fn unmapped(case: &Case<'_>) -> Verdict {
    if case.has_certificate() {
        return unmapped_with_certificate(case);
    }
    let without: u64 = case.failures.iter().filter(|one| one.key.tls_protocol.is_none()).map(|one| one.count).sum();
    let with = case.count() - without;
    let verdict = if without > with {
        Verdict::likely(
            Cause::TlsNegotiationFailed,
            "Client and balancer likely could not agree on TLS: no protocol is logged, nor a certificate.",
        )
    } else {
        Verdict::likely(Cause::NoCertificate, "The client likely sent no certificate: TLS was agreed on, and none is logged.")
    };
    let verdict = match (with, without) {
        (_, 0) => verdict.seen(format!("No certificate is logged, but protocol and cipher are: {}.", negotiated(case))),
        (0, _) => verdict.seen("Neither a protocol nor a certificate is logged: the handshake ended before either."),
        _ => verdict.seen(format!(
            "No certificate is logged; a protocol is, with {} of {}.",
            number(with),
            counted(case.count(), "connection")
        )),
    };
    if without > with {
        let verdict = verdict.perhaps(
            Cause::PolicyIncompatible,
            "The client may offer only protocols or ciphers that the listener's security policy leaves out.",
        );
        return match with {
            0 => verdict,
            some => verdict.perhaps(Cause::NoCertificate, format!("A protocol was agreed on in {}.", counted(some, "connection"))),
        };
    }
    match without {
        0 => verdict.perhaps(Cause::TlsNegotiationFailed, "The handshake may have broken off before the client's turn to send one."),
        some => verdict.perhaps(Cause::TlsNegotiationFailed, format!("No protocol was agreed on in {}.", counted(some, "connection"))),
    }
}

fn unmapped_with_certificate(case: &Case<'_>) -> Verdict {
    Verdict::unknown("The balancer has no name for what went wrong with this certificate.")
        .seen(format!("A certificate is logged; protocol and cipher: {}.", negotiated(case)))
        .perhaps(Cause::UnsupportedKey, "The key may be of a kind, or the signature of an algorithm, that the balancer does not take.")
        .perhaps(Cause::CertificateTooLarge, "The chain that the client sends may be too large for one TLS message (64 KB).")
        .perhaps(Cause::TlsNegotiationFailed, "The client may not have proven that it holds the certificate's key, or have broken off.")
}

/// A code that nobody has documented, or none.
pub(super) fn undocumented(reason: &str) -> Verdict {
    match reason {
        "(none)" | "(empty)" => Verdict::unknown("The balancer says that the handshake failed, and gives no reason."),
        _ => Verdict::unknown("The balancer gives a reason that is not documented."),
    }
}
