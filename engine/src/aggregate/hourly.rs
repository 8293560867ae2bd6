//! Counts and latencies by hour, for the lake's `failures_hourly` and `latency_hourly`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SourceLabels;
use super::groups::{Grouper, Groups};
use super::histogram::LatencyCounts;
use super::outcome::HourOutcome;
use crate::columns::{ConnectionBatch, Dictionaries, Outcome};

/// What rows are counted by in `failures_hourly`, in the table's order.
///
/// The outcome is the row's own: [`resolve_failures`](super::resolve_failures) makes the table's rows of ordered entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailureKey {
    /// Start of the hour, µs since 1970, UTC.
    pub hour: i64,
    /// From the input's name; `None` where it tells nothing.
    #[serde(with = "shared_text")]
    pub account: Option<Arc<str>>,
    /// Likewise.
    #[serde(with = "shared_text")]
    pub region: Option<Arc<str>>,
    /// `app/name/id`; `None` for lines that end before it.
    #[serde(with = "shared_text")]
    pub elb: Option<Arc<str>>,
    /// 0–65535.
    pub listener_port: u16,
    /// What became of the connections.
    pub outcome: HourOutcome,
    /// The code after `Failed:`, as logged; `None` for `Failed` alone and for all other outcomes.
    #[serde(with = "shared_text")]
    pub reason: Option<Arc<str>>,
}

/// What latency is counted by in `latency_hourly`, in the table's order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LatencyKey {
    /// Start of the hour, µs since 1970, UTC.
    pub hour: i64,
    /// From the input's name; `None` where it tells nothing.
    #[serde(with = "shared_text")]
    pub account: Option<Arc<str>>,
    /// Likewise.
    #[serde(with = "shared_text")]
    pub region: Option<Arc<str>>,
    /// `app/name/id`; `None` for lines that end before it.
    #[serde(with = "shared_text")]
    pub elb: Option<Arc<str>>,
    /// 0–65535.
    pub listener_port: u16,
    /// `None` for NULL.
    #[serde(with = "shared_text")]
    pub tls_protocol: Option<Arc<str>>,
}

/// Rows by hour. Unbounded: whoever fills it watches [`Hourly::memory`] and takes the value away (`std::mem::take`) when it is too much;
/// entries taken at different times add up by key.
#[derive(Clone, Debug, Default)]
pub struct Hourly {
    /// All rows, failed or not.
    pub failures: BTreeMap<FailureKey, u64>,
    /// Rows with a latency.
    pub latency: BTreeMap<LatencyKey, LatencyCounts>,
    texts: Texts,
    latency_bytes: usize,
}

impl Hourly {
    /// Counts the rows of `batch`; `labels` stand by index of the input, one beyond them has none. With [`Aggregates`](super::Aggregates)
    /// to fill too, group once and use [`Self::observe_groups`].
    pub fn observe(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, labels: &[SourceLabels]) {
        self.observe_groups(&Grouper::default().group(batch, dicts, labels));
    }

    /// Counts the rows of a grouped batch.
    pub fn observe_groups(&mut self, groups: &Groups<'_>) {
        self.observe_failures(groups);
        self.observe_latency(groups);
    }

    /// Adds `other` to this.
    pub fn merge(&mut self, mut other: Hourly) {
        if other.memory() > self.memory() {
            std::mem::swap(self, &mut other);
        }
        for (key, rows) in other.failures {
            match self.failures.get_mut(&key) {
                Some(sum) => *sum += rows,
                None => drop(self.failures.insert(self.texts.share_failure(key), rows)),
            }
        }
        for (key, counts) in other.latency {
            self.add_latency(key, &counts);
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// Bytes held, roughly; costs nothing.
    pub fn memory(&self) -> usize {
        // A node of a B-tree is two thirds full on average.
        let failures = self.failures.len() * size_of::<(FailureKey, u64)>() * 3 / 2;
        let latency = self.latency.len() * size_of::<(LatencyKey, LatencyCounts)>() * 3 / 2;
        failures + latency + self.latency_bytes + self.texts.bytes
    }

    fn observe_failures(&mut self, groups: &Groups<'_>) {
        let dicts = groups.dicts;
        groups.by_key(
            |group| {
                let (endpoint, verdict) = (groups.endpoint(group), groups.verdict(group));
                let reason = (verdict.outcome == Outcome::Failed).then_some(verdict.reason).flatten();
                let outcome = HourOutcome::of(verdict.outcome, endpoint.tls_protocol.is_some());
                let elb = dicts.routes.text(groups.route(group).elb);
                (group.context, endpoint.listener_port, outcome, elb, dicts.verdicts.text(reason))
            },
            |&(context, listener_port, outcome, elb, reason), members| {
                let (hour, labels) = groups.context(context);
                let texts = &mut self.texts;
                let (account, region) = (texts.get(labels.account.as_deref()), texts.get(labels.region.as_deref()));
                let (elb, reason) = (texts.get(elb), texts.get(reason));
                let key = FailureKey { hour, account, region, elb, listener_port, outcome, reason };
                *self.failures.entry(key).or_default() += members.iter().map(|(_, group)| group.rows).sum::<u64>();
            },
        );
    }

    fn observe_latency(&mut self, groups: &Groups<'_>) {
        let dicts = groups.dicts;
        groups.latency_by_key(
            |group| {
                let endpoint = groups.endpoint(group);
                let elb = dicts.routes.text(groups.route(group).elb);
                (group.context, endpoint.listener_port, elb, dicts.endpoints.text(endpoint.tls_protocol))
            },
            |&(context, listener_port, elb, tls_protocol), counts| {
                let (hour, labels) = groups.context(context);
                let texts = &mut self.texts;
                let (account, region) = (texts.get(labels.account.as_deref()), texts.get(labels.region.as_deref()));
                let (elb, tls_protocol) = (texts.get(elb), texts.get(tls_protocol));
                self.add_latency(LatencyKey { hour, account, region, elb, listener_port, tls_protocol }, counts);
            },
        );
    }

    fn add_latency(&mut self, key: LatencyKey, counts: &LatencyCounts) {
        if let Some(sum) = self.latency.get_mut(&key) {
            self.latency_bytes -= sum.memory();
            sum.merge(counts);
            self.latency_bytes += sum.memory();
        } else {
            let counts = counts.clone();
            self.latency_bytes += counts.memory();
            self.latency.insert(self.texts.share_latency(key), counts);
        }
    }
}

/// Texts of keys, each held once: thousands of hours have the same few balancers.
#[derive(Clone, Debug, Default)]
struct Texts {
    known: HashSet<Arc<str>>,
    bytes: usize,
}

impl Texts {
    /// Beside its bytes, a text costs its counters, its place in the table and the allocator's share.
    const OVERHEAD: usize = 64;

    fn get(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| match self.known.get(text) {
            Some(known) => Arc::clone(known),
            None => self.keep(Arc::from(text)),
        })
    }

    fn share(&mut self, text: Option<Arc<str>>) -> Option<Arc<str>> {
        text.map(|text| match self.known.get(&text) {
            Some(known) => Arc::clone(known),
            None => self.keep(text),
        })
    }

    fn keep(&mut self, text: Arc<str>) -> Arc<str> {
        self.bytes += text.len() + Self::OVERHEAD;
        self.known.insert(Arc::clone(&text));
        text
    }

    fn share_failure(&mut self, key: FailureKey) -> FailureKey {
        let FailureKey { account, region, elb, reason, .. } = key;
        let (account, region) = (self.share(account), self.share(region));
        FailureKey { account, region, elb: self.share(elb), reason: self.share(reason), ..key }
    }

    fn share_latency(&mut self, key: LatencyKey) -> LatencyKey {
        let LatencyKey { account, region, elb, tls_protocol, .. } = key;
        let (account, region) = (self.share(account), self.share(region));
        LatencyKey { account, region, elb: self.share(elb), tls_protocol: self.share(tls_protocol), ..key }
    }
}

/// Shared text for serde, as plain text.
mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Arc::from))
    }
}
