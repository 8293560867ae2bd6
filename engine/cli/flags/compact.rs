//! `tlslake compact`.

use std::path::PathBuf;

use clap::Args;
use tlslake_engine::config::{Compression, LakeConfig};

use super::{DisplayFlags, StoreFlags, parse};

/// `tlslake compact`.
#[derive(Debug, Args)]
pub(crate) struct CompactFlags {
    /// The lake: its folder or its URL
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Compressed bytes that a Parquet file should have: 256MB (10⁶), 256MiB or 256M (2²⁰), 1GB, 1GiB, 1G. Work units with a file of half as much
    /// stay as they are
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = parse::DEFAULT_TARGET_FILE_SIZE)]
    pub(crate) target_file_size: u64,

    /// Put the rows of each file that is written in order of time [default: where those of all files that are merged are]
    #[arg(long)]
    pub(crate) sort: bool,

    /// Compression of Parquet pages: zstd:N (N from 1, fast, to 22, small), snappy, lz4 or none [default: that of the files that are merged; zstd:1
    /// where that is zstd]
    #[arg(long, value_name = "CODEC", value_parser = parse::compression)]
    pub(crate) compression: Option<Compression>,

    /// Columns of `connections` with bloom filters, divided by commas [default: those that have one in the files that are merged]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) bloom: Vec<String>,

    /// Rows in a Parquet row group at most, 1 or more
    #[arg(long, value_name = "N", value_parser = parse::row_group_rows, default_value_t = LakeConfig::DEFAULT_ROW_GROUP_ROWS)]
    pub(crate) row_group_rows: usize,

    /// Wait while another run is writing to the lake, instead of refusing
    #[arg(long)]
    pub(crate) wait: bool,

    /// The most memory that the process holds. What it must have is said if it is too little [default: a quarter of what the process may use, 320MiB
    /// to 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub(crate) memory: Option<u64>,

    /// Worker threads, 1 or more [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse::jobs)]
    pub(crate) jobs: Option<usize>,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,

    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}
