//! The definition of right: one byte at a time, one line at a time, nothing clever.

use super::{LAST, Structure};
use crate::error::LineFaultReason;

/// Scans `text` line by line.
pub(super) fn scan(text: &[u8], out: &mut Structure) {
    let mut start = 0;
    while start < text.len() {
        start = scan_line(text, start, out);
    }
}

/// Scans the line that begins at `start` and gives the start of the next.
///
/// This is also where the vector kernels send a line whose quotes they find odd.
pub(super) fn scan_line(text: &[u8], start: usize, out: &mut Structure) -> usize {
    let newline = text[start..].iter().position(|&byte| byte == b'\n').map(|found| start + found);
    let (end, next) = match newline {
        Some(newline) if newline > start && text[newline - 1] == b'\r' => (newline - 1, newline + 1),
        Some(newline) => (newline, newline + 1),
        None => (text.len(), text.len()),
    };
    let first = out.ends.len();
    let fault = split(text, start, end, out).err();
    out.push_line(start as u32, end as u32, first, fault);
    next
}

/// Pushes the end of each field of `text[start..end]`; stops after the last known one.
fn split(text: &[u8], start: usize, end: usize, out: &mut Structure) -> Result<(), (u32, LineFaultReason)> {
    let mut at = start;
    for field in 0..LAST as u32 {
        let field_end = field_end(&text[..end], at).map_err(|reason| (field, reason))?;
        out.ends.push(field_end as u32);
        if field_end == end {
            break;
        }
        at = field_end + 1;
    }
    Ok(())
}

/// One past the last byte of the field that begins at `at`; `line` ends where the line does.
fn field_end(line: &[u8], at: usize) -> Result<usize, LineFaultReason> {
    let end = if line.get(at) == Some(&b'"') { closing_quote(line, at)? + 1 } else { at };
    match line[end..].iter().position(|&byte| byte == b' ') {
        Some(0) => Ok(end),
        Some(_) | None if end > at && end < line.len() => Err(LineFaultReason::TextAfterQuote),
        Some(length) => Ok(end + length),
        None => Ok(line.len()),
    }
}

/// The quote that closes the one at `open`: the first that an even number of backslashes precedes.
fn closing_quote(line: &[u8], open: usize) -> Result<usize, LineFaultReason> {
    let mut escaped = false;
    for (position, &byte) in line.iter().enumerate().skip(open + 1) {
        match byte {
            b'"' if !escaped => return Ok(position),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Err(LineFaultReason::QuoteNotClosed)
}
