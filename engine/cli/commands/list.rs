//! `tlslake list`: what would be read, and what not.

use std::ffi::OsString;

use tlslake_engine::config::ReadConfig;
use tlslake_engine::report::Listing;
use tlslake_engine::run;

use super::read;
use crate::exit::{Exit, Failure};
use crate::flags::ListFlags;
use crate::render::number::counted;

/// A listing, ready to be made.
#[derive(Debug)]
pub(crate) struct List {
    inputs: Vec<OsString>,
    read: ReadConfig,
}

/// What was found, and where as it can be typed again.
#[derive(Debug)]
pub(crate) struct ListOutcome {
    pub(crate) listing: Listing,
    pub(crate) inputs: Vec<String>,
}

pub(super) fn resolve(flags: ListFlags) -> Result<List, Failure> {
    let read = read::places(&flags.time, flags.pick, flags.stores, ReadConfig::default())?;
    Ok(List { inputs: flags.inputs, read })
}

impl List {
    pub(super) fn run(self) -> Result<ListOutcome, Failure> {
        Ok(ListOutcome { listing: run::list(&self.inputs, &self.read)?, inputs: super::typeable(&self.inputs) })
    }
}

/// 0 only when everything could be looked at.
pub(super) fn exit(outcome: &ListOutcome) -> Exit {
    if outcome.listing.unreachable_total == 0 { Exit::Clean } else { Exit::Incomplete }
}

/// Why the exit code is not 0.
pub(super) fn warning(outcome: &ListOutcome) -> Option<String> {
    let first = outcome.listing.unreachable.first()?;
    let count = counted(outcome.listing.unreachable_total, "place");
    Some(format!("{count} could not be looked at; {}: {}; exit code {}", first.object, first.problem, Exit::Incomplete as u8))
}
