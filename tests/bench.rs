//! `bench`: what it measures it has counted, what it cannot measure it says, and nothing of it stays.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::{Run, count, folder, logs, run};

fn bench(inputs: &[&Path], options: &[&str]) -> Run {
    let mut arguments = vec![OsStr::new("bench"), OsStr::new("--rounds"), OsStr::new("1")];
    arguments.extend(inputs.iter().map(|input| input.as_os_str()));
    arguments.extend(options.iter().map(OsStr::new));
    run(arguments)
}

/// The field of every element of a list.
fn each<'a>(json: &'a Json, field: &str) -> Vec<&'a Json> {
    json.as_array().unwrap().iter().map(|element| &element[field]).collect()
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn the_figures_are_of_the_rows_that_a_report_counts() {
    let (input, scratch) = (folder(), folder());
    logs::generate(input.path(), 3, 400, 10, 5);
    let report = crate::support::report(input.path(), &[]).json();
    let options = ["--format", "json", "--scratch", scratch.path().to_str().unwrap(), "--jobs", "2", "--kernel", "scalar"];
    let json = bench(&[input.path()], &options).exits(0).json();
    assert_eq!(json["schema"], "tlslake.bench/1");
    for (field, of_report) in [("lines", "input.lines"), ("rows", "rows"), ("rejected", "rejected"), ("blank", "blank")] {
        assert_eq!(count(&json["sample"], field), count(&report, of_report), "{field}");
    }
    assert_eq!(count(&json["sample"], "raw_bytes"), count(&report, "input.raw_bytes"));
    assert_eq!(each(&json["stages"], "name"), ["decompress", "scan", "parse", "aggregate", "encode"]);
    assert_eq!(each(&json["whole"], "name"), ["decompression", "report", "convert"]);
    assert_eq!(each(&json["stages"], "threads"), [1; 5]);
    assert_eq!(each(&json["whole"], "threads"), [2; 3]);
    assert_eq!((&json["kernel"], &json["jobs"], &json["rounds"], &json["failed"]), (&"scalar".into(), &2.into(), &1.into(), &0.into()));
    assert!(count(&json["machine"], "cores") >= 1);
    let everything = json["stages"].as_array().unwrap().iter().chain(json["whole"].as_array().unwrap());
    for one in everything {
        let seconds = one["seconds"]["median"].as_f64().unwrap();
        let rate = one["raw_bytes_per_s"].as_f64().unwrap();
        let raw = count(&json["sample"], "raw_bytes") as f64;
        assert!(seconds > 0.0 && (rate * seconds / raw - 1.0).abs() < 1e-6, "{one}");
    }
    assert_eq!(json["whole"][0]["next_to_floor"]["median"], 1.0);
    assert!(is_empty(scratch.path()), "the temporary folder is gone");
}

#[test]
fn time_and_cost_are_projected_and_no_price_is_made_up() {
    let input = folder();
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(400)));
    let json = bench(&[input.path()], &["--format", "json", "--project-tb", "2.5", "--price-per-hour", "0.5"]).exits(0).json();
    let projection = &json["projection"];
    assert_eq!((projection["stored_bytes"].as_f64(), projection["price_per_hour"].as_f64()), (Some(2.5e12), Some(0.5)));
    for (run, measured) in projection["runs"].as_array().unwrap().iter().zip(json["whole"].as_array().unwrap()) {
        let seconds = run["seconds"].as_f64().unwrap();
        let expected = measured["seconds"]["median"].as_f64().unwrap() * 2.5e12 / count(&json["sample"], "stored_bytes") as f64;
        assert!((seconds / expected - 1.0).abs() < 1e-6, "{run}");
        assert!((run["cost_usd"].as_f64().unwrap() / (seconds / 3_600.0 * 0.5) - 1.0).abs() < 1e-6, "{run}");
    }
    let text = bench(&[input.path()], &["--price-per-hour", "0.5"]).exits(0).stdout;
    assert!(text.contains("1.00 TB of such logs") && text.contains("USD"), "{text}");
    let text = bench(&[input.path()], &[]).exits(0).stdout;
    assert!(!text.contains("USD") && !text.contains("cost"), "{text}");
    for part in ["Each stage alone", "decompression", "aggregate", "next to the floor", "give more logs"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_sample_is_bounded_and_says_so() {
    let input = folder();
    let stored = logs::gzip(&logs::lines(60));
    for number in 0..20 {
        logs::write(input.path(), &logs::name(number), &stored);
    }
    let limit = (stored.len() * 5).to_string();
    let json = bench(&[input.path()], &["--format", "json", "--sample", &limit]).exits(0).json();
    let sample = &json["sample"];
    assert_eq!((count(sample, "files"), count(sample, "of_files"), count(sample, "rows")), (5, 20, 300));
    assert!(count(sample, "stored_bytes") <= count(sample, "limit_bytes"));
    let text = bench(&[input.path()], &["--sample", &limit]).exits(0).stdout;
    assert!(text.contains("5 of 20 files") && text.contains("--sample"), "{text}");
}

#[test]
fn a_damaged_file_is_left_out_and_named() {
    let input = folder();
    let stored = logs::gzip(&logs::lines(50));
    logs::write(input.path(), &logs::name(1), &stored);
    let damaged = logs::write(input.path(), &logs::name(2), &stored[..stored.len() / 2]);
    let run = bench(&[input.path()], &["--format", "json"]).exits(3).complains_of("1 damaged file");
    let json = run.json();
    assert_eq!((count(&json, "failed"), count(&json["sample"], "rows")), (1, 50));
    assert_eq!(each(&json["failed_files"], "object"), [damaged.to_str().unwrap()]);
    let text = bench(&[input.path()], &[]).exits(3).stdout;
    assert!(text.contains("Damaged files"), "{text}");
    bench(&[&damaged], &[]).exits(1).complains_of("ends inside");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let (input, out) = (folder(), folder());
    bench(&[], &[]).exits(2).complains_of("INPUT");
    bench(&[&input.path().join("missing")], &[]).exits(1).complains_of("missing");
    bench(&[input.path()], &[]).exits(1).complains_of("no connection log found");
    bench(&[Path::new("-")], &[]).exits(1).complains_of("read once");
    let log = logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(5)));
    let lake = out.path().join("lake");
    crate::support::convert(&log, &lake, &[]).exits(0);
    bench(&[&lake], &[]).exits(1).complains_of("this is a lake");
    bench(&[&log], &["--scratch", out.path().join("nowhere").to_str().unwrap()]).exits(1).complains_of("--scratch DIR");
    bench(&[&log], &["--rounds", "0"]).exits(2);
    bench(&[&log], &["--kernel", "mmx"]).exits(2).complains_of("no kernel has that name");
    bench(&[&log], &["--memory", "64MiB"]).exits(2).complains_of("--memory");
}

/// Ctrl-C while a lake is being written: the process ends soon, and takes its files with it.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing() {
    use std::time::{Duration, Instant};

    let (input, scratch) = (folder(), folder());
    logs::generate(input.path(), 8, 5_000, 0, 3);
    let mut command = crate::support::tlslake();
    command.arg("bench").arg(input.path()).args(["--rounds", "100", "--scratch"]).arg(scratch.path());
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    // A lake, some way into the rounds.
    let is_writing = || walkdir::WalkDir::new(scratch.path()).into_iter().flatten().any(|entry| entry.file_name() == "lake");
    while !is_writing() {
        assert!(began.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none(), "waited in vain for a lake");
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(sent.success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(is_empty(scratch.path()), "the temporary folder is gone");
}
