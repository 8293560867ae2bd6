//! What a manifest says of a file: rows, sizes, counts and bounds by column, from the Parquet footer.

use std::collections::HashMap;

use ::iceberg::spec::{
    DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum, Literal, PartitionSpec, Schema, Struct, Transform,
};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::columns::schema::{Column, ColumnKind};
use crate::lake::{LakeFile, PartitionValues};

/// The table that files are described for.
pub(super) struct Target<'a> {
    pub(super) schema: &'a Schema,
    pub(super) spec: &'a PartitionSpec,
    /// The columns in the files.
    pub(super) columns: &'a [Column],
}

/// A column of a file, over all row groups.
#[derive(Debug, Default)]
struct ColumnFacts {
    bytes: u64,
    values: u64,
    /// `None` once a row group did not tell.
    nulls: Option<u64>,
    /// Least and largest value; `None` where all are NULL.
    bounds: Option<(Datum, Datum)>,
    /// Whether a row group with values did not tell its bounds.
    unbounded: bool,
}

impl Target<'_> {
    /// The entry for a file at `location`.
    pub(super) fn describe(&self, file: &LakeFile, footer: &ParquetMetaData, location: String) -> Result<DataFile, String> {
        let mut entry = DataFileBuilder::default();
        entry
            .content(DataContentType::Data)
            .file_path(location)
            .file_format(DataFileFormat::Parquet)
            .record_count(file.rows)
            .file_size_in_bytes(file.bytes)
            .partition(self.partition(file.partition.as_ref())?)
            .partition_spec_id(self.spec.spec_id())
            .split_offsets(Some(footer.row_groups().iter().filter_map(start).collect()));
        self.describe_columns(footer, &mut entry);
        entry.build().map_err(|error| error.to_string())
    }

    fn describe_columns(&self, footer: &ParquetMetaData, entry: &mut DataFileBuilder) {
        let (mut sizes, mut values, mut nulls, mut nans) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
        let (mut lower, mut upper) = (HashMap::new(), HashMap::new());
        for column in self.columns {
            let Some(id) = self.schema.field_id_by_name(column.name) else { continue };
            let Some(facts) = facts(footer, column) else { continue };
            sizes.insert(id, facts.bytes);
            values.insert(id, facts.values);
            nulls.extend(facts.nulls.map(|count| (id, count)));
            // No number in a log is one.
            nans.extend((column.kind == ColumnKind::Double).then_some((id, 0)));
            if let Some((least, most)) = facts.bounds.filter(|_| !facts.unbounded) {
                lower.insert(id, least);
                upper.insert(id, most);
            }
        }
        entry
            .column_sizes(sizes)
            .value_counts(values)
            .null_value_counts(nulls)
            .nan_value_counts(nans)
            .lower_bounds(lower)
            .upper_bounds(upper);
    }

    /// The values of the spec's fields, in its order.
    fn partition(&self, values: Option<&PartitionValues>) -> Result<Struct, String> {
        let value = |source: i32, transform: Transform| {
            let values = values?;
            match (self.schema.name_by_field_id(source)?, transform) {
                ("account", Transform::Identity) => Some(values.account.as_ref().map(Literal::string)),
                ("region", Transform::Identity) => Some(values.region.as_ref().map(Literal::string)),
                ("time", Transform::Day) => Some(Some(Literal::date(values.day))),
                _ => None,
            }
        };
        let fields = self.spec.fields().iter().map(|field| value(field.source_id, field.transform).ok_or(&field.name));
        let fields: Result<Vec<Option<Literal>>, &String> = fields.collect();
        fields.map(Struct::from_iter).map_err(|name| format!("the lake has no value for the partition field {name}"))
    }
}

/// Where a row group begins.
fn start(group: &RowGroupMetaData) -> Option<i64> {
    let first = group.columns().first()?;
    Some(first.dictionary_page_offset().map_or(first.data_page_offset(), |offset| offset.min(first.data_page_offset())))
}

/// A column's facts; `None` where the file has no such column.
fn facts(footer: &ParquetMetaData, column: &Column) -> Option<ColumnFacts> {
    let mut facts = ColumnFacts { nulls: Some(0), ..ColumnFacts::default() };
    for group in footer.row_groups() {
        let chunk = group.columns().iter().find(|chunk| chunk.column_path().parts() == [column.name])?;
        facts.add(chunk, column.kind);
    }
    Some(facts)
}

impl ColumnFacts {
    fn add(&mut self, chunk: &ColumnChunkMetaData, kind: ColumnKind) {
        let values = u64::try_from(chunk.num_values()).unwrap_or(0);
        self.bytes += u64::try_from(chunk.compressed_size()).unwrap_or(0);
        self.values += values;
        let statistics = chunk.statistics();
        let nulls = statistics.and_then(Statistics::null_count_opt);
        self.nulls = self.nulls.zip(nulls).map(|(sum, nulls)| sum + nulls);
        match statistics.and_then(|statistics| bounds(statistics, kind)) {
            Some(bounds) => self.widen(bounds),
            None => self.unbounded |= nulls != Some(values),
        }
    }

    fn widen(&mut self, (least, most): (Datum, Datum)) {
        self.bounds = Some(match self.bounds.take() {
            None => (least, most),
            Some((low, high)) => (if least < low { least } else { low }, if most > high { most } else { high }),
        });
    }
}

/// Least and largest value of a chunk. Those of long texts may be cut short by the writer, the largest upwards: bounds all the same.
fn bounds(statistics: &Statistics, kind: ColumnKind) -> Option<(Datum, Datum)> {
    fn both<T>(least: Option<&T>, most: Option<&T>, datum: impl Fn(&T) -> Option<Datum>) -> Option<(Datum, Datum)> {
        Some((datum(least?)?, datum(most?)?))
    }
    match (statistics, kind) {
        (Statistics::Int32(of), ColumnKind::Int32) => both(of.min_opt(), of.max_opt(), |value| Some(Datum::int(*value))),
        (Statistics::Int64(of), ColumnKind::Int64) => both(of.min_opt(), of.max_opt(), |value| Some(Datum::long(*value))),
        (Statistics::Int64(of), ColumnKind::TimestampMicros) => {
            both(of.min_opt(), of.max_opt(), |value| Some(Datum::timestamptz_micros(*value)))
        }
        (Statistics::Double(of), ColumnKind::Double) => {
            both(of.min_opt(), of.max_opt(), |value| (!value.is_nan()).then(|| Datum::double(*value)))
        }
        (Statistics::ByteArray(of), ColumnKind::Text) => {
            both(of.min_opt(), of.max_opt(), |value| std::str::from_utf8(value.data()).ok().map(Datum::string))
        }
        _ => None,
    }
}
