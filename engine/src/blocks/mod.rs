//! Text into pieces of whole lines.
//!
//! In: decoded text, as a stream of bytes ([`LineReader`]) or all in memory ([`check_line_lengths`]). Out: pieces that begin where a line
//! begins and end where one ends, so that they can be parsed apart from one another; or the fault of a line beyond the limit. Nothing here
//! knows what a line means, blank ones included: only the byte `\n` ends a line.

mod line_reader;
#[cfg(test)]
mod tests;

use memchr::memrchr;

use crate::{FileFault, FileFaultKind};

pub(crate) use line_reader::LineReader;

/// Checks that no line of `text` is longer than `max_line` bytes (without its `\n`). `stored` is the length of the stored input, the
/// offset of the fault if there is one.
///
/// Costs next to nothing: it looks at about one line in each `max_line` bytes.
///
/// # Errors
///
/// [`FileFaultKind::LineTooLong`] for the first such line.
pub(crate) fn check_line_lengths(text: &[u8], max_line: usize, stored: u64) -> Result<(), FileFault> {
    match first_long_line(text, max_line) {
        None => Ok(()),
        Some(start) => Err(line_too_long(start as u64, max_line, stored)),
    }
}

/// Where the first line of more than `max_line` bytes begins.
fn first_long_line(text: &[u8], max_line: usize) -> Option<usize> {
    let mut start = 0;
    while text.len() - start > max_line {
        // Lines that end in this window are short enough, whatever they are; the last one to begin in it is looked at next.
        match memrchr(b'\n', &text[start..=start + max_line]) {
            Some(end) => start += end + 1,
            None => return Some(start),
        }
    }
    None
}

/// The fault of a line that begins at byte `line_start` of the text; `stored` bytes of the input were consumed when it was found.
#[cold]
fn line_too_long(line_start: u64, max_line: usize, stored: u64) -> FileFault {
    let what =
        format!("the line that begins at byte {line_start} of the decompressed text is longer than {max_line} bytes (see --max-line)");
    FileFault::new(FileFaultKind::LineTooLong, stored, what)
}
