//! The manifest: what each work unit was made from and what it became, as JSON lines in `_tlslake/manifest/`.
//!
//! One file per unit, `<unit>.jsonl`, written whole and last of all that belongs to the unit: a unit is committed when its manifest is there.
//! Its first line is of kind `unit`; the others are of kind `output` (one per file written) and `input` (one per file read). `lake.jsonl` is of
//! the lake as a whole: kind `lake`, then an `output` for each hourly table. Readers ignore fields that they do not know.

use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::home::Home;
use crate::columns::Tally;
use crate::error::{Error, FileFault, Result};

/// The version of this form. Fields are added under it, never renamed or removed.
pub(crate) const MANIFEST_SCHEMA: &str = "tlslake.manifest/1";
/// The folder of manifests, below the lake's own.
pub(super) const FOLDER: &str = "manifest";
/// The manifest of the lake as a whole.
pub(super) const LAKE: &str = "lake";
const EXTENSION: &str = "jsonl";

/// A line of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Entry {
    /// Says which unit this is, and how many lines follow.
    Unit(UnitEntry),
    /// Likewise for the lake.
    Lake(LakeEntry),
    /// A file written.
    Output(OutputEntry),
    /// A file read.
    Input(InputEntry),
}

/// A work unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitEntry {
    /// [`MANIFEST_SCHEMA`].
    pub(crate) schema: String,
    /// Its id, part of the names of its files.
    pub(crate) unit: String,
    /// The units whose place it takes (inputs of one having changed, or several having been merged); only until those are gone. One is a text,
    /// several are a list.
    #[serde(with = "replaced", skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) replaces: Vec<String>,
    /// Lines of kind `output` in this file.
    pub(crate) outputs: u64,
    /// Lines of kind `input` in this file.
    pub(crate) inputs: u64,
}

/// The form of [`UnitEntry::replaces`]: of one unit it is the one that it had before there could be several.
mod replaced {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Replaced {
        One(String),
        Several(Vec<String>),
    }

    pub(super) fn serialize<S: Serializer>(units: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match units {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match Replaced::deserialize(deserializer)? {
            Replaced::One(unit) => vec![unit],
            Replaced::Several(units) => units,
        })
    }
}

/// The lake as a whole: sums over its units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LakeEntry {
    /// [`MANIFEST_SCHEMA`].
    pub(crate) schema: String,
    /// A hash of the ids of its units, part of the names of the hourly tables.
    pub(crate) job: String,
    /// Units.
    pub(crate) units: u64,
    /// Inputs that gave lines, rows or none.
    pub(crate) inputs: u64,
    /// Inputs that failed and gave nothing.
    pub(crate) failed: u64,
    /// The accounting of all inputs.
    #[serde(flatten)]
    pub(crate) tally: LineCounts,
    /// Lines of kind `output` in this file.
    pub(crate) outputs: u64,
}

/// A file of the lake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutputEntry {
    /// Where it is in the lake, parts separated by `/`.
    pub(crate) path: String,
    /// `connections`, `rejected`, `failures_hourly`, `latency_hourly`, or `state` (what the hourly tables and the report are made from).
    pub(crate) table: String,
    /// Its rows; 0 for `state`.
    pub(crate) rows: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// [`checksum_text`] of its bytes.
    pub(crate) checksum: String,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InputStatus {
    /// Read to its end; every line is accounted for.
    #[default]
    Converted,
    /// Damaged; the whole lines before the fault were used.
    Salvaged,
    /// Damaged or unreadable; nothing of it was used.
    Failed,
}

/// An input: its identity, what it held, and where that went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InputEntry {
    /// Its name, as `source_object` has it.
    pub(crate) object: String,
    /// 32 hex digits that stand for where it is, however it was named: XXH3-128 of the path without links.
    pub(crate) key: String,
    /// Bytes as stored; of a stream, as many as were read.
    pub(crate) size: Option<u64>,
    /// Time of its last change, ns since 1970; `None` for streams.
    pub(crate) modified_ns: Option<i64>,
    /// What became of it.
    pub(crate) status: InputStatus,
    /// Its lines.
    #[serde(flatten)]
    pub(crate) tally: LineCounts,
    /// First event among its rows, RFC 3339.
    pub(crate) first_time: Option<String>,
    /// Last event among its rows.
    pub(crate) last_time: Option<String>,
    /// [`checksum_text`] of its decompressed bytes: all that were used. `None` for one that failed.
    pub(crate) checksum: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) fault: Option<FaultEntry>,
    /// The files that its rows and rejected lines went to.
    pub(crate) outputs: Vec<Share>,
}

/// Bytes and lines of an input, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineCounts {
    /// Decompressed bytes.
    pub(crate) raw_bytes: u64,
    /// `lines = rows + rejected + blank + out_of_range`.
    pub(crate) lines: u64,
    /// Lines that became rows of `connections`.
    pub(crate) rows: u64,
    /// Lines that are in `rejected`, whole.
    pub(crate) rejected: u64,
    /// Empty lines.
    pub(crate) blank: u64,
    /// Good lines outside `--since`/`--until`.
    pub(crate) out_of_range: u64,
}

/// An input's fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FaultEntry {
    /// `truncated`, `corrupt`, …
    pub(crate) kind: String,
    /// Byte of the stored input.
    pub(crate) offset: u64,
    /// One sentence.
    pub(crate) message: String,
}

/// How many rows of an output come from an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// [`OutputEntry::path`].
    pub(crate) path: String,
    /// Rows.
    pub(crate) rows: u64,
}

impl From<&Tally> for LineCounts {
    fn from(tally: &Tally) -> Self {
        let &Tally { raw_bytes, lines, rows, rejected, blank, out_of_range, passed_over: _ } = tally;
        Self { raw_bytes, lines, rows, rejected, blank, out_of_range }
    }
}

impl LineCounts {
    /// Adds `other` to this.
    pub(crate) fn add(&mut self, other: &Self) {
        self.raw_bytes += other.raw_bytes;
        self.lines += other.lines;
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.blank += other.blank;
        self.out_of_range += other.out_of_range;
    }

    /// Whether every line is accounted for.
    pub(crate) fn balances(&self) -> bool {
        let parts = [self.rows, self.rejected, self.blank, self.out_of_range];
        parts.into_iter().try_fold(0_u64, u64::checked_add) == Some(self.lines)
    }
}

impl From<&FileFault> for FaultEntry {
    fn from(fault: &FileFault) -> Self {
        Self { kind: fault.kind.code().to_owned(), offset: fault.offset, message: fault.message.clone() }
    }
}

/// A checksum as manifests spell it: `xxh3-128:` and 32 hex digits.
pub(crate) fn checksum_text(hash: u128) -> String {
    format!("xxh3-128:{hash:032x}")
}

/// A key as manifests spell it.
pub(crate) fn key_text(key: u128) -> String {
    format!("{key:032x}")
}

/// A unit's manifest, read or about to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UnitManifest {
    pub(crate) head: UnitEntry,
    pub(crate) outputs: Vec<OutputEntry>,
    pub(crate) inputs: Vec<InputEntry>,
}

impl UnitManifest {
    /// The bytes of the file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let head = UnitEntry { outputs: self.outputs.len() as u64, inputs: self.inputs.len() as u64, ..self.head.clone() };
        let mut bytes = Vec::new();
        write_line(&mut bytes, &Entry::Unit(head))?;
        self.outputs.iter().try_for_each(|output| write_line(&mut bytes, &Entry::Output(output.clone())))?;
        self.inputs.iter().try_for_each(|input| write_line(&mut bytes, &Entry::Input(input.clone())))?;
        Ok(bytes)
    }

    /// Writes the manifest of a unit that has none.
    pub(super) fn create(&self, home: &dyn Home) -> Result<()> {
        home.create(&name(&self.head.unit), &self.to_bytes()?)
    }

    /// Writes it in place of the one that is there.
    pub(super) fn write(&self, home: &dyn Home) -> Result<()> {
        home.write(&name(&self.head.unit), &self.to_bytes()?)
    }

    /// Reads the manifest of `unit`.
    ///
    /// # Errors
    /// [`Error::DamagedLake`] where it is missing, not whole, or contradicts itself.
    pub(crate) fn read(home: &dyn Home, unit: &str) -> Result<Self> {
        let path = &home.path().join(name(unit));
        let bytes = home.read(&name(unit))?.ok_or_else(|| damaged(path, "it is missing"))?;
        let mut manifest = Self::default();
        for entry in entries(path, &bytes)? {
            match entry {
                Entry::Unit(head) => manifest.head = head,
                Entry::Output(output) => manifest.outputs.push(output),
                Entry::Input(input) => manifest.inputs.push(input),
                Entry::Lake(_) => return Err(damaged(path, "it speaks of the lake, not of a unit")),
            }
        }
        let head = &manifest.head;
        let is_whole = head.outputs == manifest.outputs.len() as u64 && head.inputs == manifest.inputs.len() as u64;
        if head.schema != MANIFEST_SCHEMA {
            return Err(damaged(path, &format!("its form is {:?}, not {MANIFEST_SCHEMA}", head.schema)));
        }
        if is_whole && unit == head.unit { Ok(manifest) } else { Err(damaged(path, "lines are missing, or it is another unit's")) }
    }
}

/// The manifest of the lake as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LakeManifest {
    pub(crate) head: LakeEntry,
    pub(crate) outputs: Vec<OutputEntry>,
}

impl LakeManifest {
    /// The bytes of the file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        write_line(&mut bytes, &Entry::Lake(LakeEntry { outputs: self.outputs.len() as u64, ..self.head.clone() }))?;
        self.outputs.iter().try_for_each(|output| write_line(&mut bytes, &Entry::Output(output.clone())))?;
        Ok(bytes)
    }

    /// Writes it, in place of an earlier one.
    pub(super) fn write(&self, home: &dyn Home) -> Result<()> {
        home.write(&name(LAKE), &self.to_bytes()?)
    }

    /// Reads the manifest of a lake; `None` where there is none.
    pub(crate) fn read(home: &dyn Home) -> Result<Option<Self>> {
        let path = home.path().join(name(LAKE));
        let Some(bytes) = home.read(&name(LAKE))? else { return Ok(None) };
        let mut manifest = Self::default();
        for entry in entries(&path, &bytes)? {
            match entry {
                Entry::Lake(head) => manifest.head = head,
                Entry::Output(output) => manifest.outputs.push(output),
                Entry::Unit(_) | Entry::Input(_) => return Err(damaged(&path, "it speaks of a unit, not of the lake")),
            }
        }
        let is_whole = manifest.head.outputs == manifest.outputs.len() as u64 && manifest.head.schema == MANIFEST_SCHEMA;
        if is_whole { Ok(Some(manifest)) } else { Err(damaged(&path, "lines are missing")) }
    }
}

/// The folder of manifests.
pub(super) fn folder() -> String {
    super::own(FOLDER)
}

/// The file of the manifest of `unit`, or of the lake.
pub(crate) fn name(unit: &str) -> String {
    super::own(&format!("{FOLDER}/{unit}.{EXTENSION}"))
}

/// The units that have manifests, in order; none where there is no lake.
pub(crate) fn units(home: &dyn Home) -> Result<Vec<String>> {
    let names = home.names(&folder())?.unwrap_or_default();
    let units = names.iter().filter_map(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.'));
    let mut units: Vec<String> = units.filter(|unit| *unit != LAKE).map(str::to_owned).collect();
    units.sort_unstable();
    Ok(units)
}

fn write_line(bytes: &mut Vec<u8>, entry: &Entry) -> Result<()> {
    serde_json::to_writer(&mut *bytes, entry).map_err(|error| Error::Accounting(format!("a manifest cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(())
}

fn entries(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (number, line) in bytes.lines().enumerate() {
        let line = line.map_err(|error| Error::io(path, "reading the manifest", error))?;
        let entry = serde_json::from_str(&line).map_err(|error| damaged(path, &format!("line {}: {error}", number + 1)))?;
        entries.push(entry);
    }
    Ok(entries)
}

#[cold]
fn damaged(path: &Path, problem: &str) -> Error {
    let fault = FileFault::new(crate::error::FileFaultKind::Corrupt, 0, format!("the manifest is damaged: {problem}"));
    Error::DamagedLake { object: path.display().to_string(), fault }
}

#[cfg(test)]
mod tests;
