//! The lines as logged.

use std::io::{self, Write};

use tlslake_engine::run::{Match, SearchOutcome};

use super::Form;

/// Lines, each with a newline, and nothing else.
#[derive(Debug)]
pub(super) struct Lines;

impl Form for Lines {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, _number: u64, row: &Match<'_>) -> io::Result<()> {
        out.write_all(row.raw.as_bytes())?;
        out.write_all(b"\n")
    }

    fn flush(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self, _kept: u64) {}

    fn end(&mut self, _out: &mut dyn Write, _found: &SearchOutcome) -> io::Result<()> {
        Ok(())
    }
}
