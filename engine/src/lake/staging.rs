//! Files written aside and moved into place: what makes output appear whole or not at all.
//!
//! In: finished, synced files below `_tlslake/staging`. Out: the same files under their final names, with their folders synced. Whatever
//! is dropped before it was committed is removed.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

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
}

/// All output of one work unit, closed, synced and checked. Dropped without a commit, it is removed.
#[derive(Debug)]
pub(crate) struct StagedUnit {
    /// The files, in a deterministic order.
    pub(crate) files: Vec<StagedFile>,
    /// Holds the files until they are moved.
    pub(super) _staging: StagingDir,
}

/// Creates a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::io(path, "creating the folder", error))
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
        let problem = "exists already: another run writes to this folder; give each run a folder of its own".to_owned();
        return Err(Error::Output { path: to.to_owned(), problem });
    }
    fs::rename(from, to).map_err(|error| Error::io(to, "moving the finished file into place", error))
}

/// Writes a whole file so that it is either absent or complete: aside, synced, renamed, and its folder synced.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension("tmp");
    let written = File::create(&aside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&aside, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&aside);
        return Err(Error::io(path, "writing", error));
    }
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder durable, where the system can.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(path, "syncing the folder", error))?;
    }
    Ok(())
}
