//! Eight bytes of text at a time, as numbers: what short fields are read with.
//!
//! In: a word of text, its first byte lowest. Out: places and values. (After H. Warren, "Hacker's Delight", 2nd edition, 6-1, and D. Lemire,
//! "Quickly parsing eight digits", 2018.)

const ONES: u64 = everywhere(1);
const HIGH_BITS: u64 = everywhere(0x80);

/// A word of that byte alone.
const fn everywhere(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Whether all eight bytes are digits: their upper halves are 3, and stay it when 6 is added.
#[inline(always)]
fn are_digits(word: u64) -> bool {
    let upper = |word: u64| word & everywhere(0xf0);
    // A carry comes from a byte of fa or more, which is no digit itself.
    upper(word) == everywhere(0x30) && upper(word.wrapping_add(everywhere(6))) == everywhere(0x30)
}

/// The eight bytes at `at`; `None` where the text ends before.
#[inline(always)]
pub(crate) fn word(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// Where in the word the first such byte stands; 8 if there is none.
#[inline(always)]
pub(crate) fn first(byte: u8, word: u64) -> u32 {
    let zero_there = word ^ everywhere(byte);
    // Bits above the first place may be wrong, never one below it.
    (zero_there.wrapping_sub(ONES) & !zero_there & HIGH_BITS).trailing_zeros() / 8
}

/// Whether all eight bytes are ASCII, and neither spaces nor control characters but DEL.
#[inline(always)]
pub(crate) fn is_graphic(word: u64) -> bool {
    let no_less_than_21 = (word & !HIGH_BITS) + everywhere(0x5f);
    (no_less_than_21 & !word & HIGH_BITS) == HIGH_BITS
}

/// The number that the word's lowest `digits` (1 to 8) bytes spell, most significant digit first; `None` if they are not all digits.
#[inline(always)]
pub(crate) fn decimal(word: u64, digits: u32) -> Option<u32> {
    let missing = 8 * (8 - digits);
    // Zeros come before the digits: shifted by the whole width there are none to come.
    let spelled = word << missing | everywhere(b'0').checked_shr(64 - missing).unwrap_or(0);
    let tens = (spelled & everywhere(0x0f)).wrapping_mul(10 << 8 | 1) >> 8;
    let hundreds = (tens & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 << 16 | 1) >> 16;
    let all = (hundreds & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 << 32 | 1) >> 32;
    are_digits(spelled).then_some(all as u32)
}

/// The word's first `length` (0 to 7) bytes, and zeros as digits behind them.
#[inline(always)]
pub(crate) fn padded(word: u64, length: u32) -> u64 {
    let kept = (1 << (8 * length)) - 1;
    (word & kept) | (everywhere(b'0') & !kept)
}

/// Eight digits and dots as four bits each, the first one lowest; `None` for anything else.
#[inline(always)]
pub(crate) fn packed_decimals(word: u64) -> Option<u64> {
    // No carry goes from one byte to the next here: only a byte that is a dot has its highest bit set.
    let other_than_dot = word ^ everywhere(b'.');
    let dots = !(((other_than_dot & !HIGH_BITS) + !HIGH_BITS) | other_than_dot | !HIGH_BITS);
    let digits = word + (dots >> 6); // a dot comes to be a zero
    let bytes = word & everywhere(0x0f);
    let pairs = (bytes | bytes >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    are_digits(digits).then_some((fours | fours >> 16) & 0xffff_ffff)
}

/// Whether two texts are the same. Inlined and without an exit half way: what is compared here nearly always is.
#[inline(always)]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        32.. => both_ends::<32>(one, other) && in_chunks(one, other),
        16.. => both_ends::<16>(one, other),
        8.. => both_ends::<8>(one, other),
        _ => one == other,
    }
}

/// Whether the first and the last `N` bytes are the same; they may overlap.
#[inline(always)]
fn both_ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<N>() == other.first_chunk() && one.last_chunk::<N>() == other.last_chunk()
}

/// Whether all whole chunks of 32 bytes are the same.
#[inline(always)]
fn in_chunks(one: &[u8], other: &[u8]) -> bool {
    let mut differs = 0;
    // A loop, for a fold would be a call.
    for (one, other) in one.as_chunks::<32>().0.iter().zip(other.as_chunks::<32>().0) {
        differs |= difference(one, other);
    }
    differs == 0
}

/// Zero if and only if both are the same.
#[inline(always)]
fn difference(one: &[u8; 32], other: &[u8; 32]) -> u64 {
    let (one, other) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
    one.iter().zip(other).fold(0, |differs, (one, other)| differs | (u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: [u8; 8]) -> u64 {
        u64::from_le_bytes(text)
    }

    #[test]
    fn decimals() {
        for (text, digits, value) in [(b"44312345", 8, Some(44_312_345)), (b"443 TLSv", 3, Some(443)), (b"0 443 TL", 1, Some(0))] {
            assert_eq!(decimal(of(*text), digits), value);
        }
        for (text, digits) in [(b"44:12345", 8), (b"4/3     ", 3), (b"-       ", 1), (b"44\xb1     ", 3), (b"        ", 8)] {
            assert_eq!(decimal(of(*text), digits), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 50 } else { 4000 }))]

        #[test]
        fn words_are_read_as_bytes_are(text: [u8; 8], byte in prop::sample::select(&b" .-\n\x80\xff"[..]), digits in 1_u32..=8) {
            prop_assert_eq!(first(byte, of(text)) as usize, text.iter().position(|&one| one == byte).unwrap_or(8));
            prop_assert_eq!(is_graphic(of(text)), text.iter().all(|byte| (0x21..0x80).contains(byte)));
            let spelled = std::str::from_utf8(&text[..digits as usize]).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert_eq!(decimal(of(text), digits), spelled.and_then(|text| text.parse().ok()));
        }

        #[test]
        fn decimals_are_packed_or_refused(text in "[0-9.]{8}|[ -~]{8}", at in 0_usize..8, byte: u8, length in 0_u32..8) {
            let mut text: [u8; 8] = text.into_bytes().try_into().unwrap();
            let nibbles = |text: &[u8; 8]| text.iter().rev().try_fold(0, |packed, byte| match byte {
                b'0'..=b'9' | b'.' => Some(packed << 4 | u64::from(byte & 15)),
                _ => None,
            });
            prop_assert_eq!(packed_decimals(of(text)), nibbles(&text));
            text[at] = byte;
            prop_assert_eq!(packed_decimals(of(text)), nibbles(&text));
            let mut cut = text;
            cut[length as usize..].fill(b'0');
            prop_assert_eq!(padded(of(text), length), of(cut));
        }

        #[test]
        fn digits_are_numbers(text in "[0-9]{8}|[ -~]{8}", digits in 1_u32..=8) {
            let word = word(text.as_bytes(), 0).unwrap_or_default();
            let spelled = &text[..digits as usize];
            let expected = if spelled.bytes().all(|byte| byte.is_ascii_digit()) { spelled.parse().ok() } else { None };
            prop_assert_eq!(decimal(word, digits), expected);
        }

        #[test]
        fn texts_are_the_same_or_not(text: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let mut other = text.clone();
            if !other.is_empty() {
                let at = at.index(other.len());
                other[at] = byte;
            }
            prop_assert_eq!(same(&text, &other), text == other);
            prop_assert!(same(&text, &text.clone()));
            other.push(byte);
            prop_assert!(!same(&text, &other));
        }
    }
}
