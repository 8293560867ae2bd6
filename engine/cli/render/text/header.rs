//! The first lines: what was read, how fast, and whether every line is accounted for.

use jiff::Timestamp;
use tlslake_engine::report::{Report, TimeSpan};

use super::super::number::{bytes, count, counted, duration, throughput};
use super::super::page::{Page, style};

pub(super) fn render(page: &mut Page, report: &Report) {
    let command = if report.output.is_some() { "tlslake convert" } else { "tlslake report" };
    let input = report.input;
    let sizes = format!("{} as stored → {} raw", bytes(input.compressed_bytes), bytes(input.raw_bytes));
    page.section(command, &format!("{}, {sizes}, {}", counted(input.files, "file"), counted(input.lines, "line")));
    page.line(style::PLAIN, &format!("  time      {}", span(&report.time)));
    page.line(style::PLAIN, &format!("  run       {}", pace(report)));
    accounting(page, report);
}

fn span(time: &TimeSpan) -> String {
    match (&time.first, &time.last) {
        (Some(first), Some(last)) => match seconds_between(first, last) {
            Some(seconds) => format!("{first} to {last} ({})", duration(seconds)),
            None => format!("{first} to {last}"),
        },
        _ => "no rows".to_owned(),
    }
}

fn seconds_between(first: &str, last: &str) -> Option<f64> {
    let (first, last) = (first.parse::<Timestamp>().ok()?, last.parse::<Timestamp>().ok()?);
    Some(last.duration_since(first).as_secs_f64())
}

fn pace(report: &Report) -> String {
    let speed = throughput(report.input.raw_bytes, report.elapsed_s);
    let speed = if speed.is_empty() { speed } else { format!("{speed} raw") };
    let peak = report.peak_memory_bytes.map_or_else(String::new, |peak| format!("peak {} MiB", peak.div_ceil(1 << 20)));
    let parts = [duration(report.elapsed_s), speed, peak, format!("kernel {}", report.kernel)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `lines = rows + rejected + blank + out of range`, with the sign that is true.
fn accounting(page: &mut Page, report: &Report) {
    let parts = [(report.rows, "rows"), (report.rejected, "rejected"), (report.blank, "blank"), (report.out_of_range, "out of range")];
    let adds_up = parts.iter().map(|(number, _)| u128::from(*number)).sum::<u128>() == u128::from(report.input.lines);
    let sum = parts.map(|(number, name)| format!("{} {name}", count(number))).join(" + ");
    let look = match (adds_up, report.rejected) {
        (false, _) => style::BAD,
        (true, 0) => style::PLAIN,
        (true, _) => style::ODD,
    };
    let (sign, verdict) = if adds_up { ("=", "") } else { ("≠", "  DOES NOT ADD UP: please report this as a bug") };
    page.line(look, &format!("  lines     {} {sign} {sum}{verdict}", count(report.input.lines)));
}
