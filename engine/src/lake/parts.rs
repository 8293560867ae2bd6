//! The numbered part files of one table: opened when rows come, closed when large enough, never too many at once.
//!
//! In: row groups, each for a folder. Out: [`StagedFile`]s named `part-<id>.parquet`, then `part-<id>-0001.parquet` and so on in each folder.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::merge::Order;
use super::staging::{self, StagedFile, create_folder};
use super::table::{Columns, TableFile, TableSpec, Written};
use crate::error::Result;

/// How many files are open at most, well below any system's limit. Over it, the one that waited longest is closed.
pub(super) const MAX_OPEN_FILES: usize = 256;
/// How many row groups all open files have at most: what a file's footer will say of them is held until the file is closed, some 12 KB each.
const MAX_OPEN_ROW_GROUPS: usize = 1024;

/// The part files of one table and one unit (or job).
pub(super) struct PartFiles {
    spec: TableSpec,
    staging: PathBuf,
    id: String,
    target_size: u64,
    open: BTreeMap<String, OpenPart>,
    /// The number of the next file in each folder that has one already.
    numbers: HashMap<String, u32>,
    done: Vec<StagedFile>,
    clock: u64,
    /// Puts the rows of a finished file in order, where that is wanted.
    order: Option<Order>,
}

struct OpenPart {
    file: TableFile,
    staged: PathBuf,
    target: PathBuf,
    last_used: u64,
    /// Rows by input.
    sources: BTreeMap<u32, u64>,
}

impl PartFiles {
    /// Files of `spec` named after `id`, to be written below `staging` and closed once they have `target_size` bytes.
    pub(super) fn new(spec: TableSpec, staging: &Path, id: &str, target_size: u64) -> Self {
        Self {
            spec,
            staging: staging.to_owned(),
            id: id.to_owned(),
            target_size,
            open: BTreeMap::new(),
            numbers: HashMap::new(),
            done: Vec::new(),
            clock: 0,
            order: None,
        }
    }

    /// The same; the row groups of each file, in which rows ascend by time, are merged as `order` says, so that the file's do.
    pub(super) fn in_order(mut self, order: Order) -> Self {
        self.spec = self.spec.sorted();
        self.order = Some(order);
        self
    }

    /// Adds a row group to the current file in `folder` (relative to the lake, parts separated by `/`), opening one if there is none.
    /// `sources` are the inputs (index) that its rows come from, with how many of each.
    pub(super) fn write(
        &mut self,
        folder: &str,
        sources: impl Iterator<Item = (u32, u64)>,
        rows: usize,
        columns: Columns<'_>,
    ) -> Result<()> {
        self.clock += 1;
        self.ensure_open(folder)?;
        let Some(part) = self.open.get_mut(folder) else { return Ok(()) };
        part.last_used = self.clock;
        sources.for_each(|(input, rows)| *part.sources.entry(input).or_default() += rows);
        part.file.write_row_group(rows, columns)?;
        if part.file.bytes() >= self.target_size {
            self.close(folder)?;
        }
        while self.open.values().map(|part| part.file.row_groups()).sum::<usize>() > MAX_OPEN_ROW_GROUPS {
            self.close_longest_unused()?;
        }
        Ok(())
    }

    /// Opens a file in `folder` unless one is open; so that the table has one even without rows.
    pub(super) fn ensure_open(&mut self, folder: &str) -> Result<()> {
        if self.open.contains_key(folder) {
            return Ok(());
        }
        if self.open.len() >= MAX_OPEN_FILES {
            self.close_longest_unused()?;
        }
        let number = self.numbers.entry(folder.to_owned()).or_default();
        let target: PathBuf = folder.split('/').chain([part_name(&self.id, *number).as_str()]).collect();
        *number += 1;
        let staged = self.staging.join(&target);
        staged.parent().map_or(Ok(()), create_folder)?;
        let file = TableFile::create(&self.spec, staged.clone())?;
        self.open.insert(folder.to_owned(), OpenPart { file, staged, target, last_used: self.clock, sources: BTreeMap::new() });
        Ok(())
    }

    fn close_longest_unused(&mut self) -> Result<()> {
        let longest = self.open.iter().min_by_key(|(_, part)| part.last_used).map(|(folder, _)| folder.clone());
        longest.map_or(Ok(()), |folder| self.close(&folder))
    }

    fn close(&mut self, folder: &str) -> Result<()> {
        if let Some(OpenPart { file, staged, target, sources, .. }) = self.open.remove(folder) {
            let Written { rows, bytes } = file.finish()?;
            // Of a file that is still to be put in order, nobody has to know it.
            let checksum = if self.order.is_none() { staging::checksum(&staged)? } else { 0 };
            self.done.push(StagedFile { staged, target, rows, bytes, checksum, sources: sources.into_iter().collect() });
        }
        Ok(())
    }

    /// Closes what is open and gives every file.
    pub(super) fn finish(mut self) -> Result<Vec<StagedFile>> {
        let folders: Vec<String> = self.open.keys().cloned().collect();
        folders.iter().try_for_each(|folder| self.close(folder))?;
        if let Some(order) = &self.order {
            for file in &mut self.done {
                let (staged, Written { rows, bytes }) = order.put_in_order(&file.staged, &self.spec)?;
                file.staged = staged;
                (file.rows, file.bytes, file.checksum) = (rows, bytes, staging::checksum(&file.staged)?);
            }
        }
        Ok(self.done)
    }
}

/// The name of the file of that number (from 0) of a folder.
pub(super) fn part_name(id: &str, number: u32) -> String {
    match number {
        0 => format!("part-{id}.parquet"),
        _ => format!("part-{id}-{number:04}.parquet"),
    }
}
