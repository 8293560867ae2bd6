//! Three kinds of trouble, three types: a bad line, a bad file, a failed run.
//!
//! A [`LineFault`] costs one line (it goes to `rejected`), a [`FileFault`] costs one input (named in the report, the run goes on), an
//! [`Error`] ends the run. Hot code carries offsets; the object's name and the line number are added where they are known.

use std::path::PathBuf;

use crate::format::Field;

/// Why a line became no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineFaultReason {
    /// The line is not UTF-8.
    NotUtf8,
    /// A field begins with a quote, and no quote closes it on this line.
    QuoteNotClosed,
    /// Something other than a space follows a closing quote.
    TextAfterQuote,
    /// Fewer than 11 fields.
    TooFewFields,
    /// `time` is not `YYYY-MM-DDThh:mm:ss[.f]Z` with 1 to 9 fraction digits, or no such instant exists.
    InvalidTime,
    /// `client_ip` is neither an IPv4 nor an IPv6 address.
    InvalidIpAddress,
    /// A port is not a decimal number from 0 to 65535.
    InvalidPort,
    /// `tls_handshake_latency` is neither `-` nor a non-negative decimal.
    InvalidLatency,
}

impl LineFaultReason {
    /// The reason as `rejected/` and the report spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::QuoteNotClosed => "quote-not-closed",
            Self::TextAfterQuote => "text-after-quote",
            Self::TooFewFields => "too-few-fields",
            Self::InvalidTime => "invalid-time",
            Self::InvalidIpAddress => "invalid-ip-address",
            Self::InvalidPort => "invalid-port",
            Self::InvalidLatency => "invalid-latency",
        }
    }
}

/// A line that cannot be a row: which field, and why.
///
/// `field` is the field in which the fault lies; for [`LineFaultReason::TooFewFields`] the first one missing; `None` past the
/// known fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// The field at fault.
    pub field: Option<Field>,
    /// What is wrong with it.
    pub reason: LineFaultReason,
}

/// What is wrong with an input as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileFaultKind {
    /// It could not be opened or read.
    Unreadable,
    /// It ends in the middle of a gzip member or zstd frame.
    Truncated,
    /// The compressed data contradicts itself.
    Corrupt,
    /// A checksum or a length in a trailer does not match the data.
    WrongChecksum,
    /// Bytes after the last member are neither a member nor zero padding.
    TrailingData,
    /// A line is longer than the limit in force.
    LineTooLong,
    /// Decoding needs more memory than the limit in force (a zstd window, say).
    TooLarge,
    /// It was written to while the run was under way: its size or its time of change is not what it was when it was found.
    Changed,
}

impl FileFaultKind {
    /// The kind as reports spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::WrongChecksum => "wrong-checksum",
            Self::TrailingData => "trailing-data",
            Self::LineTooLong => "line-too-long",
            Self::TooLarge => "too-large",
            Self::Changed => "changed",
        }
    }
}

/// A fault of one input. The object's name is added by the stage that knows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (byte {offset})")]
pub struct FileFault {
    /// What kind of fault.
    pub kind: FileFaultKind,
    /// Where, in bytes of the input as stored (compressed bytes for a compressed input). For a fault found at a trailer: the trailer.
    pub offset: u64,
    /// One sentence without the object's name: what was found and what was expected.
    pub message: String,
}

impl FileFault {
    /// A fault of `kind` at stored byte `offset`.
    #[cold]
    pub fn new(kind: FileFaultKind, offset: u64, message: impl Into<String>) -> Self {
        Self { kind, offset, message: message.into() }
    }
}

/// Why a run ended without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No input was named.
    #[error("no input was given")]
    NoInput,
    /// Inputs were named, but none of them holds a connection log.
    #[error("no connection log found in {inputs}")]
    NoLogs {
        /// The inputs as given, and what was skipped there.
        inputs: String,
    },
    /// A named input does not exist or its pattern is malformed.
    #[error("{input}: {problem}")]
    BadInput {
        /// The input as given.
        input: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting that cannot be used.
    #[error("{0}")]
    Config(String),
    /// The output folder cannot take this job.
    #[error("{path}: {problem}", path = path.display())]
    Output {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// There is no lake, or one without a manifest.
    #[error("{path}: holds no lake with a manifest", path = path.display())]
    NoLake {
        /// The folder.
        path: PathBuf,
    },
    /// The output folder holds a lake of other settings.
    #[error("{path}: {problem}", path = path.display())]
    Settings {
        /// The folder.
        path: PathBuf,
        /// What differs: what the lake has and what the run was given.
        problem: String,
    },
    /// Another run is writing to the output folder.
    #[error("{path}: another run is writing to this lake ({holder})", path = path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds the lock, as far as is known.
        holder: String,
    },
    /// Inputs are not what they were when the lake took them.
    #[error("{object}: has changed since it was converted into this lake: {was} then, {is} now{others}")]
    ChangedInput {
        /// The first of them.
        object: String,
        /// Its identity when it was converted.
        was: String,
        /// Its identity now.
        is: String,
        /// How many more there are, in words; empty for none.
        others: String,
    },
    /// A run ended before its time; what it had committed stays.
    #[error("{cause}")]
    Unfinished {
        /// What ended it.
        cause: Box<Error>,
        /// The lake.
        path: PathBuf,
        /// Units that are committed.
        units: u64,
        /// Units that there were to be.
        of: u64,
    },
    /// Reading or writing failed.
    #[error("{path}: {action}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The Parquet writer failed.
    #[error("{path}: writing Parquet: {source}", path = path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// An input is damaged and the run was told to stop there.
    #[error("{object}: {fault}")]
    CorruptInput {
        /// The input.
        object: String,
        /// Its fault.
        fault: FileFault,
    },
    /// A file of a lake is damaged. A lake is whole, or what it says cannot be trusted.
    #[error("{object}: {fault}")]
    DamagedLake {
        /// The lake's file.
        object: String,
        /// Its fault.
        fault: FileFault,
    },
    /// A table of a catalog cannot take the lake's files, or its catalog cannot be asked.
    #[error("{table}: {problem}")]
    Table {
        /// The table, or the catalog.
        table: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The run was told to stop by its caller.
    #[error("stopped on request")]
    Cancelled,
    /// The counts do not add up: a bug in tlslake, never the input's fault.
    #[error("internal accounting error: {0}; please report this as a bug")]
    Accounting(String),
    /// A worker thread could not be started or died.
    #[error("{0}")]
    Worker(String),
}

impl Error {
    /// An I/O error on `path` while doing `action` ("opening", "reading", …).
    #[cold]
    pub fn io(path: impl Into<PathBuf>, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), action, source }
    }
}

/// A result whose error ends the run.
pub type Result<T, E = Error> = std::result::Result<T, E>;
