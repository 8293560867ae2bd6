use std::fs::File;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::*;
use crate::columns::arrow::testing::{self, row};
use crate::columns::schema;

fn lake(folder: &TempDir) -> Lake {
    Lake::create(LakeConfig::new(folder.path().join("a/lake"))).unwrap()
}

/// A unit of `rows` usual rows.
fn unit(lake: &Lake, id: &str, rows: u64) -> StagedUnit {
    let mut unit = lake.unit(id, testing::files().into()).unwrap();
    let (batch, dicts, first_lines) = testing::batch(&(0..rows).map(row).collect::<Vec<_>>());
    unit.append(&batch, &dicts, &first_lines).unwrap();
    unit.finish().unwrap()
}

/// Every file below, relative, sorted.
fn tree(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(folder)
        .min_depth(1)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(|batch| batch.unwrap()).collect()
}

fn failure() -> FailureHourRow {
    FailureHourRow {
        hour: 3_600_000_000,
        account: Some("111111111111".to_owned()),
        listener_port: 443,
        outcome: "failed".to_owned(),
        reason: Some("ClientCertExpired".to_owned()),
        count: 7,
        ..FailureHourRow::default()
    }
}

const PART: &str = "connections/account=111111111111/region=eu-west-1/day=2024-01-01/part-u1.parquet";

#[test]
fn a_complete_job_appears_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = lake(&folder);
    let out = folder.path().join("a/lake");
    let staged = unit(&lake, "u1", 20);
    assert!(!out.join("connections").exists());
    lake.commit(staged).unwrap();
    assert!(out.join(PART).exists());
    let latency = LatencyHourRow { count: 3, p999: 9, histogram: vec![1, 2, 3], ..LatencyHourRow::default() };
    let seen = |output: &Output| {
        assert!(!out.join("_SUCCESS").exists());
        assert!(output.committed);
        Ok(format!("{{\"rows\":{}}}", output.rows).into_bytes())
    };
    let output = lake.finish("job", [Ok(failure())].into_iter(), [Ok(latency)].into_iter(), seen).unwrap();
    assert_eq!((output.files, output.rows), (1, 20));
    assert_eq!(output.bytes, fs::metadata(out.join(PART)).unwrap().len());
    let expected = ["_SUCCESS", "_tlslake/report.json", PART, "failures_hourly/part-job.parquet", "latency_hourly/part-job.parquet"];
    assert_eq!(tree(&out), expected);
    assert!(!out.join("_tlslake/staging").exists());
    assert_eq!(fs::read_to_string(out.join("_tlslake/report.json")).unwrap(), "{\"rows\":20}");
    check_hourly(&out);
}

fn check_hourly(out: &Path) {
    let failures = &read(&out.join("failures_hourly/part-job.parquet"))[0];
    assert_eq!(failures.schema().fields(), schema::arrow_schema(&schema::FAILURES_HOURLY).fields());
    assert_eq!(failures.column(0).as_primitive::<TimestampMicrosecondType>().value(0), 3_600_000_000);
    assert_eq!(failures.column(1).as_string::<i32>().value(0), "111111111111");
    assert_eq!(failures.column(2).logical_null_count(), 1);
    assert_eq!(failures.column(4).as_primitive::<Int32Type>().value(0), 443);
    assert_eq!(failures.column(6).as_string::<i32>().value(0), "ClientCertExpired");
    assert_eq!(failures.column(7).as_primitive::<Int64Type>().value(0), 7);
    let latency = &read(&out.join("latency_hourly/part-job.parquet"))[0];
    assert_eq!(latency.schema().fields(), schema::arrow_schema(&schema::LATENCY_HOURLY).fields());
    assert_eq!(latency.column_by_name("p999").unwrap().as_primitive::<Int64Type>().value(0), 9);
    assert_eq!(latency.column_by_name("histogram").unwrap().as_binary::<i32>().value(0), [1, 2, 3]);
}

#[test]
fn hourly_tables_stand_even_without_rows_and_stream_with_many() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(&folder);
    let out = folder.path().join("a/lake");
    let many = (0..100_000).map(|count| Ok(FailureHourRow { count, ..failure() }));
    lake.finish("job", many, std::iter::empty(), |_| Ok(Vec::new())).unwrap();
    let counts: Vec<i64> = read(&out.join("failures_hourly/part-job.parquet"))
        .iter()
        .flat_map(|batch| batch.column(7).as_primitive::<Int64Type>().values().to_vec())
        .collect();
    assert_eq!(counts, (0..100_000).collect::<Vec<i64>>());
    assert!(read(&out.join("latency_hourly/part-job.parquet")).is_empty());
}

#[test]
fn a_run_that_fails_takes_everything_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = lake(&folder);
    first.commit(unit(&first, "u1", 20)).unwrap();
    drop(first);
    assert!(tree(folder.path()).is_empty());
    assert!(!folder.path().join("a").exists());

    let mut second = lake(&folder);
    second.commit(unit(&second, "u1", 20)).unwrap();
    second.abandon().unwrap();
    assert!(!folder.path().join("a").exists());

    let third = lake(&folder);
    let broken = [Ok(failure()), Err(Error::Cancelled)];
    let failed = third.finish("job", broken.into_iter(), std::iter::empty(), |_| Ok(Vec::new()));
    assert!(matches!(failed, Err(Error::Cancelled)));
    assert!(!folder.path().join("a").exists());
}

#[test]
fn a_folder_that_was_there_and_what_others_put_there_stay() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("lake");
    fs::create_dir(&out).unwrap();
    let lake = Lake::create(LakeConfig::new(&out)).unwrap();
    fs::write(out.join("note.txt"), "mine").unwrap();
    drop(lake);
    assert_eq!(tree(&out), ["note.txt"]);
    fs::remove_file(out.join("note.txt")).unwrap();
    Lake::create(LakeConfig::new(&out)).unwrap().abandon().unwrap();
    assert!(out.exists());
}

fn refused(out: &Path) -> String {
    match Lake::create(LakeConfig::new(out)) {
        Err(error @ Error::Output { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_occupied_folder_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let running = lake(&folder);
    assert!(refused(&out).contains("not complete"));
    running.finish("job", std::iter::empty(), std::iter::empty(), |_| Ok(Vec::new())).unwrap();
    assert!(refused(&out).contains("holds a lake already"));
    assert_eq!(tree(&out).len(), 4);
    fs::write(folder.path().join("a/note.txt"), "mine").unwrap();
    assert!(refused(&folder.path().join("a")).contains("not empty"));
    assert!(refused(&folder.path().join("a/note.txt")).contains("is a file"));
    assert!(folder.path().join("a/note.txt").exists());
}

#[test]
fn two_units_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = lake(&folder);
    lake.commit(unit(&lake, "u1", 20)).unwrap();
    lake.commit(unit(&lake, "u2", 5)).unwrap();
    assert_eq!((lake.output.files, lake.output.rows), (2, 25));
    let again = unit(&lake, "u1", 20);
    assert!(matches!(lake.commit(again), Err(Error::Output { .. })));
}
