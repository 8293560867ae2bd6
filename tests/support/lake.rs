//! Reads back what `convert` wrote, with the parquet crate, and holds it against the oracle.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::expected::{Expected, files_under};
use super::values::{CONNECTIONS, REJECTED, Value, connection, rejection};

/// Hive's name for a partition value that is not known.
pub(crate) const HIVE_DEFAULT: &str = "__HIVE_DEFAULT_PARTITION__";

/// One Parquet file, read whole.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// `account=…/region=…/day=…` by key; empty without partitions.
    pub(crate) partition: BTreeMap<String, String>,
    /// Its schema.
    pub(crate) schema: SchemaRef,
    /// Its rows, in order.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Part {
    /// The values of one column; a partition key counts as a column if the file has none of that name.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<Value> {
        match self.schema.index_of(name) {
            Ok(index) => self.rows.iter().map(|row| row[index].clone()).collect(),
            Err(_) => vec![self.partition_value(name); self.rows.len()],
        }
    }

    #[track_caller]
    fn partition_value(&self, name: &str) -> Value {
        let value = self.partition.get(name).unwrap_or_else(|| panic!("{}: no column {name:?}", self.path.display()));
        if value == HIVE_DEFAULT { Value::Null } else { Value::from(value.as_str()) }
    }
}

/// The files of one table of a lake, by path; none if the table has no folder.
pub(crate) fn table(out: &Path, name: &str) -> Vec<Part> {
    let root = out.join(name);
    if !root.exists() {
        return Vec::new();
    }
    let paths = files_under(&root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    paths.map(|path| read_part(&root, path)).collect()
}

fn read_part(root: &Path, path: PathBuf) -> Part {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema = builder.schema().clone();
    let batches = builder.build().unwrap().map(|batch| batch.unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    let rows = batches.flat_map(|batch| rows_of(&batch)).collect();
    let folders = path.parent().unwrap().strip_prefix(root).unwrap().iter();
    let partition = folders.filter_map(|folder| folder.to_str()?.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned()));
    Part { partition: partition.collect(), path, schema, rows }
}

fn rows_of(batch: &RecordBatch) -> Vec<Vec<Value>> {
    (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| value(column, row)).collect()).collect()
}

fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Value::from(column.as_string::<i32>().value(row)),
        DataType::Int32 => Value::Int(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Binary => Value::Bytes(column.as_binary::<i32>().value(row).to_vec()),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
            Value::Micros(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        other => panic!("a column of type {other}: not one that every reader of a lake knows"),
    }
}

fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Utf8 => "string",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float64 => "double",
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => "timestamp",
        _ => "something else",
    }
}

/// Demands that the lake holds exactly the oracle's rows and rejected lines: every value, and the inputs' order.
#[track_caller]
pub(crate) fn assert_holds(out: &Path, expected: &Expected) {
    assert_holds_as(out, expected, assert_order);
}

/// Likewise of a lake whose files are in order of time.
#[track_caller]
pub(crate) fn assert_holds_by_time(out: &Path, expected: &Expected) {
    assert_holds_as(out, expected, assert_order_of_time);
}

#[track_caller]
fn assert_holds_as(out: &Path, expected: &Expected, assert_order: fn(&Part)) {
    let parts = table(out, "connections");
    for part in &parts {
        assert_schema(part);
        assert_order(part);
        assert_partition(part);
    }
    let rows = expected.rows().map(|(object, row)| connection(row, object)).collect();
    assert_same("connections", by_source(&parts, 19, 20), rows, &CONNECTIONS.map(|(name, _)| name));
    assert_rejected(out, expected);
}

/// Demands that the table `rejected` holds exactly the oracle's rejected lines.
#[track_caller]
pub(crate) fn assert_rejected(out: &Path, expected: &Expected) {
    let parts = table(out, "rejected");
    for part in &parts {
        let names: Vec<&str> = part.schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, REJECTED, "{}", part.path.display());
    }
    let mut got = by_source(&parts, 0, 1);
    let mut want: Vec<_> = expected.rejected().map(|(object, line)| rejection(line, object)).collect();
    for row in got.iter_mut().chain(&mut want).filter(|row| row[4] == Value::from("not-utf8")) {
        row[3] = Value::Null; // which field such a line breaks off in is for the reader to say
    }
    assert_same("rejected", got, want, &REJECTED);
}

/// The rows of all parts, by object and line.
fn by_source(parts: &[Part], object: usize, line: usize) -> Vec<Vec<Value>> {
    let mut rows: Vec<_> = parts.iter().flat_map(|part| part.rows.iter().cloned()).collect();
    rows.sort_by(|a, b| (a[object].text(), a[line].number()).cmp(&(b[object].text(), b[line].number())));
    rows
}

#[track_caller]
fn assert_same(table: &str, got: Vec<Vec<Value>>, want: Vec<Vec<Value>>, names: &[&str]) {
    for (row, (got, want)) in got.iter().zip(&want).enumerate() {
        for ((got, want), name) in got.iter().zip(want).zip(names) {
            assert_eq!(got, want, "{table}.{name} in row {row} of all, by source: {:?}", &got);
        }
        assert_eq!(got.len(), want.len(), "columns of {table}");
    }
    assert_eq!(got.len(), want.len(), "rows of {table}");
}

#[track_caller]
fn assert_schema(part: &Part) {
    let columns: Vec<_> = part.schema.fields().iter().map(|field| (field.name().as_str(), type_name(field.data_type()))).collect();
    assert_eq!(columns, CONNECTIONS, "{}", part.path.display());
}

/// Within a file, an input's rows stand together and in the order of its lines.
#[track_caller]
fn assert_order(part: &Part) {
    let mut seen: Vec<&str> = Vec::new();
    let mut last_line = 0;
    for row in &part.rows {
        let (object, line) = (row[19].text().unwrap(), row[20].number());
        if seen.last() != Some(&object) {
            assert!(!seen.contains(&object), "{}: rows of {object} stand apart", part.path.display());
            seen.push(object);
            last_line = 0;
        }
        assert!(line > last_line, "{}: line {line} of {object} after line {last_line}", part.path.display());
        last_line = line;
    }
}

/// Rows ascend by time.
#[track_caller]
fn assert_order_of_time(part: &Part) {
    let is_later = |pair: &[Vec<Value>]| pair[0][0].number() <= pair[1][0].number();
    assert!(part.rows.windows(2).all(is_later), "{}: rows are not in order of time", part.path.display());
}

/// A row lies in the folder of its object's account and region and of its own day.
#[track_caller]
fn assert_partition(part: &Part) {
    if part.partition.is_empty() {
        return;
    }
    for row in &part.rows {
        let (account, region) = super::logs::account_and_region(row[19].text().unwrap());
        let want = [("account", account), ("region", region), ("day", super::oracle::day(row[0].number()))];
        let want = want.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(part.partition, BTreeMap::from(want), "{}", part.path.display());
    }
}

/// Every file of a lake but the report, by its path in the lake: what must not depend on how a run was carried out.
pub(crate) fn tree(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = files_under(out).into_iter().filter(|path| !path.ends_with("_tlslake/report.json"));
    paths.map(|path| (path.strip_prefix(out).unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())).collect()
}

/// Demands that two lakes are the same, byte for byte.
#[track_caller]
pub(crate) fn assert_same_tree(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b), "{what}: files");
    for (name, bytes) in a {
        assert!(*bytes == b[name], "{what}: {name} differs");
    }
}
