//! What was appended to a table, and what it had.

use tlslake_engine::report::{Appended, TableFiles};

use super::number::{bytes, count, counted, duration};
use super::page::{Page, style};
use super::table::{Column, Grid};

pub(super) fn render(page: &mut Page, appended: &Appended) {
    page.section(&format!("tlslake iceberg {}", appended.table), &appended.catalog);
    let mut grid = Grid::new([
        Column::text(""),
        Column::number("work units"),
        Column::number("files"),
        Column::number("rows"),
        Column::number("bytes"),
    ]);
    let verb = if appended.dry_run { "would be appended" } else { "appended" };
    row(&mut grid, verb, &appended.appended);
    row(&mut grid, "already there", &appended.already);
    page.table(grid);
    let mut says = |name: &str, text: String| page.line(style::PLAIN, &format!("  {name:<17}  {text}"));
    if appended.appended.files > 0 {
        says("partitions", count(appended.partitions));
    }
    if let Some(location) = &appended.location {
        says("metadata", location.clone());
    }
    if let Some(snapshot) = &appended.snapshot_id {
        says("snapshot", format!("{snapshot}, tlslake.run {}", appended.run));
    }
    if let Some(rows) = appended.table_rows {
        says("the table", format!("{}, {}", counted(rows, "row"), counted(appended.table_files.unwrap_or(0), "data file")));
    }
    if appended.other_files > 0 {
        says("not this lake's", counted(appended.other_files, "data file"));
    }
    page.section("Result", "");
    page.line(style::GOOD, &format!("  {} ({})", result(appended), duration(appended.elapsed_s)));
}

fn row(grid: &mut Grid, name: &str, files: &TableFiles) {
    grid.row([name.to_owned(), count(files.units), count(files.files), count(files.rows), bytes(files.bytes)]);
}

fn result(appended: &Appended) -> &'static str {
    match (appended.dry_run, appended.rebuilt, appended.created, appended.appended.files) {
        (true, true, ..) => "dry run: the table would be made anew",
        (true, _, true, _) => "dry run: the table would be created",
        (true, _, _, 0) => "dry run: the table has everything",
        (true, ..) => "dry run: nothing was changed",
        (_, true, ..) => "the table was made anew",
        (_, _, true, _) => "the table was created",
        (_, _, _, 0) => "the table has everything: nothing was changed",
        _ => "one snapshot was added",
    }
}
