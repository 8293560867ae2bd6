//! The hourly tables of a job on their way into the lake: merged within bounded memory, made into rows at the end.

use std::path::Path;
use std::sync::Arc;

use crate::aggregate::{FailureHour, FailureKey, Hourly, LatencyCounts, LatencyHour, LatencyHours, LatencyKey, TlsPorts, resolve_failures};
use crate::error::Result;
use crate::lake::{FailureHourRow, LatencyHourRow, Merge, SpillIter as Entries, SpillMap, Weight};

/// Both tables, of a unit or of a job.
pub(super) struct Hours {
    failures: SpillMap<FailureKey, u64>,
    latency: SpillMap<LatencyKey, LatencyCounts>,
}

impl Hours {
    /// Empty tables that spill into `folder` once they hold `cap` bytes each.
    pub(super) fn new(folder: &Path, cap: usize) -> Self {
        Self { failures: SpillMap::new(folder, cap), latency: SpillMap::new(folder, cap) }
    }

    /// Adds what was observed in a batch.
    pub(super) fn merge_in(&mut self, hourly: Hourly) -> Result<()> {
        self.failures.merge_in(hourly.failures)?;
        self.latency.merge_in(hourly.latency)
    }

    /// Adds an entry of a state.
    pub(super) fn add_failure(&mut self, key: FailureKey, rows: u64) -> Result<()> {
        self.failures.add(key, rows)
    }

    /// Likewise.
    pub(super) fn add_latency(&mut self, key: LatencyKey, counts: LatencyCounts) -> Result<()> {
        self.latency.add(key, counts)
    }

    /// Both tables' entries, in order.
    pub(super) fn into_entries(self) -> Result<(Entries<FailureKey, u64>, Entries<LatencyKey, LatencyCounts>)> {
        Ok((self.failures.into_sorted()?, self.latency.into_sorted()?))
    }

    /// The rows of both tables in order; `tls_ports` decide which connections without a verdict were plain HTTP.
    pub(super) fn rows(
        self,
        tls_ports: &TlsPorts,
    ) -> Result<(impl Iterator<Item = Result<FailureHourRow>>, impl Iterator<Item = Result<LatencyHourRow>>)> {
        let failures = resolve_failures(self.failures.into_sorted()?, tls_ports).map(|row| row.map(failure_row));
        let mut hours = LatencyHours::default();
        let latency = self.latency.into_sorted()?.map(move |entry| {
            let (key, counts) = entry?;
            hours.row(&key, &counts).map(latency_row)
        });
        Ok((failures, latency))
    }
}

fn owned(text: Option<Arc<str>>) -> Option<String> {
    text.map(|text| text.to_string())
}

fn failure_row(row: FailureHour) -> FailureHourRow {
    FailureHourRow {
        hour: row.hour,
        account: owned(row.account),
        region: owned(row.region),
        elb: owned(row.elb),
        listener_port: row.listener_port,
        outcome: row.outcome.name().to_owned(),
        reason: owned(row.reason),
        count: row.count,
    }
}

fn latency_row(row: LatencyHour) -> LatencyHourRow {
    LatencyHourRow {
        hour: row.hour,
        account: owned(row.account),
        region: owned(row.region),
        elb: owned(row.elb),
        listener_port: row.listener_port,
        tls_protocol: owned(row.tls_protocol),
        count: row.count,
        min: row.min,
        p50: row.p50,
        p90: row.p90,
        p99: row.p99,
        p999: row.p999,
        max: row.max,
        histogram: row.histogram,
    }
}

fn text_weight(texts: &[&Option<Arc<str>>]) -> usize {
    texts.iter().filter_map(|text| text.as_ref()).map(|text| text.len()).sum()
}

impl Weight for FailureKey {
    fn weight(&self) -> usize {
        size_of::<Self>() + text_weight(&[&self.account, &self.region, &self.elb, &self.reason])
    }
}

impl Weight for LatencyKey {
    fn weight(&self) -> usize {
        size_of::<Self>() + text_weight(&[&self.account, &self.region, &self.elb, &self.tls_protocol])
    }
}

impl Weight for LatencyCounts {
    fn weight(&self) -> usize {
        self.memory()
    }
}

impl Merge for LatencyCounts {
    fn merge(&mut self, other: Self) {
        LatencyCounts::merge(self, &other);
    }
}

impl Weight for u64 {
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}
