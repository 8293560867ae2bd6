//! Outcomes, failures by reason, and who fails most.

use std::collections::BTreeMap;

use anstyle::Style;
use tlslake_engine::report::{Report, TopEntry};

use super::super::number::{count, share};
use super::super::page::{Page, style};
use super::super::table::{Column, Grid};
use super::reasons::meaning;

/// Entries of a top list shown at most; the JSON form has them all.
const MAX_TOP: usize = 10;

pub(super) fn render(page: &mut Page, report: &Report) {
    if report.rows == 0 {
        return;
    }
    outcomes(page, report);
    failures(page, report);
    let top = &report.top_failing;
    top_failing(page, "Clients that fail most", "client_ip", &top.client_ip, report.outcomes.failed);
    top_failing(page, "Certificate subjects that fail most", "subject", &top.subject, report.outcomes.failed);
}

fn outcomes(page: &mut Page, report: &Report) {
    let outcomes = report.outcomes;
    let rows: [(&str, u64, Style, &str); 5] = [
        ("success", outcomes.success, style::GOOD, "the handshake succeeded"),
        ("failed", outcomes.failed, style::BAD, "the handshake failed, for one of the reasons below"),
        ("no verdict, plain HTTP", outcomes.no_verdict_http, style::PLAIN, "no TLS on this listener port: no failure"),
        ("no verdict, TLS", outcomes.no_verdict_tls, style::PLAIN, "TLS that asks for no certificate, or never finished"),
        ("other status", outcomes.other, style::ODD, "a status that AWS has not documented"),
    ];
    let mut grid = Grid::new([Column::text("outcome"), Column::number("count"), Column::number("share"), Column::flexible("meaning")]);
    for (name, number, look, meaning) in rows {
        if number > 0 {
            grid.styled_row(look, [name.to_owned(), count(number), share(number, report.rows), meaning.to_owned()]);
        }
    }
    page.section("Outcomes", &headline(report));
    page.table(grid);
}

/// The night's answer in one sentence.
fn headline(report: &Report) -> String {
    let failed = report.outcomes.failed;
    let Some((code, number)) = by_count(&report.failures).into_iter().next().filter(|_| failed > 0) else {
        return format!("none of {} connections failed", count(report.rows));
    };
    let (of_all, of_failed) = (share(failed, report.rows), share(number, failed));
    format!("{} of {} connections failed ({of_all}); of these {of_failed} {code}", count(failed), count(report.rows))
}

fn failures(page: &mut Page, report: &Report) {
    if report.failures.is_empty() {
        return;
    }
    let mut grid = Grid::new([Column::text("reason"), Column::number("count"), Column::number("share"), Column::flexible("meaning")]);
    for (code, number) in by_count(&report.failures) {
        grid.row([code.to_owned(), count(number), share(number, report.outcomes.failed), meaning(code).to_owned()]);
    }
    page.section("Failures by reason", "shares are of the failures");
    page.table(grid);
}

fn top_failing(page: &mut Page, title: &str, heading: &'static str, entries: &[TopEntry], failed: u64) {
    if entries.is_empty() {
        return;
    }
    let mut grid =
        Grid::new([Column::flexible(heading), Column::number("failed"), Column::number("share"), Column::text("main reason +others")]);
    for entry in entries.iter().take(MAX_TOP) {
        grid.row([entry.value.clone(), at_most(entry), share(entry.count, failed), main_reason(&entry.reasons)]);
    }
    page.section(title, &caption(entries));
    page.table(grid);
}

/// The count, marked where it may be too high.
fn at_most(entry: &TopEntry) -> String {
    let mark = if entry.error > 0 { "≤" } else { "" };
    format!("{mark}{}", count(entry.count))
}

fn caption(entries: &[TopEntry]) -> String {
    let shown = &entries[..entries.len().min(MAX_TOP)];
    let more = match entries.len() - shown.len() {
        0 => None,
        more => Some(format!("{more} more in --format json")),
    };
    let error = match shown.iter().map(|entry| entry.error).max() {
        Some(error) if error > 0 => Some(format!("≤ may be too high by up to {}", count(error))),
        _ => None,
    };
    more.into_iter().chain(error).collect::<Vec<_>>().join("; ")
}

/// `ClientCertExpired 1,200 +2`: the most frequent reason, and how many others there are.
fn main_reason(reasons: &BTreeMap<String, u64>) -> String {
    let ordered = by_count(reasons);
    match ordered.as_slice() {
        [] => String::new(),
        [(code, number)] => format!("{code} {}", count(*number)),
        [(code, number), others @ ..] => format!("{code} {} +{}", count(*number), others.len()),
    }
}

/// Most first; equal ones by name.
fn by_count(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut ordered: Vec<_> = counts.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    ordered.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    ordered
}
