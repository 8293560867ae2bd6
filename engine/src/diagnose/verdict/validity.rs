//! Used after its time, or before: the log has both the validity and the time of the event.

use crate::aggregate::LeafState;
use crate::reasons::Cause;

use super::super::case::{Case, Tally};
use super::super::words::{between, counted, first_handshake, instant, number};
use super::Verdict;

/// A gap below this (µs) is more likely a clock that is wrong than a certificate made for later.
const CLOCK_SKEW: i64 = 60 * 60 * 1_000_000;

/// `ClientCertExpired`.
pub(super) fn expired(case: &Case<'_>) -> Verdict {
    let after = case.while_leaf_was(&[LeafState::Expired]);
    let within = case.while_leaf_was(&[LeafState::Valid, LeafState::NotYetValid]);
    let unknown = case.while_leaf_was(&[LeafState::Unknown]);
    match (after, within, unknown) {
        (_, Some(within), _) => expired_higher(case, within, after),
        (Some(after), None, None) => leaf_expired(case, after),
        (after, None, _) => leaf_expired_perhaps(case, after),
    }
}

fn leaf_expired(case: &Case<'_>, after: Tally) -> Verdict {
    let handshake = first_handshake(after.count);
    match gap_base(case, case.history.not_after) {
        Some(not_after) => {
            let gap = between(not_after, after.first);
            let summary = format!("The client's certificate expired at {}, {gap} before {handshake}.", instant(not_after));
            Verdict::proven(Cause::LeafExpired, summary).seen(expired_by(not_after, after))
        }
        None => Verdict::proven(Cause::LeafExpired, "The client's certificate had expired at every one of these handshakes.")
            .seen("Each handshake came after the NotAfter that was logged with it."),
    }
}

/// The bound of the validity that gaps are told from: none where several were logged.
fn gap_base(case: &Case<'_>, bound: Option<i64>) -> Option<i64> {
    bound.filter(|_| !case.history.validity_differs)
}

fn expired_by(not_after: i64, after: Tally) -> String {
    let (first, until) = (between(not_after, after.first), instant(not_after));
    match after.count {
        1 => format!("The certificate was valid until {until}; the handshake came {first} later."),
        _ => format!(
            "The certificate was valid until {until}; the first of these handshakes came {first} later, the last {} later.",
            between(not_after, after.last)
        ),
    }
}

fn leaf_expired_perhaps(case: &Case<'_>, after: Option<Tally>) -> Verdict {
    let verdict = Verdict::likely(Cause::LeafExpired, "A certificate of the chain has expired, most likely the client's own.");
    let verdict = match (after, gap_base(case, case.history.not_after)) {
        (Some(after), Some(not_after)) => verdict.seen(expired_by(not_after, after)),
        _ => verdict,
    };
    verdict
        .seen("Not every line has the certificate's validity, so the log cannot show whether it had expired.")
        .perhaps(Cause::IntermediateExpired, "The same code stands for an expired CA certificate of the chain.")
}

fn expired_higher(case: &Case<'_>, within: Tally, after: Option<Tally>) -> Verdict {
    let (within_count, count) = (number(within.count), counted(case.count(), "handshake"));
    let until = gap_base(case, case.history.not_after).map(|until| format!(" (until {})", instant(until))).unwrap_or_default();
    let summary = match after {
        None => "The client's certificate was valid at these handshakes, so an expired CA certificate above it is the likely cause.",
        Some(_) => {
            "An expired CA certificate above the client's is the likely cause: the client's own was valid at the earlier handshakes, and has \
             expired since."
        }
    };
    let verdict = Verdict::likely(Cause::IntermediateExpired, summary).seen(format!(
        "{within_count} of {count} came while the client's certificate was valid{until}: the fault lies higher in the chain."
    ));
    let verdict = match (after, gap_base(case, case.history.not_after)) {
        (Some(after), Some(not_after)) => {
            verdict.seen(format!("The client's certificate has expired, too. {}", expired_by(not_after, after)))
        }
        (Some(_), None) => verdict.seen("At the others it had expired, too."),
        (None, _) => verdict,
    };
    match after {
        Some(_) => verdict.perhaps(Cause::LeafExpired, "The client's own certificate has expired as well: it must be renewed in any case."),
        None => verdict,
    }
}

/// `ClientCertNotYetValid`.
pub(super) fn not_yet_valid(case: &Case<'_>) -> Verdict {
    let before = case.while_leaf_was(&[LeafState::NotYetValid]);
    let within = case.while_leaf_was(&[LeafState::Valid, LeafState::Expired]);
    let gap_base = gap_base(case, case.history.not_before);
    match (before, within, gap_base) {
        (_, Some(within), _) => not_yet_valid_higher(case, within),
        (Some(before), None, Some(not_before)) if not_before - before.first >= CLOCK_SKEW => too_early(not_before, before),
        (Some(before), None, Some(not_before)) => clock_skew(not_before, before),
        (Some(_), None, None) => not_yet_valid_perhaps("Each handshake came before the NotBefore that was logged with it."),
        (None, None, _) => not_yet_valid_perhaps("The certificate's validity is not logged, so the log cannot show by how much."),
    }
}

fn early_by(not_before: i64, before: Tally) -> String {
    let (first, from) = (between(before.first, not_before), instant(not_before));
    match before.count {
        1 => format!("The certificate is valid from {from}; the handshake came {first} earlier."),
        _ => format!(
            "The certificate is valid from {from}; the first of these handshakes came {first} earlier, the last {} earlier.",
            between(before.last, not_before)
        ),
    }
}

fn too_early(not_before: i64, before: Tally) -> Verdict {
    let (gap, handshake) = (between(before.first, not_before), first_handshake(before.count));
    let summary = format!("The client's certificate is not valid before {}, {gap} after {handshake}.", instant(not_before));
    Verdict::proven(Cause::NotYetValid, summary).seen(early_by(not_before, before))
}

fn clock_skew(not_before: i64, before: Tally) -> Verdict {
    let (gap, handshake) = (between(before.first, not_before), first_handshake(before.count));
    let summary =
        format!("The client's certificate became valid only {gap} after {handshake}: the clock that issued it is likely ahead of time.");
    Verdict::likely(Cause::ClockSkew, summary)
        .seen(early_by(not_before, before))
        .perhaps(Cause::NotYetValid, "The certificate may be meant for later, and have been used a little too early.")
}

fn not_yet_valid_higher(case: &Case<'_>, within: Tally) -> Verdict {
    let (within, count) = (number(within.count), counted(case.count(), "handshake"));
    let summary =
        "The client's certificate was valid at these handshakes, so a CA certificate above it that is not yet valid is the likely cause.";
    let says = format!("{within} of {count} came while the client's certificate was valid: the fault lies higher in the chain.");
    Verdict::likely(Cause::NotYetValid, summary).seen(says)
}

fn not_yet_valid_perhaps(says: &str) -> Verdict {
    Verdict::likely(Cause::NotYetValid, "A certificate of the chain is not yet valid, most likely the client's own.")
        .seen(says)
        .perhaps(Cause::ClockSkew, "A gap of minutes would mean that a clock is wrong.")
}
