//! Rows as comma-separated values, RFC 4180, with a heading.

use std::io::{self, Write};

use tlslake_engine::run::{Match, SearchOutcome};

use super::Form;
use crate::flags::Column;

/// NULL is an empty field, as `""` is: a reader of CSV cannot tell them apart, and a reader of the log seldom wants to.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }
}

impl Form for Rows {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        record(out, self.columns.iter().map(|column| column.name()))
    }

    fn row(&mut self, out: &mut dyn Write, _number: u64, row: &Match<'_>) -> io::Result<()> {
        record(out, self.columns.iter().map(|column| column.value(row).text("")))
    }

    fn flush(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self) {}

    fn end(&mut self, _out: &mut dyn Write, _found: &SearchOutcome) -> io::Result<()> {
        Ok(())
    }
}

fn record<T: AsRef<str>>(out: &mut dyn Write, fields: impl Iterator<Item = T>) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for field in fields {
        writer.write_field(field.as_ref())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()
}
