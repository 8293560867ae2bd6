//! `tlslake verify`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{DisplayFlags, LimitFlags, StoreFlags};

/// `tlslake verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyFlags {
    /// The lake: its folder or its URL
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// Logs to compare the lake with, named as for `convert`; they are read again. Without any, the lake is checked against its own manifest
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<OsString>,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,

    #[command(flatten)]
    pub(crate) limits: LimitFlags,

    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}
