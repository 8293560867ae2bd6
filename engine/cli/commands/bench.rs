//! `tlslake bench`: how fast the stages are here, and what that comes to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tlslake_engine::Error;
use tlslake_engine::config::ReadConfig;
use tlslake_engine::report::Benchmark;
use tlslake_engine::run::{self, BenchConfig, Control};

use super::read;
use crate::exit::{Exit, Failure};
use crate::flags::{BenchFlags, ProgressMode};
use crate::render::number::counted;
use crate::render::progress::{self, Passes};
use crate::signals::Signals;

/// A benchmark, ready to run.
#[derive(Debug)]
pub(crate) struct Bench {
    inputs: Vec<OsString>,
    read: ReadConfig,
    sample_bytes: u64,
    rounds: u32,
    scratch: PathBuf,
    project_bytes: f64,
    price_per_hour: Option<f64>,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: BenchFlags) -> Bench {
    Bench {
        inputs: flags.inputs,
        read: ReadConfig { kernel: flags.kernel, ..read::limits(&flags.limits) },
        sample_bytes: flags.measure.sample,
        rounds: flags.measure.rounds,
        scratch: flags.measure.scratch.unwrap_or_else(std::env::temp_dir),
        project_bytes: flags.project.project_tb * 1e12,
        price_per_hour: flags.project.price_per_hour,
        progress: flags.display.progress,
    }
}

impl Bench {
    pub(super) fn run(self) -> Result<Benchmark, Failure> {
        let control = Arc::new(Control::default());
        let folder = temporary_folder(&self.scratch)?;
        let signals = Signals::watch_temporary(control.clone(), folder.path().to_owned())?;
        let config =
            BenchConfig { read: self.read, sample_bytes: self.sample_bytes, rounds: self.rounds, ..BenchConfig::new(folder.path()) };
        let measured = progress::watch(self.progress, &Passes(&control.progress), || run::bench(&self.inputs, &config, &control));
        let mut benchmark = measured.map_err(|error| explain(&signals, error, folder.path()))?;
        benchmark.project(self.project_bytes, self.price_per_hour);
        folder.close().map_err(|error| Failure::run(format!("{}: removing: {error}", config.scratch.display())))?;
        Ok(benchmark)
    }
}

fn temporary_folder(scratch: &Path) -> Result<TempDir, Failure> {
    let made = tempfile::Builder::new().prefix("tlslake-bench-").tempdir_in(scratch);
    made.map_err(|error| Failure::run(format!("{}: no temporary folder can be made there: {error}", scratch.display())).hinting(OTHER_DISK))
}

const OTHER_DISK: &str = "`--scratch DIR` names a folder that is there and yours to write to; twice the sample's size must be free";

/// The way out, where it is another one than that of the commands that read their inputs once.
fn explain(signals: &Signals, error: Error, scratch: &Path) -> Failure {
    let hint = match &error {
        Error::Io { path, .. } | Error::Parquet { path, .. } | Error::Output { path, .. } if path.starts_with(scratch) => OTHER_DISK,
        Error::CorruptInput { .. } => "no file of the sample is whole: name logs that can be read",
        Error::BadInput { .. } => "an input of `bench` is a file, a folder or a glob in quotes",
        _ => return signals.explain(error),
    };
    signals.explain(error).hinting(hint)
}

/// 0 only when every file of the sample could be read.
pub(super) fn exit(benchmark: &Benchmark) -> Exit {
    if benchmark.is_clean() { Exit::Clean } else { Exit::Incomplete }
}

/// Why the exit code is not 0.
pub(super) fn warning(benchmark: &Benchmark) -> Option<String> {
    let first = benchmark.failed_files.first()?;
    let count = counted(benchmark.failed, "damaged file");
    let place = format!("{}: {} (byte {})", first.object, first.error, first.offset);
    Some(format!("{count} left out of the sample; {place}; exit code {}", Exit::Incomplete as u8))
}
