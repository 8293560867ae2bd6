//! What the footer says of a column chunk and of its pages: counts, minimum and maximum, order, places and sizes.
//!
//! Says what ArrowWriter says of the same rows; a property test holds the two together.

use parquet::basic::BoundaryOrder;
use parquet::file::metadata::{ColumnChunkMetaDataBuilder, ColumnIndexBuilder, LevelHistogram, OffsetIndexBuilder};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;

use super::value::{Bounds, Value};
use crate::error::{Error, Result};

/// What is to be said of a page.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageFacts<V> {
    /// Its rows.
    pub(super) rows: usize,
    /// How many of them are NULL.
    pub(super) nulls: usize,
    /// Bytes of its texts.
    pub(super) text: usize,
    /// Least and largest value; `None` if all are NULL.
    pub(super) bounds: Option<Bounds<V>>,
}

/// What is to be said of a chunk, gathered page by page.
pub(super) struct ChunkFacts<V> {
    nullable: bool,
    rows: u64,
    nulls: u64,
    text: i64,
    bounds: Option<Bounds<V>>,
    ascending: bool,
    descending: bool,
    last: Option<Bounds<V>>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
}

impl<V: Value> ChunkFacts<V> {
    /// Of a column that may have NULLs or not.
    pub(super) fn new(nullable: bool) -> Self {
        Self {
            nullable,
            rows: 0,
            nulls: 0,
            text: 0,
            bounds: None,
            ascending: true,
            descending: true,
            last: None,
            column_index: ColumnIndexBuilder::new(V::TYPE),
            offset_index: OffsetIndexBuilder::new(),
        }
    }

    /// Rows of all pages.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a page that stands at `offset` of the chunk and has `size` bytes there.
    pub(super) fn add(&mut self, page: &PageFacts<V>, offset: usize, size: usize) -> Result<()> {
        if page.nulls > 0 && !self.nullable {
            return Err(Error::Accounting(format!("{} NULLs in a column that has none", page.nulls)));
        }
        self.rows += page.rows as u64;
        self.nulls += page.nulls as u64;
        self.text += page.text as i64;
        if let Some(bounds) = page.bounds {
            self.widen(bounds);
        }
        self.index(page);
        self.offset_index.append_row_count(page.rows as i64);
        self.offset_index.append_unencoded_byte_array_data_bytes(is_text::<V>().then_some(page.text as i64));
        let size = i32::try_from(size).map_err(|_| Error::Accounting(format!("a page of {size} bytes")))?;
        self.offset_index.append_offset_and_size(offset as i64, size);
        Ok(())
    }

    fn widen(&mut self, (least, most): Bounds<V>) {
        if let Some((last_least, last_most)) = self.last {
            self.ascending &= !(last_least.is_above(least) || last_most.is_above(most));
            self.descending &= !(least.is_above(last_least) || most.is_above(last_most));
        }
        self.last = Some((least, most));
        let (low, high) = self.bounds.unwrap_or((least, most));
        self.bounds = Some((if low.is_above(least) { least } else { low }, if most.is_above(high) { most } else { high }));
    }

    fn index(&mut self, page: &PageFacts<V>) {
        let nans = (V::TYPE == parquet::basic::Type::DOUBLE).then_some(0);
        let (least, most) = page.bounds.map_or_else(Default::default, V::index_bounds);
        self.column_index.append(page.bounds.is_none(), least, most, page.nulls as i64, nans);
        self.column_index.append_histograms(&None, &self.levels(page.rows as u64, page.nulls as u64));
    }

    /// How many rows have which definition level.
    fn levels(&self, rows: u64, nulls: u64) -> Option<LevelHistogram> {
        self.nullable.then(|| LevelHistogram::from(vec![nulls as i64, (rows - nulls) as i64]))
    }

    /// Says it of the chunk.
    pub(super) fn describe(&self, chunk: ColumnChunkMetaDataBuilder, signed: bool) -> ColumnChunkMetaDataBuilder {
        chunk
            .set_num_values(self.rows as i64)
            .set_statistics(V::statistics(self.bounds, self.nulls, signed))
            .set_unencoded_byte_array_data_bytes(is_text::<V>().then_some(self.text))
            .set_definition_level_histogram(self.levels(self.rows, self.nulls))
    }

    /// The indices of the pages.
    pub(super) fn indices(mut self) -> parquet::errors::Result<(ColumnIndexMetaData, OffsetIndexMetaData)> {
        // Pages that are all alike, or without a value, count as ascending.
        self.column_index.set_boundary_order(match (self.ascending, self.descending) {
            (true, _) => BoundaryOrder::ASCENDING,
            (false, true) => BoundaryOrder::DESCENDING,
            (false, false) => BoundaryOrder::UNORDERED,
        });
        Ok((self.column_index.build()?, self.offset_index.build()))
    }
}

fn is_text<V: Value>() -> bool {
    V::TYPE == parquet::basic::Type::BYTE_ARRAY
}
