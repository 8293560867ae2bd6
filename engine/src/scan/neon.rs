//! AArch64: NEON. There is no move-mask: bits are weighed and added pairwise until each byte stands for eight.

use std::arch::aarch64::{vandq_u8, vceqq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vpaddq_u8, vreinterpretq_u64_u8};

use super::Structure;
use super::chunks::{self, Masks, Vector};

/// Scans with NEON. Callers have asked [`super::Kernel::is_available`].
pub(super) fn scan(text: &[u8], out: &mut Structure) {
    // SAFETY: `scan` dispatches here only where the machine has NEON.
    unsafe { neon(text, out) }
}

/// # Safety
/// The machine has NEON.
#[target_feature(enable = "neon")]
unsafe fn neon(text: &[u8], out: &mut Structure) {
    // SAFETY: the feature is the caller's promise.
    unsafe { chunks::scan::<Neon>(text, out) }
}

struct Neon;

const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

impl Vector for Neon {
    #[inline(always)]
    unsafe fn masks(chunk: &[u8; 64]) -> Masks {
        // SAFETY: the four loads lie in the array's 64 bytes, the weights' in theirs; NEON is the caller's promise.
        unsafe {
            let bytes = [0, 16, 32, 48].map(|at| vld1q_u8(chunk.as_ptr().add(at)));
            let weights = vld1q_u8(WEIGHTS.as_ptr());
            let is = |byte: u8| {
                let wanted = vdupq_n_u8(byte);
                let [a, b, c, d] = bytes.map(|bytes| vandq_u8(vceqq_u8(bytes, wanted), weights));
                let quarters = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
                vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)))
            };
            Masks { space: is(b' '), newline: is(b'\n'), quote: is(b'"'), backslash: is(b'\\') }
        }
    }

    #[inline(always)]
    unsafe fn prefix_xor(bits: u64) -> u64 {
        let mut parity = bits;
        for shift in [1, 2, 4, 8, 16, 32] {
            parity ^= parity << shift;
        }
        parity
    }
}
