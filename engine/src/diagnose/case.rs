//! A case: connections that failed for one reason with one certificate, and what else is known of that certificate.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::aggregate::{CertificateHistory, Certificates, Clients, LeafState, Listener, Use, UseVerdict};

use super::peers::Peers;

/// Failed connections that one finding is about.
#[derive(Debug)]
pub(super) struct Case<'a> {
    /// The code after `Failed:`.
    pub(super) reason: &'a str,
    /// All that is known of the certificate.
    pub(super) history: &'a CertificateHistory,
    /// The certificates of this subject that work, this one among them if it does.
    pub(super) peers: Rc<Peers<'a>>,
    /// The certificate's uses that failed for this reason; never empty.
    pub(super) failures: Vec<&'a Use>,
    /// Other certificates that fail for this reason on one of these listeners: of the listener where there are most.
    pub(super) fellows: u64,
}

/// Connections that went alike, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many; never 0.
    pub(super) count: u64,
    /// The earliest, µs since 1970, UTC.
    pub(super) first: i64,
    /// The latest.
    pub(super) last: i64,
}

impl Tally {
    /// `None` without any connection.
    pub(super) fn of<'a>(uses: impl IntoIterator<Item = &'a Use>) -> Option<Self> {
        let tallies = uses.into_iter().map(|one| Self { count: one.count, first: one.first, last: one.last });
        tallies.reduce(|sum, one| Self { count: sum.count + one.count, first: sum.first.min(one.first), last: sum.last.max(one.last) })
    }
}

/// Every case of an input, most connections first, then by reason, subject and serial.
pub(super) fn cases(certificates: &Certificates) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for same_subject in certificates.histories.chunk_by(|one, next| one.subject == next.subject) {
        let peers = Rc::new(Peers::of(same_subject));
        for history in same_subject {
            let by_reason = failures(history).into_iter();
            cases.extend(by_reason.map(|(reason, failures)| Case { reason, history, peers: Rc::clone(&peers), failures, fellows: 0 }));
        }
    }
    count_fellows(&mut cases);
    cases.sort_by(|one, other| one.rank().cmp(&other.rank()));
    cases
}

fn failures(history: &CertificateHistory) -> BTreeMap<&str, Vec<&Use>> {
    let mut by_reason: BTreeMap<&str, Vec<&Use>> = BTreeMap::new();
    for one in history.uses.iter().filter(|one| one.count > 0) {
        if let UseVerdict::Failed(reason) = &one.key.verdict {
            by_reason.entry(reason).or_default().push(one);
        }
    }
    by_reason
}

fn count_fellows(cases: &mut [Case<'_>]) {
    let mut certificates: HashMap<(&str, &Listener), u64> = HashMap::new();
    for case in cases.iter().filter(|case| case.has_certificate()) {
        for listener in case.listeners() {
            *certificates.entry((case.reason, listener)).or_default() += 1;
        }
    }
    let with_certificate = |case: &Case<'_>| u64::from(case.has_certificate());
    let most = |case: &Case<'_>| case.listeners().iter().filter_map(|listener| certificates.get(&(case.reason, *listener))).max().copied();
    let fellows: Vec<u64> = cases.iter().map(|case| most(case).unwrap_or(0).saturating_sub(with_certificate(case))).collect();
    cases.iter_mut().zip(fellows).for_each(|(case, fellows)| case.fellows = fellows);
}

impl<'a> Case<'a> {
    /// What cases are ordered by.
    fn rank(&self) -> (Reverse<u64>, &'a str, Option<&'a str>, Option<&'a str>) {
        (Reverse(self.count()), self.reason, self.history.subject.as_deref(), self.history.serial.as_deref())
    }

    /// Connections that failed.
    pub(super) fn count(&self) -> u64 {
        self.tally().count
    }

    /// The earliest failure, µs since 1970, UTC.
    pub(super) fn first(&self) -> i64 {
        self.tally().first
    }

    /// The latest.
    pub(super) fn last(&self) -> i64 {
        self.tally().last
    }

    /// The failures.
    pub(super) fn tally(&self) -> Tally {
        Tally::of(self.failures.iter().copied()).unwrap_or(Tally { count: 0, first: 0, last: 0 })
    }

    /// The failures while the leaf certificate was in one of these states.
    pub(super) fn while_leaf_was(&self, states: &[LeafState]) -> Option<Tally> {
        Tally::of(self.failures.iter().copied().filter(|one| states.contains(&one.key.leaf)))
    }

    /// Who failed.
    pub(super) fn clients(&self) -> Clients {
        let mut clients = Clients::default();
        self.failures.iter().for_each(|one| clients.merge(&one.clients));
        clients
    }

    /// Where it failed, as far as that is known; in order.
    pub(super) fn listeners(&self) -> BTreeSet<&'a Listener> {
        self.failures.iter().filter_map(|one| one.key.listener.as_ref()).collect()
    }

    /// Whether the client showed a certificate.
    pub(super) fn has_certificate(&self) -> bool {
        self.history.subject.is_some() || self.history.serial.is_some()
    }

    /// Whether the history is surely of one certificate: of one serial, and always of the same validity.
    pub(super) fn is_one_certificate(&self) -> bool {
        self.history.serial.is_some() && !self.history.validity_differs
    }

    /// The certificate's uses that succeeded.
    pub(super) fn successes(&self) -> impl Iterator<Item = &'a Use> {
        successes(self.history)
    }

    /// The failures on one listener.
    pub(super) fn failures_on(&self, listener: &Listener) -> Option<Tally> {
        Tally::of(self.failures.iter().copied().filter(|one| one.key.listener.as_ref() == Some(listener)))
    }

    /// The successes on one listener.
    pub(super) fn successes_on(&self, listener: &Listener) -> Option<Tally> {
        Tally::of(self.successes().filter(|one| one.key.listener.as_ref() == Some(listener)))
    }

    /// What each protocol and cipher logged has of the failures, most first; `-` where none was agreed on.
    pub(super) fn negotiated(&self) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for one in &self.failures {
            let logged = [&one.key.tls_protocol, &one.key.tls_cipher].map(|value| value.as_deref().unwrap_or("-"));
            *counts.entry(logged.join(" ")).or_default() += one.count;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts
    }
}

/// A certificate's uses that succeeded.
pub(super) fn successes(history: &CertificateHistory) -> impl Iterator<Item = &Use> {
    history.uses.iter().filter(|one| one.count > 0 && one.key.verdict == UseVerdict::Success)
}

/// Whether two listeners are surely not the same: a line that does not name its balancer may be of any.
pub(super) fn are_different(one: &Listener, other: &Listener) -> bool {
    one.port != other.port || matches!((&one.elb, &other.elb), (Some(one), Some(other)) if one != other)
}
