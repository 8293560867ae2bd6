//! Asking for memory before it is needed.

/// Has the processor bring what stands at `place` into its nearest cache while it goes on with other things. Changes nothing but time; does
/// nothing where stable Rust has no such instruction.
#[inline(always)]
pub(crate) fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64. The instruction changes nothing that a program can see, and the address is that of a value.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Likewise all of `bytes`.
#[inline(always)]
pub(crate) fn prefetch_all(bytes: &[u8]) {
    /// What a cache holds together.
    const LINE: usize = 64;
    bytes.iter().step_by(LINE).for_each(prefetch);
}
