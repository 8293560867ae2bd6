//! The report as an on-call engineer reads it: what was read and whether it adds up, who failed and why, how fast the rest was, what
//! went wrong with the files, and what to type next.
//!
//! In: a [`Report`]. Out: sections of a page; one that has nothing to say is left out.

mod failures;
mod files;
mod header;
mod lake;
mod latency;
mod reasons;
pub(super) mod shell;
#[cfg(test)]
mod tests;

use tlslake_engine::report::Report;

use super::number::{count, counted};
use super::page::{Page, style};

/// Adds the whole report; `inputs` are what was typed, for the commands to type next.
pub(super) fn render(page: &mut Page, report: &Report, inputs: &[String]) {
    header::render(page, report);
    failures::render(page, report);
    latency::render(page, &report.latency);
    files::render(page, report);
    notes(page, &report.notes);
    lake::render(page, report, inputs);
}

fn notes(page: &mut Page, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    page.section("Notes", "");
    for note in notes {
        page.line(style::ODD, &format!("  {note}"));
    }
}

/// Likewise, with the first failed file, what is wrong with it, and where.
pub(crate) fn trouble_in_full(report: &Report) -> String {
    let trouble = trouble(report);
    match report.failed_files.first() {
        Some(first) => format!("{trouble}; {}: {} (byte {})", first.object, first.error, first.offset),
        None => trouble,
    }
}

/// Rejected lines and failed files in a few words: `12 lines rejected, 1 of 64 files failed`. Empty for a clean report.
pub(crate) fn trouble(report: &Report) -> String {
    let rejected = (report.rejected > 0).then(|| format!("{} rejected", counted(report.rejected, "line")));
    let failed = (report.failed > 0).then(|| format!("{} of {} failed", count(report.failed), counted(report.input.files, "file")));
    rejected.into_iter().chain(failed).collect::<Vec<_>>().join(", ")
}
