//! The types of values, as far as encodings and statistics differ by type.

use parquet::basic::Type;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};
use xxhash_rust::xxh3::xxh3_64;

use super::truncate;

/// Least and largest of some values.
pub(super) type Bounds<V> = (V, V);

/// A value of a column.
pub(super) trait Value: Copy + PartialEq {
    /// Its physical type.
    const TYPE: Type;

    /// Whether it comes after `other` in the order of statistics.
    fn is_above(self, other: Self) -> bool;
    /// A hash; equal values have the same.
    fn hash(self) -> u64;
    /// Appends the value in the PLAIN encoding.
    fn put(self, out: &mut Vec<u8>);
    /// What a lower or upper bound of a page is written as in the column index.
    fn index_bounds(bounds: Bounds<Self>) -> (Vec<u8>, Vec<u8>);
    /// The statistics of a column chunk; `signed` says that older readers may use them.
    fn statistics(bounds: Option<Bounds<Self>>, nulls: u64, signed: bool) -> Statistics;

    /// Bytes of a text; `None` if it is none.
    fn text_len(self) -> Option<usize> {
        None
    }

    /// Bytes in the PLAIN encoding.
    fn plain_len(self) -> usize {
        self.text_len().map_or(size_of::<Self>(), |len| 4 + len)
    }
}

macro_rules! number {
    ($number:ty, $type:ident, $statistics:ident, $is_above:expr, $nans:expr) => {
        impl Value for $number {
            const TYPE: Type = Type::$type;

            #[inline]
            fn is_above(self, other: Self) -> bool {
                $is_above(self, other)
            }

            #[inline]
            fn hash(self) -> u64 {
                xxh3_64(&self.to_le_bytes())
            }

            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn index_bounds((least, most): Bounds<Self>) -> (Vec<u8>, Vec<u8>) {
                (least.to_le_bytes().to_vec(), most.to_le_bytes().to_vec())
            }

            fn statistics(bounds: Option<Bounds<Self>>, nulls: u64, signed: bool) -> Statistics {
                let (least, most) = bounds.unzip();
                let statistics = ValueStatistics::new(least, most, None, Some(nulls), false);
                let nans: Option<u64> = $nans;
                Statistics::$statistics(
                    statistics.with_nan_count(nans.filter(|_| bounds.is_some())).with_backwards_compatible_min_max(signed),
                )
            }
        }
    };
}

number!(i32, INT32, Int32, |one, other| one > other, None);
number!(i64, INT64, Int64, |one, other| one > other, None);
// NaN is NULL in every column, so there is none to count. -0 comes before 0, as in IEEE 754's total order.
number!(Seconds, DOUBLE, Double, |one: Seconds, other: Seconds| one.total_cmp(&other).is_gt(), Some(0));

/// A number of seconds.
pub(super) type Seconds = f64;

impl Value for &[u8] {
    const TYPE: Type = Type::BYTE_ARRAY;

    #[inline]
    fn is_above(self, other: Self) -> bool {
        self > other
    }

    fn hash(self) -> u64 {
        xxh3_64(self)
    }

    #[inline]
    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        out.extend_from_slice(self);
    }

    fn index_bounds((least, most): Bounds<Self>) -> (Vec<u8>, Vec<u8>) {
        (truncate::down(least).0, truncate::up(most).0)
    }

    fn statistics(bounds: Option<Bounds<Self>>, nulls: u64, signed: bool) -> Statistics {
        let Some((least, most)) = bounds else {
            let none = ValueStatistics::<ByteArray>::new(None, None, None, Some(nulls), false);
            return Statistics::ByteArray(none.with_backwards_compatible_min_max(signed));
        };
        let ((least, least_cut), (most, most_cut)) = (truncate::down(least), truncate::up(most));
        let statistics = ValueStatistics::new(Some(ByteArray::from(least)), Some(ByteArray::from(most)), None, Some(nulls), signed);
        Statistics::ByteArray(statistics.with_min_is_exact(!least_cut).with_max_is_exact(!most_cut))
    }

    #[inline]
    fn text_len(self) -> Option<usize> {
        Some(self.len())
    }
}

/// Widens `bounds` to take in `value`.
#[inline]
pub(super) fn widen<V: Value>(bounds: &mut Option<Bounds<V>>, value: V) {
    match bounds {
        None => *bounds = Some((value, value)),
        Some((least, most)) => {
            if least.is_above(value) {
                *least = value;
            } else if value.is_above(*most) {
                *most = value;
            }
        }
    }
}
