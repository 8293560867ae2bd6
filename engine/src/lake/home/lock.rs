//! One writer: in a folder an advisory lock on `_tlslake/lock`, held by the open file, so that a dead run's lock is gone with it; in a bucket a
//! lease on the object of that name.
//!
//! The file stays where it is; removing it would let two runs hold locks on two files of one name. While it is held it tells who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::lake::staging;
use crate::store::{Lease, StoreFault, WaitFor, Watch};

/// How often a waiting run looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A held lock; released when dropped.
#[derive(Debug)]
pub(crate) enum Lock {
    File(#[expect(dead_code, reason = "held, not read")] FileLock),
    /// With the lake's place, for messages.
    Lease(Lease, PathBuf),
}

/// That no run is writing a lake.
#[derive(Debug)]
pub(crate) enum Quiet {
    /// None begins while this is kept; `None` where there is no lock file, or the file system has no locks.
    File(#[expect(dead_code, reason = "held, not read")] Option<File>),
    /// One may begin; that can be told afterwards.
    Watch(Watch, PathBuf),
}

impl Lock {
    /// Fails where the lock may have gone to another run.
    pub(in crate::lake) fn check(&self) -> Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Lease(lease, path) => lease.check().map_err(|fault| lost(path, fault)),
        }
    }
}

impl Quiet {
    /// Fails where a run has begun to write since.
    pub(in crate::lake) fn check(&self) -> Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Watch(watch, path) => match watch.holder_since() {
                Ok(None) => Ok(()),
                Ok(Some(holder)) => Err(Error::Locked { path: path.clone(), holder }),
                Err(fault) => Err(lost(path, fault)),
            },
        }
    }
}

#[cold]
pub(super) fn lost(path: &Path, fault: StoreFault) -> Error {
    Error::Output { path: path.join(super::LOCK), problem: fault.message }
}

/// The lock of a lake in a folder.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

impl FileLock {
    /// Takes the lock at `path` of the lake at `out`; its folder is created if it is absent. `wait` is asked whether to go on waiting while
    /// another run holds it.
    ///
    /// # Errors
    /// [`Error::Locked`] if another run holds it and `wait` says no.
    pub(super) fn take(out: &Path, path: &Path, wait: &dyn Fn(WaitFor) -> bool) -> Result<Self> {
        let failed = |error| Error::io(path, "locking", error);
        loop {
            path.parent().map_or(Ok(()), staging::create_folder)?;
            let mut file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
                Ok(file) => file,
                // The run that held it has just given up and taken its folder away.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            match file.try_lock() {
                Ok(()) if is_still_there(&file, path) => {
                    let mut lock = Self { file };
                    lock.sign().map_err(failed)?;
                    return Ok(lock);
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if wait(WaitFor::Holder) => std::thread::sleep(LOOK_AGAIN),
                Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: out.to_owned(), holder: holder(&mut file) }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Writes down who holds it.
    fn sign(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { String::new() } else { format!(" on {}", host.trim()) };
        self.file.write_all(format!("process {}{host}\n", std::process::id()).as_bytes())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // The lock itself goes with the file; a name that is left there does no harm.
        let _ = self.file.set_len(0);
    }
}

/// Makes sure that no run is writing the lake at `out`, and that none begins while the result is kept. Needs no right to write; `None` where
/// there is no lock file, or the file system has no locks.
pub(super) fn read(out: &Path, path: &Path) -> Result<Option<File>> {
    let Ok(mut file) = File::open(path) else { return Ok(None) };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: out.to_owned(), holder: holder(&mut file) }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Who holds the lock, as far as the file tells.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(256).read_to_string(&mut text));
    match (read, text.trim()) {
        (Ok(_), name) if !name.is_empty() => name.to_owned(),
        _ => "another process".to_owned(),
    }
}

/// Whether the file that was locked is the one of that name: a run that gives up takes its folder away, lock and all.
#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(named)) => identity(held) == identity(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_there(_: &File, path: &Path) -> bool {
    path.exists()
}
