//! Rows as comma-separated values, RFC 4180, with a heading.

use std::io::{self, Write};

use tlslake_engine::run::{Match, SearchOutcome};

use super::Form;
use crate::flags::Column;

/// NULL is an empty field, as `""` is: a reader of CSV cannot tell them apart, and a reader of the log seldom wants to.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
    record: Vec<u8>,
}

impl Rows {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, record: Vec::new() }
    }
}

impl Form for Rows {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Self { columns, record } = self;
        write(out, record, columns.iter().map(|column| column.name()))
    }

    fn row(&mut self, out: &mut dyn Write, _number: u64, row: &Match<'_>) -> io::Result<()> {
        let Self { columns, record } = self;
        write(out, record, columns.iter().map(|column| column.value(row).text("")))
    }

    fn flush(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self, _kept: u64) {}

    fn end(&mut self, _out: &mut dyn Write, _found: &SearchOutcome) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the record in memory, so that what fails in writing it is the system's own error.
fn write<T: AsRef<str>>(out: &mut dyn Write, record: &mut Vec<u8>, fields: impl Iterator<Item = T>) -> io::Result<()> {
    record.clear();
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 10).from_writer(&mut *record);
    for field in fields {
        writer.write_field(field.as_ref())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()?;
    drop(writer);
    out.write_all(record)
}
