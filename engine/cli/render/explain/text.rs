//! An explanation for a terminal: short lines, one thing at a time, commands that can be copied whole.

use tlslake_engine::reasons::{Check, Reason, example};

use super::super::page::{Page, style};
use super::{COMMANDS_ABOUT, LIST_ABOUT, cause, legend, log_proves};
use crate::commands::Explanation;

/// Longer lines of prose are hard to read, however wide the terminal is.
const MAX_WIDTH: usize = 100;

pub(in crate::render) fn render(explanation: Explanation, width: usize) -> String {
    let mut page = Page::new(width.min(MAX_WIDTH));
    match explanation {
        Explanation::One(reason) => one(&mut page, reason),
        Explanation::All(reasons) => list(&mut page, reasons),
    }
    page.finish()
}

fn list(page: &mut Page, reasons: &[Reason]) {
    page.section("Reason codes", LIST_ABOUT);
    for reason in reasons {
        page.section(reason.code, reason.meaning);
        page.item(style::PLAIN, "  the log proves: ", &log_proves(reason));
    }
}

fn one(page: &mut Page, reason: &Reason) {
    page.section(reason.code, reason.meaning);
    page.paragraph(style::PLAIN, "  ", reason.about);
    causes(page, reason);
    page.section("Check", "in this order");
    for (index, check) in reason.checks.iter().enumerate() {
        self::check(page, index + 1, check);
    }
    fixes(page, reason);
    log(page, reason);
    page.section("In these commands", COMMANDS_ABOUT);
    for placeholder in legend(reason) {
        page.item(style::PLAIN, &format!("  {:<20}  ", placeholder.example), placeholder.meaning);
    }
    page.section("Sources", "");
    for source in reason.sources {
        page.paragraph(style::PLAIN, "  ", source.title);
        page.line(style::PLAIN, &format!("    {}", source.url));
    }
}

fn causes(page: &mut Page, reason: &Reason) {
    page.section("Usual causes", "most usual first");
    for (index, usual) in reason.causes.iter().enumerate() {
        page.item(style::TITLE, &format!("  {}. ", index + 1), &cause(usual));
        page.paragraph(style::PLAIN, "     ", usual.why);
    }
}

fn check(page: &mut Page, number: usize, check: &Check) {
    page.item(style::TITLE, &format!("  {number}. "), check.title);
    page.paragraph(style::PLAIN, "     ", check.tells);
    let groups = check.commands.by_system();
    for (systems, command) in &groups {
        if groups.len() > 1 {
            page.line(style::QUIET, &format!("     {}:", systems.join(", ")));
        }
        commands(page, command);
    }
}

fn fixes(page: &mut Page, reason: &Reason) {
    page.section("Fix", "");
    for (index, fix) in reason.fixes.iter().enumerate() {
        page.item(style::TITLE, &format!("  {}. ", index + 1), &example(fix.step));
        commands(page, fix.command.unwrap_or_default());
    }
}

/// Never broken: a command must be fit to be copied.
fn commands(page: &mut Page, template: &str) {
    for line in example(template).lines() {
        page.line(style::GOOD, &format!("       {line}"));
    }
}

fn log(page: &mut Page, reason: &Reason) {
    page.section("The log alone", "");
    if reason.log.can.is_empty() {
        page.line(style::PLAIN, "  proves        nothing beyond the code itself");
    }
    for proof in reason.log.can {
        page.item(style::PLAIN, "  proves        ", proof);
    }
    for open in reason.log.cannot {
        page.item(style::PLAIN, "  can't prove   ", open);
    }
}
