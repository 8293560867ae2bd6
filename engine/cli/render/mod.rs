//! Shows outcomes: text for people, JSON for programs, progress while they wait.
//!
//! In: an [`Outcome`]. Out: the bytes of stdout. Never decides anything about logs.

mod bench;
mod certs;
mod compact;
mod diagnose;
mod explain;
mod generated;
mod iceberg;
mod json;
mod kernels;
mod lint_trust_store;
mod list;
pub(crate) mod number;
mod page;
pub(crate) mod progress;
pub(crate) mod rows;
pub(crate) mod shorten;
mod table;
pub(crate) mod text;
mod verify;

use std::io::{self, Write};

use crate::commands::Outcome;
use crate::exit::{self, Failure};
use crate::flags::Format;
pub(crate) use diagnose::support_readme;
use page::Page;

/// Columns of a page that goes to no terminal.
const UNLIMITED_WIDTH: usize = 10_000;
/// Columns below which tables are not squeezed further.
const MIN_WIDTH: usize = 60;

/// The whole of what stdout gets. Text carries its colours; [`print()`] takes them off where they are not wanted.
pub(crate) fn render(outcome: &Outcome, format: Format) -> Result<String, Failure> {
    match format {
        Format::Json => json::render(outcome).map_err(|error| Failure::run(format!("writing JSON: {error}"))),
        Format::Text => Ok(text_of(outcome, width_of_stdout())),
        Format::Markdown => Ok(markdown_of(outcome)),
        Format::Csv => csv_of(outcome),
    }
}

fn text_of(outcome: &Outcome, width: usize) -> String {
    let mut page = Page::new(width);
    match outcome {
        Outcome::Logs(logs) => text::render(&mut page, &logs.report, &logs.inputs),
        Outcome::Diagnosis(outcome) => diagnose::text(&mut page, outcome),
        Outcome::Certificates(outcome) => certs::text(&mut page, outcome),
        Outcome::Explained(explanation) => return explain::text(*explanation, width),
        Outcome::Statements(sql) => return sql.clone(),
        Outcome::Appended(appended) => iceberg::render(&mut page, appended),
        Outcome::Listed(outcome) => list::render(&mut page, outcome),
        Outcome::Compacted(done) => compact::render(&mut page, done),
        Outcome::Verified(result) => verify::render(&mut page, result),
        Outcome::Linted(report) => lint_trust_store::render(&mut page, report),
        Outcome::Generated(made) => generated::render(&mut page, made),
        Outcome::Benchmark(benchmark) => bench::render(&mut page, benchmark),
        Outcome::Searched(_) => {}
        Outcome::Kernels(list) => kernels::render(&mut page, list),
    }
    page.finish()
}

/// Markdown, of the outcomes that have it; text of the others.
fn markdown_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Diagnosis(outcome) => diagnose::markdown(outcome),
        Outcome::Explained(explanation) => explain::markdown(*explanation),
        other => anstream::adapter::strip_str(&text_of(other, UNLIMITED_WIDTH)).to_string(),
    }
}

/// Comma-separated values, of the outcomes that have them; text of the others.
fn csv_of(outcome: &Outcome) -> Result<String, Failure> {
    match outcome {
        Outcome::Certificates(outcome) => certs::csv(&outcome.inventory),
        other => Ok(markdown_of(other)),
    }
}

/// The terminal's width, or `COLUMNS`; away from a terminal nothing is shortened: what goes into a file may be searched.
pub(crate) fn width_of_stdout() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let asked = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(asked).unwrap_or(UNLIMITED_WIDTH).max(MIN_WIDTH)
}

/// Writes `text` to stdout. A reader that has gone away is no error: it took what it wanted.
pub(crate) fn print(text: &str, format: Format) -> Result<(), Failure> {
    let written = match format {
        // Never through a filter for colours: what stands in a document is data.
        Format::Json | Format::Markdown | Format::Csv => write_all(io::stdout().lock(), text),
        Format::Text => write_all(anstream::stdout().lock(), text),
    };
    match written {
        Err(error) if !exit::is_closed_pipe(&error) => Err(Failure::run(format!("standard output: {error}"))),
        _ => Ok(()),
    }
}

fn write_all(mut stdout: impl Write, text: &str) -> io::Result<()> {
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
