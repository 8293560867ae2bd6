//! Handshake latency, over everything and by dimension.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tlslake_engine::report::{Latency, LatencySummary};

use super::super::number::count;
use super::super::page::{Page, style};
use super::super::table::{Column, Grid};

/// Values of one dimension shown at most; the JSON form has them all.
const MAX_VALUES: usize = 12;

pub(super) fn render(page: &mut Page, latency: &Latency) {
    if latency.all.count == 0 {
        return;
    }
    let percentiles = ["min", "p50", "p90", "p95", "p99", "p99.9", "max"].map(Column::number);
    let mut grid = Grid::new([&[Column::flexible(""), Column::number("count")][..], &percentiles].concat());
    grid.row(cells("all", &latency.all));
    let by = &latency.by;
    dimension(&mut grid, "by TLS protocol", &by.tls_protocol);
    dimension(&mut grid, "by cipher", &by.tls_cipher);
    dimension(&mut grid, "by key exchange", &by.tls_keyexchange);
    dimension(&mut grid, "by listener port", &by.listener_port);
    page.section("Handshake latency, ms", "as logged, so for successful handshakes only: AWS writes `-` for all others");
    page.table(grid);
}

/// Most handshakes first; equal ones by name.
fn dimension(grid: &mut Grid, title: &str, values: &BTreeMap<String, LatencySummary>) {
    let mut values: Vec<_> = values.iter().filter(|(_, summary)| summary.count > 0).collect();
    if values.is_empty() {
        return;
    }
    values.sort_by_key(|(_, summary)| Reverse(summary.count));
    grid.styled_row(style::QUIET, [title.to_owned()]);
    for (value, summary) in values.iter().take(MAX_VALUES) {
        grid.row(cells(&format!("  {value}"), summary));
    }
    if values.len() > MAX_VALUES {
        grid.styled_row(style::QUIET, [format!("  {} more in --format json", values.len() - MAX_VALUES)]);
    }
}

fn cells(label: &str, summary: &LatencySummary) -> Vec<String> {
    let LatencySummary { count: handshakes, min, p50, p90, p95, p99, p999, max } = *summary;
    let milliseconds = [min, p50, p90, p95, p99, p999, max].map(|value| value.map(count).unwrap_or_default());
    [label.to_owned(), count(handshakes)].into_iter().chain(milliseconds).collect()
}
