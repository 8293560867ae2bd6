//! Proves a lake: against its manifests, and against the logs where they are given.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;

use super::sink::NoSink;
use super::{Control, Grouping, Plan, pipeline};
use crate::config::{OnCorrupt, ReadConfig};
use crate::discover::{self, InputFile, Lakes};
use crate::error::Result;
use crate::lake::check::{self, Checked};
use crate::lake::home::Home;
use crate::lake::manifest::{InputEntry, InputStatus, LineCounts, checksum_text, key_text};
use crate::lake::{self, FileOutcome};
use crate::report::{Difference, DifferenceKind, LogsCompared, Verification};

/// Checks that the lake at `out` is whole and what its manifests say: every file as written (size, checksum, footer), every line accounted for
/// (`lines = rows + rejected + blank + out_of_range`, for each input and in total), nothing there that is not named. With `inputs`, reads the
/// logs again and compares each, line counts and a checksum of its text, with what the manifests say of it. Nothing is changed.
///
/// `read` says with how many threads, and how long a line may be (as when it was converted); the time range is the lake's own.
///
/// # Errors
/// Where there is no lake, a run is writing it, or no input can be read. What differs is no error: the result names it.
pub fn verify<S: AsRef<std::ffi::OsStr>>(out: &Path, inputs: &[S], read: &ReadConfig, control: &Control) -> Result<Verification> {
    let started = Instant::now();
    let pool = pipeline::pool(read.threads())?;
    let home = lake::home::home(out, &read.stores, &control.progress.network)?;
    let mut checked = pool.install(|| check::check(&*home))?;
    let logs = if inputs.is_empty() { None } else { Some(compare_logs(&*home, inputs, read, control, &mut checked)?) };
    checked.check_quiet()?;
    let (inventory, total) = (&checked.inventory, checked.differences.len());
    let LineCounts { lines, rows, rejected, blank, out_of_range, .. } = inventory.tally;
    let mut result = Verification {
        schema: Verification::SCHEMA.to_owned(),
        path: out.display().to_string(),
        holds: total == 0,
        units: inventory.units.len() as u64,
        inputs: inventory.used(),
        inputs_failed: inventory.failed(),
        files: checked.files,
        bytes: checked.bytes,
        footer_rows: checked.rows,
        lines,
        rows,
        rejected,
        blank,
        out_of_range,
        logs,
        differences_total: total as u64,
        differences: checked.differences,
        elapsed_s: started.elapsed().as_secs_f64(),
    };
    result.differences.truncate(Verification::MAX_LISTED);
    Ok(result)
}

/// Reads the logs again and compares them.
fn compare_logs<S: AsRef<std::ffi::OsStr>>(
    home: &dyn Home,
    inputs: &[S],
    read: &ReadConfig,
    control: &Control,
    checked: &mut Checked,
) -> Result<LogsCompared> {
    let range = lake::time_range(home)?;
    // What stands before a fault is wanted, too: it may have been salvaged.
    let read = ReadConfig { since: range.0, until: range.1, on_corrupt: OnCorrupt::Salvage, ..read.clone() };
    let mut plan = Plan::new(inputs, Lakes::Refuse, &read, control, Grouping::any())?;
    plan.wants.accounts = true;
    plan.wants.nothing_else = true;
    let outcome = pipeline::run(&plan, &mut NoSink)?;
    let mut differences: Vec<Difference> = plan.unreachable.iter().map(|file| log(&file.object, file.fault.to_string())).collect();
    let unread: Vec<_> = plan.skipped.named().iter().filter(|file| !discover::is_no_log(file)).collect();
    differences
        .extend(unread.iter().map(|file| log(&file.object, format!("was not read ({}); what is in it is not in the lake", file.reason))));
    let unnamed = plan.skipped.count(false) - unread.len() as u64;
    if unnamed > 0 {
        differences.push(log("", format!("{unnamed} more files were not read for the same reasons; what is in them is not in the lake")));
    }
    let keys: HashSet<String> = plan.files.iter().map(|file| key_text(file.key)).collect();
    let entries = lake::entries_of(home, &keys)?;
    let mut compared = LogsCompared {
        inputs: outcome.files.len() as u64,
        raw_bytes: outcome.tally.raw_bytes,
        lines: outcome.tally.lines,
        ..LogsCompared::default()
    };
    for file in &outcome.files {
        match problem(&plan.files[file.file as usize], file, &entries) {
            None => compared.same += 1,
            Some(problem) => differences.push(log(&plan.files[file.file as usize].object.text(), problem)),
        }
    }
    compared.others = plan.skipped.count(true);
    compared.not_given = checked.inventory.all().saturating_sub(entries.len() as u64);
    checked.differences.extend(differences);
    Ok(compared)
}

fn log(object: &str, problem: String) -> Difference {
    Difference { kind: DifferenceKind::Log, place: object.to_owned(), problem }
}

/// What is wrong with a log beside what the lake says of it.
fn problem(file: &InputFile, now: &FileOutcome, entries: &HashMap<String, InputEntry>) -> Option<String> {
    let Some(then) = entries.get(&key_text(file.key)) else {
        return Some("is not in the lake; convert again to add it".to_owned());
    };
    let fault = || now.fault.as_ref().map_or_else(String::new, ToString::to_string);
    match (then.status, &now.fault) {
        (InputStatus::Failed, Some(_)) => return Some(format!("cannot be read, and nothing of it is in the lake: {}", fault())),
        (InputStatus::Failed, None) => {
            return Some("could not be read when it was converted, and can be now; convert again to add it".to_owned());
        }
        (InputStatus::Converted, Some(_)) => return Some(format!("was whole when it was converted, and is damaged now: {}", fault())),
        (InputStatus::Salvaged, None) => return Some("was damaged when it was converted, and is whole now".to_owned()),
        _ => {}
    }
    let (was, is) = (then.tally, LineCounts::from(&now.tally));
    if was != is {
        return Some(format!(
            "has {} lines, {} rows, {} rejected; the lake has {}, {} and {} of it",
            is.lines, is.rows, is.rejected, was.lines, was.rows, was.rejected
        ));
    }
    let checksum = checksum_text(now.checksum);
    let expected = then.checksum.as_deref().unwrap_or("no checksum");
    if checksum != expected {
        return Some(format!("its text has changed: {checksum} instead of {expected}"));
    }
    (then.status == InputStatus::Salvaged).then(|| format!("only what stands before its fault is in the lake: {}", fault()))
}
