//! The report's numbers against counts made from the oracle's rows, and its two forms against each other.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::support::expected::Expected;
use crate::support::lake::table;
use crate::support::oracle::Row;
use crate::support::summary::Summary;
use crate::support::values::Value;
use crate::support::{at, available_kernels, convert, count, folder, logs, report, run};

#[track_caller]
fn assert_totals(report: &Json, expected: &Expected) {
    assert_eq!(at(report, "schema"), "tlslake.report/1");
    assert_eq!(count(report, "input.files"), expected.files.len() as u64);
    assert_eq!(count(report, "input.compressed_bytes"), expected.stored_bytes());
    assert_eq!(count(report, "input.raw_bytes"), expected.raw_bytes());
    assert_eq!(count(report, "input.lines"), expected.line_count());
    assert_eq!(count(report, "rows"), expected.rows().count() as u64);
    assert_eq!(count(report, "rejected"), expected.rejected().count() as u64);
    assert_eq!(count(report, "blank"), expected.blank_count());
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    expected.rejected().for_each(|(_, line)| *reasons.entry(line.reason).or_default() += 1);
    assert_eq!(*at(report, "rejected_by_reason"), serde_json::to_value(reasons).unwrap());
    assert!(at(report, "elapsed_s").as_f64().unwrap() > 0.0);
    assert!(available_kernels().contains(&at(report, "kernel").as_str().unwrap()));
}

/// `lines = rows + rejected + blank + out_of_range`, and the outcomes add up to the rows.
#[track_caller]
fn assert_balance(report: &Json) {
    let parts = ["rows", "rejected", "blank", "out_of_range"].map(|part| count(report, part));
    assert_eq!(count(report, "input.lines"), parts.iter().sum::<u64>(), "{parts:?}");
    let outcomes = at(report, "outcomes").as_object().unwrap().values().map(|value| value.as_u64().unwrap());
    assert_eq!(count(report, "rows"), outcomes.sum::<u64>());
}

/// Two reports without what tells runs apart.
fn without_run(mut report: Json) -> Json {
    let object = report.as_object_mut().unwrap();
    for key in ["elapsed_s", "peak_memory_bytes", "kernel", "output"] {
        object.remove(key);
    }
    report
}

#[test]
fn every_number_is_the_oracles() {
    let input = folder();
    logs::generate(input.path(), 6, 2_000, 10, 51);
    let expected = Expected::of_folder(input.path());
    let report = report(input.path(), &[]).exits(3).json();
    assert_totals(&report, &expected);
    assert_balance(&report);
    let summary = expected.summary();
    for outcome in ["success", "failed", "no_verdict_http", "no_verdict_tls"] {
        assert!(summary.outcomes[outcome] > 0, "the generator makes connections that are {outcome}");
    }
    assert!(summary.failures.len() > 3, "the generator makes several kinds of failures");
    summary.assert_told_by(&report);
}

#[test]
fn odd_lines_balance_as_well() {
    let input = folder();
    for seed in 1..=3_u32 {
        logs::write(input.path(), &logs::name(seed), &logs::gzip(&logs::odd_lines(u64::from(seed) + 60, 1_000)));
    }
    let expected = Expected::of_folder(input.path());
    let report = report(input.path(), &[]).exits(3).json();
    assert_totals(&report, &expected);
    assert_balance(&report);
    for (outcome, want) in expected.summary().outcomes {
        assert_eq!(count(&report, &format!("outcomes.{outcome}")), want, "{outcome}");
    }
}

#[test]
fn convert_and_report_say_the_same_and_so_does_the_lake() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 4, 1_000, 10, 52);
    let lake = out.path().join("lake");
    let converted = convert(input.path(), &lake, &["--jobs", "2"]).exits(3).json();
    let reported = report(input.path(), &["--jobs", "1", "--kernel", "scalar"]).exits(3).json();
    assert_eq!(without_run(converted.clone()), without_run(reported));
    let kept: Json = serde_json::from_slice(&std::fs::read(lake.join("_tlslake/report.json")).unwrap()).unwrap();
    assert_eq!(without_run(kept), without_run(converted.clone()));
    assert_eq!(count(&converted, "output.rows"), count(&converted, "rows"));
    let parts = table(&lake, "connections");
    assert_eq!(count(&converted, "output.files"), parts.len() as u64);
    let bytes: u64 = parts.iter().map(|part| part.path.metadata().unwrap().len()).sum();
    assert_eq!(count(&converted, "output.bytes"), bytes);
}

/// A port is plain HTTP only if nothing in the whole input ever spoke TLS there, whichever file it stands in and whoever reads first.
#[test]
fn no_verdict_is_http_only_where_nothing_speaks_tls() {
    let input = folder();
    let probe = |port: &str| logs::PLAIN_HTTP.replace(" 80 ", &format!(" {port} "));
    let first = [probe("80"), probe("443"), probe("8080"), probe("80")].join("\n");
    logs::write(input.path(), &logs::name(1), &logs::gzip(first.as_bytes()));
    let second = [logs::THIRD_ERA.to_owned(), probe("443"), logs::THIRD_ERA.replace(" Success ", " - ")].join("\n");
    logs::write(input.path(), &logs::name(2), &logs::gzip(second.as_bytes()));
    let report = report(input.path(), &[]).exits(0).json();
    assert_eq!(count(&report, "outcomes.no_verdict_http"), 3, "ports 80, 80 and 8080");
    assert_eq!(count(&report, "outcomes.no_verdict_tls"), 3, "port 443 twice, and a connection that did speak TLS");
    Expected::of_folder(input.path()).summary().assert_told_by(&report);
}

#[test]
fn unknown_codes_and_statuses_are_counted_under_their_own_names() {
    let input = folder();
    let with = |status: &str| logs::FIRST_ERA.replace("\"Failed:ClientCertExpired\"", status);
    let text =
        [with("Failed:SomethingNew"), with("\"Failed:With Space\""), with("Revoked"), with("-"), with("\"-\""), with("Success")].join("\n");
    logs::write(input.path(), &logs::name(1), text.as_bytes());
    let report = report(input.path(), &[]).exits(0).json();
    assert_eq!(*at(&report, "failures"), serde_json::json!({"SomethingNew": 1, "With Space": 1}));
    assert_eq!(count(&report, "outcomes.other"), 1);
    assert_eq!(count(&report, "outcomes.no_verdict_tls"), 2);
    assert_balance(&report);
}

#[test]
fn nothing_in_gives_a_report_of_nothing() {
    let input = folder();
    logs::write(input.path(), &logs::name(1), b"");
    let report = report(input.path(), &[]).exits(0).json();
    assert_eq!((count(&report, "input.files"), count(&report, "input.lines"), count(&report, "rows")), (1, 0, 0));
    assert!(at(&report, "time.first").is_null());
    assert!(at(&report, "latency.max").is_null());
    assert_balance(&report);
}

#[test]
fn since_and_until_count_what_they_leave_out() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 3, 1_000, 10, 53);
    let expected = Expected::of_folder(input.path());
    let mut times: Vec<i64> = expected.rows().map(|(_, row)| row.time).collect();
    times.sort_unstable();
    // Both bounds are the time of some row: the first belongs to the range, the second does not.
    let (since, until) = (times[times.len() / 4], times[times.len() / 4 * 3]);
    let text = |micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
    let options = ["--since", &text(since), "--until", &text(until)];
    let lake = out.path().join("lake");
    for report in [report(input.path(), &options), convert(input.path(), &lake, &options)] {
        let report = report.exits(3).json();
        let inside = times.iter().filter(|time| (since..until).contains(time)).count();
        assert_eq!(count(&report, "rows"), inside as u64);
        assert_eq!(count(&report, "out_of_range"), (times.len() - inside) as u64);
        assert_eq!(count(&report, "rejected"), expected.rejected().count() as u64, "a bad line has no time to leave it out by");
        assert_balance(&report);
        let rows: Vec<&Row> = expected.rows().map(|(_, row)| row).filter(|row| (since..until).contains(&row.time)).collect();
        assert_eq!(count(&report, "outcomes.success"), Summary::of(&rows).outcomes["success"]);
    }
    let mut kept: Vec<i64> = table(&lake, "connections").iter().flat_map(|part| part.column("time")).map(|time| time.number()).collect();
    kept.sort_unstable();
    times.retain(|time| (since..until).contains(time));
    assert_eq!(kept, times);
}

const HOUR: i64 = 3_600_000_000;

/// The rows by hour and listener port, the number of them that `keep` keeps.
fn hourly(expected: &Expected, keep: impl Fn(&Row) -> bool) -> BTreeMap<(i64, i64), i64> {
    let mut hours = BTreeMap::new();
    for (_, row) in expected.rows().filter(|(_, row)| keep(row)) {
        *hours.entry((row.time.div_euclid(HOUR) * HOUR, i64::from(row.listener_port))).or_default() += 1;
    }
    hours
}

fn hourly_told(
    parts: &[crate::support::lake::Part],
    keep: impl Fn(usize, &crate::support::lake::Part) -> bool,
) -> BTreeMap<(i64, i64), i64> {
    let mut hours = BTreeMap::new();
    for part in parts {
        let (hour, port, count) = (part.column("hour"), part.column("listener_port"), part.column("count"));
        for row in (0..part.rows.len()).filter(|row| keep(*row, part)) {
            *hours.entry((hour[row].number(), port[row].number())).or_default() += count[row].number();
        }
    }
    hours
}

#[test]
fn hourly_failures_add_up_to_the_rows() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 4, 1_500, 5, 54);
    let expected = Expected::of_folder(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    let parts = table(&lake, "failures_hourly");
    let reasons = hourly_told(&parts, |row, part| part.column("reason")[row] != Value::Null);
    assert_eq!(reasons, hourly(&expected, |row| row.tls_failure_reason.is_some()));
    for name in ["account", "region", "elb", "outcome"] {
        parts.iter().for_each(|part| drop(part.column(name)));
    }
}

/// The histogram that stands in the table is the one that the oracle's latencies give: hours roll up to days by adding these.
#[test]
fn hourly_latency_holds_the_histogram_itself() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 4, 1_500, 5, 55);
    let expected = Expected::of_folder(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    let parts = table(&lake, "latency_hourly");
    assert_eq!(hourly_told(&parts, |_, _| true), hourly(&expected, |row| row.tls_handshake_latency.is_some()));
    let mut sum = hdrhistogram::Histogram::<u64>::new(3).unwrap();
    let mut deserializer = hdrhistogram::serialization::Deserializer::new();
    for part in &parts {
        let counts = part.column("count");
        let percentiles =
            [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)].map(|(name, quantile)| (part.column(name), quantile));
        let binary = part.schema.fields().iter().position(|field| *field.data_type() == arrow::datatypes::DataType::Binary);
        for (row, values) in part.rows.iter().enumerate() {
            let Value::Bytes(bytes) = &values[binary.expect("a column of histograms")] else { panic!("a histogram is never NULL") };
            let histogram: hdrhistogram::Histogram<u64> = deserializer.deserialize(&mut bytes.as_slice()).expect("HDR's V2 form");
            assert_eq!(histogram.len() as i64, counts[row].number());
            for (column, quantile) in &percentiles {
                let slowest = part.column("max")[row].number() as u64;
                let want = histogram.value_at_quantile(*quantile).clamp(part.column("min")[row].number() as u64, slowest);
                assert_eq!(column[row].number() as u64, want, "percentile {quantile}");
            }
            sum.add(histogram).unwrap();
        }
    }
    let summary = expected.summary();
    let mut want = hdrhistogram::Histogram::<u64>::new(3).unwrap();
    summary.latencies.iter().for_each(|ms| want.record(*ms).unwrap());
    assert_eq!(sum, want);
}

#[test]
fn the_text_says_what_a_person_asks() {
    let input = folder();
    logs::generate(input.path(), 3, 1_000, 5, 56);
    let json = report(input.path(), &[]).json();
    let text = run(["report", input.path().to_str().unwrap()]).exits(3).stdout;
    let mut wanted: Vec<String> = ["p50", "p99", "ms", "uccess", "ejected", "%"].map(str::to_owned).to_vec();
    wanted.extend(at(&json, "failures").as_object().unwrap().keys().cloned());
    let most = &at(&json, "top_failing.client_ip").as_array().unwrap()[0];
    wanted.push(at(most, "value").as_str().unwrap().to_owned());
    for part in wanted {
        assert!(text.contains(&part), "{part:?} is not in the text form:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour outside a terminal");
}
