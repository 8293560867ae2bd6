//! The lake that `convert` writes: Parquet in Hive partitions, hourly tables, the report, the manifest, and `_SUCCESS` when all of it stands.
//!
//! In: batches by work unit, and at the end the hourly rows and the report. Out: a folder, or a prefix of a bucket, whose files each appear whole.
//! Everything is written to a staging area first, closed, synced, checked, and renamed or uploaded (`home/`). A unit is committed once its manifest is there; what a run that was
//! cut off has left beside that is taken away by the next one, which goes on with the units that are missing. `_SUCCESS` goes before the
//! first change and comes back last. One run at a time: it holds a lock. Nothing here parses or counts, and it starts no thread of its own.

mod arrays;
mod bytes;
pub(crate) mod check;
pub(crate) mod compact;
#[cfg(feature = "iceberg")]
mod files;
pub(crate) mod home;
mod hourly;
mod inventory;
pub(crate) mod manifest;
mod merge;
mod order;
mod pages;
mod partition;
mod parts;
pub(crate) mod read;
mod recover;
mod refill;
mod rejected;
pub(crate) mod rewrite;
mod rows;
mod settings;
mod shape;
mod spill;
mod staging;
pub(crate) mod state;
mod table;
mod text;
mod unit;
mod values;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::bytes::MOST_HELD;
#[cfg(feature = "iceberg")]
pub(crate) use self::files::{LakeFile, LakeFiles, PartitionValues, files};
pub(crate) use self::hourly::{FailureHourRow, LatencyHourRow};
pub(crate) use self::inventory::{Inventory, Known, Troubled};
pub(crate) use self::merge::MERGED_AT_ONCE;
pub(crate) use self::settings::LakeSettings;
pub(crate) use self::shape::shape;
pub(crate) use self::spill::{Merge, SpillIter, SpillMap, Weight};
pub(crate) use self::staging::{FileOutcome, StagedFile, StagedUnit};
pub(crate) use self::state::StateWriter;
pub(crate) use self::unit::UnitWriter;

use self::home::{Home, LOCK, Lock};
use self::manifest::{InputEntry, InputStatus, LakeEntry, LakeManifest, MANIFEST_SCHEMA};
use self::staging::StagingDir;
use self::unit::Limits;
use crate::config::LakeConfig;
use crate::discover::InputFile;
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::failpoint;
use crate::report::Output;
use crate::store::WaitFor;

/// What tells readers that the job is complete.
const SUCCESS: &str = "_SUCCESS";
/// The folder for what is not data: manifest, states, report, and the staging area during a run. A leading underscore hides it from query engines.
const OWN_FOLDER: &str = "_tlslake";
const STAGING: &str = "staging";
const REPORT: &str = "report.json";
const CONNECTIONS: &str = "connections";
/// Everything that a run makes in its folder.
const ENTRIES: [&str; 6] = [SUCCESS, OWN_FOLDER, CONNECTIONS, rejected::FOLDER, hourly::FAILURES, hourly::LATENCY];

/// A lake being written. Dropped before [`Lake::finish`], it takes away what is not committed; all of it, if this run made the lake and has
/// committed nothing.
#[derive(Debug)]
pub(crate) struct Lake {
    config: Arc<LakeConfig>,
    home: Arc<dyn Home>,
    made: Made,
    /// Where unfinished files are.
    staging: PathBuf,
    inventory: Inventory,
    /// Files of a run that was cut off, removed when the lake was opened.
    leftovers: u64,
    /// Released after everything else is done.
    lock: Lock,
}

impl Lake {
    /// Takes `home` for this run: makes it ready if nothing is there, or opens the lake that is there, takes away what a dead run has left
    /// and reads what is committed. `wait` is asked whether to go on waiting while another run holds the lake.
    ///
    /// # Errors
    /// [`Error::Output`] if it holds anything but a lake, [`Error::Settings`] if it holds a lake of other settings, [`Error::Locked`] if
    /// another run is writing it, [`Error::DamagedLake`] if its manifest cannot be understood.
    pub(crate) fn open(home: Arc<dyn Home>, config: LakeConfig, settings: &LakeSettings, wait: &dyn Fn(WaitFor) -> bool) -> Result<Self> {
        refuse_foreign(&*home)?;
        let mut made = Made::make(home.clone())?;
        let lock = home.lock(wait).inspect_err(|_| made.keep())?;
        let is_new = settings::read(&*home)?.is_none();
        if !is_new && home.has_folders() && home.names(&manifest::folder())?.is_none() {
            made.keep();
            return Err(damaged(&home.path().join(manifest::folder()), "the manifest is missing, so nothing tells what is in this lake"));
        }
        // One in which nothing is committed binds nobody.
        let is_empty = manifest::units(&*home).inspect_err(|_| made.keep())?.is_empty() && home.size(SUCCESS)?.is_none();
        if is_new {
            refuse_older(&*home).inspect_err(|_| made.keep())?;
        } else if !is_empty {
            made.keep();
            settings::compare(&*home, settings)?;
        }
        let leftovers = recover::recover(&*home)?;
        let staging = home.make_staging()?;
        made.staging = true;
        if is_empty {
            home.make_folders(&[&manifest::folder(), &state::folder()])?;
            settings::write(&*home, settings)?;
        }
        let inventory = Inventory::read(&*home)?;
        if home.size(SUCCESS)?.is_some() {
            check_complete(&*home, &inventory)?;
        }
        Ok(Self { config: Arc::new(config), home, made, staging, inventory, leftovers, lock })
    }

    /// What is committed; as of the opening, or the last [`Lake::take_stock`].
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Reads anew what is committed.
    pub(crate) fn take_stock(&mut self) -> Result<&Inventory> {
        self.inventory = Inventory::read(&*self.home)?;
        Ok(&self.inventory)
    }

    /// Whether `_SUCCESS` is there: nothing has been changed since the last run that ended well.
    pub(crate) fn is_complete(&self) -> Result<bool> {
        Ok(self.home.size(SUCCESS)?.is_some())
    }

    /// The lake's folder, or its URL.
    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Where the lake is.
    pub(crate) fn home(&self) -> &dyn Home {
        &*self.home
    }

    /// The manifest of a committed unit.
    pub(crate) fn manifest(&self, unit: &str) -> Result<manifest::UnitManifest> {
        manifest::UnitManifest::read(&*self.home, unit)
    }

    /// Begins a work unit, whose id names its files: ASCII letters, digits, `-` and `_`. `files` is the job's whole list, to which batches
    /// refer by index.
    ///
    /// A unit whose writer was dropped can be begun again under the same id.
    pub(crate) fn unit(&self, unit_id: &str, files: Arc<[InputFile]>) -> Result<UnitWriter> {
        self.unit_with(unit_id, files, Limits::new(self.config.row_group_rows))
    }

    fn unit_with(&self, unit_id: &str, files: Arc<[InputFile]>, limits: Limits) -> Result<UnitWriter> {
        check_id(unit_id)?;
        let staging = StagingDir::create(&self.staging, unit_id)?;
        UnitWriter::new(self.config.clone(), unit_id, files, staging, limits)
    }

    /// A folder for temporary files of this run, gone when it ends.
    pub(crate) fn temporary_folder(&self) -> PathBuf {
        self.staging.clone()
    }

    /// Commits a unit: moves its files into place, each seen by readers whole or not at all, then writes its manifest. `replaces` is the unit
    /// whose inputs it holds anew; that one is removed.
    pub(crate) fn commit(&mut self, unit: &StagedUnit, replaces: Option<&str>) -> Result<()> {
        self.commit_for(unit, replaces.map(str::to_owned).as_slice())
    }

    /// Likewise of a unit that takes the place of several.
    pub(crate) fn commit_for(&mut self, unit: &StagedUnit, replaces: &[String]) -> Result<()> {
        self.reach("commit.begin")?;
        self.begin_change()?;
        self.home.place(&unit.files)?;
        self.reach("commit.placed")?;
        let mut manifest = unit.manifest.clone();
        manifest.head.replaces = replaces.iter().filter(|old| **old != unit.manifest.head.unit).cloned().collect();
        self.lock.check()?;
        manifest.create(&*self.home)?;
        self.made.committed();
        self.reach("commit.recorded")?;
        recover::remove_replaced_by(&*self.home, manifest)?;
        self.reach("commit.end")
    }

    /// From here on readers see that the lake is being changed.
    fn begin_change(&self) -> Result<()> {
        self.lock.check()?;
        if self.is_complete()? { self.home.remove_file(SUCCESS) } else { Ok(()) }
    }

    /// Completes the lake: the hourly tables, whose rows come in the order in which they are to stand, the lake's manifest, `report.json` as
    /// `report` gives it for the final totals, and last of all `_SUCCESS`.
    ///
    /// # Errors
    /// Those of the iterators and of writing; what is committed stays, without `_SUCCESS`.
    pub(crate) fn finish(
        &mut self,
        failures: impl Iterator<Item = Result<FailureHourRow>>,
        latency: impl Iterator<Item = Result<LatencyHourRow>>,
        report: impl FnOnce(&Output) -> Result<Vec<u8>>,
    ) -> Result<Output> {
        self.reach("finish.begin")?;
        self.begin_change()?;
        let job = self.inventory.job_id();
        let staging = StagingDir::create(&self.staging, ".hourly")?;
        let mut files = hourly::write_failures(staging.path(), self.config.compression, &job, failures)?;
        files.extend(hourly::write_latency(staging.path(), self.config.compression, &job, latency)?);
        // They are of the whole lake: those that are there are of an earlier one.
        [hourly::FAILURES, hourly::LATENCY].iter().try_for_each(|table| self.home.remove_all(table))?;
        self.reach("finish.hourly-removed")?;
        self.home.place(&files)?;
        drop(staging);
        self.lake_manifest(job, &files).write(&*self.home)?;
        let output = self.output();
        self.home.write(&own(REPORT), &report(&output)?)?;
        self.home.remove_staging()?;
        self.reach("finish.end")?;
        self.lock.check()?;
        self.home.write(SUCCESS, &[])?;
        self.made.keep();
        Ok(output)
    }

    fn lake_manifest(&self, job: String, files: &[StagedFile]) -> LakeManifest {
        let inventory = &self.inventory;
        let head = LakeEntry {
            schema: MANIFEST_SCHEMA.to_owned(),
            job,
            units: inventory.units.len() as u64,
            inputs: inventory.used(),
            failed: inventory.failed(),
            tally: inventory.tally,
            outputs: 0,
        };
        LakeManifest { head, outputs: files.iter().map(StagedFile::entry).collect() }
    }

    /// What the lake holds, as reports show it.
    pub(crate) fn output(&self) -> Output {
        let inventory::Extent { files, rows, bytes } = self.inventory.connections;
        Output {
            path: self.path().display().to_string(),
            committed: true,
            files,
            rows,
            bytes,
            units: self.inventory.units.len() as u64,
            leftovers_removed: self.leftovers,
            ..Output::default()
        }
    }

    /// Gives the run up: removes everything that is not committed, the folder itself included if the run created it.
    pub(crate) fn abandon(mut self) -> Result<()> {
        self.leave_to_others();
        self.made.remove()
    }

    /// What is there may be another run's, where the lock is.
    fn leave_to_others(&mut self) {
        if self.lock.check().is_err() {
            self.made.committed();
        }
    }

    fn reach(&self, step: &'static str) -> Result<()> {
        failpoint::reach(step).map_err(|error| Error::io(self.path(), "writing the lake", error))
    }
}

impl Drop for Lake {
    fn drop(&mut self) {
        self.leave_to_others();
    }
}

/// The name of a file of the lake's own.
fn own(name: &str) -> String {
    format!("{OWN_FOLDER}/{name}")
}

/// The bounds of a lake, µs since 1970: what lies outside was left out.
pub(crate) fn time_range(home: &dyn Home) -> Result<(Option<i64>, Option<i64>)> {
    Ok(settings::read(home)?.map_or((None, None), |settings| settings.time_range()))
}

/// What the manifests of a lake say of the inputs with these keys; of one that failed and was converted later, the latter.
pub(crate) fn entries_of(home: &dyn Home, keys: &HashSet<String>) -> Result<HashMap<String, InputEntry>> {
    let mut entries: HashMap<String, InputEntry> = HashMap::new();
    for unit in manifest::units(home)? {
        // One that cannot be understood has been told of.
        let Ok(unit) = manifest::UnitManifest::read(home, &unit) else { continue };
        for input in unit.inputs.into_iter().filter(|input| keys.contains(&input.key)) {
            if input.status != InputStatus::Failed || !entries.contains_key(&input.key) {
                entries.insert(input.key.clone(), input);
            }
        }
    }
    Ok(entries)
}

impl StagedUnit {
    /// Rows of `connections`, and of `rejected`, as the files' own footers count them.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let rows_in = |folder: &str| {
            let files = self.files.iter().filter(|file| file.target.starts_with(folder));
            files.map(|file| file.rows).sum()
        };
        (rows_in(CONNECTIONS), rows_in(rejected::FOLDER))
    }
}

/// Ids become file names.
fn check_id(id: &str) -> Result<()> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return Ok(());
    }
    Err(Error::Config(format!("{id:?} cannot name output files: only letters, digits, - and _ can")))
}

/// Fails if a lake that is said to be complete lacks manifests: what they named would be converted a second time.
fn check_complete(home: &dyn Home, inventory: &Inventory) -> Result<()> {
    let lake = LakeManifest::read(home)?;
    if lake.is_some_and(|lake| lake.head.units == inventory.units.len() as u64 && lake.head.job == inventory.job_id()) {
        return Ok(());
    }
    let problem = "the units' manifests are not those that the lake was completed with";
    Err(damaged(&home.path().join(manifest::folder()), problem))
}

#[cold]
fn damaged(path: &Path, problem: &str) -> Error {
    let fault = FileFault::new(FileFaultKind::Corrupt, 0, problem.to_owned());
    Error::DamagedLake { object: path.display().to_string(), fault }
}

/// Fails if anything but a lake is there.
fn refuse_foreign(home: &dyn Home) -> Result<()> {
    let names = home.names("")?.unwrap_or_default();
    if names.is_empty() || names.iter().any(|name| name == OWN_FOLDER) {
        return Ok(());
    }
    Err(refusal(home, "is not empty, and what it holds is no lake: choose an empty or a new output folder"))
}

/// Fails if there is a lake without settings: one that was made before there were manifests, and cannot be gone on with.
fn refuse_older(home: &dyn Home) -> Result<()> {
    let names = home.names("")?.unwrap_or_default();
    let has_data = names.iter().any(|name| name != OWN_FOLDER && ENTRIES.iter().any(|entry| name == *entry));
    if has_data || home.size(&own(REPORT))?.is_some() {
        return Err(refusal(
            home,
            "holds a lake that an earlier version wrote, without a manifest: it can be read, but not added to; choose another output folder, \
             or remove this one first",
        ));
    }
    if names.iter().any(|name| name != OWN_FOLDER) {
        return Err(refusal(home, "is not empty, and what it holds is no lake: choose an empty or a new output folder"));
    }
    Ok(())
}

#[cold]
fn refusal(home: &dyn Home, problem: &str) -> Error {
    Error::Output { path: home.path().to_owned(), problem: problem.to_owned() }
}

/// What a run has made and has to take away again, unless it is kept.
#[derive(Debug)]
struct Made {
    home: Arc<dyn Home>,
    /// What did not exist before.
    folders: home::Made,
    /// Whether the lake is this run's alone, with nothing committed.
    all: bool,
    /// Whether the staging area is this run's.
    staging: bool,
}

impl Made {
    fn make(home: Arc<dyn Home>) -> Result<Self> {
        Ok(Self { folders: home.make()?, home, all: true, staging: false })
    }

    /// Nothing is to be taken away any more.
    fn keep(&mut self) {
        self.all = false;
        self.staging = false;
    }

    /// There is something to keep; only what is not finished goes.
    fn committed(&mut self) {
        self.all = false;
    }

    /// Removes what is not committed, and the folders that the run created if nobody else put something there.
    fn remove(&mut self) -> Result<()> {
        let (all, staging) = (std::mem::take(&mut self.all), std::mem::take(&mut self.staging));
        if staging {
            self.home.remove_staging()?;
        }
        if all {
            self.remove_entries()?;
            self.folders.remove();
        }
        Ok(())
    }

    /// The lake's own folder goes last, and the lock last of that: until then nobody else begins, and what is left is a lake to go on with.
    fn remove_entries(&self) -> Result<()> {
        ENTRIES.iter().filter(|name| **name != OWN_FOLDER).try_for_each(|name| self.home.remove_all(name))?;
        let of_own = self.home.names(OWN_FOLDER)?.unwrap_or_default().into_iter().map(|name| own(&name));
        of_own.filter(|name| name != LOCK).try_for_each(|name| self.home.remove_all(&name))?;
        self.home.remove_lock()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // The run is failing already, for a reason that is being reported.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests;
