//! The inventory of certificates as tables and as comma-separated values.

mod csv;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use tlslake_engine::diagnose::CertificateState;

pub(super) use self::csv::render as csv;
pub(super) use text::render as text;

/// How a certificate fared last, in a word.
fn state(state: CertificateState) -> &'static str {
    match state {
        CertificateState::Working => "working",
        CertificateState::Failing => "failing",
        CertificateState::NoVerdict => "no-verdict",
    }
}

/// Reasons with their counts, most first; equal ones by name.
fn by_count(failures: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut ordered: Vec<_> = failures.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    ordered.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ordered
}
