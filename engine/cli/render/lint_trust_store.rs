//! What is wrong with a trust store's files: file by file, line by line, each with its fix; then the verdict.

use tlslake_engine::trust::{LintFile, LintFileKind, LintProblem, LintReport, LintSeverity};

use super::number::{bytes, counted};
use super::page::{Page, style};
use super::shorten::columns;

/// Between the columns of a problem.
const GAP: &str = "  ";

pub(super) fn render(page: &mut Page, report: &LintReport) {
    for file in &report.files {
        let kind = match file.kind {
            LintFileKind::CaBundle => "CA bundle",
            LintFileKind::Crl => "CRL",
        };
        page.section(&file.file, &format!("{kind}, {}, {}", file.holds, bytes(file.bytes as u64)));
        problems(page, file, report);
    }
    page.section("Verdict", "");
    let (look, verdict) = verdict(report);
    page.item(look, GAP, &verdict);
}

fn problems(page: &mut Page, file: &LintFile, report: &LintReport) {
    // A file given twice is shown twice, each time with the problems of both.
    let problems: Vec<&LintProblem> = report.problems.iter().filter(|problem| problem.file == file.file).collect();
    if problems.is_empty() {
        page.line(style::GOOD, &format!("{GAP}nothing wrong"));
    }
    let width = problems.iter().map(|problem| columns(&place(problem))).max().unwrap_or(0);
    for problem in problems {
        let (look, severity) = match problem.severity {
            LintSeverity::Error => (style::BAD, "error  "),
            LintSeverity::Warning => (style::ODD, "warning"),
        };
        let place = place(problem);
        let gap = " ".repeat(width.saturating_sub(columns(&place)));
        page.item(look, &format!("{GAP}{place}{gap}{GAP}{severity}{GAP}"), &format!("{} [{}]", problem.says, problem.rule));
        page.item(style::PLAIN, &format!("{GAP}{}{GAP}fix    {GAP}", " ".repeat(width)), &problem.fix);
    }
}

/// `bundle.pem:12`, as editors and terminals open it.
fn place(problem: &LintProblem) -> String {
    match problem.line {
        Some(line) => format!("{}:{line}", problem.file),
        None => problem.file.clone(),
    }
}

fn verdict(report: &LintReport) -> (anstyle::Style, String) {
    let (errors, warnings) = (report.counts.errors as u64, report.counts.warnings as u64);
    match (errors, warnings) {
        (0, 0) => (style::GOOD, "clean: nothing that a load balancer refuses".to_owned()),
        (0, _) => (style::ODD, format!("usable, with {}: nothing that a load balancer refuses", counted(warnings, "warning"))),
        _ => {
            let found = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
            (style::BAD, format!("do not upload it: {found}; errors are refused, or break clients"))
        }
    }
}
