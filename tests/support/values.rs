//! One form for values, whether the oracle or a Parquet file gave them.

use super::oracle::{Rejected, Row};

/// A value of any column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// NULL.
    Null,
    /// UTF-8.
    Text(String),
    /// 32 or 64 bits, signed.
    Int(i64),
    /// µs since 1970, UTC.
    Micros(i64),
    /// IEEE 754.
    Double(f64),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The text; `None` for NULL and for what is no text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer or a timestamp.
    #[track_caller]
    pub(crate) fn number(&self) -> i64 {
        match self {
            Value::Int(number) | Value::Micros(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

fn text(value: &Option<String>) -> Value {
    value.as_deref().map_or(Value::Null, Value::from)
}

/// The columns of `connections` in order, as the product promises them: name and Arrow type.
pub(crate) const CONNECTIONS: [(&str, &str); 21] = [
    ("time", "timestamp"),
    ("client_ip", "string"),
    ("client_port", "int32"),
    ("listener_port", "int32"),
    ("tls_protocol", "string"),
    ("tls_cipher", "string"),
    ("tls_handshake_latency", "double"),
    ("leaf_client_cert_subject", "string"),
    ("leaf_client_cert_validity", "string"),
    ("leaf_client_cert_serial_number", "string"),
    ("tls_verify_status", "string"),
    ("conn_trace_id", "string"),
    ("tls_keyexchange", "string"),
    ("elb", "string"),
    ("ip_address", "string"),
    ("leaf_client_cert_not_before", "timestamp"),
    ("leaf_client_cert_not_after", "timestamp"),
    ("tls_failure_reason", "string"),
    ("extra_fields", "string"),
    ("source_object", "string"),
    ("source_line", "int64"),
];

/// A good line as a row of `connections`.
pub(crate) fn connection(row: &Row, object: &str) -> Vec<Value> {
    let micros = |value: Option<i64>| value.map_or(Value::Null, Value::Micros);
    vec![
        Value::Micros(row.time),
        Value::from(row.client_ip.as_str()),
        Value::Int(row.client_port.into()),
        Value::Int(row.listener_port.into()),
        text(&row.tls_protocol),
        text(&row.tls_cipher),
        row.tls_handshake_latency.map_or(Value::Null, Value::Double),
        text(&row.leaf_client_cert_subject),
        text(&row.leaf_client_cert_validity),
        text(&row.leaf_client_cert_serial_number),
        text(&row.tls_verify_status),
        text(&row.conn_trace_id),
        text(&row.tls_keyexchange),
        text(&row.elb),
        text(&row.ip_address),
        micros(row.leaf_client_cert_not_before),
        micros(row.leaf_client_cert_not_after),
        text(&row.tls_failure_reason),
        text(&row.extra_fields),
        Value::from(object),
        Value::Int(row.source_line),
    ]
}

/// The columns of `rejected` in order.
pub(crate) const REJECTED: [&str; 6] = ["source_object", "source_line", "byte_offset", "field", "reason", "raw"];

/// A rejected line as a row of `rejected`.
pub(crate) fn rejection(line: &Rejected, object: &str) -> Vec<Value> {
    vec![
        Value::from(object),
        Value::Int(line.source_line),
        Value::Int(line.byte_offset),
        line.field.map_or(Value::Null, Value::from),
        Value::from(line.reason),
        Value::Bytes(line.raw.clone()),
    ]
}
