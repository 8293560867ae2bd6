//! What the log tells of a certificate besides its failures: whom they hit and since when, when and where it worked, what replaced it.
//!
//! Nothing is said never to have happened to a certificate whose history may be incomplete.

use crate::aggregate::{LeafState, Listener, UseVerdict};
use crate::reasons::{Evidence, EvidenceSource};

use super::case::{Case, Tally, are_different};
use super::peers::Successor;
use super::words::{between, counted, instant, listed, number, times};

/// How a certificate did where it fails, and elsewhere.
#[derive(Debug, Default)]
pub(super) struct Past<'a> {
    /// Successes on a listener where it fails, all before its first failure there.
    pub(super) worked_here_before: Option<Tally>,
    /// Successes on a listener where it fails, some after its first failure there.
    pub(super) works_here_too: Option<Tally>,
    /// Whether some of these may lie between failures on the same listener.
    pub(super) works_among_failures: bool,
    /// The last failure, if the certificate worked afterwards on every listener where it failed.
    pub(super) over_since: Option<i64>,
    /// Listeners on which it never failed for this reason, with successes at or after the first failure.
    pub(super) works_elsewhere: Vec<(&'a Listener, Tally)>,
    /// Successes in all.
    pub(super) successes: Option<Tally>,
    /// Whether that is all there were.
    pub(super) complete: bool,
    /// What replaced it.
    pub(super) rotated: Option<Successor<'a>>,
}

/// Looks at a case's history. Without a serial there is no certificate to speak of.
pub(super) fn of<'a>(case: &Case<'a>) -> Past<'a> {
    let rotated = case.peers.successor(case.history, case.first());
    if !case.is_one_certificate() {
        return Past { rotated, ..Past::default() };
    }
    let here: Vec<(Tally, Tally)> =
        case.listeners().iter().filter_map(|listener| case.failures_on(listener).zip(case.successes_on(listener))).collect();
    let sum = |tallies: Vec<Tally>| tallies.into_iter().reduce(add);
    let before = here.iter().filter(|(failed, worked)| worked.last < failed.first).map(|(_, worked)| *worked).collect();
    let too = here.iter().filter(|(failed, worked)| worked.last >= failed.first).map(|(_, worked)| *worked).collect();
    let failed_listeners = case.failures.iter().all(|one| one.key.listener.is_some()).then(|| case.listeners().len());
    let recovered = here.iter().filter(|(failed, worked)| worked.last > failed.last).count();
    Past {
        over_since: failed_listeners.filter(|failed| *failed == recovered && recovered > 0).map(|_| case.last()),
        worked_here_before: sum(before),
        works_here_too: sum(too),
        works_among_failures: here.iter().any(|(failed, worked)| worked.last >= failed.first && worked.first <= failed.last),
        works_elsewhere: works_elsewhere(case),
        successes: Tally::of(case.successes()),
        complete: !case.history.incomplete,
        rotated,
    }
}

fn add(one: Tally, other: Tally) -> Tally {
    Tally { count: one.count + other.count, first: one.first.min(other.first), last: one.last.max(other.last) }
}

fn works_elsewhere<'a>(case: &Case<'a>) -> Vec<(&'a Listener, Tally)> {
    let failing = case.listeners();
    let mut elsewhere: Vec<&Listener> = case.successes().filter_map(|one| one.key.listener.as_ref()).collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    let elsewhere =
        elsewhere.into_iter().filter(|listener| !failing.is_empty() && failing.iter().all(|here| are_different(here, listener)));
    let tallied = elsewhere.filter_map(|listener| Some((listener, case.successes_on(listener)?)));
    tallied.filter(|(_, worked)| worked.last >= case.first()).collect()
}

/// What was seen, in sentences.
pub(super) fn evidence(case: &Case<'_>, past: &Past<'_>) -> Vec<Evidence> {
    let sentences = [
        Some(scope(case, past)),
        worked_before(case, past),
        past.works_here_too.map(|worked| works_here_too(case, worked)),
        elsewhere(past),
        never_worked(case, past),
        past.rotated.as_ref().map(replaced),
        outside_validity(case),
        other_reasons(case),
        fellows(case),
        two_issuers(case),
    ];
    sentences.into_iter().flatten().map(from_log).collect()
}

/// Evidence from the log.
pub(super) fn from_log(says: String) -> Evidence {
    Evidence { from: EvidenceSource::Log, says }
}

/// One client or a fleet, and since when.
fn scope(case: &Case<'_>, past: &Past<'_>) -> String {
    let clients = case.clients();
    let who = match clients.sample(1).first() {
        Some(only) if clients.count() == 1 => format!("One client is affected, {only}"),
        _ if clients.is_exact() => format!("{} are affected", counted(clients.count(), "client")),
        _ => format!("About {} are affected", counted(clients.count(), "client")),
    };
    let Tally { count, first, last } = case.tally();
    let since = match (count, past.worked_here_before) {
        (1, _) => format!("once, at {}", instant(first)),
        (_, Some(_)) if past.works_here_too.is_none() => format!("since {}, the last time at {}", instant(first), instant(last)),
        _ => format!("from {} to {}", instant(first), instant(last)),
    };
    format!("{who}: {since}.")
}

fn worked_before(case: &Case<'_>, past: &Past<'_>) -> Option<String> {
    let worked = past.worked_here_before?;
    let (times, until) = (times(worked.count), instant(worked.last));
    let gap = between(worked.last, case.first());
    Some(format!("This very certificate succeeded {times} here before, until {until}, {gap} before the first failure."))
}

fn works_here_too(case: &Case<'_>, worked: Tally) -> String {
    let times = times(worked.count);
    if worked.first > case.last() {
        return format!("This very certificate has succeeded here since the last failure: {times}, first at {}.", instant(worked.first));
    }
    let span = format!("between {} and {}", instant(worked.first), instant(worked.last));
    format!("This very certificate also succeeded here, {times} {span}: before and after failures, or among them.")
}

fn elsewhere(past: &Past<'_>) -> Option<String> {
    let (_, latest) = past.works_elsewhere.iter().max_by_key(|(_, worked)| worked.last)?;
    let names: Vec<String> = past.works_elsewhere.iter().map(|(listener, _)| listener.to_string()).collect();
    let count: u64 = past.works_elsewhere.iter().map(|(_, worked)| worked.count).sum();
    Some(format!(
        "This very certificate succeeds on {}: {}, last at {}, after the first failure here.",
        listed(&names),
        times(count),
        instant(latest.last),
    ))
}

fn never_worked(case: &Case<'_>, past: &Past<'_>) -> Option<String> {
    let never = case.is_one_certificate() && past.complete && past.successes.is_none();
    never.then(|| "This certificate never succeeded in this input.".to_owned())
}

fn replaced(rotated: &Successor<'_>) -> String {
    let which = if rotated.newer { "A newer certificate" } else { "Another certificate" };
    let more = match rotated.others {
        0 => String::new(),
        others => format!(" ({} of this subject work, too)", counted(others as u64, "more serial")),
    };
    let meaning = if rotated.newer { ": this one seems rotated, and these connections still use the old one" } else { "" };
    let (times, last) = (times(rotated.worked.count), instant(rotated.worked.last));
    format!("{which} of the same subject works: serial {} succeeded {times}, last at {last}{more}{meaning}.", rotated.serial)
}

/// That the leaf was outside of its validity, where the reason is another one.
fn outside_validity(case: &Case<'_>) -> Option<String> {
    let (state, what) = match case.reason {
        "ClientCertExpired" => (LeafState::NotYetValid, "was not valid yet"),
        _ => (LeafState::Expired, "had expired"),
    };
    let outside = case.while_leaf_was(&[state])?;
    let all = counted(case.count(), "handshake");
    Some(format!("The client's certificate {what} at {} of {all}, too: that may fail next.", number(outside.count)))
}

fn other_reasons(case: &Case<'_>) -> Option<String> {
    case.has_certificate().then_some(())?;
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for one in &case.history.uses {
        if let UseVerdict::Failed(reason) = &one.key.verdict {
            *counts.entry(reason).or_default() += one.count;
        }
    }
    counts.remove(case.reason);
    let others: Vec<String> = counts.iter().map(|(reason, count)| format!("{reason} ({})", number(*count))).collect();
    (!others.is_empty()).then(|| format!("The same certificate also fails for {}: a finding of its own.", listed(&others)))
}

fn fellows(case: &Case<'_>) -> Option<String> {
    (case.fellows > 0).then(|| {
        let fail = if case.fellows == 1 { "fails" } else { "fail" };
        format!("{} {fail} on the same listener for the same reason.", counted(case.fellows, "other certificate"))
    })
}

fn two_issuers(case: &Case<'_>) -> Option<String> {
    let says = "Different validities are logged under this subject and serial: these are two certificates, of two issuers, and the log cannot \
                tell them apart.";
    case.history.validity_differs.then(|| says.to_owned())
}
