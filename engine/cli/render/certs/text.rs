//! The inventory for a terminal: what will fail and when in the first sentence, then who.

use anstyle::Style;
use tlslake_engine::diagnose::{CertificateInventory, CertificateRow, CertificateState, Forecast};

use super::super::number::{count, counted};
use super::super::page::{Page, style};
use super::super::table::{Column, Grid};
use super::{by_count, state};
use crate::commands::CertsOutcome;

/// Days left below which a row stands out.
const SOON_DAYS: i64 = 30;

pub(in crate::render) fn render(page: &mut Page, outcome: &CertsOutcome) {
    let inventory = &outcome.inventory;
    let read = format!("{}, {}", counted(outcome.report.input.files, "file"), counted(outcome.report.rows, "connection"));
    page.section("tlslake certs", &format!("{read}, {}", counted(inventory.total_certificates, "certificate")));
    page.line(style::PLAIN, &format!("  inputs    {}", outcome.inputs.join(" ")));
    page.line(style::PLAIN, &format!("  time      {}", span(inventory)));
    page.line(style::PLAIN, &format!("  as of     {}", second(&inventory.as_of)));
    match &inventory.forecast {
        Some(forecast) => self::forecast(page, inventory, forecast),
        None => certificates(page, inventory),
    }
    without_certificate(page, inventory);
    notes(page, &inventory.notes);
}

fn span(inventory: &CertificateInventory) -> String {
    match (&inventory.time.first, &inventory.time.last) {
        (Some(first), Some(last)) => format!("{} to {}", second(first), second(last)),
        _ => "no connections".to_owned(),
    }
}

/// A time without its fraction.
fn second(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => time.to_owned(),
    }
}

fn certificates(page: &mut Page, inventory: &CertificateInventory) {
    if inventory.certificates.is_empty() {
        page.blank();
        page.line(style::PLAIN, "No connection showed a certificate.");
        return;
    }
    let mut grid = Grid::new([
        Column::flexible("subject"),
        Column::text("serial"),
        Column::text("state"),
        Column::number("success"),
        Column::number("failed"),
        Column::text("main reason +others"),
        Column::number("clients"),
        Column::text("first seen"),
        Column::text("last seen"),
        Column::text("not after"),
        Column::number("days left"),
        Column::text("rotated by"),
    ]);
    for row in &inventory.certificates {
        grid.styled_row(look(row), cells(row));
    }
    page.section("Certificates", "by subject and serial number; ~ is an estimate");
    page.table(grid);
}

fn cells(row: &CertificateRow) -> [String; 12] {
    [
        logged(&row.subject),
        logged(&row.serial),
        state(row.state).to_owned(),
        count(row.successes),
        count(row.failures.values().sum()),
        main_reason(row),
        clients(row.clients, row.clients_exact),
        second(&row.first_seen),
        second(&row.last_seen),
        row.not_after.as_deref().map(second).unwrap_or_else(|| "-".to_owned()),
        days_left(row),
        logged(&row.rotated_by),
    ]
}

fn forecast(page: &mut Page, inventory: &CertificateInventory, forecast: &Forecast) {
    let title = format!("Expiring by {}", second(&forecast.until));
    page.section(&title, &format!("certificates that work and whose NotAfter is no later: the next {}", ahead(forecast.within_s)));
    let look = if forecast.certificates == 0 { style::GOOD } else { style::BAD };
    page.paragraph(look, "  ", &headline(forecast));
    if !inventory.certificates.is_empty() {
        page.blank();
        page.table(expiring(&inventory.certificates));
    }
    if !inventory.replaced.is_empty() {
        page.section("Replaced in time", "they expire, but were not seen since a newer certificate of the same subject works: no danger");
        page.table(expiring(&inventory.replaced));
    }
}

/// What will fail and when, in a sentence or two.
fn headline(forecast: &Forecast) -> String {
    if forecast.certificates == 0 {
        return "No certificate that works will fail within this time.".to_owned();
    }
    let (certificates, connections) = (counted(forecast.certificates, "certificate"), counted(forecast.connections, "connection"));
    let clients = clients(forecast.clients, forecast.clients_exact);
    let noun = if forecast.clients == 1 { "client" } else { "clients" };
    let mut headline = format!("{certificates} will fail, which made {connections} from {clients} {noun} in these logs");
    match &forecast.first_failure {
        Some(first) => headline.push_str(&format!("; the first at {}.", second(first))),
        None => headline.push('.'),
    }
    let still = forecast.worked_after_expiry;
    if forecast.already_expired > 0 {
        headline.push_str(&format!(" {} of them expired already", count(forecast.already_expired)));
        match still {
            0 => headline.push_str(" and were not seen since."),
            _ => headline.push_str(&format!(
                "; {} worked even after it, so a listener ignores expiry: if that ends, they fail at once.",
                count(still)
            )),
        }
    }
    headline
}

/// Seconds in the largest unit that gives a whole number.
fn ahead(seconds: u64) -> String {
    if seconds.is_multiple_of(86_400) { counted(seconds / 86_400, "day") } else { counted(seconds / 3_600, "hour") }
}

fn expiring(rows: &[CertificateRow]) -> Grid {
    let mut grid = Grid::new([
        Column::flexible("subject"),
        Column::text("serial"),
        Column::number("success"),
        Column::number("clients"),
        Column::text("last seen"),
        Column::text("not after"),
        Column::number("days left"),
        Column::text("rotated by"),
        Column::text("remark"),
    ]);
    for row in rows {
        let cells = [
            logged(&row.subject),
            logged(&row.serial),
            count(row.successes),
            clients(row.clients, row.clients_exact),
            second(&row.last_seen),
            row.not_after.as_deref().map(second).unwrap_or_default(),
            days_left(row),
            logged(&row.rotated_by),
            remark(row).to_owned(),
        ];
        grid.styled_row(look(row), cells);
    }
    grid
}

/// What else the reader should know of a certificate that expires.
fn remark(row: &CertificateRow) -> &'static str {
    let has_expired = row.days_left.is_some_and(|days| days < 0);
    match (row.worked_after_expiry, has_expired, row.rotated_by.is_some(), row.replaced) {
        (true, ..) => "worked after expiry: ignored there",
        (_, true, _, _) => "expired since it was last seen",
        (_, _, true, false) => "a newer one works, this one is still used",
        _ => "",
    }
}

fn look(row: &CertificateRow) -> Style {
    match (row.state, row.days_left) {
        _ if row.replaced => style::QUIET,
        (CertificateState::Failing, _) => style::BAD,
        (CertificateState::Working, Some(..SOON_DAYS)) => style::ODD,
        _ => style::PLAIN,
    }
}

fn logged(text: &Option<String>) -> String {
    text.clone().unwrap_or_else(|| "-".to_owned())
}

fn clients(number: u64, is_exact: bool) -> String {
    let mark = if is_exact { "" } else { "~" };
    format!("{mark}{}", count(number))
}

fn days_left(row: &CertificateRow) -> String {
    match row.days_left {
        None => "-".to_owned(),
        Some(days @ 0..) => count(days.unsigned_abs()),
        Some(days) => format!("-{}", count(days.unsigned_abs())),
    }
}

/// `ClientCertExpired +2`: the most frequent reason, and how many others there are.
fn main_reason(row: &CertificateRow) -> String {
    match by_count(&row.failures).as_slice() {
        [] => "-".to_owned(),
        [(reason, _)] => (*reason).to_owned(),
        [(reason, _), others @ ..] => format!("{reason} +{}", others.len()),
    }
}

fn without_certificate(page: &mut Page, inventory: &CertificateInventory) {
    let without = &inventory.without_certificate;
    if without.connections == 0 {
        return;
    }
    page.section("Without a certificate", "plain HTTP, TLS that asks for none, clients that have none: no row above");
    let failed: u64 = without.failures.values().sum();
    page.line(
        style::PLAIN,
        &format!("  {}, {} succeeded, {} failed", counted(without.connections, "connection"), count(without.successes), count(failed)),
    );
}

fn notes(page: &mut Page, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    page.section("Notes", "what limits these answers");
    for note in notes {
        page.paragraph(style::ODD, "  ", note);
    }
}
