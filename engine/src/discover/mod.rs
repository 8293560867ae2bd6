//! From what the user named to a deterministic list of files and work units; nothing is opened for its content here.
//!
//! In: files, folders, globs and `-`. Out: a [`Discovery`]: the files to read in a fixed order, those left out with the reason, and
//! those that could not be reached; [`plan_units`] then groups the files. Folders are listed and files looked up (size, modification
//! time), so a FIFO that waits for its writer cannot hold this stage up. Compression is never told from a name.

mod fault;
mod names;
mod object_name;
mod pattern;
mod pick;
mod remote;
mod search;
mod skips;
mod units;

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::ReadConfig;
use crate::error::{Error, FileFault, Result};
use crate::store::{Object, Stores, Traffic};
use pick::Picker;
use search::Search;

pub(crate) use fault::system_fault;
pub(crate) use names::is_no_log;
pub(crate) use names::looks_compressed;
pub use names::{LogName, display_os};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use names::{NameVerdict, judge};
pub use object_name::{LogSource, ObjectName};
pub(crate) use search::modified_ns;
pub use skips::Skips;
pub use units::{Unit, UnitSettings, plan_units, units_in_order};
pub(crate) use units::{another_id, plan_units_of, unit_of};

/// One input to read. Its index in [`Discovery::files`] is how every later stage names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The name that reports and `source_object` show: the path as given or found, `-` for standard input.
    ///
    /// Bytes that are not UTF-8, and control characters, stand as `\x` and two lower-case hex digits per byte, a backslash as `\\`: so
    /// two paths never look alike, none can play tricks on a terminal, and the path can be told from the name.
    pub object: ObjectName,
    /// Where its bytes are.
    pub location: Location,
    /// Stored bytes when it was found; `None` where that is not known beforehand (standard input, pipes, devices).
    pub size: Option<u64>,
    /// Modification time, ns since 1970; part of its identity. `None` where there is none, or one outside the years 1677 to 2262.
    pub modified: Option<i64>,
    /// Whose logs it holds, as its name tells if it follows AWS's pattern.
    pub name: Option<Arc<LogSource>>,
    /// Stands for where the file is, however it was named: XXH3-128 of its path without links, or of `-`.
    pub key: u128,
}

impl InputFile {
    /// The modification time as manifests keep it.
    pub(crate) fn modified_ns(&self) -> Option<i64> {
        self.modified
    }

    /// Bytes that it takes in a list, without what it shares with others.
    pub(crate) fn held(&self) -> usize {
        let location = match &self.location {
            Location::Path(path) | Location::Lake(LakeFile::Path(path), _) => path.as_os_str().len(),
            Location::Object(object) | Location::Lake(LakeFile::Object(object), _) => object.held(),
            Location::Stdin => 0,
        };
        size_of::<Self>() + self.object.held() + location
    }
}

/// Where an input's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(private_interfaces, reason = "an object can be looked at, not made, outside the crate")]
pub enum Location {
    /// A file.
    Path(PathBuf),
    /// An object of a store.
    Object(Object),
    /// Standard input, which can be read once.
    Stdin,
    /// A Parquet file of a lake that `convert` wrote.
    Lake(LakeFile, LakeTable),
}

/// Where a lake's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(private_interfaces, reason = "an object can be looked at, not made, outside the crate")]
pub enum LakeFile {
    /// On a disk.
    Path(PathBuf),
    /// In a store.
    Object(Object),
}

/// The tables of a lake that stand for lines of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LakeTable {
    /// One row per line.
    Connections,
    /// The lines that became no row, whole.
    Rejected,
}

/// Whether a lake will do as an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lakes {
    /// No: it is an error that says so.
    #[default]
    Refuse,
    /// Yes: its rows stand for the lines that they were made from.
    Read,
}

/// A file that was found but is not read. A folder that is passed over as a whole is one entry.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SkippedFile {
    /// Its path, spelled like [`InputFile::object`].
    pub object: String,
    /// Why: `access log`, `health check log`, `test file`, `not a log file`, `given twice`, …
    pub reason: &'static str,
}

/// Something inside a folder or behind a glob that could not be reached: an unreadable sub-folder, a link to nothing. It counts as a
/// failed input: logs may be behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreachableFile {
    /// Its path, spelled like [`InputFile::object`].
    pub object: String,
    /// What the system said; its offset is 0.
    pub fault: FileFault,
}

/// What the user's inputs hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The files to read, none of them twice. Inputs come in the order given; within a folder or a glob, paths come in the byte order of
    /// their components, which is the order of the windows within a load balancer's delivery folders.
    pub files: Vec<InputFile>,
    /// What was found and is not read.
    pub skipped: Skips,
    /// What could not be reached, in the order found. The report lists it among the failed files.
    pub unreachable: Vec<UnreachableFile>,
}

/// Turns inputs into the list of files to read.
///
/// An input is a file, a folder (searched with all its sub-folders; links are followed), the URL of an object or of a prefix in an object store, a glob (`*`, `?`, `[…]` and `**`; only where no
/// such path exists literally; a folder that it matches is searched), or `-` for standard input.
///
/// A file named outright is always read. Inside a folder the name decides: connection logs by AWS's name, and other names that end in
/// `.log`, `.txt`, `.gz`, `.gzip`, `.zst` or `.zstd`. A file that a glob matches is read unless its name says that it is something else
/// (an access log, a marker). Everything left out is in [`Discovery::skipped`].
///
/// With [`Lakes::Read`], a folder named outright may also be a lake that `convert` wrote: its Parquet files are listed, partition by partition.
///
/// Cost: one directory listing per folder, one `stat` per file read; memory grows with the number of files, by some 200 bytes for each.
///
/// # Errors
/// [`Error::NoInput`] for an empty list. [`Error::BadInput`] for a named input that does not exist, cannot be looked up or listed, is a
/// socket or a lake (where those are refused, or are not complete), and for a glob that is malformed or matches nothing. [`Error::NoLogs`] if nothing is left to read, unless there are logs of another time than the one asked for.
pub fn discover<S: AsRef<OsStr>>(inputs: &[S], lakes: Lakes) -> Result<Discovery> {
    discover_as(inputs, lakes, &ReadConfig::default(), &Arc::default())
}

/// Likewise; stores are reached, and logs picked by their names, as `read` says. What comes from stores is counted in `traffic`.
///
/// # Errors
/// As [`discover`], and [`Error::BadInput`] for a URL of a store that cannot be listed.
pub(crate) fn discover_as<S: AsRef<OsStr>>(inputs: &[S], lakes: Lakes, read: &ReadConfig, traffic: &Arc<Traffic>) -> Result<Discovery> {
    let mut files = Vec::new();
    let found = visit(inputs, lakes, read, traffic, &mut |file| files.push(file))?;
    let found = Discovery { files, ..found };
    if u32::try_from(found.files.len()).is_err() {
        return Err(Error::Config(format!("{} files are more than one run can number; give fewer inputs", found.files.len())));
    }
    Ok(found)
}

/// Hands every file to `take` instead of keeping them; the rest is as with [`discover_as`].
///
/// # Errors
/// As [`discover_as`].
pub(crate) fn visit<S: AsRef<OsStr>>(
    inputs: &[S],
    lakes: Lakes,
    read: &ReadConfig,
    traffic: &Arc<Traffic>,
    take: &mut dyn FnMut(InputFile),
) -> Result<Discovery> {
    if inputs.is_empty() {
        return Err(Error::NoInput);
    }
    let mut search = Search::new(lakes, Picker::new(read), Stores::new(read.stores.clone(), traffic.clone()), take);
    // One listing names nothing twice.
    search.has_one_input = inputs.len() == 1;
    for input in inputs {
        search.take(input.as_ref())?;
    }
    let is_nothing = search.count == 0 && !search.took_lake;
    let found = search.into_discovery();
    // Where names rule all of it out, no row is of that time: an answer, not a mistake.
    let is_of_another_time = found.skipped.by_reason().contains_key(names::reason::OTHER_TIME);
    if is_nothing && !is_of_another_time {
        return Err(Error::NoLogs { inputs: describe_nothing(inputs, &found) });
    }
    Ok(found)
}

/// How many inputs, and how many kinds of trouble, a message lists before it says "and N more".
const LISTED: usize = 5;

/// The inputs, and what was found there instead of logs.
#[cold]
fn describe_nothing<S: AsRef<OsStr>>(inputs: &[S], found: &Discovery) -> String {
    let names = inputs.iter().map(|input| display_os(input.as_ref()));
    let mut text = list(names.collect());
    let mut trouble: Vec<String> = Vec::new();
    let counts = found.skipped.by_reason();
    let mut reasons: Vec<&SkippedFile> = Vec::new();
    for file in found.skipped.named() {
        if !reasons.iter().any(|first| first.reason == file.reason) {
            reasons.push(file);
        }
    }
    trouble.extend(reasons.iter().map(|first| format!("{} skipped as {} ({})", counts[first.reason], first.reason, first.object)));
    trouble.extend(found.unreachable.iter().map(|file| format!("{} {}", file.object, file.fault.message)));
    if trouble.is_empty() {
        text.push_str(": nothing is in there");
    } else {
        text.push_str(": ");
        text.push_str(&list(trouble));
    }
    if found.skipped.total() > 0 {
        text.push_str("; to read a file whatever its name, name the file itself");
    }
    text
}

/// The first few of `items`, and how many there are beyond them.
fn list(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(LISTED);
    let mut text = items.into_iter().take(LISTED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
