//! The reading step: walks the units in order and hands out portions.
//!
//! Small files are only named here: the worker that parses them reads them. Large ones are decompressed here, piece by piece, so that
//! memory does not grow with them. When a large file turns out to be damaged after pieces of it were handed out (and damage means that no
//! row of it may stay), its unit begins again without it; from then on the unit's large files are read to their end once before any
//! piece of them is handed out, so that a unit begins again once at most.

use std::io::Read;
use std::iter::Peekable;

use super::Plan;
use super::slot::{Slot, Work};
use crate::blocks::LineReader;
use crate::config::OnCorrupt;
use crate::decompress::StreamDecoder;
use crate::discover::{self, InputFile, LakeFile, Location};
use crate::error::FileFault;
use crate::lake::read::{self, Slices};
use crate::open::{self, Held};

pub(super) type Lines = LineReader<Box<dyn Read + Send>>;

/// Where the walk stands.
pub(super) struct Reader<'a> {
    plan: &'a Plan<'a>,
    sequence: u64,
    unit: usize,
    /// Index of the next file within the unit.
    next: usize,
    /// The large file that is being handed out.
    large: Option<(u32, Lines)>,
    /// The file of a lake that is being handed out, and what is left of it.
    lake: Option<(u32, Peekable<Slices>)>,
    /// The unit's large files that failed: left out when it begins again.
    failed: Vec<(u32, FileFault)>,
    /// Whether the unit has begun again.
    careful: bool,
    /// Whether the next portion must say that the unit begins again.
    restart: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plan: &'a Plan<'a>) -> Self {
        Self { plan, sequence: 0, unit: 0, next: 0, large: None, lake: None, failed: Vec::new(), careful: false, restart: false }
    }

    /// The number of the portion that [`Reader::fill`] will give.
    pub(super) fn next(&self) -> u64 {
        self.sequence
    }

    /// Whether every portion has been handed out.
    pub(super) fn is_done(&self) -> bool {
        self.unit == self.plan.units.len()
    }

    /// Fills `slot` with the next portion. Not to be called when [`Reader::is_done`].
    pub(super) fn fill(&mut self, slot: &mut Slot) {
        slot.reset(self.sequence, self.unit);
        self.sequence += 1;
        if self.large.is_none() && self.lake.is_none() {
            self.open_or_group(slot);
        }
        if self.large.is_some() {
            self.piece(slot);
        } else if self.lake.is_some() {
            self.slice(slot);
        }
        slot.restarts_unit = std::mem::take(&mut self.restart);
        if slot.restarts_unit {
            slot.faults.splice(0..0, self.failed.iter().cloned());
        }
        if self.large.is_none() && self.lake.is_none() && self.next == self.plan.units[self.unit].files.len() {
            slot.ends_unit = true;
            self.unit += 1;
            self.next = 0;
            self.failed.clear();
            self.careful = false;
        }
    }

    /// Takes small files up to the next large one, which is opened if it comes first.
    fn open_or_group(&mut self, slot: &mut Slot) {
        let tuning = &self.plan.tuning;
        let unit = &self.plan.units[self.unit].files;
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(&file) = unit.get(self.next) {
            if self.failed.iter().any(|&(failed, _)| failed == file) {
                self.next += 1;
                continue;
            }
            let InputFile { size, location, .. } = &self.plan.files[file as usize];
            if let Location::Lake(lake_file, _) = location {
                if group.is_empty() {
                    self.next += 1;
                    self.open_lake(file, lake_file, slot);
                }
                break;
            }
            match size.filter(|&size| size <= tuning.small_file) {
                Some(size) if group.len() < tuning.group_files && bytes < tuning.group_bytes => {
                    group.push(file);
                    bytes += size;
                    self.next += 1;
                }
                None if group.is_empty() => {
                    self.next += 1;
                    self.open(file, slot);
                    break;
                }
                _ => break,
            }
        }
        if !group.is_empty() {
            slot.work = Work::Files(group);
        }
    }

    /// Opens a large file; one that cannot be opened is a fault of this portion.
    fn open(&mut self, file: u32, slot: &mut Slot) {
        let must_check = self.careful && self.plan.read.on_corrupt == OnCorrupt::Skip;
        let checked = if must_check { lines(self.plan, file).and_then(|lines| check(self.plan, lines)) } else { Ok(()) };
        match checked.and_then(|()| lines(self.plan, file)) {
            Ok(lines) => self.large = Some((file, lines)),
            Err(fault) => slot.faults.push((file, fault)),
        }
    }

    /// Opens a file of a lake; one that cannot be opened is a fault of this portion.
    fn open_lake(&mut self, file: u32, lake_file: &LakeFile, slot: &mut Slot) {
        match read::slices(lake_file, &self.plan.files[file as usize].object.to_string(), self.plan.tuning.slice_rows) {
            Ok(slices) => self.lake = Some((file, slices.peekable())),
            Err(fault) => slot.faults.push((file, fault)),
        }
    }

    /// Names the next rows of the lake's file that is open, and closes it after the last.
    fn slice(&mut self, slot: &mut Slot) {
        let Some((file, slices)) = &mut self.lake else { return };
        if let Some(slice) = slices.next() {
            slot.work = Work::Lake { file: *file, slice };
        }
        if slices.peek().is_none() {
            slot.amount.files = 1;
            slot.amount.stored = self.plan.files[*file as usize].size.unwrap_or(0);
            self.lake = None;
        }
    }

    /// Takes the next piece of the large file that is open, and closes it at its end.
    fn piece(&mut self, slot: &mut Slot) {
        let Some((file, lines)) = &mut self.large else { return };
        let file = *file;
        let before = lines.stored_bytes();
        let piece = lines.next(&mut slot.text);
        slot.amount.stored = lines.stored_bytes() - before;
        slot.amount.raw = slot.text.len() as u64;
        if self.plan.files[file as usize].size.is_none() {
            slot.amount.unsized_stored = slot.amount.stored;
        }
        match piece {
            Ok(Some(piece)) => {
                slot.work = Work::Piece { file, offset: piece.offset };
                slot.is_piece = true;
                return;
            }
            Ok(None) => slot.amount.files = 1,
            Err(fault) if self.plan.read.on_corrupt == OnCorrupt::Skip => self.begin_again(file, fault),
            Err(fault) => {
                slot.work = Work::Piece { file, offset: lines.piece_offset() };
                slot.is_piece = true;
                slot.faults.push((file, fault));
            }
        }
        self.large = None;
    }

    /// The unit begins again without `file`.
    fn begin_again(&mut self, file: u32, fault: FileFault) {
        self.failed.push((file, fault));
        self.next = 0;
        self.careful = true;
        self.restart = true;
    }
}

/// A line reader over file `file`.
pub(super) fn lines(plan: &Plan<'_>, file: u32) -> Result<Lines, FileFault> {
    let opened = open::open(&plan.files[file as usize])?;
    Ok(lines_of(plan, file, opened.reader))
}

/// A line reader over the stored bytes of file `file`, and over the fault with which reading them ended.
pub(super) fn held_lines<'s>(plan: &Plan<'_>, file: u32, stored: &'s [u8], fault: Option<FileFault>) -> LineReader<Held<'s>> {
    lines_of(plan, file, Held::new(stored, fault))
}

fn lines_of<R: Read>(plan: &Plan<'_>, file: u32, reader: R) -> LineReader<R> {
    let is_named_compressed = is_named_compressed(plan, file);
    let decoder = if is_named_compressed { StreamDecoder::named_compressed(reader) } else { StreamDecoder::new(reader) };
    LineReader::new(decoder.limit_window(plan.tuning.stream_window), plan.tuning.piece_bytes, plan.read.max_line)
}

/// Whether the name of file `file` says that it is compressed.
pub(super) fn is_named_compressed(plan: &Plan<'_>, file: u32) -> bool {
    discover::looks_compressed(plan.files[file as usize].object.ending().as_bytes())
}

/// Reads a file to its end and uses nothing of it.
pub(super) fn check<R: Read>(plan: &Plan<'_>, mut lines: LineReader<R>) -> Result<(), FileFault> {
    let mut text = Vec::new();
    while lines.next(&mut text)?.is_some() {
        if plan.control.is_cancelled() {
            break;
        }
    }
    Ok(())
}
