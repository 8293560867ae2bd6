//! Findings as Markdown. All that comes from logs and files is escaped: a stranger chose it, and a ticket renders it.

use std::fmt::Write;

use tlslake_engine::diagnose::{Diagnosis, Finding};

use super::super::shorten::printable;
use super::{
    IN_SHORT, certainty, clients, headline, in_short, more, needs_table, nothing_failed, put_your_own, source, span, subject, weight, when,
};
use crate::commands::DiagnosisOutcome;

pub(in crate::render) fn render(outcome: &DiagnosisOutcome) -> String {
    let diagnosis = &outcome.diagnosis;
    let mut page = String::from("# Clients that cannot connect\n\n");
    let inputs: Vec<String> = outcome.inputs.iter().map(|input| code(input)).collect();
    // Writing to a String cannot fail; so below.
    let _ = writeln!(page, "{}; {}. Inputs: {}\n", headline(outcome), span(outcome), inputs.join(", "));
    if diagnosis.total_findings == 0 {
        let _ = writeln!(page, "{}", nothing_failed(outcome));
    }
    if needs_table(diagnosis) {
        table(&mut page, diagnosis);
    }
    for (index, one) in diagnosis.findings.iter().enumerate() {
        finding(&mut page, index + 1, one, diagnosis);
    }
    if let Some(more) = more(diagnosis) {
        let _ = writeln!(page, "_{more}_\n");
    }
    if let Some(own) = put_your_own(diagnosis) {
        let _ = writeln!(page, "{}\n", escaped(&own));
    }
    if !diagnosis.notes.is_empty() {
        page.push_str("## Notes\n\n");
        diagnosis.notes.iter().for_each(|note| item(&mut page, &prose(note)));
    }
    format!("{}\n", page.trim_end())
}

/// Every case by reason.
fn table(page: &mut String, diagnosis: &Diagnosis) {
    let _ = writeln!(page, "## In short\n\n| {} |\n|{}", IN_SHORT.join(" | "), " --- |".repeat(IN_SHORT.len()));
    for reason in &diagnosis.reasons {
        let cells = in_short(reason, diagnosis).map(|cell| escaped(&cell));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page.push('\n');
}

fn finding(page: &mut String, rank: usize, finding: &Finding, diagnosis: &Diagnosis) {
    let (reason, cause, sure) = (code(&finding.reason), finding.cause.name(), certainty(finding.certainty));
    let _ = writeln!(page, "## {rank}. {reason}: {cause} ({sure})\n");
    let _ = writeln!(page, "**{sure}**: {}\n", escaped(&finding.summary));
    let subject = finding.subject.as_deref().map_or_else(|| "none logged".to_owned(), |_| code(subject(finding)));
    let serial = finding.serial.as_deref().map(|serial| format!(", serial {}", code(serial))).unwrap_or_default();
    let listeners: Vec<String> = finding.listeners.iter().map(|listener| code(listener)).collect();
    item(page, &format!("Affected: {}", weight(finding, diagnosis)));
    item(page, &format!("Certificate: {subject}{serial}"));
    item(page, &format!("Clients: {}", clients(finding)));
    item(page, &format!("Listeners: {}", listeners.join(", ")));
    item(page, &format!("When: {}", when(finding)));
    details(page, finding);
}

fn details(page: &mut String, finding: &Finding) {
    if !finding.evidence.is_empty() {
        page.push_str("\n### Evidence\n\n");
        finding.evidence.iter().for_each(|one| item(page, &format!("{}: {}", source(one.from), escaped(&one.says))));
    }
    if !finding.hypotheses.is_empty() {
        page.push_str("\n### May also be (not proven)\n\n");
        for one in &finding.hypotheses {
            item(page, &format!("{}? {} Check: {}", one.cause.name(), escaped(&one.why), prose(&one.check)));
        }
    }
    page.push_str("\n### Fix\n\n");
    for (index, one) in finding.fix.iter().enumerate() {
        let _ = writeln!(page, "{}. {}", index + 1, prose(&one.step));
        if let Some(command) = &one.command {
            block(page, command);
        }
    }
    page.push('\n');
}

fn item(page: &mut String, text: &str) {
    let _ = writeln!(page, "- {text}");
}

/// A block of commands inside an item of a list.
fn block(page: &mut String, command: &str) {
    let fence = "`".repeat(longest_run(command).max(2) + 1);
    let _ = writeln!(page, "\n   {fence}sh");
    for line in command.lines() {
        let _ = writeln!(page, "   {}", printable(line));
    }
    let _ = writeln!(page, "   {fence}\n");
}

/// Text as it stands, in one line.
pub(super) fn code(text: &str) -> String {
    let text = printable(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space inside each fence keeps backticks and spaces at the ends apart from it; Markdown takes one off again.
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Sentences of ours, with what stands between runs of as many backticks as code. However these are paired, nothing in them means anything
/// else.
fn prose(text: &str) -> String {
    let mut prose = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, from)) = rest.find('`').and_then(|at| rest.split_at_checked(at)) {
        let inside = from.trim_start_matches('`');
        let fence = from.len() - inside.len();
        prose.push_str(&escaped(before));
        rest = match closed_by(inside, fence) {
            Some((inside, behind)) => {
                prose.push_str(&code(inside));
                behind
            }
            None => {
                prose.push_str(&escaped(&"`".repeat(fence)));
                inside
            }
        };
    }
    prose.push_str(&escaped(rest));
    prose
}

/// What stands before the next run of exactly so many backticks, and behind it.
fn closed_by(text: &str, fence: usize) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find('`').map(|at| from + at) {
        let run = text.get(at..)?.chars().take_while(|c| *c == '`').count();
        if run == fence {
            return Some((text.get(..at)?, text.get(at + run..)?));
        }
        from = at + run;
    }
    None
}

/// Text with everything that means something in Markdown or HTML made to mean itself.
pub(super) fn escaped(text: &str) -> String {
    let text = printable(text);
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // No mention of anybody, and no link.
            '@' => escaped.push_str("&#64;"),
            ':' if ends_with_any(&escaped, &["http", "https", "mailto", "ftp", "xmpp"]) => escaped.push_str("&#58;"),
            '.' if ends_with_any(&escaped, &["www"]) => escaped.push_str("&#46;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Whether `text` ends with one of these words, in any letter case.
fn ends_with_any(text: &str, words: &[&str]) -> bool {
    let end = |word: &str| text.len().checked_sub(word.len()).and_then(|at| text.get(at..));
    words.iter().any(|word| end(word).is_some_and(|end| end.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_stranger_means_itself() {
        assert_eq!(prose("CN=<b>*x*</b> [a](b) `c*` @all"), "CN=&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) `c*` &#64;all");
        assert_eq!(prose("a\nb"), "a\\\\u{a}b");
        assert_eq!(prose("run ``a 'CN=x`y'`` [z](w)"), "run ``a 'CN=x`y'`` \\[z\\](w)");
        assert_eq!(prose("CN=x` [z](w)"), "CN=x\\` \\[z\\](w)");
        assert_eq!(escaped("HTTPS://a Www.b MAILTO:c"), "HTTPS&#58;//a Www&#46;b MAILTO&#58;c");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\n# b"), "`a\\u{a}# b`");
    }

    #[test]
    fn a_command_cannot_end_its_block() {
        let mut page = String::new();
        block(&mut page, "echo '```'\necho");
        assert_eq!(page, "\n   ````sh\n   echo '```'\n   echo\n   ````\n\n");
    }
}
