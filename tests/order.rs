//! `convert --sort`: the same rows, in order of time inside each file.

use std::ffi::OsStr;
use std::path::Path;

use tempfile::TempDir;

use crate::support::expected::Expected;
use crate::support::lake::{assert_holds_by_time, assert_same_tree, table, tree};
use crate::support::{convert, folder, logs, run};

/// Row groups and files so small that many of each overlap.
const SMALL: [&str; 5] = ["--sort", "--row-group-rows", "60", "--target-file-size", "200KiB"];

/// Logs of several hours whose files overlap in time, odd lines among them.
fn input() -> TempDir {
    let input = folder();
    logs::generate(&input.path().join("generated"), 5, 700, 3, 41);
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::odd_lines(42, 300)));
    input
}

fn convert_with(input: &Path, lake: &Path, more: &[&str]) {
    convert(input, lake, &[&SMALL[..], more].concat()).exits(3);
}

#[test]
fn rows_are_the_same_and_each_file_ascends() {
    let (input, out) = (input(), folder());
    let expected = Expected::of_folder(input.path());
    for writer in ["pages", "arrow"] {
        let lake = out.path().join(writer);
        convert_with(input.path(), &lake, &["--writer", writer]);
        assert_holds_by_time(&lake, &expected);
        let parts = table(&lake, "connections");
        assert!(parts.iter().any(|part| part.rows.len() > 400), "some files have many row groups");
        run([OsStr::new("verify"), lake.as_os_str(), input.path().as_os_str()]).exits(0);
    }
}

#[test]
fn bytes_depend_on_rows_and_settings_alone() {
    let (input, out) = (input(), folder());
    let trees = ["1", "2", "4"].map(|jobs| {
        let lake = out.path().join(jobs);
        convert_with(input.path(), &lake, &["--jobs", jobs]);
        tree(&lake)
    });
    assert_same_tree(&trees[0], &trees[1], "two threads");
    assert_same_tree(&trees[0], &trees[2], "four threads");
}

/// How rows are stored may differ from run to run: a lake may go on in another order, and its units have other names then.
#[test]
fn a_lake_may_go_on_in_order_of_time() {
    let (input, out) = (folder(), folder());
    let lake = out.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(40)));
    convert(input.path(), &lake, &[]).exits(0);
    logs::write(input.path(), &logs::name(2), &logs::gzip(&logs::lines(50)));
    convert(input.path(), &lake, &["--sort"]).exits(0);
    run([OsStr::new("verify"), lake.as_os_str(), input.path().as_os_str()]).exits(0);
    let afresh = |name: &str, more: &[&str]| {
        let lake = out.path().join(name);
        convert(input.path(), &lake, more).exits(0);
        tree(&lake).into_keys().filter(|name| name.starts_with("connections/")).collect::<Vec<_>>()
    };
    assert_ne!(afresh("usual", &[]), afresh("ordered", &["--sort"]));
}

/// Rows of several inputs take turns in such a lake; what is asked of it is answered as before.
#[test]
fn a_lake_in_order_of_time_answers_as_its_logs_do() {
    let (input, out) = (input(), folder());
    let lake = out.path().join("lake");
    convert_with(input.path(), &lake, &[]);
    let told = |input: &Path| {
        let report = crate::support::report(input, &[]).exits(3).json();
        ["rows", "rejected", "outcomes", "failures", "latency", "top_failing", "time"].map(|key| crate::support::at(&report, key).clone())
    };
    assert_eq!(told(&lake), told(input.path()));
    let lines = |input: &Path| {
        let found = run([OsStr::new("failures"), input.as_os_str(), OsStr::new("--format"), OsStr::new("csv")]).exits(3);
        let mut lines: Vec<String> = found.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines(&lake), lines(input.path()));
}
