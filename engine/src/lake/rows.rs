//! Rows of one partition, gathered column by column until they make a row group.
//!
//! In: rows of batches, in order. Out: the arrays of a row group. Where a row group ends depends on the rows alone: every limit is checked
//! after every row, so it makes no difference how the rows were cut into batches.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array};
use arrow::datatypes::Utf8Type;
use rayon::prelude::*;

use super::values::{Remap, UnitValues};
use crate::columns::arrow::{self as arrays, Gather, Group, SOURCES, Source};
use crate::columns::schema::CONNECTIONS;
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
    time: Vec<i64>,
    client_port: Vec<i32>,
    latency: Vec<f64>,
    /// The unit's ids by group.
    ids: [Vec<u32>; Group::ALL.len()],
    trace: Texts,
    extra: Texts,
    /// Rows that have an `extra` text.
    extra_rows: Vec<u32>,
    /// (first row, file), where the file changes.
    files: Vec<(u32, u32)>,
    line: Vec<i64>,
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

    /// The ids of the rows, and how many rows fit.
    fn take_ids(
        &mut self,
        from: &RunRows<'_>,
        rows: Range<usize>,
        room: Room,
        values: &mut UnitValues,
        remap: &mut Remap,
    ) -> Result<usize> {
        let RunRows { batch, dicts, .. } = *from;
        let ids = Group::ALL.map(|group| group.ids(batch));
        let mut extra = extra_in(batch, &rows).iter().peekable();
        let (mut taken, mut text, mut own) = (0, 0, 0);
        for row in rows {
            let mut shared = 0;
            for group in Group::ALL {
                let (id, len) = remap.get(values, group, dicts, ids[group as usize][row])?;
                self.ids[group as usize].push(id);
                shared += u64::from(len);
            }
            let extra = extra.next_if(|(at, _)| *at as usize == row).map_or(0, |(_, text)| text.len());
            let row_own = (batch.trace.bytes_at(row).len() + extra) as u64;
            (taken, text, own) = (taken + 1, text + shared + row_own, own + row_own);
            if taken >= room.rows || text >= room.text || own >= room.own || values.held() >= room.values {
                break;
            }
        }
        self.text += text;
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

    /// The rows as a row group, whose text stands in `values` and whose files in `files`.
    pub(super) fn into_row_group<'a>(self, values: &'a UnitValues, files: &'a [InputFile]) -> Result<RowGroup<'a>> {
        let gathers = Group::ALL.into_par_iter().map(|group| Gather::new(&self.ids[group as usize], values.of(group).len())).collect();
        Ok(RowGroup {
            rows: self.time.len(),
            time: arrays::timestamps(self.time.into()),
            client_port: Arc::new(Int32Array::from(self.client_port)),
            latency: arrays::latencies(self.latency.into()),
            trace: self.trace.into_array()?,
            line: Arc::new(Int64Array::from(self.line)),
            extra: self.extra,
            extra_rows: self.extra_rows,
            sources: self.files,
            gathers,
            values,
            files,
        })
    }
}

/// The extra texts of some rows.
fn extra_in<'a>(batch: &'a ConnectionBatch, rows: &Range<usize>) -> &'a [(u32, Box<str>)] {
    let before = |end: usize| batch.extra.partition_point(|(row, _)| (*row as usize) < end);
    &batch.extra[before(rows.start)..before(rows.end)]
}

/// A complete row group, ready to be encoded column by column.
#[derive(Debug)]
pub(super) struct RowGroup<'a> {
    rows: usize,
    time: ArrayRef,
    client_port: ArrayRef,
    latency: ArrayRef,
    trace: ArrayRef,
    line: ArrayRef,
    extra: Texts,
    extra_rows: Vec<u32>,
    sources: Vec<(u32, u32)>,
    gathers: Vec<Gather>,
    values: &'a UnitValues,
    files: &'a [InputFile],
}

impl RowGroup<'_> {
    /// The array of the column of that index in [`CONNECTIONS`]. Repeated texts come as dictionary arrays, which Parquet encodes faster.
    pub(super) fn array(&self, index: usize) -> Result<ArrayRef> {
        Ok(match SOURCES[index] {
            Source::Time => self.time.clone(),
            Source::ClientPort => self.client_port.clone(),
            Source::Latency => self.latency.clone(),
            Source::Trace => self.trace.clone(),
            Source::Extra => self.extra()?,
            Source::Object => self.objects()?,
            Source::Line => self.line.clone(),
            Source::Text(group, slot) => Arc::new(self.gathers[group as usize].texts(self.values.of(group), slot)?),
            Source::Number(group, slot) => self.gathers[group as usize].numbers(self.values.of(group), slot, CONNECTIONS[index].kind),
        })
    }

    fn extra(&self) -> Result<ArrayRef> {
        let mut present = self.extra_rows.iter().enumerate().peekable();
        let texts = (0..self.rows).map(|row| present.next_if(|(_, at)| **at as usize == row).map(|(index, _)| self.extra.get(index)));
        Ok(Arc::new(arrays::byte_array::<Utf8Type>(texts)?))
    }

    fn objects(&self) -> Result<ArrayRef> {
        let ends = self.sources.iter().skip(1).map(|&(row, _)| row as usize).chain([self.rows]);
        let keys: Vec<u32> = self
            .sources
            .iter()
            .zip(ends)
            .enumerate()
            .flat_map(|(key, (&(start, _), end))| std::iter::repeat_n(key as u32, end - start as usize))
            .collect();
        let names = self.sources.iter().map(|&(_, file)| self.files.get(file as usize).map(|file| file.object.as_str()));
        Ok(Arc::new(arrays::dictionary(keys.into(), names)?))
    }
}

/// Texts one after the other, as Arrow wants them.
#[derive(Debug, Default)]
struct Texts {
    ends: Vec<i32>,
    bytes: Vec<u8>,
    nulls: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &[u8]) -> Result<()> {
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

    fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    fn into_array(self) -> Result<ArrayRef> {
        let offsets = std::iter::once(0).chain(self.ends).collect();
        Ok(Arc::new(arrays::byte_array_from::<Utf8Type>(offsets, self.bytes, &self.nulls)?))
    }
}

#[cold]
fn too_long() -> Error {
    Error::Config("a field is longer than a column can hold (2 GiB): read with a lower limit on the length of lines".to_owned())
}
