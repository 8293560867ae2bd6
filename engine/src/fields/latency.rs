//! Handshake latency: seconds as a decimal.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

/// Reads a non-negative decimal (`0.337`, `4`) as seconds: digits, and at most one point with digits on both sides.
///
/// The nearest double, always. `None` if the text is not such a decimal or no finite double is near. Sign, exponent, `nan` and `inf`
/// are no decimals.
#[inline]
pub fn latency_seconds(text: &[u8]) -> Option<f64> {
    let (mut mantissa, mut fraction_digits, mut digits, mut point) = (0_u64, 0, 0, false);
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits += 1;
            fraction_digits += usize::from(point);
        } else if byte == b'.' && !point && digits > 0 {
            point = true;
        } else {
            return None;
        }
    }
    if digits == 0 || (point && fraction_digits == 0) {
        return None;
    }
    if digits <= 15 {
        // At most 15 digits are an exact double, and so is the power of ten: one division, rounded once (Clinger, 1990).
        return Some(mantissa as f64 / POWERS[fraction_digits]);
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}
