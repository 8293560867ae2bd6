//! How many different clients, and some of them by name, in bounded memory.

use std::net::IpAddr;

use xxhash_rust::xxh3::xxh3_64;

/// A set of client addresses that keeps those with the lowest hashes: exact while there are few, an estimate beyond.
///
/// After Bar-Yossef et al., "Counting Distinct Elements in a Data Stream" (2002), algorithm 2, known as KMV. Independent of order and of how
/// the input was cut: what is among the lowest of the whole is among the lowest of every part. Memory: 32 bytes for each one kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clients {
    /// Ascending.
    lowest: Vec<(u64, IpAddr)>,
    more: bool,
}

impl Clients {
    /// Addresses kept. The estimate beyond is off by about 1/√256 = 6 %.
    pub const KEPT: usize = 256;

    /// A client's hash, to be computed once for many [`Clients::insert`].
    pub fn hash(client: &IpAddr) -> u64 {
        match client {
            IpAddr::V4(address) => xxh3_64(&address.octets()),
            IpAddr::V6(address) => xxh3_64(&address.octets()),
        }
    }

    /// Adds a client, given its [`Clients::hash`].
    pub fn insert(&mut self, hash: u64, client: IpAddr) {
        let Err(place) = self.lowest.binary_search_by_key(&hash, |&(known, _)| known) else { return };
        if place < Self::KEPT {
            self.lowest.insert(place, (hash, client));
        }
        if place >= Self::KEPT || self.lowest.len() > Self::KEPT {
            self.lowest.truncate(Self::KEPT);
            self.more = true;
        }
    }

    /// Adds the clients of `other`.
    pub fn merge(&mut self, other: &Clients) {
        other.lowest.iter().for_each(|&(hash, client)| self.insert(hash, client));
        self.more |= other.more;
    }

    /// How many different ones; exact if [`Clients::is_exact`].
    pub fn count(&self) -> u64 {
        let kept = self.lowest.len() as u64;
        match self.lowest.last() {
            Some(&(highest, _)) if self.more => {
                let share = (highest as f64 + 1.0) / 2_f64.powi(64);
                (((kept - 1) as f64 / share).round() as u64).max(kept + 1)
            }
            _ => kept,
        }
    }

    /// How many are kept.
    pub(super) fn kept(&self) -> usize {
        self.lowest.len()
    }

    /// Whether every client is kept.
    pub fn is_exact(&self) -> bool {
        !self.more
    }

    /// Up to `limit` of them, in the order of their addresses: all if there are so few, otherwise as good as drawn by lot.
    pub fn sample(&self, limit: usize) -> Vec<IpAddr> {
        let mut sample: Vec<IpAddr> = self.lowest.iter().take(limit).map(|&(_, client)| client).collect();
        sample.sort_unstable();
        sample
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clients(numbers: impl IntoIterator<Item = u32>) -> Clients {
        let mut clients = Clients::default();
        for number in numbers {
            let address = IpAddr::from(number.to_be_bytes());
            clients.insert(Clients::hash(&address), address);
        }
        clients
    }

    #[test]
    fn few_are_counted_exactly() {
        let some = clients([1, 2, 3, 2, 1]);
        assert_eq!((some.count(), some.is_exact()), (3, true));
        assert_eq!(some.sample(9), [1, 2, 3].map(|number: u32| IpAddr::from(number.to_be_bytes())));
        let full = clients(0..Clients::KEPT as u32);
        assert_eq!((full.count(), full.is_exact()), (Clients::KEPT as u64, true));
    }

    #[test]
    fn many_are_estimated() {
        for many in [1_000_u32, 100_000] {
            let estimate = clients((0..many).chain(0..many)).count() as f64;
            assert!((estimate / f64::from(many) - 1.0).abs() < 0.25, "{many}: {estimate}");
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_clients_are_split(numbers in proptest::collection::vec(0_u32..2_000, 0..3_000), cut in 0_usize..3_000) {
            let cut = cut.min(numbers.len());
            let mut merged = clients(numbers[..cut].iter().copied());
            merged.merge(&clients(numbers[cut..].iter().copied()));
            prop_assert_eq!(&merged, &clients(numbers.iter().rev().copied()));
        }
    }
}
