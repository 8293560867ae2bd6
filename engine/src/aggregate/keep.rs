//! How much the tables of a unit and of a job keep.

use super::capped::Sum;
use super::{Aggregates, CertificateTable, TopCounts};

/// Bounds of tables that grow with the input, beyond those that they have anyway. Where one is reached, the report says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// Values that a top list counts exactly.
    pub(crate) top_values: usize,
    /// Bytes of the latencies of one dimension.
    pub(crate) latency_bytes: usize,
    /// Bytes of the table of certificates, roughly.
    pub(crate) certificate_bytes: usize,
}

impl Keep {
    /// Bytes that [`Aggregates`] take at most, roughly.
    pub(crate) fn report_bytes(&self) -> usize {
        // Two top lists, four dimensions of latency (whose vectors may be half empty), counts by reason and by port.
        2 * self.top_values * TopCounts::VALUE_BYTES + 8 * self.latency_bytes + (2 << 20)
    }
}

impl Aggregates {
    /// Lets go what exceeds `keep`.
    pub(crate) fn keep_within(&mut self, keep: &Keep) {
        self.top_clients.keep_within(keep.top_values);
        self.top_subjects.keep_within(keep.top_values);
        self.latency.keep_within(keep.latency_bytes);
    }

    /// Bytes held, roughly.
    pub(crate) fn memory(&self) -> usize {
        self.top_clients.memory() + self.top_subjects.memory() + self.latency.memory()
    }
}

impl super::totals::LatencyDimensions {
    fn keep_within(&mut self, bytes: usize) {
        self.tls_protocol.keep_within(bytes);
        self.tls_cipher.keep_within(bytes);
        self.tls_keyexchange.keep_within(bytes);
        self.listener_port.keep_within(bytes);
    }

    fn memory(&self) -> usize {
        self.tls_protocol.memory() + self.tls_cipher.memory() + self.tls_keyexchange.memory() + self.listener_port.memory()
    }
}

impl<K: Ord, V: Sum> super::Capped<K, V> {
    /// Bytes that the sums hold.
    fn memory(&self) -> usize {
        self.kept().map(|(_, sum)| sum.memory()).chain(self.other().map(Sum::memory)).sum()
    }

    /// Gives the last keys away until the sums of the others take `bytes` at most. A key stays if it and all before it fit, so it does not
    /// matter, any more than with the cap, in which order and in what parts they came: in a part they take no more than in the whole.
    fn keep_within(&mut self, bytes: usize) {
        let mut held: usize = self.kept().map(|(_, sum)| sum.memory()).sum();
        while held > bytes {
            let Some(given) = self.give_last_away() else { return };
            held -= given;
        }
    }
}

impl CertificateTable {
    /// Lets go what exceeds `keep`.
    pub(crate) fn keep_within(&mut self, keep: &Keep) {
        self.thin(keep.certificate_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Capped;
    use super::super::histogram::LatencyCounts;

    #[test]
    fn what_is_kept_does_not_depend_on_how_it_came() {
        let counts = |buckets: std::ops::Range<u64>| {
            let mut counts = LatencyCounts::default();
            buckets.for_each(|ms| counts.record(ms));
            counts
        };
        let keys = ["d", "a", "c", "b", "e"];
        let filled = |parts: usize| {
            let mut whole = Capped::new(10);
            for part in 0..parts {
                let mut capped: Capped<String, LatencyCounts> = Capped::new(10);
                for key in keys {
                    capped.slot(key).merge(&counts((100 * part / parts) as u64..(100 * (part + 1) / parts) as u64));
                    capped.keep_within(2_000);
                }
                whole.merge(capped);
                whole.keep_within(2_000);
            }
            whole
        };
        let one = filled(1);
        assert_eq!(one.kept().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(one.other().map(LatencyCounts::count), Some(300));
        assert_eq!(one, filled(4));
    }
}
