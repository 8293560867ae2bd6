//! An ordered map that may be larger than memory: what no longer fits goes to disk as sorted runs, merged again at the end.
//!
//! In: ordered maps of mergeable values. Out: every key once, in order, its values merged. Values of one key are merged oldest first, so
//! that the outcome is the same however often the map was spilled, as long as merging is associative.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, btree_map};
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempPath;

use crate::error::{Error, Result};

/// Memory that a key or value holds.
pub(crate) trait Weight {
    /// Bytes, its own size included; roughly.
    fn weight(&self) -> usize;
}

/// A value that takes in another of the same key.
pub(crate) trait Merge {
    /// Adds `other`, which was observed later.
    fn merge(&mut self, other: Self);
}

/// What a tree's node adds to an entry.
const NODE_BYTES: usize = 32;
/// Runs of about the same size before they are merged into one; bounds the files that are open at once.
const FAN_IN: usize = 16;

/// An ordered map of mergeable values with a cap on its memory.
#[derive(Debug)]
pub(crate) struct SpillMap<K, V> {
    folder: PathBuf,
    cap: usize,
    memory: BTreeMap<K, V>,
    weight: usize,
    /// Oldest first; levels descend.
    runs: Vec<Run>,
}

/// A sorted run on disk; removed when dropped.
#[derive(Debug)]
struct Run {
    path: TempPath,
    /// How many times it has been merged from smaller ones.
    level: u32,
}

impl<K, V> SpillMap<K, V>
where
    K: Ord + Serialize + DeserializeOwned + Weight,
    V: Merge + Serialize + DeserializeOwned + Weight,
{
    /// An empty map that holds about `cap` bytes and puts the rest into files in `folder`, which must exist.
    pub(crate) fn new(folder: impl Into<PathBuf>, cap: usize) -> Self {
        Self { folder: folder.into(), cap, memory: BTreeMap::new(), weight: 0, runs: Vec::new() }
    }

    /// Adds values observed later than those there are.
    pub(crate) fn merge_in(&mut self, other: BTreeMap<K, V>) -> Result<()> {
        other.into_iter().try_for_each(|(key, value)| self.add(key, value))
    }

    /// Adds one such value.
    pub(crate) fn add(&mut self, key: K, value: V) -> Result<()> {
        self.insert(key, value);
        if self.weight > self.cap { self.spill() } else { Ok(()) }
    }

    /// Every key in order, its values merged.
    pub(crate) fn into_sorted(self) -> Result<SpillIter<K, V>> {
        let mut sources = self.runs.into_iter().map(Source::open).collect::<Result<Vec<_>>>()?;
        sources.push(Source::Memory(self.memory.into_iter()));
        SpillIter::new(sources)
    }

    fn insert(&mut self, key: K, value: V) {
        match self.memory.entry(key) {
            btree_map::Entry::Vacant(entry) => {
                self.weight += entry.key().weight() + value.weight() + NODE_BYTES;
                entry.insert(value);
            }
            btree_map::Entry::Occupied(mut entry) => {
                let before = entry.get().weight();
                entry.get_mut().merge(value);
                self.weight = (self.weight + entry.get().weight()).saturating_sub(before);
            }
        }
    }

    /// Writes what is in memory as a run.
    fn spill(&mut self) -> Result<()> {
        if self.memory.is_empty() {
            return Ok(());
        }
        self.weight = 0;
        let entries = std::mem::take(&mut self.memory).into_iter().map(Ok);
        let run = write_run(&self.folder, 0, entries)?;
        self.push(run)
    }

    /// Adds a run, and merges the last ones while there are too many of one level.
    fn push(&mut self, run: Run) -> Result<()> {
        self.runs.push(run);
        while let Some(level) = self.crowded() {
            let last = self.runs.split_off(self.runs.len() - FAN_IN);
            let sources = last.into_iter().map(Source::open).collect::<Result<Vec<Source<K, V>>>>()?;
            let merged = write_run(&self.folder, level + 1, SpillIter::new(sources)?)?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// The level of the last runs, if [`FAN_IN`] of them have none above it.
    fn crowded(&self) -> Option<u32> {
        let last = self.runs.len().checked_sub(FAN_IN).map(|start| &self.runs[start..])?;
        last.iter().all(|run| run.level == last[0].level).then_some(last[0].level)
    }
}

/// Writes sorted entries: for each the length of its JSON as four bytes, little-endian, then the JSON of (key, value).
fn write_run<K: Serialize, V: Serialize>(folder: &Path, level: u32, entries: impl Iterator<Item = Result<(K, V)>>) -> Result<Run> {
    let file = tempfile::Builder::new()
        .prefix(".spill-")
        .tempfile_in(folder)
        .map_err(|error| Error::io(folder, "creating a temporary file", error))?;
    let (file, path) = file.into_parts();
    let mut writer = BufWriter::new(file);
    for entry in entries {
        write_entry(&mut writer, &entry?).map_err(|error| Error::io(path.to_path_buf(), "writing", error))?;
    }
    writer.flush().map_err(|error| Error::io(path.to_path_buf(), "writing", error))?;
    Ok(Run { path, level })
}

fn write_entry(writer: &mut impl Write, entry: &impl Serialize) -> std::io::Result<()> {
    let json = serde_json::to_vec(entry)?;
    let len = u32::try_from(json.len()).map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "an entry of more than 4 GiB"))?;
    writer.write_all(&len.to_le_bytes())?;
    writer.write_all(&json)
}

/// The next entry, or `None` at the end.
fn read_entry<T: DeserializeOwned>(reader: &mut BufReader<File>) -> std::io::Result<Option<T>> {
    let mut len = [0; 4];
    if reader.read(&mut len[..1])? == 0 {
        return Ok(None);
    }
    reader.read_exact(&mut len[1..])?;
    let mut json = vec![0; u32::from_le_bytes(len) as usize];
    reader.read_exact(&mut json)?;
    Ok(Some(serde_json::from_slice(&json)?))
}

#[derive(Debug)]
enum Source<K, V> {
    Memory(btree_map::IntoIter<K, V>),
    Run { reader: BufReader<File>, run: Run },
}

impl<K: DeserializeOwned, V: DeserializeOwned> Source<K, V> {
    fn open(run: Run) -> Result<Self> {
        let file = File::open(&run.path).map_err(|error| Error::io(run.path.to_path_buf(), "opening", error))?;
        Ok(Self::Run { reader: BufReader::new(file), run })
    }

    fn next(&mut self) -> Result<Option<(K, V)>> {
        match self {
            Self::Memory(entries) => Ok(entries.next()),
            Self::Run { reader, run } => read_entry(reader).map_err(|error| Error::io(run.path.to_path_buf(), "reading back", error)),
        }
    }
}

/// Every key of a [`SpillMap`] in order, its values merged. Memory: one entry for each run.
#[derive(Debug)]
pub(crate) struct SpillIter<K, V> {
    /// Oldest first.
    sources: Vec<Source<K, V>>,
    /// The value that each source stands at.
    values: Vec<Option<V>>,
    /// The keys that the sources stand at: smallest first, of equals the oldest first.
    keys: BinaryHeap<Reverse<(K, usize)>>,
}

impl<K: Ord + DeserializeOwned, V: Merge + DeserializeOwned> SpillIter<K, V> {
    fn new(sources: Vec<Source<K, V>>) -> Result<Self> {
        let values = sources.iter().map(|_| None).collect();
        let mut merged = Self { sources, values, keys: BinaryHeap::new() };
        for index in 0..merged.sources.len() {
            merged.advance(index)?;
        }
        Ok(merged)
    }

    fn advance(&mut self, index: usize) -> Result<()> {
        if let Some((key, value)) = self.sources[index].next()? {
            self.values[index] = Some(value);
            self.keys.push(Reverse((key, index)));
        }
        Ok(())
    }

    /// The smallest key with its oldest value that has not been given out.
    fn pop(&mut self) -> Result<Option<(K, V)>> {
        let Some(Reverse((key, index))) = self.keys.pop() else { return Ok(None) };
        let Some(value) = self.values[index].take() else { return Ok(None) };
        self.advance(index)?;
        Ok(Some((key, value)))
    }

    fn merged(&mut self) -> Result<Option<(K, V)>> {
        let Some((key, mut value)) = self.pop()? else { return Ok(None) };
        while self.keys.peek().is_some_and(|Reverse((next, _))| *next == key) {
            if let Some((_, later)) = self.pop()? {
                value.merge(later);
            }
        }
        Ok(Some((key, value)))
    }
}

impl<K: Ord + DeserializeOwned, V: Merge + DeserializeOwned> Iterator for SpillIter<K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.merged().transpose()
    }
}

#[cfg(test)]
mod tests;
