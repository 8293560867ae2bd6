//! Whether a lake holds what it says, at a glance; then every difference, by name.

use tlslake_engine::report::{DifferenceKind, Verification};

use super::number::{bytes, count, counted, duration};
use super::page::{Page, style};

pub(super) fn render(page: &mut Page, result: &Verification) {
    let about = format!("{}, {}, {}", counted(result.units, "work unit"), counted(result.inputs, "input"), counted(result.files, "file"));
    page.section(&format!("tlslake verify {}", result.path), &about);
    let Verification { lines, rows, rejected, blank, out_of_range, .. } = *result;
    let sum =
        format!("{} rows + {} rejected + {} blank + {} out of range", count(rows), count(rejected), count(blank), count(out_of_range));
    page.line(look(lines == rows + rejected + blank + out_of_range), &format!("  lines    {} = {sum}", count(lines)));
    let footers = format!("  footers  {} in connections/", counted(result.footer_rows, "row"));
    page.line(look(result.footer_rows == rows), &footers);
    let damaged = of_kind(result, DifferenceKind::File);
    let files = format!("  files    {}, {} read back: size, checksum, footer", counted(result.files, "file"), bytes(result.bytes));
    page.line(look(damaged == 0), &files);
    if result.inputs_failed > 0 {
        let failed = format!(
            "  failed   {} could not be read, and gave no row; `tlslake convert` tries again",
            counted(result.inputs_failed, "input")
        );
        page.line(style::ODD, &failed);
    }
    logs(page, result);
    differences(page, result);
    let verdict = if result.holds { "everything holds" } else { "not everything holds: keep the logs" };
    let verdict = format!("  {verdict} ({})", duration(result.elapsed_s));
    page.section("Verdict", "");
    page.line(look(result.holds), &verdict);
    if result.holds && result.logs.is_none() {
        page.line(
            style::QUIET,
            &format!("  to compare it with the logs themselves: tlslake verify {} LOGS", super::text::shell::word(&result.path)),
        );
    }
}

fn logs(page: &mut Page, result: &Verification) {
    let Some(logs) = result.logs else { return };
    let line = format!(
        "  logs     {} of {} the same, {} and {} of text read again",
        count(logs.same),
        counted(logs.inputs, "input"),
        counted(logs.lines, "line"),
        bytes(logs.raw_bytes)
    );
    page.line(look(logs.same == logs.inputs), &line);
    if logs.others > 0 {
        let others =
            format!("           {} beside them not read: no connection logs by their names, or given twice", counted(logs.others, "file"));
        page.line(style::QUIET, &others);
    }
    if logs.not_given > 0 {
        page.line(style::ODD, &format!("           {} of the lake not given, so not compared", counted(logs.not_given, "input")));
    }
}

fn differences(page: &mut Page, result: &Verification) {
    if result.differences.is_empty() {
        return;
    }
    page.section("Differences", &count(result.differences_total));
    for difference in &result.differences {
        page.item(style::BAD, "  ", &format!("{}: {}", difference.place, difference.problem));
    }
    let more = result.differences_total.saturating_sub(result.differences.len() as u64);
    if more > 0 {
        page.line(style::ODD, &format!("  and {} more", count(more)));
    }
}

fn of_kind(result: &Verification, kind: DifferenceKind) -> usize {
    result.differences.iter().filter(|difference| difference.kind == kind).count()
}

fn look(is_good: bool) -> anstyle::Style {
    if is_good { style::GOOD } else { style::BAD }
}
