//! Aggregates against an obvious model, in any split and order, and at their bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use proptest::prelude::*;

use super::testing::{Row, batch, batch_with, row};
use super::*;
use crate::columns::{Dictionaries, Outcome};
use crate::report::{LatencySummary, Report, TopEntry};

const HOUR: i64 = 3_600_000_000;

fn labels() -> Vec<SourceLabels> {
    let text = |text: &str| Some(Arc::from(text));
    let one = SourceLabels { account: text("111111111111"), region: text("eu-west-1") };
    let two = SourceLabels { account: text("222222222222"), region: None };
    // The third input has the labels of the first; the fourth is beyond the list.
    vec![one.clone(), two, one]
}

fn label_of(row: &Row) -> SourceLabels {
    labels().get(row.file as usize).cloned().unwrap_or_default()
}

fn aggregates(rows: &[Row]) -> Aggregates {
    let (batch, dicts) = batch(rows);
    let mut aggregates = Aggregates::default();
    aggregates.observe(&batch, &dicts);
    aggregates
}

fn hourly(rows: &[Row]) -> Hourly {
    let (batch, dicts) = batch(rows);
    let mut hourly = Hourly::default();
    hourly.observe(&batch, &dicts, &labels());
    hourly
}

fn report(aggregates: &Aggregates) -> Report {
    let mut report = Report::default();
    aggregates.fill(&mut report);
    report
}

// The model: every row by itself, every value by its text.

fn direct_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_LATENCY_MS, 3).unwrap()
}

fn model_ms(row: &Row) -> Option<u64> {
    row.latency.map(|seconds| (seconds * 1000.0 + 0.5).floor().min(9.3e18) as u64).map(|ms| ms.min(i64::MAX as u64))
}

fn model_summary(rows: &[&Row]) -> LatencySummary {
    let values: Vec<u64> = rows.iter().filter_map(|row| model_ms(row)).collect();
    let mut histogram = direct_histogram();
    values.iter().for_each(|&ms| histogram.saturating_record(ms));
    let at = |quantile| {
        (!values.is_empty()).then(|| {
            histogram
                .value_at_quantile(quantile)
                .clamp(values.iter().copied().min().unwrap_or(0), values.iter().copied().max().unwrap_or(0))
        })
    };
    LatencySummary {
        count: values.len() as u64,
        min: values.iter().min().copied(),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: values.iter().max().copied(),
    }
}

fn model_by(rows: &[Row], name: impl Fn(&Row) -> String) -> BTreeMap<String, LatencySummary> {
    let mut by: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    rows.iter().filter(|row| row.latency.is_some()).for_each(|row| by.entry(name(row)).or_default().push(row));
    by.into_iter().map(|(name, rows)| (name, model_summary(&rows))).collect()
}

fn model_reason(row: &Row) -> Option<String> {
    match row.outcome() {
        (Outcome::Failed, None) => Some("(none)".into()),
        (Outcome::Failed, Some("")) => Some("(empty)".into()),
        (Outcome::Failed, Some(code)) => Some(code.into()),
        _ => None,
    }
}

fn model_tls_ports(rows: &[Row]) -> BTreeSet<u16> {
    rows.iter().filter(|row| row.protocol.is_some()).map(|row| row.port).collect()
}

fn model_outcome(row: &Row, tls_ports: &BTreeSet<u16>) -> &'static str {
    match row.outcome().0 {
        Outcome::Success => "success",
        Outcome::Failed => "failed",
        Outcome::Other => "other",
        Outcome::NoVerdict if row.protocol.is_none() && !tls_ports.contains(&row.port) => "no_verdict_http",
        Outcome::NoVerdict => "no_verdict_tls",
    }
}

fn model_top(rows: &[Row], value: impl Fn(&Row) -> String) -> Vec<TopEntry> {
    let mut by: BTreeMap<String, TopEntry> = BTreeMap::new();
    for row in rows {
        let Some(reason) = model_reason(row) else { continue };
        let entry = by.entry(value(row)).or_insert_with(|| TopEntry { value: value(row), ..TopEntry::default() });
        entry.count += 1;
        *entry.reasons.entry(reason).or_default() += 1;
    }
    let mut entries: Vec<TopEntry> = by.into_values().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    entries.truncate(20);
    entries
}

fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").into()
}

fn check_report(rows: &[Row], report: &Report) {
    let tls_ports = model_tls_ports(rows);
    let count = |name: &str| rows.iter().filter(|row| model_outcome(row, &tls_ports) == name).count() as u64;
    let outcomes = report.outcomes;
    let got = [outcomes.success, outcomes.failed, outcomes.no_verdict_http, outcomes.no_verdict_tls, outcomes.other];
    assert_eq!(got, ["success", "failed", "no_verdict_http", "no_verdict_tls", "other"].map(count));

    let mut failures: BTreeMap<String, u64> = BTreeMap::new();
    rows.iter().filter_map(model_reason).for_each(|reason| *failures.entry(reason).or_default() += 1);
    assert_eq!(report.failures, failures);

    assert_eq!(report.latency.unit, "ms");
    assert_eq!(report.latency.all, model_summary(&rows.iter().collect::<Vec<_>>()));
    assert_eq!(report.latency.by.tls_protocol, model_by(rows, |row| or_dash(row.protocol)));
    assert_eq!(report.latency.by.tls_cipher, model_by(rows, |row| or_dash(row.cipher)));
    assert_eq!(report.latency.by.tls_keyexchange, model_by(rows, |row| or_dash(row.keyexchange)));
    assert_eq!(report.latency.by.listener_port, model_by(rows, |row| row.port.to_string()));

    assert_eq!(report.top_failing.client_ip, model_top(rows, |row| row.client.clone()));
    assert_eq!(report.top_failing.subject, model_top(rows, |row| or_dash(row.subject.as_deref())));

    assert_eq!(report.time.first, rows.iter().map(|row| row.time).min().map(crate::report::rfc3339));
    assert_eq!(report.time.last, rows.iter().map(|row| row.time).max().map(crate::report::rfc3339));
    let saturated = rows.iter().filter_map(model_ms).any(|ms| ms > MAX_LATENCY_MS);
    assert_eq!(report.notes.len(), usize::from(saturated), "{:?}", report.notes);
}

type FailureRow = (i64, Option<Arc<str>>, Option<Arc<str>>, Option<String>, u16, &'static str, Option<String>);

fn check_hourly(rows: &[Row], hourly: &Hourly) {
    let ports = model_tls_ports(rows);
    let mut failures: BTreeMap<FailureRow, u64> = BTreeMap::new();
    let mut latency: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let (hour, labels) = (row.time.div_euclid(HOUR) * HOUR, label_of(row));
        let elb = row.elb.map(String::from);
        let reason = row.outcome().1.map(String::from);
        let key = (hour, labels.account.clone(), labels.region.clone(), elb.clone(), row.port, model_outcome(row, &ports), reason);
        *failures.entry(key).or_default() += 1;
        if row.latency.is_some() {
            let key = (hour, labels.account, labels.region, elb, row.port, row.protocol.map(String::from));
            latency.entry(key).or_default().push(row);
        }
    }

    let mut got = BTreeMap::new();
    for row in hourly.failure_rows(&ports.iter().copied().collect()) {
        let (elb, reason) = (row.elb.as_deref().map(String::from), row.reason.as_deref().map(String::from));
        let key = (row.hour, row.account, row.region, elb, row.listener_port, row.outcome.name(), reason);
        assert_eq!(got.insert(key, row.count), None, "a key twice");
    }
    assert_eq!(got, failures);

    let got: Vec<LatencyHour> = hourly.latency_rows().map(Result::unwrap).collect();
    assert_eq!(got.len(), latency.len());
    for (row, (key, rows)) in got.iter().zip(&latency) {
        let (elb, protocol) = (row.elb.as_deref().map(String::from), row.tls_protocol.as_deref().map(String::from));
        assert_eq!(&(row.hour, row.account.clone(), row.region.clone(), elb, row.listener_port, protocol), key);
        check_latency_hour(row, rows);
    }
}

fn check_latency_hour(row: &LatencyHour, rows: &[&Row]) {
    let expected = model_summary(rows);
    let got = [row.min, row.p50, row.p90, row.p99, row.p999, row.max].map(Some);
    assert_eq!(got, [expected.min, expected.p50, expected.p90, expected.p99, expected.p999, expected.max]);
    assert_eq!(row.count, expected.count);
    let mut direct = direct_histogram();
    rows.iter().filter_map(|row| model_ms(row)).for_each(|ms| direct.saturating_record(ms));
    let read: Histogram<u64> = Deserializer::new().deserialize(&mut Cursor::new(&row.histogram)).unwrap();
    assert_eq!((read.low(), read.high(), read.sigfig()), (1, MAX_LATENCY_MS, 3));
    assert_eq!(read, direct);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_the_model(rows in prop::collection::vec(row(), 0..600)) {
        check_report(&rows, &report(&aggregates(&rows)));
        check_hourly(&rows, &hourly(&rows));
    }

    #[test]
    fn any_split_in_any_order_is_the_same(
        rows in prop::collection::vec((0..4_usize, row()), 0..200),
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let parts: Vec<Vec<Row>> =
            order.iter().map(|&part| rows.iter().filter(|(of, _)| *of == part).map(|(_, row)| row.clone()).collect()).collect();
        let all: Vec<Row> = parts.concat();

        let (whole, hours) = (aggregates(&all), hourly(&all));
        let [one, two, three, four] = &parts[..] else { unreachable!() };
        // (1 + 2) + (3 + 4), the right half first.
        let (mut left, mut right) = (aggregates(one), aggregates(three));
        left.merge(aggregates(two));
        right.merge(aggregates(four));
        right.merge(left);
        prop_assert_eq!(&right, &whole);
        let mut merged = Hourly::default();
        parts.iter().rev().for_each(|part| merged.merge(hourly(part)));
        prop_assert_eq!(&merged.failures, &hours.failures);
        prop_assert_eq!(&merged.latency, &hours.latency);
        prop_assert_eq!((hours.is_empty(), hours.memory() == 0), (all.is_empty(), all.is_empty()));

        // One after the other, with dictionaries that live on and a grouper that was used before.
        let (mut dicts, mut grouper) = (Dictionaries::default(), Grouper::default());
        let (mut totals, mut observed, labels) = (Aggregates::default(), Hourly::default(), labels());
        for part in &parts {
            let batch = batch_with(part, &mut dicts);
            let groups = grouper.group(&batch, &dicts, &labels);
            totals.observe_groups(&groups);
            observed.observe_groups(&groups);
        }
        prop_assert_eq!(&totals, &whole);
        prop_assert_eq!(&observed.failures, &hours.failures);
        prop_assert_eq!(&observed.latency, &hours.latency);
    }

    #[test]
    fn entries_survive_serde(rows in prop::collection::vec(row(), 0..50)) {
        let hours = hourly(&rows);
        for entry in &hours.failures {
            let read: (FailureKey, u64) = serde_json::from_slice(&serde_json::to_vec(&entry).unwrap()).unwrap();
            prop_assert_eq!((&read.0, &read.1), entry);
        }
        for entry in &hours.latency {
            let read: (LatencyKey, LatencyCounts) = serde_json::from_slice(&serde_json::to_vec(&entry).unwrap()).unwrap();
            prop_assert_eq!((&read.0, &read.1), entry);
        }
    }
}

#[test]
fn latency_of_many_rows_of_one_group_is_tabulated_right() {
    let rows: Vec<Row> = (0..5000_u64).map(|i| Row::success(i * i % 70_001)).collect();
    check_report(&rows, &report(&aggregates(&rows)));
    check_hourly(&rows, &hourly(&rows));
}

#[test]
fn latency_is_rounded_half_up_and_null_is_not_zero() {
    let seconds = |seconds| Row { latency: seconds, ..Row::success(0) };
    let rows = [seconds(Some(0.0004)), seconds(Some(0.0005)), seconds(Some(0.0015)), seconds(None), seconds(Some(0.337))];
    let latency = report(&aggregates(&rows)).latency.all;
    assert_eq!((latency.count, latency.min, latency.p50, latency.max), (4, Some(0), Some(1), Some(337)));
}

#[test]
fn recording_one_by_one_is_the_same() {
    let mut counts = LatencyCounts::default();
    let mut direct = direct_histogram();
    for ms in (0..200_000_u64).step_by(7).chain([MAX_LATENCY_MS, MAX_LATENCY_MS + 1, u64::MAX]) {
        counts.record(ms);
        direct.saturating_record(ms);
    }
    assert_eq!(counts.histogram(), direct);
    assert_eq!((counts.min(), counts.max()), (Some(0), Some(u64::MAX)));
    assert_eq!((LatencyCounts::default().min(), LatencyCounts::default().max()), (None, None));
}

#[test]
fn a_port_is_plain_http_only_if_no_row_of_the_whole_input_spoke_tls_there() {
    let plain = aggregates(&[Row::no_verdict(80, None), Row::no_verdict(443, None), Row::no_verdict(443, None)]);
    let outcomes = report(&plain).outcomes;
    assert_eq!((outcomes.no_verdict_http, outcomes.no_verdict_tls), (3, 0));

    let mut merged = plain;
    merged.merge(aggregates(&[Row::success(5)]));
    let outcomes = report(&merged).outcomes;
    assert_eq!((outcomes.no_verdict_http, outcomes.no_verdict_tls, outcomes.success), (1, 2, 1));

    // In the table the two kinds of row on 443 become one.
    let hours = hourly(&[Row::no_verdict(443, None), Row::no_verdict(443, Some("TLSv1.3")), Row::no_verdict(80, None)]);
    let rows: Vec<_> = hours.failure_rows(merged.tls_ports()).map(|row| (row.listener_port, row.outcome.name(), row.count)).collect();
    assert_eq!(rows, [(80, "no_verdict_http", 1), (443, "no_verdict_tls", 2)]);
}

#[test]
fn errors_of_a_source_of_entries_are_passed_on_in_place() {
    let hours = hourly(&[Row::success(1), Row::no_verdict(80, None)]);
    let entries: Vec<_> = hours.failures.into_iter().map(Ok).collect();
    let [one, two]: [Result<_, &str>; 2] = entries.try_into().unwrap();
    let rows: Vec<_> = resolve_failures([one.clone(), one, Err("disk"), two].into_iter(), &TlsPorts::default()).collect();
    assert_eq!(rows.iter().map(|row| row.as_ref().map(|row| row.count)).collect::<Vec<_>>(), [Ok(2), Err(&"disk"), Ok(1)]);
}

#[test]
fn rows_before_the_first_run_have_no_labels() {
    let (mut batch, dicts) = batch(&[Row::success(1), Row { file: 1, ..Row::success(2) }]);
    batch.runs.remove(0);
    let mut hours = Hourly::default();
    hours.observe(&batch, &dicts, &labels());
    let accounts: Vec<_> = hours.failures.keys().map(|key| key.account.as_deref()).collect();
    assert_eq!(accounts, [None, Some("222222222222")]);
}

/// A million failures of distinct clients with distinct codes, in batches.
fn hostile(batches: impl Iterator<Item = u32>) -> impl Iterator<Item = Vec<Row>> {
    batches.map(|batch| {
        let row = |i: u32| {
            let code = format!("Failed:{:07}", u64::from(batch * 50_000 + i) * 7919 % 1_000_003);
            Row::failed(format!("2001:db8::{:x}", batch * 50_000 + i), &code)
        };
        (0..50_000).map(row).collect()
    })
}

#[test]
fn a_million_distinct_values_stay_bounded() {
    let mut totals = Aggregates::default();
    for (index, mut rows) in hostile(0..20).enumerate() {
        // Two clients that stand out, one from the start, one late.
        rows.extend((0..2000).map(|_| Row::failed("192.0.2.1", "Failed:ClientCertExpired")));
        rows.extend((0..if index > 10 { 3000 } else { 0 }).map(|_| Row::failed("192.0.2.2", "Failed:ClientCertExpired")));
        totals.merge(aggregates(&rows));
        assert!(totals.top_clients.len() <= TopCounts::EXACT);
    }
    let report = report(&totals);
    assert_eq!(report.failures.len(), Aggregates::MAX_REASONS + 1);
    assert_eq!(report.failures.values().sum::<u64>(), report.outcomes.failed);
    assert!(report.failures["(other)"] > 990_000);
    let top: Vec<_> = report.top_failing.client_ip[..2].iter().collect();
    assert_eq!(top[0].value, "192.0.2.1");
    assert_eq!(top[1].value, "192.0.2.2");
    for (entry, really) in top.into_iter().zip([40_000, 27_000]) {
        assert!(entry.count >= really && entry.count - entry.error <= really, "{entry:?}");
        assert!(entry.error < 100, "{entry:?}");
    }
    // One subject, a million codes: its reasons are bounded too.
    assert_eq!(report.top_failing.subject.len(), 1);
    assert_eq!(report.top_failing.subject[0].reasons.len(), 17);
    assert_eq!(report.top_failing.subject[0].reasons.values().sum::<u64>(), report.outcomes.failed);
    let notes = report.notes.join("\n");
    assert!(notes.contains("failures: more than 4096 reason codes"), "{notes}");
    assert!(notes.contains("top_failing.client_ip: more than 65536 distinct values"), "{notes}");
    assert!(!notes.contains("subject"), "{notes}");
}

#[test]
fn capped_sums_do_not_depend_on_order() {
    let sums = |keys: &mut dyn Iterator<Item = u16>| {
        let mut sums = Capped::<u16, u64>::new(100);
        keys.for_each(|key| *sums.slot(&key) += u64::from(key));
        sums
    };
    let upward = sums(&mut (0..1000));
    assert_eq!(sums(&mut (0..1000).rev()), upward);
    let mut halves = sums(&mut (0..1000).filter(|key| key % 2 == 1));
    halves.merge(sums(&mut (0..1000).filter(|key| key % 2 == 0)));
    assert_eq!(halves, upward);
    assert_eq!(upward.kept().map(|(key, _)| *key).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    assert_eq!(upward.other(), Some(&(100..1000).sum()));
}

#[test]
fn latency_values_beyond_the_cap_are_counted_together() {
    let rows: Vec<Row> = (0..3000_u16).map(|port| Row { port, ..Row::success(u64::from(port)) }).collect();
    let report = report(&aggregates(&rows));
    let by_port = &report.latency.by.listener_port;
    assert_eq!(by_port.len(), 1025);
    assert_eq!(by_port["(other)"].count, 3000 - 1024);
    assert_eq!((by_port["(other)"].min, by_port["(other)"].max), (Some(1024), Some(2999)));
    assert_eq!(report.notes, ["latency: more than 1024 listener ports; the first in order are kept apart, the rest is under (other)"]);
}

#[test]
fn top_counts_bound_what_they_lost() {
    // Counts that are known exactly, thinned and merged from halves: never too low, never off by more than said.
    let (mut one, mut two) = (TopCounts::default(), TopCounts::default());
    let reason: Arc<str> = "code".into();
    let really = |value: u64| if value.is_multiple_of(1000) { 500 + value / 1000 } else { 1 + value % 3 };
    for value in 0..200_000_u64 {
        let part = if value.is_multiple_of(2) { &mut one } else { &mut two };
        part.add(&format!("v{value:06}"), &reason, really(value));
        let other = if value.is_multiple_of(2) { &mut two } else { &mut one };
        other.add(&format!("v{value:06}"), &reason, really(value));
    }
    one.merge(two);
    assert!(one.len() <= TopCounts::EXACT && one.is_approximate());
    let top = one.top(20);
    for (rank, (value, entry)) in top.iter().enumerate() {
        let number: u64 = value[1..].parse().unwrap();
        assert_eq!(number % 1000, 0, "rank {rank}: {value}");
        assert!(entry.count >= 2 * really(number) && entry.count - entry.error <= 2 * really(number), "{value} {entry:?}");
    }
}

#[test]
fn memory_of_hours_follows_what_they_hold() {
    let mut hours = hourly(&[Row::success(1)]);
    let little = hours.memory();
    let rows: Vec<Row> = (0..2000).map(|i| Row { time: i64::from(i) * HOUR, ..Row::success(5) }).collect();
    hours.merge(hourly(&rows));
    assert_eq!((hours.failures.len(), hours.latency.len()), (2000, 2000));
    assert!(hours.memory() > little + 2000 * 200 && hours.memory() < 2000 * 1000, "{} then {}", little, hours.memory());
    // Every key shares the texts.
    let elbs: BTreeSet<*const u8> =
        hours.failures.keys().map(|key| key.elb.as_ref().map_or(std::ptr::null(), |elb| elb.as_ptr())).collect();
    assert_eq!(elbs.len(), 1);
}
