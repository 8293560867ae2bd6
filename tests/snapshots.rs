//! The words that people read, as they stand in `tests/snapshots/`: a change of them is seen in review.
//!
//! To take over a change: `INSTA_UPDATE=always cargo test --test tlslake snapshots`, then read the diff.

use crate::support::{folder, logs, run};

/// What differs from run to run (paths, speed, the kernel) is put into one form.
macro_rules! assert_words {
    ($name:literal, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            filters => vec![
                (r"[^\s'`]*/tlslake-\w{6}/?", "[folder]/"),
                (r"[^\s'`]*/datasets/golden/?", "[golden]/"),
                (r"(?m)^.*(kernel|elapsed|/s\b).*$", "[a line about speed]"),
                (r"[ \t]+(?m)$", ""),
            ],
        }, { insta::assert_snapshot!($name, $text) });
    };
}

#[test]
fn help() {
    assert_words!("help", run(["--help"]).exits(0).stdout);
    assert_words!("help_convert", run(["convert", "--help"]).exits(0).stdout);
    assert_words!("help_compact", run(["compact", "--help"]).exits(0).stdout);
    assert_words!("help_report", run(["report", "--help"]).exits(0).stdout);
    assert_words!("help_failures", run(["failures", "--help"]).exits(0).stdout);
    assert_words!("help_diagnose", run(["diagnose", "--help"]).exits(0).stdout);
    assert_words!("help_certs", run(["certs", "--help"]).exits(0).stdout);
    assert_words!("help_explain", run(["explain", "--help"]).exits(0).stdout);
    assert_words!("help_lint_trust_store", run(["lint-trust-store", "--help"]).exits(0).stdout);
    assert_words!("help_generate", run(["generate", "--help"]).exits(0).stdout);
    assert_words!("help_bench", run(["bench", "--help"]).exits(0).stdout);
    assert_words!("help_kernels", run(["kernels", "--help"]).exits(0).stdout);
}

#[test]
fn the_report_of_the_golden_logs() {
    let golden = tlslake_datasets::golden_dir();
    assert_words!("report_golden", run(["report", golden.to_str().unwrap()]).stdout);
}

#[test]
fn the_diagnosis_of_the_golden_logs() {
    let golden = tlslake_datasets::golden_dir();
    let diagnose = |more: &[&str]| run(["diagnose", golden.to_str().unwrap()].iter().chain(more)).stdout;
    assert_words!("diagnose_golden", diagnose(&["--top", "6"]));
    assert_words!("diagnose_golden_markdown", diagnose(&["--top", "3", "--format", "markdown"]));
}

#[test]
fn what_explain_says_of_a_code() {
    assert_words!("explain_untrusted", run(["explain", "ClientCertUntrusted"]).exits(0).stdout);
}

#[test]
fn what_certs_says_of_the_golden_logs() {
    let golden = tlslake_datasets::golden_dir();
    let forecast = ["certs", golden.to_str().unwrap(), "--as-of", "2026-03-18", "--expiring", "4w"];
    assert_words!("certs_expiring_golden", run(forecast).stdout);
}

#[test]
fn what_convert_says_of_soiled_logs() {
    let (input, out) = (folder(), folder());
    let text = [&logs::lines(50)[..], b"not a log line\n", b"\n"].concat();
    logs::write(input.path(), &logs::name(1), &logs::gzip(&text));
    logs::write(input.path(), &logs::name(2), &logs::gzip(&text)[..200]);
    let run = run(["convert", input.path().to_str().unwrap(), "--out", out.path().join("lake").to_str().unwrap()]).exits(3);
    assert_words!("convert_soiled_stdout", without_sizes(&run.stdout));
    assert_words!("convert_soiled_stderr", run.stderr);
}

/// Sizes of Parquet files change with the version of its writer.
fn without_sizes(text: &str) -> String {
    let units = ["B", "kB", "KB", "KiB", "MB", "MiB"];
    let mut lines = text.lines().map(|line| {
        // The line that tells the speed and the peak has its own form.
        let is_size = !line.contains("kernel") && line.split_whitespace().any(|word| units.contains(&word.trim_matches([',', '(', ')'])));
        if is_size { "[a line with sizes]".to_owned() } else { line.to_owned() }
    });
    let mut text = lines.next().unwrap_or_default();
    lines.for_each(|line| text.extend(["\n", &line]));
    text
}

#[test]
fn errors_name_the_cause_and_the_way_out() {
    let input = folder();
    logs::write(input.path(), "empty/readme.md", b"no logs here");
    let missing = input.path().join("missing");
    assert_words!("error_missing_input", run(["report", missing.to_str().unwrap()]).exits(1).stderr);
    assert_words!("error_no_log", run(["report", input.path().to_str().unwrap()]).exits(1).stderr);
    assert_words!("error_no_input", run(["report"]).exits(2).stderr);
    assert_words!("error_compression", run(["convert", "x", "--out", "y", "--compression", "zstd:99"]).exits(2).stderr);
}
