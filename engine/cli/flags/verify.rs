//! `tlslake verify`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{DisplayFlags, parse};

/// `tlslake verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyFlags {
    /// Folder of the lake
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// Logs to compare the lake with, named as for `convert`; they are read again. Without any, the lake is checked against its own manifest
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<OsString>,

    /// The longest line taken, as when the lake was converted
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = "16MiB")]
    pub(crate) max_line: u64,

    /// The most memory that the process holds [default: a quarter of what the process may use, 320MiB to 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub(crate) memory: Option<u64>,

    /// Worker threads, 1 or more [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse::jobs)]
    pub(crate) jobs: Option<usize>,

    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}
