//! Everything that can be set, with its default and its bound. Pure values: nothing here opens, reads or starts anything.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::scan::Kernel;

/// What to do with an input that turns out to be damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCorrupt {
    /// Name it in the report and use none of its rows, so that a repaired copy can be converted later without doubling.
    #[default]
    Skip,
    /// Keep the whole lines before the fault and say how many.
    Salvage,
    /// Stop the run.
    Fail,
}

/// Settings of a run over logs, whatever it makes of them.
#[derive(Clone, Debug)]
pub struct ReadConfig {
    /// Worker threads; 0 means one per core that the process may use.
    pub jobs: usize,
    /// The scan kernel to use; `None` picks the fastest that this machine has.
    pub kernel: Option<Kernel>,
    /// Keep rows with `time >= since` (µs since 1970, UTC).
    pub since: Option<i64>,
    /// Keep rows with `time < until` (µs since 1970, UTC).
    pub until: Option<i64>,
    /// What to do with a damaged input.
    pub on_corrupt: OnCorrupt,
    /// Commit nothing when a line was rejected or an input failed.
    pub strict: bool,
    /// The longest line taken, in bytes; an input with a longer one fails with [`crate::FileFaultKind::LineTooLong`].
    pub max_line: usize,
    /// Which logs are read, as far as their names tell.
    pub pick: Pick,
    /// How object stores are reached.
    pub stores: StoreConfig,
    /// Bytes of memory that the process may hold; 0 means [`ReadConfig::default_memory`]. More than is of use does no harm.
    pub memory: u64,
}

impl Default for ReadConfig {
    fn default() -> Self {
        Self {
            jobs: 0,
            kernel: None,
            since: None,
            until: None,
            on_corrupt: OnCorrupt::Skip,
            strict: false,
            max_line: Self::DEFAULT_MAX_LINE,
            pick: Pick::default(),
            stores: StoreConfig::default(),
            memory: 0,
        }
    }
}

impl ReadConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`Error::Config`] naming the setting, what it may be, and what it is.
    pub fn validate(&self) -> Result<()> {
        if self.jobs > Self::MAX_JOBS {
            return Err(Error::Config(format!(
                "{} threads are too many: {} at most, and more than the cores gain nothing",
                self.jobs,
                Self::MAX_JOBS
            )));
        }
        if !(Self::MIN_MAX_LINE..=Self::MAX_MAX_LINE).contains(&self.max_line) {
            return Err(Error::Config(format!("the longest line can be 1 KiB to 1 GiB, not {} bytes", self.max_line)));
        }
        Ok(())
    }

    /// Worker threads: [`ReadConfig::jobs`], or one per core.
    pub(crate) fn threads(&self) -> usize {
        if self.jobs == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { self.jobs }
    }

    /// The ceiling where none is set: a quarter of `available`, the memory that the process may use; 4 GiB at most, and not less than the
    /// 320 MiB that `convert` needs, unless that were more than three quarters. Where `available` is not known, 1 GiB.
    pub fn default_memory(available: Option<u64>) -> u64 {
        available.map_or(1 << 30, |available| {
            let quarter = available / 4;
            quarter.max(Self::USUAL_NEED.min(3 * quarter)).min(Self::MAX_DEFAULT_MEMORY)
        })
    }

    /// The ceiling from which on the allocator's huge pages are worth what they take: 2 GiB. A page counts whole once a byte of it is in use,
    /// which comes to some 20 MiB a thread. Below it, the command line does without.
    pub const HUGE_PAGES_FROM: u64 = 2 << 30;
    const USUAL_NEED: u64 = 320 << 20;
    /// 4 GiB.
    pub const MAX_DEFAULT_MEMORY: u64 = 4 << 30;
    /// 1 KiB, which a line of certificates can reach.
    pub const MIN_MAX_LINE: usize = 1 << 10;
    /// 1 GiB: offsets within a block are 32 bits wide.
    pub const MAX_MAX_LINE: usize = 1 << 30;
    /// Threads at most.
    pub const MAX_JOBS: usize = 1024;
    /// 16 MiB: forty thousand times a usual line, and far more than a client's certificate may hold. Memory is set aside for several such lines.
    pub const DEFAULT_MAX_LINE: usize = 16 << 20;
}

/// Which logs are read, as far as AWS's names tell: of several values of one kind, any will do. A file with another name is read in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// Twelve digits each.
    pub accounts: Vec<String>,
    /// `eu-west-1`, …
    pub regions: Vec<String>,
    /// The name, or `app/name/id`.
    pub load_balancers: Vec<String>,
}

/// How object stores are reached. What is not set here comes from the environment, as each provider's own tools have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreConfig {
    /// URL of the server, if it is not the provider's own.
    pub endpoint_url: Option<String>,
    /// Requests are not signed.
    pub anonymous: bool,
    /// The AWS profile whose credentials, region and server are used, whatever the environment says.
    pub profile: Option<String>,
    /// The caller pays for the requests (S3).
    pub requester_pays: bool,
}

/// How Parquet pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Zstandard at a level from 1 to 22.
    Zstd(i32),
    /// Snappy.
    Snappy,
    /// LZ4 (the raw block codec, `LZ4_RAW`).
    Lz4,
    /// None.
    None,
}

impl Default for Compression {
    fn default() -> Self {
        Self::Zstd(1)
    }
}

/// How `connections` is divided into folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitioning {
    /// `account=…/region=…/day=yyyy-mm-dd`, the day being the event's.
    #[default]
    AccountRegionDay,
    /// No folders.
    None,
}

/// What encodes the table `connections`. Rows and statistics are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriterKind {
    /// An encoder of its own, made for these columns.
    #[default]
    Pages,
    /// ArrowWriter of the `parquet` crate: slower, and the reference.
    Arrow,
}

/// Settings of the lake that `convert` writes.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// The folder to write; created if absent.
    pub out: PathBuf,
    /// Page compression.
    pub compression: Compression,
    /// Columns of `connections` with bloom filters, of [`LakeConfig::BLOOM_COLUMNS`].
    pub bloom: Vec<String>,
    /// What encodes `connections`.
    pub writer: WriterKind,
    /// Folders of `connections`.
    pub partitioning: Partitioning,
    /// Rows in a row group at most.
    pub row_group_rows: usize,
    /// Compressed bytes at which a Parquet file is closed and the next one begun.
    pub target_file_size: u64,
    /// Put the rows of each file of `connections` in order of time.
    pub sort: bool,
    /// Write `source_object` and `source_line`.
    pub provenance: bool,
    /// Wait while another run is writing to the folder, rather than refuse.
    pub wait: bool,
    /// Write anew the rows of inputs that have changed since they were converted, rather than refuse.
    pub replace_changed: bool,
}

impl LakeConfig {
    /// 400,000 rows: near 128 MB of log text.
    pub const DEFAULT_ROW_GROUP_ROWS: usize = 400_000;
    /// Memory grows with the rows of a row group: about 90 bytes each, so 1.5 GB for this many.
    pub const MAX_ROW_GROUP_ROWS: usize = 1 << 24;
    /// 256 MiB, in the middle of the 128–512 MB that query engines like.
    pub const DEFAULT_TARGET_FILE_SIZE: u64 = 256 << 20;

    /// Columns that may have a bloom filter: texts that one looks for.
    pub const BLOOM_COLUMNS: [&'static str; 6] =
        ["client_ip", "leaf_client_cert_subject", "leaf_client_cert_serial_number", "conn_trace_id", "elb", "source_object"];

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`Error::Config`] naming the setting, what it may be, and what it is.
    pub fn validate(&self) -> Result<()> {
        if let Some(column) = self.bloom.iter().find(|column| !Self::BLOOM_COLUMNS.contains(&column.as_str())) {
            return Err(Error::Config(format!("{column} has no bloom filter; these may have one: {}", Self::BLOOM_COLUMNS.join(", "))));
        }
        let refuse = |text: String| Err(Error::Config(text));
        match self.compression {
            Compression::Zstd(level) if !(1..=22).contains(&level) => refuse(format!("zstd has levels from 1 to 22, not {level}")),
            _ if self.row_group_rows == 0 || self.row_group_rows > Self::MAX_ROW_GROUP_ROWS => {
                let most = Self::MAX_ROW_GROUP_ROWS;
                refuse(format!("a row group has 1 to {most} rows, not {}", self.row_group_rows))
            }
            _ if self.target_file_size == 0 => refuse("the target file size cannot be 0".to_owned()),
            _ => Ok(()),
        }
    }

    /// The defaults, writing to `out`.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            compression: Compression::default(),
            bloom: Vec::new(),
            writer: WriterKind::default(),
            partitioning: Partitioning::default(),
            row_group_rows: Self::DEFAULT_ROW_GROUP_ROWS,
            target_file_size: Self::DEFAULT_TARGET_FILE_SIZE,
            sort: false,
            provenance: true,
            wait: false,
            replace_changed: false,
        }
    }
}

/// Settings of a compaction.
#[derive(Clone, Debug)]
pub struct CompactConfig {
    /// Where the lake is, and how its files are to be written. Partitions and provenance are as the lake has them.
    pub lake: LakeConfig,
    /// How the store is reached that the lake is in, if it is in one.
    pub stores: StoreConfig,
    /// Keep the codec that the files have, rather than take that of `lake`.
    pub keep_codec: bool,
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// As [`ReadConfig::jobs`].
    pub jobs: usize,
    /// As [`ReadConfig::memory`].
    pub memory: u64,
}

impl CompactConfig {
    /// The defaults, for the lake in `out`.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { lake: LakeConfig::new(out), stores: StoreConfig::default(), keep_codec: true, dry_run: false, jobs: 0, memory: 0 }
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// As [`LakeConfig::validate`] and [`ReadConfig::validate`].
    pub fn validate(&self) -> Result<()> {
        self.lake.validate()?;
        ReadConfig { jobs: self.jobs, memory: self.memory, ..ReadConfig::default() }.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::ReadConfig;

    #[test]
    fn the_default_ceiling_is_a_quarter_within_bounds() {
        let mib = |available: u64| ReadConfig::default_memory(Some(available << 20)) >> 20;
        assert_eq!([300, 512, 2_000, 8_192, 64 << 10].map(mib), [225, 320, 500, 2_048, 4_096]);
        assert_eq!(ReadConfig::default_memory(None), 1 << 30);
    }
}
