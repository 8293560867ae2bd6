//! A file system that fails: at each step, at each call, for a while or for good, and a real one that is full. A run then ends with exit
//! code 1 and the cause, what readers see is whole, and the next run ends with what an undisturbed one makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::shim::{self, Act, Call};
use crate::support::trial::{Job, Step, Trial, finish, in_shell, on_all_processors};
use crate::support::{Run, folder};

/// Errors by name, by their numbers on Linux, and in the system's words.
const ERRORS: [(&str, i32, &str); 5] = [
    ("ENOSPC", 28, "No space left on device"),
    ("EIO", 5, "Input/output error"),
    ("EMFILE", 24, "Too many open files"),
    ("EDQUOT", 122, "Disk quota exceeded"),
    ("EROFS", 30, "Read-only file system"),
];

/// Demands that a run has failed as it should.
#[track_caller]
fn assert_failed(run: &Run, cause: &str, what: &str) {
    assert_eq!(run.code, 1, "{what}: {}", run.stderr);
    assert!(run.stderr.contains(cause), "{what}: stderr does not say {cause:?}: {}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{what}: {}", run.stderr);
    assert!(run.stdout.is_empty(), "{what}: a report of a run that has failed");
}

fn has_units(trial: &Trial<'_>) -> bool {
    let manifests = std::fs::read_dir(trial.out.join("_tlslake/manifest"));
    manifests.is_ok_and(|mut entries| entries.next().is_some())
}

#[cfg(target_os = "linux")]
#[test]
fn a_step_that_fails_ends_the_run_with_the_cause() {
    let jobs = Job::every();
    let steps: Vec<(&Job, Step)> = jobs.iter().flat_map(|job| job.chosen_steps().into_iter().map(move |step| (job, step))).collect();
    on_all_processors(steps.len(), |number| {
        let ((job, step), (error, _, words)) = (&steps[number], ERRORS[number % ERRORS.len()]);
        let (trial, what) = (Trial::new(job), format!("{}, {error} at {}:{}", job.name, step.0, step.1));
        let run = trial.run_into(step, error);
        assert_failed(&run, words, &what);
        trial.is_sound(&what);
        if job.before.is_empty() && !has_units(&trial) {
            assert!(!trial.out.exists(), "{what}: a run that has committed nothing leaves nothing");
        }
        trial.ends_well(&what);
    });
}

/// Which calls of a job to try: the first, the middle and the last of each name, and some of the others.
fn chosen_calls(calls: &[Call], every: usize) -> Vec<usize> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        by_name.entry(&call.name).or_default().push(index);
    }
    let chosen = by_name.values().flat_map(|indexes| [indexes[0], indexes[indexes.len() / 2], indexes[indexes.len() - 1]]);
    let chosen: BTreeSet<usize> = chosen.chain((0..calls.len()).step_by(every)).collect();
    chosen.into_iter().collect()
}

fn calls_of(job: &Job, library: &Path) -> Vec<Call> {
    let trial = Trial::new(job);
    let calls = shim::calls(&trial, library);
    trial.is_as_undisturbed("counted");
    calls
}

/// Every call of the job with the most steps that depend on one another, a part of the others' calls; writes are torn.
#[test]
fn a_run_may_die_before_any_call_and_in_the_middle_of_a_write() {
    let Some(library) = shim::library() else { return };
    for job in Job::every() {
        let calls = calls_of(&job, library);
        let chosen = chosen_calls(&calls, if job.step_count() < 80 { 1 } else { 9 });
        on_all_processors(chosen.len(), |number| {
            let at = chosen[number];
            let act = if calls[at].name == "write" { Act::Tear } else { Act::Kill };
            let (trial, what) = (Trial::new(&job), format!("{act:?} at call {at}, {:?}", calls[at]));
            assert_eq!(shim::run(&trial, library, at + 1, act).code, -1, "{what}");
            trial.is_sound(&what);
            trial.ends_well(&what);
        });
    }
}

/// What a run does to tidy up may fail: the next run does it.
fn may_fail_quietly(call: &Call) -> bool {
    ["unlink", "rmdir", "mkdir"].contains(&&*call.name) || call.name.starts_with("ftruncate")
}

#[test]
fn a_call_that_fails_ends_the_run_with_the_cause() {
    let Some(library) = shim::library() else { return };
    for job in Job::every() {
        let calls = calls_of(&job, library);
        let chosen = chosen_calls(&calls, 11);
        on_all_processors(chosen.len() * 2, |number| {
            let (at, (error, code, words)) = (chosen[number / 2], ERRORS[number % ERRORS.len()]);
            let act = if number % 2 == 0 { Act::Fail(code) } else { Act::FailFromThen(code) };
            let (trial, call) = (Trial::new(&job), &calls[at]);
            let what = format!("{}, {error}, {act:?} at call {at}, {call:?}", job.name);
            let run = shim::run(&trial, library, at + 1, act);
            trial.is_sound(&what);
            if run.code == 1 || !may_fail_quietly(call) {
                assert_failed(&run, words, &what);
                trial.ends_well(&what);
            } else {
                trial.is_as_undisturbed_but_for_staging(&what);
                trial.ends_well(&what);
            }
        });
    }
}

#[test]
fn a_write_that_falls_short_is_gone_on_with() {
    let Some(library) = shim::library() else { return };
    let job = Job::fresh();
    let calls = calls_of(&job, library);
    let writes: Vec<usize> = (0..calls.len()).filter(|&at| calls[at].name == "write").collect();
    assert!(writes.len() > 20);
    on_all_processors(writes.len(), |number| {
        let (trial, at) = (Trial::new(&job), writes[number]);
        let run = shim::run(&trial, library, at + 1, Act::Shorten);
        assert!([0, 3].contains(&run.code), "{:?}: {}", calls[at], run.stderr);
        trial.is_as_undisturbed(&format!("half of {:?}", calls[at]));
    });
}

/// What a power cut would find: a file is synced before it gets its name, its name before the manifest tells of it, and everything before
/// `_SUCCESS`; which is gone for good before anything changes.
#[test]
fn nothing_gets_its_name_before_it_is_durable() {
    let Some(library) = shim::library() else { return };
    for job in Job::every() {
        assert_durable_order(job.name, &calls_of(&job, library));
    }
}

fn assert_durable_order(job: &str, calls: &[Call]) {
    let mut dirty: BTreeSet<PathBuf> = BTreeSet::new();
    // Names given or taken since their folder was synced.
    let mut names: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    for call in calls.iter().filter(|call| !call.path.starts_with("_tlslake/lock")) {
        match (call.name.as_str(), &call.to) {
            ("write", _) => drop(dirty.insert(call.path.clone())),
            ("fsync" | "fdatasync", _) => {
                dirty.remove(&call.path);
                names.remove(&call.path);
            }
            ("unlink", _) if call.path == Path::new("_SUCCESS") => drop(names.entry(PathBuf::new()).or_default().insert(call.path.clone())),
            ("rename", Some(to)) => {
                assert!(!dirty.contains(&call.path), "{job}: {} gets its name before it is synced", to.display());
                let is_record = to.starts_with("_tlslake/manifest") || to == Path::new("_SUCCESS");
                let success = names.get(Path::new("")).is_some_and(|names| names.contains(Path::new("_SUCCESS")));
                assert!(!success, "{job}: {} gets its name before _SUCCESS is gone for good", to.display());
                assert!(!is_record || names.is_empty(), "{job}: {} speaks of names that are not synced: {names:?}", to.display());
                names.entry(parent(to)).or_default().insert(to.clone());
            }
            _ => {}
        }
    }
    assert!(names.is_empty(), "{job}: names that are never synced: {names:?}");
}

/// A real limit, which comes as a signal first.
#[test]
fn a_limit_on_the_size_of_files_ends_the_run_with_the_cause() {
    let job = Job::fresh();
    let largest = job.after.values().map(Vec::len).max().unwrap();
    // In blocks of 512 bytes, in which `sh` counts: none will do, some will do, all but the largest.
    for blocks in [0, largest / 1024, largest.div_ceil(512) - 1] {
        let (trial, what) = (Trial::new(&job), format!("ulimit -f {blocks}"));
        let run = finish(&mut in_shell(&what, &trial.command()));
        assert_failed(&run, "File too large", &what);
        trial.is_sound(&what);
        trial.ends_well(&what);
    }
}

/// A file system that was mounted for a test.
struct Mount(tempfile::TempDir);

impl Mount {
    /// One of so many bytes; `None`, and a word about it, where that is not allowed.
    fn new(bytes: usize) -> Option<Self> {
        let mount = Self(folder());
        match mount.call(&format!("size={bytes}")) {
            Ok(()) => Some(mount),
            Err(why) => {
                println!("SKIPPED: no small file system could be mounted, so none was full; that takes root on Linux ({why})");
                None
            }
        }
    }

    fn call(&self, options: &str) -> Result<(), String> {
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.0.path()).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).output().ok(); // fails where it was not mounted
    }
}

#[test]
fn a_full_disk_ends_the_run_with_the_cause_and_room_lets_it_go_on() {
    let job = Job::fresh();
    let needed: usize = job.after.values().map(|bytes| bytes.len().next_multiple_of(4096)).sum();
    let mut committed = BTreeSet::new();
    for eighths in [1, 3, 5, 7] {
        let Some(mount) = Mount::new(needed / 8 * eighths) else { return };
        let (trial, what) = (Trial::at(&job, mount.0.path().join("lake")), format!("{eighths}/8 of what is needed"));
        assert_failed(&trial.run(&[]), "No space left on device", &what);
        trial.is_sound(&what);
        committed.insert(has_units(&trial));
        mount.call("remount,size=64m").expect("a file system that was mounted can grow");
        trial.ends_well(&what);
    }
    assert_eq!(committed.len(), 2, "some were full before anything was committed, some after");
}
