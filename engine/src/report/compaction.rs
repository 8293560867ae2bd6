//! What `compact` did, or would do.

use serde::Serialize;

/// What was merged in a lake.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Compaction {
    /// [`Compaction::SCHEMA`].
    pub schema: String,
    /// The lake's folder.
    pub path: String,
    /// Whether this is what would be done (`--dry-run`): nothing was changed, and what comes after is an estimate.
    pub dry_run: bool,
    /// Work units before.
    pub units_before: u64,
    /// Work units after.
    pub units_after: u64,
    /// Files of `connections` and `rejected` before, and their bytes.
    pub files_before: u64,
    /// Likewise.
    pub bytes_before: u64,
    /// Files of these after.
    pub files_after: u64,
    /// Their bytes; not known under `--dry-run`, unless nothing would be done.
    pub bytes_after: Option<u64>,
    /// Rows of the files that were written anew.
    pub rows: u64,
    /// Folders whose files were written anew.
    pub folders_total: u64,
    /// The first [`Compaction::MAX_LISTED`] of them.
    pub folders: Vec<CompactedFolder>,
    /// The most memory that the process held at one time, in bytes; `None` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
    /// Wall-clock seconds.
    pub elapsed_s: f64,
}

/// A folder whose files were written anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompactedFolder {
    /// Its path in the lake: a partition of `connections`, or `rejected`. One whose files belonged to units of several groups stands here more than once.
    pub path: String,
    /// Rows of the files.
    pub rows: u64,
    /// Files that were merged, and their bytes.
    pub files_before: u64,
    /// Likewise.
    pub bytes_before: u64,
    /// Files that they became.
    pub files_after: u64,
    /// Their bytes; not known under `--dry-run`.
    pub bytes_after: Option<u64>,
}

impl Compaction {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.compact/1";
    /// How many folders are listed at most; the sums are over all of them.
    pub const MAX_LISTED: usize = 10_000;

    /// Whether there was anything to do.
    pub fn is_idle(&self) -> bool {
        self.folders_total == 0
    }
}
