//! A report with everything in it, as text and as JSON, under snapshot; and reports with little in them.

use std::collections::BTreeMap;

use tlslake_engine::report::{
    FailedFile, InputTotals, Latency, LatencyBy, LatencySummary, Outcomes, Output, Report, SkippedEntry, TimeSpan, TopEntry, TopFailing,
};

use crate::commands::{LogsOutcome, Outcome};
use crate::render::{json, shorten, text_of};

/// A page as narrow as a usual terminal.
const WIDTH: usize = 100;

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
}

fn summary(count: u64, percentiles: [u64; 7]) -> LatencySummary {
    let [min, p50, p90, p95, p99, p999, max] = percentiles.map(Some);
    LatencySummary { count, min, p50, p90, p95, p99, p999, max }
}

fn by(values: &[(&str, u64)]) -> BTreeMap<String, LatencySummary> {
    values.iter().map(|(value, count)| ((*value).to_owned(), summary(*count, [1, 9, 22, 31, 88, 412, 1_530]))).collect()
}

fn latency() -> Latency {
    Latency {
        unit: "ms".into(),
        all: summary(3_050_210, [1, 9, 22, 31, 88, 412, 1_530]),
        by: LatencyBy {
            tls_protocol: by(&[("TLSv1.2", 610_042), ("TLSv1.3", 2_440_168)]),
            tls_cipher: by(&[("ECDHE-RSA-AES128-GCM-SHA256", 610_042), ("TLS_AES_128_GCM_SHA256", 2_440_168)]),
            tls_keyexchange: by(&[("-", 10), ("X25519MLKEM768", 1_220_000), ("secp256r1", 1_830_200)]),
            listener_port: by(&[("443", 3_050_000), ("8443", 210)]),
        },
    }
}

fn top_failing() -> TopFailing {
    let entry =
        |value: &str, count, error, reasons: &[(&str, u64)]| TopEntry { value: value.into(), count, error, reasons: counts(reasons) };
    TopFailing {
        client_ip: vec![
            entry("203.0.113.7", 41_200, 0, &[("ClientCertExpired", 41_000), ("ClientCertUntrusted", 200)]),
            entry("2001:db8::1f", 12, 3, &[("UnmappedConnectionError", 12)]),
        ],
        subject: vec![
            entry(
                "CN=payments-batch-client-0042.internal.example.com,OU=Payments Platform,O=Company LLC,L=Frankfurt am Main,C=DE",
                41_000,
                0,
                &[("ClientCertExpired", 41_000)],
            ),
            entry("CN=\u{1b}[31mevil\u{1b}[0m,O=日本株式会社", 200, 0, &[("ClientCertUntrusted", 200)]),
            entry("-", 12, 0, &[("UnmappedConnectionError", 10), ("ClientCertFromTheFuture", 1), ("ClientCertInvalid", 1)]),
        ],
    }
}

fn failed_files() -> Vec<FailedFile> {
    vec![FailedFile {
        object: "logs/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/01/01/conn_log_123456789012_elasticloadbalancing_eu-west-1_\
                 app.edge.0123456789abcdef_20260101T1005Z_198.51.100.4_1a2b3c4d.log.gz"
            .into(),
        offset: 9_120_377,
        kind: "truncated".into(),
        error: "the file ends inside a gzip member".into(),
        salvaged_rows: None,
    }]
}

fn full() -> Report {
    Report {
        schema: Report::SCHEMA.into(),
        input: InputTotals { files: 64, compressed_bytes: 181_204_511, raw_bytes: 1_203_345_006, lines: 3_200_000 },
        rows: 3_192_480,
        rejected: 7_518,
        rejected_by_reason: counts(&[("invalid-time", 518), ("quote-not-closed", 7_000)]),
        blank: 2,
        out_of_range: 0,
        skipped: counts(&[("access log", 12), ("test file", 1)]),
        skipped_files: vec![SkippedEntry { object: "logs/ELBConnectionLogTestFile".into(), reason: "test file".into() }],
        failed: 1,
        failed_files: failed_files(),
        outcomes: Outcomes { success: 3_050_210, failed: 41_213, no_verdict_http: 100_000, no_verdict_tls: 1_056, other: 1 },
        failures: counts(&[
            ("ClientCertExpired", 41_000),
            ("ClientCertFromTheFuture", 1),
            ("ClientCertUntrusted", 200),
            ("UnmappedConnectionError", 12),
        ]),
        latency: latency(),
        top_failing: top_failing(),
        time: TimeSpan { first: Some("2026-01-01T00:00:00.000123Z".into()), last: Some("2026-01-01T23:59:59.998Z".into()) },
        elapsed_s: 4.2,
        peak_memory_bytes: Some(305 << 20),
        kernel: "avx2".into(),
        output: Some(Output { path: "lake".into(), committed: true, files: 3, rows: 3_192_480, bytes: 120_000_000, ..Output::default() }),
        notes: vec!["More than 65,536 certificate subjects failed: the counts of rare ones are upper bounds.".into()],
    }
}

fn outcome(report: Report) -> Outcome {
    Outcome::Logs(Box::new(LogsOutcome { report, inputs: vec!["logs/".into()] }))
}

fn plain(report: Report, width: usize) -> String {
    anstream::adapter::strip_str(&text_of(&outcome(report), width)).to_string()
}

#[test]
fn a_full_report_as_text() {
    insta::assert_snapshot!(plain(full(), WIDTH));
}

#[test]
fn a_full_report_as_json() {
    insta::assert_snapshot!(json::render(&outcome(full())).unwrap());
}

#[test]
fn a_report_without_a_lake_names_the_conversion() {
    let report = Report { output: None, failed: 0, failed_files: Vec::new(), ..full() };
    let text = plain(report, WIDTH);
    assert!(text.starts_with("tlslake report  64 files"));
    assert!(text.contains("keeps them whole, with file, line and byte, in <out>/rejected/"));
    assert!(text.ends_with("Next\n  tlslake convert logs/ --out lake\n"));
    assert!(!text.contains("Failed files") && !text.contains("duckdb"));
}

#[test]
fn an_empty_report_is_short() {
    let report = Report { kernel: "scalar".into(), ..Report::default() };
    insta::assert_snapshot!(plain(report, WIDTH), @"
    tlslake report  0 files, 0 B as stored → 0 B raw, 0 lines
      time      no rows
      run       0.00 s, kernel scalar
      lines     0 = 0 rows + 0 rejected + 0 blank + 0 out of range
    ");
}

#[test]
fn strict_says_that_nothing_was_committed() {
    let output = Some(Output { path: "lake".into(), ..Output::default() });
    let text = plain(Report { output, ..full() }, WIDTH);
    assert!(text.contains("nothing was committed: --strict, and 7,518 lines rejected, 1 of 64 files failed"));
    assert!(!text.contains("Next"));
}

#[test]
fn salvaged_rows_are_told() {
    let mut report = full();
    report.failed_files[0].salvaged_rows = Some(1_234);
    let text = plain(report, WIDTH);
    assert!(text.contains("the file ends inside a gzip member; 1,234 rows salvaged"));
    assert!(text.contains("(--on-corrupt salvage)"));
}

#[test]
fn counts_that_do_not_add_up_are_not_passed_over() {
    let text = plain(Report { blank: 0, ..full() }, WIDTH);
    assert!(text.contains("3,200,000 ≠ 3,192,480 rows") && text.contains("DOES NOT ADD UP"));
}

#[test]
fn tables_fit_the_page() {
    for width in [80, 100, 160] {
        let text = plain(full(), width);
        let tables = text.lines().filter(|line| line.contains("CN=") || line.contains("AES"));
        for line in tables {
            assert!(shorten::columns(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn no_client_can_write_to_the_terminal() {
    let text = text_of(&outcome(full()), WIDTH);
    assert!(!text.contains("\u{1b}[31mevil"));
    assert!(plain(full(), WIDTH).contains(r"CN=\u{1b}[31mevil\u{1b}[0m"));
}
