//! `tlslake bench`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use tlslake_engine::run::BenchConfig;
use tlslake_engine::scan::Kernel;

use super::{DisplayFlags, LimitFlags, parse};

/// `tlslake bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchFlags {
    /// Logs to measure with: a file, a folder (searched recursively) or a glob in quotes; any mix. They are read several times, so standard input
    /// will not do
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<OsString>,

    #[command(flatten)]
    pub(crate) measure: MeasureFlags,

    #[command(flatten)]
    pub(crate) project: ProjectFlags,

    #[command(flatten)]
    pub(crate) limits: LimitFlags,

    /// Force one scan kernel; `tlslake kernels` lists them [default: the fastest this machine has]
    #[arg(long, value_name = "NAME", value_parser = parse::kernel, help_heading = "Reading")]
    pub(crate) kernel: Option<Kernel>,

    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}

/// What is measured, and how often.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring")]
pub(crate) struct MeasureFlags {
    /// Stored bytes to read at most: where the inputs have more, files all along the list are taken; of a single file that is larger, the
    /// beginning, 16MiB at least
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = parse::DEFAULT_SAMPLE)]
    pub(crate) sample: u64,

    /// Rounds, 1 to 100: in each, everything is measured once, in turn; medians are shown with the fastest and the slowest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), default_value_t = BenchConfig::DEFAULT_ROUNDS)]
    pub(crate) rounds: u32,

    /// Folder for what is written, twice the sample at most; all of it is removed again [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
}

/// What the figures come to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Projection")]
pub(crate) struct ProjectFlags {
    /// Terabytes (10¹² bytes) of logs as stored for which time is projected
    #[arg(long, value_name = "N", value_parser = parse::above_zero, default_value_t = 1.0)]
    pub(crate) project_tb: f64,

    /// What an hour of this machine costs in US dollars [default: no cost is shown]
    #[arg(long, value_name = "USD", value_parser = parse::above_zero)]
    pub(crate) price_per_hour: Option<f64>,
}
