//! A lake that has grown by small runs gets files of good size: units are merged, a group of them at a time.
//!
//! Each group's unit is committed as units of logs are: what a run that was cut off has not come to, the next one does. What the lake holds stays as
//! it is, so does what its report says.

use std::time::Instant;

use super::control::Progress;
use super::states::Sums;
use super::tuning::{LakeNeeds, Needs, Tuning};
use super::{Control, memory_ceiling, pipeline};
use crate::config::{CompactConfig, ReadConfig};
use crate::error::{Error, Result};
use crate::lake::compact::{self, Group, Plan};
use crate::lake::rewrite::{Rewritten, Watch};
use crate::lake::{self, Lake};
use crate::open;
use crate::report::{CompactedFolder, Compaction, Output, Report};
use crate::store::WaitFor;

/// The length of lines that memory is set aside for. Nothing is parsed here, so that what else is set aside for reading has room for longer ones.
const LONG_LINE: usize = 2 << 20;

/// Merges the small files of the lake in `config.lake.out` into files near the target's size, and tells what became of them.
///
/// The rows stay the same, each with every value; `connections` has fewer and larger files, and the manifest fewer units, which say of each input what
/// theirs said. Units that have a file of half the target's size stay as they are, so a second run has nothing to do. `_SUCCESS` goes first and comes
/// back last.
///
/// # Errors
/// [`Error::NoLake`] where there is no lake, [`Error::Locked`] while another run is writing it, [`Error::Output`] where a conversion was cut off in it,
/// [`Error::DamagedLake`] where a file is not what the manifest says. Whatever ends a run that has begun to change the lake comes as
/// [`Error::Unfinished`]: another run goes on from there.
pub fn compact(config: &CompactConfig, control: &Control) -> Result<Compaction> {
    config.validate()?;
    let started = Instant::now();
    let lake = &config.lake;
    let home = lake::home::home(&lake.out, &config.stores, &control.progress.network)?;
    let mut done = if config.dry_run {
        estimate(&compact::look(&*home, lake)?, lake.target_file_size)
    } else {
        let opened = Lake::reopen(home, lake.clone(), &|what| !control.is_cancelled() && (lake.wait || what == WaitFor::Sign));
        let opened = opened.map_err(|error| if control.is_cancelled() { Error::Cancelled } else { error })?;
        Compactor::new(config, opened, control)?.run()?
    };
    Compaction::SCHEMA.clone_into(&mut done.schema);
    done.path = lake.out.display().to_string();
    done.peak_memory_bytes = open::peak_memory();
    done.elapsed_s = started.elapsed().as_secs_f64();
    Ok(done)
}

/// What would be done.
fn estimate(plan: &Plan, target: u64) -> Compaction {
    let mut done = before(plan);
    done.dry_run = true;
    done.bytes_after = plan.groups.is_empty().then_some(plan.bytes);
    for group in &plan.groups {
        done.units_after -= group.units.len() as u64 - 1;
        for mut folder in folders(group) {
            folder.files_after = folder.files_before.min(folder.bytes_before.div_ceil(target).max(1));
            add(&mut done, folder);
        }
    }
    done
}

/// As if nothing were done.
fn before(plan: &Plan) -> Compaction {
    let &Plan { units, files, bytes, .. } = plan;
    Compaction {
        units_before: units,
        units_after: units,
        files_before: files,
        files_after: files,
        bytes_before: bytes,
        bytes_after: Some(bytes),
        ..Compaction::default()
    }
}

/// A group's folders as they were.
fn folders(group: &Group) -> impl Iterator<Item = CompactedFolder> {
    group.folders.iter().map(|(path, files)| CompactedFolder {
        path: path.clone(),
        rows: files.iter().map(|file| file.rows).sum(),
        files_before: files.len() as u64,
        bytes_before: files.iter().map(|file| file.bytes).sum(),
        ..CompactedFolder::default()
    })
}

/// Adds what became of a folder.
fn add(done: &mut Compaction, folder: CompactedFolder) {
    done.rows += folder.rows;
    done.folders_total += 1;
    done.files_after = done.files_after + folder.files_after - folder.files_before;
    let bytes = done.bytes_after.zip(folder.bytes_after);
    done.bytes_after = bytes.map(|(sum, after)| sum + after - folder.bytes_before);
    if done.folders.len() < Compaction::MAX_LISTED {
        done.folders.push(folder);
    }
}

/// A lake being compacted.
struct Compactor<'a> {
    config: &'a CompactConfig,
    lake: Lake,
    tuning: Tuning,
    control: &'a Control,
    report: Report,
    committed: u64,
}

impl Watch for Control {
    fn is_cancelled(&self) -> bool {
        Control::is_cancelled(self)
    }

    fn file_done(&self, bytes: u64) {
        Progress::add(&self.progress.files_done, 1);
        Progress::add(&self.progress.stored_done, bytes);
    }

    fn rows_done(&self, rows: u64) {
        Progress::add(&self.progress.rows, rows);
    }
}

impl<'a> Compactor<'a> {
    fn new(config: &'a CompactConfig, lake: Lake, control: &'a Control) -> Result<Self> {
        let read = ReadConfig { jobs: config.jobs, memory: config.memory, ..ReadConfig::default() };
        let needs = LakeNeeds {
            row_group_rows: config.lake.row_group_rows,
            compression: config.lake.compression,
            merges: true,
            uploads: !lake.home().has_folders(),
        };
        let files = usize::try_from(lake.inventory().all()).unwrap_or(usize::MAX);
        let needs = Needs { files, lake: Some(needs), ..Needs::default() };
        let tuning = Tuning::new(memory_ceiling(&read), read.threads(), LONG_LINE, needs)?;
        let report = lake.report()?;
        Ok(Self { config, lake, tuning, control, report, committed: 0 })
    }

    fn run(mut self) -> Result<Compaction> {
        let plan = compact::plan(self.lake.home(), self.config.lake.target_file_size)?;
        let progress = &self.control.progress;
        Progress::add(&progress.files_total, plan.groups.iter().map(Group::files).sum());
        Progress::add(&progress.stored_total, plan.groups.iter().map(Group::bytes).sum());
        let pool = pipeline::pool(self.tuning.workers)?;
        let mut done = before(&plan);
        let ended = pool.install(|| {
            plan.groups.iter().try_for_each(|group| self.merge(group, &mut done))?;
            self.complete()
        });
        match ended {
            Ok(()) => Ok(done),
            Err(cause) if self.lake.is_complete().unwrap_or(false) => Err(cause),
            Err(cause) => {
                let (path, units, of) = (self.lake.path().to_owned(), self.committed, plan.groups.len() as u64);
                Err(Error::Unfinished { cause: Box::new(cause), path, units, of })
            }
        }
    }

    /// Merges a group's units into one.
    fn merge(&mut self, group: &Group, done: &mut Compaction) -> Result<()> {
        if self.control.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let Rewritten { id, mut unit, moves } = self.lake.rewrite(group, self.config.keep_codec, self.control)?;
        let inputs = self.lake.inputs_of(&group.units, &moves)?;
        let sums = self.sums(&group.units)?;
        unit.record_merged(&id, inputs, |state| sums.write(state))?;
        let before: u64 = group.folders.values().flatten().map(|file| file.rows).sum();
        let written = unit.totals();
        if written.0 + written.1 != before {
            return Err(Error::Accounting(format!("unit {id}: {before} rows were read, {} and {} written", written.0, written.1)));
        }
        self.lake.commit_for(&unit, &group.units)?;
        self.committed += 1;
        done.units_after -= group.units.len() as u64 - 1;
        for mut folder in folders(group) {
            let new =
                unit.files.iter().filter(|file| file.target.parent().is_some_and(|parent| parent == std::path::Path::new(&folder.path)));
            let (files, bytes) = new.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.bytes));
            (folder.files_after, folder.bytes_after) = (files, Some(bytes));
            add(done, folder);
        }
        Ok(())
    }

    fn sums(&self, units: &[String]) -> Result<Sums> {
        Sums::read(self.lake.home(), units, &self.lake.temporary_folder(), &self.tuning)
    }

    /// Makes the lake whole again, if it is not.
    fn complete(&mut self) -> Result<()> {
        if self.lake.is_complete()? {
            return Ok(());
        }
        self.lake.take_stock()?;
        let Sums { aggregates, hours, .. } = self.sums(&self.lake.inventory().units)?;
        let (failures, latency) = hours.rows(aggregates.tls_ports())?;
        let earlier = std::mem::take(&mut self.report);
        self.lake.finish(failures, latency, |output| report(earlier, output)).map(drop)
    }
}

/// The report that the lake had, with what has changed.
fn report(earlier: Report, now: &Output) -> Result<Vec<u8>> {
    let was = earlier.output.clone().unwrap_or_default();
    let Output { inputs_read, inputs_held, inputs_replaced, .. } = was;
    let output = Output { inputs_read, inputs_held, inputs_replaced, ..now.clone() };
    let report = Report { output: Some(output), ..earlier };
    serde_json::to_vec_pretty(&report).map_err(|error| Error::Accounting(format!("the report cannot be written as JSON: {error}")))
}
