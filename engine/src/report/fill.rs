//! From aggregates to the report: names, order, percentiles, notes. Nothing is counted here.

use std::collections::BTreeMap;

use super::{Latency, LatencyBy, LatencySummary, Outcomes, Report, TimeSpan, TopEntry, TopFailing, rfc3339};
use crate::aggregate::{Aggregates, Capped, HourOutcome, LatencyCounts, MAX_LATENCY_MS, OTHER, ResolvedOutcome, Sum, TopCount, TopCounts};

impl Report {
    /// Entries of a top list.
    pub const TOP_LISTED: usize = 20;
}

impl LatencySummary {
    /// The summary of `counts`: percentiles as HdrHistogram's `value_at_quantile` gives them with three significant digits (the top of
    /// their bucket, so up to 0.1 % too high, but never above `max`); `min` and `max` exact.
    pub fn new(counts: &LatencyCounts) -> Self {
        if counts.count() == 0 {
            return Self::default();
        }
        let histogram = counts.histogram();
        let (min, max) = (counts.min().unwrap_or(0), counts.max().unwrap_or(u64::MAX));
        let at = |quantile| Some(histogram.value_at_quantile(quantile).clamp(min, max));
        Self {
            count: counts.count(),
            min: counts.min(),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: counts.max(),
        }
    }
}

impl Aggregates {
    /// Sets what `report` says of rows (outcomes, failures, latency, top lists, time) and adds the notes on limits that were reached. All
    /// else is left as it is.
    pub fn fill(&self, report: &mut Report) {
        report.outcomes = self.resolved_outcomes();
        report.failures = named(&self.failures);
        report.latency = self.latency_report();
        report.top_failing = TopFailing { client_ip: top_entries(&self.top_clients), subject: top_entries(&self.top_subjects) };
        report.time = TimeSpan { first: self.time.map(|(first, _)| rfc3339(first)), last: self.time.map(|(_, last)| rfc3339(last)) };
        report.notes.extend(self.notes());
    }

    fn resolved_outcomes(&self) -> Outcomes {
        let counts = &self.outcomes;
        let mut outcomes = Outcomes {
            success: counts.success,
            failed: counts.failed,
            no_verdict_http: 0,
            no_verdict_tls: counts.no_verdict_tls,
            other: counts.other,
        };
        for (&port, &rows) in &counts.no_verdict_plain {
            match HourOutcome::NoVerdictPlain.resolve(port, &self.tls_ports) {
                ResolvedOutcome::NoVerdictHttp => outcomes.no_verdict_http += rows,
                _ => outcomes.no_verdict_tls += rows,
            }
        }
        outcomes
    }

    fn latency_report(&self) -> Latency {
        let by = &self.latency;
        Latency {
            unit: "ms".into(),
            all: LatencySummary::new(&by.all()),
            by: LatencyBy {
                tls_protocol: summaries(&by.tls_protocol),
                tls_cipher: summaries(&by.tls_cipher),
                tls_keyexchange: summaries(&by.tls_keyexchange),
                listener_port: summaries(&by.listener_port),
            },
        }
    }

    fn notes(&self) -> impl Iterator<Item = String> {
        let by = &self.latency;
        let notes = [
            capped_note("failures", "reason codes", &self.failures),
            capped_note("latency", "values of tls_protocol", &by.tls_protocol),
            capped_note("latency", "values of tls_cipher", &by.tls_cipher),
            capped_note("latency", "values of tls_keyexchange", &by.tls_keyexchange),
            capped_note("latency", "listener ports", &by.listener_port),
            top_note("client_ip", &self.top_clients),
            top_note("subject", &self.top_subjects),
            saturation_note(&by.all()),
        ];
        notes.into_iter().flatten()
    }
}

fn summaries<K: Ord + ToString>(dimension: &Capped<K, LatencyCounts>) -> BTreeMap<String, LatencySummary> {
    let counts = named(dimension);
    counts.into_iter().map(|(name, counts)| (name, LatencySummary::new(&counts))).collect()
}

/// The sums by name, what was not kept apart as [`OTHER`] (together with a value that happens to be spelt like that).
fn named<K: Ord + ToString, V: Sum + Clone>(capped: &Capped<K, V>) -> BTreeMap<String, V> {
    let mut sums: BTreeMap<String, V> = capped.kept().map(|(key, sum)| (key.to_string(), sum.clone())).collect();
    if let Some(other) = capped.other() {
        sums.entry(OTHER.into()).or_default().add(other.clone());
    }
    sums
}

fn top_entries(counts: &TopCounts) -> Vec<TopEntry> {
    let entry = |(value, top): (&str, &TopCount)| {
        let reasons = top.reasons.iter().map(|(reason, count)| (reason.to_string(), count)).collect();
        TopEntry { value: value.into(), count: top.count, error: top.error, reasons }
    };
    counts.top(Report::TOP_LISTED).into_iter().map(entry).collect()
}

fn capped_note<K: Ord, V: Sum>(section: &str, what: &str, capped: &Capped<K, V>) -> Option<String> {
    capped.other()?;
    let most = capped.kept().count();
    Some(format!("{section}: more than {most} {what}; the first in order are kept apart, the rest is under {OTHER}"))
}

fn top_note(list: &str, counts: &TopCounts) -> Option<String> {
    counts.is_approximate().then(|| {
        format!(
            "top_failing.{list}: more than {} distinct values; a count may be too high by its `error`, and reasons cover what was seen while the value was kept",
            counts.exceeded()
        )
    })
}

fn saturation_note(all: &LatencyCounts) -> Option<String> {
    (all.max()? > MAX_LATENCY_MS).then(|| {
        format!("latency: handshakes of more than {MAX_LATENCY_MS} ms (37 hours) count as that long in percentiles; `max` is exact")
    })
}
