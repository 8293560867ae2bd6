//! A column chunk as bytes: dictionary page, data pages (version 1) with their headers, and what the footer will say of them.

use bytes::Bytes;
use parquet::basic::{Encoding, PageType};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::schema::types::ColumnDescPtr;

use super::PageSettings;
use super::bits;
use super::compress::{Workbench, codec};
use super::statistics::{ChunkFacts, PageFacts};
use super::value::Value;
use crate::error::{Error, Result};

/// An encoded column chunk. Offsets count from its first byte.
pub(in crate::lake) struct EncodedChunk {
    /// Its pages.
    pub(in crate::lake) bytes: Bytes,
    /// What the footer will say.
    pub(in crate::lake) close: ColumnCloseResult,
}

/// What a data page has behind its header.
#[derive(Debug)]
pub(super) struct Body {
    /// Bytes before compression.
    plain: usize,
    compressed: Vec<u8>,
}

/// A column chunk being encoded.
pub(super) struct ChunkWriter<'a, V> {
    settings: &'a PageSettings,
    column: ColumnDescPtr,
    bench: Workbench,
    pages: Pages,
    dictionary: bool,
    facts: ChunkFacts<V>,
}

/// Pages with their headers.
#[derive(Default)]
struct Pages {
    bytes: Vec<u8>,
    /// Bytes before compression, headers included.
    uncompressed: usize,
    /// The first data page.
    data: Option<usize>,
    encodings: Vec<PageEncodingStats>,
    /// Bytes of the last page before and after compression.
    last: [usize; 2],
}

impl Pages {
    /// Appends a page behind its header. Returns the bytes of both.
    fn write(&mut self, kind: PageType, encoding: Encoding, values: usize, plain: usize, compressed: &[u8]) -> Result<usize> {
        if i32::try_from(plain.max(compressed.len())).is_err() {
            return Err(Error::Accounting(format!("a page of {plain} bytes")));
        }
        let start = self.bytes.len();
        if kind == PageType::DATA_PAGE {
            self.data.get_or_insert(start);
        }
        self.last = [plain, compressed.len()];
        header(kind, encoding, values, self.last, &mut self.bytes);
        self.uncompressed += self.bytes.len() - start + plain;
        self.bytes.extend_from_slice(compressed);
        match self.encodings.last_mut() {
            Some(last) if last.page_type == kind && last.encoding == encoding => last.count += 1,
            _ => self.encodings.push(PageEncodingStats { page_type: kind, encoding, count: 1 }),
        }
        Ok(self.bytes.len() - start)
    }

    fn last_body(&self) -> Body {
        let [plain, len] = self.last;
        Body { plain, compressed: self.bytes[self.bytes.len() - len..].to_vec() }
    }
}

impl<'a, V: Value> ChunkWriter<'a, V> {
    /// A chunk of the column of that index.
    pub(super) fn new(settings: &'a PageSettings, index: usize) -> Self {
        let column = settings.columns.column(index);
        Self {
            facts: ChunkFacts::new(column.max_def_level() > 0),
            column,
            bench: settings.benches.take(),
            settings,
            pages: Pages { bytes: settings.take_buffer(index), ..Pages::default() },
            dictionary: false,
        }
    }

    /// Writes the dictionary, before any other page.
    pub(super) fn dictionary(&mut self, values: &[V]) -> Result<()> {
        self.bench.page.clear();
        values.iter().for_each(|value| value.put(&mut self.bench.page));
        self.dictionary = true;
        let plain = self.bench.page.len();
        let compressed = self.bench.compress(self.settings.compression)?;
        self.pages.write(PageType::DICTIONARY_PAGE, Encoding::PLAIN, values.len(), plain, compressed)?;
        Ok(())
    }

    /// Writes a data page. `levels` appends the definition levels, if the column may have NULLs, `values` what is not NULL.
    pub(super) fn page(
        &mut self,
        facts: &PageFacts<V>,
        encoding: Encoding,
        levels: impl FnOnce(&mut Vec<u8>),
        values: impl FnOnce(&mut Vec<u8>),
    ) -> Result<()> {
        let page = &mut self.bench.page;
        page.clear();
        if self.column.max_def_level() > 0 {
            page.extend_from_slice(&[0; 4]);
            levels(page);
            let len = (page.len() - 4) as u32;
            page[..4].copy_from_slice(&len.to_le_bytes());
        }
        values(page);
        let plain = page.len();
        let compressed = self.bench.compress(self.settings.compression)?;
        let size = self.pages.write(PageType::DATA_PAGE, encoding, facts.rows, plain, compressed)?;
        self.facts.add(facts, self.pages.bytes.len() - size, size)
    }

    /// Writes a data page that another column has, too.
    pub(super) fn same_page(&mut self, facts: &PageFacts<V>, encoding: Encoding, body: &Body) -> Result<()> {
        let size = self.pages.write(PageType::DATA_PAGE, encoding, facts.rows, body.plain, &body.compressed)?;
        self.facts.add(facts, self.pages.bytes.len() - size, size)
    }

    /// The last page, for other columns.
    pub(super) fn last_body(&self) -> Body {
        self.pages.last_body()
    }

    /// Whether there may be NULLs.
    pub(super) fn is_nullable(&self) -> bool {
        self.column.max_def_level() > 0
    }

    /// The chunk.
    pub(super) fn finish(self) -> Result<EncodedChunk> {
        self.settings.benches.put(self.bench);
        let Pages { bytes, uncompressed, data, encodings: stats, .. } = self.pages;
        let name = self.column.name().to_owned();
        let failed = |error: ParquetError| Error::Accounting(format!("{name}: {error}"));
        let encodings = stats.iter().map(|stats| stats.encoding).chain([Encoding::RLE]).collect();
        let signed = self.column.sort_order().is_signed();
        let chunk = ColumnChunkMetaData::builder(self.column)
            .set_compression(codec(self.settings.compression)?)
            .set_encodings(encodings)
            .set_page_encoding_stats(stats)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(uncompressed as i64)
            .set_data_page_offset(data.unwrap_or(0) as i64)
            .set_dictionary_page_offset(self.dictionary.then_some(0));
        let metadata = self.facts.describe(chunk, signed).build().map_err(failed)?;
        let rows_written = self.facts.rows();
        let (column_index, offset_index) = self.facts.indices().map_err(failed)?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written,
            metadata,
            bloom_filter: None,
            column_index: Some(column_index),
            offset_index: Some(offset_index),
        };
        Ok(EncodedChunk { bytes: bytes.into(), close })
    }
}

/// Appends a `PageHeader` (parquet.thrift) in Thrift's compact protocol: a byte for each field (how much its number is above the last one's,
/// then its type), 0 behind the last. `sizes` are before and after compression.
fn header(kind: PageType, encoding: Encoding, values: usize, sizes: [usize; 2], out: &mut Vec<u8>) {
    /// Types: 32-bit integer, structure, `false`.
    const I32: u8 = 5;
    const STRUCT: u8 = 12;
    const FALSE: u8 = 2;
    let mut number = |above: u8, value: i64| {
        out.push(above << 4 | I32);
        bits::zigzag(value, out);
    };
    let [plain, compressed] = sizes.map(|size| size as i64);
    number(1, kind as i64);
    number(1, plain);
    number(1, compressed);
    let is_dictionary = kind == PageType::DICTIONARY_PAGE;
    // `dictionary_page_header` is field 7, `data_page_header` field 5.
    out.push(if is_dictionary { 4 } else { 2 } << 4 | STRUCT);
    let mut number = |value: i64| {
        out.push(1 << 4 | I32);
        bits::zigzag(value, out);
    };
    number(values as i64);
    number(encoding as i64);
    if is_dictionary {
        // `is_sorted`
        out.push(1 << 4 | FALSE);
    } else {
        // The encodings of definition and repetition levels.
        number(Encoding::RLE as i64);
        number(Encoding::RLE as i64);
    }
    out.extend_from_slice(&[0, 0]);
}
