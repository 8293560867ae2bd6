//! Tables without borders: text to the left, numbers to the right, one column that gives way when the page is narrow.

use anstyle::Style;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::shorten::{columns, printable, shorten_middle};

/// Columns before and between the columns of a table.
const GAP: u16 = 2;
/// The narrowest a flexible column gets.
const MIN_FLEXIBLE: usize = 16;

/// A column: its heading, and how its cells stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    heading: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flexible,
}

impl Column {
    /// Text, whole.
    pub(super) const fn text(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Text }
    }

    /// Numbers, to the right.
    pub(super) const fn number(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Number }
    }

    /// Text that is shortened in its middle to what the other columns leave.
    pub(super) const fn flexible(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Flexible }
    }

    fn alignment(self) -> CellAlignment {
        if self.kind == Kind::Number { CellAlignment::Right } else { CellAlignment::Left }
    }
}

/// A table being filled.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    rows: Vec<(Vec<String>, Style)>,
}

impl Grid {
    /// A table with at most one flexible column.
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are not shown.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.styled_row(Style::new(), cells);
    }

    /// Adds a row in a style.
    pub(super) fn styled_row(&mut self, style: Style, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| printable(&cell).into_owned()).collect();
        self.rows.push((cells, style));
    }

    /// The table's lines with the style of each, at most `width` columns wide where the flexible column can make it so.
    pub(super) fn lines(mut self, width: usize) -> Vec<(String, Style)> {
        self.fit(width);
        let styles: Vec<Style> = std::iter::once(Style::new().dimmed()).chain(self.rows.iter().map(|(_, style)| *style)).collect();
        self.table().lines().map(|line| line.trim_end().to_owned()).zip(styles).collect()
    }

    fn fit(&mut self, width: usize) {
        let Some(flexible) = self.columns.iter().position(|column| column.kind == Kind::Flexible) else { return };
        let others: usize = (0..self.columns.len()).filter(|index| *index != flexible).map(|index| self.width_of(index)).sum();
        let gaps = self.columns.len() * usize::from(GAP);
        let room = width.saturating_sub(others + gaps).max(MIN_FLEXIBLE);
        for cell in self.rows.iter_mut().filter_map(|(cells, _)| cells.get_mut(flexible)) {
            *cell = shorten_middle(cell, room).into_owned();
        }
    }

    fn width_of(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|(cells, _)| cells.get(index)).map(|cell| columns(cell));
        cells.chain([columns(self.columns[index].heading)]).max().unwrap_or(0)
    }

    fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|column| column.heading));
        table.add_rows(self.rows.into_iter().map(|(cells, _)| cells));
        for (column, spec) in table.column_iter_mut().zip(&self.columns) {
            column.set_padding((GAP, 0));
            column.set_cell_alignment(spec.alignment());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(grid: Grid, width: usize) -> Vec<String> {
        grid.lines(width).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let mut grid = Grid::new([Column::text("name"), Column::number("count")]);
        grid.row(["a".into(), "1,000".into()]);
        grid.row(["bc".into(), "1".into()]);
        assert_eq!(lines(grid, 80), ["  name  count", "  a     1,000", "  bc        1"]);
    }

    #[test]
    fn the_flexible_column_gives_way() {
        let mut grid = Grid::new([Column::flexible("subject"), Column::number("failed")]);
        grid.row(["CN=client,O=A Company With A Long Name,C=DE".into(), "12".into()]);
        let lines = lines(grid, 40);
        assert!(columns(&lines[1]) <= 40 && lines[1].contains('…'));
    }

    #[test]
    fn a_cell_is_one_line() {
        let mut grid = Grid::new([Column::flexible("subject")]);
        grid.row(["a\nb".into()]);
        assert_eq!(lines(grid, 80), ["  subject", "  a\\u{a}b"]);
    }
}
