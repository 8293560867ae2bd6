//! Hourly entries as rows of their tables.
//!
//! In: entries in key order, from memory or from wherever sorted runs of them were merged. Out: rows in the same order.

use std::convert::Infallible;
use std::sync::Arc;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2Serializer};

use super::histogram::{LatencyCounts, empty_histogram};
use super::hourly::{FailureKey, Hourly, LatencyKey};
use super::outcome::{ResolvedOutcome, TlsPorts};
use crate::error::Error;

/// A row of `failures_hourly`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureHour {
    /// Start of the hour, µs since 1970, UTC.
    pub hour: i64,
    /// As in [`FailureKey`]; so are the others.
    pub account: Option<Arc<str>>,
    /// Likewise.
    pub region: Option<Arc<str>>,
    /// Likewise.
    pub elb: Option<Arc<str>>,
    /// Likewise.
    pub listener_port: u16,
    /// What became of the connections.
    pub outcome: ResolvedOutcome,
    /// The code after `Failed:`.
    pub reason: Option<Arc<str>>,
    /// How many connections.
    pub count: u64,
}

impl FailureHour {
    fn new(key: FailureKey, count: u64, tls_ports: &TlsPorts) -> Self {
        let outcome = key.outcome.resolve(key.listener_port, tls_ports);
        let FailureKey { hour, account, region, elb, listener_port, reason, .. } = key;
        Self { hour, account, region, elb, listener_port, outcome, reason, count }
    }

    /// Whether `other` is the same row but for its count.
    fn continues(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.hour, row.listener_port, row.outcome);
        key(self) == key(other)
            && (&self.account, &self.region, &self.elb, &self.reason) == (&other.account, &other.region, &other.elb, &other.reason)
    }
}

/// A row of `latency_hourly`. Latencies are in milliseconds, of successful handshakes: AWS logs no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyHour {
    /// Start of the hour, µs since 1970, UTC.
    pub hour: i64,
    /// As in [`LatencyKey`]; so are the others.
    pub account: Option<Arc<str>>,
    /// Likewise.
    pub region: Option<Arc<str>>,
    /// Likewise.
    pub elb: Option<Arc<str>>,
    /// Likewise.
    pub listener_port: u16,
    /// Likewise.
    pub tls_protocol: Option<Arc<str>>,
    /// Handshakes; never 0.
    pub count: u64,
    /// The fastest, exactly.
    pub min: u64,
    /// The percentiles as `histogram` gives them: the top of their bucket, so up to 0.1 % too high, but never above `max`.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p999: u64,
    /// The slowest, exactly.
    pub max: u64,
    /// The histogram in HdrHistogram's V2 binary form, uncompressed: 1 to [`MAX_LATENCY_MS`](super::MAX_LATENCY_MS) ms, three significant
    /// digits, the same bounds in every row, so that any rows add up.
    pub histogram: Vec<u8>,
}

/// Makes rows of `latency_hourly`, one after the other, in one histogram's memory (150 KB).
pub struct LatencyHours {
    histogram: Histogram<u64>,
    serializer: V2Serializer,
}

impl Default for LatencyHours {
    fn default() -> Self {
        Self { histogram: empty_histogram(), serializer: V2Serializer::new() }
    }
}

impl LatencyHours {
    /// The row of `key` and its (not empty) `counts`. Costs some 10 µs.
    ///
    /// # Errors
    /// [`Error::Accounting`] if the histogram cannot be encoded, which no input brings about.
    pub fn row(&mut self, key: &LatencyKey, counts: &LatencyCounts) -> Result<LatencyHour, Error> {
        counts.load(&mut self.histogram);
        let mut bytes = Vec::new();
        self.serializer
            .serialize(&self.histogram, &mut bytes)
            .map_err(|error| Error::Accounting(format!("the latencies of one hour cannot be encoded: {error}")))?;
        let (min, max) = (counts.min().unwrap_or(0), counts.max().unwrap_or(u64::MAX));
        let at = |quantile| self.histogram.value_at_quantile(quantile).clamp(min, max);
        let LatencyKey { hour, account, region, elb, listener_port, tls_protocol } = key.clone();
        Ok(LatencyHour {
            hour,
            account,
            region,
            elb,
            listener_port,
            tls_protocol,
            count: counts.count(),
            min,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max,
            histogram: bytes,
        })
    }
}

impl Hourly {
    /// The rows of `failures_hourly`, in order. `tls_ports` are those of the whole input.
    pub fn failure_rows(&self, tls_ports: &TlsPorts) -> impl Iterator<Item = FailureHour> {
        let entries = self.failures.iter().map(|(key, &count)| Ok::<_, Infallible>((key.clone(), count)));
        resolve_failures(entries, tls_ports).map(|Ok(row)| row)
    }

    /// The rows of `latency_hourly`, in order.
    ///
    /// # Errors
    /// As [`LatencyHours::row`].
    pub fn latency_rows(&self) -> impl Iterator<Item = Result<LatencyHour, Error>> {
        let mut hours = LatencyHours::default();
        self.latency.iter().map(move |(key, counts)| hours.row(key, counts))
    }
}

/// The rows of `failures_hourly` of entries that come in key order (equal keys need not be added up yet). Neighbours that turn out to be the
/// same row are made one; an error is passed on after what came before it.
pub fn resolve_failures<E>(
    entries: impl Iterator<Item = Result<(FailureKey, u64), E>>,
    tls_ports: &TlsPorts,
) -> impl Iterator<Item = Result<FailureHour, E>> {
    let mut rows = entries.map(|entry| entry.map(|(key, count)| FailureHour::new(key, count, tls_ports))).peekable();
    std::iter::from_fn(move || {
        let mut row = match rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        while let Some(Ok(more)) = rows.next_if(|next| next.as_ref().is_ok_and(|next| row.continues(next))) {
            row.count += more.count;
        }
        Some(Ok(row))
    })
}
