//! Which units of a lake are worth merging, and how one comes to stand for several: a lake that has grown by small runs gets files of good size.
//!
//! In: the manifests. Out: [`Group`]s of units, and for each a [`StagedUnit`] with all their rows (`rewrite.rs`), whose manifest says of every input
//! what theirs said. Units that begin in one folder of `connections` (so: of one account, region and day) are a group. A unit is taken as a whole:
//! one that has a file of half the target's size or more is left alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::home::Home;
use super::manifest::{self, InputEntry, InputStatus, MANIFEST_SCHEMA, OutputEntry, Share, UnitEntry, UnitManifest};
use super::staging::StagedFile;
use super::{CONNECTIONS, Lake, REPORT, SUCCESS, StagedUnit, damaged, own, rejected, settings};
use crate::config::{LakeConfig, Partitioning};
use crate::discover;
use crate::error::{Error, Result};
use crate::lake::manifest::LakeManifest;
use crate::report::Report;
use crate::store::WaitFor;

/// What to do with a lake.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What to merge, in order of their folders.
    pub(crate) groups: Vec<Group>,
    /// Units in all.
    pub(crate) units: u64,
    /// Files of `connections` and `rejected` in all.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// Units to merge into one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Their ids, in order of their first events.
    pub(crate) units: Vec<String>,
    /// Their files by folder, in that order.
    pub(crate) folders: BTreeMap<String, Vec<OutputEntry>>,
}

impl Group {
    /// Files in all.
    pub(crate) fn files(&self) -> u64 {
        self.folders.values().map(|files| files.len() as u64).sum()
    }

    /// Bytes of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.folders.values().flatten().map(|file| file.bytes).sum()
    }

    /// Whether there would be fewer files.
    fn is_worth_it(&self) -> bool {
        self.files() > self.folders.len() as u64
    }
}

/// A unit that may be merged with others.
struct Small {
    /// When its first event was, as manifests have it, and its id: the order within a group.
    order: (Option<String>, String),
    files: Vec<OutputEntry>,
}

/// The folder that a file is in.
fn folder_of(file: &OutputEntry) -> &str {
    file.path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file is of a table that is merged: the hourly ones are made anew, and states are merged by whoever knows what they mean.
fn is_merged(file: &OutputEntry) -> bool {
    file.table == CONNECTIONS || file.table == rejected::FOLDER
}

/// Looks for units to merge in a lake, whose files should be of `target` bytes.
///
/// # Errors
/// [`Error::DamagedLake`] where a manifest cannot be understood.
pub(crate) fn plan(home: &dyn Home, target: u64) -> Result<Plan> {
    let (mut plan, mut by_folder) = (Plan::default(), BTreeMap::<String, Vec<Small>>::new());
    for unit in manifest::units(home)? {
        let unit = UnitManifest::read(home, &unit)?;
        let order = (unit.inputs.iter().filter_map(|input| input.first_time.clone()).min(), unit.head.unit);
        let files: Vec<OutputEntry> = unit.outputs.into_iter().filter(is_merged).collect();
        plan.units += 1;
        plan.files += files.len() as u64;
        plan.bytes += files.iter().map(|file| file.bytes).sum::<u64>();
        if !files.is_empty() && files.iter().all(|file| file.bytes < target.div_ceil(2)) {
            let first = files.iter().filter(|file| file.table == CONNECTIONS).map(folder_of).min().unwrap_or_default().to_owned();
            by_folder.entry(first).or_default().push(Small { order, files });
        }
    }
    plan.groups = by_folder.into_values().map(group).filter(Group::is_worth_it).collect();
    Ok(plan)
}

fn group(mut units: Vec<Small>) -> Group {
    units.sort_unstable_by(|one, other| one.order.cmp(&other.order));
    let mut group = Group::default();
    for Small { order: (_, id), files } in units {
        group.units.push(id);
        for file in files {
            group.folders.entry(folder_of(&file).to_owned()).or_default().push(file);
        }
    }
    group
}

impl Lake {
    /// Opens the lake at `home` for somebody who changes what it looks like, not what it holds. What `config` says of partitions and provenance
    /// gives way to what the lake has.
    ///
    /// # Errors
    /// As [`Lake::open`]; [`Error::NoLake`] where there is none, [`Error::Output`] where a conversion was cut off in it.
    pub(crate) fn reopen(home: Arc<dyn Home>, config: LakeConfig, wait: &dyn Fn(WaitFor) -> bool) -> Result<Self> {
        let (settings, config) = of_lake(&*home, config)?;
        let lake = Self::open(home, config, &settings, wait)?;
        if lake.is_complete()? || lake.holds_what_it_was_completed_with()? {
            return Ok(lake);
        }
        Err(cut_off(lake.path()))
    }

    /// Whether its inputs are those that `_SUCCESS` once stood for: what was cut off then has added none.
    fn holds_what_it_was_completed_with(&self) -> Result<bool> {
        let (inventory, lake) = (self.inventory(), LakeManifest::read(&*self.home)?);
        let sums = (inventory.used(), inventory.failed(), inventory.tally);
        Ok(lake.is_some_and(|lake| (lake.head.inputs, lake.head.failed, lake.head.tally) == sums))
    }

    /// The report that the lake was completed with.
    ///
    /// # Errors
    /// [`Error::DamagedLake`] where it cannot be read, or is of other rows.
    pub(crate) fn report(&self) -> Result<Report> {
        let path = self.path().join(own(REPORT));
        let bytes = self.home.read(&own(REPORT))?.ok_or_else(|| damaged(&path, "it is missing"))?;
        let report: Report = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, &error.to_string()))?;
        let tally = self.inventory().tally;
        if (report.input.lines, report.rows, report.rejected) == (tally.lines, tally.rows, tally.rejected) {
            return Ok(report);
        }
        Err(damaged(&path, "it speaks of other rows than the manifests"))
    }

    /// The id of the unit that takes the place of `group`'s, written as `settings` say.
    pub(super) fn id_of(&self, group: &Group, settings: &str) -> String {
        let mut hash = Xxh3::new();
        for text in ["tlslake.merged/1", settings].into_iter().chain(group.units.iter().map(String::as_str)) {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        let taken: HashSet<&str> = self.inventory().units.iter().map(String::as_str).collect();
        discover::another_id(&format!("{:016x}", hash.digest()), |id| taken.contains(id))
    }

    /// What the manifests of `units` say of their inputs, whose rows have moved as `moves` tell (from a file's path to another's).
    pub(crate) fn inputs_of(&self, units: &[String], moves: &HashMap<String, String>) -> Result<Vec<InputEntry>> {
        let mut inputs = Vec::new();
        for unit in units {
            inputs.extend(self.manifest(unit)?.inputs);
        }
        let used: HashSet<String> =
            inputs.iter().filter(|input| input.status != InputStatus::Failed).map(|input| input.key.clone()).collect();
        // One that failed and was tried again is there twice.
        let mut failed = BTreeSet::new();
        inputs.retain(|input| input.status != InputStatus::Failed || !used.contains(&input.key) && failed.insert(input.key.clone()));
        for input in &mut inputs {
            input.outputs = moved(std::mem::take(&mut input.outputs), moves)?;
        }
        Ok(inputs)
    }
}

/// The same shares of other files.
fn moved(shares: Vec<Share>, moves: &HashMap<String, String>) -> Result<Vec<Share>> {
    let mut sums: Vec<Share> = Vec::new();
    for share in shares {
        let path = moves.get(&share.path).ok_or_else(|| Error::Accounting(format!("{} is among no unit's files", share.path)))?;
        match sums.iter_mut().find(|sum| sum.path == *path) {
            Some(sum) => sum.rows += share.rows,
            None => sums.push(Share { path: path.clone(), rows: share.rows }),
        }
    }
    Ok(sums)
}

/// The settings of the lake at `home`, and `config` with them.
fn of_lake(home: &dyn Home, config: LakeConfig) -> Result<(settings::LakeSettings, LakeConfig)> {
    let no_lake = || Error::NoLake { path: home.path().to_owned() };
    let settings = settings::read(home)?.ok_or_else(no_lake)?;
    if manifest::units(home)?.is_empty() && home.size(SUCCESS)?.is_none() {
        return Err(no_lake());
    }
    let partitioning = if settings.is_partitioned() { Partitioning::AccountRegionDay } else { Partitioning::None };
    let provenance = settings.provenance();
    Ok((settings, LakeConfig { partitioning, provenance, ..config }))
}

/// Looks at the lake at `home` as [`plan`] does, and changes nothing.
///
/// # Errors
/// As [`plan`]; [`Error::NoLake`] where there is none, [`Error::Locked`] while a run is writing it, [`Error::Output`] where one was cut off.
pub(crate) fn look(home: &dyn Home, config: &LakeConfig) -> Result<Plan> {
    of_lake(home, config.clone())?;
    let quiet = home.quiet()?;
    if home.size(SUCCESS)?.is_none() {
        return Err(cut_off(home.path()));
    }
    let plan = plan(home, config.target_file_size)?;
    quiet.check().map(|()| plan)
}

#[cold]
fn cut_off(out: &Path) -> Error {
    let problem = "holds a lake that a run was cut off in: convert again to complete it".to_owned();
    Error::Output { path: out.to_owned(), problem }
}

impl StagedUnit {
    /// Writes down that the unit stands for others: their `inputs`, and the state, whose entries `state` pushes.
    pub(crate) fn record_merged(
        &mut self,
        id: &str,
        inputs: Vec<InputEntry>,
        state: impl FnOnce(&mut super::StateWriter) -> Result<()>,
    ) -> Result<()> {
        let mut writer = super::StateWriter::create(&self.staging)?;
        state(&mut writer)?;
        self.files.push(writer.finish(id)?);
        let head = UnitEntry { schema: MANIFEST_SCHEMA.to_owned(), unit: id.to_owned(), ..UnitEntry::default() };
        self.manifest = UnitManifest { head, outputs: self.files.iter().map(StagedFile::entry).collect(), inputs };
        Ok(())
    }
}
