//! Writes one work unit: rows into partitions, partitions into row groups, row groups into staged files.
//!
//! In: batches in input order. Out: a [`StagedUnit`]. Rows keep their order inside a partition, and the files' bytes depend on the rows
//! and the settings alone: not on how rows were cut into batches, nor on how many threads encode.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::arrays::ArrayColumns;
use super::manifest::UnitManifest;
use super::merge::Order;
use super::pages::PageColumns;
use super::partition::{PartitionKey, Places};
use super::parts::PartFiles;
use super::rejected::RejectedWriter;
use super::rows::{Room, RowBuffer, RunRows};
use super::staging::{StagedUnit, StagingDir};
use super::table::{Columns, TableSpec};
use super::values::{Remap, UnitValues};
use crate::columns::{ConnectionBatch, Dictionaries, arrow as arrays, schema};
use crate::config::{LakeConfig, WriterKind};
use crate::discover::InputFile;
use crate::error::Result;

/// What may be buffered before row groups are written early. Constants, so that the output depends on no machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Rows in a row group.
    pub(super) row_group_rows: usize,
    /// Bytes of log text in a row group; a reader has to hold as much.
    pub(super) row_group_text: u64,
    /// Rows over all open partitions.
    pub(super) rows: usize,
    /// Bytes of the rows' own texts (trace ids, extra fields) over all open partitions.
    pub(super) own: u64,
    /// Bytes held by the values that rows share.
    pub(super) values: u64,
    /// Partitions with buffered rows.
    pub(super) partitions: usize,
}

impl Limits {
    /// The limits in force: 1.5 row groups of rows, 24 MiB each of own and shared text.
    pub(super) fn new(row_group_rows: usize) -> Self {
        let row_group_rows = row_group_rows.max(1);
        Self {
            row_group_rows,
            row_group_text: 256 << 20,
            rows: row_group_rows.saturating_add(row_group_rows / 2),
            own: 24 << 20,
            values: 24 << 20,
            partitions: 4_096,
        }
    }
}

/// Takes the rows of one work unit. Dropped before it is finished, it removes what it wrote.
///
/// Memory: [`Limits`], about 60 bytes for each buffered row, and the row group that is being encoded.
pub(crate) struct UnitWriter {
    config: Arc<LakeConfig>,
    files: Arc<[InputFile]>,
    limits: Limits,
    places: Places,
    values: UnitValues,
    remap: Remap,
    buffers: BTreeMap<PartitionKey, RowBuffer>,
    /// Memory for the next partition, as long as no other has rows: fresh memory is dear.
    spare: Option<RowBuffer>,
    /// Rows in all buffers.
    rows: usize,
    /// Own text in all buffers.
    own: u64,
    parts: PartFiles,
    rejected: RejectedWriter,
    /// Last, so that files are closed before their folder goes.
    staging: StagingDir,
}

impl UnitWriter {
    pub(super) fn new(config: Arc<LakeConfig>, unit: &str, files: Arc<[InputFile]>, staging: StagingDir, limits: Limits) -> Result<Self> {
        let connections = TableSpec::new(schema::connections(config.provenance), config.compression, &config.bloom, unit)?;
        let rejected = TableSpec::new(&schema::REJECTED, config.compression, &[], unit)?;
        Ok(Self {
            parts: match config.sort {
                false => PartFiles::new(connections, staging.path(), unit, config.target_file_size),
                true => {
                    PartFiles::new(connections, staging.path(), unit, config.target_file_size).in_order(Order::new(limits, config.writer))
                }
            },
            rejected: RejectedWriter::new(PartFiles::new(rejected, staging.path(), unit, config.target_file_size)),
            places: Places::default(),
            values: UnitValues::default(),
            remap: Remap::default(),
            buffers: BTreeMap::new(),
            spare: None,
            rows: 0,
            own: 0,
            config,
            files,
            limits,
            staging,
        })
    }

    /// Adds the rows and rejected lines of a batch, whose ids `dicts` explains and whose runs begin at `first_lines` (line numbers
    /// from 1) of their files. Encodes and writes row groups that are complete.
    ///
    /// # Errors
    /// What the file system or the Parquet writer says, or [`crate::Error::Accounting`] when the arguments do not belong together. After
    /// an error the writer is of no more use.
    pub(crate) fn append(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        arrays::check(batch, self.files.len(), first_lines)?;
        self.remap.begin(dicts);
        for (index, rows) in arrays::run_rows(batch) {
            let from = RunRows { batch, dicts, file: batch.runs[index].file, first_line: first_lines[index] };
            self.append_run(&from, rows)?;
        }
        self.rejected.append(batch, first_lines, &self.files)
    }

    /// Routes a run's rows, a stretch of one day at a time.
    fn append_run(&mut self, from: &RunRows<'_>, mut rows: Range<usize>) -> Result<()> {
        let partitioning = self.config.partitioning;
        let place = self.places.of(&self.files[from.file as usize], partitioning);
        while !rows.is_empty() {
            let key = Places::key(place, from.batch.time[rows.start], partitioning);
            let end = rows.start + key.rows_of_day(&from.batch.time[rows.clone()], partitioning).max(1);
            self.append_stretch(key, from, rows.start..end)?;
            rows.start = end;
        }
        Ok(())
    }

    fn append_stretch(&mut self, key: PartitionKey, from: &RunRows<'_>, mut rows: Range<usize>) -> Result<()> {
        while !rows.is_empty() {
            self.make_place(key)?;
            let buffer = self.buffers.entry(key).or_insert_with(|| self.spare.take().unwrap_or_default());
            let room = Room {
                rows: (self.limits.row_group_rows - buffer.rows()).min(self.limits.rows - self.rows),
                text: self.limits.row_group_text - buffer.text(),
                own: self.limits.own - self.own,
                values: self.limits.values,
            };
            let own = buffer.own();
            let taken = buffer.fill(from, rows.clone(), room, &mut self.values, &mut self.remap)?;
            self.own += buffer.own() - own;
            self.rows += taken;
            rows.start += taken;
            self.settle(key)?;
        }
        Ok(())
    }

    /// Makes room for one more partition if this is one. Before its first row and not after it: how many rows come with that one depends
    /// on the batch.
    fn make_place(&mut self, key: PartitionKey) -> Result<()> {
        if self.buffers.len() < self.limits.partitions || self.buffers.contains_key(&key) {
            return Ok(());
        }
        self.heaviest().map_or(Ok(()), |heaviest| self.flush(heaviest))
    }

    /// Writes what has become too much; afterwards every limit has room again.
    fn settle(&mut self, key: PartitionKey) -> Result<()> {
        let full = self
            .buffers
            .get(&key)
            .is_some_and(|buffer| buffer.rows() >= self.limits.row_group_rows || buffer.text() >= self.limits.row_group_text);
        if full {
            self.flush(key)?;
        }
        if self.values.held() >= self.limits.values {
            self.flush_all()?;
        }
        while self.rows >= self.limits.rows || self.own >= self.limits.own {
            let Some(heaviest) = self.heaviest() else { break };
            self.flush(heaviest)?;
        }
        Ok(())
    }

    /// The partition whose row group is the largest so far; of equals, the last.
    fn heaviest(&self) -> Option<PartitionKey> {
        const ROW_BYTES: u64 = 60;
        self.buffers.iter().max_by_key(|(_, buffer)| buffer.rows() as u64 * ROW_BYTES + buffer.own()).map(|(&key, _)| key)
    }

    fn flush_all(&mut self) -> Result<()> {
        while let Some((&key, _)) = self.buffers.first_key_value() {
            self.flush(key)?;
        }
        Ok(())
    }

    /// Writes a partition's rows as a row group.
    fn flush(&mut self, key: PartitionKey) -> Result<()> {
        let Some(mut buffer) = self.buffers.remove(&key) else { return Ok(()) };
        let rows = buffer.rows();
        self.rows -= rows;
        self.own -= buffer.own();
        let folder = self.places.folder(key, self.config.partitioning);
        let sources = buffer.sources();
        if self.config.sort {
            buffer.sort_by_time()?;
        }
        match self.config.writer {
            WriterKind::Pages => {
                let columns = PageColumns::new(buffer, &self.values, &self.files);
                self.parts.write(&folder, sources.into_iter(), rows, Columns::Pages(&columns))?;
                self.spare = Some(columns.into_cleared()).filter(|_| self.buffers.is_empty());
            }
            WriterKind::Arrow => {
                let columns = ArrayColumns::new(buffer, &self.values, &self.files)?;
                self.parts.write(&folder, sources.into_iter(), rows, Columns::Arrays(&|index| columns.array(index)))?;
            }
        }
        if self.buffers.is_empty() {
            // Nothing refers to the values any more: the cheapest moment to bound them.
            self.values.clear();
            self.remap.reset();
        }
        Ok(())
    }

    /// Writes what is buffered; closes, syncs and checks every file.
    pub(crate) fn finish(mut self) -> Result<StagedUnit> {
        self.flush_all()?;
        // Their memory may be wanted for files that are put in order.
        (self.spare, self.values, self.remap) = (None, UnitValues::default(), Remap::default());
        let mut files = self.parts.finish()?;
        files.extend(self.rejected.finish(&self.files)?);
        Ok(StagedUnit { files, manifest: UnitManifest::default(), staging: self.staging })
    }
}

#[cfg(test)]
mod tests;
