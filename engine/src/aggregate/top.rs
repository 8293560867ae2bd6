//! Who fails most: exact while there are few, bounded always.
//!
//! After Metwally et al., "Efficient Computation of Frequent and Top-k Elements in Data Streams" (Space-Saving), made to merge: a value that
//! is not kept has failed at most [`TopCounts::floor`] times, so one that comes (back) starts there and says by how much it may be too high.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::label;

/// Failures by value and reason.
///
/// Exact and independent of order up to [`TopCounts::EXACT`] distinct values; beyond that counts are upper bounds, and which values are
/// kept may depend on the order of observation (which the engine fixes). Memory: some 200 bytes a value, at most about 700.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "StoredTopCounts")]
pub(crate) struct TopCounts {
    #[serde(serialize_with = "in_order")]
    entries: HashMap<Box<str>, TopCount>,
    /// No value outside `entries` has failed more often than this.
    floor: u64,
    /// Bytes held by the entries, roughly, and not less.
    #[serde(skip)]
    memory: usize,
    /// More values than this came: the fewest of which some were dropped.
    exact: usize,
}

impl PartialEq for TopCounts {
    fn eq(&self, other: &Self) -> bool {
        (self.floor, &self.entries) == (other.floor, &other.entries)
    }
}

/// Counts as they are stored.
#[derive(Deserialize)]
struct StoredTopCounts {
    entries: HashMap<Box<str>, TopCount>,
    floor: u64,
    exact: usize,
}

impl From<StoredTopCounts> for TopCounts {
    fn from(StoredTopCounts { entries, floor, exact }: StoredTopCounts) -> Self {
        let memory = entries.iter().map(|(value, entry)| weight(value, entry)).sum();
        Self { entries, floor, memory, exact }
    }
}

/// The same counts give the same bytes.
fn in_order<S: Serializer>(entries: &HashMap<Box<str>, TopCount>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().collect::<BTreeMap<_, _>>())
}

/// Failures of one value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TopCount {
    /// Never too low.
    pub(crate) count: u64,
    /// By how much `count` may be too high.
    pub(crate) error: u64,
    /// By reason; adds up to what was really seen while the value was kept.
    pub(crate) reasons: Reasons,
}

impl TopCounts {
    /// As many distinct values are counted exactly.
    pub(crate) const EXACT: usize = 65_536;
    /// Bytes that a value takes; with longer texts or many reasons each, fewer values are kept.
    pub(crate) const VALUE_BYTES: usize = 384;
    /// What an entry takes beside its texts: its place in the table, which is a third empty or more, two allocations, room for reasons.
    const ENTRY_BYTES: usize = 256;

    /// Counts `count` failures of `value` for `reason`.
    pub(crate) fn add(&mut self, value: &str, reason: &Arc<str>, count: u64) {
        let value = label::bounded(value);
        match self.entries.get_mut(value.as_ref()) {
            Some(entry) => self.memory += entry.add(reason, count),
            None => {
                let mut entry = TopCount { count: self.floor, error: self.floor, reasons: Reasons::default() };
                self.memory += entry.add(reason, count) + value.len() + Self::ENTRY_BYTES;
                self.entries.insert(value.as_ref().into(), entry);
                self.keep_within(Self::EXACT);
            }
        }
    }

    /// Adds `other` to this.
    pub(crate) fn merge(&mut self, mut other: Self) {
        if other.entries.len() > self.entries.len() {
            std::mem::swap(self, &mut other);
        }
        // Whatever the other side does not keep may have failed up to its floor there; it is taken back where the value turns up.
        let (floor, other_floor) = (self.floor, other.floor);
        if other_floor > 0 {
            self.entries.values_mut().for_each(|entry| entry.raise(other_floor));
        }
        for (value, mut entry) in other.entries {
            match self.entries.get_mut(&value) {
                Some(kept) => self.memory += kept.merge(entry, other_floor),
                None => {
                    self.memory += weight(&value, &entry);
                    entry.raise(floor);
                    self.entries.insert(value, entry);
                }
            }
        }
        self.exact = match (floor, other_floor) {
            (0, _) => other.exact,
            (_, 0) => self.exact,
            _ => self.exact.min(other.exact),
        };
        self.floor += other_floor;
        self.keep_within(Self::EXACT);
    }

    /// Bytes held, roughly.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// The `limit` values with the most failures, most first; of equals, the lower value first.
    pub(crate) fn top(&self, limit: usize) -> Vec<(&str, &TopCount)> {
        let mut all: Vec<(&str, &TopCount)> = self.entries.iter().map(|(value, entry)| (value.as_ref(), entry)).collect();
        let order = |one: &(&str, &TopCount), two: &(&str, &TopCount)| rank((one.1.count, one.0), (two.1.count, two.0));
        if all.len() > limit && limit > 0 {
            all.select_nth_unstable_by(limit - 1, order);
        }
        all.truncate(limit);
        all.sort_unstable_by(order);
        all
    }

    /// Whether there were more values than are kept apart.
    pub(crate) fn is_approximate(&self) -> bool {
        self.floor > 0
    }

    /// A number of distinct values that was exceeded, where [`TopCounts::is_approximate`].
    pub(crate) fn exceeded(&self) -> usize {
        self.exact
    }

    /// Values kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops the lower half once there are more than `most` values, or they take more bytes than so many may. Halving makes the cost per new
    /// value constant.
    pub(crate) fn keep_within(&mut self, most: usize) {
        while self.entries.len() > most || (self.memory > most * Self::VALUE_BYTES && !self.entries.is_empty()) {
            let counted = most.min(self.entries.len() - 1);
            self.exact = if self.is_approximate() { counted.min(self.exact) } else { counted };
            self.keep_first(self.entries.len().min(most) / 2);
        }
    }

    /// Drops all but the first `kept` values.
    fn keep_first(&mut self, kept: usize) {
        let mut order: Vec<(u64, &str)> = self.entries.iter().map(|(value, entry)| (entry.count, value.as_ref())).collect();
        let (_, &mut (count, value), _) = order.select_nth_unstable_by(kept, |one, two| rank(*one, *two));
        let first_dropped: Box<str> = value.into();
        self.entries.retain(|value, entry| rank((entry.count, value), (count, &first_dropped)) == Ordering::Less);
        self.floor = self.floor.max(count);
        self.memory = self.entries.iter().map(|(value, entry)| weight(value, entry)).sum();
    }
}

/// Bytes that an entry takes, roughly.
fn weight(value: &str, entry: &TopCount) -> usize {
    let reasons: usize = entry.reasons.kept.iter().map(|(reason, _)| Reasons::bytes(reason)).sum();
    value.len() + TopCounts::ENTRY_BYTES + reasons
}

/// Most failures first; of equals, the lower value.
fn rank(one: (u64, &str), two: (u64, &str)) -> Ordering {
    two.0.cmp(&one.0).then_with(|| one.1.cmp(two.1))
}

impl TopCount {
    /// Gives the bytes by which it has grown.
    fn add(&mut self, reason: &Arc<str>, count: u64) -> usize {
        self.count += count;
        self.reasons.add(reason, count)
    }

    fn raise(&mut self, floor: u64) {
        self.count += floor;
        self.error += floor;
    }

    /// Adds `other`, whose side's floor was added here already; gives the bytes by which it has grown.
    fn merge(&mut self, other: TopCount, raised_by: u64) -> usize {
        self.count = self.count - raised_by + other.count;
        self.error = self.error - raised_by + other.error;
        self.reasons.merge(other.reasons)
    }
}

/// Counts by reason, in order; the first [`Reasons::CAP`] in order are kept apart, as in [`Capped`](super::Capped), for a fraction of its
/// memory: there is one of these per value, and nearly all hold a single reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reasons {
    kept: Vec<(Arc<str>, u64)>,
    other: u64,
}

impl Reasons {
    /// More than AWS documents.
    const CAP: usize = 16;

    /// What a reason takes, as if its text were not shared; that of the first is in what an entry takes.
    fn bytes(reason: &str) -> usize {
        if reason.len() > 64 { 2 * reason.len() } else { reason.len() / 2 + 16 }
    }

    /// Gives the bytes by which it has grown.
    fn add(&mut self, reason: &Arc<str>, count: u64) -> usize {
        match self.kept.binary_search_by(|(kept, _)| kept.cmp(reason)) {
            Ok(index) => {
                self.kept[index].1 += count;
                0
            }
            Err(index) => {
                self.kept.insert(index, (Arc::clone(reason), count));
                if self.kept.len() > Self::CAP {
                    self.other += self.kept.pop().map_or(0, |(_, count)| count);
                }
                Self::bytes(reason)
            }
        }
    }

    fn merge(&mut self, other: Reasons) -> usize {
        self.other += other.other;
        other.kept.iter().map(|(reason, count)| self.add(reason, *count)).sum()
    }

    /// Each reason with its count, in order; what was not kept apart comes last as [`label::OTHER`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let other = (self.other > 0).then_some((label::OTHER, self.other));
        self.kept.iter().map(|(reason, count)| (reason.as_ref(), *count)).chain(other)
    }
}
