//! One line per certificate, of a forecast those replaced in time and those expired unseen last. As values stand in the JSON form; of lists, parts are separated by `;`.

use tlslake_engine::diagnose::{CertificateInventory, CertificateRow};

use super::{by_count, state};
use crate::exit::Failure;

const HEADING: [&str; 18] = [
    "subject",
    "serial",
    "state",
    "first_seen",
    "last_seen",
    "connections",
    "successes",
    "failed",
    "failures",
    "clients",
    "listeners",
    "not_before",
    "not_after",
    "days_left",
    "rotated_by",
    "replaced",
    "worked_after_expiry",
    "incomplete",
];

pub(in crate::render) fn render(inventory: &CertificateInventory) -> Result<String, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::run(format!("writing CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADING).map_err(|error| failed(&error))?;
    for row in inventory.certificates.iter().chain(&inventory.replaced).chain(&inventory.expired_unseen) {
        writer.write_record(record(row)).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn record(row: &CertificateRow) -> [String; 18] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let failures: Vec<String> = by_count(&row.failures).iter().map(|(reason, count)| format!("{reason}={count}")).collect();
    [
        text(&row.subject),
        text(&row.serial),
        state(row.state).to_owned(),
        row.first_seen.clone(),
        row.last_seen.clone(),
        row.connections.to_string(),
        row.successes.to_string(),
        row.failures.values().sum::<u64>().to_string(),
        failures.join(";"),
        row.clients.to_string(),
        row.listeners.join(";"),
        text(&row.not_before),
        text(&row.not_after),
        row.days_left.map(|days| days.to_string()).unwrap_or_default(),
        text(&row.rotated_by),
        row.replaced.to_string(),
        row.worked_after_expiry.to_string(),
        row.incomplete.to_string(),
    ]
}
