//! The report of a run that is done.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::Plan;
use super::write::Outcome;
use crate::aggregate::Aggregates;
use crate::config::OnCorrupt;
use crate::discover::InputFile;
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::lake::manifest::{FaultEntry, InputStatus, LineCounts};
use crate::lake::{Inventory, Troubled};
use crate::open;
use crate::report::{FailedFile, InputTotals, Output, Report, SkippedEntry};

/// Whether every line became a row (or was blank, or outside the range) and every input was read whole.
pub(super) fn is_clean(plan: &Plan<'_>, outcome: &Outcome) -> bool {
    outcome.tally.rejected == 0 && outcome.failed.is_empty() && plan.unreachable.is_empty()
}

/// Refuses a run over streams that gave nothing at all: what was to fill standard input or a pipe has failed. (An empty *file* is
/// empty, and no error.)
pub(super) fn check_not_empty(plan: &Plan<'_>, outcome: &Outcome) -> Result<()> {
    let streams = !plan.units.is_empty() && plan.files.iter().all(|file| file.size.is_none());
    if streams && outcome.tally.raw_bytes == 0 && outcome.failed.is_empty() && plan.unreachable.is_empty() {
        let names: Vec<String> = plan.files.iter().map(|file| file.object.to_string()).collect();
        return Err(Error::NoLogs { inputs: format!("{}: it is empty", names.join(", ")) });
    }
    Ok(())
}

/// What a report is of: a run, or a lake that many runs may have filled.
pub(super) struct Account<'a> {
    files: u64,
    stored_bytes: u64,
    lines: LineCounts,
    rejected_by_reason: BTreeMap<String, u64>,
    /// Inputs with a fault.
    troubled: Vec<FailedFile>,
    aggregates: Cow<'a, Aggregates>,
    notes: Vec<String>,
}

impl<'a> Account<'a> {
    /// Of what a run has read.
    pub(super) fn of_run(plan: &Plan<'_>, outcome: &'a Outcome) -> Self {
        Self {
            files: plan.files.len() as u64,
            stored_bytes: plan.files.iter().filter_map(|file| file.size).sum::<u64>() + outcome.unsized_stored,
            lines: LineCounts::from(&outcome.tally),
            rejected_by_reason: outcome.rejected.iter().map(|(reason, &count)| (reason.code().to_owned(), count)).collect(),
            troubled: run_failures(plan, outcome).collect(),
            aggregates: Cow::Borrowed(&outcome.aggregates),
            notes: Vec::new(),
        }
    }

    /// Of all that a lake holds, and what this run could not read beside it.
    pub(super) fn of_lake(
        plan: &Plan<'_>,
        inventory: &Inventory,
        outcome: &Outcome,
        rejected_by_reason: BTreeMap<String, u64>,
        aggregates: Aggregates,
    ) -> Self {
        let mut troubled: Vec<FailedFile> = inventory.troubled().into_iter().map(|input| lake_failure(plan, input)).collect();
        let named: HashSet<String> = troubled.iter().map(|file| file.object.clone()).collect();
        let others: Vec<FailedFile> = run_failures(plan, outcome).filter(|file| !named.contains(&file.object)).collect();
        // Inputs that the lake holds in an earlier form are counted there.
        let is_new = |file: &&InputFile| inventory.input(file.key).is_none();
        let unread = outcome.failed.iter().map(|(file, ..)| &plan.files[*file as usize]).filter(is_new);
        let (count, bytes) = unread.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size.unwrap_or(0)));
        troubled.extend(others);
        Self {
            files: inventory.all() + count,
            stored_bytes: inventory.stored_bytes() + bytes,
            lines: inventory.tally,
            rejected_by_reason,
            troubled,
            aggregates: Cow::Owned(aggregates),
            notes: repeated(inventory).into_iter().collect(),
        }
    }
}

/// Puts the report together.
pub(super) fn report(plan: &Plan<'_>, account: &Account<'_>, output: Option<Output>) -> Report {
    let lines = &account.lines;
    let unreachable = plan.unreachable.iter().map(|file| failed_file(plan, &file.object, &file.fault, 0));
    let failed: Vec<FailedFile> = unreachable.chain(account.troubled.iter().cloned()).collect();
    let mut report = Report {
        schema: Report::SCHEMA.to_owned(),
        input: InputTotals { files: account.files, compressed_bytes: account.stored_bytes, raw_bytes: lines.raw_bytes, lines: lines.lines },
        rows: lines.rows,
        rejected: lines.rejected,
        rejected_by_reason: account.rejected_by_reason.clone(),
        blank: lines.blank,
        out_of_range: lines.out_of_range,
        failed: failed.len() as u64,
        kernel: plan.kernel.name().to_owned(),
        output,
        ..Report::default()
    };
    report.skipped = plan.skipped.by_reason().into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
    let listed = plan.skipped.named().iter().take(Report::MAX_LISTED_FILES);
    report.skipped_files = listed.map(|file| SkippedEntry { object: file.object.clone(), reason: file.reason.to_owned() }).collect();
    account.aggregates.fill(&mut report);
    report.notes.extend(account.notes.iter().cloned());
    report.notes.extend(unverified(&failed));
    report.notes.extend(no_logs_perhaps(&report));
    report.notes.extend(cut_lists(&report));
    report.failed_files = failed.into_iter().take(Report::MAX_LISTED_FILES).collect();
    report.peak_memory_bytes = open::peak_memory();
    report.elapsed_s = plan.started.elapsed().as_secs_f64();
    report
}

/// Says so where inputs have the same text: a copy, or an archive that was moved, is converted like any other input.
fn repeated(inventory: &Inventory) -> Option<String> {
    let (count, first) = (inventory.repeated.0, inventory.repeated.1.as_ref()?);
    let (verb, these) = if count == 1 { ("input has", "it is a copy, its") } else { ("inputs have", "they are copies, their") };
    Some(format!("{count} {verb} the same text as another ({first} for one): if {these} rows are in the lake twice"))
}

/// The inputs that failed in this run.
fn run_failures<'a>(plan: &'a Plan<'_>, outcome: &'a Outcome) -> impl Iterator<Item = FailedFile> + 'a {
    outcome.failed.iter().map(|(file, fault, rows)| failed_file(plan, &plan.files[*file as usize].object.text(), fault, *rows))
}

fn failed_file(plan: &Plan<'_>, object: &str, fault: &FileFault, rows: u64) -> FailedFile {
    FailedFile {
        object: object.to_owned(),
        offset: fault.offset,
        kind: fault.kind.code().to_owned(),
        error: fault.message.clone(),
        salvaged_rows: (plan.read.on_corrupt == OnCorrupt::Salvage).then_some(rows),
    }
}

fn lake_failure(plan: &Plan<'_>, input: &Troubled) -> FailedFile {
    let FaultEntry { kind, offset, message } = input.fault.clone();
    let was_salvaged = input.status == InputStatus::Salvaged || plan.read.on_corrupt == OnCorrupt::Salvage;
    FailedFile { object: input.object.clone(), offset, kind, error: message, salvaged_rows: was_salvaged.then_some(input.rows) }
}

/// Says so where salvaged rows may be wrong: a member's checksum covers it as a whole, so what failed it may lie anywhere in it.
fn unverified(failed: &[FailedFile]) -> Option<String> {
    let unsure = [FileFaultKind::Corrupt, FileFaultKind::WrongChecksum, FileFaultKind::Changed].map(FileFaultKind::code);
    let rows: u64 = failed.iter().filter(|file| unsure.contains(&file.kind.as_str())).filter_map(|file| file.salvaged_rows).sum();
    (rows > 0).then(|| {
        format!(
            "{rows} salvaged rows come from files that are corrupt, have a wrong checksum, or changed while they were read: no checksum vouches \
             for them, and some may be wrong"
        )
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
