//! The report's final form: what `report.json` holds and the text tables are rendered from.
//!
//! Values only: the aggregates that fill it live in [`crate::aggregate`], its looks in the command line. Every map is ordered, every
//! duration is in milliseconds unless its name says otherwise, every time is RFC 3339 in UTC.

mod appended;
mod bench;
mod compaction;
mod fill;
mod listing;
mod time;
mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use appended::{Appended, TableFiles};
pub use bench::{Benchmark, Machine, Measured, ProjectedRun, Projection, Sample, Spread};
pub use compaction::{CompactedFolder, Compaction};
pub use listing::{ListedBalancer, ListedFiles, ListedSkips, Listing, UnreachableEntry};
pub use time::rfc3339;
pub use verify::{Difference, DifferenceKind, LogsCompared, Verification};

/// The report of one run. The JSON form is versioned: fields are added under `tlslake.report/1`, never renamed or removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`Report::SCHEMA`].
    pub schema: String,
    /// What was read.
    pub input: InputTotals,
    /// Lines that became rows.
    pub rows: u64,
    /// Lines that were rejected.
    pub rejected: u64,
    /// The rejected lines by reason code.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Blank lines.
    pub blank: u64,
    /// Good lines outside the time range asked for.
    pub out_of_range: u64,
    /// Files that were found but not read, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// The first [`Report::MAX_LISTED_FILES`] of them by name.
    pub skipped_files: Vec<SkippedEntry>,
    /// How many inputs failed.
    pub failed: u64,
    /// The first [`Report::MAX_LISTED_FILES`] of them by name.
    pub failed_files: Vec<FailedFile>,
    /// Rows by what became of the connection.
    pub outcomes: Outcomes,
    /// Failed handshakes by reason code.
    pub failures: BTreeMap<String, u64>,
    /// Handshake latency of successful handshakes.
    pub latency: Latency,
    /// Who fails most.
    pub top_failing: TopFailing,
    /// Span of the rows.
    pub time: TimeSpan,
    /// Wall-clock seconds.
    pub elapsed_s: f64,
    /// The most memory that the process held at one time, in bytes; `None` where the system does not say.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// The scan kernel that ran.
    pub kernel: String,
    /// What `convert` wrote; absent for `report`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Output>,
    /// Limits that were reached and made something approximate, each in a sentence; usually empty.
    pub notes: Vec<String>,
}

impl Report {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.report/1";
    /// How many skipped, and how many failed, files are listed by name at most; the counts are exact always.
    pub const MAX_LISTED_FILES: usize = 10_000;

    /// Whether every line became a row (or was blank, or outside the range) and every input was read whole.
    pub fn is_clean(&self) -> bool {
        self.rejected == 0 && self.failed == 0
    }
}

/// Totals of what was read. Inputs that failed count in `files` and `compressed_bytes`; their lines count only where they were salvaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputTotals {
    /// Files.
    pub files: u64,
    /// Bytes as stored.
    pub compressed_bytes: u64,
    /// Bytes decompressed.
    pub raw_bytes: u64,
    /// Lines.
    pub lines: u64,
}

/// A file that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedEntry {
    /// Its name.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// A file that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFile {
    /// Its name.
    pub object: String,
    /// Byte of the stored file at which the fault was found.
    pub offset: u64,
    /// The kind of fault: `truncated`, `corrupt`, …
    pub kind: String,
    /// One sentence.
    pub error: String,
    /// Rows kept all the same, under `salvage`; `None` where none were asked for.
    pub salvaged_rows: Option<u64>,
}

/// Rows by outcome; the five add up to the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// `Success`.
    pub success: u64,
    /// `Failed:*`.
    pub failed: u64,
    /// No verdict and no TLS protocol, on a listener port that never spoke TLS in the input: plain HTTP.
    pub no_verdict_http: u64,
    /// No verdict otherwise: a TLS connection that needs none, or a negotiation that never finished.
    pub no_verdict_tls: u64,
    /// A status that AWS has not documented.
    pub other: u64,
}

/// Percentiles of handshake latency. Only successful handshakes have one (AWS logs `-` otherwise).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Handshakes measured.
    pub count: u64,
    /// Milliseconds; `None` when `count` is 0. So are the others.
    pub min: Option<u64>,
    /// Half were no slower.
    pub p50: Option<u64>,
    /// 90 %.
    pub p90: Option<u64>,
    /// 95 %.
    pub p95: Option<u64>,
    /// 99 %.
    pub p99: Option<u64>,
    /// 99.9 %.
    pub p999: Option<u64>,
    /// The slowest.
    pub max: Option<u64>,
}

/// Latency over everything and by dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Always `ms`.
    pub unit: String,
    /// Over all rows.
    #[serde(flatten)]
    pub all: LatencySummary,
    /// By value of a column.
    pub by: LatencyBy,
}

/// Latency by value; the key of NULL is `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // each is the column of the same name
pub struct LatencyBy {
    pub tls_protocol: BTreeMap<String, LatencySummary>,
    pub tls_cipher: BTreeMap<String, LatencySummary>,
    pub tls_keyexchange: BTreeMap<String, LatencySummary>,
    pub listener_port: BTreeMap<String, LatencySummary>,
}

/// The values with the most failed handshakes, most first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopFailing {
    /// By client address.
    pub client_ip: Vec<TopEntry>,
    /// By certificate subject; the value of a failure without one is `-`.
    pub subject: Vec<TopEntry>,
}

/// One line of a top list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopEntry {
    /// The value.
    pub value: String,
    /// Failed handshakes.
    pub count: u64,
    /// By how much `count` may be too high; 0 unless there were more distinct values than are kept apart.
    pub error: u64,
    /// Its reasons, by code.
    pub reasons: BTreeMap<String, u64>,
}

/// First and last event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpan {
    /// RFC 3339, UTC, microseconds; `None` without rows.
    pub first: Option<String>,
    /// Likewise.
    pub last: Option<String>,
}

/// What `convert` wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The folder.
    pub path: String,
    /// Whether the job was committed; `false` under `--strict` with rejected lines or failed files.
    pub committed: bool,
    /// Files of `connections`.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Work units of the lake.
    #[serde(default)]
    pub units: u64,
    /// Inputs that this run converted, or tried to.
    #[serde(default)]
    pub inputs_read: u64,
    /// Inputs of this run that the lake held already.
    #[serde(default)]
    pub inputs_held: u64,
    /// Of the inputs read, those whose rows took the place of others (`--replace-changed`).
    #[serde(default)]
    pub inputs_replaced: u64,
    /// Files that a run which was cut off had left, and that this one has removed.
    #[serde(default)]
    pub leftovers_removed: u64,
}
