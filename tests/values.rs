//! Every value of every row, and every rejected line, against the oracle; and the same bytes however the run is carried out.

use std::path::Path;

use crate::support::expected::Expected;
use crate::support::lake::{assert_holds, assert_same_tree, table, tree};
use crate::support::values::Value;
use crate::support::{at, available_kernels, convert, count, folder, logs};

/// Converts a folder and demands that the lake holds what the oracle reads there, and that the report counts it so.
#[track_caller]
fn assert_converts(input: &Path, expected: &Expected) {
    let out = folder();
    let lake = out.path().join("lake");
    let clean = expected.rejected().next().is_none();
    let report = convert(input, &lake, &[]).exits(if clean { 0 } else { 3 }).json();
    assert_holds(&lake, expected);
    assert_eq!(count(&report, "rows"), expected.rows().count() as u64);
    assert_eq!(count(&report, "rejected"), expected.rejected().count() as u64);
    assert_eq!(count(&report, "blank"), expected.blank_count());
    assert_eq!(count(&report, "input.lines"), expected.line_count());
    assert_eq!(count(&report, "output.rows"), expected.rows().count() as u64);
    assert_eq!(at(&report, "output.committed"), true);
    assert!(lake.join("_SUCCESS").is_file());
}

/// Converts a folder with each set of options and demands the same files, byte for byte.
fn assert_same_bytes(input: &Path, options: &[Vec<&str>]) {
    let out = folder();
    let first = &options[0];
    let trees = options.iter().enumerate().map(|(number, options)| {
        let lake = out.path().join(number.to_string());
        let code = convert(input, &lake, options).code;
        assert!(code == 0 || code == 3, "{options:?} exits with {code}");
        tree(&lake)
    });
    let trees: Vec<_> = trees.collect();
    assert!(trees[0].keys().any(|name| name.starts_with("connections/")), "the lake has rows");
    for (tree, options) in trees.iter().zip(options).skip(1) {
        assert_same_tree(&trees[0], tree, &format!("{first:?} and {options:?}"));
    }
}

#[test]
fn generated_logs_convert_to_the_last_value() {
    let input = folder();
    logs::generate(input.path(), 6, 1_500, 20, 7);
    let expected = Expected::of_folder(input.path());
    assert_eq!(expected.files.len(), 6);
    assert!(expected.rows().count() > 6 * 1_000, "most generated lines are good");
    assert!(expected.rejected().next().is_some(), "--faults makes some that are not");
    assert_converts(input.path(), &expected);
}

#[test]
fn generated_logs_without_faults_are_clean() {
    let input = folder();
    logs::generate(input.path(), 3, 1_000, 0, 8);
    let expected = Expected::of_folder(input.path());
    assert_eq!((expected.line_count(), expected.rows().count()), (3_000, 3_000));
    assert_converts(input.path(), &expected);
}

#[test]
fn odd_lines_convert_to_the_last_value() {
    let input = folder();
    for seed in 1..=4_u32 {
        let text = logs::odd_lines(seed.into(), 2_500);
        logs::write(input.path(), &logs::name(seed), &logs::gzip(&text));
    }
    let expected = Expected::of_folder(input.path());
    let reasons: std::collections::BTreeSet<_> = expected.rejected().map(|(_, line)| line.reason).collect();
    assert_eq!(reasons.len(), 8, "every reason for a rejection occurs: {reasons:?}");
    assert_converts(input.path(), &expected);
}

#[test]
fn every_kernel_and_any_number_of_jobs_give_the_same_bytes() {
    let input = folder();
    logs::generate(input.path(), 5, 800, 20, 9);
    for seed in 1..=2_u32 {
        logs::write(input.path(), &logs::name(seed), &logs::gzip(&logs::odd_lines(seed.into(), 1_500)));
    }
    let mut options: Vec<Vec<&str>> = ["1", "2", "4"].map(|jobs| vec!["--jobs", jobs]).to_vec();
    options.extend(available_kernels().into_iter().map(|kernel| vec!["--kernel", kernel]));
    assert_same_bytes(input.path(), &options);
}

/// A file too large to be read in one go comes in pieces; no seam may show, in any form of storage.
#[test]
fn a_large_file_shows_no_seams() {
    let mut text = logs::lines(100_000);
    text.extend_from_slice(&logs::odd_lines(5, 3_000));
    assert!(text.len() > 20 << 20, "{} bytes are not large", text.len());
    let middle = text.len() / 2 + 17;
    let members = [logs::gzip(&text[..middle]), logs::gzip(&[]), logs::gzip(&text[middle..])].concat();
    let frames = [logs::zstd(&text[..middle]), logs::zstd(&text[middle..])].concat();
    for (name, stored) in [("gzip", &members), ("zstd", &frames), ("plain", &text)] {
        let input = folder();
        let path = logs::write(input.path(), &logs::name(1), stored);
        let mut expected = Expected::default();
        expected.add_raw(&path.to_string_lossy(), stored.len() as u64, &text);
        eprintln!("large file stored as {name}");
        assert_converts(input.path(), &expected);
        if name == "gzip" {
            assert_same_bytes(input.path(), &["1", "3"].map(|jobs| vec!["--jobs", jobs]));
        }
    }
}

#[test]
fn without_partitions_the_rows_stand_file_after_file() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 4, 500, 5, 10);
    let expected = Expected::of_folder(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &["--partition", "none"]);
    assert_holds(&lake, &expected);
    let parts = table(&lake, "connections");
    let objects: Vec<Value> = parts.iter().flat_map(|part| part.column("source_object")).collect();
    let mut files = objects.clone();
    files.dedup();
    assert_eq!(files.len(), 4, "the rows of each file stand together");
}

#[test]
fn standard_input_is_read_like_a_file() {
    let out = folder();
    let text = logs::odd_lines(11, 2_000);
    let mut expected = Expected::default();
    expected.add_raw("-", text.len() as u64, &text);
    for (name, stored) in [("plain", text.clone()), ("gzip", logs::gzip(&text)), ("zstd", logs::zstd(&text))] {
        let lake = out.path().join(name);
        let arguments = ["convert", "-", "--out", lake.to_str().unwrap(), "--format", "json"];
        crate::support::run_with_stdin(arguments, &stored).exits(3).json();
        assert_holds(&lake, &expected);
    }
}
