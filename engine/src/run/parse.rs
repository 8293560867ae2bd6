//! The parsing step: any worker, any portion, no order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::Xxh3;

use super::Plan;
use super::ahead::Ahead;
use super::gate::Room;
use super::reader;
use super::slot::{Slot, Work};
use super::tuning::LAKE_PAGES;
use crate::blocks;
use crate::columns::{Origin, Parser};
use crate::config::OnCorrupt;
use crate::decompress::{self, Whole, WholeDecoder};
use crate::discover::{InputFile, Location, LogName};
use crate::error::FileFault;
use crate::lake::read::{self, LakeText, Slice};
use crate::open;
use crate::select::Candidates;

/// Buffers for reading a file whole; one set per worker at most is ever made.
#[derive(Default)]
pub(super) struct Scratch {
    ahead: Option<Arc<Ahead>>,
    stored: Vec<u8>,
    text: Vec<u8>,
    decoder: Option<WholeDecoder>,
    searched: Searched,
    lake: LakeText,
}

/// What a search left of a text.
#[derive(Debug, Default)]
pub(super) struct Searched(Candidates);

impl Searched {
    /// Looks through `text`, under a search; gives the lines that there are to parse: those that may match, or all.
    fn find(&mut self, plan: &Plan<'_>, text: &[u8]) -> usize {
        match &plan.prefilter {
            None => count_lines(text),
            Some(prefilter) => {
                prefilter.find(text, &mut self.0);
                self.0.places.len()
            }
        }
    }

    /// Parses what was found in `text` as a run of the batch.
    fn parse_found(&self, plan: &Plan<'_>, parser: &mut Parser, file: u32, offset: u64, text: &[u8]) {
        if plan.prefilter.is_none() {
            return parser.parse(file, offset, text);
        }
        let Self(found) = self;
        parser.parse(file, offset, &found.text);
        let batch = parser.batch_mut();
        batch.place_lines(|line| found.places.get(line as usize).copied().unwrap_or_default());
        if let Some(run) = batch.runs.last_mut() {
            run.tally.passed_over = found.lines.saturating_sub(run.tally.lines);
            run.tally.lines = found.lines;
            run.tally.raw_bytes = text.len() as u64;
        }
    }

    /// Both.
    pub(super) fn parse(&mut self, plan: &Plan<'_>, parser: &mut Parser, file: u32, offset: u64, text: &[u8]) {
        if plan.prefilter.is_some() {
            self.find(plan, text);
        }
        self.parse_found(plan, parser, file, offset, text);
    }
}

/// The sets of buffers that no worker holds at the moment, and the objects that are being fetched.
pub(super) struct ScratchPool {
    sets: Mutex<Vec<Scratch>>,
    ahead: Option<Arc<Ahead>>,
}

impl ScratchPool {
    /// No buffers yet; what `plan` reads from stores begins to come.
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        Self { sets: Mutex::default(), ahead: Ahead::begin(plan).map(Arc::new) }
    }

    fn take(&self) -> Scratch {
        let set = self.sets.lock().ok().and_then(|mut pool| pool.pop());
        set.unwrap_or_else(|| Scratch { ahead: self.ahead.clone(), ..Scratch::default() })
    }

    /// Takes a set of buffers back; one that has grown larger than `keep` bytes is let go.
    fn give(&self, scratch: Scratch, keep: usize) {
        if scratch.memory() > keep {
            return;
        }
        if let Ok(mut pool) = self.sets.lock() {
            pool.push(scratch);
        }
    }
}

impl Scratch {
    fn memory(&self) -> usize {
        let Candidates { text, places, .. } = &self.searched.0;
        let searched = text.capacity() + places.capacity() * size_of::<(u32, u64)>();
        self.stored.capacity() + self.text.capacity() + searched + self.lake.memory()
    }
}

/// Parses what the reader put into `slot` and observes the rows. What that may cost is taken from `room`; in the end `slot` is counted for what
/// it holds.
pub(super) fn parse(plan: &Plan<'_>, pool: &ScratchPool, room: &dyn Room, slot: &mut Slot) {
    let mut scratch = pool.take();
    let taken = match std::mem::take(&mut slot.work) {
        Work::Nothing => 0,
        Work::Piece { file, offset } => parse_piece(plan, &mut scratch, room, (file, offset), slot),
        Work::Lake { file, slice } => {
            let taken = slice_cost(plan, &slice);
            room.take(slot.sequence, taken);
            match parse_slice(plan, &mut scratch, file, &slice, slot) {
                Ok(rest) => slot.rest = rest.map(|rest| (file, rest)),
                Err(fault) => slot.faults.push((file, fault)),
            }
            taken
        }
        Work::Files(files) => parse_files(plan, &mut scratch, room, &files, slot),
    };
    pool.give(scratch, plan.tuning.keep_scratch);
    let batch = slot.parser.batch();
    slot.observed.observe(plan, batch, slot.parser.dictionaries());
    room.give(taken + std::mem::take(&mut slot.charged));
    slot.charged = slot.memory();
    room.hold(slot.charged);
}

fn count_lines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// A piece of a large file; gives the bytes taken for it.
fn parse_piece(plan: &Plan<'_>, scratch: &mut Scratch, room: &dyn Room, (file, offset): (u32, u64), slot: &mut Slot) -> usize {
    let (sequence, mut taken) = (slot.sequence, 0);
    let mut take = |bytes: usize| {
        room.take(sequence, bytes);
        taken += bytes;
    };
    take(slot.text.len());
    if plan.prefilter.is_some() {
        take(plan.tuning.cost(count_lines(&slot.text), slot.text.len()));
        scratch.searched.parse(plan, &mut slot.parser, file, offset, &slot.text);
        return taken;
    }
    slot.parser.parse_while(file, offset, &slot.text, |block, lines| {
        take(plan.tuning.cost(lines, block.len()));
        true
    });
    taken
}

/// What reading and parsing rows of a lake may cost.
fn slice_cost(plan: &Plan<'_>, slice: &Slice) -> usize {
    let text = plan.tuning.slice_text;
    LAKE_PAGES + 2 * text + plan.tuning.cost(slice.rows(), text)
}

/// Gives the bytes taken for what is in the batch now.
fn parse_files(plan: &Plan<'_>, scratch: &mut Scratch, room: &dyn Room, files: &[u32], slot: &mut Slot) -> usize {
    let (mut text_bytes, mut taken) = (0, 0);
    for (position, &file) in files.iter().enumerate() {
        if plan.control.is_cancelled() {
            break;
        }
        let reading = reading_cost(plan, file);
        room.take(slot.sequence, reading);
        let parsed = parse_file(plan, scratch, (room, &mut taken), file, slot);
        room.give(reading);
        match parsed {
            Ok(Whole::Done) => {}
            Ok(Whole::OverLimit) => {
                // Order is kept: this file and all after it wait for the writer.
                slot.oversize.extend(&files[position..]);
                break;
            }
            Err(fault) => slot.faults.push((file, fault)),
        }
        text_bytes += scratch.text.len() as u64;
        slot.amount.stored += scratch.stored.len() as u64;
        slot.amount.raw += scratch.text.len() as u64;
        slot.amount.files += 1;
        if text_bytes > plan.tuning.portion_bytes {
            slot.oversize.extend(&files[position + 1..]);
            break;
        }
    }
    taken
}

/// What reading a small file whole and decompressing it may cost.
fn reading_cost(plan: &Plan<'_>, file: u32) -> usize {
    let stored = plan.files[file as usize].size.unwrap_or(0).min(plan.tuning.small_file) as usize;
    stored + text_limit(plan, stored)
}

/// Text up to which a small file of so many stored bytes is held whole: more than logs are ever compressed by, so that what is larger is none.
fn text_limit(plan: &Plan<'_>, stored: usize) -> usize {
    stored.saturating_mul(32).max(1 << 20).min(plan.tuning.whole_limit)
}

/// One small file. A fault leaves none of its rows in the batch, unless they are to be salvaged.
fn parse_file(
    plan: &Plan<'_>,
    scratch: &mut Scratch,
    (room, taken): (&dyn Room, &mut usize),
    file: u32,
    slot: &mut Slot,
) -> Result<Whole, FileFault> {
    scratch.text.clear();
    let read = read_whole(plan, scratch, file);
    let decoded = read.and_then(|()| decode(plan, scratch, file));
    match decoded {
        Ok(Whole::Done) => {
            let mark = slot.parser.mark();
            if !parse_text(plan, scratch, (room, taken), file, slot) {
                slot.parser.rollback(mark);
                return Ok(Whole::OverLimit);
            }
        }
        Err(fault) if plan.read.on_corrupt == OnCorrupt::Salvage => return salvage(plan, scratch, file, slot, fault),
        _ => {}
    }
    decoded
}

/// Reads a small file, which may be on its way already.
fn read_whole(plan: &Plan<'_>, scratch: &mut Scratch, file: u32) -> Result<(), FileFault> {
    match scratch.ahead.as_ref().and_then(|ahead| ahead.take(file)) {
        Some(coming) => open::take_whole(coming, &mut scratch.stored),
        None => open::read_whole(&plan.files[file as usize], &mut scratch.stored),
    }
}

/// Parses the text of a small file as far as there is room for it; whether that was all.
fn parse_text(plan: &Plan<'_>, scratch: &mut Scratch, (room, taken): (&dyn Room, &mut usize), file: u32, slot: &mut Slot) -> bool {
    let (held, sequence) = (held_lines(slot), slot.sequence);
    let mut lines = 0;
    let mut has_room = |more: usize, text: usize| {
        lines += more;
        let cost = plan.tuning.cost(more, text);
        let fits = held + lines <= plan.tuning.portion_lines && *taken + cost <= plan.tuning.portion_cost;
        if fits {
            room.take(sequence, cost);
            *taken += cost;
        }
        fits
    };
    let text = &scratch.text;
    if plan.prefilter.is_some() {
        let fits = has_room(scratch.searched.find(plan, text), text.len());
        if fits {
            scratch.searched.parse_found(plan, &mut slot.parser, file, 0, text);
        }
        return fits;
    }
    let mut hash = plan.wants.accounts.then(Xxh3::new);
    let fits = slot.parser.parse_while(file, 0, text, |block, lines| {
        // While it is in the cache.
        hash.iter_mut().for_each(|hash| hash.update(block));
        has_room(lines, block.len())
    });
    hash.iter().for_each(|hash| set_checksum(slot, hash.digest128()));
    fits
}

/// Decodes the stored bytes of a small file; says whether its text is held whole.
fn decode(plan: &Plan<'_>, scratch: &mut Scratch, file: u32) -> Result<Whole, FileFault> {
    let Scratch { stored, text, decoder, .. } = scratch;
    if reader::is_named_compressed(plan, file) {
        decompress::check_named_compressed(stored)?;
    }
    let decoder = decoder.get_or_insert_with(|| WholeDecoder::new().limit_window(plan.tuning.whole_window));
    let whole = decoder.decode(stored, text, text_limit(plan, stored.len()))?;
    if whole == Whole::Done {
        blocks::check_line_lengths(text, plan.read.max_line, stored.len() as u64)?;
    }
    Ok(whole)
}

/// Rows of a lake, as the lines that they stand for; each stretch from one input is a run that knows where it came from. Gives what is left of
/// them, if their lines are long.
pub(super) fn parse_slice(
    plan: &Plan<'_>,
    scratch: &mut Scratch,
    file: u32,
    slice: &Slice,
    slot: &mut Slot,
) -> Result<Option<Slice>, FileFault> {
    let InputFile { location: Location::Lake(lake_file, table), object, .. } = &plan.files[file as usize] else { return Ok(None) };
    let Scratch { lake, searched, .. } = scratch;
    let rest = read::read(lake_file, &object.to_string(), *table, slice, plan.tuning.slice_text, lake)?;
    let (mut text_start, mut first) = (0, 0);
    let mut balancers: HashMap<Arc<str>, Option<Arc<str>>> = HashMap::new();
    for stretch in &lake.stretches {
        let numbers = &lake.lines[first..stretch.lines_end];
        let first_line = numbers.iter().copied().min().unwrap_or(1);
        searched.parse(plan, &mut slot.parser, file, 0, &lake.text[text_start..stretch.text_end]);
        let batch = slot.parser.batch_mut();
        batch.place_lines(|line| {
            let number = numbers.get(line as usize).map_or(0, |number| number - first_line);
            (u32::try_from(number).unwrap_or(u32::MAX), 0)
        });
        if let Some(run) = batch.runs.last_mut() {
            let object = stretch.object.clone().unwrap_or_else(|| (*plan.files[file as usize].object.text()).into());
            let balancer = balancers.entry(object.clone()).or_insert_with_key(|object| balancer(object)).clone();
            run.origin = Some(Arc::new(Origin { balancer, object, first_line }));
        }
        (text_start, first) = (stretch.text_end, stretch.lines_end);
    }
    slot.amount.raw += lake.text.len() as u64;
    Ok(rest)
}

/// What the name of an input tells of its balancer.
fn balancer(object: &str) -> Option<Arc<str>> {
    let name = object.rsplit('/').next().unwrap_or(object);
    Some(LogName::parse(name)?.balancer().into())
}

/// Notes the checksum of the last run's input, up to the end of that run.
fn set_checksum(slot: &mut Slot, checksum: u128) {
    if let Some(run) = slot.parser.batch_mut().runs.last_mut() {
        run.checksum = Some(checksum);
    }
}

/// Whether the batch would outgrow its share of memory with so many more lines.
fn too_many_lines(plan: &Plan<'_>, slot: &Slot, lines: usize) -> bool {
    held_lines(slot) + lines > plan.tuning.portion_lines
}

/// Lines that the batch holds.
fn held_lines(slot: &Slot) -> usize {
    let batch = slot.parser.batch();
    batch.rows() + batch.rejected.len()
}

/// Parses the whole lines before the fault of a damaged file that is held in memory, if they are not too many; gives that fault.
fn salvage(plan: &Plan<'_>, scratch: &mut Scratch, file: u32, slot: &mut Slot, fault: FileFault) -> Result<Whole, FileFault> {
    let mark = slot.parser.mark();
    let mut lines = reader::held_lines(plan, file, &scratch.stored, Some(fault));
    let mut hash = Xxh3::new();
    loop {
        let piece = lines.next(&mut scratch.text);
        let found = scratch.searched.find(plan, &scratch.text);
        if too_many_lines(plan, slot, found) {
            slot.parser.rollback(mark);
            return Ok(Whole::OverLimit);
        }
        if !scratch.text.is_empty() {
            scratch.searched.parse_found(plan, &mut slot.parser, file, lines.piece_offset(), &scratch.text);
            if plan.wants.accounts {
                hash.update(&scratch.text);
                set_checksum(slot, hash.digest128());
            }
        }
        if piece?.is_none() {
            return Ok(Whole::Done);
        }
    }
}
