//! The one schema of every table: names, order, types and null rules. Writer, reader, DDL and docs are derived from it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};

/// Counts up whenever a column is added or its meaning changes; part of a work unit's identity.
pub const SCHEMA_VERSION: u32 = 1;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: AWS's own for the fields of the log.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnKind,
    /// Whether NULL occurs.
    pub nullable: bool,
}

/// The types that the columns of all tables come down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Microseconds since 1970, UTC-adjusted.
    TimestampMicros,
    /// UTF-8.
    Text,
    /// 32-bit signed.
    Int32,
    /// 64-bit signed.
    Int64,
    /// 64-bit IEEE 754.
    Double,
    /// Bytes.
    Binary,
}

impl ColumnKind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            ColumnKind::TimestampMicros => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ColumnKind::Text => DataType::Utf8,
            ColumnKind::Int32 => DataType::Int32,
            ColumnKind::Int64 => DataType::Int64,
            ColumnKind::Double => DataType::Float64,
            ColumnKind::Binary => DataType::Binary,
        }
    }
}

const fn column(name: &'static str, kind: ColumnKind, nullable: bool) -> Column {
    Column { name, kind, nullable }
}

/// Every column of `connections`, in order. The last two are provenance, left out by `--no-provenance`.
pub const CONNECTIONS: [Column; 21] = [
    column("time", ColumnKind::TimestampMicros, false),
    column("client_ip", ColumnKind::Text, false),
    column("client_port", ColumnKind::Int32, false),
    column("listener_port", ColumnKind::Int32, false),
    column("tls_protocol", ColumnKind::Text, true),
    column("tls_cipher", ColumnKind::Text, true),
    column("tls_handshake_latency", ColumnKind::Double, true),
    column("leaf_client_cert_subject", ColumnKind::Text, true),
    column("leaf_client_cert_validity", ColumnKind::Text, true),
    column("leaf_client_cert_serial_number", ColumnKind::Text, true),
    column("tls_verify_status", ColumnKind::Text, true),
    column("conn_trace_id", ColumnKind::Text, true),
    column("tls_keyexchange", ColumnKind::Text, true),
    column("elb", ColumnKind::Text, true),
    column("ip_address", ColumnKind::Text, true),
    column("leaf_client_cert_not_before", ColumnKind::TimestampMicros, true),
    column("leaf_client_cert_not_after", ColumnKind::TimestampMicros, true),
    column("tls_failure_reason", ColumnKind::Text, true),
    column("extra_fields", ColumnKind::Text, true),
    column("source_object", ColumnKind::Text, false),
    column("source_line", ColumnKind::Int64, false),
];

/// How many of [`CONNECTIONS`]' last columns are provenance.
pub const PROVENANCE_COLUMNS: usize = 2;

/// Every column of `rejected`, in order: one row for each line that became no row.
///
/// `byte_offset` is where the line begins in the decompressed input; `field` is NULL where no known field is at fault.
pub const REJECTED: [Column; 6] = [
    column("source_object", ColumnKind::Text, false),
    column("source_line", ColumnKind::Int64, false),
    column("byte_offset", ColumnKind::Int64, false),
    column("field", ColumnKind::Text, true),
    column("reason", ColumnKind::Text, false),
    column("raw", ColumnKind::Binary, false),
];

/// Every column of `failures_hourly`, in order: connections by hour, place, outcome and reason.
pub const FAILURES_HOURLY: [Column; 8] = [
    column("hour", ColumnKind::TimestampMicros, false),
    column("account", ColumnKind::Text, true),
    column("region", ColumnKind::Text, true),
    column("elb", ColumnKind::Text, true),
    column("listener_port", ColumnKind::Int32, false),
    column("outcome", ColumnKind::Text, false),
    column("reason", ColumnKind::Text, true),
    column("count", ColumnKind::Int64, false),
];

/// Every column of `latency_hourly`, in order: milliseconds of successful handshakes by hour, place and protocol.
///
/// `histogram` is the HDR histogram itself in its V2 binary form, so that hours roll up without a rescan.
pub const LATENCY_HOURLY: [Column; 14] = [
    column("hour", ColumnKind::TimestampMicros, false),
    column("account", ColumnKind::Text, true),
    column("region", ColumnKind::Text, true),
    column("elb", ColumnKind::Text, true),
    column("listener_port", ColumnKind::Int32, false),
    column("tls_protocol", ColumnKind::Text, true),
    column("count", ColumnKind::Int64, false),
    column("min", ColumnKind::Int64, false),
    column("p50", ColumnKind::Int64, false),
    column("p90", ColumnKind::Int64, false),
    column("p99", ColumnKind::Int64, false),
    column("p999", ColumnKind::Int64, false),
    column("max", ColumnKind::Int64, false),
    column("histogram", ColumnKind::Binary, false),
];

/// The columns of `connections` with or without provenance.
pub fn connections(provenance: bool) -> &'static [Column] {
    let end = CONNECTIONS.len() - if provenance { 0 } else { PROVENANCE_COLUMNS };
    &CONNECTIONS[..end]
}

/// The Arrow schema of a list of columns: plain types, no dictionaries, no views.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<ArrowField> =
        columns.iter().map(|column| ArrowField::new(column.name, column.kind.data_type(), column.nullable)).collect();
    Arc::new(Schema::new(fields))
}
