//! Each stage alone, on one core: the sample goes through all of them once, piece by piece as in a run, and each has a clock of its own.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use super::tools::{Encoder, Written};
use super::{Counts, disagree, remove};
use crate::aggregate::Aggregates;
use crate::columns::{Parser, Tally};
use crate::config::{OnCorrupt, ReadConfig};
use crate::decompress::{Whole, WholeDecoder};
use crate::discover::Lakes;
use crate::error::{Error, FileFault, Result};
use crate::open;
use crate::report::Report;
use crate::run::{Control, Grouping, Plan, pipeline, reader};
use crate::scan::{self, Kernel, Structure};

/// The stages with a clock, in the order of the flow. `parse` is all that makes columns of text, the scan included.
pub(super) const STAGES: [&str; 5] = ["decompress", "scan", "parse", "aggregate", "encode"];
const DECOMPRESS: usize = 0;
const SCAN: usize = 1;
const PARSE: usize = 2;
const AGGREGATE: usize = 3;
const ENCODE: usize = 4;

/// Text in a batch, about what a portion of a run has.
const BATCH_TEXT: usize = 4 << 20;
/// Text scanned at a time, as the parser does it: it stays in the second-level cache.
const SCAN_BYTES: usize = 256 << 10;

/// What a pass came to.
#[derive(Debug)]
pub(super) struct Stages {
    /// Seconds of each of [`STAGES`].
    pub(super) seconds: [f64; STAGES.len()],
    /// What was counted, by all of them alike.
    pub(super) counts: Counts,
}

/// Sends `inputs` through the stages on one thread; rows are written below `folder`, which is removed.
pub(super) fn measure(inputs: &[OsString], read: &ReadConfig, folder: &Path, control: &Control) -> Result<Stages> {
    let mut plan = Plan::new(inputs, Lakes::Refuse, read, control, Grouping::any())?;
    plan.wants.rows = true;
    let measured = pipeline::pool(1)?.install(|| Pass::new(&plan, folder)?.run());
    remove(folder)?;
    measured
}

/// A pass under way.
struct Pass<'a> {
    plan: &'a Plan<'a>,
    seconds: [f64; STAGES.len()],
    decoder: WholeDecoder,
    stored: Vec<u8>,
    structure: Structure,
    scanned_lines: u64,
    parser: Parser,
    /// Text in the batch.
    batch_text: usize,
    /// The file of the last run that was handed on, and the number of its next line.
    next_line: (u32, u64),
    tally: Tally,
    aggregates: Aggregates,
    encoder: Encoder,
}

impl<'a> Pass<'a> {
    fn new(plan: &'a Plan<'a>, folder: &Path) -> Result<Self> {
        Ok(Self {
            plan,
            seconds: [0.0; STAGES.len()],
            decoder: WholeDecoder::new().limit_window(plan.tuning.whole_window),
            stored: Vec::new(),
            structure: Structure::default(),
            scanned_lines: 0,
            parser: pipeline::parser(plan),
            batch_text: 0,
            next_line: (0, 1),
            tally: Tally::default(),
            aggregates: Aggregates::default(),
            encoder: Encoder::new(folder, plan.files.clone())?,
        })
    }

    fn run(mut self) -> Result<Stages> {
        let mut text = Vec::new();
        self.parser.begin();
        for file in (0..=u32::MAX).take(self.plan.files.len()) {
            self.file(file, &mut text)?;
        }
        self.end_batch()?;
        self.finish()
    }

    /// A file, whole if it is small.
    fn file(&mut self, file: u32, text: &mut Vec<u8>) -> Result<()> {
        let is_small = self.plan.files[file as usize].size.is_some_and(|size| size <= self.plan.tuning.small_file);
        if is_small && self.whole(file, text)? { self.take(file, 0, text) } else { self.pieces(file, text) }
    }

    /// Reads and decompresses a small file; whether its text is held whole.
    fn whole(&mut self, file: u32, text: &mut Vec<u8>) -> Result<bool> {
        let started = Instant::now();
        text.clear();
        let read = open::read_whole(&self.plan.files[file as usize], &mut self.stored);
        let decoded = read.and_then(|()| self.decoder.decode(&self.stored, text, self.plan.tuning.whole_limit));
        self.seconds[DECOMPRESS] += started.elapsed().as_secs_f64();
        decoded.map(|whole| whole == Whole::Done).map_err(|fault| self.damaged(file, fault))
    }

    /// Reads and decompresses a large file, and takes it piece by piece.
    fn pieces(&mut self, file: u32, text: &mut Vec<u8>) -> Result<()> {
        let mut lines = reader::lines(self.plan, file).map_err(|fault| self.damaged(file, fault))?;
        loop {
            let started = Instant::now();
            let piece = lines.next(text);
            self.seconds[DECOMPRESS] += started.elapsed().as_secs_f64();
            let is_end = match piece {
                Ok(Some(_)) => false,
                Ok(None) => return Ok(()),
                // Of a file that was cut for the sample, the last piece comes with a fault.
                Err(_) if self.plan.read.on_corrupt == OnCorrupt::Salvage => true,
                Err(fault) => return Err(self.damaged(file, fault)),
            };
            self.take(file, lines.piece_offset(), text)?;
            if is_end {
                return Ok(());
            }
        }
    }

    #[cold]
    fn damaged(&self, file: u32, fault: FileFault) -> Error {
        Error::CorruptInput { object: self.plan.files[file as usize].object.to_string(), fault }
    }

    /// Scans and parses whole lines, and hands the batch on once it is large.
    fn take(&mut self, file: u32, offset: u64, text: &[u8]) -> Result<()> {
        if self.plan.control.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if text.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        self.scanned_lines += scanned_lines(self.plan.kernel, text, &mut self.structure);
        self.seconds[SCAN] += started.elapsed().as_secs_f64();
        let started = Instant::now();
        self.parser.parse(file, offset, text);
        self.seconds[PARSE] += started.elapsed().as_secs_f64();
        self.batch_text += text.len();
        if self.batch_text >= BATCH_TEXT { self.end_batch() } else { Ok(()) }
    }

    /// Aggregates and encodes the batch, and begins another.
    fn end_batch(&mut self) -> Result<()> {
        let first_lines = self.first_lines();
        let (batch, dictionaries) = (self.parser.batch(), self.parser.dictionaries());
        let started = Instant::now();
        self.aggregates.observe(batch, dictionaries);
        self.aggregates.keep_within(&self.plan.tuning.keep);
        self.seconds[AGGREGATE] += started.elapsed().as_secs_f64();
        let started = Instant::now();
        self.encoder.append(batch, dictionaries, &first_lines)?;
        self.seconds[ENCODE] += started.elapsed().as_secs_f64();
        self.batch_text = 0;
        self.parser.begin();
        Ok(())
    }

    /// Where the runs of the batch begin in their files; counts their lines.
    fn first_lines(&mut self) -> Vec<u64> {
        let (next_line, tally) = (&mut self.next_line, &mut self.tally);
        let first = |run: &crate::columns::SourceRun| {
            if next_line.0 != run.file {
                *next_line = (run.file, 1);
            }
            tally.add(&run.tally);
            let first = next_line.1;
            next_line.1 += run.tally.lines;
            first
        };
        self.parser.batch().runs.iter().map(first).collect()
    }

    /// Ends the encoding, and holds what each stage counted against the others.
    fn finish(mut self) -> Result<Stages> {
        let started = Instant::now();
        let written = self.encoder.finish()?;
        self.seconds[ENCODE] += started.elapsed().as_secs_f64();
        let Tally { raw_bytes, lines, rows, rejected, blank, .. } = self.tally;
        if self.scanned_lines != lines {
            return Err(disagree(STAGES[SCAN], &lines, &self.scanned_lines));
        }
        if !self.tally.balances() {
            return Err(disagree(STAGES[PARSE], &lines, &self.tally));
        }
        if observed_rows(&self.aggregates) != rows {
            return Err(disagree(STAGES[AGGREGATE], &rows, &observed_rows(&self.aggregates)));
        }
        if written != (Written { rows, rejected }) {
            return Err(disagree(STAGES[ENCODE], &(rows, rejected), &written));
        }
        Ok(Stages { seconds: self.seconds, counts: Counts { raw_bytes, lines, rows, rejected, blank } })
    }
}

/// Scans `text` block by block; gives the lines found.
fn scanned_lines(kernel: Kernel, text: &[u8], structure: &mut Structure) -> u64 {
    let (mut lines, mut rest) = (0, text);
    while !rest.is_empty() {
        let end = rest.get(SCAN_BYTES..).and_then(|more| memchr::memchr(b'\n', more)).map_or(rest.len(), |at| SCAN_BYTES + at + 1);
        scan::scan(kernel, &rest[..end], structure);
        lines += structure.lines().len() as u64;
        rest = &rest[end..];
    }
    lines
}

/// The rows that were observed, by what became of their connections.
fn observed_rows(aggregates: &Aggregates) -> u64 {
    let mut report = Report::default();
    aggregates.fill(&mut report);
    let outcomes = &report.outcomes;
    outcomes.success + outcomes.failed + outcomes.no_verdict_http + outcomes.no_verdict_tls + outcomes.other
}
