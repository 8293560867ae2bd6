//! `tlslake report`: the report, and nothing written.

use std::ffi::OsString;
use std::path::Path;

use tlslake_engine::config::ReadConfig;
use tlslake_engine::run::{self, Control};

use super::{LogsOutcome, read};
use crate::exit::Failure;
use crate::flags::{ProgressMode, ReportFlags};
use crate::render::progress;

/// A report, ready to run.
#[derive(Debug)]
pub(crate) struct ReportOnly {
    inputs: Vec<OsString>,
    read: ReadConfig,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: ReportFlags) -> Result<ReportOnly, Failure> {
    let read = ReadConfig { strict: flags.strict.strict, ..read::settings(&flags.read)? };
    Ok(ReportOnly { inputs: flags.read.inputs, read, progress: flags.display.progress })
}

impl ReportOnly {
    pub(super) fn run(self) -> Result<LogsOutcome, Failure> {
        let control = Control::default();
        let report = progress::watch(self.progress, &control.progress, || run::report(&self.inputs, &self.read, &control))?;
        // What is a lake already needs no conversion: then there is nothing to type next.
        let has_lake = self.inputs.iter().any(|input| Path::new(input).join("_tlslake").is_dir());
        Ok(LogsOutcome { report, inputs: if has_lake { Vec::new() } else { super::typeable(&self.inputs) } })
    }
}
