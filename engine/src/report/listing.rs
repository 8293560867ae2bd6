//! What `list` tells.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a run would read, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// [`Listing::SCHEMA`].
    pub schema: String,
    /// Everything that would be read.
    pub all: ListedFiles,
    /// By account, region and load balancer, in that order, as the names tell.
    pub load_balancers: Vec<ListedBalancer>,
    /// Files among them whose names are not AWS's.
    pub other_names: ListedFiles,
    /// What was found and would not be read, by reason; a folder that is passed over counts once.
    pub skipped: BTreeMap<String, ListedSkips>,
    /// What could not be looked at: logs may be behind it.
    pub unreachable: Vec<UnreachableEntry>,
    /// How many there are of those.
    pub unreachable_total: u64,
}

/// Files, and what they weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListedFiles {
    /// How many.
    pub files: u64,
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// How many have no size beforehand: standard input, pipes.
    pub unsized_files: u64,
}

/// A load balancer's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedBalancer {
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1`, …
    pub region: String,
    /// `app/name/id`.
    pub load_balancer: String,
    /// Its files.
    #[serde(flatten)]
    pub files: ListedFiles,
    /// End of the first five-minute window, RFC 3339.
    pub first_window_end: Option<String>,
    /// End of the last.
    pub last_window_end: Option<String>,
}

/// Files or folders that are skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedSkips {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: String,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreachableEntry {
    /// Its path or URL.
    pub object: String,
    /// What is wrong, and the fix.
    pub problem: String,
}

impl Listing {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.list/1";
    /// How many unreachable places are named at most.
    pub const MAX_UNREACHABLE: usize = 1000;
}

impl ListedFiles {
    pub(crate) fn add(&mut self, size: Option<u64>) {
        self.files += 1;
        self.stored_bytes += size.unwrap_or(0);
        self.unsized_files += u64::from(size.is_none());
    }
}
