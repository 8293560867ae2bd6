//! A page of text under construction: titles, lines and tables, one blank line between sections.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::shorten::{columns, printable, wrapped};
use super::table::Grid;

/// The looks that sections share.
pub(super) mod style {
    use super::{AnsiColor, Style};

    pub(in crate::render) const TITLE: Style = Style::new().bold();
    pub(in crate::render) const GOOD: Style = AnsiColor::Green.on_default();
    pub(in crate::render) const BAD: Style = AnsiColor::Red.on_default();
    pub(in crate::render) const ODD: Style = AnsiColor::Yellow.on_default();
    pub(in crate::render) const QUIET: Style = Style::new().dimmed();
    pub(in crate::render) const PLAIN: Style = Style::new();
}

/// Text that grows downwards.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page, `width` columns wide.
    pub(super) fn new(width: usize) -> Self {
        Self { text: String::new(), width }
    }

    /// Begins a section: a blank line, the title, and what it is about.
    pub(super) fn section(&mut self, title: &str, about: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let (bold, quiet) = (style::TITLE, style::QUIET);
        let gap = if about.is_empty() { "" } else { "  " };
        // Writing to a String cannot fail; so below.
        let _ = writeln!(self.text, "{bold}{title}{bold:#}{gap}{quiet}{}{quiet:#}", printable(about));
    }

    /// A line in a style.
    pub(super) fn line(&mut self, style: Style, line: &str) {
        let _ = writeln!(self.text, "{style}{}{style:#}", printable(line));
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Text in a style, broken between words where the page is too narrow; each line is indented.
    pub(super) fn paragraph(&mut self, style: Style, indent: &str, text: &str) {
        let room = self.width.saturating_sub(columns(indent)).max(1);
        for line in wrapped(&printable(text), room) {
            self.line(style, &format!("{indent}{line}"));
        }
    }

    /// An item of a list: what leads it stands before its first line, and the others are indented as far.
    pub(super) fn item(&mut self, style: Style, lead: &str, text: &str) {
        let indent = columns(lead);
        let mut lead = lead.to_owned();
        for line in wrapped(&printable(text), self.width.saturating_sub(indent).max(1)) {
            self.line(style, &format!("{lead}{line}"));
            lead = " ".repeat(indent);
        }
    }

    /// A table.
    pub(super) fn table(&mut self, grid: Grid) {
        for (line, style) in grid.lines(self.width) {
            let _ = writeln!(self.text, "{style}{line}{style:#}");
        }
    }

    /// A table whose rows stand below titles of their own; a row without one belongs to the title before.
    pub(super) fn titled_table(&mut self, grid: Grid, titles: impl IntoIterator<Item = Option<String>>) {
        // The heading has no title.
        let titles = std::iter::once(None).chain(titles);
        for ((line, style), title) in grid.lines(self.width).into_iter().zip(titles) {
            if let Some(title) = title {
                self.line(style, &format!("  {title}"));
            }
            let _ = writeln!(self.text, "{style}  {line}{style:#}");
        }
    }

    /// The text, with its colours.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
