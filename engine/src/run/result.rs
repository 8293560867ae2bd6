//! The report of a run that is done.

use super::Plan;
use super::write::Outcome;
use crate::report::{FailedFile, InputTotals, Output, Report, SkippedEntry};

/// Whether every line became a row (or was blank, or outside the range) and every input was read whole.
pub(super) fn is_clean(plan: &Plan<'_>, outcome: &Outcome) -> bool {
    outcome.tally.rejected == 0 && outcome.failed.is_empty() && plan.unreachable.is_empty()
}

/// Puts the report together.
pub(super) fn report(plan: &Plan<'_>, outcome: &Outcome, output: Option<Output>) -> Report {
    let tally = &outcome.tally;
    let mut report = Report {
        schema: Report::SCHEMA.to_owned(),
        input: InputTotals {
            files: plan.files.len() as u64,
            compressed_bytes: plan.files.iter().filter_map(|file| file.size).sum(),
            raw_bytes: tally.raw_bytes,
            lines: tally.lines,
        },
        rows: tally.rows,
        rejected: tally.rejected,
        rejected_by_reason: outcome.rejected.iter().map(|(reason, &count)| (reason.code().to_owned(), count)).collect(),
        blank: tally.blank,
        out_of_range: tally.out_of_range,
        failed: (outcome.failed.len() + plan.unreachable.len()) as u64,
        failed_files: failed_files(plan, outcome),
        kernel: plan.kernel.name().to_owned(),
        output,
        ..Report::default()
    };
    for file in &plan.skipped {
        *report.skipped.entry(file.reason.to_owned()).or_default() += 1;
    }
    let listed = plan.skipped.iter().take(Report::MAX_LISTED_FILES);
    report.skipped_files = listed.map(|file| SkippedEntry { object: file.object.clone(), reason: file.reason.to_owned() }).collect();
    outcome.aggregates.fill(&mut report);
    report.elapsed_s = plan.started.elapsed().as_secs_f64();
    report
}

fn failed_files(plan: &Plan<'_>, outcome: &Outcome) -> Vec<FailedFile> {
    let salvage = plan.read.on_corrupt == crate::config::OnCorrupt::Salvage;
    let entry = |object: &str, fault: &crate::error::FileFault, rows: u64| FailedFile {
        object: object.to_owned(),
        offset: fault.offset,
        kind: fault.kind.code().to_owned(),
        error: fault.message.clone(),
        salvaged_rows: salvage.then_some(rows),
    };
    let unreachable = plan.unreachable.iter().map(|file| entry(&file.object, &file.fault, 0));
    let read = outcome.failed.iter().map(|(file, fault, rows)| entry(&plan.files[*file as usize].object, fault, *rows));
    unreachable.chain(read).take(Report::MAX_LISTED_FILES).collect()
}
