//! Rows of `connections` that were written once, gathered again into row groups.
//!
//! In: record batches as the Parquet reader gives them. Out: row groups, encoded as those of logs are. Values that rows share are told
//! apart by what they are, since what was logged is gone. Limits are checked after every row, so that row groups depend on the rows alone.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};

use super::arrays::ArrayColumns;
use super::pages::PageColumns;
use super::rows::{Objects, RowBuffer, WrittenRow};
use super::table::{Columns, TableFile};
use super::unit::Limits;
use super::values::UnitValues;
use crate::columns::Dictionary;
use crate::columns::arrow::{Group, NUMBERS, SOURCES, Source, TEXTS};
use crate::columns::schema::CONNECTIONS;
use crate::config::WriterKind;
use crate::error::Result;

/// The columns of a batch of `connections`. Provenance may be absent.
#[derive(Clone, Debug)]
pub(super) struct WrittenRows {
    time: TimestampMicrosecondArray,
    client_port: Int32Array,
    latency: Float64Array,
    trace: StringArray,
    extra: StringArray,
    object: Option<StringArray>,
    line: Option<Int64Array>,
    groups: [GroupColumns; Group::ALL.len()],
}

/// The columns of a group's tuples.
#[derive(Clone, Debug, Default)]
struct GroupColumns {
    texts: [Option<StringArray>; TEXTS],
    numbers: [Option<Numbers>; NUMBERS],
}

/// A column of numbers of a tuple.
#[derive(Clone, Debug)]
enum Numbers {
    Int32(Int32Array),
    Micros(TimestampMicrosecondArray),
}

impl Numbers {
    fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Int32(numbers) => numbers.is_valid(row).then(|| i64::from(numbers.value(row))),
            Self::Micros(numbers) => numbers.is_valid(row).then(|| numbers.value(row)),
        }
    }
}

impl WrittenRows {
    /// The columns of `batch`.
    ///
    /// # Errors
    /// The name of the column that is missing, or has another type than `convert` writes.
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, &'static str> {
        let mut groups: [GroupColumns; Group::ALL.len()] = Default::default();
        for (column, source) in CONNECTIONS.iter().zip(SOURCES) {
            match source {
                Source::Text(group, slot) => groups[group as usize].texts[slot] = Some(texts(batch, column.name)?),
                Source::Number(group, slot) => groups[group as usize].numbers[slot] = Some(numbers(batch, column.name)?),
                _ => {}
            }
        }
        let latency = required(batch, "tls_handshake_latency")?.as_primitive_opt::<Float64Type>();
        let has_provenance = batch.column_by_name("source_object").is_some();
        let line = || required(batch, "source_line")?.as_primitive_opt::<Int64Type>().cloned().ok_or("source_line");
        Ok(Self {
            time: required(batch, "time")?.as_primitive_opt::<TimestampMicrosecondType>().cloned().ok_or("time")?,
            client_port: required(batch, "client_port")?.as_primitive_opt::<Int32Type>().cloned().ok_or("client_port")?,
            latency: latency.cloned().ok_or("tls_handshake_latency")?,
            trace: texts(batch, "conn_trace_id")?,
            extra: texts(batch, "extra_fields")?,
            object: has_provenance.then(|| texts(batch, "source_object")).transpose()?,
            line: has_provenance.then(line).transpose()?,
            groups,
        })
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.time.len()
    }

    /// When that row's event was.
    pub(super) fn time(&self, row: usize) -> i64 {
        self.time.value(row)
    }
}

fn required<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a Arc<dyn Array>, &'static str> {
    batch.column_by_name(name).ok_or(name)
}

fn texts(batch: &RecordBatch, name: &'static str) -> Result<StringArray, &'static str> {
    required(batch, name)?.as_string_opt::<i32>().cloned().ok_or(name)
}

fn numbers(batch: &RecordBatch, name: &'static str) -> Result<Numbers, &'static str> {
    let column = required(batch, name)?;
    let int32 = column.as_primitive_opt::<Int32Type>().cloned().map(Numbers::Int32);
    let micros = || column.as_primitive_opt::<TimestampMicrosecondType>().cloned().map(Numbers::Micros);
    int32.or_else(micros).ok_or(name)
}

fn text_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// Names of inputs, each once.
#[derive(Debug, Default)]
struct Names {
    ids: Dictionary<()>,
    held: u64,
}

impl Names {
    /// What a name takes beside its text.
    const ENTRY_BYTES: u64 = 64;

    fn id(&mut self, name: &str) -> u32 {
        let known = self.ids.len();
        let id = self.ids.intern_infallible(name.as_bytes(), |_| ());
        if self.ids.len() > known {
            self.held += name.len() as u64 + Self::ENTRY_BYTES;
        }
        id
    }
}

impl Objects for Names {
    fn object(&self, file: u32) -> Option<Cow<'_, str>> {
        std::str::from_utf8(self.ids.raw(file)).ok().map(Cow::Borrowed)
    }
}

/// Gathers rows until they make a row group. Memory: one row group, within [`Limits`].
#[derive(Debug)]
pub(super) struct Refill {
    limits: Limits,
    writer: WriterKind,
    sorts: bool,
    buffer: RowBuffer,
    values: UnitValues,
    names: Names,
    key: Vec<u8>,
}

impl Refill {
    /// Row groups within `limits`, encoded by `writer`.
    pub(super) fn new(limits: Limits, writer: WriterKind) -> Self {
        let (buffer, values, names) = (RowBuffer::default(), UnitValues::default(), Names::default());
        Self { limits, writer, sorts: false, buffer, values, names, key: Vec::new() }
    }

    /// The same; rows of a row group are put in order of time if `sorts`.
    pub(super) fn in_order(mut self, sorts: bool) -> Self {
        self.sorts = sorts;
        self
    }

    /// Rows gathered and not written.
    pub(super) fn rows(&self) -> usize {
        self.buffer.rows()
    }

    /// Adds a row, and writes the row group to `file` if it is full then.
    pub(super) fn push(&mut self, rows: &WrittenRows, row: usize, file: &mut TableFile) -> Result<()> {
        let (mut ids, mut shared) = ([0; Group::ALL.len()], 0);
        for (group, columns) in Group::ALL.into_iter().zip(&rows.groups) {
            let texts = columns.texts.each_ref().map(|column| column.as_ref().and_then(|column| text_at(column, row)));
            let numbers = columns.numbers.each_ref().map(|column| column.as_ref().and_then(|column| column.get(row)));
            let (id, bytes) = self.values.intern(group, &texts, &numbers, &mut self.key)?;
            ids[group as usize] = id;
            shared += bytes;
        }
        self.buffer.push(&WrittenRow {
            time: rows.time.value(row),
            client_port: rows.client_port.value(row),
            latency: if rows.latency.is_valid(row) { rows.latency.value(row) } else { f64::NAN },
            ids,
            trace: text_at(&rows.trace, row),
            extra: text_at(&rows.extra, row),
            file: rows.object.as_ref().map_or(0, |objects| self.names.id(objects.value(row))),
            line: rows.line.as_ref().map_or(0, |lines| lines.value(row)),
            shared,
        })?;
        if self.is_full() { self.flush(file) } else { Ok(()) }
    }

    fn is_full(&self) -> bool {
        let Limits { row_group_rows, row_group_text, own, values, .. } = self.limits;
        let buffer = &self.buffer;
        buffer.rows() >= row_group_rows
            || buffer.text() >= row_group_text
            || buffer.own() >= own
            || self.values.held() + self.names.held >= values
    }

    /// Writes what has been gathered to `file`.
    pub(super) fn flush(&mut self, file: &mut TableFile) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let rows = buffer.rows();
        if rows == 0 {
            return Ok(());
        }
        if self.sorts {
            buffer.sort_by_time()?;
        }
        match self.writer {
            WriterKind::Pages => {
                let columns = PageColumns::new(buffer, &self.values, &self.names);
                file.write_row_group(rows, Columns::Pages(&columns))?;
                self.buffer = columns.into_cleared();
            }
            WriterKind::Arrow => {
                let columns = ArrayColumns::new(buffer, &self.values, &self.names)?;
                file.write_row_group(rows, Columns::Arrays(&|index| columns.array(index)))?;
            }
        }
        self.values.clear();
        self.names = Names::default();
        Ok(())
    }
}
