//! From what the user named to a deterministic list of files and work units; nothing is opened here.

use std::path::PathBuf;

/// One input to read. Its index in [`Discovery::files`] is how every later stage names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The name that reports and `source_object` show: the path as given or found, `-` for standard input.
    pub object: String,
    /// Where its bytes are.
    pub location: Location,
    /// Stored bytes; `None` where that is not known beforehand (standard input, pipes).
    pub size: Option<u64>,
    /// Modification time, ns since 1970; part of its identity. `None` where there is none.
    pub modified: Option<i128>,
    /// What the file's name tells, if it follows AWS's pattern.
    pub name: Option<LogName>,
}

/// Where an input's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Path(PathBuf),
    /// Standard input, which can be read once.
    Stdin,
}

/// What the name of a connection log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1`, …
    pub region: String,
    /// `app.name.id`, dots as in the name.
    pub load_balancer: String,
    /// End of the five-minute window as in the name: `20220215T2340Z`.
    pub end_time: String,
    /// The node's address as in the name.
    pub node_ip: String,
}

/// A file that was found but is not read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SkippedFile {
    /// Its path.
    pub object: String,
    /// Why: `access log`, `health check log`, `test file`, `not a log file`, `given twice`, …
    pub reason: &'static str,
}
