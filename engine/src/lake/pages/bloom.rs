//! Bloom filters of columns: whether a row group can hold a value at all, asked without reading it.
//!
//! In: the distinct values of a chunk. Out: a split block filter as the Parquet format has it, sized for a false answer in a hundred. Its position in
//! the file and its length are the file's writer's.

use parquet::bloom_filter::Sbbf;

use crate::error::{Error, Result};

/// One value in so many that are not there is said to be.
pub(in crate::lake) const FALSE_ANSWERS: f64 = 0.01;

/// A filter of `values`, of which there are `count` at most that differ.
pub(super) fn filter<'v>(count: usize, values: impl Iterator<Item = Option<&'v [u8]>>) -> Result<Sbbf> {
    let filter = Sbbf::new_with_ndv_fpp(count.max(1) as u64, FALSE_ANSWERS);
    let mut filter = filter.map_err(|error| Error::Accounting(format!("a bloom filter of {count} values: {error}")))?;
    values.flatten().for_each(|value| filter.insert(value));
    Ok(filter)
}
