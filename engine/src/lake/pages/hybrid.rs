//! The RLE/bit-packing hybrid of the Parquet format (Encodings, RLE = 3): indices into dictionaries, and definition levels.

use super::bits;

/// Values that one bit-packed group holds.
const GROUP: usize = 8;

/// Appends `values` at `width` bits: a run where one repeats often enough to be worth the break, groups of 8 between runs.
pub(super) fn encode(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return repeated(0, values.len(), width, out);
    }
    let least = least_run(width);
    let (mut start, mut at) = (0, 0);
    while let Some(group) = values.get(at..at + GROUP) {
        // Without a branch on the way: most groups are either all the same or not by their first values.
        if group.iter().fold(0, |differs, value| differs | (value ^ group[0])) != 0 {
            at += GROUP;
            continue;
        }
        let run = run_length(&values[at..]);
        if run < least {
            at += run / GROUP * GROUP;
            continue;
        }
        packed(&values[start..at], width, out);
        repeated(group[0], run, width, out);
        at += run;
        start = at;
    }
    packed(&values[start..], width, out);
}

/// Repetitions from which on a run is shorter than the groups that it replaces, breaks included.
fn least_run(width: u32) -> usize {
    (8 * GROUP / width as usize).max(GROUP)
}

/// How often the first value is repeated.
fn run_length(values: &[u32]) -> usize {
    let first = values[0];
    let (groups, _) = values.as_chunks::<GROUP>();
    let whole = groups.iter().take_while(|group| group.iter().fold(0, |differs, value| differs | (value ^ first)) == 0).count() * GROUP;
    whole + values[whole..].iter().take_while(|value| **value == first).count()
}

/// Appends `count` times `value`.
pub(super) fn repeated(value: u32, count: usize, width: u32, out: &mut Vec<u8>) {
    if count > 0 {
        bits::varint((count as u64) << 1, out);
        out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
    }
}

/// Appends groups of 8; readers know how many values there are, so that the last may be filled up with zeros.
fn packed(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    bits::varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * width as usize;
    bits::pack(values, width, out);
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::width_of;
    use super::encode;

    /// Reads runs and groups as the format defines them.
    fn decode(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let header = varint(&mut bytes);
            let len = if header & 1 == 1 { (header >> 1) as usize * width as usize } else { width.div_ceil(8) as usize };
            let (data, rest) = bytes.split_at(len);
            bytes = rest;
            let bit = |at: usize| u32::from(data[at / 8] >> (at % 8) & 1);
            let number = |at: usize| (0..width as usize).map(|index| bit(at * width as usize + index) << index).sum::<u32>();
            match header & 1 {
                1 => values.extend((0..(header >> 1) as usize * 8).map(number)),
                _ => values.extend(std::iter::repeat_n(number(0), (header >> 1) as usize)),
            }
        }
        assert!(bytes.is_empty());
        values.truncate(count);
        values
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let (number, rest) = bytes.split_at(end);
        *bytes = rest;
        number.iter().enumerate().map(|(at, byte)| u64::from(byte & 0x7F) << (7 * at)).sum()
    }

    fn check(values: &[u32], width: u32) -> usize {
        let mut encoded = Vec::new();
        encode(values, width, &mut encoded);
        assert_eq!(decode(&encoded, width, values.len()), values);
        encoded.len()
    }

    #[test]
    fn long_runs_cost_next_to_nothing() {
        assert_eq!(check(&[5; 20_000], 13), 5);
        assert_eq!(check(&[0; 20_000], 0), 3);
        assert_eq!(check(&[], 7), 0);
        let halves: Vec<u32> = [[3; 1_000], [4; 1_000]].concat();
        assert_eq!(check(&halves, 3), 6);
    }

    #[test]
    fn short_runs_of_narrow_values_break_no_groups() {
        let values: Vec<u32> = (0..800).map(|index| index / 10 % 2).collect();
        assert_eq!(check(&values, 1), 102);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(runs in prop::collection::vec((0u32..=u32::MAX, 1usize..100), 0..40), width in 0u32..=32) {
            let mask = (1u64 << width) as u32;
            let mask = if width == 32 { u32::MAX } else { mask.wrapping_sub(1) };
            let values: Vec<u32> = runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value & mask, count)).collect();
            prop_assert!(values.iter().all(|value| width_of(u64::from(*value)) <= width));
            check(&values, width);
        }
    }
}
