//! How a run ends: its exit code, and what stderr says of a failure.
//!
//! In: errors of the engine, of the generator and of the command line. Out: an [`Exit`]; a [`Failure`] tells its cause in one line and
//! the way out, where one is known, in another. Never writes to stdout.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use tlslake_engine::Error;

use crate::render::shorten::printable;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The exit codes, as `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Every line became a row (or was blank, or outside the range), every file was read whole.
    Clean = 0,
    /// The run failed: an input that does not exist, a full disk, a damaged file under `--on-corrupt fail`.
    Failed = 1,
    /// The command line cannot be used as typed.
    Usage = 2,
    /// Done, but with rejected lines or failed files.
    Incomplete = 3,
    /// Stopped by Ctrl-C: 128 and the signal's number, as shells have it.
    Interrupted = 130,
    /// Stopped by SIGTERM, likewise.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// A run that ended without a result.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// The run failed for `cause`.
    #[cold]
    pub(crate) fn run(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), hint: None, exit: Exit::Failed }
    }

    /// What was asked for is not there; `hint` says what may have been meant.
    #[cold]
    pub(crate) fn not_found(cause: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { cause: cause.into(), hint: Some(hint.into()), exit: Exit::Failed }
    }

    /// The command line cannot be used; `hint` says what to type instead.
    #[cold]
    pub(crate) fn usage(cause: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { cause: cause.into(), hint: Some(hint.into()), exit: Exit::Usage }
    }

    /// The same with another exit code.
    pub(crate) fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same with a way out.
    #[cold]
    pub(crate) fn hinting(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Says it on stderr and gives the exit code.
    pub(crate) fn tell(self) -> Exit {
        say(ERROR, "error", &self.cause);
        if let Some(hint) = &self.hint {
            say(HINT, "hint", hint);
        }
        self.exit
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = hint(&error);
        Self { cause: error.to_string(), hint, exit: exit_of(&error) }
    }
}

impl From<tlslake_engine::trust::TrustError> for Failure {
    fn from(error: tlslake_engine::trust::TrustError) -> Self {
        Self::run(error.to_string()).hinting(error.hint)
    }
}

impl From<tlslake_datasets::Error> for Failure {
    fn from(error: tlslake_datasets::Error) -> Self {
        let cause = error.to_string();
        match &error {
            tlslake_datasets::Error::Setting { .. } => Self { cause, hint: None, exit: Exit::Usage },
            tlslake_datasets::Error::Io { source, .. } => {
                Self { cause, hint: io_hint(source.kind()).map(str::to_owned), exit: Exit::Failed }
            }
            _ => Self::run(cause),
        }
    }
}

/// Only what the command line alone decides is a usage error. An input that does not exist is none: the same line is right once the
/// file is there, so a script must be able to tell the two apart.
fn exit_of(error: &Error) -> Exit {
    match error {
        Error::Unfinished { cause, .. } => exit_of(cause),
        Error::NoInput | Error::Config(_) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The way out, where one is known. The cause stays in the error's own text.
fn hint(error: &Error) -> Option<String> {
    let hint = match error {
        Error::Unfinished { cause, units, of, path } => return Some(go_on(hint(cause), *units, *of, path)),
        Error::NoLake { .. } => "name a folder that `tlslake convert` wrote; earlier versions wrote no manifest",
        Error::Locked { .. } => "wait for it with `--wait`, or choose another output folder; the lock of a run that died is free at once",
        Error::Settings { .. } => "give the same settings again, or choose another output folder",
        Error::ChangedInput { .. } => "`--replace-changed` writes anew the rows that came from it; a new output folder converts everything",
        Error::NoInput => "name a file, a folder, a glob in quotes, the URL of a prefix in a store, or `-` for standard input",
        Error::NoLogs { inputs } if inputs.contains(".parquet") => {
            "a lake is read as a whole: name the folder that `tlslake convert` wrote, in which _SUCCESS and connections/ are"
        }
        Error::NoLogs { .. } => {
            "connection logs are named conn_log_….log.gz; access logs, health-check logs and test files are passed over, \
             so check the folder's level and that the balancer's connection logs are turned on"
        }
        Error::BadInput { .. } => {
            "an input is a file, a folder, a glob in quotes, the URL of a prefix in a store, or `-` for standard input"
        }
        Error::Output { .. } => "`--out PLACE` names a folder, or a prefix in a store: new, empty or a lake, and yours to write to",
        Error::CorruptInput { .. } => {
            "`--on-corrupt skip` goes on without the file and names it in the report; `--on-corrupt salvage` also keeps the whole \
             lines before the fault"
        }
        Error::DamagedLake { .. } => {
            "a lake is read whole or not at all, whatever `--on-corrupt` says: convert the logs again, into a new folder"
        }
        Error::Io { path, .. } if path.as_os_str() == "standard output" => return None,
        Error::Io { source, .. } => return io_hint(source.kind()).map(str::to_owned),
        Error::Worker(_) => "fewer threads may do: try `--jobs 1`",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// How to go on after a run that ended before its time.
fn go_on(hint: Option<String>, units: u64, of: u64, path: &Path) -> String {
    let before = hint.map_or_else(String::new, |hint| format!("{hint}; "));
    let done = if of == 0 { String::new() } else { format!(" ({units} of {of} work units of this run)") };
    format!("{before}what was finished is kept in {}{done}: the same command goes on from there", path.display())
}

fn io_hint(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free some space, or choose another disk with `--out`"),
        ErrorKind::FileTooLarge => Some("a limit on the size of files was reached (`ulimit -f`): raise it, or lower `--target-file-size`"),
        ErrorKind::PermissionDenied => Some("check who may write there (`ls -ld`), or choose another folder with `--out`"),
        ErrorKind::ReadOnlyFilesystem => Some("choose another folder with `--out`"),
        _ => None,
    }
}

/// Prints what clap has to say (help, version or a usage error) to the stream it belongs to.
pub(crate) fn answered_by_clap(answer: &clap::Error) -> Exit {
    // A closed stdout or stderr leaves nobody to tell.
    let _ = answer.print();
    if answer.use_stderr() { Exit::Usage } else { Exit::Clean }
}

/// A line of talk that is no error.
pub(crate) fn warn(text: &str) {
    say(WARNING, "warning", text);
}

/// A line of talk that asks for nothing.
pub(crate) fn note(text: &str) {
    say(HINT, "note", text);
}

fn say(style: Style, label: &str, text: &str) {
    let text = printable(text);
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}");
}

/// Whether writing failed only because the reader has gone away.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: Error) -> Failure {
        Failure::from(error)
    }

    #[test]
    fn only_the_command_line_is_a_usage_error() {
        assert_eq!(failure(Error::NoInput).exit, Exit::Usage);
        assert_eq!(failure(Error::Config("x".into())).exit, Exit::Usage);
        assert_eq!(failure(Error::BadInput { input: "a".into(), problem: "no such file".into() }).exit, Exit::Failed);
        assert_eq!(failure(Error::NoLogs { inputs: "a".into() }).exit, Exit::Failed);
    }

    #[test]
    fn a_hint_stands_apart_from_the_cause() {
        let failure = failure(Error::Output { path: "lake".into(), problem: "is not empty".into() });
        assert_eq!(failure.cause, "lake: is not empty");
        assert!(failure.hint.is_some_and(|hint| hint.contains("--out")));
    }

    #[test]
    fn a_full_standard_output_is_nothing_that_another_folder_mends() {
        assert_eq!(failure(Error::io("standard output", "writing", io::Error::from(ErrorKind::StorageFull))).hint, None);
    }

    #[test]
    fn a_part_of_a_lake_leads_to_the_lake() {
        let failure = failure(Error::NoLogs { inputs: "lake/connections: 1 skipped as other-name (part-1.parquet)".into() });
        assert!(failure.hint.is_some_and(|hint| hint.contains("name the folder that `tlslake convert` wrote")));
    }

    #[test]
    fn a_full_disk_has_a_way_out() {
        let failure = failure(Error::io("lake/part", "writing", io::Error::from(ErrorKind::StorageFull)));
        assert!(failure.hint.is_some_and(|hint| hint.contains("space")));
    }
}
