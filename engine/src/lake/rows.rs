//! Rows of one partition, gathered column by column until they make a row group.
//!
//! In: rows of batches, in order. Out: the columns of a row group, ready for a writer (`pages/`, `arrays.rs`). Where a row group ends depends on the rows alone: every limit is checked
//! after every row, so it makes no difference how the rows were cut into batches.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::values::{Remap, UnitValues};
use crate::columns::arrow::{self as arrays, Group};
use crate::columns::{ConnectionBatch, Dictionaries, TextColumn};
use crate::discover::InputFile;
use crate::error::{Error, Result};

/// A run's rows: where a partition takes its rows from.
#[derive(Clone, Copy)]
pub(super) struct RunRows<'a> {
    /// The batch.
    pub(super) batch: &'a ConnectionBatch,
    /// Its dictionaries.
    pub(super) dicts: &'a Dictionaries,
    /// The run's file: its index in the job's list.
    pub(super) file: u32,
    /// The line number (from 1) of the run's first line.
    pub(super) first_line: u64,
}

/// What the numbers in [`RowBuffer::files`] stand for.
pub(super) trait Objects: Sync {
    /// The name of an input, as `source_object` has it.
    fn object(&self, file: u32) -> Option<Cow<'_, str>>;
}

impl Objects for Arc<[InputFile]> {
    fn object(&self, file: u32) -> Option<Cow<'_, str>> {
        self.get(file as usize).map(|file| file.object.text())
    }
}

/// A row that was written before; what it shares with others are ids of the unit's values.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrittenRow<'a> {
    pub(super) time: i64,
    pub(super) client_port: i32,
    /// NaN is NULL.
    pub(super) latency: f64,
    pub(super) ids: [u32; Group::ALL.len()],
    pub(super) trace: Option<&'a str>,
    pub(super) extra: Option<&'a str>,
    pub(super) file: u32,
    pub(super) line: i64,
    /// Bytes of the values that it shares.
    pub(super) shared: u64,
}

/// How much may be added before somebody has to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Rows.
    pub(super) rows: usize,
    /// Bytes of log text in the row group.
    pub(super) text: u64,
    /// Bytes held by texts of the rows themselves.
    pub(super) own: u64,
    /// Bytes held by the unit's values, those there are included.
    pub(super) values: u64,
}

/// Rows that wait for their row group.
#[derive(Debug, Default)]
pub(super) struct RowBuffer {
    pub(super) time: Vec<i64>,
    pub(super) client_port: Vec<i32>,
    pub(super) latency: Vec<f64>,
    /// The unit's ids by group.
    pub(super) ids: [Vec<u32>; Group::ALL.len()],
    pub(super) trace: Texts,
    pub(super) extra: Texts,
    /// Rows that have an `extra` text.
    pub(super) extra_rows: Vec<u32>,
    /// (first row, file), where the file changes.
    pub(super) files: Vec<(u32, u32)>,
    pub(super) line: Vec<i64>,
    text: u64,
}

impl RowBuffer {
    /// Rows gathered.
    pub(super) fn rows(&self) -> usize {
        self.time.len()
    }

    /// Bytes of log text that the rows stand for, repeated values counted each time: what a reader of the row group has to hold.
    pub(super) fn text(&self) -> u64 {
        self.text
    }

    /// Bytes held by texts that are the rows' own.
    pub(super) fn own(&self) -> u64 {
        (self.trace.bytes.len() + self.extra.bytes.len()) as u64
    }

    /// The inputs that the rows come from, with how many of each stretch.
    pub(super) fn sources(&self) -> Vec<(u32, u64)> {
        let ends = self.files.iter().skip(1).map(|&(row, _)| row).chain([self.rows() as u32]);
        self.files.iter().zip(ends).map(|(&(start, file), end)| (file, u64::from(end - start))).collect()
    }

    /// The input of each row as a key, and the inputs by key, in the order in which they first occur.
    pub(super) fn inputs(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut of_row, mut inputs) = (Vec::with_capacity(self.rows()), Vec::new());
        let mut keys: HashMap<u32, u32> = HashMap::new();
        for (file, rows) in self.sources() {
            let key = *keys.entry(file).or_insert_with(|| {
                inputs.push(file);
                inputs.len() as u32 - 1
            });
            of_row.resize(of_row.len() + rows as usize, key);
        }
        (of_row, inputs)
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: &WrittenRow<'_>) -> Result<()> {
        if self.files.last().is_none_or(|&(_, file)| file != row.file) {
            self.files.push((self.rows() as u32, row.file));
        }
        if let Some(extra) = row.extra {
            self.extra_rows.push(self.rows() as u32);
            self.extra.push(extra.as_bytes())?;
        }
        if row.trace.is_none() {
            self.trace.nulls.push(self.rows() as u32);
        }
        self.trace.push(row.trace.unwrap_or_default().as_bytes())?;
        self.ids.iter_mut().zip(row.ids).for_each(|(ids, id)| ids.push(id));
        self.client_port.push(row.client_port);
        self.latency.push(row.latency);
        self.line.push(row.line);
        self.time.push(row.time);
        self.text += row.shared + [row.trace, row.extra].into_iter().flatten().map(|text| text.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Takes rows from the front of `rows` until one of the limits is reached; at least one. Returns how many.
    pub(super) fn fill(
        &mut self,
        from: &RunRows<'_>,
        rows: Range<usize>,
        room: Room,
        values: &mut UnitValues,
        remap: &mut Remap,
    ) -> Result<usize> {
        let taken = self.take_ids(from, rows.clone(), room, values, remap)?;
        let (batch, rows) = (from.batch, rows.start..rows.start + taken);
        self.take_extra(batch, rows.clone())?;
        self.trace.extend(&batch.trace, rows.clone())?;
        self.take_lines(from, rows.clone())?;
        self.client_port.extend(batch.client_port[rows.clone()].iter().map(|&port| i32::from(port)));
        self.latency.extend_from_slice(&batch.latency[rows.clone()]);
        self.time.extend_from_slice(&batch.time[rows]);
        Ok(taken)
    }

    /// Forgets the rows and keeps their memory.
    pub(super) fn clear(&mut self) {
        self.time.clear();
        self.client_port.clear();
        self.latency.clear();
        self.ids.iter_mut().for_each(Vec::clear);
        self.trace.clear();
        self.extra.clear();
        self.extra_rows.clear();
        self.files.clear();
        self.line.clear();
        self.text = 0;
    }

    /// The ids of the rows, and how many rows fit. Group by group as long as no limit can be reached on the way, whatever the rows hold; row by
    /// row where one can. So the cut is at the same row however the rows come.
    fn take_ids(
        &mut self,
        from: &RunRows<'_>,
        rows: Range<usize>,
        mut room: Room,
        values: &mut UnitValues,
        remap: &mut Remap,
    ) -> Result<usize> {
        let most = UnitValues::most_of_a_row(from.dicts);
        let mut next = rows.start;
        while next < rows.end {
            let stretch = next..rows.end.min(next + STRETCH);
            let own = own_bytes(from.batch, &stretch);
            let taken = if room.surely_has(stretch.len(), own, most, values.held()) {
                let shared = self.take_stretch(from, stretch.clone(), values, remap)?;
                Taken { rows: stretch.len(), text: shared + own, own }
            } else {
                self.take_row_by_row(from, stretch, room, values, remap)?
            };
            next += taken.rows;
            self.text += taken.text;
            if room.less(taken).is_full(values.held()) {
                break;
            }
            room = room.less(taken);
        }
        Ok(next - rows.start)
    }

    fn take_stretch(&mut self, from: &RunRows<'_>, rows: Range<usize>, values: &mut UnitValues, remap: &mut Remap) -> Result<u64> {
        let mut bytes = 0;
        for group in Group::ALL {
            let ids = &group.ids(from.batch)[rows.clone()];
            bytes += remap.extend(values, group, from.dicts, ids, &mut self.ids[group as usize])?;
        }
        Ok(bytes)
    }

    fn take_row_by_row(
        &mut self,
        from: &RunRows<'_>,
        rows: Range<usize>,
        room: Room,
        values: &mut UnitValues,
        remap: &mut Remap,
    ) -> Result<Taken> {
        let mut taken = Taken::default();
        for row in rows {
            let own = own_bytes(from.batch, &(row..row + 1));
            let shared = self.take_stretch(from, row..row + 1, values, remap)?;
            taken = Taken { rows: taken.rows + 1, text: taken.text + shared + own, own: taken.own + own };
            if room.less(taken).is_full(values.held()) {
                break;
            }
        }
        Ok(taken)
    }

    fn take_extra(&mut self, batch: &ConnectionBatch, rows: Range<usize>) -> Result<()> {
        for (row, text) in extra_in(batch, &rows) {
            self.extra_rows.push((self.rows() + *row as usize - rows.start) as u32);
            self.extra.push(text.as_bytes())?;
        }
        Ok(())
    }

    fn take_lines(&mut self, from: &RunRows<'_>, rows: Range<usize>) -> Result<()> {
        if self.files.last().is_none_or(|&(_, file)| file != from.file) {
            self.files.push((self.rows() as u32, from.file));
        }
        for &line in &from.batch.line[rows] {
            self.line.push(arrays::line_number(from.first_line, line)?);
        }
        Ok(())
    }
}

/// Rows whose ids are taken at a time.
const STRETCH: usize = 1024;

/// What was taken of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    rows: usize,
    text: u64,
    own: u64,
}

impl Room {
    /// What is left beside `taken`.
    fn less(self, taken: Taken) -> Self {
        Self {
            rows: self.rows.saturating_sub(taken.rows),
            text: self.text.saturating_sub(taken.text),
            own: self.own.saturating_sub(taken.own),
            values: self.values,
        }
    }

    /// Whether a limit is reached; `held` is what the unit's values hold.
    fn is_full(self, held: u64) -> bool {
        self.rows == 0 || self.text == 0 || self.own == 0 || held >= self.values
    }

    /// Whether so many rows, with so many bytes of their own, reach no limit but that of rows. `most` is what a row adds at most: to the
    /// unit's values, and to the text.
    fn surely_has(self, rows: usize, own: u64, most: (u64, u64), held: u64) -> bool {
        let most_of = |each: u64| each.saturating_mul(rows as u64);
        rows <= self.rows
            && own < self.own
            && own.saturating_add(most_of(most.1)) < self.text
            && held.saturating_add(most_of(most.0)) < self.values
    }
}

/// Bytes of the texts that are the rows' own.
fn own_bytes(batch: &ConnectionBatch, rows: &Range<usize>) -> u64 {
    let extra: usize = extra_in(batch, rows).iter().map(|(_, text)| text.len()).sum();
    let end = |rows: usize| rows.checked_sub(1).map_or(0, |last| batch.trace.ends[last]);
    u64::from(end(rows.end) - end(rows.start)) + extra as u64
}

/// The extra texts of some rows.
fn extra_in<'a>(batch: &'a ConnectionBatch, rows: &Range<usize>) -> &'a [(u32, Box<str>)] {
    let before = |end: usize| batch.extra.partition_point(|(row, _)| (*row as usize) < end);
    &batch.extra[before(rows.start)..before(rows.end)]
}

/// Texts one after the other, as Arrow wants them.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// End of each; the first begins at 0.
    pub(super) ends: Vec<i32>,
    /// UTF-8.
    pub(super) bytes: Vec<u8>,
    /// Rows that are NULL (an empty text otherwise), ascending.
    pub(super) nulls: Vec<u32>,
}

impl Texts {
    /// Empties it, and keeps the memory of a usual row group.
    fn clear(&mut self) {
        const USUAL: usize = 24 << 20;
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(USUAL);
        self.nulls.clear();
    }

    pub(super) fn push(&mut self, text: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(text);
        self.ends.push(i32::try_from(self.bytes.len()).map_err(|_| too_long())?);
        Ok(())
    }

    /// Adds some rows of a column.
    fn extend(&mut self, column: &TextColumn, rows: Range<usize>) -> Result<()> {
        let (Some(&last), false) = (column.ends[rows.clone()].last(), rows.is_empty()) else { return Ok(()) };
        let first = if rows.start == 0 { 0 } else { column.ends[rows.start - 1] };
        let base = self.bytes.len();
        // The last end is the largest: if it fits, all do.
        i32::try_from(base + (last - first) as usize).map_err(|_| too_long())?;
        let before = |end: usize| column.nulls.partition_point(|&row| (row as usize) < end);
        let nulls = &column.nulls[before(rows.start)..before(rows.end)];
        self.nulls.extend(nulls.iter().map(|&row| (self.ends.len() + row as usize - rows.start) as u32));
        self.bytes.extend_from_slice(&column.bytes[first as usize..last as usize]);
        self.ends.extend(column.ends[rows].iter().map(|&end| (base + (end - first) as usize) as i32));
        Ok(())
    }

    /// The text of that index.
    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start as usize..self.ends[index] as usize]
    }
}

#[cold]
fn too_long() -> Error {
    Error::Config("a field is longer than a column can hold (2 GiB): read with a lower limit on the length of lines".to_owned())
}
