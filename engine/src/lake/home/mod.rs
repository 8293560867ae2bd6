//! Where a lake is: a folder, or a prefix of a bucket. Whatever happens to its files in their places happens through [`Home`].
//!
//! In: names relative to the lake, their parts separated by `/`; finished files of the staging area. Out: files that are each whole or absent, and
//! there to stay once a call returns. Staging is on a disk, whichever home the lake has.

mod bucket;
mod folder;
mod lock;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::bucket::BucketHome;
use self::folder::FolderHome;
pub(crate) use self::lock::{Lock, Quiet};
pub(crate) use super::bytes::LakeBytes;
use super::staging::StagedFile;
use crate::config::StoreConfig;
use crate::error::{Error, Result};
use crate::store::{ObjectUrl, Stores, Traffic, WaitFor};

/// The lock's name in the lake's own folder.
pub(super) const LOCK: &str = "_tlslake/lock";

/// A file of a lake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HomeFile {
    /// Relative to the lake.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// A lake's files in their places.
pub(crate) trait Home: fmt::Debug + Send + Sync {
    /// The lake, as messages name it.
    fn path(&self) -> &Path;

    /// Makes the place ready to take a lake; gives what was made for it.
    fn make(&self) -> Result<Made>;

    /// Whether folders stand without files, so that one that is missing tells something.
    fn has_folders(&self) -> bool;

    /// Makes folders, where there are any.
    fn make_folders(&self, names: &[&str]) -> Result<()>;

    /// The names directly in `folder` (empty for the lake itself), in no order; `None` where there is no such folder.
    fn names(&self, folder: &str) -> Result<Option<Vec<String>>>;

    /// All files below `folder`, by name; none where there is no such folder.
    fn files(&self, folder: &str) -> Result<Vec<HomeFile>>;

    /// The size of a file; `None` where there is none of that name.
    fn size(&self, name: &str) -> Result<Option<u64>>;

    /// A whole file, a small one; `None` where there is none of that name.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// A file to be read from its start.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>>;

    /// A file to be read here and there.
    fn bytes(&self, name: &str) -> Result<LakeBytes>;

    /// Writes a small file, which is as it was before or as it is now, whatever happens.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Likewise, where there is none of that name yet.
    ///
    /// # Errors
    /// Also where another one is there.
    fn create(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Moves finished files to names that are not taken.
    fn place(&self, files: &[StagedFile]) -> Result<()>;

    /// Removes files, which may be gone already, and the folders of tables that they leave empty.
    fn remove(&self, names: &[String]) -> Result<()>;

    /// Likewise a single one.
    fn remove_file(&self, name: &str) -> Result<()> {
        self.remove(&[name.to_owned()])
    }

    /// A file on a disk of this machine: itself, or a copy of it below `folder`.
    fn at_hand(&self, name: &str, folder: &Path) -> Result<PathBuf>;

    /// Removes a file, or a folder with all that is in it, either of which may be gone already.
    fn remove_all(&self, name: &str) -> Result<()>;

    /// Removes what a dead run has left unfinished; gives how many files.
    fn remove_unfinished(&self) -> Result<u64>;

    /// The folder for unfinished files, which is this run's from now on.
    fn make_staging(&self) -> Result<PathBuf>;

    /// Removes that folder.
    fn remove_staging(&self) -> Result<()>;

    /// Takes the lock. `wait` is asked whether to go on waiting while another run holds it.
    ///
    /// # Errors
    /// [`Error::Locked`] if another run holds it and `wait` says no.
    fn lock(&self, wait: &dyn Fn(WaitFor) -> bool) -> Result<Lock>;

    /// Removes the lock's file, while it is held: the lake is given up.
    fn remove_lock(&self) -> Result<()>;

    /// Makes sure that no run is writing the lake.
    ///
    /// # Errors
    /// [`Error::Locked`] if one does.
    fn quiet(&self) -> Result<Quiet>;
}

/// What was made before there was a lake: folders, innermost first.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(super) folders: Vec<PathBuf>,
}

/// The home of the lake at `out`: a path, or the URL of a prefix, whose store is reached as `stores` says; what comes from it is counted in
/// `traffic`.
///
/// # Errors
/// [`Error::Output`] where the store cannot be reached with these settings.
pub(crate) fn home(out: &Path, stores: &StoreConfig, traffic: &Arc<Traffic>) -> Result<Arc<dyn Home>> {
    let Some(url) = out.to_str().and_then(ObjectUrl::parse) else { return Ok(Arc::new(FolderHome::new(out))) };
    let refused = |problem: String| Error::Output { path: out.to_owned(), problem };
    let url = url.map_err(refused)?;
    let bucket = Stores::new(stores.clone(), traffic.clone()).bucket(&url).map_err(|fault| refused(fault.message))?;
    Ok(Arc::new(BucketHome::new(bucket, url.key())))
}

/// Fails where `name` is taken by something that no manifest names.
#[cold]
fn taken(path: PathBuf) -> Error {
    let problem = "is not in the manifest, yet there: something else writes to this folder; give it a folder of its own".to_owned();
    Error::Output { path, problem }
}
