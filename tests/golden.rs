//! The committed fixtures: the archive that a newcomer converts first, and the files that are damaged or odd, each in one way.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tlslake_datasets::fixtures::{EXPECTATIONS, Expectation, SKIPPED};

use crate::support::expected::Expected;
use crate::support::lake::{assert_holds, table};
use crate::support::{at, convert, count, folder, report};

fn path_of(fixture: &str) -> PathBuf {
    tlslake_datasets::golden_dir().with_file_name(fixture)
}

fn fixture(expectation: &Expectation) -> PathBuf {
    path_of(expectation.path)
}

fn fixtures(folder: &str) -> Vec<&'static Expectation> {
    let found: Vec<_> = EXPECTATIONS.iter().filter(|expectation| expectation.path.starts_with(folder)).collect();
    assert!(!found.is_empty(), "there are fixtures in {folder}");
    found
}

fn expected(fixtures: &[&Expectation]) -> Expected {
    let mut expected = Expected::default();
    fixtures.iter().filter(|expectation| expectation.fault.is_none()).for_each(|expectation| expected.add(&fixture(expectation)));
    expected
}

#[test]
fn golden_logs_convert_to_the_last_value() {
    let out = folder();
    let lake = out.path().join("lake");
    let expected = expected(&fixtures("golden/"));
    let clean = expected.rejected().next().is_none();
    let report = convert(&tlslake_datasets::golden_dir(), &lake, &[]).exits(if clean { 0 } else { 3 }).json();
    assert_holds(&lake, &expected);
    assert_eq!(count(&report, "input.files"), expected.files.len() as u64);
    expected.summary().assert_told_by(&report);
}

#[test]
fn golden_logs_hold_every_era() {
    let expected = expected(&fixtures("golden/"));
    let last = |row: &crate::support::oracle::Row| {
        let newer = [&row.conn_trace_id, &row.tls_keyexchange, &row.elb, &row.ip_address];
        (newer.iter().rposition(|value| value.is_some()), row.extra_fields.is_some())
    };
    let shapes: BTreeSet<_> = expected.rows().map(|(_, row)| last(row)).collect();
    assert!(shapes.contains(&(None, false)), "lines of the first era, 11 fields");
    assert!(shapes.contains(&(Some(0), false)), "lines of the second era, 12 fields");
    assert!(shapes.contains(&(Some(3), false)), "lines of the third era, 15 fields");
    assert!(shapes.contains(&(Some(3), true)), "lines with more fields than are known");
}

#[test]
fn siblings_among_the_fixtures_are_skipped_by_name() {
    for top in [tlslake_datasets::golden_dir(), tlslake_datasets::hostile_dir()] {
        let skipped: Vec<PathBuf> = SKIPPED.iter().map(|skipped| path_of(skipped.path)).filter(|path| path.starts_with(&top)).collect();
        let report = report(&top, &[]).json();
        let told: Vec<PathBuf> =
            at(&report, "skipped_files").as_array().unwrap().iter().map(|file| at(file, "object").as_str().unwrap().into()).collect();
        for path in skipped {
            assert!(told.contains(&path), "{} is named as skipped", path.display());
        }
    }
}

/// Two readers that know nothing of each other, the oracle and whoever wrote the fixtures, agree before the product is asked.
#[test]
fn the_oracle_reads_what_was_written_down() {
    for expectation in EXPECTATIONS.iter().filter(|expectation| expectation.fault.is_none()) {
        let read = expected(&[expectation]);
        let counts = (read.rows().count() as u64, read.rejected().count() as u64, read.blank_count());
        assert_eq!(counts, (expectation.rows, expectation.rejected, expectation.blank), "{}", expectation.path);
    }
}

/// What each fixture holds was written down beside it when it was made.
#[test]
fn every_fixture_reads_as_written_down() {
    assert!(EXPECTATIONS.len() > 10);
    for expectation in EXPECTATIONS {
        let path = fixture(expectation);
        let report = report(&path, &[]).json();
        let told = (count(&report, "rows"), count(&report, "rejected"), count(&report, "blank"));
        let want = (expectation.rows, expectation.rejected, expectation.blank);
        assert_eq!(told, want, "rows, rejected, blank of {}", expectation.path);
        let faults = at(&report, "failed_files").as_array().unwrap().iter();
        let faults: Vec<&str> = faults.map(|file| at(file, "kind").as_str().unwrap()).collect();
        assert_eq!(faults.first().copied(), expectation.fault, "fault of {}", expectation.path);
    }
}

#[test]
fn salvage_gives_the_rows_written_down() {
    for expectation in EXPECTATIONS.iter().filter(|expectation| expectation.fault.is_some()) {
        let report = report(&fixture(expectation), &["--on-corrupt", "salvage"]).exits(3).json();
        assert_eq!(count(&report, "rows"), expectation.salvageable, "{}", expectation.path);
    }
}

#[test]
fn every_whole_fixture_converts_to_the_last_value() {
    for expectation in EXPECTATIONS.iter().filter(|expectation| expectation.fault.is_none()) {
        let out = folder();
        let lake = out.path().join("lake");
        let code = convert(&fixture(expectation), &lake, &[]).code;
        assert_eq!(code, if expectation.rejected > 0 { 3 } else { 0 }, "{}", expectation.path);
        assert_holds(&lake, &expected(&[expectation]));
    }
}

/// One damaged neighbour costs nobody else a row.
#[test]
fn hostile_files_together_give_the_rows_of_the_whole_ones() {
    let out = folder();
    let lake = out.path().join("lake");
    let hostile = fixtures("hostile/");
    let mut arguments = vec!["convert".into(), "--out".into(), lake.clone().into_os_string()];
    arguments.extend(hostile.iter().map(|expectation| fixture(expectation).into_os_string()));
    crate::support::run(arguments).exits(3);
    assert_holds(&lake, &expected(&hostile));
    let rows: usize = table(&lake, "connections").iter().map(|part| part.rows.len()).sum();
    assert_eq!(rows as u64, hostile.iter().map(|expectation| expectation.rows).sum::<u64>());
}
