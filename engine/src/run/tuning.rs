//! One budget of memory, and what each part of a run may hold of it. Pure arithmetic.
//!
//! In: the ceiling and the settings that take memory whatever it is. Out: sizes at which inputs are cut into portions, how many portions are
//! under way, and the bounds of every table; or a refusal that names the memory needed. Sizes of portions depend on the ceiling and on what
//! the run is for, not on the number of threads. They trade memory against speed, never rows: any values give the same output.

use crate::aggregate::Keep;
use crate::config::{Compression, ReadConfig};
use crate::discover::{InputFile, LakeFile, Location};
use crate::error::{Error, Result};
use crate::lake::{MERGED_AT_ONCE, MOST_HELD};
use crate::store::{AHEAD_BYTES, UPLOAD_BYTES};

const MIB: usize = 1 << 20;
/// The program itself, its tables of constants, the main thread, and what the allocator keeps aside.
const PROGRAM: usize = 16 * MIB;
/// A thread: its stack, its heaps (the allocator's and that of the C libraries), its inflater.
const THREAD: usize = 4 * MIB;
/// Likewise where the allocator has huge pages, of which each counts whole (see [`ReadConfig::HUGE_PAGES_FROM`]).
const THREAD_OF_HUGE_PAGES: usize = 24 * MIB;
/// What requests take beside the bytes that they fetch: connections and their encryption.
const STORE: usize = 16 * MIB;
/// What encoding a column takes beside its rows: dictionary, pages, hash tables.
const ENCODER: usize = 6 * MIB;
/// Columns that are encoded at a time at most: as many as there are.
const COLUMNS: usize = 20;
/// Row buffers of a unit: ids, times, ports and the like of a row; its own texts and shared values are bounded by themselves.
const ROW: usize = 64;
/// Pages and dictionaries of the columns of a lake that is read.
pub(super) const LAKE_PAGES: usize = 32 * MIB;
/// Likewise of a row group that is read back to be merged with others.
const MERGED: usize = 8 * MIB;
/// What is known of an input beside its entry in the list: whose it is, its unit, its account, its entry in a lake's inventory.
const FILE: usize = 512;
/// The least that portions under way need to go on.
const LEAST_POOL: usize = 32 * MIB;
/// The window of `zstd -19`; what a file asks for beyond, up to 128 MiB, is had where the budget has it.
const LEAST_WINDOW: usize = 8 * MIB;
const MOST_WINDOW: usize = 128 * MIB;
/// Of the file that is being read, and of one that is streamed when it is written.
const WINDOWS: usize = 2;

/// What a run takes memory for, beside reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    /// Inputs, whose names are held.
    pub(super) files: usize,
    /// Bytes of their list.
    pub(super) list: usize,
    /// The table of certificates.
    pub(super) certificates: bool,
    /// An input is a lake.
    pub(super) reads_lake: bool,
    /// An input is an object of a store.
    pub(super) fetches: bool,
    /// An input is a lake in a store.
    pub(super) fetches_lake: bool,
    /// A lake is written.
    pub(super) lake: Option<LakeNeeds>,
}

impl Needs {
    /// Those of reading `files`.
    pub(super) fn of(files: &[InputFile]) -> Self {
        let reads_lake = files.iter().any(|file| matches!(file.location, Location::Lake(..)));
        let fetches = files.iter().any(|file| matches!(file.location, Location::Object(_)));
        let fetches_lake = files.iter().any(|file| matches!(file.location, Location::Lake(LakeFile::Object(_), _)));
        let list = files.iter().map(InputFile::held).sum();
        Self { files: files.len(), list, reads_lake, fetches, fetches_lake, ..Self::default() }
    }
}

/// What a lake takes memory for.
#[derive(Clone, Copy, Debug)]
pub(super) struct LakeNeeds {
    /// Rows in a row group.
    pub(super) row_group_rows: usize,
    /// The codec of its pages.
    pub(super) compression: Compression,
    /// Its files go to a store.
    pub(super) uploads: bool,
    /// Row groups are read back and merged.
    pub(super) merges: bool,
}

/// The sizes of one run; see [`Tuning::new`]. Tests try others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// Stored bytes up to which a file is read and decompressed whole.
    pub(super) small_file: u64,
    /// Stored bytes at which a group of small files is handed out.
    pub(super) group_bytes: u64,
    /// Files in a group at most.
    pub(super) group_files: usize,
    /// Text in a piece of a large file.
    pub(super) piece_bytes: usize,
    /// Decompressed bytes up to which a small file is held whole; a larger one is streamed when it is written.
    pub(super) whole_limit: usize,
    /// Decompressed text of one portion's small files, past which the rest are streamed when they are written.
    pub(super) portion_bytes: u64,
    /// Lines of one portion, past which likewise: short lines take more memory than their text.
    pub(super) portion_lines: usize,
    /// Rows of a lake in a portion, and text of theirs past which the rest is read when it is written.
    pub(super) slice_rows: usize,
    pub(super) slice_text: usize,
    /// What a thread takes.
    pub(super) thread: usize,
    /// The longest line.
    pub(super) max_line: usize,
    /// Threads that work.
    pub(super) workers: usize,
    /// Portions under way at a time.
    pub(super) slots: usize,
    /// Bytes that portions under way hold, those being parsed included, before the next one has to wait.
    pub(super) under_way: usize,
    /// Bytes that parsing one portion may take; one that could take more is streamed when it is written.
    pub(super) portion_cost: usize,
    /// Bytes that a slot, and a worker's set of buffers, keep from one portion to the next.
    pub(super) keep_slot: usize,
    pub(super) keep_scratch: usize,
    /// Bytes of a parser's dictionaries at which they begin anew.
    pub(super) dictionary_bytes: usize,
    /// The largest windows of zstd frames: of a file read as a stream, and of a small one.
    pub(super) stream_window: usize,
    pub(super) whole_window: usize,
    /// What the tables of a unit and of the job keep.
    pub(super) keep: Keep,
    /// Bytes of small objects that are on their way, or there and not yet read.
    pub(super) fetch_bytes: usize,
    /// Bytes of each hourly table of a unit and of the job before it goes to disk.
    pub(super) hours: usize,
}

impl Tuning {
    /// Shares out `memory` bytes among `jobs` threads, lines of up to `max_line` bytes and `needs`.
    ///
    /// # Errors
    /// [`Error::Config`] naming the memory needed, if it is not enough.
    pub(super) fn new(memory: u64, jobs: usize, max_line: usize, needs: Needs) -> Result<Self> {
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        Self::share_out(memory, jobs, max_line, needs).ok_or_else(|| too_little(memory, max_line, needs))
    }

    fn share_out(memory: usize, jobs: usize, max_line: usize, needs: Needs) -> Option<Self> {
        let sizes = Self::sizes(memory, max_line);
        let alone = memory.checked_sub(sizes.fixed(1, needs))?;
        let sizes = Self {
            // What is parsed costs up to some seventy times its text where lines are short, some forty times its stored bytes where it is as usual.
            piece_bytes: sizes.piece_bytes.min(alone / 480),
            small_file: sizes.small_file.min((alone / 160) as u64),
            ..sizes
        };
        // Half of the memory for threads and what they work with at most, and fewer of them if there is not enough for what else there is.
        let most = memory / 2 / sizes.worker(needs);
        (1..=jobs.min(most).max(1)).rev().find_map(|workers| sizes.with_workers(memory, workers, needs))
    }

    /// Shares out what is left beside what has its size.
    fn with_workers(self, memory: usize, workers: usize, needs: Needs) -> Option<Self> {
        let pool = memory.checked_sub(self.fixed(workers, needs)).filter(|&pool| pool >= LEAST_POOL)?;
        // Large windows come out of the pool, as far as it is not small.
        let window = (pool / 8).clamp(LEAST_WINDOW, MOST_WINDOW);
        let pool = pool - WINDOWS * (window - LEAST_WINDOW);
        // Enough that one slow portion leaves nobody idle.
        let slots = (2 * workers + 4).min(pool / (4 * MIB));
        let keep_slot = pool / 4 / slots;
        let shared = Self {
            workers,
            slots,
            under_way: pool / 2,
            portion_cost: pool / 4,
            keep_slot,
            keep_scratch: pool / 8 / workers,
            dictionary_bytes: self.dictionary_bytes.min(keep_slot / 4),
            stream_window: window,
            ..self
        };
        (shared.cost(shared.piece_bytes / 2, shared.piece_bytes) <= shared.portion_cost).then_some(shared)
    }

    /// The sizes that depend on the ceiling alone. From 2 GiB on they are as large as is of use.
    fn sizes(memory: usize, max_line: usize) -> Self {
        let whole_limit = (memory / 32).min(64 * MIB);
        let small_file = (whole_limit / 8) as u64;
        Self {
            small_file,
            group_bytes: small_file.min(1 << 20),
            group_files: 1024,
            piece_bytes: (memory / 1024).min(2 * MIB),
            whole_limit,
            portion_bytes: whole_limit as u64,
            portion_lines: (memory / 10_000).min(200_000),
            slice_rows: (memory / 40_000).min(50_000),
            slice_text: (memory / 128).min(16 * MIB),
            thread: if memory as u64 >= ReadConfig::HUGE_PAGES_FROM { THREAD_OF_HUGE_PAGES } else { THREAD },
            max_line,
            dictionary_bytes: 16 * MIB,
            whole_window: (memory / 128).clamp(MIB, 8 * MIB),
            keep: Keep {
                top_values: (memory / 32_768).min(65_536),
                latency_bytes: (memory / 512).min(8 * MIB),
                certificate_bytes: (memory / 16).min(64 * MIB),
            },
            hours: (memory / 128).min(32 * MIB),
            fetch_bytes: (memory / 16).min(64 * MIB),
            workers: 1,
            slots: 1,
            under_way: 0,
            portion_cost: 0,
            keep_slot: 0,
            keep_scratch: 0,
            stream_window: LEAST_WINDOW,
        }
    }

    /// What `workers` threads and everything that does not grow with them take.
    fn fixed(&self, workers: usize, needs: Needs) -> usize {
        let lake = needs.lake.map_or(0, |lake| writer(lake.row_group_rows) + 4 * self.hours + self.merges(lake));
        // Those of the unit and of the job, and what is made of them at the end.
        let certificates = if needs.certificates { 4 * self.keep.certificate_bytes } else { 0 };
        let pages = if needs.reads_lake { LAKE_PAGES } else { 0 };
        let uploads = needs.lake.is_some_and(|lake| lake.uploads);
        let requests = if needs.fetches || needs.fetches_lake || uploads { STORE } else { 0 };
        let fetched = if needs.fetches { self.fetch_bytes + AHEAD_BYTES } else { 0 };
        let uploaded = if uploads { UPLOAD_BYTES } else { 0 };
        // A long line stands in the reader, in its portion, parsed in it, and in the row group that it goes to.
        let line = 6 * self.max_line.min(usize::MAX / 8);
        let tables = 2 * self.keep.report_bytes();
        let list = needs.files.saturating_mul(FILE).saturating_add(needs.list);
        let shared = PROGRAM + WINDOWS * LEAST_WINDOW + tables + certificates + pages + requests + fetched + uploaded;
        shared.saturating_add(list).saturating_add(lake).saturating_add(line)
            + workers * (self.thread + self.whole_window + Self::held_pages(needs))
            + workers.min(COLUMNS) * encoder(needs)
    }

    /// The row groups that are merged at a time: pages and dictionaries of each, and a line of each, which can be long; a row group's own texts once
    /// more, while they are put in order.
    fn merges(&self, lake: LakeNeeds) -> usize {
        if lake.merges { MERGED_AT_ONCE * (MERGED + self.max_line.min(usize::MAX / 64)) + 24 * MIB } else { 0 }
    }

    /// What one more thread takes, and what it should have to work with.
    fn worker(&self, needs: Needs) -> usize {
        2 * (self.thread + self.whole_window + Self::held_pages(needs)) + encoder(needs)
    }

    /// What a thread holds of a lake in a store: the pages of the rows that it reads.
    fn held_pages(needs: Needs) -> usize {
        if needs.fetches_lake { MOST_HELD } else { 0 }
    }

    /// Bytes that parsing and observing so many lines of so much text may take.
    pub(super) fn cost(&self, lines: usize, text: usize) -> usize {
        // No row is shorter than its time, an address, two ports and seven times `-`.
        const LEAST_ROW: usize = 56;
        /// Columns, groups, hours, counts by client and subject.
        const PER_ROW: usize = 800;
        /// A rejected line's place, fault and allocation.
        const PER_LINE: usize = 96;
        lines.min(text / LEAST_ROW) * PER_ROW + lines * PER_LINE + text * 5 / 2
    }
}

/// Row buffers, own texts and values of a unit (see `lake::unit`), and the row group that is being encoded.
fn writer(row_group_rows: usize) -> usize {
    let buffered = row_group_rows.saturating_mul(3 * ROW / 2);
    buffered.saturating_add(64 * MIB)
}

/// What a thread takes that encodes a column.
fn encoder(needs: Needs) -> usize {
    needs.lake.map_or(0, |lake| ENCODER + compressor(lake.compression))
}

/// What a compressor holds.
fn compressor(compression: Compression) -> usize {
    match compression {
        Compression::Zstd(..=4) => 2 * MIB,
        Compression::Zstd(..=12) => 16 * MIB,
        Compression::Zstd(_) => 48 * MIB,
        Compression::Snappy | Compression::Lz4 | Compression::None => 0,
    }
}

/// The least memory for one thread, in steps of 16 MiB.
fn least(max_line: usize, needs: Needs) -> Option<usize> {
    (4..1 << 16).map(|step| step * 16 * MIB).find(|&memory| Tuning::share_out(memory, 1, max_line, needs).is_some())
}

#[cold]
fn too_little(memory: usize, max_line: usize, needs: Needs) -> Error {
    let files = if needs.files > 1_000 { format!(", {} files", needs.files) } else { String::new() };
    let rows = needs.lake.map_or_else(String::new, |lake| format!(", row groups of {} rows", lake.row_group_rows));
    let least = least(max_line, needs).map_or_else(|| "more than can be had".to_owned(), |least| format!("{} MiB", least / MIB));
    Error::Config(format!(
        "{} MiB of memory are too little: lines of up to {max_line} bytes{rows}{files} need {least}; allow more with --memory, or less of these",
        memory / MIB
    ))
}

#[cfg(test)]
mod tests;
