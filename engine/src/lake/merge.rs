//! Puts a finished file of `connections` in order of time, by merging its row groups, each of which is in order already.
//!
//! In: a staged file. Out: another one with the same rows, ascending by time; rows of one time stay as they stood. A row group is opened when the
//! merge has come to its first time and closed at its end, so that files whose row groups hardly overlap are merged in one pass. Where more than
//! [`MERGED_AT_ONCE`] overlap at one time, neighbours are merged into files of their own first. Memory: a batch and the pages of each open row
//! group, and one row group that is being gathered.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::refill::{Refill, WrittenRows};
use super::staging;
use super::table::{TableFile, TableSpec, Written, parquet_error};
use super::unit::Limits;
use crate::config::WriterKind;
use crate::error::{Error, Result};

/// How many row groups are merged at a time at most.
pub(crate) const MERGED_AT_ONCE: usize = 6;
/// Text that a batch of one of them should come to, and its rows at most.
const BATCH_TEXT: u64 = 512 << 10;
const BATCH_ROWS: u64 = 1024;

/// How a table's files are put in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    limits: Limits,
    writer: WriterKind,
}

/// Row groups that are in order, one after the other.
#[derive(Clone, Debug)]
struct Run {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    row_groups: Vec<usize>,
    first: i64,
    last: i64,
}

impl Order {
    /// Into row groups within `limits`, encoded by `writer`.
    pub(super) fn new(limits: Limits, writer: WriterKind) -> Self {
        Self { limits, writer }
    }

    /// Puts the staged file at `path` in order, unless it is; where it is then, and what it holds.
    pub(super) fn put_in_order(&self, path: &Path, spec: &TableSpec) -> Result<(PathBuf, Written)> {
        let mut runs = runs_of(path)?;
        let rows = runs.first().map_or(0, |run| run.metadata.metadata().file_metadata().num_rows());
        let bytes = fs::metadata(path).map_err(|error| Error::io(path, "looking at", error))?.len();
        let before = Written { rows: u64::try_from(rows).unwrap_or(0), bytes };
        if runs.is_sorted_by(|one, next| one.last <= next.first) {
            return Ok((path.to_owned(), before));
        }
        let mut pass = 0;
        while depth(&runs) > MERGED_AT_ONCE {
            runs = self.merge_neighbours(&runs, pass, path, spec)?;
            pass += 1;
        }
        let aside = path.with_extension("ordered");
        let written = self.merge(&runs, &aside, spec)?;
        if written.rows != before.rows {
            return Err(Error::Accounting(format!("{} rows in order of time, {} before", written.rows, before.rows)));
        }
        remove_parts(&runs, path)?;
        staging::remove_file(path)?;
        Ok((aside, written))
    }

    /// Fewer runs: neighbours merged into a file each, as many as can be merged at once.
    fn merge_neighbours(&self, runs: &[Run], pass: usize, path: &Path, spec: &TableSpec) -> Result<Vec<Run>> {
        let mut fewer = Vec::new();
        for (number, neighbours) in runs.chunks(MERGED_AT_ONCE).enumerate() {
            if let [alone] = neighbours {
                fewer.push(alone.clone());
                continue;
            }
            let part = path.with_extension(format!("merged-{pass}-{number}"));
            self.merge(neighbours, &part, spec)?;
            fewer.extend(whole(&part)?);
            remove_parts(neighbours, path)?;
        }
        Ok(fewer)
    }

    /// Merges runs into a new file at `path`.
    fn merge(&self, runs: &[Run], path: &Path, spec: &TableSpec) -> Result<Written> {
        let mut file = TableFile::create(spec, path.to_owned())?;
        let mut refill = Refill::new(self.limits, self.writer);
        let mut merge = Merge::new(runs);
        while let Some(mut head) = merge.next()? {
            // As long as no other row comes first.
            while !head.is_done() && merge.is_next(&head) {
                refill.push(&head.rows, head.row, &mut file)?;
                head.row += 1;
            }
            merge.put_back(head)?;
        }
        refill.flush(&mut file)?;
        file.finish()
    }
}

/// Removes the files that runs were merged into: all but the file at `path`, which is being put in order.
fn remove_parts(runs: &[Run], path: &Path) -> Result<()> {
    runs.iter().filter(|run| run.path != path).try_for_each(|run| staging::remove_file(&run.path))
}

/// The row groups of a file as runs, in their order.
fn runs_of(path: &Path) -> Result<Vec<Run>> {
    let metadata = metadata_of(path)?;
    let runs = metadata.metadata().row_groups().iter().enumerate().filter(|(_, group)| group.num_rows() > 0);
    let runs = runs.map(|(index, group)| {
        let (first, last) = span(group).ok_or_else(|| Error::Accounting(format!("{}: a row group that tells no time", path.display())))?;
        Ok(Run { path: path.to_owned(), metadata: metadata.clone(), row_groups: vec![index], first, last })
    });
    runs.collect()
}

/// A file that is in order as one run.
fn whole(path: &Path) -> Result<Option<Run>> {
    let runs = runs_of(path)?;
    let row_groups = runs.iter().flat_map(|run| run.row_groups.clone()).collect();
    let last = runs.last().map(|run| run.last);
    Ok(runs.into_iter().next().zip(last).map(|(run, last)| Run { row_groups, last, ..run }))
}

fn metadata_of(path: &Path) -> Result<ArrowReaderMetadata> {
    let file = File::open(path).map_err(|error| Error::io(path, "reading back", error))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
    ArrowReaderMetadata::load(&file, options).map_err(|source| parquet_error(path, source))
}

/// First and last time of a row group: those of its first column.
fn span(group: &RowGroupMetaData) -> Option<(i64, i64)> {
    match group.columns().first()?.statistics()? {
        Statistics::Int64(times) => Some((*times.min_opt()?, *times.max_opt()?)),
        _ => None,
    }
}

/// How many runs are open at one time at most.
fn depth(runs: &[Run]) -> usize {
    let open_at = |time: i64| runs.iter().filter(|run| run.first <= time && time <= run.last).count();
    runs.iter().map(|run| open_at(run.first)).max().unwrap_or(0)
}

/// A run that is being read.
struct Head {
    /// Its place among the runs: of rows of one time, those of the first run come first.
    place: usize,
    reader: ParquetRecordBatchReader,
    rows: WrittenRows,
    row: usize,
}

impl Head {
    fn is_done(&self) -> bool {
        self.row == self.rows.rows()
    }

    fn key(&self) -> (i64, usize) {
        (self.rows.time(self.row), self.place)
    }
}

/// Runs on their way into one.
struct Merge<'a> {
    runs: &'a [Run],
    /// Runs that are not open yet, the one that begins first last.
    waiting: Vec<usize>,
    /// Open ones, by the time that they stand at.
    open: BinaryHeap<Reverse<(i64, usize)>>,
    heads: Vec<Option<Head>>,
}

impl<'a> Merge<'a> {
    fn new(runs: &'a [Run]) -> Self {
        let mut waiting: Vec<usize> = (0..runs.len()).collect();
        waiting.sort_by_key(|&place| Reverse((runs[place].first, place)));
        Self { runs, waiting, open: BinaryHeap::new(), heads: runs.iter().map(|_| None).collect() }
    }

    /// The run whose row is next, taken out.
    fn next(&mut self) -> Result<Option<Head>> {
        let (runs, mut waiting) = (self.runs, std::mem::take(&mut self.waiting));
        while let Some(place) = waiting.pop_if(|place| self.open.peek().is_none_or(|Reverse(next)| (runs[*place].first, *place) < *next)) {
            let (reader, rows) = open(&self.runs[place])?;
            self.put_back(Head { place, reader, rows, row: 0 })?;
        }
        self.waiting = waiting;
        Ok(self.open.pop().and_then(|Reverse((_, place))| self.heads[place].take()))
    }

    /// Whether no row of another run comes before the one that `head` stands at.
    fn is_next(&self, head: &Head) -> bool {
        let key = head.key();
        let waits = self.waiting.last().is_none_or(|&place| key < (self.runs[place].first, place));
        waits && self.open.peek().is_none_or(|Reverse(next)| key < *next)
    }

    /// Takes a run back, with its next rows if it has come to the end of some.
    fn put_back(&mut self, mut head: Head) -> Result<()> {
        while head.is_done() {
            let Some(batch) = head.reader.next() else { return Ok(()) };
            head.rows = written_rows(&self.runs[head.place].path, batch)?;
            head.row = 0;
        }
        self.open.push(Reverse(head.key()));
        let place = head.place;
        self.heads[place] = Some(head);
        Ok(())
    }
}

/// A reader of a run, and its first rows.
fn open(run: &Run) -> Result<(ParquetRecordBatchReader, WrittenRows)> {
    let file = File::open(&run.path).map_err(|error| Error::io(&run.path, "reading back", error))?;
    let groups = run.row_groups.iter().map(|&group| run.metadata.metadata().row_group(group));
    let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, run.metadata.clone())
        .with_row_groups(run.row_groups.clone())
        .with_batch_size(groups.map(batch_rows).min().unwrap_or(1))
        .build()
        .map_err(|source| parquet_error(&run.path, source))?;
    let first = reader.next().ok_or_else(|| Error::Accounting(format!("{}: no rows in a row group", run.path.display())))?;
    let rows = written_rows(&run.path, first)?;
    Ok((reader, rows))
}

/// Rows in a batch, by the size of texts that the footer tells.
pub(super) fn batch_rows(group: &RowGroupMetaData) -> usize {
    let sizes = group.columns().iter().filter_map(ColumnChunkMetaData::unencoded_byte_array_data_bytes);
    let text = u64::try_from(sizes.fold(0, i64::saturating_add)).unwrap_or(0);
    let rows = u64::try_from(group.num_rows()).unwrap_or(1).max(1);
    (BATCH_TEXT / (text / rows + 1)).clamp(1, BATCH_ROWS) as usize
}

/// The columns of what a reader gave.
pub(super) fn written_rows(path: &Path, batch: Result<arrow::record_batch::RecordBatch, arrow::error::ArrowError>) -> Result<WrittenRows> {
    let batch = batch.map_err(|error| parquet_error(path, error.into()))?;
    WrittenRows::of(&batch).map_err(|column| Error::Accounting(format!("{}: column {column} is not as it is written", path.display())))
}
