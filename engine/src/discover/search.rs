//! Walks the inputs and collects what they hold: files to read, files passed over, places that could not be reached.
//!
//! Only listings and `stat`: no file is opened. Nothing found is dropped without an entry in one of the three lists.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::{DirEntry, WalkDir};
use xxhash_rust::xxh3::xxh3_128;

use super::fault::{is_link, system_words, unreachable};
use super::names::{LogName, NameVerdict, display, display_os, is_hidden, judge, reason};
use super::object_name::Shared;
use super::pick::Picker;
use super::{Discovery, InputFile, LakeFile, LakeTable, Lakes, Location, SkippedFile, UnreachableFile, pattern};
use crate::error::{Error, FileFault, Result};
use crate::store::{ObjectUrl, Stores};

/// Where the rows of a lake are, in the order in which they are read.
pub(super) const LAKE_TABLES: [(&str, LakeTable); 2] = [("connections", LakeTable::Connections), ("rejected", LakeTable::Rejected)];
pub(super) const UNWANTED_LAKE: &str = "this is a lake written by convert, not logs; name the folder that holds the logs";
pub(super) const UNFINISHED_LAKE: &str =
    "this lake is not complete (it has no _SUCCESS): a run is writing it, or one was cut off; wait for it, or convert again";

/// The lists so far, and what tells a path that was reached before.
///
/// Paths are remembered as 128-bit hashes of their canonical form: 16 bytes for each of what may be millions of files.
pub(super) struct Search<'t> {
    pub(super) lakes: Lakes,
    pub(super) picker: Picker,
    pub(super) stores: Stores,
    /// Whether a lake was among the inputs: one without rows is an answer, not a mistake.
    pub(super) took_lake: bool,
    pub(super) found: Discovery,
    /// Who is given the files, and how many were.
    give: &'t mut dyn FnMut(InputFile),
    pub(super) count: u64,
    pub(super) has_one_input: bool,
    pub(super) shared: Shared,
    stdin_taken: bool,
    pub(super) files_seen: HashSet<u128>,
    folders_seen: HashSet<u128>,
    /// The last folder made canonical: files come folder by folder, and asking the system for each would cost a call per component.
    last_folder: Option<(PathBuf, PathBuf)>,
}

impl<'t> Search<'t> {
    /// Nothing is found yet; lakes are taken or not, and files are given to `give`.
    pub(super) fn new(lakes: Lakes, picker: Picker, stores: Stores, give: &'t mut dyn FnMut(InputFile)) -> Self {
        Self {
            lakes,
            picker,
            stores,
            took_lake: false,
            found: Discovery::default(),
            give,
            count: 0,
            has_one_input: false,
            shared: Shared::default(),
            stdin_taken: false,
            files_seen: HashSet::new(),
            folders_seen: HashSet::new(),
            last_folder: None,
        }
    }

    /// Adds one input as the user named it.
    pub(super) fn take(&mut self, input: &OsStr) -> Result<()> {
        if input == "-" {
            self.take_stdin();
            return Ok(());
        }
        if let Some(url) = input.to_str().and_then(ObjectUrl::parse) {
            return url.map_err(|problem| bad(input, problem)).and_then(|url| self.take_url(&url));
        }
        let path = Path::new(input);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.take_folder(path),
            Ok(metadata) => self.take_file(path, &metadata),
            Err(error) => match input.to_str().filter(|text| pattern::is_pattern(text)) {
                Some(text) if !is_link(path) => self.take_pattern(text),
                _ => Err(missing(input, &error)),
            },
        }
    }

    /// The lists, once every input was taken.
    pub(super) fn into_discovery(self) -> Discovery {
        self.found
    }

    fn take_stdin(&mut self) {
        if std::mem::replace(&mut self.stdin_taken, true) {
            self.found.skipped.add(SkippedFile { object: "-".to_owned(), reason: reason::GIVEN_TWICE });
            return;
        }
        let key = xxh3_128(b"-");
        let stdin = InputFile { object: "-".into(), location: Location::Stdin, size: None, modified: None, name: None, key };
        self.give(stdin);
    }

    /// A file named outright: read whatever its name.
    fn take_file(&mut self, path: &Path, metadata: &Metadata) -> Result<()> {
        if is_socket(metadata) {
            return Err(bad(path.as_os_str(), "is a socket, which cannot be read as a file; pipe its data in and name - as the input"));
        }
        if self.lakes == Lakes::Read && path.extension().is_some_and(|extension| extension == "parquet") {
            return Err(bad(path.as_os_str(), "is a file of Parquet, not of lines; name the folder of the lake that it belongs to"));
        }
        self.add(Location::Path(path.to_path_buf()), path, metadata, true);
        Ok(())
    }

    /// A folder named outright: it must be readable and hold logs, not a lake.
    fn take_folder(&mut self, path: &Path) -> Result<()> {
        if is_lake(path) {
            return match self.lakes {
                Lakes::Read => self.take_lake(path),
                Lakes::Refuse => Err(bad(path.as_os_str(), UNWANTED_LAKE)),
            };
        }
        if let Err(error) = fs::read_dir(path) {
            return Err(bad(path.as_os_str(), system_words("listed", &error)));
        }
        self.search_folder(path);
        Ok(())
    }

    /// A lake named outright: its rows, then the lines that became none. One that is not complete would give half an answer.
    fn take_lake(&mut self, lake: &Path) -> Result<()> {
        if !lake.join("_SUCCESS").is_file() {
            return Err(bad(lake.as_os_str(), UNFINISHED_LAKE));
        }
        self.took_lake = true;
        for (folder, table) in LAKE_TABLES {
            let folder = lake.join(folder);
            if folder.exists() {
                self.take_table(&folder, table)?;
            }
        }
        Ok(())
    }

    fn take_table(&mut self, folder: &Path, table: LakeTable) -> Result<()> {
        for step in folder_steps(folder) {
            let entry = step.map_err(|error| bad(folder.as_os_str(), error.to_string()))?;
            let is_part = entry.path().extension().is_some_and(|extension| extension == "parquet");
            if entry.file_type().is_file() && is_part {
                let metadata = entry.metadata().map_err(|error| bad(entry.path().as_os_str(), error.to_string()))?;
                let location = Location::Lake(LakeFile::Path(entry.path().to_path_buf()), table);
                self.add(location, entry.path(), &metadata, entry.path_is_symlink());
            }
        }
        Ok(())
    }

    fn take_pattern(&mut self, text: &str) -> Result<()> {
        let matches = pattern::expand(text).map_err(|problem| bad(OsStr::new(text), problem))?;
        if matches.paths.is_empty() {
            return Err(bad(OsStr::new(text), no_match(&matches)));
        }
        // `logs/**/*` matches a folder and all that is in it: the folder is searched, once, and stands for the rest.
        let mut searched: HashSet<PathBuf> = HashSet::new();
        for path in &matches.paths {
            if is_below(&searched, path) {
                continue;
            }
            if self.take_match(path) {
                searched.insert(path.clone());
            }
        }
        for (path, why) in matches.skipped.into_iter().filter(|(path, _)| !is_below(&searched, path)) {
            self.skip(&path, why);
        }
        for (path, fault) in matches.faults.into_iter().filter(|(path, _)| !is_below(&searched, path)) {
            self.fail(&path, fault);
        }
        Ok(())
    }

    /// Takes what a pattern matched; says whether that stands for everything below it.
    fn take_match(&mut self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                match pass_over_folder(path) {
                    Some(why) => self.skip(path, why),
                    None => self.search_folder(path),
                }
                return true;
            }
            Ok(metadata) => match path.file_name().map(judge) {
                Some(NameVerdict::Other(why)) => self.skip(path, why),
                _ => self.add_regular(path, &metadata, true),
            },
            Err(error) => self.lost(path, &error),
        }
        false
    }

    /// Adds the logs in a folder and below it.
    fn search_folder(&mut self, root: &Path) {
        let mut steps = folder_steps(root);
        while let Some(step) = steps.next() {
            match step {
                Ok(entry) if entry.file_type().is_dir() => {
                    if !self.enter(&entry) {
                        steps.skip_current_dir();
                    }
                }
                Ok(entry) => self.take_entry(&entry),
                Err(error) => self.take_walk_error(root, &error),
            }
        }
    }

    /// Whether the walk shall go into this folder; if not, it is listed as skipped.
    fn enter(&mut self, entry: &DirEntry) -> bool {
        if let Some(why) = pass_over(entry) {
            self.skip(entry.path(), why);
            return false;
        }
        let key = self.canonical_key(entry.path(), entry.path_is_symlink() || entry.depth() == 0);
        let is_new = self.folders_seen.insert(key);
        // Links that lead to one another's folders would otherwise be followed along every path there is. The root is searched again
        // when named again, so that each of its files is listed as given twice.
        if !is_new && entry.path_is_symlink() && entry.depth() > 0 {
            self.skip(entry.path(), reason::GIVEN_TWICE);
            return false;
        }
        true
    }

    /// A file found in a folder.
    fn take_entry(&mut self, entry: &DirEntry) {
        match judge(entry.file_name()) {
            NameVerdict::Other(why) => self.skip(entry.path(), why),
            _ if !entry.file_type().is_file() => self.skip(entry.path(), reason::NOT_REGULAR),
            NameVerdict::Unknown => self.skip(entry.path(), reason::NOT_A_LOG),
            NameVerdict::Log => match entry.metadata() {
                Ok(metadata) => self.add_regular(entry.path(), &metadata, entry.path_is_symlink()),
                Err(error) => self.take_walk_error(entry.path(), &error),
            },
        }
    }

    fn take_walk_error(&mut self, root: &Path, error: &walkdir::Error) {
        let path = error.path().unwrap_or(root);
        match error.io_error() {
            Some(cause) => self.lost(path, cause),
            // The walk has two kinds of errors: the system's, and a link to a folder that it is in.
            None => self.skip(path, reason::LINK_LOOP),
        }
    }

    /// Something that the system does not let us look at. Where its name says that it would not be read anyway, it is merely skipped:
    /// editors keep their locks in dangling links, for one.
    fn lost(&mut self, path: &Path, error: &io::Error) {
        match path.file_name().map(judge) {
            Some(NameVerdict::Other(why)) => self.skip(path, why),
            _ => self.fail(path, unreachable(path, "listed or looked up", error)),
        }
    }

    fn add_regular(&mut self, path: &Path, metadata: &Metadata, is_link: bool) {
        if !metadata.is_file() {
            return self.skip(path, reason::NOT_REGULAR);
        }
        match LogName::of_path(path).and_then(|name| self.picker.refuses(&name)) {
            Some(why) => self.skip(path, why),
            None => self.add(Location::Path(path.to_path_buf()), path, metadata, is_link),
        }
    }

    /// Adds a file to read, unless it was added before. `is_link` if the last component may be a link.
    fn add(&mut self, location: Location, path: &Path, metadata: &Metadata, is_link: bool) {
        let key = self.canonical_key(path, is_link);
        if !self.files_seen.insert(key) {
            return self.skip(path, reason::GIVEN_TWICE);
        }
        // What is no regular file (a pipe, a device) is a stream: its length and time say nothing of what it will yield.
        let is_file = metadata.is_file();
        let file = InputFile {
            object: self.shared.name(&display(path)),
            location,
            size: is_file.then_some(metadata.len()),
            modified: if is_file { modified_ns(metadata) } else { None },
            name: LogName::of_path(path).map(|name| self.shared.source(&name)),
            key,
        };
        self.give(file);
    }

    pub(super) fn give(&mut self, file: InputFile) {
        self.count += 1;
        (self.give)(file);
    }

    fn skip(&mut self, path: &Path, reason: &'static str) {
        self.found.skipped.add(SkippedFile { object: display(path), reason });
    }

    fn fail(&mut self, path: &Path, fault: FileFault) {
        self.found.unreachable.push(UnreachableFile { object: display(path), fault });
    }

    /// The hash that stands for a path however it was reached.
    fn canonical_key(&mut self, path: &Path, is_link: bool) -> u128 {
        let canonical = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !is_link => self.canonical_folder(parent).join(name),
            _ => canonical(path),
        };
        xxh3_128(canonical.as_os_str().as_encoded_bytes())
    }

    fn canonical_folder(&mut self, folder: &Path) -> &Path {
        if self.last_folder.as_ref().is_none_or(|(last, _)| last != folder) {
            self.last_folder = None;
        }
        &self.last_folder.get_or_insert_with(|| (folder.to_path_buf(), canonical(folder))).1
    }
}

/// The path without links, or as good as can be had: `/dev/fd/63` leads to a pipe, which has no path.
pub(super) fn canonical(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}

/// Everything in and below a folder, in the byte order of the paths' components; links are followed.
pub(super) fn folder_steps(root: &Path) -> walkdir::IntoIter {
    WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter()
}

/// Why a search does not go into a folder that it found; `None` for the folder it started from.
pub(super) fn pass_over(entry: &DirEntry) -> Option<&'static str> {
    if entry.depth() == 0 { None } else { pass_over_folder(entry.path()) }
}

fn pass_over_folder(path: &Path) -> Option<&'static str> {
    if path.file_name().is_some_and(|name| is_hidden(name.as_encoded_bytes())) {
        return Some(reason::HIDDEN);
    }
    is_lake(path).then_some(reason::LAKE)
}

/// Whether `convert` wrote this folder: it keeps its own files in `_tlslake`.
fn is_lake(folder: &Path) -> bool {
    folder.join("_tlslake").is_dir()
}

/// Whether the path or a folder above it is one of `folders`.
fn is_below(folders: &HashSet<PathBuf>, path: &Path) -> bool {
    !folders.is_empty() && path.ancestors().any(|folder| folders.contains(folder))
}

/// Nanoseconds since 1970, negative before; `None` where the system keeps no such time, and outside the years 1677 to 2262.
pub(crate) fn modified_ns(metadata: &Metadata) -> Option<i64> {
    let time = metadata.modified().ok()?;
    // A span of seconds that fits 64 bits stays far inside 127 bits as nanoseconds.
    let ns = |span: std::time::Duration| i128::from(span.as_secs()) * 1_000_000_000 + i128::from(span.subsec_nanos());
    let ns = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => ns(after),
        Err(before) => -ns(before.duration()),
    };
    i64::try_from(ns).ok()
}

#[cfg(unix)]
fn is_socket(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_socket(_: &Metadata) -> bool {
    false
}

#[cold]
pub(super) fn bad(input: &OsStr, problem: impl Into<String>) -> Error {
    let input = if input.is_empty() { "\"\"".to_owned() } else { display_os(input) };
    Error::BadInput { input, problem: problem.into() }
}

#[cold]
fn missing(input: &OsStr, error: &io::Error) -> Error {
    let problem = if is_link(Path::new(input)) {
        format!("is a link that cannot be followed: {error}; mend the link or name what it should lead to")
    } else if error.kind() == io::ErrorKind::NotFound {
        "no such file or folder; check the path (an input is a file, a folder, a glob, or - for standard input)".to_owned()
    } else {
        system_words("looked up", error)
    };
    bad(input, problem)
}

#[cold]
fn no_match(matches: &pattern::Matches) -> String {
    match matches.faults.first_key_value() {
        Some((path, fault)) => {
            format!("the pattern matches nothing, but not everything could be looked at: {} {}", display(path), fault.message)
        }
        None => "the pattern matches nothing; check it, and the folder that it starts from".to_owned(),
    }
}
