//! Columns of numbers without a dictionary: differences for what counts up, PLAIN for latencies that do not repeat.

use parquet::basic::Encoding;

use super::chunk::{ChunkWriter, EncodedChunk};
use super::dictionary::levels;
use super::statistics::PageFacts;
use super::value::{Bounds, Seconds, Value, widen};
use super::{PAGE_ROWS, delta};
use crate::error::Result;

/// Encodes numbers that are never NULL as DELTA_BINARY_PACKED.
pub(super) fn deltas<V: Value + Ord + Into<i64>>(mut writer: ChunkWriter<'_, V>, values: &[V]) -> Result<EncodedChunk> {
    let mut wide = Vec::new();
    for page in values.chunks(PAGE_ROWS) {
        let facts = PageFacts { rows: page.len(), nulls: 0, text: 0, bounds: bounds(page) };
        wide.clear();
        wide.extend(page.iter().map(|&value| value.into()));
        writer.page(&facts, Encoding::DELTA_BINARY_PACKED, |_| {}, |out| delta::encode(&wide, out))?;
    }
    writer.finish()
}

fn bounds<V: Value + Ord>(values: &[V]) -> Option<Bounds<V>> {
    values.iter().copied().min().zip(values.iter().copied().max())
}

/// Encodes seconds as PLAIN; NaN is NULL.
pub(super) fn plain(mut writer: ChunkWriter<'_, Seconds>, values: &[Seconds]) -> Result<EncodedChunk> {
    let (mut present, mut numbers) = (Vec::new(), Vec::new());
    for page in values.chunks(PAGE_ROWS) {
        present.clear();
        present.extend(page.iter().map(|value| u32::from(!value.is_nan())));
        numbers.clear();
        numbers.extend(page.iter().copied().filter(|value| !value.is_nan()));
        let mut bounds = None;
        numbers.iter().for_each(|&number| widen(&mut bounds, number));
        let facts = PageFacts { rows: page.len(), nulls: page.len() - numbers.len(), text: 0, bounds };
        let put = |out: &mut Vec<u8>| numbers.iter().for_each(|number| number.put(out));
        writer.page(&facts, Encoding::PLAIN, |out| levels(&present, facts.nulls, out), put)?;
    }
    writer.finish()
}
