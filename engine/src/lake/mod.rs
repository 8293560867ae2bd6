//! The lake that `convert` writes: Parquet in Hive partitions, hourly tables, the report, the manifest, and `_SUCCESS` when all of it stands.
//!
//! In: batches by work unit, and at the end the hourly rows and the report. Out: a folder whose files each appear whole. Everything is
//! written to `_tlslake/staging` first, closed, synced, checked and renamed. A unit is committed once its manifest is there; what a run that was
//! cut off has left beside that is taken away by the next one, which goes on with the units that are missing. `_SUCCESS` goes before the
//! first change and comes back last. One run at a time: it holds a lock. Nothing here parses or counts, and it starts no thread of its own.

mod arrays;
pub(crate) mod check;
pub(crate) mod compact;
mod hourly;
mod inventory;
mod lock;
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
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::hourly::{FailureHourRow, LatencyHourRow};
pub(crate) use self::inventory::{Inventory, Known, Troubled};
pub(crate) use self::merge::MERGED_AT_ONCE;
pub(crate) use self::settings::LakeSettings;
pub(crate) use self::shape::shape;
pub(crate) use self::spill::{Merge, SpillIter, SpillMap, Weight};
pub(crate) use self::staging::{FileOutcome, StagedFile, StagedUnit};
pub(crate) use self::state::StateWriter;
pub(crate) use self::unit::UnitWriter;

use self::lock::Lock;
use self::manifest::{InputEntry, InputStatus, LakeEntry, LakeManifest, MANIFEST_SCHEMA};
use self::staging::StagingDir;
use self::unit::Limits;
use crate::config::LakeConfig;
use crate::discover::InputFile;
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::failpoint;
use crate::report::Output;

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
    made: Made,
    /// Folders that stand, durably.
    folders: HashSet<PathBuf>,
    inventory: Inventory,
    /// Files of a run that was cut off, removed when the lake was opened.
    leftovers: u64,
    /// Released after everything else is done.
    _lock: Lock,
}

impl Lake {
    /// Takes `config.out` for this run: creates it if it is absent, or opens the lake that is there, takes away what a dead run has left
    /// and reads what is committed. `wait` is asked whether to go on waiting while another run holds the lake.
    ///
    /// # Errors
    /// [`Error::Output`] if the folder holds anything but a lake, [`Error::Settings`] if it holds a lake of other settings, [`Error::Locked`] if
    /// another run is writing it, [`Error::DamagedLake`] if its manifest cannot be understood.
    pub(crate) fn open(config: LakeConfig, settings: &LakeSettings, wait: impl Fn() -> bool) -> Result<Self> {
        let out = config.out.clone();
        let own = out.join(OWN_FOLDER);
        refuse_foreign(&out)?;
        let mut made = Made::create(&out)?;
        let lock = Lock::take(&out, &own, wait).inspect_err(|_| made.keep())?;
        let is_new = !settings::exist(&own);
        if !is_new && !own.join(manifest::FOLDER).is_dir() {
            made.keep();
            return Err(damaged(&own.join(manifest::FOLDER), "the manifest is missing, so nothing tells what is in this lake"));
        }
        // One in which nothing is committed binds nobody.
        let is_empty = manifest::unit_paths(&own).inspect_err(|_| made.keep())?.is_empty() && !out.join(SUCCESS).exists();
        if is_new {
            refuse_older(&out, &own).inspect_err(|_| made.keep())?;
        } else if !is_empty {
            made.keep();
            settings::compare(&out, &own, settings)?;
        }
        let leftovers = recover::recover(&out)?;
        staging::create_folder(&own.join(STAGING))?;
        made.staging = true;
        if is_empty {
            [manifest::FOLDER, state::FOLDER].iter().try_for_each(|name| staging::create_folder(&own.join(name)))?;
            staging::sync_folder(&own)?;
            settings::write(&own, settings)?;
        }
        let inventory = Inventory::read(&own)?;
        if out.join(SUCCESS).exists() {
            check_complete(&own, &inventory)?;
        }
        Ok(Self { config: Arc::new(config), made, folders: HashSet::new(), inventory, leftovers, _lock: lock })
    }

    /// What is committed; as of the opening, or the last [`Lake::take_stock`].
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Reads anew what is committed.
    pub(crate) fn take_stock(&mut self) -> Result<&Inventory> {
        self.inventory = Inventory::read(&self.own())?;
        Ok(&self.inventory)
    }

    /// Whether `_SUCCESS` is there: nothing has been changed since the last run that ended well.
    pub(crate) fn is_complete(&self) -> bool {
        self.config.out.join(SUCCESS).exists()
    }

    /// The lake's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.config.out
    }

    /// The manifest of a committed unit.
    pub(crate) fn manifest(&self, unit: &str) -> Result<manifest::UnitManifest> {
        manifest::UnitManifest::read(&manifest::path(&self.own(), unit))
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
        let staging = StagingDir::create(&self.staging(), unit_id)?;
        UnitWriter::new(self.config.clone(), unit_id, files, staging, limits)
    }

    /// A folder for temporary files of this run, gone when it ends.
    pub(crate) fn temporary_folder(&self) -> PathBuf {
        self.staging()
    }

    /// Commits a unit: moves its files into place, each seen by readers whole or not at all, then writes its manifest. `replaces` is the unit
    /// whose inputs it holds anew; that one is removed.
    pub(crate) fn commit(&mut self, unit: &StagedUnit, replaces: Option<&str>) -> Result<()> {
        self.commit_for(unit, replaces.map(str::to_owned).as_slice())
    }

    /// Likewise of a unit that takes the place of several.
    pub(crate) fn commit_for(&mut self, unit: &StagedUnit, replaces: &[String]) -> Result<()> {
        reach("commit.begin", &self.config.out)?;
        self.begin_change()?;
        self.place(&unit.files)?;
        reach("commit.placed", &self.config.out)?;
        let mut manifest = unit.manifest.clone();
        manifest.head.replaces = replaces.iter().filter(|old| **old != unit.manifest.head.unit).cloned().collect();
        manifest::write(&self.own(), &manifest.head.unit, &manifest.to_bytes()?)?;
        self.made.committed();
        reach("commit.recorded", &self.config.out)?;
        recover::remove_replaced_by(&self.config.out, manifest)?;
        reach("commit.end", &self.config.out)
    }

    /// From here on readers see that the lake is being changed.
    fn begin_change(&self) -> Result<()> {
        if self.is_complete() {
            staging::remove_file(&self.config.out.join(SUCCESS))?;
            staging::sync_folder(&self.config.out)?;
        }
        Ok(())
    }

    fn place(&mut self, files: &[StagedFile]) -> Result<()> {
        let mut touched = HashSet::new();
        for file in files {
            let folder = file.target.parent().unwrap_or(Path::new(""));
            if self.folders.insert(folder.to_owned()) {
                staging::create_folder_durably(&self.config.out, folder)?;
            }
            staging::move_into_place(&file.staged, &self.config.out.join(&file.target))?;
            touched.insert(folder);
        }
        touched.into_iter().try_for_each(|folder| staging::sync_folder(&self.config.out.join(folder)))
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
        reach("finish.begin", &self.config.out)?;
        self.begin_change()?;
        let job = self.inventory.job_id();
        let staging = StagingDir::create(&self.staging(), ".hourly")?;
        let mut files = hourly::write_failures(staging.path(), self.config.compression, &job, failures)?;
        files.extend(hourly::write_latency(staging.path(), self.config.compression, &job, latency)?);
        self.remove_hourly()?;
        reach("finish.hourly-removed", &self.config.out)?;
        self.place(&files)?;
        drop(staging);
        let own = self.own();
        manifest::write(&own, manifest::LAKE, &self.lake_manifest(job, &files).to_bytes()?)?;
        let output = self.output();
        staging::write_durably(&own.join(REPORT), &report(&output)?)?;
        fs::remove_dir_all(self.staging()).map_err(|error| Error::io(self.staging(), "removing the staging area", error))?;
        staging::sync_folder(&own)?;
        reach("finish.end", &self.config.out)?;
        staging::write_durably(&self.config.out.join(SUCCESS), &[])?;
        self.made.keep();
        Ok(output)
    }

    /// The hourly tables are of the whole lake: those that are there are of an earlier one.
    fn remove_hourly(&self) -> Result<()> {
        for name in [hourly::FAILURES, hourly::LATENCY] {
            let folder = self.config.out.join(name);
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(folder, "removing", error)),
                _ => {}
            }
        }
        Ok(())
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
            path: self.config.out.display().to_string(),
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
        self.made.remove()
    }

    fn own(&self) -> PathBuf {
        self.config.out.join(OWN_FOLDER)
    }

    fn staging(&self) -> PathBuf {
        self.own().join(STAGING)
    }
}

/// The bounds of the lake at `out`, µs since 1970: what lies outside was left out.
pub(crate) fn time_range(out: &Path) -> Result<(Option<i64>, Option<i64>)> {
    Ok(settings::read(&out.join(OWN_FOLDER))?.map_or((None, None), |settings| settings.time_range()))
}

/// What the manifests of the lake at `out` say of the inputs with these keys; of one that failed and was converted later, the latter.
pub(crate) fn entries_of(out: &Path, keys: &HashSet<String>) -> Result<HashMap<String, InputEntry>> {
    let mut entries: HashMap<String, InputEntry> = HashMap::new();
    for path in manifest::unit_paths(&out.join(OWN_FOLDER))? {
        // One that cannot be understood has been told of.
        let Ok(unit) = manifest::UnitManifest::read(&path) else { continue };
        for input in unit.inputs.into_iter().filter(|input| keys.contains(&input.key)) {
            if input.status != InputStatus::Failed || !entries.contains_key(&input.key) {
                entries.insert(input.key.clone(), input);
            }
        }
    }
    Ok(entries)
}

fn reach(step: &'static str, out: &Path) -> Result<()> {
    failpoint::reach(step).map_err(|error| Error::io(out, "writing the lake", error))
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
fn check_complete(own: &Path, inventory: &Inventory) -> Result<()> {
    let lake = LakeManifest::read(own)?;
    if lake.is_some_and(|lake| lake.head.units == inventory.units.len() as u64 && lake.head.job == inventory.job_id()) {
        return Ok(());
    }
    Err(damaged(&own.join(manifest::FOLDER), "the units' manifests are not those that the lake was completed with"))
}

#[cold]
fn damaged(path: &Path, problem: &str) -> Error {
    let fault = FileFault::new(FileFaultKind::Corrupt, 0, problem.to_owned());
    Error::DamagedLake { object: path.display().to_string(), fault }
}

/// Fails if the folder holds anything but a lake.
fn refuse_foreign(out: &Path) -> Result<()> {
    let names = match entry_names(out) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(refusal(out, "is a file, not a folder: choose another output folder"));
        }
        Err(error) => return Err(Error::io(out, "listing the output folder", error)),
    };
    if names.is_empty() || names.iter().any(|name| name == OWN_FOLDER) {
        return Ok(());
    }
    Err(refusal(out, "is not empty, and what it holds is no lake: choose an empty or a new output folder"))
}

/// Fails if there is a lake without settings: one that was made before there were manifests, and cannot be gone on with.
fn refuse_older(out: &Path, own: &Path) -> Result<()> {
    let names = entry_names(out).map_err(|error| Error::io(out, "listing the output folder", error))?;
    let has_data = names.iter().any(|name| name != OWN_FOLDER && ENTRIES.iter().any(|entry| name == *entry));
    if has_data || own.join(REPORT).exists() {
        return Err(refusal(
            out,
            "holds a lake that an earlier version wrote, without a manifest: it can be read, but not added to; choose another output folder, \
             or remove this one first",
        ));
    }
    if names.iter().any(|name| name != OWN_FOLDER) {
        return Err(refusal(out, "is not empty, and what it holds is no lake: choose an empty or a new output folder"));
    }
    Ok(())
}

fn entry_names(folder: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

#[cold]
fn refusal(out: &Path, problem: &str) -> Error {
    Error::Output { path: out.to_owned(), problem: problem.to_owned() }
}

/// What a run has made and has to take away again, unless it is kept.
#[derive(Debug)]
struct Made {
    out: PathBuf,
    /// Folders that did not exist before: `out` and those above it, innermost first.
    folders: Vec<PathBuf>,
    /// Whether the lake is this run's alone, with nothing committed.
    all: bool,
    /// Whether the staging area is this run's.
    staging: bool,
}

impl Made {
    fn create(out: &Path) -> Result<Self> {
        let absent = out.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let mut made = Self { out: out.to_owned(), folders: absent.map(Path::to_owned).collect(), all: false, staging: false };
        // Until it is there, nothing in it is this run's.
        staging::create_folder(out).and_then(|()| made.sync_names()).inspect_err(|_| made.remove_folders())?;
        made.all = true;
        Ok(made)
    }

    /// Makes the names of the folders that were created durable.
    fn sync_names(&self) -> Result<()> {
        for folder in &self.folders {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match staging::sync_folder(parent) {
                // A folder may take names and yet not be opened.
                Err(Error::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {}
                other => other?,
            }
        }
        Ok(())
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
        if all {
            self.remove_entries()?;
            self.remove_folders();
        } else if staging {
            let staging = self.out.join(OWN_FOLDER).join(STAGING);
            fs::remove_dir_all(&staging).map_err(|error| Error::io(staging, "removing", error))?;
        }
        Ok(())
    }

    /// The lake's own folder goes last, and the lock last of that: until then nobody else begins, and what is left is a lake to go on with.
    fn remove_entries(&self) -> Result<()> {
        let own = self.out.join(OWN_FOLDER);
        let tables = ENTRIES.iter().filter(|name| **name != OWN_FOLDER).map(|name| self.out.join(name));
        let of_own = entry_names(&own).unwrap_or_default().into_iter().filter(|name| name != lock::LOCK).map(|name| own.join(name));
        for path in tables.chain(of_own).collect::<Vec<_>>() {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path, "removing", error)),
                _ => {}
            }
        }
        staging::remove_file(&own.join(lock::LOCK))?;
        // Fails, as it should, where another run has begun just now.
        let _ = fs::remove_dir(own);
        Ok(())
    }

    fn remove_folders(&self) {
        for folder in &self.folders {
            match fs::remove_dir(folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => break, // as it should be where somebody else put something
                _ => {}
            }
        }
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
