//! What did not become rows: failed files, rejected lines, skipped files.

use tlslake_engine::report::{FailedFile, Output, Report};

use super::super::number::{count, counted, share};
use super::super::page::{Page, style};
use super::super::table::{Column, Grid};
use super::reasons::rejection;

/// Failed files shown by name at most; the JSON form lists [`Report::MAX_LISTED_FILES`].
const MAX_FAILED: usize = 20;

pub(super) fn render(page: &mut Page, report: &Report) {
    failed(page, report);
    rejected(page, report);
    skipped(page, report);
}

fn failed(page: &mut Page, report: &Report) {
    if report.failed == 0 {
        return;
    }
    page.section("Failed files", &format!("{} of {}", count(report.failed), count(report.input.files)));
    for file in report.failed_files.iter().take(MAX_FAILED) {
        page.line(style::BAD, &format!("  {}", file.object));
        page.line(style::PLAIN, &format!("    byte {}: {}: {}{}", count(file.offset), file.kind, file.error, kept(file)));
    }
    let unnamed = report.failed.saturating_sub(report.failed_files.len().min(MAX_FAILED) as u64);
    if unnamed > 0 {
        page.line(
            style::QUIET,
            &format!("  {} more; --format json lists up to {}", count(unnamed), count(Report::MAX_LISTED_FILES as u64)),
        );
    }
    page.line(style::PLAIN, &format!("  {}", choice(report)));
}

fn kept(file: &FailedFile) -> String {
    file.salvaged_rows.map(|rows| format!("; {} salvaged", counted(rows, "row"))).unwrap_or_default()
}

/// What became of the failed files' rows, and what else could.
fn choice(report: &Report) -> &'static str {
    let all_are = |kind: &str| report.failed_files.iter().all(|file| file.kind == kind);
    if report.failed_files.iter().any(|file| file.salvaged_rows.is_some()) {
        "The whole lines before each fault were kept (--on-corrupt salvage); --on-corrupt skip would leave these files out."
    } else if report.failed == 1 && all_are("unreadable") {
        "None of its rows is counted; once it can be read, run again."
    } else if all_are("changed") {
        "No row of a file that changed is counted; once nothing writes to it, run again."
    } else if report.failed == 1 {
        "None of its rows is counted, so a repaired copy can follow; --on-corrupt salvage keeps the whole lines before the fault."
    } else if all_are("unreadable") {
        "None of their rows is counted; once they can be read, run again."
    } else {
        "None of their rows is counted, so a repaired copy can follow; --on-corrupt salvage keeps the whole lines before each fault."
    }
}

fn rejected(page: &mut Page, report: &Report) {
    if report.rejected == 0 {
        return;
    }
    let mut grid = Grid::new([Column::text("reason"), Column::number("lines"), Column::number("share"), Column::flexible("meaning")]);
    let mut reasons: Vec<_> = report.rejected_by_reason.iter().collect();
    reasons.sort_by_key(|(_, lines)| std::cmp::Reverse(**lines));
    for (reason, lines) in reasons {
        grid.row([reason.clone(), count(*lines), share(*lines, report.rejected), rejection(reason).to_owned()]);
    }
    page.section("Rejected lines", &whereabouts(report.output.as_ref()));
    page.table(grid);
}

fn whereabouts(output: Option<&Output>) -> String {
    match output {
        Some(output) if output.committed => {
            format!("kept whole, with file, line and byte, in {}/rejected/", output.path.trim_end_matches('/'))
        }
        Some(_) => "kept nowhere, as nothing was committed (--strict)".to_owned(),
        None => "`tlslake convert` keeps them whole, with file, line and byte, in <out>/rejected/".to_owned(),
    }
}

fn skipped(page: &mut Page, report: &Report) {
    if report.skipped.is_empty() {
        return;
    }
    let mut grid = Grid::new([Column::text("reason"), Column::number("files"), Column::flexible("first")]);
    for (reason, files) in &report.skipped {
        let first = report.skipped_files.iter().find(|file| file.reason == *reason);
        grid.row([reason.clone(), count(*files), first.map(|file| file.object.clone()).unwrap_or_default()]);
    }
    page.section("Skipped files", "found, but not read; --format json names them all");
    page.table(grid);
}
