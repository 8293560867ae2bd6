//! The run as a whole, over files on disk: whatever the sizes that cut portions, the rows are the same.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::sink::Sink;
use super::tuning::Tuning;
use super::write::Outcome;
use super::*;
use crate::aggregate::Hourly;
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::error::FileFault;

/// One row as the tests see it: its trace id and where it stood.
type Seen = (String, u32, u64);

/// Keeps what was written, unit by unit.
#[derive(Default)]
struct Kept {
    rows: Vec<Seen>,
    rejected: Vec<(u32, u64, u64, Vec<u8>)>,
    unit: (usize, usize),
    restarts: usize,
}

impl Sink for Kept {
    fn begin_unit(&mut self, _id: &str) -> Result<()> {
        self.unit = (self.rows.len(), self.rejected.len());
        Ok(())
    }

    fn rows(&mut self, batch: &ConnectionBatch, _dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        for (index, run) in batch.runs.iter().enumerate() {
            for row in batch.run_rows(index) {
                let trace = String::from_utf8_lossy(batch.trace.bytes_at(row)).into_owned();
                self.rows.push((trace, run.file, first_lines[index] + u64::from(batch.line[row])));
            }
            for line in batch.run_rejected(index) {
                let number = first_lines[index] + u64::from(line.line);
                self.rejected.push((run.file, number, run.offset + line.offset, line.raw.to_vec()));
            }
        }
        Ok(())
    }

    fn hourly(&mut self, _hourly: Hourly) -> Result<()> {
        Ok(())
    }

    fn discard_unit(&mut self, _faults: &[(u32, FileFault)]) -> Result<()> {
        self.rows.truncate(self.unit.0);
        self.rejected.truncate(self.unit.1);
        self.restarts += 1;
        Ok(())
    }

    fn end_unit(&mut self, outcome: &Outcome) -> Result<()> {
        let (rows, rejected) = (outcome.tally.rows, outcome.tally.rejected);
        assert_eq!((self.rows.len() - self.unit.0, self.rejected.len() - self.unit.1), (rows as usize, rejected as usize));
        Ok(())
    }
}

/// What a file of the tests holds.
#[derive(Clone, Debug)]
struct File {
    lines: usize,
    bad_every: usize,
    gzip: bool,
    /// Bytes cut off its end.
    cut: usize,
}

impl File {
    fn line(&self, file: usize, line: usize) -> String {
        if self.bad_every > 0 && line % self.bad_every == self.bad_every - 1 {
            return format!("bad line {line} of {file}");
        }
        format!("2026-09-23T07:11:27.691358Z 10.0.{file}.{} 1 443 TLSv1.3 C 0.001 - - - Success T{file}-{line}", line % 250)
    }

    fn write(&self, path: &Path, file: usize) {
        let text: String = (0..self.lines).map(|line| self.line(file, line) + "\n").collect();
        let stored = if self.gzip { gz(text.as_bytes()) } else { text.into_bytes() };
        let cut = if self.is_damaged() { self.cut.min(stored.len() - 1) } else { 0 };
        std::fs::write(path, &stored[..stored.len() - cut]).unwrap();
    }

    fn is_damaged(&self) -> bool {
        self.gzip && self.cut > 0 && self.lines > 0
    }
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Runs over `folder`.
fn run_with(folder: &Path, read: &ReadConfig, tuning: Tuning) -> Result<(Kept, Report)> {
    let control = Control::default();
    let mut plan = Plan::new(
        &[folder],
        Lakes::Refuse,
        read,
        &control,
        Grouping::ForFiles(UnitSettings { target_file_size: 20_000, fingerprint: String::new() }),
    )?;
    plan.tuning = tuning;
    plan.wants.rows = true;
    let mut kept = Kept::default();
    let outcome = pipeline::run(&plan, &mut kept)?;
    let report = result::report(&plan, &Account::of_run(&plan, &outcome), None);
    Ok((kept, report))
}

fn tunings() -> Vec<Tuning> {
    let usual = Tuning::default();
    vec![
        usual,
        Tuning { small_file: 0, piece_bytes: 700, ..usual },
        Tuning { small_file: 3000, piece_bytes: 5000, group_bytes: 1, ..usual },
        Tuning { whole_limit: 9000, piece_bytes: 2000, ..usual },
        Tuning { portion_bytes: 4000, group_files: 3, ..usual },
        Tuning { portion_lines: 60, piece_bytes: 1500, ..usual },
    ]
}

fn write_all(folder: &Path, files: &[File]) {
    for (index, file) in files.iter().enumerate() {
        file.write(&folder.join(format!("{index:03}.log.gz")), index);
    }
}

fn any_file() -> impl Strategy<Value = File> {
    let lines = prop_oneof![3 => 0..40_usize, 1 => 100..400_usize];
    let bad_every = prop_oneof![2 => Just(0_usize), 1 => 2..9_usize];
    let cut = prop_oneof![4 => Just(0_usize), 1 => 1..9_usize, 1 => 10..3000_usize];
    (lines, bad_every, any::<bool>(), cut).prop_map(|(lines, bad_every, gzip, cut)| File { lines, bad_every, gzip, cut })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn skip_gives_every_row_of_every_whole_file_in_order(files in prop::collection::vec(any_file(), 1..12), jobs in 1..4_usize) {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), &files);
        let read = ReadConfig { jobs, ..ReadConfig::default() };
        let mut rows = Vec::new();
        let mut rejected = Vec::new();
        for (index, file) in files.iter().enumerate().filter(|(_, file)| !file.is_damaged()) {
            let mut offset = 0;
            for line in 0..file.lines {
                let text = file.line(index, line);
                let number = line as u64 + 1;
                let next = offset + text.len() as u64 + 1;
                if text.starts_with("bad") {
                    rejected.push((index as u32, number, offset, text.into_bytes()));
                } else {
                    rows.push((format!("T{index}-{line}"), index as u32, number));
                }
                offset = next;
            }
        }
        let damaged = files.iter().filter(|file| file.is_damaged()).count();
        for tuning in tunings() {
            let (kept, report) = run_with(folder.path(), &read, tuning).unwrap();
            prop_assert_eq!(&kept.rows, &rows, "{:?}", tuning);
            prop_assert_eq!(&kept.rejected, &rejected, "{:?}", tuning);
            prop_assert_eq!((report.rows, report.rejected), (rows.len() as u64, rejected.len() as u64));
            prop_assert_eq!((report.failed, report.failed_files.len()), (damaged as u64, damaged));
            prop_assert_eq!(report.outcomes.success, report.rows);
            prop_assert_eq!(report.latency.all.count, report.rows);
        }
    }

    #[test]
    fn salvage_keeps_the_same_lines_however_portions_are_cut(files in prop::collection::vec(any_file(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), &files);
        let read = ReadConfig { jobs: 2, on_corrupt: OnCorrupt::Salvage, ..ReadConfig::default() };
        let mut first: Option<(Vec<Seen>, Vec<_>)> = None;
        for tuning in tunings() {
            let (kept, report) = run_with(folder.path(), &read, tuning).unwrap();
            prop_assert_eq!(kept.restarts, 0);
            let salvaged: Vec<_> = report.failed_files.iter().map(|file| (file.object.clone(), file.salvaged_rows)).collect();
            let (rows, faults) = first.get_or_insert_with(|| (kept.rows.clone(), salvaged.clone()));
            prop_assert_eq!(&kept.rows, rows, "{:?}", tuning);
            prop_assert_eq!(&salvaged, faults, "{:?}", tuning);
            for (file, (_, salvaged)) in files.iter().filter(|file| file.is_damaged()).zip(&salvaged) {
                prop_assert!(salvaged.unwrap() <= file.lines as u64);
            }
        }
    }
}

#[test]
fn a_unit_begins_again_once_however_many_of_its_large_files_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = File { lines: 300, bad_every: 0, gzip: true, cut: 4 };
    let whole = File { cut: 0, ..damaged.clone() };
    write_all(folder.path(), &[whole.clone(), damaged.clone(), whole.clone(), damaged.clone(), damaged, whole]);
    let tuning = Tuning { small_file: 0, piece_bytes: 500, ..Tuning::default() };
    let (kept, report) = run_with(folder.path(), &ReadConfig::default(), tuning).unwrap();
    assert_eq!((kept.restarts, kept.rows.len(), report.failed), (1, 900, 3));
}

#[test]
fn fail_stops_at_the_first_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let whole = File { lines: 300, bad_every: 0, gzip: true, cut: 0 };
    write_all(folder.path(), &[whole.clone(), File { cut: 4, ..whole.clone() }, File { cut: 5, ..whole }]);
    let read = ReadConfig { on_corrupt: OnCorrupt::Fail, ..ReadConfig::default() };
    for tuning in tunings() {
        match run_with(folder.path(), &read, tuning) {
            Err(Error::CorruptInput { object, .. }) => assert!(object.ends_with("001.log.gz"), "{object}"),
            other => panic!("{:?}", other.map(|(_, report)| report)),
        }
    }
}

#[test]
fn a_cancelled_run_ends_with_that() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), &[File { lines: 300, bad_every: 0, gzip: true, cut: 0 }]);
    let control = Control::default();
    control.cancel();
    assert!(matches!(report(&[folder.path()], &ReadConfig::default(), &control), Err(Error::Cancelled)));
}

#[test]
fn batches_come_in_order_and_end_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = File { lines: 200, bad_every: 7, gzip: true, cut: 0 };
    write_all(folder.path(), &[file.clone(), file.clone(), File { cut: 9, ..file }]);
    let mut batches = batches(&[folder.path()], &ReadConfig::default()).unwrap();
    let rows: usize = batches.by_ref().map(|batch| batch.unwrap().num_rows()).sum();
    let report = batches.into_report().unwrap();
    assert_eq!((rows as u64, report.rejected, report.failed), (report.rows, 56, 1));
}

#[test]
fn batches_can_be_dropped_early() {
    let folder = tempfile::tempdir().unwrap();
    let files = vec![File { lines: 300, bad_every: 0, gzip: true, cut: 0 }; 60];
    write_all(folder.path(), &files);
    let mut batches = batches(&[folder.path()], &ReadConfig::default()).unwrap();
    assert!(batches.next().unwrap().is_ok());
    drop(batches);
}

#[test]
fn decompression_alone_counts_bytes_and_names_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"any text\nat all\n".repeat(1_000);
    std::fs::write(folder.path().join("a.log.gz"), gz(&text)).unwrap();
    std::fs::write(folder.path().join("b.log.gz"), &gz(&text)[..60]).unwrap();
    let report = decompress(&[folder.path()], &ReadConfig::default(), &Control::default()).unwrap();
    assert_eq!((report.input.raw_bytes, report.input.lines, report.rows, report.failed), (text.len() as u64, 0, 0, 1));
}
