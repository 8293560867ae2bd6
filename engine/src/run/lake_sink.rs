//! Rows into a lake: one unit writer at a time, committed when its unit is whole (or, under `strict`, when the job is).

use std::sync::Arc;

use super::hours::Hours;
use super::sink::Sink;
use crate::aggregate::{Hourly, TlsPorts};
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::discover::InputFile;
use crate::error::{Error, FileFault, Result};
use crate::lake::{Lake, StagedUnit, UnitWriter};
use crate::report::Output;

/// The lake and what of it is not committed.
pub(super) struct LakeSink {
    lake: Lake,
    files: Arc<[InputFile]>,
    strict: bool,
    id: String,
    unit: Option<(UnitWriter, Hours)>,
    staged: Vec<StagedUnit>,
    hours: Hours,
    /// Bytes that an hourly table holds before it goes to disk.
    hours_cap: usize,
}

impl LakeSink {
    pub(super) fn new(lake: Lake, files: Arc<[InputFile]>, strict: bool, hours_cap: usize) -> Self {
        let hours = Hours::new(&lake.temporary_folder(), hours_cap);
        Self { lake, files, strict, id: String::new(), unit: None, staged: Vec::new(), hours, hours_cap }
    }

    /// Completes the lake. `report` gives the bytes of `report.json`, knowing what was written.
    pub(super) fn finish(mut self, job_id: &str, tls_ports: &TlsPorts, report: impl FnOnce(&Output) -> Result<Vec<u8>>) -> Result<Output> {
        for unit in std::mem::take(&mut self.staged) {
            self.lake.commit(unit)?;
        }
        let (failures, latency) = self.hours.rows(tls_ports)?;
        self.lake.finish(job_id, failures, latency, report)
    }

    /// Removes everything: nothing is committed.
    pub(super) fn abandon(mut self) -> Result<()> {
        self.staged.clear();
        drop(self.hours);
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

    fn end_unit(&mut self, rows: u64, rejected: u64) -> Result<()> {
        let Some((writer, hours)) = self.unit.take() else { return Ok(()) };
        let staged = writer.finish()?;
        let written = staged.totals();
        if written != (rows, rejected) {
            return Err(Error::Accounting(format!(
                "unit {}: {rows} rows and {rejected} rejected lines were read, {} and {} written",
                self.id, written.0, written.1
            )));
        }
        self.hours.absorb(hours)?;
        if self.strict {
            self.staged.push(staged);
            Ok(())
        } else {
            self.lake.commit(staged)
        }
    }
}
