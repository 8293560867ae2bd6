//! `tlslake certs`: the client certificates of the logs, and which of them will fail.

use std::ffi::OsString;

use jiff::Timestamp;
use tlslake_engine::config::ReadConfig;
use tlslake_engine::diagnose::{self, CertificateInventory, InventoryOptions};
use tlslake_engine::report::Report;
use tlslake_engine::run::{self, Control};

use super::read;
use crate::exit::Failure;
use crate::flags::{CertsFlags, ProgressMode};
use crate::render::progress;

/// An inventory, ready to be taken.
#[derive(Debug)]
pub(crate) struct Certs {
    inputs: Vec<OsString>,
    read: ReadConfig,
    options: InventoryOptions,
    progress: ProgressMode,
}

/// An inventory, and what was read for it.
#[derive(Debug)]
pub(crate) struct CertsOutcome {
    pub(crate) inventory: CertificateInventory,
    pub(crate) report: Report,
    /// As typed, for people.
    pub(crate) inputs: Vec<String>,
}

pub(super) fn resolve(flags: CertsFlags) -> Result<Certs, Failure> {
    let read = read::settings(&flags.read)?;
    let as_of = flags.forecast.as_of.unwrap_or_else(|| Timestamp::now().as_microsecond());
    let options = InventoryOptions { as_of, expiring_s: flags.forecast.expiring };
    Ok(Certs { inputs: flags.read.inputs, read, options, progress: flags.show.progress })
}

impl Certs {
    pub(super) fn run(self) -> Result<CertsOutcome, Failure> {
        let control = Control::default();
        let found = progress::watch(self.progress, &control.progress, || run::certificates(&self.inputs, &self.read, &control))?;
        let mut inventory = diagnose::inventory(&found.certificates, &self.options);
        inventory.notes.extend(super::limits(&found.report, "row"));
        (inventory.rejected, inventory.failed_files) = (found.report.rejected, found.report.failed_files.clone());
        Ok(CertsOutcome { inventory, report: found.report, inputs: super::shown(&self.inputs) })
    }
}
