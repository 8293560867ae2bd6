//! Globs: from a pattern to the paths that it matches.
//!
//! Each component is matched by crate `glob`; the folders are walked here, because that crate passes over names that are not UTF-8 and a
//! log must not be lost in silence. `*`, `?` and `[…]` stay within a component and do not match a leading dot; `**` stands for any
//! folders, none included, but not for hidden ones, markers and lakes.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf, is_separator};

use glob::{MatchOptions, Pattern};
use walkdir::DirEntry;

use super::fault::{system_fault, unreachable};
use super::names::reason;
use super::search::{canonical, folder_steps, pass_over};
use crate::error::FileFault;

/// What a pattern found.
#[derive(Default)]
pub(super) struct Matches {
    /// The paths it matches, in the byte order of their components, each once. They exist, if only as links.
    pub(super) paths: Vec<PathBuf>,
    /// Folders that `**` did not enter, with the reason.
    pub(super) skipped: BTreeMap<PathBuf, &'static str>,
    /// Folders that could not be listed.
    pub(super) faults: BTreeMap<PathBuf, FileFault>,
}

/// Whether the text is a pattern, provided that no such path exists.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Everything that `pattern` matches. The error says what is malformed.
pub(super) fn expand(pattern: &str) -> Result<Matches, String> {
    let parts = parse(pattern)?;
    let mut matches = Matches::default();
    matches.expand(Path::new(""), &parts);
    if pattern.ends_with(is_separator) {
        matches.paths.retain(|path| path.is_dir());
    }
    matches.paths.sort_unstable();
    matches.paths.dedup();
    Ok(matches)
}

/// One component of a pattern.
enum Part {
    /// Stands for itself.
    Literal(PathBuf),
    /// `*`, `?` or `[…]` within a name.
    Wild(Pattern),
    /// `**`.
    Recursive,
}

const OPTIONS: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

fn parse(pattern: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for component in Path::new(pattern).components() {
        let part = match component {
            Component::Normal(name) => parse_name(name)?,
            other => Part::Literal(PathBuf::from(other.as_os_str())),
        };
        // `**/**` finds what `**` finds, at the square of its cost.
        if !(matches!(part, Part::Recursive) && matches!(parts.last(), Some(Part::Recursive))) {
            parts.push(part);
        }
    }
    Ok(parts)
}

fn parse_name(name: &OsStr) -> Result<Part, String> {
    match name.to_str().filter(|text| is_pattern(text)) {
        None => Ok(Part::Literal(PathBuf::from(name))),
        Some("**") => Ok(Part::Recursive),
        Some(text) => Pattern::new(text).map(Part::Wild).map_err(|error| {
            format!(
                "the pattern is malformed at `{text}`, character {}: {}; write [*], [?] or [[] for the character itself",
                error.pos + 1,
                error.msg
            )
        }),
    }
}

impl Matches {
    /// Adds what `parts` match below `base`, which is a folder; the empty path is the current one.
    fn expand(&mut self, base: &Path, parts: &[Part]) {
        match parts.split_first() {
            None if base.as_os_str().is_empty() => self.paths.push(PathBuf::from(".")),
            None => self.paths.push(base.to_path_buf()),
            Some((Part::Literal(name), rest)) => self.step(base.join(name), rest),
            Some((Part::Wild(pattern), rest)) => {
                for name in self.names_in(base) {
                    if pattern.matches_with(&name.to_string_lossy(), OPTIONS) {
                        self.step(base.join(name), rest);
                    }
                }
            }
            Some((Part::Recursive, rest)) => self.expand_recursive(base, rest),
        }
    }

    /// Goes on with `rest` below `path`, if that exists and, where something is to follow, is a folder.
    fn step(&mut self, path: PathBuf, rest: &[Part]) {
        if rest.is_empty() {
            if fs::symlink_metadata(&path).is_ok() {
                self.paths.push(path);
            }
            return;
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.expand(&path, rest),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => {
                self.faults.insert(path, system_fault("looked up", 0, &error));
            }
        }
    }

    /// `**`: `rest` below `base` and below every folder under it. A `**` that ends the pattern is the folder itself: it will be searched.
    fn expand_recursive(&mut self, base: &Path, rest: &[Part]) {
        if rest.is_empty() {
            return self.expand(base, rest);
        }
        let mut linked: HashSet<PathBuf> = HashSet::new();
        let mut steps = folder_steps(listable(base));
        while let Some(step) = steps.next() {
            match step {
                Ok(entry) if !entry.file_type().is_dir() => {}
                Ok(entry) => match pass_over(&entry).or_else(|| linked_before(&entry, &mut linked)) {
                    Some(why) => {
                        self.skipped.insert(shown(base, entry.path()), why);
                        steps.skip_current_dir();
                    }
                    None => self.expand(&shown(base, entry.path()), rest),
                },
                Err(error) => self.note(base, &error),
            }
        }
    }

    /// A folder that the walk could not enter. A dangling link is no matter: where the pattern matches it, it is among the paths.
    fn note(&mut self, base: &Path, error: &walkdir::Error) {
        let path = shown(base, error.path().unwrap_or(base));
        match error.io_error() {
            None => {
                self.skipped.insert(path, reason::LINK_LOOP);
            }
            Some(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Some(cause) => {
                let fault = unreachable(&path, "listed", cause);
                self.faults.insert(path, fault);
            }
        }
    }

    /// The names in a folder, in no order; what cannot be listed is noted.
    fn names_in(&mut self, folder: &Path) -> Vec<OsString> {
        let listed = fs::read_dir(listable(folder)).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        listed.unwrap_or_else(|error| {
            self.faults.insert(listable(folder).to_path_buf(), system_fault("listed", 0, &error));
            Vec::new()
        })
    }
}

/// Whether a link to the same folder was followed before: folders that link to one another would be entered along every path there is.
fn linked_before(entry: &DirEntry, linked: &mut HashSet<PathBuf>) -> Option<&'static str> {
    let is_new = !entry.path_is_symlink() || linked.insert(canonical(entry.path()));
    (!is_new).then_some(reason::GIVEN_TWICE)
}

/// The folder under a name that the system takes.
fn listable(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// A path found below `base`, without the `./` that stood in for an empty base.
fn shown(base: &Path, found: &Path) -> PathBuf {
    if base.as_os_str().is_empty() { found.strip_prefix(".").unwrap_or(found).to_path_buf() } else { found.to_path_buf() }
}
