//! How a conversion stops before its time: by signals, by a reader that goes away, and by another run in the same lake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::expected::Expected;
use crate::support::lake::{assert_holds, assert_same_tree, tree};
use crate::support::trial::ended;
use crate::support::{Run, convert, folder, logs, tlslake};

/// How long a run may take to stop.
const SOON: Duration = Duration::from_secs(2);
/// How long a test waits for what must come.
const LONG: Duration = Duration::from_secs(60);
/// Units of one file each.
const ALONE: [&str; 2] = ["--target-file-size", "1"];

/// Waits for something to become so.
#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts `tlslake convert INPUTS --out LAKE OPTIONS`.
fn start(inputs: &[&Path], lake: &Path, options: &[&str], stdin: Stdio) -> Child {
    let mut command = tlslake();
    command.arg("convert").args(inputs).arg("--out").arg(lake).args(options).stdin(stdin);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(status.success(), "the signal is sent");
}

/// Waits for the end, which has to come soon.
#[track_caller]
fn ends_soon(mut child: Child) -> Run {
    let began = Instant::now();
    // What it says is little enough for the pipes to hold it.
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > SOON {
            child.kill().unwrap();
            panic!("still running after {SOON:?}: {:?}", ended(child));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    ended(child)
}

fn committed(lake: &Path) -> usize {
    std::fs::read_dir(lake.join("_tlslake/manifest")).map_or(0, |entries| {
        entries.flatten().filter(|entry| entry.path().extension().is_some_and(|extension| extension == "jsonl")).count()
    })
}

/// Whether that process has signed the lake's lock.
fn holds(lake: &Path, child: &Child) -> bool {
    let signed = std::fs::read_to_string(lake.join("_tlslake/lock")).unwrap_or_default();
    signed.starts_with(&format!("process {}", child.id()))
}

/// Inputs that take a while: many, each a unit.
fn many() -> (TempDir, TempDir, PathBuf) {
    let (input, base) = (folder(), folder());
    for number in 0..100 {
        logs::write(input.path(), &logs::name(number), &logs::gzip(&logs::lines(8)));
    }
    let lake = base.path().join("lake");
    (input, base, lake)
}

fn stops_on(name: &str, code: i32) {
    let (input, base, lake) = many();
    let child = start(&[input.path()], &lake, &ALONE, Stdio::null());
    wait_for("three units", || committed(&lake) >= 3);
    signal(&child, name);
    let run = ends_soon(child).exits(code);
    let units = committed(&lake);
    assert!((3..100).contains(&units), "{units} units are committed, and stay");
    assert!(!lake.join("_SUCCESS").exists() && !lake.join("_tlslake/staging").exists());
    assert!(run.stderr.contains("same command"), "how to go on: {}", run.stderr);
    assert!(run.stderr.contains(&format!("{units} of 100 work units")), "{}", run.stderr);
    let rest = convert(input.path(), &lake, &ALONE).exits(0).json();
    assert_eq!(rest["output"]["inputs_held"], units);
    let undisturbed = base.path().join("undisturbed");
    convert(input.path(), &undisturbed, &ALONE).exits(0);
    assert_same_tree(&tree(&undisturbed), &tree(&lake), name);
}

#[test]
fn ctrl_c_keeps_what_is_finished_and_says_how_to_go_on() {
    stops_on("INT", 130);
}

#[test]
fn so_does_a_request_to_terminate() {
    stops_on("TERM", 143);
}

/// Nothing can be waited for from a pipe that gives nothing.
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let (_input, _base, lake) = many();
    let child = start(&[Path::new("-")], &lake, &[], Stdio::piped());
    wait_for("the lock", || holds(&lake, &child));
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    ends_soon(child).exits(130);
    assert!(!lake.join("_SUCCESS").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(200)));
    for format in ["text", "json"] {
        let mut child = start(&[input.path()], &lake, &["--format", format], Stdio::null());
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr)), (Some(0), "".into()), "{format}");
        assert!(lake.join("_SUCCESS").exists());
    }
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

/// A run that holds the lake until its standard input ends.
fn holder(lake: &Path) -> Child {
    let child = start(&[Path::new("-")], lake, &[], Stdio::piped());
    wait_for("the lock", || holds(lake, &child));
    child
}

#[test]
fn a_second_run_is_refused_and_told_who_holds_the_lake() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(20)));
    let mut first = holder(&lake);
    let refused = convert(input.path(), &lake, &[]).exits(1);
    let who = format!("process {}", first.id());
    for said in ["another run is writing to this lake", &who, "--wait"] {
        assert!(refused.stderr.contains(said), "{said:?}: {}", refused.stderr);
    }
    assert!(holds(&lake, &first), "the one that was refused leaves the lock alone");
    first.stdin.take().unwrap().write_all(&logs::lines(12)).unwrap();
    ended(first).exits(0);
    assert_eq!(convert(input.path(), &lake, &[]).exits(0).json()["rows"], 32);
}

#[test]
fn a_second_run_waits_if_it_is_told_to() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(20)));
    let mut first = holder(&lake);
    let mut second = start(&[input.path()], &lake, &["--wait", "--format", "json"], Stdio::null());
    std::thread::sleep(Duration::from_millis(500));
    assert!(second.try_wait().unwrap().is_none(), "it waits");
    first.stdin.take().unwrap().write_all(&logs::lines(12)).unwrap();
    ended(first).exits(0);
    assert_eq!(ended(second).exits(0).json()["rows"], 32);
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(20)));
    let mut first = holder(&lake);
    let second = start(&[input.path()], &lake, &["--wait"], Stdio::null());
    std::thread::sleep(Duration::from_millis(300));
    signal(&second, "INT");
    ends_soon(second).exits(130);
    assert!(holds(&lake, &first), "the one that waited leaves the lock alone");
    first.stdin.take().unwrap().write_all(&logs::lines(12)).unwrap();
    ended(first).exits(0);
}

#[test]
fn the_lock_of_a_dead_run_holds_nobody_up() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(20)));
    let mut first = holder(&lake);
    first.kill().unwrap();
    first.wait().unwrap();
    convert(input.path(), &lake, &[]).exits(0);
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

/// Many at once: one after the other gets the lake, and every input is there once.
#[test]
fn runs_that_start_at_once_give_one_lake() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    let mut expected = Expected::default();
    let files: Vec<PathBuf> =
        (0..6).map(|number| logs::write(input.path(), &logs::name(number), &logs::gzip(&logs::lines(20 + number as usize)))).collect();
    let children: Vec<Child> = files.iter().map(|file| start(&[file, &files[0]], &lake, &["--wait"], Stdio::null())).collect();
    children.into_iter().for_each(|child| drop(ended(child).exits(0)));
    files.iter().for_each(|file| expected.add(file));
    assert_holds(&lake, &expected);
}
