//! What a lake holds, summed up from its manifests: which inputs, in what state, with what accounting.
//!
//! In: the manifests of all units. Out: [`Inventory`]. The manifests are the one truth about a lake; nothing else is asked. Memory: some 100
//! bytes for each input.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::home::Home;
use super::manifest::{self, FaultEntry, InputEntry, InputStatus, LineCounts, UnitManifest};
use crate::error::{Error, FileFault, FileFaultKind, Result};

/// All units of a lake.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// Ids, ascending.
    pub(crate) units: Vec<String>,
    inputs: HashMap<u128, Known>,
    /// Checksums of texts that are not empty.
    texts: HashSet<u128>,
    /// Inputs whose text another input has, too: how many, and the first of them.
    pub(crate) repeated: (u64, Option<String>),
    /// Inputs that failed, or were salvaged, by key.
    troubled: BTreeMap<u128, Troubled>,
    /// The accounting of all inputs that gave lines.
    pub(crate) tally: LineCounts,
    /// Files, rows and bytes of `connections`.
    pub(crate) connections: Extent,
}

/// Files, rows and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) files: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// An input that some run has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Index of its unit in [`Inventory::units`].
    pub(crate) unit: u32,
    /// What became of it.
    pub(crate) status: InputStatus,
    /// Bytes as stored.
    pub(crate) size: Option<u64>,
    /// Time of its last change.
    pub(crate) modified_ns: Option<i64>,
    /// XXH3-128 of its text; `None` for one that failed.
    pub(crate) checksum: Option<u128>,
}

/// An input with a fault.
#[derive(Clone, Debug)]
pub(crate) struct Troubled {
    pub(crate) object: String,
    pub(crate) fault: FaultEntry,
    pub(crate) status: InputStatus,
    /// Rows that were kept of it.
    pub(crate) rows: u64,
}

impl Inventory {
    /// Reads the manifests of a lake.
    ///
    /// # Errors
    /// [`Error::DamagedLake`] where a manifest cannot be understood, or two of them hold the same input.
    pub(crate) fn read(home: &dyn Home) -> Result<Self> {
        let mut inventory = Self::default();
        for unit in manifest::units(home)? {
            inventory.add(&home.path().join(manifest::name(&unit)), &UnitManifest::read(home, &unit)?)?;
        }
        Ok(inventory)
    }

    fn add(&mut self, path: &Path, unit: &UnitManifest) -> Result<()> {
        let index = u32::try_from(self.units.len()).map_err(|_| Error::Config("a lake of more than 2³² units".to_owned()))?;
        self.units.push(unit.head.unit.clone());
        for input in &unit.inputs {
            self.add_input(path, index, input)?;
        }
        for output in unit.outputs.iter().filter(|output| output.table == super::CONNECTIONS) {
            self.connections.files += 1;
            self.connections.rows += output.rows;
            self.connections.bytes += output.bytes;
        }
        Ok(())
    }

    /// An input that failed may be in another unit, too: it was tried again.
    fn add_input(&mut self, path: &Path, unit: u32, input: &InputEntry) -> Result<()> {
        let key = parse_key(path, &input.key)?;
        if let Some(known) = self.inputs.get(&key) {
            match (known.status, input.status) {
                (_, InputStatus::Failed) => return Ok(()),
                (InputStatus::Failed, _) => {}
                _ => return Err(doubled(path, input, &self.units[known.unit as usize])),
            }
        }
        let checksum = input.checksum.as_deref().map(|text| parse_checksum(path, text)).transpose()?;
        let known = Known { unit, status: input.status, size: input.size, modified_ns: input.modified_ns, checksum };
        self.inputs.insert(key, known);
        if let Some(checksum) = checksum.filter(|_| input.tally.raw_bytes > 0)
            && !self.texts.insert(checksum)
        {
            self.repeated.0 += 1;
            self.repeated.1.get_or_insert_with(|| input.object.clone());
        }
        if input.status != InputStatus::Failed {
            self.tally.add(&input.tally);
        }
        match &input.fault {
            None => drop(self.troubled.remove(&key)),
            Some(fault) => {
                let troubled =
                    Troubled { object: input.object.clone(), fault: fault.clone(), status: input.status, rows: input.tally.rows };
                self.troubled.insert(key, troubled);
            }
        }
        Ok(())
    }

    /// What is known of the input with that key.
    pub(crate) fn input(&self, key: u128) -> Option<&Known> {
        self.inputs.get(&key)
    }

    /// Inputs that gave lines, or were empty.
    pub(crate) fn used(&self) -> u64 {
        self.inputs.len() as u64 - self.failed()
    }

    /// Inputs of which nothing was used.
    pub(crate) fn failed(&self) -> u64 {
        self.troubled.values().filter(|troubled| troubled.status == InputStatus::Failed).count() as u64
    }

    /// Inputs in all.
    pub(crate) fn all(&self) -> u64 {
        self.inputs.len() as u64
    }

    /// Bytes of all inputs as stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.inputs.values().filter_map(|input| input.size).sum()
    }

    /// Inputs that failed or were salvaged, in the order of their names.
    pub(crate) fn troubled(&self) -> Vec<&Troubled> {
        let mut troubled: Vec<&Troubled> = self.troubled.values().collect();
        troubled.sort_unstable_by(|one, two| one.object.cmp(&two.object));
        troubled
    }

    /// A hash of the units' ids: what names the tables that are of the lake as a whole.
    pub(crate) fn job_id(&self) -> String {
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(self.units.join(" ").as_bytes()))
    }
}

/// A key as a number.
fn parse_key(path: &Path, text: &str) -> Result<u128> {
    u128::from_str_radix(text, 16).map_err(|_| damaged(path, format!("{text:?} is no key")))
}

/// A checksum as a number.
fn parse_checksum(path: &Path, text: &str) -> Result<u128> {
    let digits = text.strip_prefix("xxh3-128:").and_then(|digits| u128::from_str_radix(digits, 16).ok());
    digits.ok_or_else(|| damaged(path, format!("{text:?} is no checksum")))
}

#[cold]
fn doubled(path: &Path, input: &InputEntry, unit: &str) -> Error {
    damaged(path, format!("{} is in unit {unit} as well, so its rows are there twice", input.object))
}

#[cold]
fn damaged(path: &Path, problem: String) -> Error {
    Error::DamagedLake { object: path.display().to_string(), fault: FileFault::new(FileFaultKind::Corrupt, 0, problem) }
}
