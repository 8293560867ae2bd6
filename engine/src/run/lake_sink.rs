//! Rows into a lake: one unit writer at a time, committed when its unit is whole (or, under `strict`, when the job is).

use std::collections::HashMap;
use std::sync::Arc;

use super::hours::Hours;
use super::sink::Sink;
use super::states;
use super::write::Outcome;
use crate::aggregate::Hourly;
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::discover::InputFile;
use crate::error::{Error, FileFault, Result};
use crate::lake::{FileOutcome, Lake, StagedUnit, UnitWriter};

/// The lake and what of it is not committed.
pub(super) struct LakeSink {
    pub(super) lake: Lake,
    files: Arc<[InputFile]>,
    strict: bool,
    /// For some units, the one whose place they take.
    replaces: HashMap<String, String>,
    id: String,
    unit: Option<(UnitWriter, Hours)>,
    /// Units that wait for the job's end, with the ones that they replace.
    staged: Vec<(StagedUnit, Option<String>)>,
    /// Units committed by this run.
    pub(super) committed: u64,
    /// Bytes that an hourly table holds before it goes to disk.
    hours_cap: usize,
}

impl LakeSink {
    pub(super) fn new(lake: Lake, files: Arc<[InputFile]>, strict: bool, replaces: HashMap<String, String>, hours_cap: usize) -> Self {
        Self { lake, files, strict, replaces, id: String::new(), unit: None, staged: Vec::new(), committed: 0, hours_cap }
    }

    /// Commits what waited for the job's end.
    pub(super) fn commit_staged(&mut self) -> Result<()> {
        for (unit, replaces) in std::mem::take(&mut self.staged) {
            self.commit(&unit, replaces.as_deref())?;
        }
        Ok(())
    }

    fn commit(&mut self, unit: &StagedUnit, replaces: Option<&str>) -> Result<()> {
        self.lake.commit(unit, replaces)?;
        self.committed += 1;
        Ok(())
    }

    /// Removes everything that is not committed.
    pub(super) fn abandon(mut self) -> Result<()> {
        self.staged.clear();
        self.unit = None;
        self.lake.abandon()
    }

    fn open(&mut self) -> Result<()> {
        let writer = self.lake.unit(&self.id, self.files.clone())?;
        self.unit = Some((writer, Hours::new(&self.lake.temporary_folder(), self.hours_cap)));
        Ok(())
    }

    fn unit(&mut self) -> Result<&mut (UnitWriter, Hours)> {
        self.unit.as_mut().ok_or_else(|| Error::Accounting("rows outside a unit".into()))
    }

    /// Whether there is nothing in a unit that the lake should keep, or that it may.
    fn is_void(&self, outcome: &Outcome) -> bool {
        let is_used = |file: &FileOutcome| file.fault.is_none() || file.tally.lines > 0;
        let is_stream = |file: &FileOutcome| self.files[file.file as usize].size.is_none();
        // A stream that gave nothing: what was to fill it has failed.
        let is_silent = outcome.files.iter().all(|file| is_stream(file) && file.fault.is_none() && file.tally.raw_bytes == 0);
        // It was tried again, and failed again; unless the unit that tells so is being replaced.
        let inventory = self.lake.inventory();
        let stays = |unit: u32| self.replaces.values().all(|old| *old != inventory.units[unit as usize]);
        let is_known = |file: &FileOutcome| inventory.input(self.files[file.file as usize].key).is_some_and(|known| stays(known.unit));
        let has_failed_again = outcome.files.iter().all(|file| !is_used(file) && is_known(file));
        // What is there came from inputs that were whole; what cannot be read now shall not take its place.
        let would_lose = self.replaces.contains_key(&self.id) && outcome.files.iter().any(|file| file.fault.is_some());
        is_silent || has_failed_again || would_lose
    }
}

impl Sink for LakeSink {
    fn begin_unit(&mut self, id: &str) -> Result<()> {
        id.clone_into(&mut self.id);
        self.open()
    }

    fn rows(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        self.unit()?.0.append(batch, dictionaries, first_lines)
    }

    fn hourly(&mut self, hourly: Hourly) -> Result<()> {
        self.unit()?.1.merge_in(hourly)
    }

    fn discard_unit(&mut self, _faults: &[(u32, FileFault)]) -> Result<()> {
        self.unit = None;
        self.open()
    }

    fn end_unit(&mut self, outcome: &Outcome) -> Result<()> {
        let Some((writer, hours)) = self.unit.take() else { return Ok(()) };
        if self.is_void(outcome) {
            return Ok(());
        }
        let mut staged = writer.finish()?;
        let (rows, rejected) = (outcome.tally.rows, outcome.tally.rejected);
        let written = staged.totals();
        if written != (rows, rejected) {
            return Err(Error::Accounting(format!(
                "unit {}: {rows} rows and {rejected} rejected lines were read, {} and {} written",
                self.id, written.0, written.1
            )));
        }
        staged.record(&self.id, &self.files, &outcome.files, |state| states::write(state, outcome, hours))?;
        let replaces = self.replaces.get(&self.id).cloned();
        if self.strict {
            self.staged.push((staged, replaces));
            Ok(())
        } else {
            self.commit(&staged, replaces.as_deref())
        }
    }
}
