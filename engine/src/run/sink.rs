//! Where rows go, in order: into a lake, to a caller, or nowhere.

use super::write::Outcome;
use crate::aggregate::Hourly;
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::error::{FileFault, Result};

/// Takes what the writing step hands on. Calls come from one thread at a time, unit by unit.
pub(super) trait Sink: Send {
    /// A unit begins.
    fn begin_unit(&mut self, id: &str) -> Result<()>;

    /// Rows and rejected lines of the unit; `first_lines` holds, for each run of the batch, the number of its first line (from 1).
    fn rows(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()>;

    /// The hours that those rows fall into. Only called where [`super::Wants::hourly`].
    fn hourly(&mut self, hourly: Hourly) -> Result<()>;

    /// Everything since [`Sink::begin_unit`] is void, since these inputs turned out to be damaged; the unit begins again.
    fn discard_unit(&mut self, faults: &[(u32, FileFault)]) -> Result<()>;

    /// Whether no more rows are wanted: the run ends after the portion that is being written.
    fn wants_no_more(&self) -> bool {
        false
    }

    /// The unit is whole, and came to `outcome`.
    fn end_unit(&mut self, outcome: &Outcome) -> Result<()>;
}

/// Drops everything: for a report alone.
pub(super) struct NoSink;

impl Sink for NoSink {
    fn begin_unit(&mut self, _id: &str) -> Result<()> {
        Ok(())
    }

    fn rows(&mut self, _batch: &ConnectionBatch, _dictionaries: &Dictionaries, _first_lines: &[u64]) -> Result<()> {
        Ok(())
    }

    fn hourly(&mut self, _hourly: Hourly) -> Result<()> {
        Ok(())
    }

    fn discard_unit(&mut self, _faults: &[(u32, FileFault)]) -> Result<()> {
        Ok(())
    }

    fn end_unit(&mut self, _outcome: &Outcome) -> Result<()> {
        Ok(())
    }
}
