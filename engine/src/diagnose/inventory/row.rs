//! One certificate's row, and which certificate took its place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::aggregate::{CertificateHistory, Clients, LeafState, Listener, UseVerdict};
use crate::report::rfc3339;

/// A certificate: who it is, how it was used, how long it lasts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CertificateRow {
    /// As logged; `None` for `-`.
    pub subject: Option<String>,
    /// As first logged; `None` for `-`.
    pub serial: Option<String>,
    /// Its first connection, RFC 3339.
    pub first_seen: String,
    /// Its last one.
    pub last_seen: String,
    /// Connections in all, those without a verdict included.
    pub connections: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Different client addresses.
    pub clients: u64,
    /// Whether `clients` is exact; an estimate (±6 %) otherwise.
    pub clients_exact: bool,
    /// `app/name/id:port`, in order; those past what is told apart are missing.
    pub listeners: Vec<String>,
    /// RFC 3339; `None` if none was logged.
    pub not_before: Option<String>,
    /// RFC 3339; `None` if none was logged.
    pub not_after: Option<String>,
    /// Whole days until NotAfter, rounded down: 0 on the last day, negative once it is past.
    pub days_left: Option<i64>,
    /// Whether it works.
    pub state: CertificateState,
    /// The serial number of the newest certificate of the same subject that took over.
    pub rotated_by: Option<String>,
    /// Whether it was not seen since that one first succeeded, and every client that succeeded with it also did with that one: devices may
    /// share a subject, and one that has not been given the new certificate still needs this one. `false` where nothing took over, or where
    /// the clients are too many to be told apart.
    pub replaced: bool,
    /// Whether it succeeded after its NotAfter: the listener ignores expiry.
    pub worked_after_expiry: bool,
    /// Whether different validities were logged under this subject and serial number: two certificates, then, of two issuers.
    pub validity_differs: bool,
    /// Whether earlier connections may be missing.
    pub incomplete: bool,
}

/// How a certificate fared last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateState {
    /// On some listener its last verdict was `Success`.
    Working,
    /// Its last verdict was `Failed`, wherever it was shown.
    Failing,
    /// It never had either verdict.
    NoVerdict,
}

/// What is computed once of a history.
#[derive(Debug)]
pub(super) struct Past<'a> {
    pub(super) history: &'a CertificateHistory,
    pub(super) state: CertificateState,
    /// µs; likewise below.
    first_seen: i64,
    last_seen: i64,
    first_success: Option<i64>,
    last_success: Option<i64>,
}

impl<'a> Past<'a> {
    pub(super) fn new(history: &'a CertificateHistory) -> Self {
        let successes = || history.uses.iter().filter(|used| used.key.verdict == UseVerdict::Success);
        Self {
            history,
            state: state(history),
            first_seen: history.uses.iter().map(|used| used.first).min().unwrap_or_default(),
            last_seen: history.uses.iter().map(|used| used.last).max().unwrap_or_default(),
            first_success: successes().map(|used| used.first).min(),
            last_success: successes().map(|used| used.last).max(),
        }
    }

    /// The clients that succeeded: they are the ones that something can be taken from.
    pub(super) fn successful_clients(&self) -> Clients {
        let mut clients = Clients::default();
        let successes = self.history.uses.iter().filter(|used| used.key.verdict == UseVerdict::Success);
        successes.for_each(|used| clients.merge(&used.clients));
        clients
    }

    /// Whether this one became valid after `other`, and worked while `other` was about or later.
    fn succeeds(&self, other: &Past<'_>) -> bool {
        let since = |success: Option<i64>| success.is_some_and(|success| success > other.first_seen);
        match (self.history.not_before, other.history.not_before) {
            (Some(own), Some(others)) => own > others && since(self.last_success),
            // Dates that are not known tell nothing; then only one that appeared after the other was last seen is a successor.
            _ => self.first_success.is_some_and(|first| first > other.last_seen) && self.first_seen > other.last_seen,
        }
    }
}

/// The last verdicts, listener by listener. Of two in the same microsecond, success counts.
fn state(history: &CertificateHistory) -> CertificateState {
    let mut last: HashMap<&Option<Listener>, (i64, bool)> = HashMap::new();
    for used in &history.uses {
        let succeeded = match used.key.verdict {
            UseVerdict::Success => true,
            UseVerdict::Failed(_) => false,
            UseVerdict::NoVerdict | UseVerdict::Other => continue,
        };
        let known = last.entry(&used.key.listener).or_insert((used.last, succeeded));
        *known = (*known).max((used.last, succeeded));
    }
    match last.values().any(|(_, succeeded)| *succeeded) {
        true => CertificateState::Working,
        false if last.is_empty() => CertificateState::NoVerdict,
        false => CertificateState::Failing,
    }
}

/// What took a certificate's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rotation<'a> {
    by: &'a CertificateHistory,
    replaced: bool,
}

/// Of each past, the newest certificate of the same subject that took over.
pub(super) fn rotations<'a>(pasts: &[Past<'a>]) -> Vec<Option<Rotation<'a>>> {
    let mut by_subject: HashMap<&str, Vec<&Past<'a>>> = HashMap::new();
    for past in pasts {
        if let Some(subject) = past.history.subject.as_deref() {
            by_subject.entry(subject).or_default().push(past);
        }
    }
    // Newest first, so that the first that fits is the one.
    by_subject.values_mut().for_each(|pasts| pasts.sort_by_key(|past| Reverse((past.history.not_before, past.first_success))));
    pasts.iter().map(|past| rotation(past, by_subject.get(past.history.subject.as_deref()?)?)).collect()
}

fn rotation<'a>(past: &Past<'a>, of_the_subject: &[&Past<'a>]) -> Option<Rotation<'a>> {
    // Those before it in the order are the newer ones; of a subject with thousands of certificates only the newest few are tried.
    const MAX_TRIED: usize = 64;
    let successor = of_the_subject.iter().take(MAX_TRIED).find(|other| other.succeeds(past))?;
    let replaced = successor.first_success.is_some_and(|first| first > past.last_seen) && takes_all_clients(successor, past);
    Some(Rotation { by: successor.history, replaced })
}

/// Whether surely every client that succeeded with the old certificate also did with the new one.
fn takes_all_clients(new: &Past<'_>, old: &Past<'_>) -> bool {
    let (of_old, of_new) = (old.successful_clients(), new.successful_clients());
    let of_new: BTreeSet<_> = of_new.sample(usize::MAX).into_iter().collect();
    !old.history.incomplete && of_old.is_exact() && of_old.sample(usize::MAX).iter().all(|client| of_new.contains(client))
}

/// The row of a certificate.
pub(super) fn row(past: &Past<'_>, rotation: Option<Rotation<'_>>, as_of: i64) -> CertificateRow {
    let history = past.history;
    let mut clients = Clients::default();
    history.uses.iter().for_each(|used| clients.merge(&used.clients));
    let listeners: BTreeSet<&Listener> = history.uses.iter().filter_map(|used| used.key.listener.as_ref()).collect();
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    CertificateRow {
        subject: text(&history.subject),
        serial: text(&history.serial),
        first_seen: rfc3339(past.first_seen),
        last_seen: rfc3339(past.last_seen),
        connections: history.uses.iter().map(|used| used.count).sum(),
        successes: successes(history),
        failures: failures(history),
        clients: clients.count(),
        clients_exact: clients.is_exact(),
        listeners: listeners.iter().map(ToString::to_string).collect(),
        not_before: history.not_before.map(rfc3339),
        not_after: history.not_after.map(rfc3339),
        days_left: history.not_after.map(|not_after| not_after.saturating_sub(as_of).div_euclid(DAY)),
        state: past.state,
        rotated_by: rotation.and_then(|rotation| text(&rotation.by.serial)),
        replaced: rotation.is_some_and(|rotation| rotation.replaced),
        worked_after_expiry: worked_after_expiry(history),
        validity_differs: history.validity_differs,
        incomplete: history.incomplete,
    }
}

/// µs.
const DAY: i64 = 86_400_000_000;

fn successes(history: &CertificateHistory) -> u64 {
    history.uses.iter().filter(|used| used.key.verdict == UseVerdict::Success).map(|used| used.count).sum()
}

fn failures(history: &CertificateHistory) -> BTreeMap<String, u64> {
    let mut failures = BTreeMap::new();
    for used in &history.uses {
        if let UseVerdict::Failed(reason) = &used.key.verdict {
            *failures.entry(reason.to_string()).or_default() += used.count;
        }
    }
    failures
}

fn worked_after_expiry(history: &CertificateHistory) -> bool {
    history.uses.iter().any(|used| used.key.verdict == UseVerdict::Success && used.key.leaf == LeafState::Expired)
}
