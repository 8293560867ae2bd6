//! Logs into a lake: what is not in it yet is converted, unit by unit; then the lake is completed.

use super::lake_sink::LakeSink;
use super::resume::{self, Work};
use super::states::Sums;
use super::tuning::{LakeNeeds, Needs};
use super::write::Outcome;
use super::{Control, Grouping, Plan, pipeline, result};
use crate::columns::schema::SCHEMA_VERSION;
use crate::config::{LakeConfig, ReadConfig};
use crate::discover::{Lakes, UnitSettings};
use crate::error::{Error, Result};
use crate::lake::{self, Lake, LakeSettings};
use crate::report::{Output, Report};
use crate::store::WaitFor;

/// Reads `inputs` and writes them as a lake (Parquet, hourly tables, the report, the manifest) to `lake.out`; gives the report, which is of the
/// lake as a whole.
///
/// A lake that is there already is gone on with: inputs that it holds are passed over, so that no row is there twice; what a run that was cut
/// off has left is taken away. Each work unit is committed as soon as it is whole, `_SUCCESS` is written last. With [`ReadConfig::strict`],
/// a rejected line or a failed input means that nothing of this run is left behind; the report then says so, and is of this run.
///
/// # Errors
/// As [`fn@super::report`]; where the folder holds something else, a lake of other settings ([`Error::Settings`]), or is being written by another
/// run ([`Error::Locked`]); where an input has changed since it was converted ([`Error::ChangedInput`], unless
/// [`LakeConfig::replace_changed`]). Whatever ends a run that has committed something, or goes on with a lake, comes as [`Error::Unfinished`]:
/// another run goes on from there.
pub fn convert<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig, lake: &LakeConfig, control: &Control) -> Result<Report> {
    lake.validate()?;
    read.validate()?;
    let home = lake::home::home(&lake.out, &read.stores, &control.progress.network)?;
    let opened = Lake::open(home, lake.clone(), &LakeSettings::new(read, lake), &|what| {
        !control.is_cancelled() && (lake.wait || what == WaitFor::Sign)
    });
    let opened = opened.map_err(|error| if control.is_cancelled() { Error::Cancelled } else { error })?;
    // Only now: while another run was waited for, the inputs may have changed.
    let mut plan = Plan::new(inputs, Lakes::Refuse, read, control, Grouping::Later)?;
    plan.wants.rows = true;
    plan.wants.hourly = true;
    plan.wants.accounts = true;
    let LakeConfig { row_group_rows, compression, sort, .. } = *lake;
    let needs = LakeNeeds { row_group_rows, compression, uploads: !opened.home().has_folders(), merges: sort };
    plan.share_out(Needs { lake: Some(needs), ..Needs::of(&plan.files) })?;
    let settings = UnitSettings { target_file_size: lake.target_file_size, fingerprint: fingerprint(read, lake) };
    let Work { units, replaces, held, replaced, mut refused } = resume::work(&plan, &opened, &settings, lake.replace_changed)?;
    let is_complete = opened.is_complete()?;
    if let Some(refused) = refused.take_if(|_| is_complete) {
        return Err(refused);
    }
    plan.set_units(units);
    let mut sink = LakeSink::new(opened, plan.files.clone(), read.strict, replaces, plan.tuning.hours);
    let ended = pipeline::run(&plan, &mut sink).and_then(|outcome| result::check_not_empty(&plan, &outcome).map(|()| outcome));
    let outcome = ended.map_err(|cause| unfinished(&plan, &sink, cause))?;
    if read.strict && !result::is_clean(&plan, &outcome) {
        let path = sink.lake.path().display().to_string();
        sink.abandon()?;
        return Ok(result::report(&plan, &result::Account::of_run(&plan, &outcome), Some(Output { path, ..Output::default() })));
    }
    let counts = Output { inputs_read: plan.files.len() as u64 - held, inputs_held: held, inputs_replaced: replaced, ..Output::default() };
    let report = complete(&plan, &mut sink, &outcome, &counts).map_err(|cause| unfinished(&plan, &sink, cause))?;
    refused.map_or(Ok(report), Err)
}

/// Completes the lake, unless nothing has changed in it; the report of all that it holds.
fn complete(plan: &Plan<'_>, sink: &mut LakeSink, outcome: &Outcome, counts: &Output) -> Result<Report> {
    sink.commit_staged()?;
    let has_grown = sink.committed > 0;
    let lake = &mut sink.lake;
    if has_grown {
        lake.take_stock()?;
    }
    let Sums { rejected, aggregates, hours } = Sums::read(lake.home(), &lake.inventory().units, &lake.temporary_folder(), &plan.tuning)?;
    let tls_ports = aggregates.tls_ports().clone();
    let account = result::Account::of_lake(plan, lake.inventory(), outcome, rejected, aggregates);
    let report_of = |output: &Output| {
        let Output { inputs_read, inputs_held, inputs_replaced, .. } = *counts;
        let output = Output { inputs_read, inputs_held, inputs_replaced, ..output.clone() };
        result::report(plan, &account, Some(output))
    };
    if lake.is_complete()? {
        return Ok(report_of(&lake.output()));
    }
    let (failures, latency) = hours.rows(&tls_ports)?;
    let mut final_report = Report::default();
    lake.finish(failures, latency, |output| {
        final_report = report_of(output);
        let json = serde_json::to_vec_pretty(&final_report);
        json.map_err(|error| Error::Accounting(format!("the report cannot be written as JSON: {error}")))
    })?;
    Ok(final_report)
}

/// What ended the run, with what there is to go on from, if there is anything.
fn unfinished(plan: &Plan<'_>, sink: &LakeSink, cause: Error) -> Error {
    if sink.committed == 0 && sink.lake.inventory().units.is_empty() {
        return cause;
    }
    let (units, of) = (sink.committed, plan.units.len() as u64);
    Error::Unfinished { cause: Box::new(cause), path: sink.lake.path().to_owned(), units, of }
}

/// What in the settings decides the bytes of the output: part of each unit's identity.
fn fingerprint(read: &ReadConfig, lake: &LakeConfig) -> String {
    let LakeConfig { out: _, wait: _, replace_changed: _, compression, bloom, writer, partitioning, row_group_rows, .. } = lake;
    let LakeConfig { target_file_size, provenance, sort, .. } = lake;
    // Lakes without filters, and those in the order of their inputs, keep the ids that they had before there was anything else.
    let bloom = if bloom.is_empty() { String::new() } else { format!(" {}", bloom.join(",")) };
    let sort = if *sort { " by time" } else { "" };
    format!(
        "{SCHEMA_VERSION} {compression:?} {writer:?} {partitioning:?} {row_group_rows} {target_file_size} {provenance} {:?} {:?} {:?} {}{bloom}{sort}",
        read.since, read.until, read.on_corrupt, read.max_line
    )
}
