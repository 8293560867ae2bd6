//! What the report should say about some rows, counted the long way.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;
use serde_json::Value as Json;

use super::oracle::Row;
use super::{at, count};

/// The counts that a report's numbers must equal.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// `success`, `failed`, `no_verdict_http`, `no_verdict_tls`, `other`.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    /// Failed rows by code.
    pub(crate) failures: BTreeMap<String, u64>,
    /// Failed rows by client, and by subject (`-` without one).
    pub(crate) failing_clients: BTreeMap<String, u64>,
    /// Likewise.
    pub(crate) failing_subjects: BTreeMap<String, u64>,
    /// Latencies in ms, over all rows.
    pub(crate) latencies: Vec<u64>,
    /// Latencies in ms by dimension and value.
    pub(crate) latencies_by: BTreeMap<(&'static str, String), Vec<u64>>,
    /// First and last event.
    pub(crate) span: Option<(i64, i64)>,
}

impl Summary {
    /// Counts the rows.
    pub(crate) fn of(rows: &[&Row]) -> Self {
        let tls_ports: BTreeSet<i32> = rows.iter().filter(|row| row.tls_protocol.is_some()).map(|row| row.listener_port).collect();
        let mut summary = Self::default();
        for outcome in ["success", "failed", "no_verdict_http", "no_verdict_tls", "other"] {
            summary.outcomes.insert(outcome, 0);
        }
        for row in rows {
            let outcome = outcome(row, &tls_ports);
            *summary.outcomes.get_mut(outcome).unwrap() += 1;
            if outcome == "failed" {
                summary.count_failure(row);
            }
            summary.count_latency(row);
            let (first, last) = summary.span.unwrap_or((row.time, row.time));
            summary.span = Some((first.min(row.time), last.max(row.time)));
        }
        summary
    }

    fn count_failure(&mut self, row: &Row) {
        let key = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let reason = match row.tls_failure_reason.as_deref() {
            None => "(none)",
            Some("") => "(empty)",
            Some(code) => code,
        };
        *self.failures.entry(reason.to_owned()).or_default() += 1;
        *self.failing_clients.entry(row.client_ip.clone()).or_default() += 1;
        *self.failing_subjects.entry(key(&row.leaf_client_cert_subject)).or_default() += 1;
    }

    fn count_latency(&mut self, row: &Row) {
        let Some(seconds) = row.tls_handshake_latency else { return };
        let ms = (seconds * 1000.0).round() as u64;
        self.latencies.push(ms);
        let key = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let dimensions = [
            ("tls_protocol", key(&row.tls_protocol)),
            ("tls_cipher", key(&row.tls_cipher)),
            ("tls_keyexchange", key(&row.tls_keyexchange)),
            ("listener_port", row.listener_port.to_string()),
        ];
        for dimension in dimensions {
            self.latencies_by.entry(dimension).or_default().push(ms);
        }
    }

    /// Demands that a report's numbers about rows are these.
    #[track_caller]
    pub(crate) fn assert_told_by(&self, report: &Json) {
        for (outcome, want) in &self.outcomes {
            assert_eq!(count(report, &format!("outcomes.{outcome}")), *want, "outcomes.{outcome}");
        }
        let failures: BTreeMap<String, u64> = serde_json::from_value(at(report, "failures").clone()).unwrap();
        assert_eq!(failures, self.failures, "failures");
        self.assert_latency(report);
        assert_top(at(report, "top_failing.client_ip"), &self.failing_clients);
        assert_top(at(report, "top_failing.subject"), &self.failing_subjects);
        let micros = |path| at(report, path).as_str().map(|text| text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert_eq!(micros("time.first"), self.span.map(|(first, _)| first), "time.first");
        assert_eq!(micros("time.last"), self.span.map(|(_, last)| last), "time.last");
    }

    #[track_caller]
    fn assert_latency(&self, report: &Json) {
        assert_eq!(at(report, "latency.unit"), "ms");
        assert_percentiles(at(report, "latency"), &self.latencies, "all");
        for (dimension, values) in at(report, "latency.by").as_object().unwrap() {
            let want = self.latencies_by.keys().filter(|(name, _)| name == dimension).map(|(_, value)| value);
            let want: BTreeSet<&String> = want.collect();
            let told = values.as_object().unwrap();
            assert_eq!(told.keys().collect::<BTreeSet<_>>(), want, "values of {dimension}");
        }
        for ((dimension, value), latencies) in &self.latencies_by {
            let told = at(report, &format!("latency.by.{dimension}")).get(value).unwrap();
            assert_percentiles(told, latencies, value);
        }
    }
}

fn outcome(row: &Row, tls_ports: &BTreeSet<i32>) -> &'static str {
    match row.tls_verify_status.as_deref() {
        Some("Success") => "success",
        Some(status) if status == "Failed" || status.starts_with("Failed:") => "failed",
        Some(_) => "other",
        None if row.tls_protocol.is_none() && !tls_ports.contains(&row.listener_port) => "no_verdict_http",
        None => "no_verdict_tls",
    }
}

/// Demands the percentiles of an HDR histogram of 3 significant digits, and that these are true of the sorted values.
#[track_caller]
fn assert_percentiles(told: &Json, latencies: &[u64], what: &str) {
    assert_eq!(count(told, "count"), latencies.len() as u64, "latency.count of {what}");
    if latencies.is_empty() {
        assert!(at(told, "p50").is_null(), "no latency, yet a median, of {what}");
        return;
    }
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted.iter().for_each(|ms| histogram.record(*ms).unwrap());
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)] {
        let told = count(told, name);
        assert_eq!(told, histogram.value_at_quantile(quantile).clamp(sorted[0], sorted[sorted.len() - 1]), "{name} of {what}");
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        assert!(told.abs_diff(sorted[rank - 1]) <= sorted[rank - 1] / 1000 + 1, "{name} of {what}: {told}, not {}", sorted[rank - 1]);
    }
    let close = |told: u64, exact: u64| told.abs_diff(exact) <= exact / 1000;
    assert!(close(count(told, "min"), sorted[0]), "min of {what}");
    assert!(close(count(told, "max"), *sorted.last().unwrap()), "max of {what}");
}

/// Demands that a top list is sorted, exact and leaves out nobody who fails more often than its last entry.
#[track_caller]
fn assert_top(told: &Json, want: &BTreeMap<String, u64>) {
    let told = told.as_array().unwrap();
    assert_eq!(told.is_empty(), want.is_empty(), "a top list is empty only if nobody failed");
    for entry in told {
        let value = at(entry, "value").as_str().unwrap();
        assert_eq!(Some(&count(entry, "count")), want.get(value), "failures of {value}");
        assert_eq!(count(entry, "error"), 0, "{value} was counted exactly");
        let reasons = at(entry, "reasons").as_object().unwrap().values();
        assert_eq!(reasons.map(|reason| reason.as_u64().unwrap()).sum::<u64>(), count(entry, "count"), "reasons of {value}");
    }
    let mut most: Vec<u64> = want.values().copied().collect();
    most.sort_unstable_by(|a, b| b.cmp(a));
    let counts: Vec<u64> = told.iter().map(|entry| count(entry, "count")).collect();
    assert_eq!(counts, most[..counts.len()], "most failures first");
}
