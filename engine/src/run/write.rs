//! The writing step: portions in order, one at a time.
//!
//! Here the line numbers of a file become absolute, the accounting is checked, aggregates are merged, and rows go to the sink. All state of
//! a unit is kept apart until the unit is whole, so that it can begin again.

use std::collections::BTreeMap;

use super::Plan;
use super::control::Progress;
use super::parse::{self, Scratch, Searched};
use super::sink::Sink;
use super::slot::{Observed, Slot};
use super::{pipeline, reader};
use crate::aggregate::{Aggregates, CertificateTable, Keep};
use crate::columns::{ConnectionBatch, Dictionaries, Tally};
use crate::config::OnCorrupt;
use crate::discover::{InputFile, Location};
use crate::error::{Error, FileFault, LineFaultReason, Result};
use crate::lake::read::Slice;

/// What a job (or one of its units) came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// All lines of all inputs that were used.
    pub(super) tally: Tally,
    /// Rejected lines by reason.
    pub(super) rejected: BTreeMap<LineFaultReason, u64>,
    /// The inputs that failed, and the rows that were kept of each under `salvage`.
    pub(super) failed: Vec<(u32, FileFault, u64)>,
    /// Stored bytes of inputs whose size was not known beforehand.
    pub(super) unsized_stored: u64,
    /// What the report is made of.
    pub(super) aggregates: Aggregates,
    /// How each certificate was used, where that is wanted.
    pub(super) certificates: CertificateTable,
}

impl Outcome {
    fn merge(&mut self, other: Outcome) {
        self.tally.add(&other.tally);
        for (reason, count) in other.rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
        self.failed.extend(other.failed);
        self.unsized_stored += other.unsized_stored;
        self.aggregates.merge(other.aggregates);
        self.certificates.merge(other.certificates);
    }

    fn keep_within(&mut self, keep: &Keep) {
        self.aggregates.keep_within(keep);
        self.certificates.keep_within(keep);
    }
}

/// The file whose lines are being written.
#[derive(Debug, Default)]
struct OpenFile {
    file: Option<u32>,
    tally: Tally,
}

/// The state of the step.
pub(super) struct Writer<'a> {
    plan: &'a Plan<'a>,
    sink: &'a mut dyn Sink,
    unit: Option<usize>,
    unit_outcome: Outcome,
    file: OpenFile,
    first_lines: Vec<u64>,
    candidates: Searched,
    job: Outcome,
    /// Sequence number of the portion that comes next.
    next: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, sink: &'a mut dyn Sink) -> Self {
        Self {
            plan,
            sink,
            unit: None,
            unit_outcome: Outcome::default(),
            file: OpenFile::default(),
            first_lines: Vec::new(),
            candidates: Searched::default(),
            job: Outcome::default(),
            next: 0,
        }
    }

    /// The portion that [`Writer::write`] wants.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// What the job came to, the unit that it stopped in included.
    pub(super) fn into_outcome(mut self) -> Outcome {
        self.unit_outcome.tally.add(&self.file.tally);
        self.job.merge(self.unit_outcome);
        self.job
    }

    /// Writes the next portion.
    pub(super) fn write(&mut self, slot: &mut Slot) -> Result<()> {
        debug_assert_eq!(slot.sequence, self.next);
        self.next += 1;
        if self.unit != Some(slot.unit) {
            self.unit = Some(slot.unit);
            self.sink.begin_unit(&self.plan.units[slot.unit].id)?;
        }
        if slot.restarts_unit {
            self.sink.discard_unit(&slot.faults)?;
            self.unit_outcome = Outcome::default();
            self.file = OpenFile::default();
        }
        self.rows(slot.parser.batch(), slot.parser.dictionaries())?;
        self.observed(&mut slot.observed)?;
        self.faults(slot)?;
        for file in std::mem::take(&mut slot.oversize) {
            self.stream(file)?;
        }
        if let Some((file, rest)) = slot.rest.take() {
            self.rest_of_slice(file, rest)?;
        }
        self.progress(slot);
        if slot.ends_unit {
            self.end_unit()?;
        }
        if self.sink.wants_no_more() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Tells how far the run is: what was written counts, not what was read ahead.
    fn progress(&mut self, slot: &Slot) {
        self.unit_outcome.unsized_stored += slot.amount.unsized_stored;
        let progress = &self.plan.control.progress;
        Progress::add(&progress.stored_done, slot.amount.stored);
        Progress::add(&progress.raw_bytes, slot.amount.raw);
        Progress::add(&progress.files_done, slot.amount.files);
        Progress::add(&progress.rows, slot.parser.batch().rows() as u64);
    }

    /// Rows and rejected lines of one batch: absolute line numbers, accounting, sink.
    fn rows(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries) -> Result<()> {
        self.first_lines.clear();
        for run in &batch.runs {
            if self.file.file != Some(run.file) {
                self.end_file()?;
                self.file.file = Some(run.file);
            }
            self.first_lines.push(run.origin.as_ref().map_or(self.file.tally.lines + 1, |origin| origin.first_line));
            self.file.tally.add(&run.tally);
        }
        for line in &batch.rejected {
            *self.unit_outcome.rejected.entry(line.fault.reason).or_default() += 1;
        }
        if batch.rows() + batch.rejected.len() == 0 {
            return Ok(());
        }
        self.sink.rows(batch, dictionaries, &self.first_lines)
    }

    /// Takes over what was observed in a batch.
    fn observed(&mut self, observed: &mut Observed) -> Result<()> {
        self.unit_outcome.aggregates.merge(std::mem::take(&mut observed.aggregates));
        self.unit_outcome.certificates.merge(std::mem::take(&mut observed.certificates));
        self.unit_outcome.keep_within(&self.plan.tuning.keep);
        if self.plan.wants.hourly { self.sink.hourly(std::mem::take(&mut observed.hourly)) } else { Ok(()) }
    }

    /// Notes the inputs that failed in this portion.
    fn faults(&mut self, slot: &mut Slot) -> Result<()> {
        for (file, fault) in slot.faults.drain(..) {
            // A lake is whole, or what it says cannot be trusted.
            let InputFile { object, location, .. } = &self.plan.files[file as usize];
            if matches!(location, Location::Lake(..)) {
                return Err(Error::DamagedLake { object: object.clone(), fault });
            }
            if self.plan.read.on_corrupt == OnCorrupt::Fail {
                return Err(Error::CorruptInput { object: object.clone(), fault });
            }
            let rows = match self.file.file {
                Some(open) if open == file => self.file.tally.rows,
                _ => slot.parser.batch().runs.iter().filter(|run| run.file == file).map(|run| run.tally.rows).sum(),
            };
            self.unit_outcome.failed.push((file, fault, rows));
        }
        Ok(())
    }

    /// A small file that is large when decompressed: streamed here, in its place. It is read to its end once before any row of it is
    /// used, unless what comes before a fault is wanted anyway.
    fn stream(&mut self, file: u32) -> Result<()> {
        let plan = self.plan;
        if plan.read.on_corrupt == OnCorrupt::Skip
            && let Err(fault) = reader::check(plan, file)
        {
            self.unit_outcome.failed.push((file, fault, 0));
            return Ok(());
        }
        let mut slot = Slot::new(pipeline::parser(plan));
        if let Err(fault) = self.stream_lines(file, &mut slot) {
            slot.faults.push((file, fault?));
            self.faults(&mut slot)?;
        }
        let progress = &plan.control.progress;
        Progress::add(&progress.files_done, 1);
        Progress::add(&progress.stored_done, plan.files[file as usize].size.unwrap_or(0));
        Ok(())
    }

    /// What is left of a lake's rows whose lines are long: read here, in its place, so that only one of it is held at a time.
    fn rest_of_slice(&mut self, file: u32, rest: Slice) -> Result<()> {
        let plan = self.plan;
        let (mut scratch, mut next) = (Scratch::default(), Some(rest));
        let mut slot = Slot::new(pipeline::parser(plan));
        while let Some(slice) = next {
            slot.parser.begin();
            match parse::parse_slice(plan, &mut scratch, file, &slice, &mut slot) {
                Ok(rest) => next = rest,
                Err(fault) => {
                    slot.faults.push((file, fault));
                    return self.faults(&mut slot);
                }
            }
            let (batch, dictionaries) = (slot.parser.batch(), slot.parser.dictionaries());
            slot.observed.observe(plan, batch, dictionaries);
            self.rows(batch, dictionaries)?;
            self.observed(&mut slot.observed)?;
            if plan.control.is_cancelled() {
                return Err(Error::Cancelled);
            }
        }
        Ok(())
    }

    /// Parses and writes `file` piece by piece. The outer error is the input's fault, the inner one the run's.
    fn stream_lines(&mut self, file: u32, slot: &mut Slot) -> Result<(), Result<FileFault>> {
        let plan = self.plan;
        let mut lines = reader::lines(plan, file).map_err(Ok)?;
        loop {
            let piece = lines.next(&mut slot.text);
            slot.parser.begin();
            self.candidates.parse(plan, &mut slot.parser, file, lines.piece_offset(), &slot.text);
            let (batch, dictionaries) = (slot.parser.batch(), slot.parser.dictionaries());
            slot.observed.observe(plan, batch, dictionaries);
            Progress::add(&plan.control.progress.rows, batch.rows() as u64);
            self.rows(batch, dictionaries).and_then(|()| self.observed(&mut slot.observed)).map_err(Err)?;
            if plan.control.is_cancelled() {
                return Err(Err(Error::Cancelled));
            }
            if piece.map_err(Ok)?.is_none() {
                return Ok(());
            }
        }
    }

    /// Checks the accounting of the file that was open.
    fn end_file(&mut self) -> Result<()> {
        let OpenFile { file, tally } = std::mem::take(&mut self.file);
        let Some(file) = file else { return Ok(()) };
        if !tally.balances() {
            return Err(Error::Accounting(format!("{}: {tally:?}", self.plan.files[file as usize].object)));
        }
        self.unit_outcome.tally.add(&tally);
        Ok(())
    }

    fn end_unit(&mut self) -> Result<()> {
        self.end_file()?;
        let outcome = std::mem::take(&mut self.unit_outcome);
        self.sink.end_unit(outcome.tally.rows, outcome.tally.rejected)?;
        self.job.merge(outcome);
        self.job.keep_within(&self.plan.tuning.keep);
        self.unit = None;
        Ok(())
    }
}
