//! `tlslake list`.

use std::ffi::OsString;

use clap::Args;

use super::{Format, PickFlags, StoreFlags, TimeFlags};

/// `tlslake list`.
#[derive(Debug, Args)]
pub(crate) struct ListFlags {
    /// Inputs, named as for the other commands: files, folders, globs in quotes, URLs of objects or prefixes
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<OsString>,

    #[command(flatten)]
    pub(crate) time: TimeFlags,

    #[command(flatten)]
    pub(crate) pick: PickFlags,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,

    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
