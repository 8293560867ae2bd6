//! The report of a run that is done.

use super::Plan;
use super::write::Outcome;
use crate::config::OnCorrupt;
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::open;
use crate::report::{FailedFile, InputTotals, Output, Report, SkippedEntry};

/// Whether every line became a row (or was blank, or outside the range) and every input was read whole.
pub(super) fn is_clean(plan: &Plan<'_>, outcome: &Outcome) -> bool {
    outcome.tally.rejected == 0 && outcome.failed.is_empty() && plan.unreachable.is_empty()
}

/// Refuses a run over streams that gave nothing at all: what was to fill standard input or a pipe has failed. (An empty *file* is
/// empty, and no error.)
pub(super) fn check_not_empty(plan: &Plan<'_>, outcome: &Outcome) -> Result<()> {
    let streams = !plan.files.is_empty() && plan.files.iter().all(|file| file.size.is_none());
    if streams && outcome.tally.raw_bytes == 0 && outcome.failed.is_empty() && plan.unreachable.is_empty() {
        let names: Vec<&str> = plan.files.iter().map(|file| file.object.as_str()).collect();
        return Err(Error::NoLogs { inputs: format!("{}: it is empty", names.join(", ")) });
    }
    Ok(())
}

/// Puts the report together.
pub(super) fn report(plan: &Plan<'_>, outcome: &Outcome, output: Option<Output>) -> Report {
    let tally = &outcome.tally;
    let mut report = Report {
        schema: Report::SCHEMA.to_owned(),
        input: InputTotals {
            files: plan.files.len() as u64,
            compressed_bytes: plan.files.iter().filter_map(|file| file.size).sum::<u64>() + outcome.unsized_stored,
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
    report.notes.extend(unverified(plan, outcome));
    report.notes.extend(no_logs_perhaps(&report));
    report.notes.extend(cut_lists(&report));
    report.peak_memory_bytes = open::peak_memory();
    report.elapsed_s = plan.started.elapsed().as_secs_f64();
    report
}

/// Says so where salvaged rows may be wrong: a member's checksum covers it as a whole, so what failed it may lie anywhere in it.
fn unverified(plan: &Plan<'_>, outcome: &Outcome) -> Option<String> {
    let unsure = |kind| matches!(kind, FileFaultKind::Corrupt | FileFaultKind::WrongChecksum);
    let rows: u64 = outcome.failed.iter().filter(|(_, fault, _)| unsure(fault.kind)).map(|(_, _, rows)| rows).sum();
    (plan.read.on_corrupt == OnCorrupt::Salvage && rows > 0).then(|| {
        format!("{rows} salvaged rows come from corrupt files or files with a wrong checksum: no checksum vouches for them, and some may be wrong")
    })
}

/// Says so where the inputs look like something else.
fn no_logs_perhaps(report: &Report) -> Option<String> {
    (report.rejected > report.rows).then(|| {
        "more lines were rejected than read: are these connection logs? Lines of access logs begin with a type such as `https`".to_owned()
    })
}

/// Says so where not every failed or skipped file is named.
fn cut_lists(report: &Report) -> Option<String> {
    let skipped: u64 = report.skipped.values().sum();
    let most = Report::MAX_LISTED_FILES as u64;
    (report.failed > most || skipped > most)
        .then(|| format!("{} files failed and {skipped} were skipped: the first {most} of each are named", report.failed))
}

fn failed_files(plan: &Plan<'_>, outcome: &Outcome) -> Vec<FailedFile> {
    let salvage = plan.read.on_corrupt == OnCorrupt::Salvage;
    let entry = |object: &str, fault: &FileFault, rows: u64| FailedFile {
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
