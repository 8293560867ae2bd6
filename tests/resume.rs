//! Converting into a lake that is there: every input once, whatever it is called, and nothing said over that has changed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::expected::{Expected, files_under};
use crate::support::lake::{assert_holds, assert_same_tree, table, tree};
use crate::support::trial::finish;
use crate::support::{Run, convert, count, folder, logs, run, run_with_stdin, run_with_stdin_and, tlslake};

/// Units of one file each.
const ALONE: [&str; 2] = ["--target-file-size", "1"];

/// Inputs, and a place for a lake.
fn places() -> (TempDir, TempDir, PathBuf) {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    (input, base, lake)
}

fn write(folder: &Path, number: u32, lines: usize) -> PathBuf {
    logs::write(folder, &logs::name(number), &logs::gzip(&logs::lines(lines)))
}

/// When each file of a lake was written; the lock apart.
fn times(lake: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let files = files_under(lake).into_iter().filter(|path| !path.ends_with("_tlslake/lock"));
    files.map(|path| (path.clone(), path.metadata().unwrap().modified().unwrap())).collect()
}

#[track_caller]
fn inputs(run: &Run) -> [u64; 3] {
    let report = run.json();
    ["inputs_read", "inputs_held", "inputs_replaced"].map(|key| count(&report, &format!("output.{key}")))
}

fn touch(path: &Path) {
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(86_400)).unwrap();
}

#[test]
fn converted_again_nothing_is_new() {
    let (input, _base, lake) = places();
    (0..5).for_each(|number| drop(write(input.path(), number, 40)));
    let first = convert(input.path(), &lake, &ALONE).exits(0);
    assert_eq!(inputs(&first), [5, 0, 0]);
    let (files, when) = (tree(&lake), times(&lake));
    let again = convert(input.path(), &lake, &ALONE).exits(0);
    assert_eq!(inputs(&again), [0, 5, 0]);
    assert_same_tree(&files, &tree(&lake), "again");
    assert_eq!(when, times(&lake), "nothing is written anew");
    let told = |run: &Run| ["input", "rows", "outcomes", "failures", "latency", "time"].map(|key| run.json()[key].clone());
    assert_eq!(told(&first), told(&again), "the report is of the lake");
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

#[test]
fn a_lake_grows_by_what_is_new() {
    let (input, _base, lake) = places();
    (0..3).for_each(|number| drop(write(input.path(), number, 40)));
    convert(input.path(), &lake, &ALONE).exits(0);
    let old = times(&lake.join("connections"));
    (3..5).for_each(|number| drop(write(input.path(), number, 50)));
    let grown = convert(input.path(), &lake, &ALONE).exits(0);
    assert_eq!(inputs(&grown), [2, 3, 0]);
    assert_eq!(count(&grown.json(), "rows"), 3 * 40 + 2 * 50);
    let new = times(&lake.join("connections"));
    assert!(old.iter().all(|(path, time)| new.get(path) == Some(time)), "what was there stays as it was");
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

/// The lake remembers inputs that a later run does not name.
#[test]
fn inputs_may_come_one_by_one_and_the_report_is_of_all() {
    let (input, base, lake) = places();
    let files: Vec<PathBuf> = (0..4).map(|number| write(input.path(), number, 30 + number as usize)).collect();
    for file in files.iter().rev() {
        convert(file, &lake, &ALONE).exits(0);
    }
    let at_once = base.path().join("at-once");
    let whole = convert(input.path(), &at_once, &ALONE).exits(0).json();
    assert_same_tree(&tree(&at_once), &tree(&lake), "one by one");
    let last = convert(&files[0], &lake, &ALONE).exits(0).json();
    for key in ["rows", "outcomes", "failures", "latency", "time", "top_failing"] {
        assert_eq!(last[key], whole[key], "{key}");
    }
}

#[test]
fn an_input_that_has_changed_is_refused_with_both_identities() {
    let (input, _base, lake) = places();
    (0..3).for_each(|number| drop(write(input.path(), number, 40)));
    convert(input.path(), &lake, &ALONE).exits(0);
    let (files, was) = (tree(&lake), input.path().join(logs::name(1)).metadata().unwrap().len());
    let changed = write(input.path(), 1, 41);
    let refused = convert(input.path(), &lake, &ALONE).exits(1);
    let is = changed.metadata().unwrap().len();
    for said in [changed.to_str().unwrap(), &format!("{was} bytes"), &format!("{is} bytes"), "--replace-changed"] {
        assert!(refused.stderr.contains(said), "{said:?}: {}", refused.stderr);
    }
    assert_eq!(refused.stderr.matches("xxh3-128:").count(), 2, "{}", refused.stderr);
    assert_same_tree(&files, &tree(&lake), "a run that was refused");
}

/// The same size is no proof; the text's checksum is.
#[test]
fn an_input_of_the_same_size_and_another_text_has_changed() {
    let (input, _base, lake) = places();
    let path = logs::write(input.path(), "conn_log.log", &logs::lines(10));
    convert(input.path(), &lake, &[]).exits(0);
    let other = String::from_utf8(logs::lines(10)).unwrap().replacen("203.0.113.24", "203.0.113.42", 1);
    std::fs::write(&path, other).unwrap();
    touch(&path);
    convert(input.path(), &lake, &[]).exits(1).complains_of("has changed");
}

#[test]
fn an_input_that_was_only_touched_is_held() {
    let (input, _base, lake) = places();
    let path = write(input.path(), 1, 40);
    write(input.path(), 2, 40);
    convert(input.path(), &lake, &ALONE).exits(0);
    let when = times(&lake);
    touch(&path);
    assert_eq!(inputs(&convert(input.path(), &lake, &ALONE).exits(0)), [0, 2, 0]);
    assert_eq!(when, times(&lake));
}

#[test]
fn what_has_changed_is_written_anew_if_that_is_asked_for() {
    let (input, base, lake) = places();
    (0..4).for_each(|number| drop(write(input.path(), number, 40)));
    // Two files to a unit: the neighbour of the one that changes is written anew with it.
    let pairs = ["--target-file-size", &(input.path().join(logs::name(0)).metadata().unwrap().len() / 2).to_string()].map(str::to_owned);
    let pairs = [&*pairs[0], &*pairs[1], "--replace-changed"];
    convert(input.path(), &lake, &pairs).exits(0);
    write(input.path(), 1, 57);
    let replaced = convert(input.path(), &lake, &pairs).exits(0);
    assert_eq!(inputs(&replaced), [2, 2, 1]);
    assert_eq!(count(&replaced.json(), "rows"), 3 * 40 + 57);
    assert_holds(&lake, &Expected::of_folder(input.path()));
    let afresh = base.path().join("afresh");
    convert(input.path(), &afresh, &pairs).exits(0);
    let of_rows = |lake: &Path| files_under(&lake.join("connections")).len();
    assert_eq!(of_rows(&lake), of_rows(&afresh), "what was replaced is gone");
    assert_eq!(inputs(&convert(input.path(), &lake, &pairs).exits(0)), [0, 4, 0]);
}

#[test]
fn a_neighbour_that_is_not_named_cannot_be_written_anew() {
    let (input, _base, lake) = places();
    (0..2).for_each(|number| drop(write(input.path(), number, 40)));
    convert(input.path(), &lake, &[]).exits(0);
    let (files, changed) = (tree(&lake), write(input.path(), 1, 41));
    convert(&changed, &lake, &["--replace-changed"]).exits(1).complains_of(&logs::name(0)).complains_of("not among the inputs");
    assert_same_tree(&files, &tree(&lake), "a run that was refused");
}

/// What is there came from a whole input; what is damaged now shall not take its place.
#[test]
fn a_changed_input_that_cannot_be_read_replaces_nothing() {
    let (input, _base, lake) = places();
    (0..2).for_each(|number| drop(write(input.path(), number, 40)));
    let expected = Expected::of_folder(input.path());
    convert(input.path(), &lake, &ALONE).exits(0);
    logs::write(input.path(), &logs::name(1), b"\x1f\x8b\x08 no more than this");
    convert(input.path(), &lake, &[&ALONE[..], &["--replace-changed"]].concat()).exits(3).complains_of("1");
    assert_holds(&lake, &expected);
}

#[test]
fn other_settings_are_refused_with_the_difference() {
    let (input, _base, lake) = places();
    write(input.path(), 1, 40);
    convert(input.path(), &lake, &["--since", "2023-01-01"]).exits(0);
    let files = tree(&lake);
    let cases: [(&[&str], &str); 5] = [
        (&[], "--since: the lake has 2023-01-01T00:00:00.000000Z, this run no bound"),
        (&["--since", "2024-01-01"], "--since"),
        (&["--since", "2023-01-01", "--until", "2030-01-01"], "--until: the lake has no bound"),
        (&["--since", "2023-01-01", "--partition", "none"], "--partition: the lake has account,region,day, this run none"),
        (&["--since", "2023-01-01", "--no-provenance"], "source_object and source_line: the lake has written, this run left out"),
    ];
    for (options, said) in cases {
        convert(input.path(), &lake, options).exits(1).complains_of(said);
        assert_same_tree(&files, &tree(&lake), said);
    }
    // How rows are stored may differ from run to run.
    write(input.path(), 2, 40);
    convert(input.path(), &lake, &["--since", "2023-01-01", "--compression", "snappy", "--row-group-rows", "7"]).exits(0);
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

#[test]
fn an_input_that_failed_is_tried_again_and_taken_up_once_it_is_whole() {
    let (input, _base, lake) = places();
    let whole = logs::gzip(&logs::lines(60));
    (0..3).for_each(|number| drop(write(input.path(), number, 40)));
    logs::write(input.path(), &logs::name(7), &whole[..whole.len() / 2]);
    let first = convert(input.path(), &lake, &[]).exits(3);
    assert_eq!(count(&first.json(), "failed"), 1);
    let files = tree(&lake);
    let again = convert(input.path(), &lake, &[]).exits(3);
    assert_eq!(count(&again.json(), "failed"), 1, "it is not forgotten");
    assert_same_tree(&files, &tree(&lake), "it failed again");
    logs::write(input.path(), &logs::name(7), &whole);
    let mended = convert(input.path(), &lake, &[]).exits(0);
    assert_eq!((count(&mended.json(), "failed"), inputs(&mended)), (0, [1, 3, 0]));
    assert_holds(&lake, &Expected::of_folder(input.path()));
    assert_eq!(inputs(&convert(input.path(), &lake, &[]).exits(0)), [0, 4, 0]);
}

/// What cannot be read today may be read tomorrow, and is the same file then: size and time have not changed.
#[test]
fn an_input_that_failed_and_is_unchanged_is_tried_again() {
    let (input, _out, lake) = places();
    let path = write(input.path(), 1, 40);
    let whole = std::fs::read(&path).unwrap();
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    let put = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    put(&damaged);
    assert_eq!(count(&convert(input.path(), &lake, &[]).exits(3).json(), "failed"), 1);
    // Again, with nothing new: it fails again, and is not counted twice.
    assert_eq!(count(&convert(input.path(), &lake, &[]).exits(3).json(), "failed"), 1);
    let verified = run([OsStr::new("verify"), lake.as_os_str(), input.path().as_os_str()]).exits(3);
    assert!(verified.stdout.contains("nothing of it is in the lake"), "{}", verified.stdout);
    put(&whole);
    let report = convert(input.path(), &lake, &[]).exits(0).json();
    assert_eq!((count(&report, "failed"), count(&report, "rows")), (0, 40));
    run([OsStr::new("verify"), lake.as_os_str(), input.path().as_os_str()]).exits(0);
    assert_eq!(count(&convert(input.path(), &lake, &[]).exits(0).json(), "rows"), 40);
}

/// A stream cannot be told from another, so it is not taken a second time; but a lake that was cut off after the first is completed.
#[test]
fn a_lake_of_a_stream_is_completed() {
    let (_input, _out, lake) = places();
    let text = logs::lines(30);
    let arguments = [OsStr::new("convert"), OsStr::new("-"), OsStr::new("--out"), lake.as_os_str()];
    let died = run_with_stdin_and(arguments, &text, &[("TLSLAKE_FAILPOINT", "finish.begin=abort")]);
    assert_eq!(died.code, -1, "{}", died.stderr);
    assert!(!lake.join("_SUCCESS").exists());
    run_with_stdin(arguments, &text).exits(1).complains_of("a stream was converted into this lake already");
    assert!(lake.join("_SUCCESS").exists());
    run([OsStr::new("verify"), lake.as_os_str()]).exits(0);
}

/// Nobody can say whether these are copies, but somebody should look.
#[test]
fn inputs_of_the_same_text_are_told_of() {
    let (input, _out, lake) = places();
    let path = write(input.path(), 1, 40);
    std::fs::copy(&path, input.path().join("copy.log.gz")).unwrap();
    let report = convert(input.path(), &lake, &[]).exits(0).json();
    let notes = crate::support::at(&report, "notes").to_string();
    assert!(notes.contains("1 input has the same text as another"), "{notes}");
}

#[test]
fn a_lake_whose_manifest_is_gone_is_not_added_to() {
    let (input, _out, lake) = places();
    write(input.path(), 1, 40);
    convert(input.path(), &lake, &[]).exits(0);
    let manifest = lake.join("_tlslake/manifest");
    let unit = std::fs::read_dir(&manifest).unwrap().map(|entry| entry.unwrap().path()).find(|path| !path.ends_with("lake.jsonl")).unwrap();
    std::fs::remove_file(unit).unwrap();
    convert(input.path(), &lake, &[]).exits(1).complains_of("manifest");
    run([OsStr::new("verify"), lake.as_os_str()]).exits(3);
    std::fs::remove_dir_all(&manifest).unwrap();
    convert(input.path(), &lake, &[]).exits(1).complains_of("manifest");
    assert_eq!(table(&lake, "connections").iter().map(|part| part.rows.len()).sum::<usize>(), 40);
}

#[test]
fn what_was_salvaged_is_held_and_replaced_when_it_is_whole() {
    let (input, _base, lake) = places();
    let whole = logs::gzip(&logs::lines(400));
    write(input.path(), 1, 40);
    logs::write(input.path(), &logs::name(2), &whole[..whole.len() - 900]);
    convert(input.path(), &lake, &ALONE).exits(3);
    let salvage = [&ALONE[..], &["--on-corrupt", "salvage"]].concat();
    let salvaged = convert(input.path(), &lake, &salvage).exits(3);
    let rows = count(&salvaged.json(), "rows");
    assert!((100..440).contains(&rows), "{rows}");
    let files = tree(&lake);
    assert_eq!(count(&convert(input.path(), &lake, &salvage).exits(3).json(), "rows"), rows);
    assert_same_tree(&files, &tree(&lake), "salvaged once");
    logs::write(input.path(), &logs::name(2), &whole);
    convert(input.path(), &lake, &salvage).exits(1).complains_of("has changed");
    let replaced = convert(input.path(), &lake, &[&salvage[..], &["--replace-changed"]].concat()).exits(0);
    assert_eq!((count(&replaced.json(), "rows"), inputs(&replaced)), (440, [1, 1, 1]));
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

#[test]
fn strict_adds_a_clean_job_to_a_lake_and_nothing_of_a_soiled_one() {
    let (input, _base, lake) = places();
    write(input.path(), 1, 40);
    convert(input.path(), &lake, &["--strict"]).exits(0);
    let (files, when) = (tree(&lake), times(&lake));
    write(input.path(), 2, 30);
    let soiled = logs::write(input.path(), &logs::name(3), b"no log line\n");
    let report = convert(input.path(), &lake, &[&ALONE[..], &["--strict"]].concat()).exits(3).json();
    assert_eq!(report["output"]["committed"], Json::Bool(false));
    assert_same_tree(&files, &tree(&lake), "a soiled job");
    assert_eq!(when, times(&lake));
    std::fs::remove_file(soiled).unwrap();
    convert(input.path(), &lake, &["--strict"]).exits(0);
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

/// Nothing tells whether it is the same one.
#[test]
fn a_stream_is_taken_once() {
    let (_input, _base, lake) = places();
    let arguments = [OsStr::new("convert"), OsStr::new("-"), OsStr::new("--out"), lake.as_os_str()];
    run_with_stdin(arguments, &logs::lines(12)).exits(0);
    let files = tree(&lake);
    run_with_stdin(arguments, &logs::lines(12)).exits(1).complains_of("a stream was converted into this lake already");
    assert_same_tree(&files, &tree(&lake), "a stream again");
}

#[test]
fn threads_change_nothing() {
    let (input, base, _) = places();
    for number in 0..9 {
        let text = [logs::lines(60), logs::odd_lines(u64::from(number), 20)].concat();
        logs::write(input.path(), &logs::name(number), &logs::gzip(&text));
    }
    let of_jobs = |jobs: &str| {
        let lake = base.path().join(jobs);
        convert(input.path(), &lake, &["--jobs", jobs, "--target-file-size", "3000", "--row-group-rows", "50"]).exits(3);
        tree(&lake)
    };
    let one = of_jobs("1");
    assert_same_tree(&one, &of_jobs("2"), "two threads");
    assert_same_tree(&one, &of_jobs("4"), "four threads");
}

#[test]
fn an_input_is_the_same_by_whatever_name() {
    let (input, base, lake) = places();
    write(&input.path().join("logs"), 1, 40);
    write(&input.path().join("logs"), 2, 40);
    convert(&input.path().join("logs"), &lake, &[]).exits(0);
    let files = tree(&lake);
    std::os::unix::fs::symlink(input.path().join("logs"), base.path().join("link")).unwrap();
    std::os::unix::fs::symlink(input.path().join("logs").join(logs::name(2)), base.path().join("two.log.gz")).unwrap();
    let relative = |names: &[&str], folder: &Path| {
        let mut command = tlslake();
        command.arg("convert").args(names).arg("--out").arg(&lake).args(["--format", "json"]).current_dir(folder);
        finish(&mut command).exits(0)
    };
    assert_eq!(inputs(&relative(&["logs"], input.path())), [0, 2, 0]);
    assert_eq!(inputs(&relative(&["./logs/../logs"], input.path())), [0, 2, 0]);
    assert_eq!(inputs(&relative(&["*.log.gz"], &input.path().join("logs"))), [0, 2, 0]);
    assert_eq!(inputs(&relative(&["link", "two.log.gz"], base.path())), [0, 2, 0]);
    assert_same_tree(&files, &tree(&lake), "other names");
}

/// The lake names nothing by where it is.
#[test]
fn a_lake_may_be_moved() {
    let (input, base, lake) = places();
    write(input.path(), 1, 40);
    convert(input.path(), &lake, &ALONE).exits(0);
    let moved = base.path().join("moved");
    std::fs::rename(&lake, &moved).unwrap();
    write(input.path(), 2, 40);
    assert_eq!(inputs(&convert(input.path(), &moved, &ALONE).exits(0)), [1, 1, 0]);
    assert_holds(&moved, &Expected::of_folder(input.path()));
}
