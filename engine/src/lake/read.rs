//! Reads back what `convert` wrote, as lines: so that whatever is asked of logs can be asked of a lake, and is answered by the same code.
//!
//! In: a Parquet file of `connections` or `rejected`. Out: text of whole lines, slice by slice, and where each line came from. Nothing but the
//! columns' names and types is taken for granted: a lake can be changed by others. Cost: some 0.7 µs a row, before it is parsed.

use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{
    Array, AsArray, BinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy};

use super::bytes::LakeBytes;
use super::text::{LineWriter, RowValues};
use crate::columns::schema::CONNECTIONS;
use crate::discover::{LakeFile, LakeTable};
use crate::error::{FileFault, FileFaultKind};

/// Rows of one row group of one file: what is read at a time.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// The file's, read once.
    metadata: ArrowReaderMetadata,
    row_group: usize,
    /// Rows of the file before the row group.
    before: u64,
    rows: Range<usize>,
}

/// Text that one batch of the Parquet reader should come to.
const BATCH_TEXT: u64 = 4 << 20;

/// Columns of `connections` that no line is made from: they were derived from it.
const DERIVED: [&str; 3] = ["leaf_client_cert_not_before", "leaf_client_cert_not_after", "tls_failure_reason"];
/// Those of `rejected` that are wanted.
const REJECTED_COLUMNS: [&str; 3] = ["source_object", "source_line", "raw"];

/// The slices of a file that is `shown` by a name, in order, of up to `rows` rows.
pub(crate) fn slices(file: &LakeFile, shown: &str, rows: usize) -> Result<Slices, FileFault> {
    Ok(Slices { metadata: metadata(&LakeBytes::open(file, shown)?)?, rows: rows.max(1), row_group: 0, before: 0, row: 0 })
}

impl Slice {
    /// How many rows it has.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The bytes of a column that its rows need: of pages that hold some of them, where the file tells where its pages are, and of the dictionary.
    fn ranges(&self, column: usize) -> Vec<Range<u64>> {
        let metadata = self.metadata.metadata();
        let group = metadata.row_group(self.row_group);
        let (start, length) = group.column(column).byte_range();
        let whole = start..start.saturating_add(length);
        let index = metadata.page_index_for_row_group(self.row_group);
        let Some(pages) = index.page_locations(column).filter(|pages| !pages.is_empty()) else { return vec![whole] };
        let first_row = |page: usize| pages.get(page).map_or(usize::MAX, |page| usize::try_from(page.first_row_index).unwrap_or(0));
        let holds_some = |page: &usize| first_row(*page) < self.rows.end && first_row(page + 1) > self.rows.start;
        let bytes = |offset: i64| u64::try_from(offset).unwrap_or(0);
        let needed = (0..pages.len()).filter(holds_some).map(|page| &pages[page]);
        let (from, to) = needed.fold((u64::MAX, 0), |(from, to), page| {
            let start = bytes(page.offset);
            (from.min(start), to.max(start.saturating_add(bytes(i64::from(page.compressed_page_size)))))
        });
        vec![whole.start..bytes(pages[0].offset).min(whole.end), from..to]
    }
}

/// An iterator over a file's slices; see [`slices`].
pub(crate) struct Slices {
    metadata: ArrowReaderMetadata,
    rows: usize,
    row_group: usize,
    before: u64,
    row: usize,
}

impl Iterator for Slices {
    type Item = Slice;

    fn next(&mut self) -> Option<Slice> {
        loop {
            let group = self.metadata.metadata().row_groups().get(self.row_group)?;
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            if self.row < rows {
                let end = rows.min(self.row.saturating_add(self.rows));
                let rows = std::mem::replace(&mut self.row, end)..end;
                return Some(Slice { metadata: self.metadata.clone(), row_group: self.row_group, before: self.before, rows });
            }
            self.before = self.before.saturating_add(rows as u64);
            self.row_group += 1;
            self.row = 0;
        }
    }
}

/// Lines of a slice.
#[derive(Debug, Default)]
pub(crate) struct LakeText {
    /// Whole lines.
    pub(crate) text: Vec<u8>,
    /// Stretches of lines from one input, in order.
    pub(crate) stretches: Vec<Stretch>,
    /// Number of each line (from 1) in its input; where the lake does not tell, in the lake's file.
    pub(crate) lines: Vec<u64>,
    /// Names of inputs: in a file that is in order of time, stretches are short.
    names: HashSet<Arc<str>>,
}

/// Consecutive lines of one input.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// Column `source_object`; `None` where the lake does not tell.
    pub(crate) object: Option<Arc<str>>,
    /// One past the stretch's last byte in [`LakeText::text`].
    pub(crate) text_end: usize,
    /// One past its last line in [`LakeText::lines`].
    pub(crate) lines_end: usize,
}

impl LakeText {
    /// Bytes held, room that is not in use included.
    pub(crate) fn memory(&self) -> usize {
        self.text.capacity() + self.lines.capacity() * size_of::<u64>() + self.stretches.capacity() * size_of::<Stretch>()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.stretches.clear();
        self.lines.clear();
        self.names.clear();
    }

    /// The name of an input, held once.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        name
    }

    /// Takes note that a line of `object` was appended.
    fn line(&mut self, object: Option<&str>, number: u64) {
        self.lines.push(number);
        let is_next = self.stretches.last().is_none_or(|stretch| stretch.object.as_deref() != object);
        if is_next {
            let object = object.map(|name| self.name(name));
            self.stretches.push(Stretch { object, text_end: 0, lines_end: 0 });
        }
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.text_end = self.text.len();
            stretch.lines_end = self.lines.len();
        }
    }
}

/// Reads `slice` of `file` into `out`, in place of what was there; past `most_text` bytes of text it stops and gives the rest, to be
/// read later: lines can be long.
///
/// # Errors
/// [`FileFaultKind::Unreadable`] and [`FileFaultKind::Corrupt`], also where columns are missing or have other types than `convert` writes, where
/// rows are fewer than the footer says, or a text cannot be a field of a line.
pub(crate) fn read(
    file: &LakeFile,
    shown: &str,
    table: LakeTable,
    slice: &Slice,
    most_text: usize,
    out: &mut LakeText,
) -> Result<Option<Slice>, FileFault> {
    out.clear();
    let schema = slice.metadata.parquet_schema();
    // Columns that others have added are nobody's here.
    let is_wanted = |name: &str| match table {
        LakeTable::Connections => !DERIVED.contains(&name) && CONNECTIONS.iter().any(|column| column.name == name),
        LakeTable::Rejected => REJECTED_COLUMNS.contains(&name),
    };
    let wanted: Vec<usize> = (0..schema.num_columns()).filter(|&index| is_wanted(schema.column(index).name())).collect();
    let mut bytes = LakeBytes::open(file, shown)?;
    bytes.prepare(|| wanted.iter().flat_map(|&column| slice.ranges(column)).collect())?;
    let mask = ProjectionMask::leaves(schema, wanted);
    let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, slice.metadata.clone())
        .with_projection(mask)
        .with_row_groups(vec![slice.row_group])
        .with_offset(slice.rows.start)
        .with_limit(slice.rows.len())
        .with_batch_size(batch_rows(slice))
        .build()
        .map_err(|error| corrupt(&error))?;
    let mut next = || guarded(|| reader.next());
    let mut writer = LineWriter::default();
    let mut at = slice.rows.start;
    while at < slice.rows.end {
        if out.text.len() >= most_text {
            return Ok(Some(Slice { rows: at..slice.rows.end, ..slice.clone() }));
        }
        let batch = next()?.ok_or_else(|| corrupt(&"it has fewer rows than its footer says"))?.map_err(|error| corrupt(&error))?;
        let row = slice.before + at as u64;
        match table {
            LakeTable::Connections => connections(&batch, row, &mut writer, out)?,
            LakeTable::Rejected => rejected(&batch, row, out)?,
        }
        at += batch.num_rows();
    }
    Ok(None)
}

/// Rows in a batch of the Parquet reader, by the size of texts that the footer tells.
fn batch_rows(slice: &Slice) -> usize {
    let group = slice.metadata.metadata().row_group(slice.row_group);
    let sizes = group.columns().iter().filter_map(ColumnChunkMetaData::unencoded_byte_array_data_bytes);
    // A forged footer can claim anything.
    let text = sizes.fold(0, i64::saturating_add);
    let rows = u64::try_from(group.num_rows()).unwrap_or(1).max(1);
    let row_text = u64::try_from(text).unwrap_or(0) / rows + 1;
    usize::try_from(BATCH_TEXT / row_text).unwrap_or(1).clamp(1, 8192)
}

fn metadata(file: &LakeBytes) -> Result<ArrowReaderMetadata, FileFault> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    guarded(|| ArrowReaderMetadata::load(file, options))?.map_err(|error| corrupt(&error))
}

/// Runs a step of the Parquet reader. Some damage it answers with a panic: it divides by the number of values that a page claims to hold. That is
/// damage like any other, and the reader is dropped.
fn guarded<T>(step: impl FnOnce() -> T) -> Result<T, FileFault> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|_| corrupt(&"its pages contradict one another"))
}

#[cold]
fn corrupt(error: &dyn std::fmt::Display) -> FileFault {
    FileFault::new(FileFaultKind::Corrupt, 0, format!("this file of the lake cannot be read: {error}; convert the logs again"))
}

fn connections(batch: &RecordBatch, first: u64, writer: &mut LineWriter, out: &mut LakeText) -> Result<(), FileFault> {
    let columns = Connections::of(batch)?;
    let start = out.text.len();
    for row in 0..batch.num_rows() {
        writer.write(&mut out.text, &columns.row(row));
        let number = columns.line.map(|lines| u64::try_from(lines.value(row)).unwrap_or(0));
        out.line(text_at(columns.object, row), number.unwrap_or(first + row as u64 + 1));
    }
    check_lines(&out.text[start..], batch)
}

/// A text with a newline in it would be two lines, and the second could say anything.
fn check_lines(text: &[u8], batch: &RecordBatch) -> Result<(), FileFault> {
    let lines = memchr::memchr_iter(b'\n', text).count();
    if lines == batch.num_rows() { Ok(()) } else { Err(corrupt(&"a text in it holds a newline, which no line of a log does")) }
}

fn rejected(batch: &RecordBatch, first: u64, out: &mut LakeText) -> Result<(), FileFault> {
    let raw: &BinaryArray = required(batch, "raw")?.as_binary_opt::<i32>().ok_or_else(|| wrong_type("raw"))?;
    let (object, line) = (texts(batch, "source_object")?, int64s(batch, "source_line")?);
    let start = out.text.len();
    for row in 0..batch.num_rows() {
        out.text.extend_from_slice(raw.value(row));
        // Alone before a newline it would be part of the line's end, and the line blank.
        if raw.value(row) == b"\r" {
            out.text.push(b'\r');
        }
        out.text.push(b'\n');
        let number = line.map(|lines| u64::try_from(lines.value(row)).unwrap_or(0));
        out.line(text_at(object, row), number.unwrap_or(first + row as u64 + 1));
    }
    check_lines(&out.text[start..], batch)
}

/// The columns of a batch of `connections`; those that may be absent from the file are `None` then.
struct Connections<'a> {
    time: &'a TimestampMicrosecondArray,
    client_ip: &'a StringArray,
    client_port: &'a Int32Array,
    listener_port: &'a Int32Array,
    latency: Option<&'a Float64Array>,
    /// In the order of [`TEXTS`].
    texts: [Option<&'a StringArray>; TEXTS.len()],
    object: Option<&'a StringArray>,
    line: Option<&'a Int64Array>,
}

/// The texts that may be NULL.
const TEXTS: [&str; 11] = [
    "tls_protocol",
    "tls_cipher",
    "leaf_client_cert_subject",
    "leaf_client_cert_validity",
    "leaf_client_cert_serial_number",
    "tls_verify_status",
    "conn_trace_id",
    "tls_keyexchange",
    "elb",
    "ip_address",
    "extra_fields",
];

impl<'a> Connections<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, FileFault> {
        let mut nullable = [None; TEXTS.len()];
        for (place, name) in nullable.iter_mut().zip(TEXTS) {
            *place = texts(batch, name)?;
        }
        let int32s = |name| required(batch, name)?.as_primitive_opt::<Int32Type>().ok_or_else(|| wrong_type(name));
        let time = required(batch, "time")?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| wrong_type("time"))?;
        let client_ip = required(batch, "client_ip")?.as_string_opt::<i32>().ok_or_else(|| wrong_type("client_ip"))?;
        let latency = match batch.column_by_name("tls_handshake_latency") {
            Some(column) => Some(column.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_type("tls_handshake_latency"))?),
            None => None,
        };
        Ok(Self {
            time,
            client_ip,
            client_port: int32s("client_port")?,
            listener_port: int32s("listener_port")?,
            latency,
            texts: nullable,
            object: texts(batch, "source_object")?,
            line: int64s(batch, "source_line")?,
        })
    }

    fn row(&self, row: usize) -> RowValues<'a> {
        let [tls_protocol, tls_cipher, subject, validity, serial, status, trace, keyexchange, elb, ip_address, extra] =
            self.texts.map(|column| text_at(column, row));
        RowValues {
            time: self.time.value(row),
            client_ip: self.client_ip.value(row),
            client_port: self.client_port.value(row),
            listener_port: self.listener_port.value(row),
            latency: self.latency.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            tls_protocol,
            tls_cipher,
            subject,
            validity,
            serial,
            status,
            trace,
            keyexchange,
            elb,
            ip_address,
            extra,
        }
    }
}

fn text_at(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

fn required<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a dyn Array, FileFault> {
    let column = batch.column_by_name(name).ok_or_else(|| missing(name))?;
    if column.null_count() > 0 { Err(corrupt(&format!("its column {name} holds NULL"))) } else { Ok(column.as_ref()) }
}

fn texts<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Option<&'a StringArray>, FileFault> {
    batch.column_by_name(name).map(|column| column.as_string_opt::<i32>().ok_or_else(|| wrong_type(name))).transpose()
}

fn int64s<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Option<&'a Int64Array>, FileFault> {
    if batch.column_by_name(name).is_none() {
        return Ok(None);
    }
    required(batch, name)?.as_primitive_opt::<Int64Type>().map(Some).ok_or_else(|| wrong_type(name))
}

#[cold]
fn missing(name: &str) -> FileFault {
    corrupt(&format!("it has no column {name}"))
}

#[cold]
fn wrong_type(name: &str) -> FileFault {
    corrupt(&format!("its column {name} has another type than convert writes"))
}
