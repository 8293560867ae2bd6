//! The table `connections` as Parquet pages, written by hand: from ids and values straight to bytes.
//!
//! In: the rows of a row group ([`RowBuffer`]) and the values behind their ids. Out: one [`EncodedChunk`] for each column, with everything
//! that the file's footer says of it. What ArrowWriter finds out by hashing and comparing each value of each row is known here from the
//! parser's ids: a row costs a look-up and some bits. Rows, statistics and page boundaries are those of ArrowWriter, which stays as the
//! reference (`--writer arrow`). The format: <https://parquet.apache.org/docs/file-format/>.

mod bits;
mod bloom;
mod chunk;
mod compress;
mod delta;
mod dictionary;
mod hybrid;
mod keys;
mod numbers;
mod statistics;
mod text;
mod truncate;
mod value;

use std::borrow::Cow;
use std::sync::Mutex;

use bytes::Bytes;
use parquet::bloom_filter::Sbbf;
use parquet::schema::types::SchemaDescPtr;
use rayon::prelude::*;

pub(super) use self::bloom::FALSE_ANSWERS;
use self::chunk::ChunkWriter;
pub(super) use self::chunk::EncodedChunk;
use self::compress::Workbenches;
pub(super) use self::compress::codec;
use self::dictionary::{Distinct, Twins};
use self::keys::Keys;
use self::text::Form;
use self::value::Value;
use super::rows::{Objects, RowBuffer, Texts};
use super::values::UnitValues;
use crate::columns::arrow::{Group, SOURCES, Source};
use crate::columns::schema::{CONNECTIONS, ColumnKind};
use crate::config::Compression;
use crate::error::Result;

/// Rows in a page. The same for all columns, so that a reader that skips rows skips whole pages.
pub(super) const PAGE_ROWS: usize = 20_000;
/// Bytes of text at which a page without a dictionary ends earlier.
const PAGE_BYTES: usize = 1 << 20;
/// A dictionary page of 4 MiB: room for the clients and certificates of a large fleet before a column does without.
pub(super) const DICTIONARY_PAGE_BYTES: usize = 4 << 20;
/// A dictionary of up to so many bytes is had in any case: it is what readers know best.
const SMALL_DICTIONARY: usize = 64 << 10;

/// How the pages of a table's files are written.
#[derive(Debug)]
pub(super) struct PageSettings {
    /// The columns.
    pub(super) columns: SchemaDescPtr,
    /// The codec.
    pub(super) compression: Compression,
    /// By column, whether it has a bloom filter.
    bloom: Vec<bool>,
    benches: Workbenches,
    /// By column, the memory of its last chunk.
    chunks: Vec<Mutex<Vec<u8>>>,
}

impl PageSettings {
    /// For files of these columns, some of which have bloom filters.
    pub(super) fn new(columns: SchemaDescPtr, compression: Compression, bloom: &[String]) -> Self {
        let chunks = columns.columns().iter().map(|_| Mutex::default()).collect();
        let bloom = columns.columns().iter().map(|column| bloom.iter().any(|name| name == column.name())).collect();
        Self { columns, compression, bloom, benches: Workbenches::default(), chunks }
    }

    /// Memory for a chunk of the column of that index.
    fn take_buffer(&self, index: usize) -> Vec<u8> {
        self.chunks[index].lock().map_or_else(|_| Vec::new(), |mut buffer| std::mem::take(&mut *buffer))
    }

    /// Takes back the memory of a chunk that is written: the next one is about as large, and fresh memory is dear. Unusually much is let go.
    pub(super) fn put_back(&self, index: usize, bytes: Bytes) {
        /// What the largest column of a row group of usual size takes.
        const USUAL: usize = 8 << 20;
        let mut memory: Vec<u8> = bytes.into();
        memory.clear();
        if let (Some(Ok(mut buffer)), true) = (self.chunks.get(index).map(Mutex::lock), memory.capacity() <= USUAL) {
            *buffer = memory;
        }
    }
}

/// A complete row group, ready to be encoded column by column.
pub(super) struct PageColumns<'a> {
    rows: RowBuffer,
    groups: Vec<GroupRows>,
    values: &'a UnitValues,
    objects: &'a dyn Objects,
}

/// The rows of a group.
struct GroupRows {
    keys: Keys,
    /// By key: the unit's id.
    used: Vec<u32>,
    twins: Twins,
}

impl GroupRows {
    fn new(ids: Vec<u32>, len: usize) -> Self {
        let (keys, used) = Keys::dense(ids, len);
        Self { keys, used, twins: Twins::default() }
    }
}

impl<'a> PageColumns<'a> {
    /// The rows of a row group, whose text stands in `values` and whose files in `objects`.
    pub(super) fn new(mut rows: RowBuffer, values: &'a UnitValues, objects: &'a dyn Objects) -> Self {
        let ids = std::mem::take(&mut rows.ids);
        let groups = Group::ALL.into_par_iter().zip(ids).map(|(group, ids)| GroupRows::new(ids, values.of(group).len())).collect();
        Self { rows, groups, values, objects }
    }

    /// The rows' memory, for others.
    pub(super) fn into_cleared(self) -> RowBuffer {
        let mut rows = self.rows;
        rows.ids.iter_mut().zip(self.groups).for_each(|(ids, group)| *ids = group.keys.of_row);
        rows.clear();
        rows
    }

    /// The column of that index in [`CONNECTIONS`].
    pub(super) fn encode(&self, settings: &PageSettings, index: usize) -> Result<EncodedChunk> {
        let mut chunk = self.encode_pages(settings, index)?;
        if settings.bloom[index] {
            chunk.close.bloom_filter = self.filter(index)?;
        }
        Ok(chunk)
    }

    /// The bloom filter of a column of texts.
    fn filter(&self, index: usize) -> Result<Option<Sbbf>> {
        let rows = &self.rows;
        let filter = match SOURCES[index] {
            Source::Trace => bloom::filter(rows.rows(), rows.trace.rows()),
            Source::Object => {
                let (_, inputs) = rows.inputs();
                let names = self.names(&inputs);
                bloom::filter(inputs.len(), names.iter().map(|name| name.as_ref().map(|name| name.as_bytes())))
            }
            Source::Text(group, slot) => {
                let (used, tuples) = (&self.groups[group as usize].used, self.values.of(group));
                bloom::filter(used.len(), used.iter().map(|&id| tuples.text(id, slot).map(str::as_bytes)))
            }
            _ => return Ok(None),
        };
        filter.map(Some)
    }

    fn encode_pages(&self, settings: &PageSettings, index: usize) -> Result<EncodedChunk> {
        let rows = &self.rows;
        match SOURCES[index] {
            Source::Time => numbers::deltas(writer(settings, index), &rows.time),
            Source::ClientPort => numbers::deltas(writer(settings, index), &rows.client_port),
            Source::Line => numbers::deltas(writer(settings, index), &rows.line),
            Source::Latency => self.latency(settings, index),
            Source::Trace => text::encode(writer(settings, index), Form::Prefixes, rows.trace.rows()),
            Source::Extra => self.extra(settings, index),
            Source::Object => self.object(settings, index),
            Source::Text(group, slot) => self.texts(settings, index, group, slot),
            Source::Number(group, slot) => self.numbers(settings, index, group, slot),
        }
    }

    fn texts(&self, settings: &PageSettings, index: usize, group: Group, slot: usize) -> Result<EncodedChunk> {
        let GroupRows { keys, used, twins } = &self.groups[group as usize];
        let tuples = self.values.of(group);
        let values: Vec<Option<&[u8]>> = used.iter().map(|&id| tuples.text(id, slot).map(str::as_bytes)).collect();
        keyed_texts(settings, index, keys, &values, twins)
    }

    fn numbers(&self, settings: &PageSettings, index: usize, group: Group, slot: usize) -> Result<EncodedChunk> {
        let GroupRows { keys, used, twins } = &self.groups[group as usize];
        let tuples = self.values.of(group);
        let values = used.iter().map(|&id| tuples.number(id, slot));
        match CONNECTIONS[index].kind {
            ColumnKind::Int32 => {
                let values: Vec<Option<i32>> = values.map(|number| number.map(|number| number as i32)).collect();
                dictionary::encode(writer(settings, index), keys, &Distinct::new(&values), twins)
            }
            _ => dictionary::encode(writer(settings, index), keys, &Distinct::new(&values.collect::<Vec<Option<i64>>>()), twins),
        }
    }

    /// Milliseconds repeat; finer times do not, and then a dictionary is no gain.
    fn latency(&self, settings: &PageSettings, index: usize) -> Result<EncodedChunk> {
        let latency = &self.rows.latency;
        let most = (latency.len() / 2).clamp(SMALL_DICTIONARY / 8, DICTIONARY_PAGE_BYTES / 8);
        // By bits, so that NaN is equal to itself.
        let bits = latency.iter().map(|seconds| if seconds.is_nan() { f64::NAN.to_bits() } else { seconds.to_bits() });
        match Keys::of_values(bits, most, |bits| (*bits as i64).hash()) {
            None => numbers::plain(writer(settings, index), latency),
            Some((keys, bits)) => {
                let seconds = bits.into_iter().map(f64::from_bits).map(|seconds| Some(seconds).filter(|seconds| !seconds.is_nan()));
                dictionary::encode(
                    writer(settings, index),
                    &keys,
                    &Distinct::new(&seconds.collect::<Vec<Option<f64>>>()),
                    &Twins::default(),
                )
            }
        }
    }

    fn extra(&self, settings: &PageSettings, index: usize) -> Result<EncodedChunk> {
        let (present, extra) = (&self.rows.extra_rows, &self.rows.extra);
        // Key 0 is NULL.
        let mut of_row = vec![0; self.rows.rows()];
        let mut values = vec![None];
        for (at, &row) in present.iter().enumerate() {
            of_row[row as usize] = values.len() as u32;
            values.push(Some(extra.get(at)));
        }
        keyed_texts(settings, index, &Keys::new(of_row, values.len()), &values, &Twins::default())
    }

    fn object(&self, settings: &PageSettings, index: usize) -> Result<EncodedChunk> {
        let (of_row, inputs) = self.rows.inputs();
        let names = self.names(&inputs);
        let names: Vec<Option<&[u8]>> = names.iter().map(|name| name.as_ref().map(|name| name.as_bytes())).collect();
        keyed_texts(settings, index, &Keys::new(of_row, inputs.len()), &names, &Twins::default())
    }

    fn names(&self, inputs: &[u32]) -> Vec<Option<Cow<'a, str>>> {
        inputs.iter().map(|&file| self.objects.object(file)).collect()
    }
}

fn writer<V: Value>(settings: &PageSettings, index: usize) -> ChunkWriter<'_, V> {
    ChunkWriter::new(settings, index)
}

/// Texts by key, with a dictionary where it pays. That is known before the first page, from the numbers of rows and values.
fn keyed_texts(settings: &PageSettings, index: usize, keys: &Keys, of_key: &[Option<&[u8]>], twins: &Twins) -> Result<EncodedChunk> {
    let distinct = Distinct::new(of_key);
    let writer = writer(settings, index);
    if pays(&distinct, keys, of_key) {
        return dictionary::encode(writer, keys, &distinct, twins);
    }
    drop(distinct);
    text::encode(writer, Form::Lengths, keys.of_row.iter().map(|&key| of_key[key as usize]))
}

/// Whether a dictionary makes the column smaller. Texts compress to about half, indices hardly.
fn pays(distinct: &Distinct<&[u8]>, keys: &Keys, of_key: &[Option<&[u8]>]) -> bool {
    let dictionary = distinct.dictionary_len();
    let uses = keys.pages.iter().flatten();
    let written_out: usize = uses.map(|&(key, rows)| rows as usize * of_key[key as usize].map_or(0, Value::plain_len)).sum();
    dictionary <= SMALL_DICTIONARY || dictionary <= DICTIONARY_PAGE_BYTES && dictionary + 2 * distinct.indices_len(keys) < written_out
}

impl Texts {
    /// Every text in order; `None` is NULL.
    fn rows(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut nulls = self.nulls.iter().copied().peekable();
        let mut start = 0;
        self.ends.iter().enumerate().map(move |(row, &end)| {
            let text = &self.bytes[std::mem::replace(&mut start, end) as usize..end as usize];
            nulls.next_if_eq(&(row as u32)).is_none().then_some(text)
        })
    }
}

#[cfg(test)]
mod tests;
