//! What `iceberg` did.

use serde::{Deserialize, Serialize};

/// An append to a table. The JSON form is versioned like [`Report`](super::Report)'s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Appended {
    /// [`Appended::SCHEMA`].
    pub schema: String,
    /// The lake as the table names it: a URL.
    pub lake: String,
    /// The lake's state: a hash of the ids of its work units, in the snapshot's summary as `tlslake.run`.
    pub run: String,
    /// The catalog, as `--catalog` names it.
    pub catalog: String,
    /// The table: namespace and name.
    pub table: String,
    /// Where the table's metadata is; absent where there is no table yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<String>,
    /// Nothing was changed: what follows is what would be done.
    pub dry_run: bool,
    /// The table was not there.
    pub created: bool,
    /// The table was made anew.
    pub rebuilt: bool,
    /// The snapshot that was added, in decimal digits (it may have more of them than a number of JSON keeps); absent where nothing was appended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub snapshot_id: Option<String>,
    /// What the table did not have.
    pub appended: TableFiles,
    /// Partitions among that.
    pub partitions: u64,
    /// What the table was given before.
    pub already: TableFiles,
    /// Files that the table names at a place where the lake is no longer, or not yet.
    pub elsewhere: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub elsewhere_first: Option<String>,
    /// Files in the table that are not this lake's.
    pub other_files: u64,
    /// Rows in the table afterwards, as its snapshot says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table_rows: Option<u64>,
    /// Data files in the table afterwards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table_files: Option<u64>,
    /// Wall-clock seconds.
    pub elapsed_s: f64,
}

/// Files of a lake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFiles {
    /// Work units that they belong to.
    pub units: u64,
    /// How many.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Appended {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.iceberg/1";
}
