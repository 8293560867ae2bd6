//! Writes the rows of several units' files again, as the files of one.
//!
//! In: a [`Group`]. Out: its new files, staged, and which old file's rows are in which. Every old file is read back with its checksum before its rows are
//! used: damage must not be given a new checksum. A new file ends where an old one does, so what came from which input stays known
//! without looking at rows. Columns are copied as values. Memory: a batch of one old file, and one row group.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression as Codec;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::ChunkReader;

use super::compact::Group;
use super::home::Home;
use super::manifest::{OutputEntry, UnitManifest, checksum_text};
use super::merge::{self, Order};
use super::parts::part_name;
use super::refill::{Refill, WrittenRows};
use super::rejected;
use super::staging::{self, StagedFile, StagedUnit, StagingDir, create_folder};
use super::table::{Columns, TableFile, TableSpec, Written, parquet_error};
use super::unit::Limits;
use super::{Lake, damaged};
use crate::columns::schema;
use crate::config::{Compression, LakeConfig};
use crate::error::{Error, Result};

/// Lines of `rejected` in a row group at most, and bytes of a batch's arrays at which one is written.
const REJECTED_ROWS: usize = 65_536;
const REJECTED_BYTES: usize = 16 << 20;

/// How a group's files are written where nobody says otherwise: as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Habits {
    compression: Option<Compression>,
    /// Columns with bloom filters in any file.
    bloom: BTreeSet<String>,
    /// Whether rows ascend by time in every file.
    sort: bool,
}

/// The path of an old file, and that of the new one which has its rows.
type Move = (String, String);

/// Watches a group being written.
pub(crate) trait Watch {
    /// Whether to stop.
    fn is_cancelled(&self) -> bool;
    /// An old file's rows were taken over.
    fn file_done(&self, bytes: u64);
    /// So many rows were.
    fn rows_done(&self, rows: u64);
}

/// A group's unit, whose files are written and staged.
#[derive(Debug)]
pub(crate) struct Rewritten {
    /// Its id.
    pub(crate) id: String,
    /// Its files.
    pub(crate) unit: StagedUnit,
    /// The new file that each old one's rows are in, by path.
    pub(crate) moves: HashMap<String, String>,
}

impl Lake {
    /// Writes the files of `group` anew, as those of one unit. `keep` says which of the settings are the files' own: codec and bloom filters are where
    /// none are named, and files in order of time stay so.
    ///
    /// # Errors
    /// [`Error::DamagedLake`] where a file is not what its manifest says, [`Error::Cancelled`], and what writing says.
    pub(crate) fn rewrite(&self, group: &Group, keep_codec: bool, watch: &dyn Watch) -> Result<Rewritten> {
        let habits = habits(self.home(), group)?;
        let own = &self.config;
        let config = LakeConfig {
            compression: habits.compression.filter(|_| keep_codec).unwrap_or(own.compression),
            bloom: if own.bloom.is_empty() { habits.bloom.into_iter().collect() } else { own.bloom.clone() },
            sort: own.sort || habits.sort,
            ..LakeConfig::clone(own)
        };
        let LakeConfig { compression, bloom, writer, row_group_rows, target_file_size, sort, .. } = &config;
        let id = self.id_of(group, &format!("{compression:?} {bloom:?} {writer:?} {row_group_rows} {target_file_size} {sort}"));
        let staging = StagingDir::create(&self.staging, &id)?;
        let (mut files, mut moves) = (Vec::new(), HashMap::new());
        for (folder, old) in &group.folders {
            let new = NewFiles::create(self.home(), staging.path(), &config, &id, folder, watch)?;
            let (written, moved) = new.fill(old)?;
            files.extend(written);
            moves.extend(moved);
        }
        Ok(Rewritten { id, unit: StagedUnit { files, manifest: UnitManifest::default(), staging }, moves })
    }
}

/// How the files of a group are written, as their footers tell.
fn habits(home: &dyn Home, group: &Group) -> Result<Habits> {
    let mut habits = Habits { sort: true, ..Habits::default() };
    for file in group.folders.iter().filter(|(folder, _)| *folder != rejected::FOLDER).flat_map(|(_, files)| files) {
        let footer = footer(
            home.bytes(&file.path).map_err(|error| damaged(&home.path().join(&file.path), &error.to_string()))?,
            &home.path().join(&file.path),
        )?;
        for group in footer.metadata().row_groups() {
            habits.sort &= group.sorting_columns().is_some_and(|columns| !columns.is_empty());
            let first = group.columns().first().map(|column| compression_of(column.compression()));
            habits.compression = habits.compression.or(first);
            let with_filter = group.columns().iter().filter(|column| column.bloom_filter_offset().is_some());
            habits.bloom.extend(with_filter.map(|column| column.column_path().string()));
        }
    }
    Ok(habits)
}

/// A codec of pages as a setting. The level of zstd is not written down; the usual one is taken.
fn compression_of(codec: Codec) -> Compression {
    match codec {
        Codec::UNCOMPRESSED => Compression::None,
        Codec::SNAPPY => Compression::Snappy,
        Codec::LZ4 | Codec::LZ4_RAW => Compression::Lz4,
        _ => Compression::default(),
    }
}

/// The footer of a file that is named `path`.
fn footer(file: impl ChunkReader, path: &Path) -> Result<ArrowReaderMetadata> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
    ArrowReaderMetadata::load(&file, options).map_err(|error| damaged(path, &error.to_string()))
}

/// Takes batches of old files and makes row groups of them.
enum Gather {
    Connections(Box<Refill>),
    Rejected(Vec<RecordBatch>),
}

impl Gather {
    /// Takes over the rows of a batch of the file at `path`.
    fn add(&mut self, path: &Path, batch: RecordBatch, file: &mut TableFile) -> Result<()> {
        match self {
            Self::Connections(refill) => {
                let rows =
                    WrittenRows::of(&batch).map_err(|column| damaged(path, &format!("its column {column} is not as convert writes it")))?;
                (0..rows.rows()).try_for_each(|row| refill.push(&rows, row, file))
            }
            Self::Rejected(batches) => {
                batches.push(batch);
                let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
                if rows_in(batches) >= REJECTED_ROWS || bytes >= REJECTED_BYTES { self.flush(file) } else { Ok(()) }
            }
        }
    }

    /// Rows that wait.
    fn rows(&self) -> usize {
        match self {
            Self::Connections(refill) => refill.rows(),
            Self::Rejected(batches) => rows_in(batches),
        }
    }

    /// Writes what waits.
    fn flush(&mut self, file: &mut TableFile) -> Result<()> {
        match self {
            Self::Connections(refill) => refill.flush(file),
            Self::Rejected(batches) => {
                let batches = std::mem::take(batches);
                let Some(first) = batches.first() else { return Ok(()) };
                let whole = concat_batches(&first.schema(), &batches);
                let whole = whole.map_err(|error| Error::Accounting(format!("batches of one table do not fit together: {error}")))?;
                file.write_row_group(whole.num_rows(), Columns::Arrays(&|index| Ok(whole.column(index).clone())))
            }
        }
    }
}

fn rows_in(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// The new files of a folder.
struct NewFiles<'a> {
    home: &'a dyn Home,
    staging: &'a Path,
    id: &'a str,
    folder: &'a str,
    target: u64,
    spec: TableSpec,
    order: Option<Order>,
    gather: Gather,
    watch: &'a dyn Watch,
    open: Option<NewFile>,
    done: Vec<StagedFile>,
    moves: Vec<Move>,
}

/// One that is being written.
struct NewFile {
    file: TableFile,
    staged: PathBuf,
    target: PathBuf,
    /// Rows and bytes of the old files whose rows it has.
    old_rows: u64,
    old_bytes: u64,
}

impl<'a> NewFiles<'a> {
    fn create(
        home: &'a dyn Home,
        staging: &'a Path,
        config: &LakeConfig,
        id: &'a str,
        folder: &'a str,
        watch: &'a dyn Watch,
    ) -> Result<Self> {
        let limits = Limits::new(config.row_group_rows);
        let is_rejected = folder == rejected::FOLDER;
        let columns = if is_rejected { &schema::REJECTED[..] } else { schema::connections(config.provenance) };
        let bloom = if is_rejected { &[][..] } else { &config.bloom };
        let spec = TableSpec::new(columns, config.compression, bloom, id)?;
        let sort = config.sort && !is_rejected;
        Ok(Self {
            home,
            staging,
            id,
            folder,
            target: config.target_file_size,
            spec: if sort { spec.sorted() } else { spec },
            order: sort.then(|| Order::new(limits, config.writer)),
            gather: match is_rejected {
                true => Gather::Rejected(Vec::new()),
                false => Gather::Connections(Box::new(Refill::new(limits, config.writer).in_order(sort))),
            },
            watch,
            open: None,
            done: Vec::new(),
            moves: Vec::new(),
        })
    }

    /// Takes over the rows of `old`; the files, and where the rows of each old one are.
    fn fill(mut self, old: &[OutputEntry]) -> Result<(Vec<StagedFile>, Vec<Move>)> {
        for entry in old {
            let mut new = self.open.take().map_or_else(|| self.begin(), Ok)?;
            self.copy(entry, &mut new.file)?;
            new.old_rows += entry.rows;
            new.old_bytes += entry.bytes;
            self.moves.push((entry.path.clone(), staging::path_text(&new.target)));
            self.watch.file_done(entry.bytes);
            if self.is_full(&mut new)? { self.end(new)? } else { self.open = Some(new) }
        }
        if let Some(new) = self.open.take() {
            self.end(new)?;
        }
        Ok((self.done, self.moves))
    }

    fn begin(&self) -> Result<NewFile> {
        let number = u32::try_from(self.done.len()).map_err(|_| Error::Config("a folder of more than 2³² files".to_owned()))?;
        let target: PathBuf = self.folder.split('/').chain([part_name(self.id, number).as_str()]).collect();
        let staged = self.staging.join(&target);
        staged.parent().map_or(Ok(()), create_folder)?;
        Ok(NewFile { file: TableFile::create(&self.spec, staged.clone())?, staged, target, old_rows: 0, old_bytes: 0 })
    }

    /// Takes over the rows of an old file.
    fn copy(&mut self, entry: &OutputEntry, file: &mut TableFile) -> Result<()> {
        let path = self.home.path().join(&entry.path);
        let at_hand = self.home.at_hand(&entry.path, self.staging).map_err(|error| damaged(&path, &error.to_string()))?;
        let checksum = staging::checksum(&at_hand).map(checksum_text).map_err(|error| damaged(&path, &error.to_string()))?;
        if checksum != entry.checksum {
            return Err(damaged(&path, &format!("it is not what was written: {checksum} instead of {}", entry.checksum)));
        }
        let old = || File::open(&at_hand).map_err(|error| damaged(&path, &error.to_string()));
        let footer = footer(old()?, &path)?;
        let batch_rows = footer.metadata().row_groups().iter().map(merge::batch_rows).min().unwrap_or(1);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(old()?, footer).with_batch_size(batch_rows);
        let reader = reader.build().map_err(|source| parquet_error(&path, source))?;
        let mut rows = 0;
        for batch in reader {
            if self.watch.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let batch = batch.map_err(|error| damaged(&path, &error.to_string()))?;
            rows += batch.num_rows() as u64;
            self.watch.rows_done(batch.num_rows() as u64);
            self.gather.add(&path, batch, file)?;
        }
        if at_hand != path {
            staging::remove_file(&at_hand)?;
        }
        if rows == entry.rows { Ok(()) } else { Err(damaged(&path, &format!("it has {rows} rows instead of {}", entry.rows))) }
    }

    /// Whether a file is as large as it should be. What waits is written to know that, once it may be enough.
    fn is_full(&mut self, new: &mut NewFile) -> Result<bool> {
        let waiting = self.gather.rows() as u64;
        let written = new.old_rows - waiting;
        let expected = match written {
            0 => new.old_bytes,
            _ => new.file.bytes() + (u128::from(new.file.bytes()) * u128::from(waiting) / u128::from(written)) as u64,
        };
        if expected < self.target {
            return Ok(false);
        }
        self.gather.flush(&mut new.file)?;
        Ok(new.file.bytes() >= self.target)
    }

    fn end(&mut self, mut new: NewFile) -> Result<()> {
        self.gather.flush(&mut new.file)?;
        let mut written = new.file.finish()?;
        if let Some(order) = &self.order {
            (new.staged, written) = order.put_in_order(&new.staged, &self.spec)?;
        }
        let Written { rows, bytes } = written;
        if rows != new.old_rows {
            return Err(Error::Accounting(format!("{}: {rows} rows were written, {} read", new.target.display(), new.old_rows)));
        }
        let checksum = staging::checksum(&new.staged)?;
        self.done.push(StagedFile { staged: new.staged, target: new.target, rows, bytes, checksum, sources: Vec::new() });
        Ok(())
    }
}
