//! Integers of a few bits each, one behind the other, lowest bits first: the "bit packing" of the Parquet format (Encodings, RLE = 3).

/// Values that are packed at a time: so many of any width fill whole bytes, whole 32-bit words even.
pub(super) const UNIT: usize = 32;

/// Bits that `largest` needs; 0 for 0.
pub(super) fn width_of(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}

/// Appends `values` at `width` bits each, none of which may need more, and zeros up to a whole byte. 8 values fill whole bytes.
pub(super) fn pack(values: &[u32], width: u32, out: &mut Vec<u8>) {
    macro_rules! kernels {
        ($($bits:literal)*) => {
            match width {
                $($bits => pack_units::<$bits>(values, out),)*
                _ => {}
            }
        };
    }
    kernels!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

fn pack_units<const WIDTH: usize>(values: &[u32], out: &mut Vec<u8>) {
    out.reserve((values.len() + UNIT) * WIDTH / 8);
    let (units, rest) = values.as_chunks::<UNIT>();
    for unit in units {
        out.extend_from_slice(pack_unit::<WIDTH>(unit).as_flattened().split_at(WIDTH * 4).0);
    }
    if !rest.is_empty() {
        let mut unit = [0; UNIT];
        unit[..rest.len()].copy_from_slice(rest);
        out.extend_from_slice(&pack_unit::<WIDTH>(&unit).as_flattened()[..(rest.len() * WIDTH).div_ceil(8)]);
    }
}

/// The width is a constant, so that the loop unrolls into shifts by constants.
#[inline(always)]
fn pack_unit<const WIDTH: usize>(values: &[u32; UNIT]) -> [[u8; 4]; UNIT] {
    let mut words = [0u32; UNIT];
    for (index, &value) in values.iter().enumerate() {
        let (word, shift) = (index * WIDTH / 32, index * WIDTH % 32);
        words[word] |= value << shift;
        if shift + WIDTH > 32 {
            words[word + 1] |= value >> (32 - shift);
        }
    }
    words.map(u32::to_le_bytes)
}

/// Appends 64-bit values at `width` bits each; how many there are must make whole bytes.
pub(super) fn pack_wide(values: &[u64; UNIT], width: u32, out: &mut Vec<u8>) {
    if width <= 32 {
        return pack(&values.map(|value| value as u32), width, out);
    }
    let (mut bits, mut filled) = (0u128, 0);
    for &value in values {
        bits |= u128::from(value) << filled;
        filled += width;
        if filled >= 64 {
            out.extend_from_slice(&(bits as u64).to_le_bytes());
            bits >>= 64;
            filled -= 64;
        }
    }
    out.extend_from_slice(&(bits as u64).to_le_bytes()[..filled as usize / 8]);
}

/// Appends an unsigned number, seven bits a byte, the lowest first (ULEB128).
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number: zigzag, so that small ones of either sign are short.
pub(super) fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint(((value << 1) ^ (value >> 63)) as u64, out);
}

#[cfg(test)]
mod tests {
    use super::{UNIT, pack, pack_wide, varint, width_of, zigzag};

    /// Bit by bit, as the format defines it.
    fn reference(values: &[u64], width: u32) -> Vec<u8> {
        let bits: Vec<u8> = values.iter().flat_map(|value| (0..width).map(move |bit| (value >> bit & 1) as u8)).collect();
        bits.chunks(8).map(|bits| bits.iter().enumerate().map(|(at, bit)| bit << at).sum()).collect()
    }

    #[test]
    fn every_width_and_length_is_packed_bit_by_bit() {
        for width in 1..=32 {
            let largest = u32::MAX >> (32 - width);
            for len in [0, 1, 7, 8, 31, 32, 33, 40, 64, 100] {
                let values: Vec<u32> = (0..len).map(|index| (index as u32).wrapping_mul(0x9E37_79B9) & largest).collect();
                let mut packed = Vec::new();
                pack(&values, width, &mut packed);
                let wide: Vec<u64> = values.iter().map(|&value| u64::from(value)).collect();
                assert_eq!(packed, reference(&wide, width), "{len} values of {width} bits");
            }
        }
    }

    #[test]
    fn wide_values_are_packed_bit_by_bit() {
        for width in 1..=64 {
            let values: [u64; UNIT] =
                std::array::from_fn(|index| (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) & (u64::MAX >> (64 - width)));
            let mut packed = Vec::new();
            pack_wide(&values, width, &mut packed);
            assert_eq!(packed, reference(&values, width), "{width} bits");
        }
    }

    #[test]
    fn numbers_have_their_length() {
        assert_eq!([0, 1, 255, 256, u64::MAX].map(width_of), [0, 1, 8, 9, 64]);
        let mut bytes = Vec::new();
        varint(300, &mut bytes);
        zigzag(-1, &mut bytes);
        zigzag(64, &mut bytes);
        zigzag(i64::MIN, &mut bytes);
        assert_eq!(bytes, [0xAC, 2, 1, 0x80, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]);
    }
}
