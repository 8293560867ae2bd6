//! A bucket's keys: one by one, folder by folder, or all below a prefix.

use std::fmt;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::connect::Client;
use super::fault::{StoreFault, StoreFaultKind};
use super::write::{TRIES, pause, persist};

/// A bucket that can be reached.
pub(crate) struct Bucket {
    root: String,
    pub(super) store: Arc<dyn Client>,
    pub(super) runtime: Arc<Runtime>,
}

/// An object as a listing tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// ns since 1970.
    pub(crate) modified: Option<i128>,
    pub(crate) e_tag: Option<String>,
}

/// What lies directly below a prefix, each in the order of the keys.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Prefixes, without a `/` at their end.
    pub(crate) folders: Vec<String>,
    pub(crate) objects: Vec<Found>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the client nothing: it holds credentials.
        out.debug_struct("Bucket").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Bucket {
    pub(super) fn new(root: String, store: Arc<dyn Client>, runtime: Arc<Runtime>) -> Self {
        Self { root, store, runtime }
    }

    /// Its URL, with a `/` at its end.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The object of exactly that key, if there is one.
    pub(crate) fn find(&self, key: &str) -> Result<Option<Found>, StoreFault> {
        let path = path(key)?;
        match self.runtime.block_on(persist(async || self.store.head(&path).await)) {
            Ok(meta) => Ok(Some(Found::of(meta))),
            Err(error) => {
                let fault = StoreFault::of("looked up", &error);
                if fault.kind == StoreFaultKind::Missing { Ok(None) } else { Err(fault) }
            }
        }
    }

    /// What lies directly below `prefix`, with its `/` or without.
    pub(crate) fn folder(&self, prefix: &str) -> Result<Folder, StoreFault> {
        let path = path(prefix)?;
        let listed = self.runtime.block_on(persist(async || self.store.list_with_delimiter(Some(&path)).await));
        let listed = listed.map_err(|error| StoreFault::of("listed", &error))?;
        let mut folders: Vec<String> = listed.common_prefixes.into_iter().map(String::from).collect();
        let mut objects: Vec<Found> = listed.objects.into_iter().map(Found::of).collect();
        folders.sort_unstable();
        objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(Folder { folders, objects })
    }

    /// Calls `take` for every object below `prefix`, in the order of the keys; a page of keys is held at a time.
    pub(crate) fn all_below(&self, prefix: &str, mut take: impl FnMut(Found)) -> Result<(), StoreFault> {
        let prefix = path(prefix)?;
        let (mut last, mut tries) = (None, 0);
        let mut listing = self.store.list(Some(&prefix));
        loop {
            match self.runtime.block_on(listing.try_next()) {
                Ok(None) => return Ok(()),
                Ok(Some(meta)) => {
                    (last, tries) = (Some(meta.location.clone()), 0);
                    take(Found::of(meta));
                }
                // A page that was cut off: on from the last key.
                Err(Error::Generic { .. }) if tries < TRIES => {
                    self.runtime.block_on(pause(tries));
                    tries += 1;
                    listing = match &last {
                        Some(last) => self.store.list_with_offset(Some(&prefix), last),
                        None => self.store.list(Some(&prefix)),
                    };
                }
                Err(error) => return Err(StoreFault::of("listed", &error)),
            }
        }
    }
}

impl Found {
    fn of(meta: ObjectMeta) -> Self {
        Self {
            key: meta.location.into(),
            size: meta.size,
            modified: meta.last_modified.timestamp_nanos_opt().map(i128::from),
            e_tag: meta.e_tag,
        }
    }
}

pub(super) fn path(key: &str) -> Result<Path, StoreFault> {
    Path::parse(key.trim_end_matches('/')).map_err(|error| StoreFault::setting(format!("is no key that can be asked for: {error}")))
}
