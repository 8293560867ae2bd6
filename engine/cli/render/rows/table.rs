//! Rows as a table for people, a block at a time: columns are as wide as the widest value so far.

use std::io::{self, Write};

use tlslake_engine::run::{Match, SearchOutcome};

use super::super::shorten::{columns as width_of, printable, shorten_middle};
use super::Form;
use crate::flags::Column;

/// Rows that are held back to see how wide they are.
const BLOCK: usize = 200;
/// A cell wider than this stands out of its own row, and makes no other wider: how long a value is, a client chooses.
const MAX_CELL: usize = 120;
/// The narrowest a subject gets on a narrow page.
const MIN_SUBJECT: usize = 24;

/// A table that grows downwards. Only the subject gives way when the page is narrow.
#[derive(Debug)]
pub(super) struct RowTable {
    columns: Vec<Column>,
    widths: Vec<usize>,
    page: usize,
    block: Vec<Vec<String>>,
    has_heading: bool,
}

impl RowTable {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        let widths = columns.iter().map(|column| width_of(heading(*column))).collect();
        Self { columns, widths, page: super::super::width_of_stdout(), block: Vec::new(), has_heading: false }
    }

    fn fit(&mut self) {
        for row in &self.block {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(width_of(cell).min(MAX_CELL));
            }
        }
        let Some(subject) = self.columns.iter().position(|column| *column == Column::LeafClientCertSubject) else { return };
        let others: usize = self.widths.iter().enumerate().filter(|(index, _)| *index != subject).map(|(_, width)| width + 2).sum();
        self.widths[subject] = self.widths[subject].min(self.page.saturating_sub(others).max(MIN_SUBJECT));
    }

    fn line(&self, cells: impl Iterator<Item = String>) -> String {
        let mut line = String::new();
        for ((column, &width), cell) in self.columns.iter().zip(&self.widths).zip(cells) {
            let cell =
                if *column == Column::LeafClientCertSubject && width < MAX_CELL { shorten_middle(&cell, width).into_owned() } else { cell };
            let padding = " ".repeat(width.saturating_sub(width_of(&cell)));
            let (before, after) = if is_number(*column) { (padding.as_str(), "") } else { ("", padding.as_str()) };
            line.push_str(before);
            line.push_str(&cell);
            line.push_str(after);
            line.push_str("  ");
        }
        line.trim_end().to_owned()
    }
}

impl Form for RowTable {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, _number: u64, row: &Match<'_>) -> io::Result<()> {
        self.block.push(self.columns.iter().map(|column| printable(&column.value(row).text("-")).into_owned()).collect());
        if self.block.len() < BLOCK { Ok(()) } else { self.flush(out) }
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.fit();
        if !std::mem::replace(&mut self.has_heading, true) {
            writeln!(out, "{}", self.line(self.columns.iter().map(|column| heading(*column).to_owned())))?;
        }
        for row in std::mem::take(&mut self.block) {
            writeln!(out, "{}", self.line(row.into_iter()))?;
        }
        Ok(())
    }

    fn discard(&mut self, kept: u64) {
        self.block.clear();
        self.has_heading = kept > 0;
    }

    fn end(&mut self, out: &mut dyn Write, _found: &SearchOutcome) -> io::Result<()> {
        self.flush(out)
    }
}

/// Short words for what the log calls by long names.
fn heading(column: Column) -> &'static str {
    match column {
        Column::ClientIp => "client",
        Column::ClientPort => "port",
        Column::ListenerPort => "listener",
        Column::TlsProtocol => "protocol",
        Column::TlsCipher => "cipher",
        Column::TlsHandshakeLatency => "seconds",
        Column::LeafClientCertSubject => "subject",
        Column::LeafClientCertValidity => "validity",
        Column::LeafClientCertSerialNumber => "serial",
        Column::TlsVerifyStatus => "status",
        Column::ConnTraceId => "trace id",
        Column::TlsKeyexchange => "key exchange",
        Column::Elb => "balancer",
        Column::IpAddress => "node",
        Column::SourceObject => "file",
        Column::SourceLine => "line",
        Column::Time => "time",
    }
}

fn is_number(column: Column) -> bool {
    matches!(column, Column::ClientPort | Column::ListenerPort | Column::TlsHandshakeLatency | Column::SourceLine)
}
