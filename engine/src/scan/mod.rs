//! Finds where fields and lines end; says nothing about their meaning.
//!
//! In: text of whole lines (only the last may lack its newline). Out: a [`Structure`], one [`Line`] per line with the end of each of its
//! fields. A quote that does not close, or closes in the middle of a field, is a fault of that line alone: the scan resumes at the next
//! newline. Every kernel agrees with the scalar one, faults included; `mod tests` holds them to it.
//!
//! The rules: fields are separated by single spaces. A field that begins with `"` is quoted: it ends at the first `"` that is not preceded
//! by an odd number of backslashes, and that quote must be followed by a space or the end of the line. A quote elsewhere is text. What
//! follows the 15th field is not looked into. A line ends at `\n`; one `\r` before it belongs to the line end.

#[allow(unsafe_code)] // writes offsets into reserved memory
mod chunks;
mod kernel;
#[cfg(test)]
#[allow(unsafe_code)] // the algorithm's promise of instructions, of which none are needed
mod portable;
#[allow(unsafe_code)] // one instruction
mod prefetch;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)] // NEON intrinsics
mod neon;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // AVX intrinsics
mod x86;

pub use kernel::Kernel;
pub(crate) use prefetch::{prefetch, prefetch_all};

use crate::error::LineFaultReason;
use crate::format::Field;

/// Where the lines and fields of a text are. Reused from text to text; offsets are relative to the text.
#[derive(Debug, Default)]
pub struct Structure {
    lines: Vec<Line>,
    ends: Vec<u32>,
}

/// One line. Its fields are found through [`Structure::ends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// First byte.
    pub start: u32,
    /// One past the last byte, without `\n` or `\r\n`.
    pub end: u32,
    /// Index of its first entry in the list of ends.
    first: u32,
    /// Entries in the list of ends.
    count: u32,
    /// What is wrong with its quotes, and in which field (from 0).
    pub fault: Option<(u32, LineFaultReason)>,
}

impl Structure {
    /// Bytes held, room that is not in use included.
    pub fn memory(&self) -> usize {
        self.lines.capacity() * size_of::<Line>() + self.ends.capacity() * size_of::<u32>()
    }

    /// The lines, first to last.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// One past the last byte of each field of `line`; each field begins after the separator that ends the one before.
    ///
    /// For a line without fault, at least the first [`Field::KNOWN`] fields (or all, if fewer) are named; the last end of a line that has
    /// no more than those is the line's own. Of a line with a fault, the fields before the fault are named.
    #[inline]
    pub fn ends(&self, line: &Line) -> &[u32] {
        &self.ends[line.first as usize..(line.first + line.count) as usize]
    }

    fn clear(&mut self) {
        self.lines.clear();
        self.ends.clear();
    }

    /// Closes the line that began at `start`: its ends are those from `first` on.
    #[inline]
    fn push_line(&mut self, start: u32, end: u32, first: usize, fault: Option<(u32, LineFaultReason)>) {
        let count = (self.ends.len() - first) as u32;
        self.lines.push(Line { start, end, first: first as u32, count, fault });
    }
}

/// The most bytes that one scan takes: offsets are 32 bits wide.
pub const MAX_TEXT: usize = u32::MAX as usize - 64;

/// Finds the structure of `text` with `kernel`, replacing what `out` held.
///
/// `text` holds whole lines, at most [`MAX_TEXT`] bytes. A kernel that this machine lacks falls back to the scalar one. Cost: one pass,
/// no allocation once `out` has grown.
pub fn scan(kernel: Kernel, text: &[u8], out: &mut Structure) {
    debug_assert!(text.len() <= MAX_TEXT);
    out.clear();
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 if kernel.is_available() => x86::scan_avx512(text, out),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 if kernel.is_available() => x86::scan_avx2(text, out),
        #[cfg(target_arch = "aarch64")]
        Kernel::Neon if kernel.is_available() => neon::scan(text, out),
        _ => scalar::scan(text, out),
    }
}

/// Fields past this many are not looked into.
const LAST: usize = Field::KNOWN;
