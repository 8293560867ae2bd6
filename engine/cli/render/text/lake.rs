//! What was written, and what to type next.

use std::path::Path;

use tlslake_engine::report::{Output, Report};

use super::super::number::{bytes, counted, smaller};
use super::super::page::{Page, style};
use super::{shell, trouble};

/// More inputs than this are not repeated in a command to type.
const MAX_REPEATED_INPUTS: usize = 4;

pub(super) fn render(page: &mut Page, report: &Report, inputs: &[String]) {
    match &report.output {
        Some(output) if output.committed => {
            written(page, report, output);
            next(page, report, output, inputs);
        }
        Some(_) => refused(page, report),
        None if report.rows > 0 => conversion(page, inputs),
        None => {}
    }
}

fn written(page: &mut Page, report: &Report, output: &Output) {
    page.section("Lake", &output.path);
    let sizes = [
        (smaller(report.input.raw_bytes, output.bytes), "than the text"),
        (smaller(report.input.compressed_bytes, output.bytes), "than the input as stored"),
    ];
    let smaller: Vec<_> = sizes.iter().filter(|(ratio, _)| !ratio.is_empty()).map(|(ratio, what)| format!("{ratio} {what}")).collect();
    let smaller = if smaller.is_empty() { String::new() } else { format!(" ({})", smaller.join(", ")) };
    let line =
        format!("  connections/: {}, {}, {}{smaller}", counted(output.files, "file"), counted(output.rows, "row"), bytes(output.bytes));
    page.line(style::PLAIN, &line);
    runs(page, output);
}

/// What this run added, where the lake was not made by it alone.
fn runs(page: &mut Page, output: &Output) {
    if output.inputs_held > 0 {
        let read = if output.inputs_read == 0 { "nothing new".to_owned() } else { counted(output.inputs_read, "input") };
        page.line(style::PLAIN, &format!("  this run: {read}; {} there already", counted(output.inputs_held, "input")));
    }
    if output.inputs_replaced > 0 {
        page.line(style::PLAIN, &format!("  rows of {} written anew (--replace-changed)", counted(output.inputs_replaced, "input")));
    }
    if output.leftovers_removed > 0 {
        page.line(style::ODD, &format!("  removed what a run that was cut off had left: {}", counted(output.leftovers_removed, "file")));
    }
}

fn refused(page: &mut Page, report: &Report) {
    page.section("Lake", "");
    page.line(style::BAD, &format!("  nothing was committed: --strict, and {}", trouble(report)));
}

fn conversion(page: &mut Page, inputs: &[String]) {
    if inputs.is_empty() || inputs.len() > MAX_REPEATED_INPUTS || inputs.iter().any(|input| input == "-") {
        return;
    }
    let words: Vec<_> = inputs.iter().map(|input| shell::word(input)).collect();
    page.section("Next", "");
    page.line(style::PLAIN, &format!("  tlslake convert {} --out {}", words.join(" "), free_name()));
}

/// A folder that is not there yet: `convert` wants a new one.
fn free_name() -> String {
    let numbered = (2..100).map(|number| format!("lake-{number}"));
    let mut names = std::iter::once("lake".to_owned()).chain(numbered);
    names.find(|name| !Path::new(name).exists()).unwrap_or_else(|| "NEW_FOLDER".to_owned())
}

/// What to ask the lake, and what to do before the logs go.
fn next(page: &mut Page, report: &Report, output: &Output, inputs: &[String]) {
    let queries = queries(report, output);
    let can_be_named = !inputs.is_empty() && inputs.len() <= MAX_REPEATED_INPUTS && inputs.iter().all(|input| input != "-");
    if queries.is_empty() && !can_be_named {
        return;
    }
    page.section("Next", "");
    for query in queries {
        page.line(style::PLAIN, &format!("  duckdb -c {}", shell::double_quoted(&query)));
    }
    if can_be_named {
        let words: Vec<_> = std::iter::once(&output.path).chain(inputs).map(|word| shell::word(word)).collect();
        page.line(style::PLAIN, &format!("  tlslake verify {}", words.join(" ")));
    }
}

fn queries(report: &Report, output: &Output) -> Vec<String> {
    let mut queries = Vec::new();
    if report.outcomes.failed > 0 {
        let connections = shell::parquet(&output.path, "connections");
        queries.push(format!(
            "SELECT elb, listener_port, tls_failure_reason, count(*) AS failures FROM {connections} \
             WHERE tls_verify_status LIKE 'Failed%' GROUP BY ALL ORDER BY failures DESC"
        ));
        queries.extend(report.top_failing.client_ip.first().map(|top| of_client(&connections, &top.value)));
    } else if output.rows > 0 {
        queries.push(format!("SELECT * FROM {} LIMIT 10", shell::parquet(&output.path, "connections")));
    }
    if report.rejected > 0 {
        queries.push(format!("SELECT * FROM {} LIMIT 10", shell::parquet(&output.path, "rejected")));
    }
    queries
}

fn of_client(connections: &str, client: &str) -> String {
    format!("SELECT * FROM {connections} WHERE client_ip = {} ORDER BY time DESC LIMIT 10", shell::sql_text(client))
}
