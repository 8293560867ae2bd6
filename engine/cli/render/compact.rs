//! What a compaction did: the sums, then folder by folder.

use tlslake_engine::report::{CompactedFolder, Compaction};

use super::number::{bytes, count, counted, duration};
use super::page::{Page, style};
use super::table::{Column, Grid};
use super::text::shell;

pub(super) fn render(page: &mut Page, done: &Compaction) {
    let verb = if done.dry_run { "would merge" } else { "merged" };
    let about = match done.is_idle() {
        true => format!("nothing to merge in {}", counted(done.files_before, "file")),
        false => format!("{verb} files of {}", counted(done.folders_total, "folder")),
    };
    page.section(&format!("tlslake compact {}", done.path), &about);
    if done.is_idle() {
        return page.line(style::GOOD, "  every work unit has a file near the target's size, or its folders to itself");
    }
    let about = if done.dry_run { "about " } else { "" };
    page.line(style::PLAIN, &format!("  files   {} → {about}{}", count(done.files_before), count(done.files_after)));
    let after = done.bytes_after.map_or_else(String::new, |after| format!(" → {}", bytes(after)));
    page.line(style::PLAIN, &format!("  bytes   {}{after}", bytes(done.bytes_before)));
    page.line(style::PLAIN, &format!("  units   {} → {}", count(done.units_before), count(done.units_after)));
    if !done.dry_run {
        let peak = done.peak_memory_bytes.map_or_else(String::new, |peak| format!(", peak {} MiB", peak.div_ceil(1 << 20)));
        let run = format!("  run     {}, {} written anew{peak}", duration(done.elapsed_s), counted(done.rows, "row"));
        page.line(style::PLAIN, &run);
    }
    folders(page, done);
    page.section("Next", "");
    let word = shell::word(&done.path);
    let next = if done.dry_run { format!("  tlslake compact {word}") } else { format!("  tlslake verify {word}") };
    page.line(style::PLAIN, &next);
}

fn folders(page: &mut Page, done: &Compaction) {
    let after = if done.dry_run { "about" } else { "after" };
    let headings = [Column::flexible("folder"), Column::number("rows"), Column::number("files before"), Column::number(after)];
    let mut grid = Grid::new([&headings[..], &[Column::number("bytes before"), Column::number("bytes after")]].concat());
    for folder in &done.folders {
        let CompactedFolder { path, rows, files_before, bytes_before, files_after, bytes_after } = folder;
        let bytes_after = bytes_after.map_or_else(|| "-".to_owned(), bytes);
        grid.row([path.clone(), count(*rows), count(*files_before), count(*files_after), bytes(*bytes_before), bytes_after]);
    }
    page.section("Folders", "");
    page.table(grid);
    let more = done.folders_total.saturating_sub(done.folders.len() as u64);
    if more > 0 {
        page.line(style::ODD, &format!("  and {} more", count(more)));
    }
}
