//! The failing file system of `tests/faults/shim.c`, put under the executable.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::trial::{Trial, finish};
use super::{Run, folder};

/// A call that changes something in a lake.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `write`, `fsync`, `rename`, …
    pub(crate) name: String,
    /// On what, in the lake.
    pub(crate) path: PathBuf,
    /// Of a rename: where to.
    pub(crate) to: Option<PathBuf>,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// The process ends before it.
    Kill,
    /// The process ends in the middle of it, if it writes.
    Tear,
    /// It writes half.
    Shorten,
    /// It fails with that error.
    Fail(i32),
    /// So does each later one of its name.
    FailFromThen(i32),
}

/// Builds the shim; `None`, and a word about it, where that cannot be done.
pub(crate) fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let library = LIBRARY.get_or_init(build).as_deref();
    if library.is_none() {
        println!("SKIPPED: no C compiler for glibc here, so the file system's calls did not fail; install gcc and libc6-dev");
    }
    library
}

fn build() -> Option<PathBuf> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (library, aside) = (target.join("shim.so"), target.join(format!("shim-{}.so", std::process::id())));
    let output =
        Command::new("cc").args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"]).arg(&aside).arg(source).arg("-ldl").output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(aside, &library).unwrap();
    Some(library)
}

fn under(trial: &Trial<'_>, library: &Path) -> Command {
    let mut command = trial.command();
    command.env("LD_PRELOAD", library).env("TLSLAKE_SHIM_DIR", &trial.out);
    command
}

/// The calls of an undisturbed run.
pub(crate) fn calls(trial: &Trial<'_>, library: &Path) -> Vec<Call> {
    let log = folder();
    let log = log.path().join("calls");
    let run = finish(under(trial, library).env("TLSLAKE_SHIM_LOG", &log));
    assert!([0, 3].contains(&run.code), "{}", run.stderr);
    let text = std::fs::read_to_string(&log).expect("the shim was loaded and has counted");
    let calls: Vec<Call> = text.lines().map(|line| call(line, &trial.out)).collect();
    for name in ["open", "write", "fsync", "rename", "mkdir", "unlink"] {
        assert!(calls.iter().any(|call| call.name == name), "the shim has seen no {name}");
    }
    calls
}

fn call(line: &str, out: &Path) -> Call {
    let mut parts = line.split('\t');
    let name = parts.next().unwrap().to_owned();
    let mut paths = parts.map(|path| Path::new(path).strip_prefix(out).unwrap_or(Path::new(path)).to_owned());
    Call { name, path: paths.next().unwrap(), to: paths.next() }
}

/// Runs a trial, and has its call number `at`, from 1, go wrong.
pub(crate) fn run(trial: &Trial<'_>, library: &Path, at: usize, act: Act) -> Run {
    let mut command = under(trial, library);
    let action = match act {
        Act::Kill => "kill".to_owned(),
        Act::Tear => "torn".to_owned(),
        Act::Shorten => "short".to_owned(),
        Act::Fail(number) | Act::FailFromThen(number) => number.to_string(),
    };
    if matches!(act, Act::FailFromThen(_)) {
        command.env("TLSLAKE_SHIM_LASTS", "1");
    }
    finish(command.env("TLSLAKE_SHIM_AT", at.to_string()).env("TLSLAKE_SHIM_ACTION", action))
}
