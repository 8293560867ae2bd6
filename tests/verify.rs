//! `verify` finds whatever is not as it was written, whatever is not in the lake, and nothing else.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::expected::files_under;
use crate::support::lake::tree;
use crate::support::{Run, convert, folder, logs, run};

/// Three inputs, one of them with a line that is rejected, and their lake of three units.
fn made() -> (TempDir, TempDir, PathBuf) {
    let (input, out) = (folder(), folder());
    for number in 1..4_usize {
        let mut text = logs::lines(20 * number);
        if number == 2 {
            text.extend_from_slice(b"no line of a log\n");
        }
        logs::write(input.path(), &format!("{number}.log.gz"), &logs::gzip(&text));
    }
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &["--target-file-size", "1"]).exits(3);
    (input, out, lake)
}

fn verify(lake: &Path, inputs: &[&Path]) -> Run {
    let mut arguments = vec![OsStr::new("verify"), lake.as_os_str(), OsStr::new("--format"), OsStr::new("json")];
    arguments.extend(inputs.iter().map(|input| input.as_os_str()));
    run(arguments)
}

/// Demands one kind of difference at least, at a place of that name, and the exit code that says so.
#[track_caller]
fn differs(run: Run, kind: &str, place: &str) {
    let result = run.exits(3).json();
    let is_it = |difference: &Json| difference["kind"] == kind && difference["place"].as_str().is_some_and(|at| at.contains(place));
    assert!(result["differences"].as_array().unwrap().iter().any(is_it), "{kind} at {place}: {result:#}");
    assert_eq!(result["holds"], false);
}

/// The first file of the lake whose path contains `part`, by path.
fn file(lake: &Path, part: &str) -> PathBuf {
    let found = files_under(lake).into_iter().find(|path| path.to_string_lossy().contains(part));
    found.unwrap_or_else(|| panic!("no {part} in {}", lake.display()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_lake_that_holds_its_logs_holds_and_is_not_touched() {
    let (input, _out, lake) = made();
    let before = tree(&lake);
    let alone = verify(&lake, &[]).exits(0).json();
    assert_eq!((&alone["holds"], &alone["lines"], &alone["rows"], &alone["rejected"]), (&true.into(), &121.into(), &120.into(), &1.into()));
    assert!(alone.get("logs").is_none());
    let with_logs = verify(&lake, &[input.path()]).exits(0).json();
    assert_eq!(
        (&with_logs["logs"]["inputs"], &with_logs["logs"]["same"], &with_logs["logs"]["lines"]),
        (&3.into(), &3.into(), &121.into())
    );
    assert_eq!(tree(&lake), before);
    let text = run([OsStr::new("verify"), lake.as_os_str()]).exits(0);
    assert!(text.stdout.contains("everything holds") && text.stdout.contains("121 = 120 rows + 1 rejected"), "{}", text.stdout);
}

/// What can be done to a file.
const DAMAGES: [(&str, Damage); 5] = [
    ("a byte", |path| edit(path, |bytes| bytes[10] ^= 1)),
    ("cut", |path| edit(path, |bytes| bytes.truncate(bytes.len() / 2))),
    ("longer", |path| edit(path, |bytes| bytes.push(0))),
    ("empty", |path| edit(path, Vec::clear)),
    ("gone", |path| fs::remove_file(path).unwrap()),
];

type Damage = fn(&Path);

#[test]
fn whatever_is_done_to_a_file_is_found() {
    for part in ["connections/", "rejected/", "failures_hourly/", "latency_hourly/", "_tlslake/state/"] {
        for (damage, apply) in DAMAGES {
            let (_input, _out, lake) = made();
            let path = file(&lake, part);
            apply(&path);
            println!("{part}: {damage}");
            differs(verify(&lake, &[]), "file", &name(&path));
        }
    }
}

#[test]
fn files_that_stand_in_for_one_another_are_found() {
    let (_input, _out, lake) = made();
    let parts: Vec<PathBuf> = files_under(&lake.join("connections"));
    let [one, two, ..] = parts.as_slice() else { panic!("three parts") };
    let (first, second) = (fs::read(one).unwrap(), fs::read(two).unwrap());
    fs::write(one, second).unwrap();
    fs::write(two, first).unwrap();
    differs(verify(&lake, &[]), "file", &name(one));
    differs(verify(&lake, &[]), "file", &name(two));
}

#[test]
fn a_file_that_nothing_names_is_found() {
    for part in ["connections/", "rejected/", "failures_hourly/"] {
        let (_input, _out, lake) = made();
        let path = file(&lake, part);
        fs::copy(&path, path.with_file_name("part-0123456789abcdef.parquet")).unwrap();
        differs(verify(&lake, &[]), "file", "part-0123456789abcdef.parquet");
    }
}

#[test]
fn manifests_that_contradict_themselves_or_are_missing_are_found() {
    let unit = |lake: &Path| files_under(&lake.join("_tlslake/manifest")).into_iter().find(|path| !path.ends_with("lake.jsonl")).unwrap();
    let replace = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    let (_input, _out, lake) = made();
    fs::remove_file(unit(&lake)).unwrap();
    differs(verify(&lake, &[]), "accounting", "lake.jsonl");
    let (_input, _out, lake) = made();
    edit(&unit(&lake), |bytes| bytes.truncate(bytes.len() - 40));
    differs(verify(&lake, &[]), "manifest", "jsonl");
    let (_input, _out, lake) = made();
    replace(&unit(&lake), "\"blank\":0", "\"blank\":1");
    differs(verify(&lake, &[]), "accounting", ".log.gz");
    let (_input, _out, lake) = made();
    fs::remove_file(lake.join("_tlslake/manifest/lake.jsonl")).unwrap();
    differs(verify(&lake, &[]), "manifest", "lake.jsonl");
    let (_input, _out, lake) = made();
    replace(&lake.join("_tlslake/report.json"), "\"rows\": 120", "\"rows\": 121");
    differs(verify(&lake, &[]), "report", "report.json");
    let (_input, _out, lake) = made();
    fs::remove_file(lake.join("_SUCCESS")).unwrap();
    differs(verify(&lake, &[]), "incomplete", "_SUCCESS");
}

#[test]
fn logs_that_the_lake_does_not_hold_are_found() {
    let (input, _out, lake) = made();
    let first = input.path().join("1.log.gz");
    let whole = fs::read(&first).unwrap();
    // The same number of lines, one of them another.
    let mut text = logs::lines(20);
    let at = text.windows(4).position(|bytes| bytes == b"TID_").unwrap();
    text[at + 4] = if text[at + 4] == b'0' { b'1' } else { b'0' };
    fs::write(&first, logs::gzip(&text)).unwrap();
    differs(verify(&lake, &[input.path()]), "log", "1.log.gz");
    fs::write(&first, &whole[..whole.len() / 2]).unwrap();
    differs(verify(&lake, &[input.path()]), "log", "1.log.gz");
    fs::write(&first, whole).unwrap();
    verify(&lake, &[input.path()]).exits(0);
    logs::write(input.path(), "4.log.gz", &logs::gzip(&logs::lines(5)));
    differs(verify(&lake, &[input.path()]), "log", "4.log.gz");
}

/// What would go with the logs, were their folder deleted.
#[test]
fn what_was_passed_over_is_told_of() {
    let (input, _out, lake) = made();
    let access = "123456789012_elasticloadbalancing_us-east-1_app.x.1_20260101T0000Z_10.0.0.1_x.log.gz";
    logs::write(input.path(), access, b"");
    logs::write(input.path(), "README.md", b"of these logs");
    let others = verify(&lake, &[input.path()]).exits(0).json();
    assert_eq!(others["logs"]["others"], 2);
    let one = verify(&lake, &[&input.path().join("1.log.gz")]).exits(0).json();
    assert_eq!(one["logs"]["not_given"], 2);
    logs::write(input.path(), "1.log.1", &logs::lines(3));
    differs(verify(&lake, &[input.path()]), "log", "1.log.1");
}

#[test]
fn what_was_salvaged_is_not_the_whole_log() {
    let (input, out) = (folder(), folder());
    let gzip = logs::gzip(&logs::lines(400));
    let path = logs::write(input.path(), "half.log.gz", &gzip[..gzip.len() / 2]);
    let lake = out.path().join("lake");
    convert(&path, &lake, &["--on-corrupt", "salvage"]).exits(3);
    verify(&lake, &[]).exits(0);
    differs(verify(&lake, &[&path]), "log", "half.log.gz");
}

#[test]
fn logs_are_read_within_the_limits_given() {
    let (input, _out, lake) = made();
    let with = |limits: &[&str]| {
        let paths = [OsStr::new("verify"), lake.as_os_str(), input.path().as_os_str()];
        run(paths.into_iter().chain(limits.iter().map(OsStr::new)))
    };
    with(&["--jobs", "1", "--memory", "256MiB", "--max-line", "1MiB"]).exits(0);
    with(&["--memory", "32MiB"]).exits(2).complains_of("too little");
    with(&["--max-line", "1KiB", "--jobs", "0"]).exits(2).complains_of("--jobs");
}

#[test]
fn where_there_is_no_lake_there_is_nothing_to_verify() {
    let empty = folder();
    verify(empty.path(), &[]).exits(1).complains_of("no lake");
    verify(&empty.path().join("nowhere"), &[]).exits(1).complains_of("no lake");
}
