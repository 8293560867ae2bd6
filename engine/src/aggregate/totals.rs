//! The totals that the report is made of.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::capped::Capped;
use super::groups::{FoldHasher, Group, Grouper, Groups};
use super::histogram::LatencyCounts;
use super::label;
use super::outcome::{HourOutcome, TlsPorts};
use super::top::TopCounts;
use crate::columns::{ConnectionBatch, Dictionaries};

/// Everything that the report says about rows: outcomes, reasons, latency, who fails, first and last event.
///
/// Memory is bounded whatever the rows hold: see the constants here for what is told apart. Reaching a bound makes a note in the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregates {
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) tls_ports: TlsPorts,
    pub(crate) failures: Capped<String, u64>,
    pub(crate) latency: LatencyDimensions,
    pub(crate) top_clients: TopCounts,
    pub(crate) top_subjects: TopCounts,
    /// First and last event, µs since 1970.
    pub(crate) time: Option<(i64, i64)>,
}

impl Default for Aggregates {
    fn default() -> Self {
        Self {
            outcomes: OutcomeCounts::default(),
            tls_ports: TlsPorts::default(),
            failures: Capped::new(Self::MAX_REASONS),
            latency: LatencyDimensions::default(),
            top_clients: TopCounts::default(),
            top_subjects: TopCounts::default(),
            time: None,
        }
    }
}

impl Aggregates {
    /// Reason codes that are counted apart; AWS documents 13. Further ones, in alphabetical order, are counted as `(other)`.
    pub const MAX_REASONS: usize = 4096;
    /// Values per dimension of latency that are told apart, in their order. Latency is stored sparsely: 8 bytes per distinct
    /// millisecond of each value.
    pub const MAX_LATENCY_VALUES: usize = 1024;

    /// Counts the rows of `batch`. With an [`Hourly`](super::Hourly) to fill too, group once and use [`Self::observe_groups`].
    pub fn observe(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries) {
        self.observe_groups(&Grouper::default().group(batch, dicts, &[]));
    }

    /// Counts the rows of a grouped batch.
    pub fn observe_groups(&mut self, groups: &Groups<'_>) {
        groups.batch.tls_ports_out_of_range.iter().for_each(|&port| self.tls_ports.insert(port));
        self.widen_time(&groups.batch.time);
        for group in groups.iter() {
            self.count_group(groups, group);
        }
        self.latency.observe(groups);
        self.count_failing(groups);
    }

    /// Adds `other` to this.
    pub fn merge(&mut self, other: Aggregates) {
        self.outcomes.merge(other.outcomes);
        self.tls_ports.merge(&other.tls_ports);
        self.failures.merge(other.failures);
        self.latency.merge(other.latency);
        self.top_clients.merge(other.top_clients);
        self.top_subjects.merge(other.top_subjects);
        self.time = self.time.into_iter().chain(other.time).reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)));
    }

    /// The listener ports that spoke TLS, for [`Hourly`](super::Hourly)'s outcomes.
    pub fn tls_ports(&self) -> &TlsPorts {
        &self.tls_ports
    }

    fn widen_time(&mut self, times: &[i64]) {
        let Some(&first) = times.first() else { return };
        let (low, high) = self.time.unwrap_or((first, first));
        self.time = Some(times.iter().fold((low, high), |(low, high), &time| (low.min(time), high.max(time))));
    }

    fn count_group(&mut self, groups: &Groups<'_>, group: &Group) {
        let (endpoint, verdict) = (groups.endpoint(group), groups.verdict(group));
        if endpoint.tls_protocol.is_some() {
            self.tls_ports.insert(endpoint.listener_port);
        }
        let outcome = HourOutcome::of(verdict.outcome, endpoint.tls_protocol.is_some());
        self.outcomes.add(outcome, endpoint.listener_port, group.rows);
        if outcome == HourOutcome::Failed {
            let reason = label::reason(groups.dicts.verdicts.text(verdict.reason));
            *self.failures.slot(reason.as_ref()) += group.rows;
        }
    }

    fn count_failing(&mut self, groups: &Groups<'_>) {
        let (batch, dicts) = (groups.batch, groups.dicts);
        let mut reasons = ReasonNames::default();
        for (client, verdict, count) in pairs(groups, &batch.client) {
            let client = dicts.clients.text(dicts.clients.value(client).text).unwrap_or(label::NULL);
            self.top_clients.add(client, reasons.of(verdict, dicts), count);
        }
        for (certificate, verdict, count) in pairs(groups, &batch.certificate) {
            let subject = dicts.certificates.text(dicts.certificates.value(certificate).subject).unwrap_or(label::NULL);
            self.top_subjects.add(subject, reasons.of(verdict, dicts), count);
        }
    }
}

/// Failed rows by (id in `column`, verdict), in order of first appearance.
fn pairs(groups: &Groups<'_>, column: &[u32]) -> Vec<(u32, u32, u64)> {
    let mut counts: Vec<(u32, u32, u64)> = Vec::new();
    let mut index: HashMap<u64, usize, BuildHasherDefault<FoldHasher>> = HashMap::default();
    for row in groups.failed_rows() {
        let (value, verdict) = (column[row], groups.batch.verdict[row]);
        let at = *index.entry(u64::from(value) << 32 | u64::from(verdict)).or_insert(counts.len());
        match counts.get_mut(at) {
            Some((_, _, count)) => *count += 1,
            None => counts.push((value, verdict, 1)),
        }
    }
    counts
}

/// Names of reasons by verdict id, each made once per batch.
#[derive(Default)]
struct ReasonNames(HashMap<u32, Arc<str>, BuildHasherDefault<FoldHasher>>);

impl ReasonNames {
    fn of(&mut self, verdict: u32, dicts: &Dictionaries) -> &Arc<str> {
        self.0.entry(verdict).or_insert_with(|| label::reason(dicts.verdicts.text(dicts.verdicts.value(verdict).reason)).into())
    }
}

/// Rows by outcome, as far as it is known before the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutcomeCounts {
    pub(crate) success: u64,
    pub(crate) failed: u64,
    /// No verdict, with a protocol.
    pub(crate) no_verdict_tls: u64,
    /// No verdict and no protocol, by listener port: what it means depends on the other rows of that port.
    pub(crate) no_verdict_plain: BTreeMap<u16, u64>,
    pub(crate) other: u64,
}

impl OutcomeCounts {
    fn add(&mut self, outcome: HourOutcome, listener_port: u16, rows: u64) {
        *match outcome {
            HourOutcome::Success => &mut self.success,
            HourOutcome::Failed => &mut self.failed,
            HourOutcome::NoVerdictTls => &mut self.no_verdict_tls,
            HourOutcome::NoVerdictPlain => self.no_verdict_plain.entry(listener_port).or_default(),
            HourOutcome::Other => &mut self.other,
        } += rows;
    }

    fn merge(&mut self, other: OutcomeCounts) {
        self.success += other.success;
        self.failed += other.failed;
        self.no_verdict_tls += other.no_verdict_tls;
        self.other += other.other;
        for (port, rows) in other.no_verdict_plain {
            *self.no_verdict_plain.entry(port).or_default() += rows;
        }
    }
}

/// Latency by each dimension of the report; every latency is in each of them once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LatencyDimensions {
    pub(crate) tls_protocol: Capped<String, LatencyCounts>,
    pub(crate) tls_cipher: Capped<String, LatencyCounts>,
    pub(crate) tls_keyexchange: Capped<String, LatencyCounts>,
    pub(crate) listener_port: Capped<u16, LatencyCounts>,
}

impl Default for LatencyDimensions {
    fn default() -> Self {
        let cap = Aggregates::MAX_LATENCY_VALUES;
        Self {
            tls_protocol: Capped::new(cap),
            tls_cipher: Capped::new(cap),
            tls_keyexchange: Capped::new(cap),
            listener_port: Capped::new(cap),
        }
    }
}

impl LatencyDimensions {
    /// Latency over all rows.
    pub(crate) fn all(&self) -> LatencyCounts {
        let mut all = LatencyCounts::default();
        self.tls_protocol.kept().for_each(|(_, counts)| all.merge(counts));
        self.tls_protocol.other().into_iter().for_each(|counts| all.merge(counts));
        all
    }

    fn observe(&mut self, groups: &Groups<'_>) {
        let (endpoints, routes) = (&groups.dicts.endpoints, &groups.dicts.routes);
        groups.latency_by_key(
            |group| group.endpoint,
            |&id, counts| {
                let endpoint = endpoints.value(id);
                name_slot(&mut self.tls_protocol, endpoints.text(endpoint.tls_protocol)).merge(counts);
                name_slot(&mut self.tls_cipher, endpoints.text(endpoint.tls_cipher)).merge(counts);
                self.listener_port.slot(&endpoint.listener_port).merge(counts);
            },
        );
        groups.latency_by_key(
            |group| routes.text(groups.route(group).tls_keyexchange),
            |&name, counts| name_slot(&mut self.tls_keyexchange, name).merge(counts),
        );
    }

    fn merge(&mut self, other: LatencyDimensions) {
        self.tls_protocol.merge(other.tls_protocol);
        self.tls_cipher.merge(other.tls_cipher);
        self.tls_keyexchange.merge(other.tls_keyexchange);
        self.listener_port.merge(other.listener_port);
    }
}

fn name_slot<'a>(dimension: &'a mut Capped<String, LatencyCounts>, name: Option<&str>) -> &'a mut LatencyCounts {
    dimension.slot(label::bounded(name.unwrap_or(label::NULL)).as_ref())
}
