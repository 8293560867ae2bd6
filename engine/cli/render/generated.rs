//! What `tlslake generate` made, and what to do with it.

use super::number::{bytes, count, counted, duration, smaller};
use super::page::{Page, style};
use super::text::shell;
use crate::commands::GeneratedLogs;

pub(super) fn render(page: &mut Page, made: &GeneratedLogs) {
    page.section(&format!("Generated {}", counted(made.files, "file")), &format!("seed {}, in {}", made.seed, duration(made.elapsed_s)));
    let sizes = format!("{} of text, {} as stored", bytes(made.raw_bytes), bytes(made.compressed_bytes));
    let smaller = match smaller(made.raw_bytes, made.compressed_bytes) {
        text if text.is_empty() => text,
        text => format!(" ({text})"),
    };
    page.line(style::PLAIN, &format!("  {}, {sizes}{smaller}", counted(made.lines, "line")));
    if made.faulty_lines > 0 {
        let (odd, rejected, blank) = (counted(made.faulty_lines, "odd line"), count(made.rejected_lines), count(made.blank_lines));
        page.line(style::ODD, &format!("  {odd} among them: {rejected} must be rejected, {blank} are blank"));
    }
    page.section("Next", "");
    page.line(style::PLAIN, &format!("  tlslake convert {} --out lake", shell::word(&made.out)));
}
