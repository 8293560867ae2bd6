//! The writing step: portions in order, one at a time.
//!
//! Here the line numbers of a file become absolute, the accounting is checked, aggregates are merged, and rows go to the sink. All state of
//! a unit is kept apart until the unit is whole, so that it can begin again.

use std::collections::{BTreeMap, HashSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::Plan;
use super::control::Progress;
use super::parse::{self, Scratch, Searched};
use super::sink::Sink;
use super::slot::{Observed, Slot};
use super::{pipeline, reader};
use crate::aggregate::{Aggregates, CertificateTable, Keep};
use crate::blocks::LineReader;
use crate::columns::{ConnectionBatch, Dictionaries, Tally};
use crate::config::OnCorrupt;
use crate::discover::{InputFile, Location};
use crate::error::{Error, FileFault, LineFaultReason, Result};
use crate::lake::FileOutcome;
use crate::lake::read::Slice;
use crate::open::{self, Held};

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
    /// What became of each input, where that is wanted: of a job, in the order of its units.
    pub(super) files: Vec<FileOutcome>,
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
        self.files.extend(other.files);
    }

    fn keep_within(&mut self, keep: &Keep) {
        self.aggregates.keep_within(keep);
        self.certificates.keep_within(keep);
    }
}

/// The file whose lines are being written.
#[derive(Default)]
struct OpenFile {
    file: Option<u32>,
    tally: Tally,
    /// First and last event.
    time: Option<(i64, i64)>,
    /// Of the text, where it came in pieces.
    hash: Option<Box<Xxh3>>,
    /// Of the text, where it was whole.
    checksum: Option<u128>,
}

impl OpenFile {
    fn widen_time(&mut self, times: &[i64]) {
        let Some(&first) = times.first() else { return };
        let (low, high) = self.time.unwrap_or((first, first));
        self.time = Some(times.iter().fold((low, high), |(low, high), &time| (low.min(time), high.max(time))));
    }

    fn checksum(&self) -> u128 {
        match (&self.hash, self.checksum) {
            (Some(hash), _) => hash.digest128(),
            (None, checksum) => checksum.unwrap_or_else(|| xxh3_128(b"")),
        }
    }
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
        if slot.is_piece {
            self.hash(&slot.text);
        }
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
        for (index, run) in batch.runs.iter().enumerate() {
            if self.file.file != Some(run.file) {
                self.end_file()?;
                self.file.file = Some(run.file);
            }
            if self.plan.wants.accounts {
                self.file.widen_time(&batch.time[batch.run_rows(index)]);
                self.file.checksum = run.checksum.or(self.file.checksum);
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

    /// Takes the text of the file that is open into its checksum.
    fn hash(&mut self, text: &[u8]) {
        if self.plan.wants.accounts {
            self.file.hash.get_or_insert_default().update(text);
        }
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
                return Err(Error::DamagedLake { object: object.to_string(), fault });
            }
            if self.plan.read.on_corrupt == OnCorrupt::Fail {
                return Err(Error::CorruptInput { object: object.to_string(), fault });
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
        // What is checked is what is used, whatever becomes of the file meanwhile.
        let mut stored = Vec::new();
        let fault = open::read_whole(&plan.files[file as usize], &mut stored).err();
        let lines = || reader::held_lines(plan, file, &stored, fault.clone());
        if plan.read.on_corrupt == OnCorrupt::Skip
            && let Err(fault) = reader::check(plan, lines())
        {
            self.unit_outcome.failed.push((file, fault, 0));
            return Ok(());
        }
        let mut slot = Slot::new(pipeline::parser(plan));
        if let Err(fault) = self.stream_lines(file, lines(), &mut slot) {
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

    /// Parses and writes `lines` of `file` piece by piece. The outer error is the input's fault, the inner one the run's.
    fn stream_lines(&mut self, file: u32, mut lines: LineReader<Held<'_>>, slot: &mut Slot) -> Result<(), Result<FileFault>> {
        let plan = self.plan;
        loop {
            let piece = lines.next(&mut slot.text);
            slot.parser.begin();
            self.candidates.parse(plan, &mut slot.parser, file, lines.piece_offset(), &slot.text);
            let (batch, dictionaries) = (slot.parser.batch(), slot.parser.dictionaries());
            slot.observed.observe(plan, batch, dictionaries);
            Progress::add(&plan.control.progress.rows, batch.rows() as u64);
            self.rows(batch, dictionaries).and_then(|()| self.observed(&mut slot.observed)).map_err(Err)?;
            self.hash(&slot.text);
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
        let open = std::mem::take(&mut self.file);
        let Some(file) = open.file else { return Ok(()) };
        if !open.tally.balances() {
            return Err(Error::Accounting(format!("{}: {:?}", self.plan.files[file as usize].object, open.tally)));
        }
        self.unit_outcome.tally.add(&open.tally);
        if self.plan.wants.accounts {
            let (checksum, tally, time) = (open.checksum(), open.tally, open.time);
            self.unit_outcome.files.push(FileOutcome { file, tally, checksum, time, ..FileOutcome::default() });
        }
        Ok(())
    }

    /// Makes the unit's list of inputs complete: with those that gave no line, and with what is wrong with some.
    fn complete_files(&mut self, unit: usize) {
        let Outcome { files, failed, unsized_stored, .. } = &mut self.unit_outcome;
        let seen: HashSet<u32> = files.iter().map(|outcome| outcome.file).collect();
        let silent = self.plan.units[unit].files.iter().filter(|file| !seen.contains(file));
        files.extend(silent.map(|&file| FileOutcome { file, checksum: xxh3_128(b""), ..FileOutcome::default() }));
        files.sort_unstable_by_key(|outcome| outcome.file);
        for (file, fault, _) in failed.iter() {
            if let Ok(index) = files.binary_search_by_key(file, |outcome| outcome.file) {
                files[index].fault = Some(fault.clone());
            }
        }
        if let [only] = files.as_mut_slice()
            && self.plan.files[only.file as usize].size.is_none()
        {
            only.streamed = Some(*unsized_stored);
        }
    }

    fn end_unit(&mut self) -> Result<()> {
        self.end_file()?;
        if let (Some(unit), true) = (self.unit, self.plan.wants.accounts) {
            self.complete_files(unit);
        }
        let outcome = std::mem::take(&mut self.unit_outcome);
        self.sink.end_unit(&outcome)?;
        self.job.merge(outcome);
        self.job.keep_within(&self.plan.tuning.keep);
        self.unit = None;
        Ok(())
    }
}
