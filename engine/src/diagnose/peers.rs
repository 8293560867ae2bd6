//! The certificates of one subject that work, in an order that finds what replaced one of them without looking at all.
//!
//! A subject may have tens of thousands of certificates, each a case of its own.

use crate::aggregate::CertificateHistory;

use super::case::{Tally, successes};

/// A certificate with its successes.
#[derive(Clone, Copy, Debug)]
struct Peer<'a> {
    serial: &'a str,
    not_before: Option<i64>,
    worked: Tally,
}

/// The certificates of a subject that succeeded at least once.
#[derive(Debug, Default)]
pub(super) struct Peers<'a> {
    /// By last success.
    by_last: Vec<Peer<'a>>,
    /// Those whose NotBefore is known, by it; each is replaced by the one that worked last among itself and those behind it.
    latest_since: Vec<(i64, Peer<'a>)>,
}

/// What replaced a certificate.
#[derive(Debug)]
pub(super) struct Successor<'a> {
    pub(super) serial: &'a str,
    pub(super) worked: Tally,
    /// Whether its validity begins later.
    pub(super) newer: bool,
    /// How many more work.
    pub(super) others: usize,
}

impl<'a> Peers<'a> {
    /// Of certificates of the same subject.
    pub(super) fn of(histories: &'a [CertificateHistory]) -> Self {
        if histories.len() < 2 || histories.iter().any(|history| history.subject.is_none()) {
            return Self::default();
        }
        let peer = |history: &'a CertificateHistory| {
            Some(Peer { serial: history.serial.as_deref()?, not_before: history.not_before, worked: Tally::of(successes(history))? })
        };
        let mut by_last: Vec<Peer<'a>> = histories.iter().filter_map(peer).collect();
        by_last.sort_by_key(|peer| peer.worked.last);
        let mut latest_since: Vec<_> = by_last.iter().filter_map(|peer| Some((peer.not_before?, *peer))).collect();
        latest_since.sort_by_key(|(not_before, _)| *not_before);
        let mut latest: Option<Peer<'a>> = None;
        for (_, peer) in latest_since.iter_mut().rev() {
            let best = latest.filter(|latest| latest.worked.last >= peer.worked.last).unwrap_or(*peer);
            (*peer, latest) = (best, Some(best));
        }
        Self { by_last, latest_since }
    }

    /// Of the certificates that worked at `since` or later, the one that worked last; one whose validity begins later goes before.
    pub(super) fn successor(&self, history: &CertificateHistory, since: i64) -> Option<Successor<'a>> {
        let own = history.serial.as_deref()?;
        let working = self.by_last.get(self.by_last.partition_point(|peer| peer.worked.last < since)..)?;
        let is_own_working = Tally::of(successes(history)).is_some_and(|worked| worked.last >= since);
        let others = working.len().saturating_sub(usize::from(is_own_working)).checked_sub(1)?;
        let newer = history.not_before.and_then(|own| {
            let after = self.latest_since.partition_point(|(not_before, _)| *not_before <= own);
            self.latest_since.get(after).map(|(_, peer)| peer).filter(|peer| peer.worked.last >= since)
        });
        let latest = newer.or_else(|| working.iter().rev().find(|peer| peer.serial != own))?;
        Some(Successor { serial: latest.serial, worked: latest.worked, newer: newer.is_some(), others })
    }
}
