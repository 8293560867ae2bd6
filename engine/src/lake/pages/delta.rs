//! Whole numbers by their differences: the Parquet format's DELTA_BINARY_PACKED (Encodings, 5).
//!
//! A block has the least difference, then four miniblocks of what each difference is above it, every miniblock as wide as it must be.

use super::bits::{self, UNIT};

/// Differences in a block.
const BLOCK: usize = 128;
/// Differences in a miniblock.
const MINI: usize = BLOCK / MINIS;
/// Miniblocks in a block.
const MINIS: usize = 4;

/// Appends `values`. Those of a 32-bit column must not be negative: then no difference needs more than 32 bits.
pub(super) fn encode(values: &[i64], out: &mut Vec<u8>) {
    bits::varint(BLOCK as u64, out);
    bits::varint(MINIS as u64, out);
    bits::varint(values.len() as u64, out);
    bits::zigzag(values.first().copied().unwrap_or(0), out);
    for start in (1..values.len()).step_by(BLOCK) {
        let end = values.len().min(start + BLOCK);
        block(&values[start - 1..end], out);
    }
}

/// Appends the block of differences between neighbours in `values`.
fn block(values: &[i64], out: &mut Vec<u8>) {
    let count = values.len() - 1;
    let mut differences = [0i64; BLOCK];
    for (difference, pair) in differences.iter_mut().zip(values.windows(2)) {
        *difference = pair[1].wrapping_sub(pair[0]);
    }
    let least = differences[..count].iter().copied().min().unwrap_or(0);
    let mut above = [0u64; BLOCK];
    for (above, difference) in above.iter_mut().zip(&differences[..count]) {
        *above = difference.wrapping_sub(least) as u64;
    }
    bits::zigzag(least, out);
    let (minis, _) = above.as_chunks::<MINI>();
    let widths = [0, 1, 2, 3].map(|mini| bits::width_of(minis[mini].iter().fold(0, |bits, above| bits | above)));
    out.extend(widths.map(|width| width as u8));
    for (mini, width) in minis.iter().zip(widths) {
        bits::pack_wide(mini, width, out);
    }
}

const _: () = assert!(MINI == UNIT);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::encode;

    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    fn zigzag(bytes: &mut &[u8]) -> i64 {
        let value = varint(bytes);
        (value >> 1) as i64 ^ -((value & 1) as i64)
    }

    fn decode(mut bytes: &[u8]) -> Vec<i64> {
        let bytes = &mut bytes;
        let (block, minis, count) = (varint(bytes) as usize, varint(bytes) as usize, varint(bytes) as usize);
        let mut value = zigzag(bytes);
        let mut values = vec![value];
        while values.len() < count {
            let least = zigzag(bytes);
            let (widths, rest) = bytes.split_at(minis);
            *bytes = rest;
            for &width in widths {
                let (mini, rest) = bytes.split_at(block / minis * width as usize / 8);
                *bytes = rest;
                for index in 0..block / minis {
                    let bit = |at: usize| u64::from(mini[at / 8] >> (at % 8) & 1);
                    let above: u64 = (0..width as usize).map(|at| bit(index * width as usize + at) << at).sum();
                    value = value.wrapping_add(least).wrapping_add(above as i64);
                    values.push(value);
                }
            }
        }
        assert!(bytes.is_empty());
        values.truncate(count);
        values
    }

    #[test]
    fn numbers_that_count_up_cost_next_to_nothing() {
        let mut bytes = Vec::new();
        encode(&(1..=20_000).collect::<Vec<i64>>(), &mut bytes);
        assert_eq!(bytes.len(), 7 + 157 * 5);
        assert_eq!(decode(&bytes), (1..=20_000).collect::<Vec<i64>>());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(values in prop_oneof![
            prop::collection::vec(any::<i64>(), 0..300),
            prop::collection::vec(0i64..65_536, 0..600),
        ]) {
            let mut bytes = Vec::new();
            encode(&values, &mut bytes);
            prop_assert_eq!(&decode(&bytes)[..values.len()], &values);
        }
    }
}
