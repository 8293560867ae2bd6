//! Columns as Arrow arrays: a [`ConnectionBatch`] as a `RecordBatch`, and the pieces from which the lake builds its own.
//!
//! In: ids, values and the dictionaries behind them. Out: arrays of the types that [`schema`] names. Never copies a repeated value more
//! often than it must: ids are made dense first, each distinct value is looked up once, and rows are gathered from there.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBufferBuilder, DictionaryArray, Float64Array, GenericByteArray, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{ByteArrayType, UInt32Type, Utf8Type};
use arrow::error::ArrowError;

use super::schema::{self, CONNECTIONS, ColumnKind};
use super::{Certificate, Client, ConnectionBatch, Dictionaries, Dictionary, Endpoint, Route, Span, Verdict};
use crate::discover::InputFile;
use crate::error::{Error, Result};

/// The rows of `batch` as a `RecordBatch` with the plain schema of `connections`: no dictionary or view types.
///
/// `dicts` are the dictionaries that were filled along with the batch, `objects` the job's list of files, to which the runs' indices
/// refer, and `first_lines` the 1-based line number at which each run begins in its input. Without `provenance` the columns
/// `source_object` and `source_line` are left out. Rejected lines are no part of it.
///
/// Cost: proportional to the rows and to the entries of `dicts`; repeated text is written out in full.
///
/// # Errors
/// [`Error::Config`] when a column's text exceeds 2 GiB; [`Error::Accounting`] when the arguments do not belong together.
pub fn record_batch(
    batch: &ConnectionBatch,
    dicts: &Dictionaries,
    objects: &[InputFile],
    first_lines: &[u64],
    provenance: bool,
) -> Result<RecordBatch> {
    check(batch, objects.len(), first_lines)?;
    let columns = schema::connections(provenance);
    let gathers = Group::ALL.map(|group| Gather::new(group.ids(batch), group.of(dicts).len()));
    let arrays = columns
        .iter()
        .zip(SOURCES)
        .map(|(column, source)| match source {
            Source::Time => Ok(timestamps(batch.time.clone().into())),
            Source::ClientPort => Ok(Arc::new(Int32Array::from_iter_values(batch.client_port.iter().map(|&port| i32::from(port)))) as _),
            Source::Latency => Ok(latencies(batch.latency.clone().into())),
            Source::Trace => traces(batch),
            Source::Extra => extras(batch),
            Source::Object => object_names(batch, objects),
            Source::Line => Ok(Arc::new(Int64Array::from(line_numbers(batch, first_lines)?)) as _),
            Source::Text(group, slot) => gathers[group as usize].plain_texts(group.of(dicts), slot),
            Source::Number(group, slot) => Ok(gathers[group as usize].numbers(group.of(dicts), slot, column.kind)),
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(schema::arrow_schema(columns), arrays).map_err(|error| inconsistent(&error))
}

/// Fails unless every row has a trace id or NULL and belongs to a run, every run to a file, and every run has its first line.
pub(crate) fn check(batch: &ConnectionBatch, files: usize, first_lines: &[u64]) -> Result<()> {
    let rows = batch.time.len();
    let starts_at_0 =
        batch.runs.first().map_or(rows == 0 && batch.rejected.is_empty(), |run| run.first_row == 0 && run.first_rejected == 0);
    let ascending =
        batch.runs.windows(2).all(|pair| pair[0].first_row <= pair[1].first_row && pair[0].first_rejected <= pair[1].first_rejected);
    let within = batch.runs.last().is_none_or(|run| run.first_row as usize <= rows && run.first_rejected as usize <= batch.rejected.len());
    let known = batch.runs.iter().all(|run| (run.file as usize) < files);
    let has_traces = batch.trace.ends.len() == rows;
    if has_traces && starts_at_0 && ascending && within && known && first_lines.len() == batch.runs.len() {
        return Ok(());
    }
    Err(Error::Accounting(format!("{rows} rows do not fit their {} runs over {files} files", batch.runs.len())))
}

/// Each run's index and rows, in order.
pub(crate) fn run_rows(batch: &ConnectionBatch) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
    batch.runs.iter().enumerate().map(|(index, run)| {
        let end = batch.runs.get(index + 1).map_or(batch.time.len(), |next| next.first_row as usize);
        (index, run.first_row as usize..end)
    })
}

/// The line number of `line` (from 0) in a run whose first line has the number `first` (from 1).
pub(crate) fn line_number(first: u64, line: u32) -> Result<i64> {
    first
        .checked_add(u64::from(line))
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| Error::Accounting(format!("line {line} after line {first} has no number")))
}

/// What repeats together: one dictionary of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// [`Dictionaries::clients`].
    Client,
    /// [`Dictionaries::endpoints`].
    Endpoint,
    /// [`Dictionaries::certificates`].
    Certificate,
    /// [`Dictionaries::verdicts`].
    Verdict,
    /// [`Dictionaries::routes`].
    Route,
}

impl Group {
    /// Every group, in the order of its discriminant.
    pub(crate) const ALL: [Group; 5] = [Group::Client, Group::Endpoint, Group::Certificate, Group::Verdict, Group::Route];

    /// The group's ids, one for each row.
    pub(crate) fn ids(self, batch: &ConnectionBatch) -> &[u32] {
        match self {
            Group::Client => &batch.client,
            Group::Endpoint => &batch.endpoint,
            Group::Certificate => &batch.certificate,
            Group::Verdict => &batch.verdict,
            Group::Route => &batch.route,
        }
    }

    /// The values behind the ids.
    pub(crate) fn of(self, dicts: &Dictionaries) -> &dyn Tuples {
        match self {
            Group::Client => &dicts.clients,
            Group::Endpoint => &dicts.endpoints,
            Group::Certificate => &dicts.certificates,
            Group::Verdict => &dicts.verdicts,
            Group::Route => &dicts.routes,
        }
    }
}

/// Where a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the first seven are the batch's fields of those names
pub(crate) enum Source {
    Time,
    ClientPort,
    Latency,
    Trace,
    Extra,
    Object,
    Line,
    /// The text at this place of the group's tuple.
    Text(Group, usize),
    /// The number at this place of the group's tuple.
    Number(Group, usize),
}

/// The source of each of [`CONNECTIONS`].
pub(crate) const SOURCES: [Source; CONNECTIONS.len()] = [
    Source::Time,
    Source::Text(Group::Client, 0),
    Source::ClientPort,
    Source::Number(Group::Endpoint, 0),
    Source::Text(Group::Endpoint, 0),
    Source::Text(Group::Endpoint, 1),
    Source::Latency,
    Source::Text(Group::Certificate, 0),
    Source::Text(Group::Certificate, 1),
    Source::Text(Group::Certificate, 2),
    Source::Text(Group::Verdict, 0),
    Source::Trace,
    Source::Text(Group::Route, 0),
    Source::Text(Group::Route, 1),
    Source::Text(Group::Route, 2),
    Source::Number(Group::Certificate, 0),
    Source::Number(Group::Certificate, 1),
    Source::Text(Group::Verdict, 1),
    Source::Extra,
    Source::Object,
    Source::Line,
];

/// How many texts a tuple has at most.
pub(crate) const TEXTS: usize = 3;
/// How many numbers a tuple has at most.
pub(crate) const NUMBERS: usize = 2;

/// Distinct tuples of texts and numbers by id, whatever type they were parsed into.
pub(crate) trait Tuples: Sync {
    /// Number of tuples; ids are dense from 0.
    fn len(&self) -> usize;
    /// The bytes that were logged for the tuple: what makes it distinct.
    fn raw(&self, id: u32) -> &[u8];
    /// XXH3 of them.
    fn hash(&self, id: u32) -> u64;
    /// Length of the longest of them.
    fn longest(&self) -> usize;
    /// A text of the tuple; `None` is NULL.
    fn text(&self, id: u32, slot: usize) -> Option<&str>;
    /// A number of the tuple; `None` is NULL.
    fn number(&self, id: u32, slot: usize) -> Option<i64>;
}

/// A dictionary's value seen as a tuple.
trait Parts {
    fn texts(&self) -> [Span; TEXTS];
    fn numbers(&self) -> [Option<i64>; NUMBERS] {
        [None; NUMBERS]
    }
}

impl<T: Parts + Sync> Tuples for Dictionary<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn raw(&self, id: u32) -> &[u8] {
        self.raw(id)
    }

    fn hash(&self, id: u32) -> u64 {
        self.hash(id)
    }

    fn longest(&self) -> usize {
        self.longest()
    }

    fn text(&self, id: u32, slot: usize) -> Option<&str> {
        self.text(self.value(id).texts()[slot])
    }

    fn number(&self, id: u32, slot: usize) -> Option<i64> {
        self.value(id).numbers()[slot]
    }
}

impl Parts for Client {
    fn texts(&self) -> [Span; TEXTS] {
        [self.text, None, None]
    }
}

impl Parts for Endpoint {
    fn texts(&self) -> [Span; TEXTS] {
        [self.tls_protocol, self.tls_cipher, None]
    }

    fn numbers(&self) -> [Option<i64>; NUMBERS] {
        [Some(i64::from(self.listener_port)), None]
    }
}

impl Parts for Certificate {
    fn texts(&self) -> [Span; TEXTS] {
        [self.subject, self.validity, self.serial]
    }

    fn numbers(&self) -> [Option<i64>; NUMBERS] {
        [self.not_before, self.not_after]
    }
}

impl Parts for Verdict {
    fn texts(&self) -> [Span; TEXTS] {
        [self.status, self.reason, None]
    }
}

impl Parts for Route {
    fn texts(&self) -> [Span; TEXTS] {
        [self.tls_keyexchange, self.elb, self.ip_address]
    }
}

/// Ids made dense, in the order in which they first occur: so that only values in use are looked up, each once.
#[derive(Debug)]
pub(crate) struct Gather {
    keys: ScalarBuffer<u32>,
    used: Vec<u32>,
}

impl Gather {
    /// From one id for each row, all below `len`. Cost: a pass over the rows, and `len` words cleared.
    pub(crate) fn new(ids: &[u32], len: usize) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let mut dense = vec![UNSEEN; len];
        let mut used = Vec::new();
        let keys = ids
            .iter()
            .map(|&id| {
                let key = &mut dense[id as usize];
                if *key == UNSEEN {
                    *key = used.len() as u32;
                    used.push(id);
                }
                *key
            })
            .collect::<Vec<u32>>();
        Self { keys: keys.into(), used }
    }

    /// A text of each row's tuple, as a dictionary array over the values in use (equal texts of different tuples stand there apart).
    pub(crate) fn texts(&self, tuples: &dyn Tuples, slot: usize) -> Result<DictionaryArray<UInt32Type>> {
        dictionary(self.keys.clone(), self.used.iter().map(|&id| tuples.text(id, slot)))
    }

    /// A text of each row's tuple, written out.
    fn plain_texts(&self, tuples: &dyn Tuples, slot: usize) -> Result<ArrayRef> {
        write_out(&self.texts(tuples, slot)?)
    }

    /// A number of each row's tuple, as timestamps or 32-bit integers.
    pub(crate) fn numbers(&self, tuples: &dyn Tuples, slot: usize, kind: ColumnKind) -> ArrayRef {
        let values: Vec<Option<i64>> = self.used.iter().map(|&id| tuples.number(id, slot)).collect();
        let rows = self.keys.iter().map(|&key| values[key as usize]);
        match kind {
            ColumnKind::TimestampMicros => Arc::new(rows.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
            _ => Arc::new(rows.map(|number| number.map(|number| number as i32)).collect::<Int32Array>()),
        }
    }
}

/// Texts by key.
pub(crate) fn dictionary<'a>(
    keys: ScalarBuffer<u32>,
    values: impl Iterator<Item = Option<&'a str>>,
) -> Result<DictionaryArray<UInt32Type>> {
    let values: StringArray = byte_array(values.map(|text| text.map(str::as_bytes)))?;
    DictionaryArray::try_new(UInt32Array::new(keys, None), Arc::new(values)).map_err(|error| inconsistent(&error))
}

/// A dictionary array without its dictionary.
fn write_out(texts: &DictionaryArray<UInt32Type>) -> Result<ArrayRef> {
    take(texts.values(), texts.keys(), None).map_err(|error| match error {
        ArrowError::OffsetOverflowError(_) => too_much_text(),
        error => inconsistent(&error),
    })
}

/// Times, UTC.
pub(crate) fn timestamps(micros: ScalarBuffer<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::new(micros, None).with_timezone("UTC"))
}

/// Seconds; NaN becomes NULL.
pub(crate) fn latencies(seconds: ScalarBuffer<f64>) -> ArrayRef {
    let nulls: NullBuffer = seconds.iter().map(|second| !second.is_nan()).collect();
    Arc::new(Float64Array::new(seconds, Some(nulls).filter(|nulls| nulls.null_count() > 0)))
}

/// Which of `len` rows are not NULL, given those that are.
pub(crate) fn nulls_at(rows: &[u32], len: usize) -> Option<NullBuffer> {
    if rows.is_empty() {
        return None;
    }
    let mut valid = BooleanBufferBuilder::new(len);
    valid.append_n(len, true);
    for &row in rows {
        valid.set_bit(row as usize, false);
    }
    Some(NullBuffer::new(valid.finish()))
}

/// Texts or bytes from their values; `None` is NULL.
pub(crate) fn byte_array<'a, T: ByteArrayType<Offset = i32>>(
    values: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<GenericByteArray<T>> {
    let mut bytes = Vec::new();
    let mut offsets = Vec::with_capacity(values.size_hint().0 + 1);
    let mut nulls = Vec::new();
    offsets.push(0);
    for value in values {
        match value {
            Some(value) => bytes.extend_from_slice(value),
            None => nulls.push((offsets.len() - 1) as u32),
        }
        offsets.push(i32::try_from(bytes.len()).map_err(|_| too_much_text())?);
    }
    byte_array_from(offsets, bytes, &nulls)
}

/// Texts or bytes from their ends: `offsets` begin with 0 and ascend.
pub(crate) fn byte_array_from<T: ByteArrayType<Offset = i32>>(
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    nulls: &[u32],
) -> Result<GenericByteArray<T>> {
    let rows = offsets.len() - 1;
    GenericByteArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(bytes), nulls_at(nulls, rows))
        .map_err(|error| inconsistent(&error))
}

fn traces(batch: &ConnectionBatch) -> Result<ArrayRef> {
    let trace = &batch.trace;
    let ends = trace.ends.iter().map(|&end| i32::try_from(end).map_err(|_| too_much_text()));
    let offsets = std::iter::once(Ok(0)).chain(ends).collect::<Result<Vec<i32>>>()?;
    Ok(Arc::new(byte_array_from::<Utf8Type>(offsets, trace.bytes.clone(), &trace.nulls)?))
}

fn extras(batch: &ConnectionBatch) -> Result<ArrayRef> {
    let mut extra = batch.extra.iter().peekable();
    let texts = (0..batch.time.len()).map(|row| extra.next_if(|(at, _)| *at as usize == row).map(|(_, text)| text.as_bytes()));
    Ok(Arc::new(byte_array::<Utf8Type>(texts)?))
}

fn object_names(batch: &ConnectionBatch, objects: &[InputFile]) -> Result<ArrayRef> {
    let keys: Vec<u32> = run_rows(batch).flat_map(|(index, rows)| rows.map(move |_| index as u32)).collect();
    let names: Vec<_> = batch.runs.iter().map(|run| objects[run.file as usize].object.text()).collect();
    write_out(&dictionary(keys.into(), names.iter().map(|name| Some(&**name)))?)
}

fn line_numbers(batch: &ConnectionBatch, first_lines: &[u64]) -> Result<Vec<i64>> {
    run_rows(batch).flat_map(|(index, rows)| rows.map(move |row| line_number(first_lines[index], batch.line[row]))).collect()
}

#[cold]
fn too_much_text() -> Error {
    Error::Config("one column has more than 2 GiB of text in one batch: read with a lower limit on the length of lines".to_owned())
}

#[cold]
fn inconsistent(error: &ArrowError) -> Error {
    Error::Accounting(format!("columns do not fit together: {error}"))
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
