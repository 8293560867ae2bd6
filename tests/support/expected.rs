//! What a run over some files should give, by the oracle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::oracle::{self, Line, Rejected, Row};
use super::summary::Summary;

/// The lines of one input.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its lines, in order.
    pub(crate) lines: Vec<Line>,
    /// Bytes as stored.
    pub(crate) stored: u64,
    /// Bytes decompressed.
    pub(crate) raw: u64,
}

impl File {
    /// The good lines.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.lines.iter().filter_map(|line| match line {
            Line::Row(row) => Some(&**row),
            _ => None,
        })
    }

    /// The bad lines.
    pub(crate) fn rejected(&self) -> impl Iterator<Item = &Rejected> {
        self.lines.iter().filter_map(|line| match line {
            Line::Rejected(rejected) => Some(rejected),
            _ => None,
        })
    }

    /// How many lines are blank.
    pub(crate) fn blank(&self) -> usize {
        self.lines.iter().filter(|line| **line == Line::Blank).count()
    }
}

/// The inputs by name, the name being what `source_object` shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// The inputs.
    pub(crate) files: BTreeMap<String, File>,
}

impl Expected {
    /// Reads every file under `folder`; each must be whole.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        let mut expected = Self::default();
        for path in files_under(folder) {
            expected.add(&path);
        }
        expected
    }

    /// Reads one more file, which must be whole.
    pub(crate) fn add(&mut self, path: &Path) {
        let stored = std::fs::read(path).expect("the input can be read");
        let raw = super::logs::decompress(&stored);
        self.add_raw(&path.to_string_lossy(), stored.len() as u64, &raw);
    }

    /// Adds a file by its decompressed bytes.
    pub(crate) fn add_raw(&mut self, object: &str, stored: u64, raw: &[u8]) {
        let file = File { lines: oracle::read(raw), stored, raw: raw.len() as u64 };
        self.files.insert(object.to_owned(), file);
    }

    /// All good lines with their file's name; by name, then in the file's order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.files.iter().flat_map(|(object, file)| file.rows().map(|row| (object.as_str(), row)))
    }

    /// What the report should say about the good lines.
    pub(crate) fn summary(&self) -> Summary {
        Summary::of(&self.rows().map(|(_, row)| row).collect::<Vec<_>>())
    }

    /// All bad lines, likewise.
    pub(crate) fn rejected(&self) -> impl Iterator<Item = (&str, &Rejected)> {
        self.files.iter().flat_map(|(object, file)| file.rejected().map(|line| (object.as_str(), line)))
    }

    /// Lines of all files.
    pub(crate) fn line_count(&self) -> u64 {
        self.files.values().map(|file| file.lines.len() as u64).sum()
    }

    /// Blank lines of all files.
    pub(crate) fn blank_count(&self) -> u64 {
        self.files.values().map(|file| file.blank() as u64).sum()
    }

    /// Bytes of all files, as stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.files.values().map(|file| file.stored).sum()
    }

    /// Bytes of all files, decompressed.
    pub(crate) fn raw_bytes(&self) -> u64 {
        self.files.values().map(|file| file.raw).sum()
    }
}

/// Every file under a folder, by path.
pub(crate) fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
    let entries = entries.into_iter().map(|entry| entry.expect("the folder can be listed"));
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}
