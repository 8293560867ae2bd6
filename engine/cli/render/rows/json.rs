//! Rows as one JSON document, written as they come: `tlslake.failures/1`.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;
use tlslake_engine::run::{Match, SearchOutcome};

use super::{Form, Value};
use crate::flags::Column;

/// The schema's name and version.
const SCHEMA: &str = "tlslake.failures/1";

/// A document that holds every row on a line of its own.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }
}

struct Row<'a> {
    columns: &'a [Column],
    row: &'a Match<'a>,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            match column.value(self.row) {
                Value::Null => map.serialize_entry(column.name(), &None::<&str>)?,
                Value::Text(text) => map.serialize_entry(column.name(), &text)?,
                Value::Whole(number) => map.serialize_entry(column.name(), &number)?,
                Value::Seconds(seconds) => map.serialize_entry(column.name(), &seconds)?,
            }
        }
        map.end()
    }
}

impl Form for Rows {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"schema\":\"{SCHEMA}\",\"rows\":[")
    }

    fn row(&mut self, out: &mut dyn Write, number: u64, row: &Match<'_>) -> io::Result<()> {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &Row { columns: &self.columns, row }).map_err(io::Error::from)
    }

    fn flush(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self, _kept: u64) {}

    fn end(&mut self, out: &mut dyn Write, found: &SearchOutcome) -> io::Result<()> {
        let report = &found.report;
        let complete = !found.stopped && report.failed == 0;
        let end =
            json!({ "matches": found.matches, "complete": complete, "rejected": report.rejected, "failed_files": report.failed_files });
        let end = end.to_string();
        writeln!(out, "\n],{}", end.trim_start_matches('{'))
    }
}
