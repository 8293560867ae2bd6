//! The lake that `convert` writes: Parquet in Hive partitions, hourly tables, the report, and `_SUCCESS` when all of it stands.
//!
//! In: batches by work unit, and at the end the hourly rows and the report. Out: a folder whose files each appear whole. Everything is
//! written to `_tlslake/staging` first, closed, synced, checked and renamed; a run that fails before [`Lake::finish`] takes away all that it
//! made (one that is killed cannot: it leaves a lake without `_SUCCESS`). Nothing here parses or counts, and it starts no thread of its own.

mod hourly;
mod partition;
mod parts;
pub(crate) mod read;
mod rejected;
mod rows;
mod spill;
mod staging;
mod table;
mod text;
mod unit;
mod values;

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::hourly::{FailureHourRow, LatencyHourRow};
pub(crate) use self::spill::{Merge, SpillMap, Weight};
pub(crate) use self::staging::{StagedFile, StagedUnit};
pub(crate) use self::unit::UnitWriter;

use self::staging::StagingDir;
use self::unit::Limits;
use crate::config::LakeConfig;
use crate::discover::InputFile;
use crate::error::{Error, Result};
use crate::report::Output;

/// What tells readers that the job is complete.
const SUCCESS: &str = "_SUCCESS";
/// The folder for what is not data: the report, and the staging area during a run. A leading underscore hides it from query engines.
const OWN_FOLDER: &str = "_tlslake";
const STAGING: &str = "staging";
const REPORT: &str = "report.json";
const CONNECTIONS: &str = "connections";
/// Everything that a run makes in its folder.
const ENTRIES: [&str; 6] = [SUCCESS, OWN_FOLDER, CONNECTIONS, "rejected", hourly::FAILURES, hourly::LATENCY];

/// A lake being written. Dropped before [`Lake::finish`], it removes everything that it made.
#[derive(Debug)]
pub(crate) struct Lake {
    config: Arc<LakeConfig>,
    made: Made,
    /// Folders that stand, durably.
    folders: HashSet<PathBuf>,
    output: Output,
}

impl Lake {
    /// Takes `config.out` for this run: creates it if it is absent, and the staging area in it.
    ///
    /// # Errors
    /// [`Error::Output`] if the folder holds a lake or anything else, or another run has just taken it.
    pub(crate) fn create(config: LakeConfig) -> Result<Self> {
        refuse_occupied(&config.out)?;
        let made = Made::create(&config.out)?;
        let output = Output { path: config.out.display().to_string(), ..Output::default() };
        Ok(Self { config: Arc::new(config), made, folders: HashSet::new(), output })
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

    /// Moves a unit's files into place. A reader sees each of them whole or not at all.
    pub(crate) fn commit(&mut self, unit: StagedUnit) -> Result<()> {
        let mut touched = HashSet::new();
        for file in &unit.files {
            let folder = file.target.parent().unwrap_or(Path::new(""));
            if self.folders.insert(folder.to_owned()) {
                staging::create_folder_durably(&self.config.out, folder)?;
            }
            staging::move_into_place(&file.staged, &self.config.out.join(&file.target))?;
            touched.insert(folder);
            self.count(file);
        }
        touched.into_iter().try_for_each(|folder| staging::sync_folder(&self.config.out.join(folder)))
    }

    fn count(&mut self, file: &StagedFile) {
        if file.target.starts_with(CONNECTIONS) {
            self.output.files += 1;
            self.output.rows += file.rows;
            self.output.bytes += file.bytes;
        }
    }

    /// Completes the lake: the hourly tables, whose rows come in the order in which they are to stand, `report.json` as `report` gives it
    /// for the final totals, and last of all `_SUCCESS`.
    ///
    /// # Errors
    /// Those of the iterators and of writing; the lake is removed then.
    pub(crate) fn finish(
        mut self,
        job_id: &str,
        failures: impl Iterator<Item = Result<FailureHourRow>>,
        latency: impl Iterator<Item = Result<LatencyHourRow>>,
        report: impl FnOnce(&Output) -> Result<Vec<u8>>,
    ) -> Result<Output> {
        check_id(job_id)?;
        let staging = StagingDir::create(&self.staging(), ".hourly")?;
        let mut files = hourly::write_failures(staging.path(), self.config.compression, job_id, failures)?;
        files.extend(hourly::write_latency(staging.path(), self.config.compression, job_id, latency)?);
        self.commit(StagedUnit { files, _staging: staging })?;
        self.output.committed = true;
        let own = self.config.out.join(OWN_FOLDER);
        staging::write_durably(&own.join(REPORT), &report(&self.output)?)?;
        fs::remove_dir_all(self.staging()).map_err(|error| Error::io(self.staging(), "removing the staging area", error))?;
        staging::sync_folder(&own)?;
        staging::write_durably(&self.config.out.join(SUCCESS), &[])?;
        self.made.keep();
        Ok(self.output.clone())
    }

    /// Gives the run up: removes everything that it made, the folder itself included if the run created it.
    pub(crate) fn abandon(mut self) -> Result<()> {
        self.made.remove()
    }

    fn staging(&self) -> PathBuf {
        self.config.out.join(OWN_FOLDER).join(STAGING)
    }
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

/// Fails if the folder holds anything.
fn refuse_occupied(out: &Path) -> Result<()> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(refusal(out, "is a file, not a folder: choose another output folder"));
        }
        Err(error) => return Err(Error::io(out, "listing the output folder", error)),
    };
    let mut occupied = false;
    let mut lake = false;
    for entry in entries {
        let name = entry.map_err(|error| Error::io(out, "listing the output folder", error))?.file_name();
        occupied = true;
        lake |= ENTRIES.iter().any(|own| name == *own);
    }
    match (occupied, lake, out.join(SUCCESS).exists()) {
        (false, ..) => Ok(()),
        (_, true, true) => Err(refusal(out, "holds a lake already: choose another output folder, or remove this one first")),
        (_, true, false) => Err(refusal(
            out,
            "holds a lake that is not complete (no _SUCCESS): another run is writing it, or one was cut off; choose another output folder, \
             or remove this one first",
        )),
        (_, false, _) => Err(refusal(out, "is not empty, and what it holds is no lake: choose an empty or a new output folder")),
    }
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
    keep: bool,
}

impl Made {
    fn create(out: &Path) -> Result<Self> {
        let absent = out.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let mut made = Self { out: out.to_owned(), folders: absent.map(Path::to_owned).collect(), keep: true };
        staging::create_folder(out)?;
        match fs::create_dir(out.join(OWN_FOLDER)) {
            // From here on the folder is this run's.
            Ok(()) => made.keep = false,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(refusal(out, "was taken by another run just now: choose another output folder"));
            }
            Err(error) => {
                made.remove_folders();
                return Err(Error::io(out.join(OWN_FOLDER), "creating the folder", error));
            }
        }
        staging::create_folder(&out.join(OWN_FOLDER).join(STAGING))?;
        Ok(made)
    }

    fn keep(&mut self) {
        self.keep = true;
    }

    /// Removes the run's own entries, and the folders that it created if nobody else put something there.
    fn remove(&mut self) -> Result<()> {
        if self.keep {
            return Ok(());
        }
        self.keep = true;
        for name in ENTRIES {
            let path = self.out.join(name);
            let removed = if name == SUCCESS { fs::remove_file(&path) } else { fs::remove_dir_all(&path) };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path, "removing", error)),
                _ => {}
            }
        }
        self.remove_folders();
        Ok(())
    }

    fn remove_folders(&self) {
        for folder in &self.folders {
            // Fails, as it should, where somebody else put something.
            if fs::remove_dir(folder).is_err() {
                break;
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
