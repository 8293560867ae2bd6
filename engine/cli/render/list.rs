//! What would be read: by load balancer, then the rest, then what is skipped.

use tlslake_engine::report::{ListedFiles, Listing};

use super::number::{bytes, count, counted};
use super::page::{Page, style};
use super::table::{Column, Grid};
use super::text::shell;
use crate::commands::ListOutcome;

pub(super) fn render(page: &mut Page, outcome: &ListOutcome) {
    let listing = &outcome.listing;
    page.section(&format!("{} to read", counted(listing.all.files, "file")), &weight(&listing.all));
    balancers(page, listing);
    skipped(page, listing);
    unreachable(page, listing);
    if listing.all.files > 0 && !outcome.asked.is_empty() {
        let asked: Vec<String> = outcome.asked.iter().map(|word| shell::word(word).into_owned()).collect();
        page.section("Next", "");
        page.line(style::PLAIN, &format!("  tlslake report {}", asked.join(" ")));
        page.line(style::PLAIN, &format!("  tlslake convert {} --out lake", asked.join(" ")));
    }
}

fn weight(files: &ListedFiles) -> String {
    match files.unsized_files {
        0 => format!("{} as stored", bytes(files.stored_bytes)),
        unknown => format!("{} as stored, and {} of unknown size", bytes(files.stored_bytes), counted(unknown, "stream")),
    }
}

fn balancers(page: &mut Page, listing: &Listing) {
    let headings = [Column::flexible("load balancer"), Column::text("account"), Column::text("region"), Column::number("files")];
    let more = [Column::number("as stored"), Column::text("first window ends"), Column::text("last window ends")];
    let mut grid = Grid::new([&headings[..], &more[..]].concat());
    for balancer in &listing.load_balancers {
        let minute =
            |time: &Option<String>| time.as_deref().and_then(|time| time.get(..16)).map_or("-".to_owned(), |time| format!("{time}Z"));
        grid.row([
            balancer.load_balancer.clone(),
            balancer.account.clone(),
            balancer.region.clone(),
            count(balancer.files.files),
            bytes(balancer.files.stored_bytes),
            minute(&balancer.first_window_end),
            minute(&balancer.last_window_end),
        ]);
    }
    let others = &listing.other_names;
    if others.files > 0 {
        let dash = || "-".to_owned();
        grid.row([
            "(names that are not AWS's)".to_owned(),
            dash(),
            dash(),
            count(others.files),
            bytes(others.stored_bytes),
            dash(),
            dash(),
        ]);
    }
    page.blank();
    page.table(grid);
}

fn skipped(page: &mut Page, listing: &Listing) {
    if listing.skipped.is_empty() {
        return;
    }
    let mut grid = Grid::new([Column::text("reason"), Column::number("found"), Column::flexible("the first")]);
    for (reason, skips) in &listing.skipped {
        grid.row([reason.clone(), count(skips.count), skips.first.clone()]);
    }
    page.section("Skipped", "would not be read; a folder or prefix that is passed over counts once");
    page.table(grid);
}

fn unreachable(page: &mut Page, listing: &Listing) {
    if listing.unreachable.is_empty() {
        return;
    }
    page.section("Could not be looked at", "logs may be behind it");
    for place in &listing.unreachable {
        page.item(style::BAD, "  ", &format!("{}: {}", place.object, place.problem));
    }
}
