//! The table's schema, partition spec and name mapping; and whether a table that is there can take the lake's files.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::iceberg::spec::{
    DEFAULT_SCHEMA_NAME_MAPPING, MappedField, NameMapping, NestedField, PrimitiveType, Schema, TableMetadata, Transform, Type,
    UnboundPartitionSpec,
};

use crate::columns::schema::{Column, ColumnKind};
use crate::lake::LakeFiles;

/// What a table's column has to be.
struct Wanted {
    name: &'static str,
    kind: PrimitiveType,
    required: bool,
}

/// The columns that are only in the folders' names.
const IN_FOLDERS: [&str; 2] = ["account", "region"];
const TIME: &str = "time";

/// The fields of the partition spec: its name, the column, and what is made of it. A file holds rows of one UTC day of `time`, which is what
/// Iceberg's `day` gives.
pub(super) const PARTITION: [(&str, &str, Transform); 3] =
    [("account", "account", Transform::Identity), ("region", "region", Transform::Identity), ("day", TIME, Transform::Day)];

fn kind(kind: ColumnKind) -> PrimitiveType {
    match kind {
        ColumnKind::TimestampMicros => PrimitiveType::Timestamptz,
        ColumnKind::Text => PrimitiveType::String,
        ColumnKind::Int32 => PrimitiveType::Int,
        ColumnKind::Int64 => PrimitiveType::Long,
        ColumnKind::Double => PrimitiveType::Double,
        ColumnKind::Binary => PrimitiveType::Binary,
    }
}

fn wanted(lake: &LakeFiles) -> Vec<Wanted> {
    let of_files =
        lake.columns.iter().map(|column: &Column| Wanted { name: column.name, kind: kind(column.kind), required: !column.nullable });
    let of_folders = IN_FOLDERS.iter().filter(|_| lake.is_partitioned);
    of_files.chain(of_folders.map(|name| Wanted { name, kind: PrimitiveType::String, required: false })).collect()
}

/// The schema of a new table.
pub(super) fn new_schema(lake: &LakeFiles) -> ::iceberg::Result<Schema> {
    let fields = (1..).zip(wanted(lake)).map(|(id, column)| {
        let field = NestedField::new(id, column.name, Type::Primitive(column.kind), column.required).with_doc(doc(column.name));
        Arc::new(field)
    });
    Schema::builder().with_fields(fields).build()
}

/// The partition spec of a new table of that schema; `None` for a lake without folders.
pub(super) fn new_spec(lake: &LakeFiles, schema: &Schema) -> ::iceberg::Result<Option<UnboundPartitionSpec>> {
    if !lake.is_partitioned {
        return Ok(None);
    }
    let mut spec = UnboundPartitionSpec::builder().with_spec_id(0);
    for (name, column, transform) in PARTITION {
        let id = schema.field_id_by_name(column).unwrap_or_default();
        spec = spec.add_partition_field(id, name, transform)?;
    }
    Ok(Some(spec.build()))
}

/// The property by which readers find columns in files that have no field ids: its name and its value for that schema.
pub(super) fn name_mapping(schema: &Schema) -> (String, String) {
    let fields = schema.as_struct().fields().iter();
    let mapped = fields.map(|field| MappedField::new(Some(field.id), vec![field.name.clone()], Vec::new()));
    let mapping = NameMapping::new(mapped.collect());
    (DEFAULT_SCHEMA_NAME_MAPPING.to_owned(), serde_json::to_string(&mapping).unwrap_or_default())
}

/// Whether the table has a name mapping.
///
/// # Errors
/// Where it has one that misses columns of the lake's files, in a sentence.
pub(super) fn has_name_mapping(metadata: &TableMetadata, lake: &LakeFiles) -> Result<bool, String> {
    let Some(text) = metadata.properties().get(DEFAULT_SCHEMA_NAME_MAPPING) else { return Ok(false) };
    let mapping: NameMapping =
        serde_json::from_str(text).map_err(|error| format!("its {DEFAULT_SCHEMA_NAME_MAPPING} cannot be read: {error}"))?;
    for column in lake.columns {
        let id = metadata.current_schema().field_id_by_name(column.name);
        let maps = |field: &MappedField| field.field_id() == id && field.names().iter().any(|name| name == column.name);
        if !mapping.fields().iter().any(maps) {
            return Err(format!(
                "its {DEFAULT_SCHEMA_NAME_MAPPING} does not lead from {} to its column; add it, or remove the property",
                column.name
            ));
        }
    }
    Ok(true)
}

/// Whether the table can take the lake's files as they are.
///
/// # Errors
/// What stands against it, in a sentence.
pub(super) fn check(metadata: &TableMetadata, lake: &LakeFiles) -> Result<(), String> {
    let (schema, wanted) = (metadata.current_schema(), wanted(lake));
    for column in &wanted {
        let Some(field) = schema.field_by_name(column.name) else {
            return Err(format!("it has no column {}; add it as {}, or choose another table", column.name, column.kind));
        };
        if *field.field_type != Type::Primitive(column.kind.clone()) {
            return Err(format!("its column {} is {}, in the lake it is {}", column.name, field.field_type, column.kind));
        }
        if field.required && !column.required {
            return Err(format!("its column {} takes no NULL, and the lake has some there", column.name));
        }
    }
    let is_wanted = |name: &str| wanted.iter().any(|column| column.name == name);
    if let Some(field) = schema.as_struct().fields().iter().find(|field| field.required && !is_wanted(&field.name)) {
        return Err(format!("its column {} takes no NULL, and the lake has no such column", field.name));
    }
    check_spec(metadata, lake)
}

fn check_spec(metadata: &TableMetadata, lake: &LakeFiles) -> Result<(), String> {
    let schema = metadata.current_schema();
    let fields = metadata.default_partition_spec().fields();
    let has: BTreeSet<String> =
        fields.iter().map(|field| told(&field.transform, schema.name_by_field_id(field.source_id).unwrap_or("?"))).collect();
    let of_lake = PARTITION.iter().filter(|_| lake.is_partitioned);
    let wanted: BTreeSet<String> = of_lake.map(|(_, column, transform)| told(transform, column)).collect();
    if has == wanted && has.len() == fields.len() {
        return Ok(());
    }
    let list =
        |set: &BTreeSet<String>| if set.is_empty() { "nothing".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(", ") };
    Err(format!("it is partitioned by {}, the lake by {}", list(&has), list(&wanted)))
}

fn told(transform: &Transform, column: &str) -> String {
    format!("{transform}({column})")
}

/// What a column holds.
fn doc(column: &str) -> &'static str {
    match column {
        "time" => "When the handshake succeeded or failed (UTC)",
        "client_ip" => "IPv4 or IPv6 address of the client",
        "client_port" => "Port of the client",
        "listener_port" => "Port of the listener",
        "tls_protocol" => "TLS version; NULL for plain HTTP or a negotiation that did not end",
        "tls_cipher" => "Cipher suite, as OpenSSL or the IANA names it",
        "tls_handshake_latency" => "Seconds of a successful handshake; NULL for all others",
        "leaf_client_cert_subject" => "Subject of the client's certificate (RFC 2253)",
        "leaf_client_cert_validity" => "NotBefore and NotAfter, as the log has them",
        "leaf_client_cert_serial_number" => "Serial number of the client's certificate, hexadecimal",
        "tls_verify_status" => "Success, Failed:REASON, or NULL where nothing was verified",
        "conn_trace_id" => "Id of the connection, also in the access log",
        "tls_keyexchange" => "Key exchange group",
        "elb" => "Load balancer: app/NAME/ID",
        "ip_address" => "Address of the load balancer's node",
        "leaf_client_cert_not_before" => "NotBefore of the client's certificate",
        "leaf_client_cert_not_after" => "NotAfter of the client's certificate",
        "tls_failure_reason" => "The reason alone, of a connection that failed",
        "extra_fields" => "What stood behind the fields that are known",
        "source_object" => "Log file that the row came from",
        "source_line" => "Line in that file, counted from 1",
        "account" => "AWS account, from the log file's name; NULL where that tells none",
        "region" => "AWS region, likewise",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::schema::CONNECTIONS;

    #[test]
    fn every_column_has_words() {
        assert!(CONNECTIONS.iter().map(|column| column.name).chain(IN_FOLDERS).all(|name| !doc(name).is_empty()));
    }
}
