//! Chance without floating point: draws from a seeded stream, and hashes that stand for tables.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of draws that depends on nothing but its seed and its number.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Stream `stream` of `seed`: ChaCha8's own stream number, so that streams do not overlap.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1` (0 if `bound` is 0). The bias is below `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        scale(self.bits(), bound)
    }

    /// Whether an event of so many in a thousand happens.
    pub(crate) fn per_mille(&mut self, share: u64) -> bool {
        self.below(1_000) < share
    }

    /// One of `items`, each as likely.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }
}

/// A fixed random number for `index` under `seed`; `purpose` tells apart the numbers that one index needs. SplitMix64's finalizer.
pub(crate) fn hash(seed: u64, index: u64, purpose: u64) -> u64 {
    mix(mix(mix(seed).wrapping_add(index)).wrapping_add(purpose))
}

fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Takes 64 random bits to a number from 0 to `bound - 1` by their leading bits.
pub(crate) fn scale(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

/// The item of a weighted list that `bits` fall on; the list must not be empty.
pub(crate) fn weighted<T>(items: &[(u32, T)], bits: u64) -> &T {
    let total: u64 = items.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut left = scale(bits, total);
    for (weight, item) in items {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return item,
        }
    }
    &items[items.len() - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let first = |seed, stream| Draw::new(seed, stream).bits();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
    }

    #[test]
    fn weights_are_met_at_their_edges() {
        let items = [(1, 'a'), (0, 'b'), (3, 'c')];
        assert_eq!(*weighted(&items, 0), 'a');
        assert_eq!(*weighted(&items, (1 << 62) - 1), 'a');
        assert_eq!(*weighted(&items, 1 << 62), 'c');
        assert_eq!(*weighted(&items, u64::MAX), 'c');
    }

    #[test]
    fn draws_stay_below_their_bound() {
        let mut draw = Draw::new(3, 0);
        assert!((0..1_000).all(|_| draw.below(7) < 7));
        assert_eq!(draw.below(0), 0);
    }
}
