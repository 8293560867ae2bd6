//! One Parquet file: its settings, its row groups, and the check that it reads back.
//!
//! In: a table's columns, a row group at a time, as arrays or as rows that encode themselves. Out: a closed, synced and checked file. Columns of a row group are encoded
//! in parallel on the caller's rayon pool; the bytes do not depend on how many threads there are.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression as Codec, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{BloomFilterPosition, EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, SchemaDescriptor, TypePtr};
use rayon::prelude::*;

use super::pages::{DICTIONARY_PAGE_BYTES, EncodedChunk, FALSE_ANSWERS, PAGE_ROWS, PageColumns, PageSettings, codec};
use crate::columns::schema::{self, Column};
use crate::config::Compression;
use crate::error::{Error, Result};
use crate::failpoint;

/// Who wrote the file, in the form that the Parquet format asks for. Readers of the Java family parse it, and distrust what they can't.
const CREATED_BY: &str = concat!("tlslake version ", env!("CARGO_PKG_VERSION"));

/// Rows that ArrowWriter takes at a time. It looks whether a page is full after each time, so that this makes its pages end where ours do.
const WRITE_BATCH_ROWS: usize = PAGE_ROWS / 20;

/// How a table's files are written.
#[derive(Clone, Debug)]
pub(super) struct TableSpec {
    schema: SchemaRef,
    parquet_schema: TypePtr,
    properties: WriterPropertiesPtr,
    pages: Arc<PageSettings>,
}

impl TableSpec {
    /// For a table of `columns`, some of which have bloom filters; `unit` goes to the files' metadata.
    pub(super) fn new(columns: &[Column], compression: Compression, bloom: &[String], unit: &str) -> Result<Self> {
        let schema = schema::arrow_schema(columns);
        let mut properties = properties(columns, codec(compression)?, bloom, unit);
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let parquet_schema = ArrowSchemaConverter::new()
            .convert(&schema)
            .map_err(|error| Error::Accounting(format!("the schema has no Parquet form: {error}")))?
            .root_schema_ptr();
        let descriptors = Arc::new(SchemaDescriptor::new(parquet_schema.clone()));
        let pages = Arc::new(PageSettings::new(descriptors, compression, bloom));
        Ok(Self { schema, parquet_schema, properties: Arc::new(properties), pages })
    }

    /// The same for files whose rows ascend by the first column, which says so in their footers.
    pub(super) fn sorted(mut self) -> Self {
        let by_first = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
        let properties = WriterProperties::clone(&self.properties).into_builder().set_sorting_columns(Some(vec![by_first]));
        self.properties = Arc::new(properties.build());
        self
    }
}

fn properties(columns: &[Column], codec: Codec, bloom: &[String], unit: &str) -> WriterProperties {
    let metadata = [("tlslake.schema_version", schema::SCHEMA_VERSION.to_string()), ("tlslake.unit", unit.to_owned())];
    let metadata = metadata.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect();
    let builder = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(codec)
        .set_dictionary_page_size_limit(DICTIONARY_PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(WRITE_BATCH_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        // Not held until the file ends: a filter is half a megabyte.
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
        .set_key_value_metadata(Some(metadata));
    let builder = bloom.iter().fold(builder, |builder, column| {
        let path = ColumnPath::from(column.as_str());
        builder.set_column_bloom_filter_enabled(path.clone(), true).set_column_bloom_filter_fpp(path, FALSE_ANSWERS)
    });
    columns.iter().fold(builder, column_properties).build()
}

/// Dictionaries for what repeats; deltas for what ascends or shares prefixes; neither, nor minimum and maximum, for blobs.
fn column_properties(builder: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column.name);
    let encoding = match column.name {
        "time" | "client_port" | "source_line" | "byte_offset" => Encoding::DELTA_BINARY_PACKED,
        "conn_trace_id" => Encoding::DELTA_BYTE_ARRAY,
        "raw" | "histogram" => {
            return builder.set_column_dictionary_enabled(path.clone(), false).set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        _ => return builder,
    };
    builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
}

/// What a finished file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its rows.
    pub(super) rows: u64,
    /// Its size.
    pub(super) bytes: u64,
}

/// A row group's columns, by index and from several threads at once.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    /// As arrays, which ArrowWriter encodes.
    Arrays(&'a (dyn Fn(usize) -> Result<ArrayRef> + Sync)),
    /// Rows of `connections`, which encode themselves.
    Pages(&'a PageColumns<'a>),
}

/// An encoded column.
enum Chunk {
    Arrow(ArrowColumnChunk),
    Pages(EncodedChunk),
}

impl Chunk {
    /// Appends the column of that index.
    fn append_to(self, row_group: &mut SerializedRowGroupWriter<'_, File>, index: usize, pages: &PageSettings) -> Result<(), ParquetError> {
        match self {
            Chunk::Arrow(chunk) => chunk.append_to_row_group(row_group),
            Chunk::Pages(chunk) => {
                row_group.append_column(&chunk.bytes, chunk.close)?;
                pages.put_back(index, chunk.bytes);
                Ok(())
            }
        }
    }
}

/// A Parquet file being written.
pub(super) struct TableFile {
    path: PathBuf,
    schema: SchemaRef,
    pages: Arc<PageSettings>,
    writer: SerializedFileWriter<File>,
    columns: ArrowRowGroupWriterFactory,
    row_groups: usize,
    rows: u64,
}

impl TableFile {
    /// Creates the file, in a folder that exists.
    pub(super) fn create(spec: &TableSpec, path: PathBuf) -> Result<Self> {
        let file =
            failpoint::reach("part.create").and_then(|()| File::create_new(&path)).map_err(|error| Error::io(&path, "creating", error))?;
        let writer = SerializedFileWriter::new(file, spec.parquet_schema.clone(), spec.properties.clone())
            .map_err(|source| parquet_error(&path, source))?;
        let columns = ArrowRowGroupWriterFactory::new(&writer, spec.schema.clone());
        Ok(Self { path, schema: spec.schema.clone(), pages: spec.pages.clone(), writer, columns, row_groups: 0, rows: 0 })
    }

    /// Adds a row group of `rows` rows.
    ///
    /// Memory: the row group once more in its encoded form.
    pub(super) fn write_row_group(&mut self, rows: usize, columns: Columns<'_>) -> Result<()> {
        failpoint::reach("part.write").map_err(|error| Error::io(&self.path, "writing", error))?;
        let chunks = match columns {
            Columns::Arrays(array) => self.encode_arrays(array),
            Columns::Pages(columns) => self.encode_pages(columns),
        }?;
        let start = self.bytes();
        append(&mut self.writer, chunks, &self.pages).map_err(|source| parquet_error(&self.path, source))?;
        begin_to_store(self.writer.inner(), start, self.bytes());
        self.row_groups += 1;
        self.rows += rows as u64;
        Ok(())
    }

    fn encode_arrays(&self, array: &(dyn Fn(usize) -> Result<ArrayRef> + Sync)) -> Result<Vec<Chunk>> {
        let failed = |source| parquet_error(&self.path, source);
        let writers = self.columns.create_column_writers(self.row_groups).map_err(failed)?;
        let columns = writers.into_par_iter().enumerate().with_max_len(1);
        columns.map(|(index, writer)| encode(writer, &self.schema, index, &array(index)?).map(Chunk::Arrow).map_err(failed)).collect()
    }

    fn encode_pages(&self, columns: &PageColumns<'_>) -> Result<Vec<Chunk>> {
        let indices = (0..self.schema.fields().len()).into_par_iter().with_max_len(1);
        indices.map(|index| columns.encode(&self.pages, index).map(Chunk::Pages)).collect()
    }

    /// Row groups written so far.
    pub(super) fn row_groups(&self) -> usize {
        self.row_groups
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Closes and syncs the file, opens it again and checks that its footer, schema and row count are what was written.
    pub(super) fn finish(mut self) -> Result<Written> {
        self.writer.finish().map_err(|source| parquet_error(&self.path, source))?;
        let synced = failpoint::reach("part.sync").and_then(|()| self.writer.inner().sync_all());
        synced.map_err(|error| Error::io(&self.path, "syncing", error))?;
        let written = Written { rows: self.rows, bytes: self.bytes() };
        let (path, schema) = (self.path, self.schema);
        drop(self.writer);
        check(&path, &schema, written)?;
        Ok(written)
    }
}

/// Has the system begin to store what was written from `start` to `end`, so that the sync at the end has little left to wait for. Advice: whether it
/// is followed changes nothing but time, and an error is the sync's to tell.
fn begin_to_store(file: &File, start: u64, end: u64) {
    #[cfg(target_os = "linux")]
    {
        // Linux begins to write back what is dirty (and lets go of what is not).
        let length = std::num::NonZeroU64::new(end.saturating_sub(start));
        let _ = rustix::fs::fadvise(file, start, length, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, start, end);
}

fn encode(mut writer: ArrowColumnWriter, schema: &SchemaRef, index: usize, array: &ArrayRef) -> Result<ArrowColumnChunk, ParquetError> {
    for leaf in compute_leaves(schema.field(index), array)? {
        writer.write(&leaf)?;
    }
    writer.close()
}

fn append(writer: &mut SerializedFileWriter<File>, chunks: Vec<Chunk>, pages: &PageSettings) -> Result<(), ParquetError> {
    let mut row_group = writer.next_row_group()?;
    for (index, chunk) in chunks.into_iter().enumerate() {
        chunk.append_to(&mut row_group, index, pages)?;
    }
    row_group.close()?;
    Ok(())
}

/// Reads a closed file's footer back.
fn check(path: &Path, schema: &SchemaRef, expected: Written) -> Result<()> {
    let file = failpoint::reach("part.check").and_then(|()| File::open(path));
    let file = file.map_err(|error| Error::io(path, "opening for the check", error))?;
    let bytes = file.metadata().map_err(|error| Error::io(path, "checking", error))?.len();
    let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|source| parquet_error(path, source))?;
    let rows = footer.metadata().file_metadata().num_rows();
    if u64::try_from(rows) == Ok(expected.rows) && bytes == expected.bytes && footer.schema().fields() == schema.fields() {
        return Ok(());
    }
    let problem = format!(
        "reads back with {rows} rows in {bytes} bytes instead of {} in {}, or with another schema: check the disk, then run again",
        expected.rows, expected.bytes
    );
    Err(Error::Output { path: path.to_owned(), problem })
}

/// What the Parquet writer or reader says of the file at `path`.
#[cold]
pub(super) fn parquet_error(path: &Path, source: ParquetError) -> Error {
    // What the system said comes wrapped; unwrapped, it is told and hinted at like any other.
    let source = match source {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => return Error::io(path, "writing", *error),
            Err(error) => ParquetError::External(error),
        },
        other => other,
    };
    Error::Parquet { path: path.to_owned(), source }
}
