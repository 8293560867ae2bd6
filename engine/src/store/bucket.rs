//! A bucket's keys: one by one, folder by folder, or all below a prefix.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, TryReadyChunksError};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::again::{Tries, persist};
use super::connect::Client;
use super::fault::{StoreFault, StoreFaultKind};
use super::traffic::Traffic;

/// Prefixes that are listed at a time.
const LISTINGS: usize = 16;
/// Keys that are handed on at a time at most, and of each prefix how many times so many before somebody takes them.
const PAGE: usize = 1000;
const PAGES_AHEAD: usize = 2;

type Page = Result<Vec<Found>, StoreFault>;

/// A bucket that can be reached.
pub(crate) struct Bucket {
    root: String,
    pub(super) store: Arc<dyn Client>,
    pub(super) runtime: Arc<Runtime>,
    pub(super) traffic: Arc<Traffic>,
}

/// An object as a listing tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// ns since 1970.
    pub(crate) modified: Option<i64>,
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
    pub(super) fn new(root: String, store: Arc<dyn Client>, runtime: Arc<Runtime>, traffic: Arc<Traffic>) -> Self {
        Self { root, store, runtime, traffic }
    }

    /// Its URL, with a `/` at its end.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The object of exactly that key, if there is one.
    pub(crate) fn find(&self, key: &str) -> Result<Option<Found>, StoreFault> {
        let path = path(key)?;
        match self.runtime.block_on(persist("looked up", async || self.store.head(&path).await)) {
            Ok(meta) => Ok(Some(Found::of(meta))),
            Err(fault) if fault.kind == StoreFaultKind::Missing => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What lies directly below each of `prefixes` (with their `/` or without), in their order. Several are asked for at a time.
    pub(crate) fn folders(&self, prefixes: &[String]) -> Result<Vec<Folder>, StoreFault> {
        let listed = stream::iter(prefixes).map(|prefix| self.folder(prefix)).buffered(LISTINGS);
        self.runtime.block_on(listed.try_collect())
    }

    async fn folder(&self, prefix: &str) -> Result<Folder, StoreFault> {
        let path = path(prefix)?;
        persist("listed", async || self.store.list_with_delimiter(Some(&path)).await).await.map(Folder::of)
    }

    /// Calls `take` for every object below each of `prefixes`, with the prefix's number; in the order of prefixes and keys. Several are listed at a
    /// time, and of each some pages are held.
    pub(crate) fn all_below(&self, prefixes: &[String], mut take: impl FnMut(usize, Found)) -> Result<(), StoreFault> {
        let (mut coming, mut begun) = (VecDeque::new(), prefixes.iter());
        for number in 0..prefixes.len() {
            while coming.len() < LISTINGS
                && let Some(prefix) = begun.next()
            {
                coming.push_back(self.begin(path(prefix)?));
            }
            let Some(mut pages) = coming.pop_front() else { break };
            while let Some(page) = self.runtime.block_on(pages.recv()) {
                page?.into_iter().for_each(|found| take(number, found));
            }
        }
        Ok(())
    }

    /// Begins to list everything below a prefix.
    fn begin(&self, prefix: Path) -> Receiver<Page> {
        let (sender, receiver) = channel(PAGES_AHEAD);
        self.runtime.spawn(list(self.store.clone(), prefix, sender));
        receiver
    }
}

/// Sends every object below `prefix`, until nobody takes any more. A listing that breaks off goes on behind the last key that came.
async fn list(store: Arc<dyn Client>, prefix: Path, pages: Sender<Page>) {
    let (mut last, mut tries) = (None::<Path>, Tries::new());
    loop {
        let listing = match &last {
            None => store.list(Some(&prefix)),
            Some(last) => store.list_with_offset(Some(&prefix), last),
        };
        let mut listing = listing.try_ready_chunks(PAGE);
        let fault = loop {
            let (came, error) = match listing.next().await {
                None => return,
                Some(Ok(came)) => (came, None),
                Some(Err(TryReadyChunksError(came, error))) => (came, Some(error)),
            };
            if let Some(meta) = came.last() {
                last = Some(meta.location.clone());
                tries.went_on();
                if pages.send(Ok(came.into_iter().map(Found::of).collect())).await.is_err() {
                    return;
                }
            }
            if let Some(error) = error {
                break StoreFault::of("listed", &error);
            }
        };
        if let Err(fault) = tries.again(fault).await {
            // Whoever does not take it has given up already.
            let _ = pages.send(Err(fault)).await;
            return;
        }
    }
}

impl Folder {
    fn of(listed: ListResult) -> Self {
        let mut folders: Vec<String> = listed.common_prefixes.into_iter().map(String::from).collect();
        let mut objects: Vec<Found> = listed.objects.into_iter().map(Found::of).collect();
        folders.sort_unstable();
        objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Self { folders, objects }
    }
}

impl Found {
    fn of(meta: ObjectMeta) -> Self {
        Self { key: meta.location.into(), size: meta.size, modified: meta.last_modified.timestamp_nanos_opt(), e_tag: meta.e_tag }
    }
}

pub(super) fn path(key: &str) -> Result<Path, StoreFault> {
    Path::parse(key.trim_end_matches('/')).map_err(|error| StoreFault::setting(format!("is no key that can be asked for: {error}")))
}
