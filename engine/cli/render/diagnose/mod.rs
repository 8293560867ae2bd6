//! A diagnosis as text for the night and as Markdown for a ticket. What is proven and what is guessed differ in words, not in looks alone.

mod markdown;
mod support;
mod text;

use tlslake_engine::diagnose::{Certainty, Diagnosis, EvidenceSource, Finding, ReasonInShort};

use super::number::{count, counted, share};
use super::text::trouble;
use crate::commands::DiagnosisOutcome;

pub(super) use markdown::render as markdown;
pub(crate) use support::support_readme;
pub(super) use text::render as text;

/// How sure a cause is, in a word that stands out.
fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Proven => "PROVEN",
        Certainty::Likely => "likely",
        Certainty::Unknown => "unknown",
    }
}

/// Where evidence comes from.
fn source(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Log => "log",
        EvidenceSource::CaBundle => "CA bundle",
        EvidenceSource::Crl => "revocation list",
        EvidenceSource::ClientCert => "client certificate",
    }
}

/// What was read: `3 files, 610 connections, 119 failed (19.5 %)`.
fn headline(outcome: &DiagnosisOutcome) -> String {
    let (report, failed) = (&outcome.report, outcome.report.outcomes.failed);
    let connections = counted(report.rows, "connection");
    match failed {
        0 => format!("{}, {connections}, none failed", counted(report.input.files, "file")),
        _ => format!("{}, {connections}, {} failed ({})", counted(report.input.files, "file"), count(failed), share(failed, report.rows)),
    }
}

/// First and last event.
fn span(outcome: &DiagnosisOutcome) -> String {
    match (&outcome.report.time.first, &outcome.report.time.last) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no connections".to_owned(),
    }
}

/// Said where there is no finding.
fn nothing_failed(outcome: &DiagnosisOutcome) -> String {
    match outcome.report.rows {
        0 if outcome.report.failed > 0 || outcome.report.rejected > 0 => {
            format!("Nothing could be read of this input, so there is no telling what fails: {}.", trouble(&outcome.report))
        }
        0 => "There is no connection to diagnose in this input.".to_owned(),
        1 => "The one connection did not fail: there is nothing to diagnose.".to_owned(),
        rows => format!("None of {} connections failed: there is nothing to diagnose.", count(rows)),
    }
}

/// Said below the last finding where there are more.
fn more(diagnosis: &Diagnosis) -> Option<String> {
    let shown = diagnosis.findings.len() as u64;
    let shown_failures: u64 = diagnosis.findings.iter().map(|finding| finding.count).sum();
    let left = diagnosis.total_findings.saturating_sub(shown);
    (left > 0).then(|| {
        let failures = counted(diagnosis.failures.saturating_sub(diagnosis.untold).saturating_sub(shown_failures), "failed connection");
        format!("{} with {failures} not shown: `--top all` shows every one", counted(left, "more finding"))
    })
}

/// `31 of 119 failures (26.1 %)`.
fn weight(finding: &Finding, diagnosis: &Diagnosis) -> String {
    format!("{} of {} ({})", count(finding.count), counted(diagnosis.failures, "failure"), share(finding.count, diagnosis.failures))
}

/// `3: 203.0.113.24, 203.0.113.25, …`.
fn clients(finding: &Finding) -> String {
    let more = if finding.clients.count > finding.clients.sample.len() as u64 { ", …" } else { "" };
    format!("{}: {}{more}", count(finding.clients.count), finding.clients.sample.join(", "))
}

/// Whether the findings shown leave out what their table by reason would tell.
fn needs_table(diagnosis: &Diagnosis) -> bool {
    diagnosis.total_findings > diagnosis.findings.len() as u64 || diagnosis.reasons.iter().any(|reason| reason.certificates > 1)
}

/// Headings of the table by reason.
const IN_SHORT: [&str; 8] = ["reason", "certificates", "failures", "share", "clients", "listeners", "since", "last"];

/// A reason's row of it.
fn in_short(reason: &ReasonInShort, diagnosis: &Diagnosis) -> [String; 8] {
    let mark = if reason.clients_exact { "" } else { "~" };
    [
        reason.reason.clone(),
        count(reason.certificates),
        count(reason.failures),
        share(reason.failures, diagnosis.failures),
        format!("{mark}{}", count(reason.clients)),
        match reason.listeners.as_slice() {
            [] => "-".to_owned(),
            [only] => only.clone(),
            [first, more @ ..] => format!("{first} and {} more", count(more.len() as u64)),
        },
        second(&reason.first),
        second(&reason.last),
    ]
}

/// A time without its fraction.
fn second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(whole, _)| format!("{whole}Z"))
}

/// What must be replaced in the commands shown before they do anything.
fn put_your_own(diagnosis: &Diagnosis) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for example in diagnosis.findings.iter().flat_map(|finding| &finding.fix).flat_map(|one| &one.placeholders) {
        if !open.contains(example) {
            open.push(example);
        }
    }
    (!open.is_empty()).then(|| format!("Put your own for: {}", open.join(", ")))
}

/// The logged subject in words.
fn subject(finding: &Finding) -> &str {
    match finding.subject.as_deref() {
        None => "none logged",
        Some("") => "\"\"",
        Some(subject) => subject,
    }
}

/// From the first failure to the last.
fn when(finding: &Finding) -> String {
    if finding.count == 1 { finding.first.clone() } else { format!("{} to {}", finding.first, finding.last) }
}
