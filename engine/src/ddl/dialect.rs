//! How engines name types and quote names.

use crate::columns::schema::ColumnKind;

/// An engine that reads lakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Amazon Athena, and Glue's catalog: partitions are projected, nothing has to be added day by day.
    Athena,
    /// Spark SQL.
    Spark,
    /// Trino's Hive connector.
    Trino,
    /// DuckDB.
    Duckdb,
    /// ClickHouse, chdb included.
    Clickhouse,
}

impl Engine {
    /// A name in the engine's quotes. Only letters, digits and `_` stand in ours.
    pub(super) fn quoted(self, name: &str) -> String {
        match self {
            Self::Athena | Self::Spark | Self::Clickhouse => format!("`{name}`"),
            Self::Trino | Self::Duckdb => format!("\"{name}\""),
        }
    }

    /// The engine's type. Of DuckDB and ClickHouse, which read it from the files, none is asked for.
    pub(super) fn type_of(self, kind: ColumnKind) -> &'static str {
        match (self, kind) {
            (Self::Trino, ColumnKind::TimestampMicros) => "timestamp(6)",
            (_, ColumnKind::TimestampMicros) => "timestamp",
            (Self::Trino, ColumnKind::Text) => "varchar",
            (_, ColumnKind::Text) => "string",
            (Self::Trino, ColumnKind::Int32) => "integer",
            (_, ColumnKind::Int32) => "int",
            (_, ColumnKind::Int64) => "bigint",
            (_, ColumnKind::Double) => "double",
            (Self::Trino, ColumnKind::Binary) => "varbinary",
            (_, ColumnKind::Binary) => "binary",
        }
    }
}
