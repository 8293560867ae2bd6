//! x86-64: AVX-512 and AVX2, each with carry-less multiplication for the prefix XOR.

use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_set1_epi8,
};

use super::Structure;
use super::chunks::{self, Masks, Vector};

/// Scans with AVX-512. Callers have asked [`super::Kernel::is_available`].
pub(super) fn scan_avx512(text: &[u8], out: &mut Structure) {
    // SAFETY: `scan` dispatches here only where the machine has AVX-512 F and BW, BMI1 and PCLMULQDQ.
    unsafe { avx512(text, out) }
}

/// Scans with AVX2. Callers have asked [`super::Kernel::is_available`].
pub(super) fn scan_avx2(text: &[u8], out: &mut Structure) {
    // SAFETY: `scan` dispatches here only where the machine has AVX2, BMI1 and PCLMULQDQ.
    unsafe { avx2(text, out) }
}

/// # Safety
/// The machine has AVX-512 F and BW, BMI1, POPCNT and PCLMULQDQ.
#[target_feature(enable = "avx512f,avx512bw,bmi1,popcnt,pclmulqdq")]
unsafe fn avx512(text: &[u8], out: &mut Structure) {
    // SAFETY: the features are the caller's promise.
    unsafe { chunks::scan::<Avx512>(text, out) }
}

/// # Safety
/// The machine has AVX2, BMI1, POPCNT and PCLMULQDQ.
#[target_feature(enable = "avx2,bmi1,popcnt,pclmulqdq")]
unsafe fn avx2(text: &[u8], out: &mut Structure) {
    // SAFETY: the features are the caller's promise.
    unsafe { chunks::scan::<Avx2>(text, out) }
}

struct Avx512;

impl Vector for Avx512 {
    #[inline(always)]
    unsafe fn masks(chunk: &[u8; 64]) -> Masks {
        // SAFETY: the array holds 64 bytes; unaligned loads are allowed; the features are the caller's promise.
        unsafe {
            let bytes: __m512i = _mm512_loadu_si512(chunk.as_ptr().cast());
            let is = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
            Masks { space: is(b' '), newline: is(b'\n'), quote: is(b'"'), backslash: is(b'\\') }
        }
    }

    #[inline(always)]
    unsafe fn prefix_xor(bits: u64) -> u64 {
        // SAFETY: PCLMULQDQ is the caller's promise.
        unsafe { clmul_prefix_xor(bits) }
    }
}

struct Avx2;

impl Vector for Avx2 {
    #[inline(always)]
    unsafe fn masks(chunk: &[u8; 64]) -> Masks {
        // SAFETY: both loads lie in the array's 64 bytes; unaligned loads are allowed; the features are the caller's promise.
        unsafe {
            let low: __m256i = _mm256_loadu_si256(chunk.as_ptr().cast());
            let high: __m256i = _mm256_loadu_si256(chunk.as_ptr().add(32).cast());
            let is = |byte: u8| {
                let wanted = _mm256_set1_epi8(byte as i8);
                let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32;
                let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32;
                u64::from(low) | u64::from(high) << 32
            };
            Masks { space: is(b' '), newline: is(b'\n'), quote: is(b'"'), backslash: is(b'\\') }
        }
    }

    #[inline(always)]
    unsafe fn prefix_xor(bits: u64) -> u64 {
        // SAFETY: PCLMULQDQ is the caller's promise.
        unsafe { clmul_prefix_xor(bits) }
    }
}

/// Multiplying by all ones without carries sums, at each bit, every bit at or below it.
///
/// # Safety
/// The machine has PCLMULQDQ.
#[inline(always)]
unsafe fn clmul_prefix_xor(bits: u64) -> u64 {
    // SAFETY: SSE2 is part of x86-64; PCLMULQDQ is the caller's promise.
    unsafe {
        let ones: __m128i = _mm_set1_epi8(-1);
        _mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, bits as i64), ones, 0)) as u64
    }
}
