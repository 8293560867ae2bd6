use std::fs::{self, File};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::manifest::InputStatus;
use super::*;
use crate::columns::Tally;
use crate::columns::arrow::testing::{self, row};
use crate::columns::schema;
use crate::config::{ReadConfig, StoreConfig};

fn lake(folder: &TempDir) -> Lake {
    Lake::create(LakeConfig::new(folder.path().join("a/lake"))).unwrap()
}

fn home_of(config: &LakeConfig) -> Arc<dyn Home> {
    home::home(&config.out, &StoreConfig::default(), &Arc::default()).unwrap()
}

impl Lake {
    /// For a run with the default settings that waits for nobody.
    pub(in crate::lake) fn create(config: LakeConfig) -> Result<Self> {
        let settings = LakeSettings::new(&ReadConfig::default(), &config);
        Self::open(home_of(&config), config, &settings, &|_| false)
    }

    /// Completes a lake whose hourly tables have no rows.
    fn complete(&mut self) -> Result<Output> {
        self.take_stock()?;
        self.finish(std::iter::empty(), std::iter::empty(), |_| Ok(Vec::new()))
    }
}

/// A unit of `rows` usual rows of input `file`, ready to be committed.
fn unit_of(lake: &Lake, id: &str, file: u32, rows: u64) -> StagedUnit {
    let files: Arc<[InputFile]> = testing::files().into_iter().zip(1..).map(|(file, key)| InputFile { key, ..file }).collect();
    let mut unit = lake.unit(id, files.clone()).unwrap();
    let rows: Vec<_> = (0..rows).map(|number| testing::Row { file, ..row(number) }).collect();
    let (batch, dicts, first_lines) = testing::batch(&rows);
    unit.append(&batch, &dicts, &first_lines).unwrap();
    let mut staged = unit.finish().unwrap();
    let count = rows.len() as u64;
    let outcome = FileOutcome { file, tally: Tally { lines: count, rows: count, ..Tally::default() }, ..FileOutcome::default() };
    staged.record(id, &files, &[outcome], |state| state.push(&"counted")).unwrap();
    staged
}

const U1: &str = "00000000000000a1";
const U2: &str = "00000000000000a2";

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

const PART: &str = "connections/account=111111111111/region=eu-west-1/day=2024-01-01/part-00000000000000a1.parquet";

#[test]
fn a_complete_job_appears_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = lake(&folder);
    let out = folder.path().join("a/lake");
    let staged = unit_of(&lake, U1, 0, 20);
    assert!(!out.join("connections").exists());
    lake.commit(&staged, None).unwrap();
    assert!(out.join(PART).exists());
    lake.take_stock().unwrap();
    let latency = LatencyHourRow { count: 3, p999: 9, histogram: vec![1, 2, 3], ..LatencyHourRow::default() };
    let seen = |output: &Output| {
        assert!(!out.join("_SUCCESS").exists());
        assert!(output.committed);
        Ok(format!("{{\"rows\":{}}}", output.rows).into_bytes())
    };
    let output = lake.finish([Ok(failure())].into_iter(), [Ok(latency)].into_iter(), seen).unwrap();
    assert_eq!((output.files, output.rows, output.units), (1, 20, 1));
    assert_eq!(output.bytes, fs::metadata(out.join(PART)).unwrap().len());
    let job = lake.inventory().job_id();
    drop(lake);
    let (failures, latency) = (format!("failures_hourly/part-{job}.parquet"), format!("latency_hourly/part-{job}.parquet"));
    let manifest = format!("_tlslake/manifest/{U1}.jsonl");
    let state = format!("_tlslake/state/{U1}.jsonl.zst");
    let own = ["_tlslake/lock", &manifest, "_tlslake/manifest/lake.jsonl", "_tlslake/report.json", "_tlslake/settings.json", &state];
    let mut expected = vec!["_SUCCESS", PART, &failures, &latency];
    expected.extend(own);
    expected.sort_unstable();
    assert_eq!(tree(&out), expected);
    assert_eq!(fs::read_to_string(out.join("_tlslake/report.json")).unwrap(), "{\"rows\":20}");
    assert_eq!(fs::read_to_string(out.join("_tlslake/lock")).unwrap(), "");
    check_hourly(&out, &job);
}

fn check_hourly(out: &Path, job: &str) {
    let failures = &read(&out.join(format!("failures_hourly/part-{job}.parquet")))[0];
    assert_eq!(failures.schema().fields(), schema::arrow_schema(&schema::FAILURES_HOURLY).fields());
    assert_eq!(failures.column(0).as_primitive::<TimestampMicrosecondType>().value(0), 3_600_000_000);
    assert_eq!(failures.column(1).as_string::<i32>().value(0), "111111111111");
    assert_eq!(failures.column(2).logical_null_count(), 1);
    assert_eq!(failures.column(4).as_primitive::<Int32Type>().value(0), 443);
    assert_eq!(failures.column(6).as_string::<i32>().value(0), "ClientCertExpired");
    assert_eq!(failures.column(7).as_primitive::<Int64Type>().value(0), 7);
    let latency = &read(&out.join(format!("latency_hourly/part-{job}.parquet")))[0];
    assert_eq!(latency.schema().fields(), schema::arrow_schema(&schema::LATENCY_HOURLY).fields());
    assert_eq!(latency.column_by_name("p999").unwrap().as_primitive::<Int64Type>().value(0), 9);
    assert_eq!(latency.column_by_name("histogram").unwrap().as_binary::<i32>().value(0), [1, 2, 3]);
}

#[test]
fn hourly_tables_stand_even_without_rows_and_stream_with_many() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = lake(&folder);
    let out = folder.path().join("a/lake");
    let many = (0..100_000).map(|count| Ok(FailureHourRow { count, ..failure() }));
    lake.finish(many, std::iter::empty(), |_| Ok(Vec::new())).unwrap();
    let job = lake.inventory().job_id();
    let counts: Vec<i64> = read(&out.join(format!("failures_hourly/part-{job}.parquet")))
        .iter()
        .flat_map(|batch| batch.column(7).as_primitive::<Int64Type>().values().to_vec())
        .collect();
    assert_eq!(counts, (0..100_000).collect::<Vec<i64>>());
    assert!(read(&out.join(format!("latency_hourly/part-{job}.parquet"))).is_empty());
}

#[test]
fn a_run_that_committed_nothing_takes_everything_away() {
    let folder = tempfile::tempdir().unwrap();
    let first = lake(&folder);
    drop(unit_of(&first, U1, 0, 20));
    drop(first);
    assert!(tree(folder.path()).is_empty());
    assert!(!folder.path().join("a").exists());
    lake(&folder).abandon().unwrap();
    assert!(!folder.path().join("a").exists());
}

#[test]
fn what_is_committed_stays_and_the_next_run_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let mut first = lake(&folder);
    let staged = unit_of(&first, U1, 0, 20);
    first.commit(&staged, None).unwrap();
    let broken = [Ok(failure()), Err(Error::Cancelled)];
    let failed = first.finish(broken.into_iter(), std::iter::empty(), |_| Ok(Vec::new()));
    assert!(matches!(failed, Err(Error::Cancelled)));
    drop(staged);
    drop(first);
    assert!(out.join(PART).exists() && !out.join("_SUCCESS").exists() && !out.join("_tlslake/staging").exists());

    let mut second = lake(&folder);
    assert_eq!(second.inventory().units, [U1]);
    assert_eq!(second.inventory().input(1).map(|known| known.status), Some(InputStatus::Converted));
    assert_eq!(second.inventory().input(2), None);
    let staged = unit_of(&second, U2, 1, 5);
    second.commit(&staged, None).unwrap();
    let output = second.complete().unwrap();
    assert_eq!((output.files, output.rows, output.units), (2, 25, 2));
    assert!(second.is_complete().unwrap());
}

#[test]
fn what_a_dead_run_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let mut first = lake(&folder);
    let staged = unit_of(&first, U1, 0, 20);
    first.commit(&staged, None).unwrap();
    drop(staged);
    drop(first);
    let orphan = PART.replace("a1.parquet", "a2.parquet");
    let other_day = "connections/account=111111111111/region=eu-west-1/day=2024-02-02/part-00000000000000a2-0001.parquet";
    let left = [orphan.as_str(), other_day, "_tlslake/staging/x/y", "_tlslake/state/00000000000000a2.jsonl.zst", "_tlslake/manifest/x.tmp"];
    for name in left {
        fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
        fs::write(out.join(name), "half").unwrap();
    }
    fs::write(out.join("connections/note.txt"), "mine").unwrap();
    let second = lake(&folder);
    assert_eq!(second.output().leftovers_removed, left.len() as u64);
    assert!(left.iter().all(|name| !out.join(name).exists()));
    assert!(!out.join(other_day).parent().unwrap().exists(), "an empty partition is no partition");
    assert!(out.join(PART).exists() && out.join("connections/note.txt").exists());
}

#[test]
fn a_unit_takes_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let mut lake = lake(&folder);
    let old = unit_of(&lake, U1, 0, 20);
    lake.commit(&old, None).unwrap();
    lake.complete().unwrap();
    let new = unit_of(&lake, U2, 0, 30);
    lake.commit(&new, Some(U1)).unwrap();
    assert!(!out.join("_SUCCESS").exists(), "the lake is being changed");
    assert_eq!(lake.take_stock().unwrap().units, [U2]);
    assert_eq!(lake.inventory().tally.rows, 30);
    assert!(!out.join(PART).exists());
    assert!(tree(&out).iter().all(|name| !name.contains(U1)));
    // The input is again what it was.
    let back = unit_of(&lake, U1, 0, 20);
    lake.commit(&back, Some(U2)).unwrap();
    assert_eq!(lake.take_stock().unwrap().units, [U1]);
    drop((back, new, old, lake));
    assert_eq!(Lake::create(LakeConfig::new(&out)).unwrap().inventory().units, [U1]);
}

#[test]
fn a_run_that_died_between_two_units_of_one_place_leaves_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let mut lake = lake(&folder);
    let (old, new) = (unit_of(&lake, U1, 0, 20), unit_of(&lake, U2, 0, 30));
    lake.commit(&old, None).unwrap();
    let kept = fs::read(out.join(manifest::name(U1))).unwrap();
    lake.commit(&new, Some(U1)).unwrap();
    // As if nothing but the old one's files had been removed.
    fs::write(out.join(manifest::name(U1)), kept).unwrap();
    let mut replacing = lake.manifest(U2).unwrap();
    replacing.head.replaces = vec![U1.to_owned()];
    fs::write(out.join(manifest::name(U2)), replacing.to_bytes().unwrap()).unwrap();
    drop((old, new, lake));
    let next = Lake::create(LakeConfig::new(&out)).unwrap();
    assert_eq!((next.inventory().units.as_slice(), next.inventory().tally.rows), ([U2.to_owned()].as_slice(), 30));
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
        Err(error @ (Error::Output { .. } | Error::Locked { .. } | Error::Settings { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_that_is_no_lake_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("note.txt"), "mine").unwrap();
    assert!(refused(folder.path()).contains("not empty"));
    assert!(refused(&folder.path().join("note.txt")).contains("is a file"));
    assert_eq!(tree(folder.path()), ["note.txt"]);
}

#[test]
fn a_lake_without_a_manifest_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("_tlslake")).unwrap();
    fs::create_dir(folder.path().join("connections")).unwrap();
    fs::write(folder.path().join("_tlslake/report.json"), "{}").unwrap();
    assert!(refused(folder.path()).contains("earlier version"));
    assert!(folder.path().join("_tlslake/report.json").exists() && folder.path().join("connections").exists());
}

#[test]
fn one_run_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/lake");
    let mut running = lake(&folder);
    let refusal = refused(&out);
    assert!(refusal.contains("another run") && refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
    running.complete().unwrap();
    drop(running);
    assert!(Lake::create(LakeConfig::new(&out)).unwrap().is_complete().unwrap());
}

#[test]
fn a_run_that_waits_gets_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig::new(folder.path().join("a/lake"));
    let settings = LakeSettings::new(&ReadConfig::default(), &config);
    let running = lake(&folder);
    let waiting = std::thread::spawn(move || Lake::open(home_of(&config), config, &settings, &|_| true).map(|lake| lake.path().exists()));
    std::thread::sleep(std::time::Duration::from_millis(50));
    // It takes its folder away, with the lock that the other waits for.
    running.abandon().unwrap();
    assert!(waiting.join().unwrap().unwrap());
}

#[test]
fn a_lake_of_other_settings_is_refused_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = lake(&folder);
    let staged = unit_of(&first, U1, 0, 20);
    first.commit(&staged, None).unwrap();
    drop((staged, first));
    let config = LakeConfig { provenance: false, ..LakeConfig::new(folder.path().join("a/lake")) };
    let settings = LakeSettings::new(&ReadConfig { since: Some(0), ..ReadConfig::default() }, &config);
    let Err(Error::Settings { problem, .. }) = Lake::open(home_of(&config), config, &settings, &|_| false) else { panic!("not refused") };
    assert!(problem.contains("--since: the lake has no bound, this run 1970-01-01T00:00:00"), "{problem}");
    assert!(problem.contains("source_object and source_line: the lake has written, this run left out"), "{problem}");
    assert!(folder.path().join("a/lake").join(PART).exists());
}

#[test]
fn two_units_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = lake(&folder);
    let (one, two) = (unit_of(&lake, U1, 0, 20), unit_of(&lake, U2, 1, 5));
    lake.commit(&one, None).unwrap();
    lake.commit(&two, None).unwrap();
    lake.take_stock().unwrap();
    assert_eq!((lake.output().files, lake.output().rows), (2, 25));
    drop(one);
    let again = unit_of(&lake, U1, 0, 20);
    assert!(matches!(lake.commit(&again, None), Err(Error::Output { .. })));
}
