//! The inventory for a terminal: what will fail and when in the first sentence, then who.

use anstyle::Style;
use tlslake_engine::diagnose::{CertificateInventory, CertificateRow, CertificateState, Forecast};

use super::super::number::{count, counted};
use super::super::page::{Page, style};
use super::super::shorten::shorten_middle;
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
        Column::text("serial"),
        Column::text("state"),
        Column::number("success"),
        Column::number("failed"),
        Column::flexible("main reason +others"),
        Column::number("clients"),
        Column::text("first seen"),
        Column::text("last seen"),
        Column::text("not before"),
        Column::text("not after"),
        Column::number("days left"),
        Column::text("rotated by"),
    ]);
    for row in &inventory.certificates {
        grid.styled_row(look(row), cells(row));
    }
    page.section("Certificates", "by subject, below it its serial numbers; --format csv has whole times; ~ is an estimate");
    page.titled_table(grid, subjects(&inventory.certificates));
}

/// The subject of each row whose predecessor has another one.
fn subjects(rows: &[CertificateRow]) -> Vec<Option<String>> {
    let mut before: Option<&Option<String>> = None;
    rows.iter().map(|row| (before.replace(&row.subject) != Some(&row.subject)).then(|| logged(&row.subject))).collect()
}

fn cells(row: &CertificateRow) -> [String; 12] {
    [
        logged(&row.serial),
        state(row.state).to_owned(),
        count(row.successes),
        count(row.failures.values().sum()),
        main_reason(row),
        clients(row.clients, row.clients_exact),
        day(Some(&row.first_seen)),
        day(Some(&row.last_seen)),
        day(row.not_before.as_deref()),
        day(row.not_after.as_deref()),
        days_left(row),
        short_serial(&row.rotated_by),
    ]
}

/// The day of a time, UTC.
fn day(time: Option<&str>) -> String {
    time.and_then(|time| time.split('T').next()).unwrap_or("-").to_owned()
}

/// Both ends of a serial number tell enough to find it among those of its subject.
fn short_serial(serial: &Option<String>) -> String {
    serial.as_deref().map_or_else(|| "-".to_owned(), |serial| shorten_middle(serial, 11).into_owned())
}

fn forecast(page: &mut Page, inventory: &CertificateInventory, forecast: &Forecast) {
    let title = format!("Expiring by {}", second(&forecast.until));
    page.section(&title, &format!("certificates that work now and not after: the next {}", ahead(forecast.within_s)));
    let look = if forecast.certificates == 0 { style::GOOD } else { style::BAD };
    page.paragraph(look, "  ", &headline(forecast));
    if !inventory.certificates.is_empty() {
        page.blank();
        expiring(page, &inventory.certificates);
    }
    if !inventory.replaced.is_empty() {
        page.section("Replaced in time", "not seen since a newer certificate of the same subject works, which all its clients use");
        expiring(page, &inventory.replaced);
    }
    if !inventory.expired_unseen.is_empty() {
        page.section("Expired unseen", "worked when last seen, expired since: will fail if they are in use still");
        expiring(page, &inventory.expired_unseen);
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
    if forecast.worked_after_expiry > 0 {
        let still = count(forecast.worked_after_expiry);
        headline.push_str(&format!(" {still} of them worked after NotAfter, so a listener ignores expiry: they fail once it does not."));
    }
    headline
}

/// Seconds in the largest unit that gives a whole number.
fn ahead(seconds: u64) -> String {
    if seconds.is_multiple_of(86_400) { counted(seconds / 86_400, "day") } else { counted(seconds / 3_600, "hour") }
}

fn expiring(page: &mut Page, rows: &[CertificateRow]) {
    let mut grid = Grid::new([
        Column::text("serial"),
        Column::number("success"),
        Column::number("clients"),
        Column::text("last seen"),
        Column::text("not after"),
        Column::number("days left"),
        Column::text("rotated by"),
        Column::flexible("remark"),
    ]);
    for row in rows {
        let cells = [
            logged(&row.serial),
            count(row.successes),
            clients(row.clients, row.clients_exact),
            second(&row.last_seen),
            row.not_after.as_deref().map(second).unwrap_or_default(),
            days_left(row),
            short_serial(&row.rotated_by),
            remark(row).to_owned(),
        ];
        grid.styled_row(look(row), cells);
    }
    page.titled_table(grid, subjects(rows));
}

/// What else the reader should know of a certificate that expires.
fn remark(row: &CertificateRow) -> &'static str {
    match row {
        row if row.worked_after_expiry => "worked after expiry",
        row if row.validity_differs => "several validities logged",
        row if row.rotated_by.is_some() && !row.replaced => "not surely replaced everywhere",
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
