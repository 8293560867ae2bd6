//! A lake in a folder: files are written aside, synced and renamed, and the folders' names are synced, too.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::lock::{self, Lock, Quiet};
use super::{Home, HomeFile, LOCK, LakeBytes, Made, taken};
use crate::error::{Error, Result};
use crate::lake::staging::{self, StagedFile};
use crate::lake::{OWN_FOLDER, STAGING};
use crate::store::WaitFor;

/// A folder on a disk.
#[derive(Debug)]
pub(super) struct FolderHome {
    out: PathBuf,
    /// Folders that stand, durably; relative.
    folders: Mutex<HashSet<PathBuf>>,
}

impl FolderHome {
    pub(super) fn new(out: &Path) -> Self {
        Self { out: out.to_owned(), folders: Mutex::default() }
    }

    fn at(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.out.clone() } else { self.out.join(name) }
    }

    fn staging(&self) -> PathBuf {
        self.out.join(OWN_FOLDER).join(STAGING)
    }

    /// Makes the folder of `target`, once.
    fn ensure_folder(&self, folder: &Path) -> Result<()> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if folders.insert(folder.to_owned()) {
            staging::create_folder_durably(&self.out, folder)?;
        }
        Ok(())
    }
}

impl Home for FolderHome {
    fn path(&self) -> &Path {
        &self.out
    }

    fn make(&self) -> Result<Made> {
        let absent = self.out.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let made = Made { folders: absent.map(Path::to_owned).collect() };
        staging::create_folder(&self.out).and_then(|()| sync_names(&made.folders)).inspect_err(|_| made.remove())?;
        Ok(made)
    }

    fn has_folders(&self) -> bool {
        true
    }

    fn make_folders(&self, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| staging::create_folder(&self.at(name)))?;
        staging::sync_folder(&self.out.join(OWN_FOLDER))
    }

    fn names(&self, folder: &str) -> Result<Option<Vec<String>>> {
        let folder = self.at(folder);
        let listed = fs::read_dir(&folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect());
        match listed {
            Ok(names) => Ok(Some(names)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                let problem = "is a file, not a folder: choose another output folder".to_owned();
                Err(Error::Output { path: folder, problem })
            }
            Err(error) => Err(Error::io(folder, "listing the output folder", error)),
        }
    }

    fn files(&self, folder: &str) -> Result<Vec<HomeFile>> {
        let mut files = Vec::new();
        let folder = self.at(folder);
        for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => continue,
                Err(error) => return Err(Error::io(&folder, "listing", error.into())),
            };
            if entry.file_type().is_file() {
                let name = staging::path_text(entry.path().strip_prefix(&self.out).unwrap_or(entry.path()));
                files.push(HomeFile { name, bytes: entry.metadata().map_or(0, |metadata| metadata.len()) });
            }
        }
        Ok(files)
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        match fs::metadata(self.at(name)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Error::io(self.at(name), "looking up", error)),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.at(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(self.at(name), "reading", error)),
        }
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        let file = File::open(self.at(name)).map_err(|error| Error::io(self.at(name), "opening", error))?;
        Ok(Box::new(file))
    }

    fn bytes(&self, name: &str) -> Result<LakeBytes> {
        File::open(self.at(name)).map(LakeBytes::File).map_err(|error| Error::io(self.at(name), "opening", error))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        if let Some(folder) = Path::new(name).parent().filter(|folder| !folder.as_os_str().is_empty()) {
            self.ensure_folder(folder)?;
        }
        staging::write_durably(&self.at(name), bytes)
    }

    fn create(&self, name: &str, bytes: &[u8]) -> Result<()> {
        // The lock keeps others away.
        if self.at(name).exists() { Err(taken(self.at(name))) } else { self.write(name, bytes) }
    }

    fn place(&self, files: &[StagedFile]) -> Result<()> {
        let mut touched = HashSet::new();
        for file in files {
            let folder = file.target.parent().unwrap_or(Path::new(""));
            self.ensure_folder(folder)?;
            staging::move_into_place(&file.staged, &self.out.join(&file.target))?;
            touched.insert(folder);
        }
        touched.into_iter().try_for_each(|folder| staging::sync_folder(&self.out.join(folder)))
    }

    fn remove(&self, names: &[String]) -> Result<()> {
        let mut folders = BTreeSet::new();
        for name in names {
            let path = self.at(name);
            staging::remove_file(&path)?;
            folders.extend(path.parent().map(Path::to_owned));
        }
        for folder in &folders {
            // Any name in it will do: what is there above it counts.
            let inside = folder.join(staging::TEMPORARY);
            sync_parent(&inside)?;
            self.remove_empty_folders(&inside);
        }
        Ok(())
    }

    fn at_hand(&self, name: &str, _folder: &Path) -> Result<PathBuf> {
        Ok(self.at(name))
    }

    fn remove_all(&self, name: &str) -> Result<()> {
        let path = self.at(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path, "removing", error)),
            _ => {}
        }
        self.forget(Path::new(name));
        Ok(())
    }

    fn remove_unfinished(&self) -> Result<u64> {
        let mut removed = count_files(&self.staging());
        self.remove_staging()?;
        let own = self.out.join(OWN_FOLDER);
        for folder in [&own, &own.join(crate::lake::manifest::FOLDER), &self.out] {
            removed += remove_temporary(folder, *folder == self.out)?;
        }
        Ok(removed)
    }

    fn make_staging(&self) -> Result<PathBuf> {
        staging::create_folder(&self.staging())?;
        Ok(self.staging())
    }

    fn remove_staging(&self) -> Result<()> {
        match fs::remove_dir_all(self.staging()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(self.staging(), "removing the staging area", error)),
            _ => Ok(()),
        }
    }

    fn lock(&self, wait: &dyn Fn(WaitFor) -> bool) -> Result<Lock> {
        lock::FileLock::take(&self.out, &self.at(LOCK), wait).map(Lock::File)
    }

    fn remove_lock(&self) -> Result<()> {
        staging::remove_file(&self.at(LOCK))?;
        // Fails, as it should, where another run has begun just now.
        let _ = fs::remove_dir(self.out.join(OWN_FOLDER));
        Ok(())
    }

    fn quiet(&self) -> Result<Quiet> {
        lock::read(&self.out, &self.at(LOCK)).map(Quiet::File)
    }
}

impl FolderHome {
    /// Folders that are gone have to be made again.
    fn forget(&self, folder: &Path) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|known| !known.starts_with(folder));
    }

    /// Removes the folders above `file`, up to the lake's, that have become empty.
    fn remove_empty_folders(&self, file: &Path) {
        let above = file.ancestors().skip(1);
        for folder in
            above.take_while(|folder| *folder != self.out && folder.strip_prefix(&self.out).is_ok_and(|name| !name.starts_with(OWN_FOLDER)))
        {
            // Fails, as it should, where something is left.
            if fs::remove_dir(folder).is_err() {
                break;
            }
            self.forget(folder.strip_prefix(&self.out).unwrap_or(folder));
        }
    }
}

impl Made {
    /// Removes the folders, if nobody else has put something there.
    pub(in crate::lake) fn remove(&self) {
        for folder in &self.folders {
            match fs::remove_dir(folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => break, // as it should be where somebody else put something
                _ => {}
            }
        }
    }
}

/// Makes the names of folders that were created durable.
fn sync_names(folders: &[PathBuf]) -> Result<()> {
    for folder in folders {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match staging::sync_folder(parent) {
            // A folder may take names and yet not be opened.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {}
            other => other?,
        }
    }
    Ok(())
}

fn count_files(folder: &Path) -> u64 {
    walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()).count() as u64
}

/// Files that were being written aside; in the lake's folder itself, where others may put theirs, only the one that the marker's name gives.
fn remove_temporary(folder: &Path, is_marker_alone: bool) -> Result<u64> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(Error::io(folder, "listing", error)),
    };
    let marker = Path::new(crate::lake::SUCCESS).with_extension(staging::TEMPORARY);
    let mut removed = 0;
    for entry in entries {
        let path = entry.map_err(|error| Error::io(folder, "listing", error))?.path();
        let is_ours = !is_marker_alone || path.file_name() == Some(marker.as_os_str());
        if is_ours && path.extension().is_some_and(|extension| extension == staging::TEMPORARY) && path.is_file() {
            staging::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Makes the removal of `path` durable. Its folder may have gone as well, with a run that died afterwards.
fn sync_parent(path: &Path) -> Result<()> {
    path.ancestors().skip(1).find(|folder| folder.exists()).map_or(Ok(()), staging::sync_folder)
}
