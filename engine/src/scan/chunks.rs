//! The vector kernels' common algorithm, over whatever instructions give 64 bytes' worth of bitmaps.
//!
//! Each chunk of 64 bytes becomes four bitmaps (space, newline, quote, backslash). Escaped quotes are taken out, a prefix XOR over the rest
//! tells which bytes stand inside quotes, and the separators outside them are written out as offsets. Quotes that are not where they
//! should be (an opening one in the middle of a field, a closing one before text, one still open at a newline) make their line *odd*:
//! the line goes to the scalar scanner and the vector scan starts afresh after it. So a line that is not odd has balanced quotes,
//! and no line can spoil the next. (After simdjson's stage 1: Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019.)

use super::{Structure, scalar};

/// Bit `i` of each map tells whether byte `i` of the chunk is that character.
pub(super) struct Masks {
    pub(super) space: u64,
    pub(super) newline: u64,
    pub(super) quote: u64,
    pub(super) backslash: u64,
}

/// The instructions that a kernel brings.
pub(super) trait Vector {
    /// Classifies 64 bytes.
    ///
    /// # Safety
    /// The machine has the instructions of this implementation.
    unsafe fn masks(chunk: &[u8; 64]) -> Masks;

    /// Bit `i` of the result is the parity of bits `0..=i`.
    ///
    /// # Safety
    /// The machine has the instructions of this implementation.
    unsafe fn prefix_xor(bits: u64) -> u64;
}

/// What one chunk hands to the next.
#[derive(Clone, Copy)]
struct Carry {
    /// All ones if the chunk before ended inside quotes.
    in_quote: u64,
    /// 1 if the chunk before ended with an escaping backslash.
    escape: u64,
    /// 1 if a field begins with the next chunk.
    field_start: u64,
    /// 1 if the chunk before ended with a closing quote.
    closed: u64,
}

const FRESH: Carry = Carry { in_quote: 0, escape: 0, field_start: 1, closed: 0 };

/// The structure of one chunk.
struct Found {
    /// Separators: spaces outside quotes, and newlines.
    separators: u64,
    /// Newlines alone.
    newlines: u64,
    /// Places that make their line odd.
    odd: u64,
    carry: Carry,
}

/// Bits that follow an odd-length run of backslashes, and the carry into the next chunk.
///
/// Escapes are rare, and one in a chunk is usual when there are any: the runs are walked one escape at a time.
#[inline(always)]
fn escaped(backslash: u64, carry: u64) -> (u64, u64) {
    let mut pending = backslash & !carry;
    let mut escaped = carry;
    let mut next = 0;
    while pending != 0 {
        let at = pending.trailing_zeros();
        if at == 63 {
            next = 1;
            break;
        }
        escaped |= 2 << at;
        pending &= !(3 << at);
    }
    (escaped, next)
}

/// # Safety
/// The machine has `V`'s instructions.
#[inline(always)]
unsafe fn find<V: Vector>(masks: &Masks, carry: Carry) -> Found {
    let (escaped, escape) = if masks.backslash | carry.escape == 0 { (0, 0) } else { escaped(masks.backslash, carry.escape) };
    let quote = masks.quote & !escaped;
    // SAFETY: the caller vouches for V's instructions.
    let inside = unsafe { V::prefix_xor(quote) } ^ carry.in_quote;
    let opening = quote & inside;
    let closing = quote & !inside;
    let separators = (masks.space & !inside) | masks.newline;
    let starts = (separators << 1) | carry.field_start;
    let after_closing = (closing << 1) | carry.closed;
    let odd = (opening & !starts) | (after_closing & !(masks.space | masks.newline)) | (masks.newline & inside);
    let carry = Carry { in_quote: ((inside as i64) >> 63) as u64, escape, field_start: separators >> 63, closed: closing >> 63 };
    Found { separators, newlines: masks.newline, odd, carry }
}

/// Scans `text` with `V`.
///
/// # Safety
/// The machine has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn scan<V: Vector>(text: &[u8], out: &mut Structure) {
    let mut at = 0;
    let mut carry = FRESH;
    let mut line = OpenLine { start: 0, first: 0 };
    while at < text.len() {
        let (found, valid) = match text[at..].first_chunk::<64>() {
            // SAFETY: the caller vouches for V's instructions.
            Some(chunk) => (unsafe { find::<V>(&V::masks(chunk), carry) }, 64),
            // SAFETY: the caller vouches for V's instructions.
            None => (unsafe { find_tail::<V>(&text[at..], carry) }, text.len() - at),
        };
        if found.odd == 0 {
            line.take(text, at, found.separators, found.newlines, out);
            carry = found.carry;
            at += valid;
        } else {
            let before = line_ends_before(found.newlines, found.odd);
            line.take(text, at, found.separators & before, found.newlines & before, out);
            out.ends.truncate(line.first);
            at = scalar::scan_line(text, line.start, out);
            carry = FRESH;
            line = OpenLine { start: at, first: out.ends.len() };
        }
    }
    line.finish(text, carry.in_quote != 0, out);
}

/// The chunk that the text ends in: bytes past the end are none of the four characters. A quote still open, or closed by the last byte of
/// the text, is right or wrong as it would be before a newline, so one is put there for the check, and taken out of the result.
///
/// # Safety
/// The machine has `V`'s instructions.
#[inline(always)] // apart, it would be compiled without the instructions
unsafe fn find_tail<V: Vector>(tail: &[u8], carry: Carry) -> Found {
    let mut chunk = [0_u8; 64];
    chunk[..tail.len()].copy_from_slice(tail);
    chunk[tail.len()] = b'\n';
    // SAFETY: the caller vouches for V's instructions.
    let mut found = unsafe { find::<V>(&V::masks(&chunk), carry) };
    let virtual_newline = 1 << tail.len();
    found.separators &= !virtual_newline;
    found.newlines &= !virtual_newline;
    found
}

/// All bits up to and with the last newline before the first odd place.
#[inline(always)]
fn line_ends_before(newlines: u64, odd: u64) -> u64 {
    let before_odd = (1_u64 << odd.trailing_zeros()) - 1;
    match newlines & before_odd {
        0 => 0,
        newlines => u64::MAX >> newlines.leading_zeros(),
    }
}

/// The line that is being scanned.
struct OpenLine {
    /// Its first byte.
    start: usize,
    /// Index of its first end.
    first: usize,
}

impl OpenLine {
    /// Takes over the separators of the chunk at `at`.
    #[inline(always)]
    fn take(&mut self, text: &[u8], at: usize, mut separators: u64, mut newlines: u64, out: &mut Structure) {
        while newlines != 0 {
            let newline = newlines.trailing_zeros();
            let through = u64::MAX >> (63 - newline);
            push_ends(&mut out.ends, at, separators & through);
            separators &= !through;
            newlines &= newlines - 1;
            self.close(text, at + newline as usize, out);
        }
        push_ends(&mut out.ends, at, separators);
    }

    /// Ends the line at the newline at `newline` and begins the next.
    #[inline(always)]
    fn close(&mut self, text: &[u8], newline: usize, out: &mut Structure) {
        let mut end = newline;
        if newline > self.start && text[newline - 1] == b'\r' {
            end -= 1;
            if let Some(last) = out.ends.last_mut() {
                *last = end as u32;
            }
        }
        out.push_line(self.start as u32, end as u32, self.first, None);
        *self = OpenLine { start: newline + 1, first: out.ends.len() };
    }

    /// Ends the last line where the text ends, if no newline did.
    fn finish(self, text: &[u8], in_quote: bool, out: &mut Structure) {
        if self.start == text.len() {
            return;
        }
        if in_quote {
            out.ends.truncate(self.first);
            scalar::scan_line(text, self.start, out);
        } else {
            out.ends.push(text.len() as u32);
            out.push_line(self.start as u32, text.len() as u32, self.first, None);
        }
    }
}

/// Appends `at` plus the index of each set bit.
#[inline(always)]
fn push_ends(ends: &mut Vec<u32>, at: usize, mut bits: u64) {
    if bits == 0 {
        return;
    }
    let count = bits.count_ones() as usize;
    ends.reserve(64);
    let length = ends.len();
    // SAFETY: 64 places are reserved past the end. At most 64 are written, four at a time while fewer than `count` are: the last
    // group writes at most 3 past `count`, and `count` is at most 64 with 64 a multiple of 4. The length covers only written places.
    unsafe {
        let mut place = ends.as_mut_ptr().add(length);
        let mut written = 0;
        while written < count {
            for step in 0..4 {
                place.add(step).write(at as u32 + (bits.trailing_zeros() & 63));
                bits &= bits.wrapping_sub(1);
            }
            place = place.add(4);
            written += 4;
        }
        ends.set_len(length + count);
    }
}
