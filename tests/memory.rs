//! `--memory` is a ceiling: the real executable is watched while it reads inputs of any size, number and kind.
//!
//! The peak is what the system says of the running process (`VmHWM`), and what the report says of it must agree. Elsewhere than on Linux nobody
//! says, and only the answers are looked at.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{count, folder, logs, report, run, tlslake};

const MIB: u64 = 1 << 20;

/// What a run answered, and the most memory that it was seen to hold.
struct Measured {
    answer: Json,
    seen: u64,
}

/// Runs `tlslake` with these arguments under a ceiling of so many MiB, and demands that it is kept.
#[track_caller]
fn within(mib: u64, arguments: &[&str]) -> Json {
    // Long lines take six times their length, and are set aside for whether there are any or not.
    within_of_any_line(mib, &[arguments, &["--max-line", "4MiB"]].concat())
}

/// Likewise of a command that reads no lines.
#[track_caller]
fn within_of_any_line(mib: u64, arguments: &[&str]) -> Json {
    let ceiling = format!("{mib}MiB");
    let told = ["--memory", &ceiling, "--format", "json", "--progress", "never"];
    let measured = measure(&arguments.iter().chain(&told).copied().collect::<Vec<_>>());
    assert!(measured.seen <= mib * MIB, "{arguments:?}: {} MiB were seen under a ceiling of {mib} MiB", measured.seen / MIB);
    if let Some(told) = measured.answer.get("peak_memory_bytes").and_then(Json::as_u64) {
        assert!(told <= mib * MIB, "{arguments:?}: the report tells of {} MiB under a ceiling of {mib} MiB", told / MIB);
        // Whoever looks from outside may miss the last moments, and the report is written before the last.
        assert!(told + 16 * MIB >= measured.seen, "the report tells of {told} bytes, {} were seen", measured.seen);
    }
    measured.answer
}

#[track_caller]
fn measure(arguments: &[&str]) -> Measured {
    let mut child = tlslake().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tlslake starts");
    let status = format!("/proc/{}/status", child.id());
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let told = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text).unwrap_or_default()
    });
    let warned = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text).unwrap_or_default()
    });
    let mut seen = 0;
    let ended = loop {
        seen = seen.max(peak_of(&status).unwrap_or(0));
        match child.try_wait().expect("tlslake can be waited for") {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let (told, warned) = (told.join().unwrap(), warned.join().unwrap());
    assert!(matches!(ended.code(), Some(0 | 3)), "{arguments:?} ends with {ended}: {warned}");
    Measured { answer: serde_json::from_str(&told).expect("one JSON value"), seen }
}

fn peak_of(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `count` lines, each of a client and a certificate of its own; one in three fails.
fn distinct(count: u32) -> Vec<u8> {
    let mut lines = String::new();
    for number in 0..count {
        let [a, b, c, _] = number.to_le_bytes();
        let (status, latency) = if number % 3 == 0 { ("Failed:ClientCertUntrusted", "-") } else { ("Success", "0.025") };
        writeln!(
            lines,
            "2026-09-23T07:{:02}:27.691358Z 10.{c}.{b}.{a} {} 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 {latency} \"CN=device-{number:08}.fleet.example.com,\
             OU=Things,O=Company LLC,L=Seattle,ST=Washington,C=US\" NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z {number:016X} {status} \
             TID_{number:032x} - app/lb/98e3a879de9d6b42 198.51.100.7",
            number % 60,
            number % 65_536,
        )
        .unwrap();
    }
    lines.into_bytes()
}

#[test]
fn more_of_the_same_takes_no_more() {
    let (input, out) = (folder(), folder());
    for (times, lines) in [(1, 10_000), (4, 40_000), (16, 160_000)] {
        let logs = logs::generate(&input.path().join(times.to_string()), 2, lines, 1, 7);
        let report = within(128, &["report", text(&logs), "--jobs", "2"]);
        assert_eq!(count(&report, "input.lines"), 2 * u64::from(lines));
        let lake = out.path().join(times.to_string());
        let report = within(256, &["convert", text(&logs), "--out", text(&lake), "--jobs", "2"]);
        assert_eq!(count(&report, "input.lines"), 2 * u64::from(lines));
    }
}

#[test]
fn more_threads_take_no_more_than_they_may() {
    let (input, out) = (folder(), folder());
    let logs = logs::generate(input.path(), 40, 8_000, 1, 8);
    within(128, &["report", text(&logs), "--jobs", "64"]);
    within(1024, &["convert", text(&logs), "--out", text(&out.path().join("lake")), "--jobs", "64"]);
}

#[test]
fn bombs_take_no_more_than_they_may() {
    let input = folder();
    let zeros = logs::gzip(&vec![0; 32 << 20]);
    logs::write(input.path(), "zeros.log.gz", &zeros.repeat(16));
    let line = [logs::THIRD_ERA.as_bytes(), b"\n"].concat();
    let lines = logs::gzip(&line.repeat(50_000));
    logs::write(input.path(), "one-line.log.gz", &lines.repeat(10));
    logs::write(input.path(), "newlines.log.zst", &logs::zstd(&vec![b'\n'; 16 << 20]));
    logs::write(input.path(), "short-junk.log.gz", &logs::gzip(&b"x\n".repeat(1 << 20)));
    let report = within(128, &["report", text(input.path()), "--jobs", "2"]);
    assert_eq!((count(&report, "rows"), count(&report, "rejected"), count(&report, "failed")), (500_000, 1 << 20, 1));
    let out = folder();
    within(256, &["convert", text(input.path()), "--out", text(&out.path().join("lake")), "--jobs", "2"]);
}

#[test]
fn distinct_values_take_no_more_than_they_may() {
    let (input, out) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&distinct(200_000)));
    let report = within(128, &["report", text(input.path()), "--jobs", "2"]);
    assert_eq!(count(&report, "outcomes.failed"), 66_667);
    within(256, &["convert", text(input.path()), "--out", text(&out.path().join("lake")), "--jobs", "2"]);
    within(192, &["certs", text(input.path()), "--jobs", "2"]);
}

#[test]
fn one_large_file_takes_no_more_than_it_may() {
    let (input, out) = (folder(), folder());
    let plain = logs::write(input.path(), "large.log", &logs::lines(300_000));
    within(128, &["report", text(&plain), "--jobs", "2"]);
    within(256, &["convert", text(&plain), "--out", text(&out.path().join("lake")), "--jobs", "2"]);
    let lake = out.path().join("lake");
    let report = within(192, &["report", text(&lake), "--jobs", "2"]);
    assert_eq!(count(&report, "rows"), 300_000);
}

#[test]
fn ten_thousand_tiny_files_take_no_more_than_they_may() {
    let (input, out) = (folder(), folder());
    let tiny = logs::gzip(&logs::lines(3));
    for number in 0..10_000 {
        logs::write(input.path(), &logs::name(number), &tiny);
    }
    let report = within(128, &["report", text(input.path()), "--jobs", "2"]);
    assert_eq!((count(&report, "input.files"), count(&report, "rows")), (10_000, 30_000));
    within(256, &["convert", text(input.path()), "--out", text(&out.path().join("lake")), "--jobs", "2"]);
}

#[test]
fn the_ceiling_does_not_show_in_the_lake() {
    let (input, out) = (folder(), folder());
    let logs = logs::generate(input.path(), 3, 30_000, 1, 9);
    let lake = |mib: u64, jobs: &str| {
        let lake = out.path().join(format!("{mib}-{jobs}"));
        within(mib, &["convert", text(&logs), "--out", text(&lake), "--jobs", jobs]);
        let files = walkdir::WalkDir::new(&lake).sort_by_file_name().into_iter().map(Result::unwrap);
        let data = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "parquet"));
        data.map(|entry| (entry.path().strip_prefix(&lake).unwrap().to_owned(), std::fs::read(entry.path()).unwrap())).collect::<Vec<_>>()
    };
    let first = lake(256, "1");
    assert!(first.len() > 2 && first == lake(1024, "3") && first == lake(4096, "1"));
}

#[test]
fn too_little_is_refused_with_what_is_needed() {
    let input = folder();
    logs::write(input.path(), &logs::name(1), &logs::lines(3));
    report(input.path(), &["--memory", "16MiB"]).exits(2).complains_of("need ").complains_of("--memory");
    report(input.path(), &["--memory", "256MiB", "--max-line", "1GiB"]).exits(2).complains_of("lines of up to 1073741824 bytes");
    let lake = input.path().join("lake");
    let rows = ["--out", text(&lake), "--row-group-rows", "16000000", "--memory", "1GiB"];
    run(["convert", text(input.path())].iter().chain(&rows)).exits(2).complains_of("row groups of 16000000 rows");
    assert!(!lake.exists());
}

#[test]
fn a_window_beyond_the_ceiling_is_the_file_s_fault() {
    let input = folder();
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(25).unwrap();
    std::io::Write::write_all(&mut encoder, &logs::lines(10)).unwrap();
    logs::write(input.path(), "wide.log.zst", &encoder.finish().unwrap());
    let report = within(128, &["report", text(input.path())]);
    assert_eq!(report["failed_files"][0]["kind"], "too-large");
    assert!(report["failed_files"][0]["error"].as_str().unwrap().contains("--memory"));
    assert_eq!(count(&within(1024, &["report", text(input.path())]), "rows"), 10);
}

/// Rows of many clients in no order, so that every row group overlaps every other one: they are merged within the ceiling, and so are files.
#[test]
fn order_of_time_and_compaction_take_no_more_than_they_may() {
    let (input, out) = (folder(), folder());
    let lake = out.path().join("lake");
    // What a lake keeps of lines: rows and rejected ones.
    let mut kept = 0;
    for number in 0..3 {
        let logs = logs::generate(&input.path().join(number.to_string()), 8, 12_000, 1, 90 + number);
        let options = ["--sort", "--row-group-rows", "8000", "--jobs", "2"];
        let done = within(304, &[&["convert", text(&logs), "--out", text(&lake)][..], &options].concat());
        kept = count(&done, "rows") + count(&done, "rejected");
    }
    let done = within_of_any_line(320, &["compact", text(&lake), "--jobs", "2"]);
    assert!(count(&done, "files_after") < count(&done, "files_before"));
    assert_eq!(count(&report(&lake, &[]).json(), "input.lines"), kept);
}
