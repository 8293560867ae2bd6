//! What is sampled, that all stages count alike, and what is refused. How fast anything is, is no matter here.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::sample::spread;
use super::*;
use crate::FileFaultKind;

const LINE: &str = "2026-09-23T07:11:27.691358Z 203.0.113.24 64326 443 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 0.337 \"CN=a\" \
    NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 Success TID_9f39d9aa6a47774d97089313f949866b secp256r1 app/k8s/98 198.51.100.7\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Lines that hardly compress, so that little text makes large files: each has a further field of random letters.
fn noisy(lines: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 88_172_645_463_325_252_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state >> 20) as usize % LETTERS.len()])
    };
    let mut line = || format!("{} {}\n", LINE.trim_end(), (0..600).map(|_| letter()).collect::<String>());
    (0..lines).map(|_| line()).collect()
}

fn config(scratch: &Path) -> BenchConfig {
    BenchConfig { read: ReadConfig { jobs: 1, ..ReadConfig::default() }, rounds: 2, ..BenchConfig::new(scratch) }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn a_sample_is_all_or_spread_over_the_list() {
    assert_eq!(spread(&[1, 2, 3], 6), [0, 1, 2]);
    assert_eq!(spread(&[10; 10], 30), [0, 4, 7]);
    assert_eq!(spread(&[100, 1, 1, 1, 1], 3), [1, 2, 3]);
    assert_eq!(spread(&[100], 3), [0; 0]);
    assert_eq!(spread(&[0, 0], 3), [0, 1]);
    let sizes: Vec<u64> = (0..1_000).map(|number| 1 + number * 7919 % 997).collect();
    let taken = spread(&sizes, 50_000);
    let bytes: u64 = taken.iter().map(|&index| sizes[index]).sum();
    assert!((48_000..=50_000).contains(&bytes), "{bytes}");
    assert!(taken.windows(2).all(|pair| pair[1] - pair[0] < 60), "no stretch is left out: {taken:?}");
}

#[test]
fn every_stage_counts_what_a_report_counts() {
    let (input, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let soiled = format!("{}no line of a log\n\n{}", LINE.repeat(300), LINE.trim_end());
    write(input.path(), "a.log.gz", &gzip(soiled.as_bytes()));
    write(input.path(), "b.log", LINE.repeat(20).as_bytes());
    write(input.path(), "c.log.zst", &zstd::encode_all(LINE.repeat(7).as_bytes(), 1).unwrap());
    let benchmark = bench(&[input.path()], &config(scratch.path()), &Control::default()).unwrap();
    let sample = &benchmark.sample;
    assert_eq!((sample.files, sample.of_files, sample.lines, sample.rows, sample.rejected, sample.blank), (3, 3, 330, 328, 1, 1));
    assert_eq!(sample.raw_bytes, soiled.len() as u64 + 27 * LINE.len() as u64);
    assert_eq!(benchmark.stages.iter().map(|stage| stage.name.as_str()).collect::<Vec<_>>(), STAGES);
    assert_eq!(benchmark.whole.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), RUNS);
    let all = || benchmark.stages.iter().chain(&benchmark.whole);
    assert!(all().all(|one| one.seconds.min > 0.0 && one.seconds.min <= one.seconds.median && one.seconds.median <= one.seconds.max));
    assert!(all().all(|one| one.raw_bytes_per_s > 0.0 && one.rows_per_s > 0.0));
    assert_eq!(benchmark.whole[0].next_to_floor, Some(Spread::of([1.0])));
    assert!(benchmark.whole[2].output_bytes.is_some_and(|bytes| bytes > 0));
    assert!(benchmark.is_clean() && benchmark.notes[0].contains("give more logs"));
    assert!(is_empty(scratch.path()), "nothing is left");
}

#[test]
fn damaged_files_are_left_out_and_named() {
    let (input, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = gzip(LINE.repeat(50).as_bytes());
    write(input.path(), "a.log.gz", &whole[..whole.len() - 9]);
    write(input.path(), "b.log.gz", &whole);
    let benchmark = bench(&[input.path()], &config(scratch.path()), &Control::default()).unwrap();
    assert_eq!((benchmark.failed, benchmark.sample.files, benchmark.sample.rows), (1, 1, 50));
    assert_eq!(benchmark.failed_files[0].kind, FileFaultKind::Truncated.code());
    assert_eq!(benchmark.sample.stored_bytes, whole.len() as u64);
    fs::remove_file(input.path().join("b.log.gz")).unwrap();
    let error = bench(&[input.path()], &config(scratch.path()), &Control::default()).unwrap_err();
    assert!(matches!(error, Error::CorruptInput { object, .. } if object.ends_with("a.log.gz")), "nothing whole is left");
}

#[test]
fn of_one_large_file_the_beginning_is_taken() {
    let (input, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text = noisy(22_000);
    // Two kinds of file whose cut is found in two ways: within compressed data, and between lines.
    let stored = [("a.log.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()), ("b.log", text.clone().into_bytes())];
    for (name, stored) in stored {
        let path = write(input.path(), name, &stored.repeat(1 + (17 << 20) / stored.len()));
        let config = BenchConfig { sample_bytes: 1 << 20, rounds: 1, ..config(scratch.path()) };
        let benchmark = bench(&[&path], &config, &Control::default()).unwrap();
        let sample = &benchmark.sample;
        assert_eq!(sample.cut.as_deref(), path.to_str());
        assert!(sample.stored_bytes <= 16 << 20 && sample.of_stored_bytes > 17 << 20, "{sample:?}");
        assert!(sample.rows > 10_000 && sample.rejected == 0 && sample.lines == sample.rows, "{sample:?}");
        assert!(benchmark.is_clean(), "a cut is no damage: {:?}", benchmark.failed_files);
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let (input, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let refused = |inputs: &[&Path]| bench(inputs, &config(scratch.path()), &Control::default()).unwrap_err();
    assert!(matches!(refused(&[]), Error::NoInput));
    assert!(matches!(refused(&[Path::new("-")]), Error::BadInput { problem, .. } if problem.contains("read once")));
    let empty = write(input.path(), "empty.log", b"");
    assert!(matches!(refused(&[&empty]), Error::NoLogs { inputs } if inputs.contains("no text")));
    let no_rounds = BenchConfig { rounds: 0, ..config(scratch.path()) };
    assert!(matches!(bench(&[&empty], &no_rounds, &Control::default()), Err(Error::Config(_))));
    let no_sample = BenchConfig { sample_bytes: 0, ..config(scratch.path()) };
    assert!(matches!(bench(&[&empty], &no_sample, &Control::default()), Err(Error::Config(_))));
}

#[test]
fn a_stage_that_counts_otherwise_ends_it() {
    let read = ReadConfig::default();
    let (control, config) = (Control::default(), BenchConfig::new("scratch"));
    let known = Counts { raw_bytes: 10, lines: 2, rows: 2, ..Counts::default() };
    let mut course = Course { inputs: &[], config: &config, read: &read, control: &control, counts: Some(known), output_bytes: 0 };
    assert!(course.agree("report", known).is_ok());
    let other = course.agree("report", Counts { rows: 1, rejected: 1, ..known }).unwrap_err();
    assert!(matches!(other, Error::Accounting(text) if text.starts_with("report counted")));
    let mut report = Report { rows: 2, ..Report::default() };
    (report.input.raw_bytes, report.input.lines) = (10, 2);
    assert!(course.account(0, &report).is_ok() && course.account(1, &report).is_ok());
    report.output = Some(crate::report::Output { rows: 1, ..Default::default() });
    assert!(matches!(course.account(2, &report), Err(Error::Accounting(_))), "the footers count one row less");
    report.input.raw_bytes = 9;
    assert!(matches!(course.account(0, &report), Err(Error::Accounting(_))));
}

#[test]
fn a_run_that_is_stopped_leaves_nothing() {
    let (input, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(input.path(), "a.log", LINE.repeat(20).as_bytes());
    let control = Control::default();
    control.cancel();
    assert!(matches!(bench(&[input.path()], &config(scratch.path()), &control), Err(Error::Cancelled)));
    let plan = [input.path().join("a.log").into_os_string()];
    let folder = scratch.path().join("stages");
    let stopped = stages::measure(&plan, &ReadConfig::default(), &folder, &control);
    assert!(matches!(stopped, Err(Error::Cancelled)) && is_empty(scratch.path()));
}
