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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TopCounts {
    #[serde(serialize_with = "in_order")]
    entries: HashMap<Box<str>, TopCount>,
    /// No value outside `entries` has failed more often than this.
    floor: u64,
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
    /// As many are kept when there are more.
    const KEPT: usize = Self::EXACT / 2;

    /// Counts `count` failures of `value` for `reason`.
    pub(crate) fn add(&mut self, value: &str, reason: &Arc<str>, count: u64) {
        let value = label::bounded(value);
        match self.entries.get_mut(value.as_ref()) {
            Some(entry) => entry.add(reason, count),
            None => {
                let mut entry = TopCount { count: self.floor, error: self.floor, reasons: Reasons::default() };
                entry.add(reason, count);
                self.entries.insert(value.as_ref().into(), entry);
                self.thin();
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
                Some(kept) => kept.merge(entry, other_floor),
                None => {
                    entry.raise(floor);
                    self.entries.insert(value, entry);
                }
            }
        }
        self.floor += other_floor;
        self.thin();
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

    /// Values kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops all but the first [`Self::KEPT`] values once there are too many. Halving makes the cost per new value constant.
    fn thin(&mut self) {
        if self.entries.len() <= Self::EXACT {
            return;
        }
        let mut order: Vec<(u64, &str)> = self.entries.iter().map(|(value, entry)| (entry.count, value.as_ref())).collect();
        let (_, &mut (count, value), _) = order.select_nth_unstable_by(Self::KEPT, |one, two| rank(*one, *two));
        let first_dropped: Box<str> = value.into();
        self.entries.retain(|value, entry| rank((entry.count, value), (count, &first_dropped)) == Ordering::Less);
        self.floor = self.floor.max(count);
    }
}

/// Most failures first; of equals, the lower value.
fn rank(one: (u64, &str), two: (u64, &str)) -> Ordering {
    two.0.cmp(&one.0).then_with(|| one.1.cmp(two.1))
}

impl TopCount {
    fn add(&mut self, reason: &Arc<str>, count: u64) {
        self.count += count;
        self.reasons.add(reason, count);
    }

    fn raise(&mut self, floor: u64) {
        self.count += floor;
        self.error += floor;
    }

    /// Adds `other`, whose side's floor was added here already.
    fn merge(&mut self, other: TopCount, raised_by: u64) {
        self.count = self.count - raised_by + other.count;
        self.error = self.error - raised_by + other.error;
        self.reasons.merge(other.reasons);
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

    fn add(&mut self, reason: &Arc<str>, count: u64) {
        match self.kept.binary_search_by(|(kept, _)| kept.cmp(reason)) {
            Ok(index) => self.kept[index].1 += count,
            Err(index) => {
                self.kept.insert(index, (Arc::clone(reason), count));
                if self.kept.len() > Self::CAP {
                    self.other += self.kept.pop().map_or(0, |(_, count)| count);
                }
            }
        }
    }

    fn merge(&mut self, other: Reasons) {
        other.kept.iter().for_each(|(reason, count)| self.add(reason, *count));
        self.other += other.other;
    }

    /// Each reason with its count, in order; what was not kept apart comes last as [`label::OTHER`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let other = (self.other > 0).then_some((label::OTHER, self.other));
        self.kept.iter().map(|(reason, count)| (reason.as_ref(), *count)).chain(other)
    }
}
