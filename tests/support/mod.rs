//! What the tests share: the executable, the oracle, logs to feed, and a reader of what came out.

pub(crate) mod expected;
pub(crate) mod inflate;
pub(crate) mod lake;
pub(crate) mod logs;
pub(crate) mod oracle;
pub(crate) mod process;
pub(crate) mod proxy;
#[cfg(unix)]
pub(crate) mod shim;
pub(crate) mod store;
pub(crate) mod summary;
#[cfg(unix)]
pub(crate) mod trial;
pub(crate) mod values;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// What a run of the executable left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Demands that standard output is one JSON value and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is not pure JSON: {error}\n{}", self.stdout))
    }

    /// Demands that standard error mentions something.
    #[track_caller]
    pub(crate) fn complains_of(self, what: &str) -> Self {
        assert!(self.stderr.contains(what), "stderr does not mention {what:?}:\n{}", self.stderr);
        self
    }
}

/// A command that runs the executable away from any terminal and from the caller's settings.
pub(crate) fn tlslake() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tlslake"));
    command.stdin(Stdio::null()).env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").env_remove("FORCE_COLOR").env_remove("COLUMNS");
    command
}

/// Runs `tlslake` with these arguments.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    finish(tlslake().args(arguments), &[])
}

/// Runs `tlslake` with these arguments and with `stdin` as its standard input.
pub(crate) fn run_with_stdin<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, stdin: &[u8]) -> Run {
    finish(tlslake().args(arguments).stdin(Stdio::piped()), stdin)
}

/// Likewise, with variables in its environment.
pub(crate) fn run_with_stdin_and<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, stdin: &[u8], variables: &[(&str, &str)]) -> Run {
    finish(tlslake().args(arguments).envs(variables.iter().copied()).stdin(Stdio::piped()), stdin)
}

fn finish(command: &mut Command, stdin: &[u8]) -> Run {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tlslake starts");
    let pipe = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // Writing from here while the child's output is read: neither side may wait for the other.
        scope.spawn(move || {
            if let Some(mut pipe) = pipe {
                pipe.write_all(stdin).ok(); // a child that refuses its input shows in its exit code
            }
        });
        child.wait_with_output().expect("tlslake ends")
    });
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// `tlslake convert INPUT --out OUT OPTIONS… --format json`.
pub(crate) fn convert(input: &Path, out: &Path, options: &[&str]) -> Run {
    let mut arguments = vec![OsStr::new("convert"), input.as_os_str(), OsStr::new("--out"), out.as_os_str()];
    arguments.extend(["--format", "json"].map(OsStr::new));
    arguments.extend(options.iter().map(OsStr::new));
    run(arguments)
}

/// `tlslake report INPUT OPTIONS… --format json`.
pub(crate) fn report(input: &Path, options: &[&str]) -> Run {
    let mut arguments = vec![OsStr::new("report"), input.as_os_str()];
    arguments.extend(["--format", "json"].map(OsStr::new));
    arguments.extend(options.iter().map(OsStr::new));
    run(arguments)
}

/// The kernels this machine can run, as `tlslake` itself would choose among them.
pub(crate) fn available_kernels() -> Vec<&'static str> {
    use tlslake_engine::scan::Kernel;
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(Kernel::name).collect()
}

/// A fresh temporary folder.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tlslake-").tempdir().expect("a temporary folder can be made")
}

/// Looks into JSON by a path like `latency.by.tls_protocol`.
#[track_caller]
pub(crate) fn at<'a>(json: &'a Json, path: &str) -> &'a Json {
    path.split('.')
        .fold(json, |json, key| json.get(key).unwrap_or_else(|| panic!("the report has no {path:?}: stopped at {key:?} in {json}")))
}

/// Likewise, as a count.
#[track_caller]
pub(crate) fn count(json: &Json, path: &str) -> u64 {
    at(json, path).as_u64().unwrap_or_else(|| panic!("{path:?} is no count"))
}
