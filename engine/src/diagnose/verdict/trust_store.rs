//! The issuer is not trusted.

use crate::reasons::Cause;

use super::super::past::Past;
use super::super::words::{instant, listed};
use super::Verdict;

/// `ClientCertUntrusted`.
pub(super) fn untrusted(past: &Past<'_>) -> Verdict {
    if !past.works_elsewhere.is_empty() {
        return works_elsewhere(past);
    }
    let verdict = match (past.worked_here_before, past.works_here_too) {
        (Some(worked), None) => Verdict::likely(
            Cause::IssuerMissing,
            format!(
                "The certificate worked here until {} and is not trusted since: its issuer was likely lost when the CA bundle was replaced.",
                instant(worked.last)
            ),
        ),
        (_, Some(_)) => Verdict::likely(
            Cause::IssuerMissing,
            "The issuer of the certificate is likely missing from the trust store, or was for a time: the certificate works here as well.",
        ),
        (None, None) => {
            Verdict::likely(Cause::IssuerMissing, "The issuer of the certificate is likely missing from the listener's trust store.")
        }
    };
    let sent = match past.works_here_too {
        Some(_) => {
            "The certificate works here at times: clients that send the CA certificates between, and others that do not, would explain it."
        }
        None => "If the trust store holds the root alone, the client must send the CA certificates between.",
    };
    verdict
        .perhaps(Cause::IntermediateMissing, sent)
        .perhaps(Cause::IssuerKeyMismatch, "The trust store may hold a CA of the same name with another key.")
}

fn works_elsewhere(past: &Past<'_>) -> Verdict {
    let names: Vec<String> = past.works_elsewhere.iter().map(|(listener, _)| listener.to_string()).collect();
    let names = listed(&names);
    let before = past.worked_here_before.map(|worked| format!(" It worked here, too, until {}.", instant(worked.last))).unwrap_or_default();
    let summary = format!("The same certificate works on {names}: the trust store here likely lacks its issuer.{before}");
    Verdict::likely(Cause::TrustStoreDiffers, summary)
        .perhaps(
            Cause::IssuerMissing,
            format!("{names} may verify nothing (mutual authentication off or in passthrough mode), and the issuer be in no trust store."),
        )
        .perhaps(Cause::IntermediateMissing, "The client may send its intermediate CA certificates there and not here.")
}
