//! `tlslake verify`: is the lake what its manifest says, and does it hold the logs?

use std::ffi::OsString;
use std::path::PathBuf;

use tlslake_engine::config::ReadConfig;
use tlslake_engine::report::Verification;
use tlslake_engine::run::{self, Control};

use super::read;
use crate::exit::{Exit, Failure};
use crate::flags::{ProgressMode, VerifyFlags};
use crate::render::number::counted;
use crate::render::progress;

/// A verification, ready to run.
#[derive(Debug)]
pub(crate) struct Verify {
    out: PathBuf,
    inputs: Vec<OsString>,
    read: ReadConfig,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: VerifyFlags) -> Verify {
    let read = ReadConfig { stores: read::stores(flags.stores), ..read::limits(&flags.limits) };
    Verify { out: flags.out, inputs: flags.inputs, read, progress: flags.display.progress }
}

impl Verify {
    pub(super) fn run(self) -> Result<Verification, Failure> {
        let control = Control::default();
        Ok(progress::watch(self.progress, &control.progress, || run::verify(&self.out, &self.inputs, &self.read, &control))?)
    }
}

/// 0 only when all holds.
pub(super) fn exit(result: &Verification) -> Exit {
    if result.holds { Exit::Clean } else { Exit::Incomplete }
}

/// Why the exit code is not 0.
pub(super) fn warning(result: &Verification) -> Option<String> {
    let first = result.differences.first()?;
    let count = counted(result.differences_total, "difference");
    Some(format!("{count}; {}: {}; exit code {}", first.place, first.problem, Exit::Incomplete as u8))
}
