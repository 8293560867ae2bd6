//! `tlslake ddl`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::StoreFlags;

/// `tlslake ddl`.
#[derive(Debug, Args)]
pub(crate) struct DdlFlags {
    /// The lake: its folder or its URL
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// The engine
    #[arg(long = "for", value_name = "ENGINE", value_enum)]
    pub(crate) engine: EngineFlag,

    /// Where the engine finds the lake: s3://BUCKET/PREFIX, or a folder on its machines [default: OUT itself]
    #[arg(long, value_name = "URL")]
    pub(crate) location: Option<String>,

    /// Database to make the tables in; for Trino CATALOG.SCHEMA [default: the session's own]
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Option<String>,

    /// What the tables' names begin with: alb_ makes alb_connections [default: nothing]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,
}

/// `--for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineFlag {
    /// Amazon Athena and Glue, with partition projection
    Athena,
    /// Spark SQL
    Spark,
    /// Trino's Hive connector
    Trino,
    /// DuckDB
    Duckdb,
    /// ClickHouse
    Clickhouse,
}
