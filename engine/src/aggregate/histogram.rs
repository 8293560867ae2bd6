//! Handshake latencies as counts per HDR bucket: sparse, sorted, mergeable.
//!
//! In: whole milliseconds, or the buckets of many. Out: a [`Histogram`] with three significant digits. There may be one of these per hour,
//! listener and protocol, so a bucket that was met costs 8 bytes and one that was not costs nothing.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::capped::Sum;

/// The longest latency told apart, in milliseconds: about 37 hours, the last value of the last of the buckets that a day needs.
///
/// Longer ones are counted in that bucket. `min` and `max` stay exact.
pub const MAX_LATENCY_MS: u64 = (1 << 27) - 1;

/// Significant decimal digits of a latency.
pub(crate) const SIGNIFICANT_DIGITS: u8 = 3;

/// Values below this have a bucket each; above, a bucket spans one part in at least 1024.
const EXACT: u64 = 2048;

/// Seconds as whole milliseconds, halves up; below zero is 0. Not for NaN, which is NULL.
#[inline]
pub(crate) fn whole_ms(seconds: f64) -> u64 {
    // A float-to-integer cast stops at the bounds of i64, which is also as far as a signed column can tell.
    ((seconds * 1000.0 + 0.5) as i64).max(0) as u64
}

/// The HDR bucket of a latency: its position in a histogram of three significant digits that begins at 1.
#[inline]
pub(crate) fn bucket_of(ms: u64) -> u16 {
    let ms = ms.min(MAX_LATENCY_MS);
    let shift = (ms | (EXACT - 1)).ilog2() - (EXACT - 1).ilog2();
    ((shift << 10) as u64 + (ms >> shift)) as u16
}

/// The lowest latency of a bucket, in milliseconds.
fn lowest_ms(bucket: u16) -> u64 {
    let shift = u32::from(bucket >> 10).saturating_sub(1);
    (u64::from(bucket) - (u64::from(shift) << 10)) << shift
}

/// An empty histogram with the bounds that all of ours share, so that any two of them add up.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    // The bounds are constants that the crate's rules allow; no input comes here.
    Histogram::new_with_bounds(1, MAX_LATENCY_MS, SIGNIFICANT_DIGITS).expect("constant bounds")
}

/// A bucket and its count in one word: bucket in the upper 16 bits, so that words sort by bucket.
///
/// 48 bits of count are 281 trillion handshakes, beyond any archive; a count stops there rather than spill over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "(u16, u64)", from = "(u16, u64)")]
pub(crate) struct Cell(u64);

impl Cell {
    const COUNT_MASK: u64 = (1 << 48) - 1;

    #[inline]
    fn new(bucket: u16, count: u64) -> Self {
        Self(u64::from(bucket) << 48 | count.min(Self::COUNT_MASK))
    }

    #[inline]
    fn bucket(self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[inline]
    fn count(self) -> u64 {
        self.0 & Self::COUNT_MASK
    }

    #[inline]
    fn plus(self, other: Cell) -> Self {
        Self::new(self.bucket(), self.count() + other.count())
    }
}

impl From<Cell> for (u16, u64) {
    fn from(cell: Cell) -> Self {
        (cell.bucket(), cell.count())
    }
}

impl From<(u16, u64)> for Cell {
    fn from((bucket, count): (u16, u64)) -> Self {
        Self::new(bucket, count)
    }
}

/// How many latencies there are, and the exact shortest and longest, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    pub(crate) count: u64,
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { count: 0, min: u64::MAX, max: 0 }
    }
}

impl Extent {
    /// Takes in one latency.
    #[inline]
    pub(crate) fn add(&mut self, ms: u64) {
        self.count += 1;
        self.min = self.min.min(ms);
        self.max = self.max.max(ms);
    }

    /// Takes in all of `other`.
    pub(crate) fn merge(&mut self, other: Extent) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Latencies counted by HDR bucket (three significant digits), with exact count, minimum and maximum.
///
/// Memory: 8 bytes per distinct bucket, of which there are at most 18,432; usually a few hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyCounts {
    pub(super) extent: Extent,
    /// Ascending by bucket, each bucket once.
    cells: Vec<Cell>,
}

impl LatencyCounts {
    /// How many latencies were counted.
    pub fn count(&self) -> u64 {
        self.extent.count
    }

    /// The shortest, exactly, in milliseconds; `None` if there is none.
    pub fn min(&self) -> Option<u64> {
        (self.extent.count > 0).then_some(self.extent.min)
    }

    /// The longest, exactly, in milliseconds, even beyond [`MAX_LATENCY_MS`]; `None` if there is none.
    pub fn max(&self) -> Option<u64> {
        (self.extent.count > 0).then_some(self.extent.max)
    }

    /// Counts one latency of `ms` milliseconds. Costs a search; many at once are cheaper through [`Self::merge`].
    pub fn record(&mut self, ms: u64) {
        self.extent.add(ms);
        self.merge_cells(&[Cell::new(bucket_of(ms), 1)]);
    }

    /// Adds the latencies of `other`. Costs the buckets of both.
    pub fn merge(&mut self, other: &LatencyCounts) {
        self.extent.merge(other.extent);
        self.merge_cells(&other.cells);
    }

    /// The histogram: 1 to [`MAX_LATENCY_MS`] ms, three significant digits. Costs 150 KB.
    pub fn histogram(&self) -> Histogram<u64> {
        let mut histogram = empty_histogram();
        self.load(&mut histogram);
        histogram
    }

    /// Fills `histogram`, whatever it held before, with these latencies.
    pub(crate) fn load(&self, histogram: &mut Histogram<u64>) {
        histogram.reset();
        for cell in &self.cells {
            histogram.saturating_record_n(lowest_ms(cell.bucket()), cell.count());
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    fn merge_cells(&mut self, run: &[Cell]) {
        let fresh = self.count_fresh(run);
        let (mut old, mut new) = (self.cells.len(), run.len());
        self.cells.reserve_exact(fresh);
        self.cells.resize(old + fresh, Cell(0));
        // From the back, so that nothing is overwritten before it was read.
        let mut end = self.cells.len();
        while new > 0 {
            end -= 1;
            let incoming = run[new - 1];
            let kept = old.checked_sub(1).map(|last| self.cells[last]);
            self.cells[end] = match kept {
                Some(kept) if kept.bucket() > incoming.bucket() => {
                    old -= 1;
                    kept
                }
                Some(kept) if kept.bucket() == incoming.bucket() => {
                    (old, new) = (old - 1, new - 1);
                    kept.plus(incoming)
                }
                _ => {
                    new -= 1;
                    incoming
                }
            };
        }
    }

    /// How many buckets of `run` are not here yet.
    fn count_fresh(&self, run: &[Cell]) -> usize {
        let mut cells = self.cells.iter().peekable();
        let mut fresh = 0;
        for cell in run {
            while cells.next_if(|kept| kept.bucket() < cell.bucket()).is_some() {}
            fresh += usize::from(cells.peek().is_none_or(|kept| kept.bucket() != cell.bucket()));
        }
        fresh
    }
}

impl Sum for LatencyCounts {
    fn add(&mut self, other: Self) {
        if self.cells.is_empty() { *self = other } else { self.merge(&other) }
    }

    fn memory(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
    }
}

/// Counts slices of buckets; kept between uses for its memory.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Vec<u32>,
    few: Vec<u16>,
    result: LatencyCounts,
}

impl Tally {
    /// Up to here sorting is cheaper than walking a table of all buckets.
    const FEW: usize = 256;

    /// The counts of all buckets in `slices`, whose count, minimum and maximum are known to be `extent`.
    pub(crate) fn collect<'a>(&mut self, slices: impl Iterator<Item = &'a [u16]>, extent: Extent) -> &LatencyCounts {
        self.result.extent = extent;
        self.result.cells.clear();
        if extent.count <= Self::FEW as u64 {
            self.sort(slices);
        } else {
            self.tabulate(slices, bucket_of(extent.min), bucket_of(extent.max));
        }
        &self.result
    }

    fn sort<'a>(&mut self, slices: impl Iterator<Item = &'a [u16]>) {
        self.few.clear();
        slices.for_each(|slice| self.few.extend_from_slice(slice));
        self.few.sort_unstable();
        let runs = self.few.chunk_by(|one, two| one == two);
        self.result.cells.extend(runs.map(|run| Cell::new(run[0], run.len() as u64)));
    }

    fn tabulate<'a>(&mut self, slices: impl Iterator<Item = &'a [u16]>, first: u16, last: u16) {
        if self.counts.len() <= usize::from(last) {
            self.counts.resize(usize::from(last) + 1, 0);
        }
        for slice in slices {
            for &bucket in slice {
                self.counts[usize::from(bucket)] += 1;
            }
        }
        let met = &mut self.counts[usize::from(first)..=usize::from(last)];
        for (bucket, count) in (first..=last).zip(met) {
            if *count > 0 {
                self.result.cells.push(Cell::new(bucket, u64::from(*count)));
                *count = 0;
            }
        }
    }
}
