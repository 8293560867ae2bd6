//! The vector kernels' algorithm over bitmaps made one byte at a time: so that it is tested where a machine, or Miri, lacks the instructions.

use super::Structure;
use super::chunks::{self, Masks, Vector};

/// Scans with no instruction but the usual ones.
pub(super) fn scan(text: &[u8], out: &mut Structure) {
    // SAFETY: `Portable` needs nothing that a machine could lack.
    unsafe { chunks::scan::<Portable>(text, out) }
}

struct Portable;

impl Vector for Portable {
    unsafe fn masks(chunk: &[u8; 64]) -> Masks {
        let is = |wanted: u8| chunk.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(byte == wanted));
        Masks { space: is(b' '), newline: is(b'\n'), quote: is(b'"'), backslash: is(b'\\') }
    }

    unsafe fn prefix_xor(bits: u64) -> u64 {
        [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |sum, step| sum ^ sum << step)
    }
}
