//! All cases by reason: what a reader sees first, however many findings there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::case::Case;
use super::finding::ReasonInShort;
use crate::aggregate::{Clients, Listener};
use crate::report::rfc3339;

/// The reasons of all cases, most failures first; `all` failures are what shares are of.
pub(super) fn reasons(cases: &[Case<'_>], all: u64) -> Vec<ReasonInShort> {
    let mut by_reason: BTreeMap<&str, Vec<&Case<'_>>> = BTreeMap::new();
    for case in cases {
        by_reason.entry(case.reason).or_default().push(case);
    }
    let mut reasons: Vec<ReasonInShort> = by_reason.into_iter().map(|(reason, cases)| in_short(reason, &cases, all)).collect();
    reasons.sort_by_key(|reason| Reverse(reason.failures));
    reasons
}

fn in_short(reason: &str, cases: &[&Case<'_>], all: u64) -> ReasonInShort {
    let mut clients = Clients::default();
    let mut listeners: BTreeSet<&Listener> = BTreeSet::new();
    for case in cases {
        clients.merge(&case.clients());
        listeners.extend(case.listeners());
    }
    let failures: u64 = cases.iter().map(|case| case.count()).sum();
    ReasonInShort {
        reason: reason.to_owned(),
        certificates: cases.iter().filter(|case| case.has_certificate()).count() as u64,
        failures,
        share: if all == 0 { 0.0 } else { failures as f64 / all as f64 },
        clients: clients.count(),
        clients_exact: clients.is_exact(),
        listeners: listeners.iter().map(ToString::to_string).collect(),
        first: rfc3339(cases.iter().map(|case| case.first()).min().unwrap_or_default()),
        last: rfc3339(cases.iter().map(|case| case.last()).max().unwrap_or_default()),
    }
}
