//! What was measured, stage by stage; then what it comes to for an archive.

use tlslake_engine::report::{Benchmark, Measured, Projection, Spread};

use super::number::{bytes, count, counted, duration, three_digits};
use super::page::{Page, style};
use super::table::{Column, Grid};

pub(super) fn render(page: &mut Page, benchmark: &Benchmark) {
    head(page, benchmark);
    page.section("Each stage alone, on one core", "parse is all that makes columns of text, the scan included");
    page.table(grid(&benchmark.stages, Column::text("")));
    let about = match benchmark.jobs {
        1 => "1 thread".to_owned(),
        jobs => format!("{jobs} threads"),
    };
    page.section(&format!("Whole runs, {about}"), "decompression alone is the floor: nothing that reads the logs can be faster");
    page.table(grid(&benchmark.whole, Column::number("next to the floor")));
    projection(page, &benchmark.projection);
    damaged(page, benchmark);
    if !benchmark.notes.is_empty() {
        page.section("Notes", "");
        benchmark.notes.iter().for_each(|note| page.item(style::ODD, "  ", note));
    }
}

fn head(page: &mut Page, benchmark: &Benchmark) {
    let sample = &benchmark.sample;
    let sizes = format!("{} as stored → {} raw, {}", bytes(sample.stored_bytes), bytes(sample.raw_bytes), counted(sample.rows, "row"));
    page.section("tlslake bench", &format!("{}, {sizes}", counted(sample.files, "file")));
    let machine = &benchmark.machine;
    let memory = machine.memory_bytes.map_or_else(String::new, |memory| format!(", {} MiB of memory", count(memory >> 20)));
    let cpu = machine.cpu.as_deref().unwrap_or("processor not known");
    let machine = format!("  machine  {cpu}, {}{memory}, kernel {}", counted(machine.cores, "core"), benchmark.kernel);
    page.line(style::PLAIN, &machine);
    page.line(style::PLAIN, &format!("  sample   {}", of_the_inputs(benchmark)));
    let sum = format!("{} rows + {} rejected + {} blank", count(sample.rows), count(sample.rejected), count(sample.blank));
    page.line(style::PLAIN, &format!("  lines    {} = {sum}, counted alike by all", count(sample.lines)));
    let rounds = format!("{}, taking turns, in {}", counted(benchmark.rounds, "round"), duration(benchmark.elapsed_s));
    page.line(style::PLAIN, &format!("  rounds   {rounds}; medians, and from the fastest to the slowest (elapsed)"));
}

/// What part of the inputs was read.
fn of_the_inputs(benchmark: &Benchmark) -> String {
    let sample = &benchmark.sample;
    let all = format!("{} of {}", counted(sample.of_files, "file"), bytes(sample.of_stored_bytes));
    match &sample.cut {
        Some(object) => format!("the first {} of {object}, out of {all} (--sample)", bytes(sample.stored_bytes)),
        None if sample.files + benchmark.failed >= sample.of_files => format!("all {all}"),
        None => format!("{} of {all}, spread over the list (--sample {})", count(sample.files), bytes(sample.limit_bytes)),
    }
}

fn grid(measured: &[Measured], last: Column) -> Grid {
    let headings = [Column::text("stage"), Column::number("time"), Column::number("from"), Column::number("to")];
    let rates = [Column::number("text"), Column::number("rows"), last];
    let mut grid = Grid::new([&headings[..], &rates[..]].concat());
    for one in measured {
        let Spread { median, min, max } = one.seconds;
        let [median, min, max] = [median, min, max].map(duration);
        let rates = [format!("{}/s", bytes(one.raw_bytes_per_s as u64)), format!("{}/s", count(one.rows_per_s as u64))];
        let ratio = one.next_to_floor.map_or_else(String::new, |ratio| format!("{} ×", three_digits(ratio.median)));
        grid.row([one.name.clone(), median, min, max].into_iter().chain(rates).chain([ratio]));
    }
    grid
}

fn projection(page: &mut Page, projection: &Projection) {
    let archive = format!("{} of such logs", bytes(projection.stored_bytes as u64));
    page.section(&format!("{archive}, here"), &format!("as stored; {} of text", bytes(projection.raw_bytes as u64)));
    let mut columns = vec![Column::text("run"), Column::number("time")];
    columns.extend(projection.price_per_hour.map(|_| Column::number("cost")));
    let mut grid = Grid::new(columns);
    for run in &projection.runs {
        let cost = run.cost_usd.map(|cost| format!("{} USD", three_digits(cost)));
        grid.row([run.name.clone(), duration(run.seconds)].into_iter().chain(cost));
    }
    page.table(grid);
    let price = projection.price_per_hour.map(|price| format!(" An hour costs {price} USD, as given.")).unwrap_or_default();
    let caveat = format!("If reading keeps up ({} on average for report), and all of it is like the sample.{price}", needed(projection));
    page.paragraph(style::QUIET, "  ", &caveat);
}

/// What a disk or a network must deliver for a report.
fn needed(projection: &Projection) -> String {
    let report = projection.runs.iter().find(|run| run.name == "report");
    let rate = report.filter(|run| run.seconds > 0.0).map_or(0.0, |run| projection.stored_bytes / run.seconds);
    format!("{}/s", bytes(rate as u64))
}

fn damaged(page: &mut Page, benchmark: &Benchmark) {
    /// More are in the JSON form.
    const SHOWN: usize = 10;
    if benchmark.is_clean() {
        return;
    }
    page.section("Damaged files", &format!("{} left out of the sample", count(benchmark.failed)));
    for file in benchmark.failed_files.iter().take(SHOWN) {
        page.item(style::BAD, "  ", &format!("{}: {} (byte {})", file.object, file.error, file.offset));
    }
    let more = benchmark.failed.saturating_sub(SHOWN as u64);
    if more > 0 {
        page.line(style::ODD, &format!("  and {} more", count(more)));
    }
}
