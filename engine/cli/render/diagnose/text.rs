//! Findings for a terminal: rank, reason, cause and certainty first, then why, then what to type.

use tlslake_engine::diagnose::{Certainty, Diagnosis, Finding};

use super::super::page::{Page, style};
use super::super::shorten::printable;
use super::super::table::{Column, Grid};
use super::{
    IN_SHORT, certainty, clients, headline, in_short, more, needs_table, nothing_failed, put_your_own, source, span, subject, weight, when,
};
use crate::commands::DiagnosisOutcome;

pub(in crate::render) fn render(page: &mut Page, outcome: &DiagnosisOutcome) {
    let diagnosis = &outcome.diagnosis;
    page.section("tlslake diagnose", &headline(outcome));
    page.line(style::PLAIN, &format!("  inputs    {}", outcome.inputs.join(" ")));
    page.line(style::PLAIN, &format!("  time      {}", span(outcome)));
    if diagnosis.total_findings == 0 {
        page.blank();
        page.line(style::GOOD, &nothing_failed(outcome));
    }
    if needs_table(diagnosis) {
        table(page, diagnosis);
    }
    for (index, one) in diagnosis.findings.iter().enumerate() {
        page.blank();
        finding(page, index + 1, one, diagnosis);
    }
    if let Some(more) = more(diagnosis) {
        page.blank();
        page.line(style::QUIET, &more);
    }
    if let Some(own) = put_your_own(diagnosis) {
        page.blank();
        page.paragraph(style::PLAIN, "", &own);
    }
    notes(page, &diagnosis.notes);
}

/// Every case by reason.
fn table(page: &mut Page, diagnosis: &Diagnosis) {
    let [reason, certificates, failures, share, clients, listeners, since, last] = IN_SHORT;
    let mut grid = Grid::new([
        Column::text(reason),
        Column::number(certificates),
        Column::number(failures),
        Column::number(share),
        Column::number(clients),
        Column::flexible(listeners),
        Column::text(since),
        Column::text(last),
    ]);
    diagnosis.reasons.iter().for_each(|reason| grid.row(in_short(reason, diagnosis)));
    page.section("In short", "every finding, shown below or not, by reason");
    page.table(grid);
}

fn finding(page: &mut Page, rank: usize, finding: &Finding, diagnosis: &Diagnosis) {
    let sure = certainty(finding.certainty);
    page.line(style::TITLE, &format!("#{rank}  {}  {}  [{sure}]  {}", finding.reason, finding.cause.name(), weight(finding, diagnosis)));
    let look = if finding.certainty == Certainty::Proven { style::BAD } else { style::ODD };
    page.paragraph(look, "  ", &finding.summary);
    facts(page, finding);
    evidence(page, finding);
    hypotheses(page, finding);
    fix(page, finding);
}

fn facts(page: &mut Page, finding: &Finding) {
    let subject = subject(finding);
    let serial = finding.serial.as_deref().map(|serial| format!("  serial {serial}")).unwrap_or_default();
    page.line(style::PLAIN, &format!("  certificate  {subject}{serial}"));
    page.line(style::PLAIN, &format!("  clients      {}", clients(finding)));
    page.line(style::PLAIN, &format!("  listeners    {}", finding.listeners.join(", ")));
    page.line(style::PLAIN, &format!("  when         {}", when(finding)));
}

fn evidence(page: &mut Page, finding: &Finding) {
    if finding.evidence.is_empty() {
        return;
    }
    page.line(style::TITLE, "  Evidence");
    for one in &finding.evidence {
        page.paragraph(style::PLAIN, "    ", &format!("{}: {}", source(one.from), one.says));
    }
}

fn hypotheses(page: &mut Page, finding: &Finding) {
    if finding.hypotheses.is_empty() {
        return;
    }
    page.line(style::TITLE, "  May also be (not proven)");
    for one in &finding.hypotheses {
        page.paragraph(style::PLAIN, "    ", &format!("{}? {}", one.cause.name(), one.why));
        page.paragraph(style::QUIET, "      ", &format!("check: {}", one.check));
    }
}

fn fix(page: &mut Page, finding: &Finding) {
    page.line(style::TITLE, "  Fix");
    for (index, one) in finding.fix.iter().enumerate() {
        page.paragraph(style::PLAIN, "    ", &format!("{}. {}", index + 1, one.step));
        for line in one.command.iter().flat_map(|command| command.lines()) {
            page.line(style::PLAIN, &format!("       {}", printable(line)));
        }
    }
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
