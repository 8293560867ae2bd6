//! What `verify` finds.

use serde::{Deserialize, Serialize};

/// The result of a verification. The JSON form is versioned like [`Report`](super::Report)'s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// [`Verification::SCHEMA`].
    pub schema: String,
    /// The lake.
    pub path: String,
    /// Whether everything holds: the same as that there is no difference.
    pub holds: bool,
    /// Work units.
    pub units: u64,
    /// Inputs that the lake holds, those that failed not counted.
    pub inputs: u64,
    /// Inputs of which nothing was used.
    pub inputs_failed: u64,
    /// Files of the lake that were read and compared with the manifest.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows in the footers of `connections`.
    pub footer_rows: u64,
    /// `lines = rows + rejected + blank + out_of_range`, by the manifest.
    pub lines: u64,
    /// Lines that became rows.
    pub rows: u64,
    /// Lines kept in `rejected`.
    pub rejected: u64,
    /// Empty lines.
    pub blank: u64,
    /// Good lines outside the lake's time range.
    pub out_of_range: u64,
    /// What was compared with the logs; absent where none were given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logs: Option<LogsCompared>,
    /// How many differences there are.
    pub differences_total: u64,
    /// The first [`Verification::MAX_LISTED`] of them.
    pub differences: Vec<Difference>,
    /// Wall-clock seconds.
    pub elapsed_s: f64,
}

impl Verification {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.verify/1";
    /// Differences that are listed at most; the count is exact always.
    pub const MAX_LISTED: usize = 10_000;
}

/// Logs that were read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsCompared {
    /// Inputs read.
    pub inputs: u64,
    /// Of these, those that are line for line what the lake holds.
    pub same: u64,
    /// Inputs of the lake that were not given.
    pub not_given: u64,
    /// Files beside them that are no connection logs by their names (access logs, health-check logs, test files, others), or were given twice.
    pub others: u64,
    /// Lines read.
    pub lines: u64,
    /// Bytes of text read.
    pub raw_bytes: u64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What kind of thing.
    pub kind: DifferenceKind,
    /// The file or input.
    pub place: String,
    /// One sentence about it, without its name.
    pub problem: String,
}

/// Kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The lake is not complete.
    Incomplete,
    /// A manifest cannot be understood or contradicts itself.
    Manifest,
    /// Numbers do not add up.
    Accounting,
    /// A file is missing, changed, damaged, or named nowhere.
    File,
    /// `report.json` says something else.
    Report,
    /// A log is not what was converted, or was not converted.
    Log,
}
