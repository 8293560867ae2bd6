//! Files written aside and moved into place: what makes output appear whole or not at all.
//!
//! In: finished, synced files below `_tlslake/staging`. Out: the same files under their final names, with their folders synced. Whatever
//! is dropped before it was committed is removed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::OWN_FOLDER;
use super::manifest::{
    FaultEntry, InputEntry, InputStatus, LineCounts, MANIFEST_SCHEMA, OutputEntry, Share, UnitEntry, UnitManifest, checksum_text, key_text,
};
use super::state::{self, StateWriter};
use crate::columns::Tally;
use crate::discover::InputFile;
use crate::error::{Error, FileFault, Result};
use crate::failpoint;
use crate::report::rfc3339;

/// A folder of unfinished output; removed with everything in it when dropped.
#[derive(Debug)]
pub(super) struct StagingDir {
    path: PathBuf,
}

impl StagingDir {
    /// An empty folder `name` in `staging`; what an earlier attempt may have left there goes.
    pub(super) fn create(staging: &Path, name: &str) -> Result<Self> {
        let path = staging.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path, "removing the leftovers of a unit", error)),
            _ => {}
        }
        create_folder(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for StagingDir {
    fn drop(&mut self) {
        // A folder that cannot be removed here goes with the whole staging area at the end of the run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A finished file that readers do not see yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StagedFile {
    /// Where it is.
    pub(crate) staged: PathBuf,
    /// Where it belongs, relative to the lake.
    pub(crate) target: PathBuf,
    /// Its rows.
    pub(crate) rows: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// XXH3-128 of its bytes, as they read back after the sync.
    pub(crate) checksum: u128,
    /// The inputs that its rows come from, by index in the job's list, with the rows of each.
    pub(crate) sources: Vec<(u32, u64)>,
}

/// All output of one work unit, closed, synced and checked. Dropped without a commit, it is removed.
#[derive(Debug)]
pub(crate) struct StagedUnit {
    /// The files, in a deterministic order.
    pub(crate) files: Vec<StagedFile>,
    /// What the manifest will say.
    pub(super) manifest: UnitManifest,
    /// Holds the files until they are moved.
    pub(super) staging: StagingDir,
}

/// What became of an input in a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileOutcome {
    /// Index in the job's list.
    pub(crate) file: u32,
    /// Bytes and lines that were used.
    pub(crate) tally: Tally,
    /// XXH3-128 of the text that was used.
    pub(crate) checksum: u128,
    /// First and last event, µs since 1970.
    pub(crate) time: Option<(i64, i64)>,
    /// Stored bytes that were read, where the input is a stream.
    pub(crate) streamed: Option<u64>,
    /// What is wrong with it.
    pub(crate) fault: Option<FileFault>,
}

impl FileOutcome {
    /// What the input counts as. A damaged one of which not a line could be used has failed, whatever was asked for.
    fn status(&self) -> InputStatus {
        match self.fault {
            None => InputStatus::Converted,
            Some(_) if self.tally.lines > 0 => InputStatus::Salvaged,
            Some(_) => InputStatus::Failed,
        }
    }
}

impl StagedUnit {
    /// Writes down what the unit was made of: `outcomes` of its inputs, which are of the job's list `files`, and the state, whose entries
    /// `state` pushes.
    pub(crate) fn record(
        &mut self,
        id: &str,
        files: &[InputFile],
        outcomes: &[FileOutcome],
        state: impl FnOnce(&mut StateWriter) -> Result<()>,
    ) -> Result<()> {
        let mut writer = StateWriter::create(&self.staging)?;
        state(&mut writer)?;
        self.files.push(writer.finish(id)?);
        let head = UnitEntry { schema: MANIFEST_SCHEMA.to_owned(), unit: id.to_owned(), ..UnitEntry::default() };
        let shares = self.shares();
        let inputs = outcomes.iter().filter_map(|outcome| Some(input_entry(files.get(outcome.file as usize)?, outcome, &shares)));
        self.manifest = UnitManifest { head, outputs: self.files.iter().map(StagedFile::entry).collect(), inputs: inputs.collect() };
        Ok(())
    }

    /// Where each input's rows went.
    fn shares(&self) -> HashMap<u32, Vec<Share>> {
        let mut shares: HashMap<u32, Vec<Share>> = HashMap::new();
        for file in &self.files {
            for &(input, rows) in &file.sources {
                shares.entry(input).or_default().push(Share { path: path_text(&file.target), rows });
            }
        }
        shares
    }
}

fn input_entry(file: &InputFile, outcome: &FileOutcome, shares: &HashMap<u32, Vec<Share>>) -> InputEntry {
    let status = outcome.status();
    InputEntry {
        object: file.object.clone(),
        key: key_text(file.key),
        size: file.size.or(outcome.streamed),
        modified_ns: file.modified_ns(),
        status,
        tally: LineCounts::from(&outcome.tally),
        first_time: outcome.time.map(|(first, _)| rfc3339(first)),
        last_time: outcome.time.map(|(_, last)| rfc3339(last)),
        checksum: (status != InputStatus::Failed).then(|| checksum_text(outcome.checksum)),
        fault: outcome.fault.as_ref().map(FaultEntry::from),
        outputs: shares.get(&outcome.file).cloned().unwrap_or_default(),
    }
}

impl StagedFile {
    /// The file as manifests have it.
    pub(super) fn entry(&self) -> OutputEntry {
        let table = match self.target.components().next() {
            Some(first) if first.as_os_str() == OWN_FOLDER => state::FOLDER.to_owned(),
            Some(first) => first.as_os_str().to_string_lossy().into_owned(),
            None => String::new(),
        };
        let checksum = checksum_text(self.checksum);
        OutputEntry { path: path_text(&self.target), table, rows: self.rows, bytes: self.bytes, checksum }
    }
}

/// A path in the lake, parts separated by `/`; all of them are UTF-8, being made of text.
pub(super) fn path_text(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Creates a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<()> {
    failpoint::reach("folder.create").and_then(|()| fs::create_dir_all(path)).map_err(|error| Error::io(path, "creating the folder", error))
}

/// Creates a folder below `root` and those between, and makes their names durable.
pub(super) fn create_folder_durably(root: &Path, relative: &Path) -> Result<()> {
    create_folder(&root.join(relative))?;
    for ancestor in relative.ancestors().skip(1) {
        sync_folder(&root.join(ancestor))?;
    }
    Ok(())
}

/// Moves a file to a name that is not taken.
pub(super) fn move_into_place(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        let problem = "is not in the manifest, yet there: something else writes to this folder; give it a folder of its own".to_owned();
        return Err(Error::Output { path: to.to_owned(), problem });
    }
    failpoint::reach("file.rename")
        .and_then(|()| fs::rename(from, to))
        .map_err(|error| Error::io(to, "moving the finished file into place", error))
}

/// Writes a whole file so that it is either absent or complete (or as it was before): aside, synced, renamed, and its folder synced.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension(TEMPORARY);
    let written = failpoint::reach("whole.create")
        .and_then(|()| File::create(&aside))
        .and_then(|mut file| {
            file.write_all(bytes)?;
            failpoint::reach("whole.sync")?;
            file.sync_all()
        })
        .and_then(|()| failpoint::reach("whole.rename"))
        .and_then(|()| fs::rename(&aside, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&aside);
        return Err(Error::io(path, "writing", error));
    }
    path.parent().map_or(Ok(()), sync_folder)
}

/// What ends the names of files that are written aside; a dead run may have left some.
pub(super) const TEMPORARY: &str = "tmp";

/// Removes a file that may be gone already.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match failpoint::reach("file.remove").and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path, "removing", error)),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable, where the system can.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    if cfg!(unix) {
        failpoint::reach("folder.sync")
            .and_then(|()| File::open(path))
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Error::io(path, "syncing the folder", error))?;
    }
    Ok(())
}

/// XXH3-128 of a file's bytes. Costs reading it once, in pieces.
pub(crate) fn checksum(path: &Path) -> Result<u128> {
    let failed = |error| Error::io(path, "reading back", error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Xxh3::new();
    let mut piece = vec![0; 256 << 10];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.digest128()),
            Ok(read) => hash.update(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}
