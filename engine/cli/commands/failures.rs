//! `tlslake failures`: the rows that match, printed as they are found.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use tlslake_engine::config::ReadConfig;
use tlslake_engine::reasons;
use tlslake_engine::run::{self, Control, SearchOutcome};
use tlslake_engine::select::Selection;

use super::read;
use crate::exit::{self, Failure};
use crate::flags::{FailuresFlags, FailuresFormat, ProgressMode};
use crate::render::number::counted;
use crate::render::progress;
use crate::render::rows::RowPrinter;

/// A search, ready to run.
#[derive(Debug)]
pub(crate) struct Failures {
    inputs: Vec<OsString>,
    read: ReadConfig,
    selection: Selection,
    printer: RowPrinter,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: FailuresFlags) -> Result<Failures, Failure> {
    let FailuresFlags { read, select, show } = flags;
    if show.format == FailuresFormat::Raw && !show.columns.is_empty() {
        return Err(Failure::usage(
            "--columns has no meaning with --format raw",
            "raw prints whole lines; choose --format csv for columns",
        ));
    }
    let settings = read::settings(&read)?;
    let selection = Selection {
        all: select.all,
        clients: select.client_ip,
        reasons: select.reason,
        subject: select.subject,
        serial: select.serial,
        trace_id: select.trace_id,
    };
    let printer = RowPrinter::new(show.format, show.columns, show.limit);
    Ok(Failures { inputs: read.inputs, read: settings, selection, printer, progress: show.progress })
}

impl Failures {
    pub(super) fn run(mut self) -> Result<SearchOutcome, Failure> {
        let control = Control::default();
        // A bar among the rows would be neither.
        let is_shared = self.progress == ProgressMode::Auto && io::stdout().is_terminal();
        let mode = if is_shared { ProgressMode::Never } else { self.progress };
        let printer = &mut self.printer;
        let found = progress::watch(mode, &control.progress, || run::search(&self.inputs, &self.read, &self.selection, &control, printer))?;
        printer.finish(&found)?;
        if found.matches == 0 {
            exit::note(&nothing_found(&self.selection, &found));
        }
        Ok(found)
    }
}

/// What an empty answer is worth: how much was searched, and what was not looked at closely.
fn nothing_found(selection: &Selection, found: &SearchOutcome) -> String {
    let input = &found.report.input;
    let (files, lines) = (counted(input.files, "file"), counted(input.lines, "line"));
    let unknown: String = selection.reasons.iter().filter_map(|code| unknown(code)).collect();
    let more = if selection.all { "" } else { "; --all also shows connections that did not fail" };
    format!(
        "no row of {files} matches: {lines} searched; lines that hold nothing of what is looked for are not parsed, so not checked{unknown}{more}"
    )
}

/// Said of a code that AWS does not document, and that may be a typo therefore.
fn unknown(code: &str) -> Option<String> {
    let near = match (reasons::find(code), reasons::nearest(code)) {
        (Some(_), _) => return None,
        (None, near) if near.is_empty() => "`tlslake explain` lists the codes".to_owned(),
        (None, near) => format!("did you mean {}?", near.join(" or ")),
    };
    Some(format!("; {code:?} is no reason code that AWS documents ({near})"))
}

/// What could not be looked at.
pub(super) fn warning(found: &SearchOutcome) -> Option<String> {
    let warning = super::warning_of(&found.report)?;
    let first = found.rejected.first();
    let named = first
        .map(|first| format!("; the first line that may match but is no log line: {}:{} ({})", first.object, first.line, first.reason));
    Some(warning + &named.unwrap_or_default())
}
