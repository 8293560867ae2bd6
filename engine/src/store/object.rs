//! An object: whole, or a range of it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use object_store::{GetOptions, GetRange};
use tokio::task::JoinHandle;

use super::bucket::{Bucket, Found, path};
use super::connect::Client;
use super::fault::StoreFault;
use crate::error::{FileFault, FileFaultKind};

/// An object as it was when it was listed: a request for another version of it fails.
#[derive(Clone)]
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    key: String,
    e_tag: Option<String>,
    size: u64,
}

impl fmt::Debug for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Object").field(&self.url()).finish()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.bucket.root() == other.bucket.root() && self.key == other.key && self.e_tag == other.e_tag && self.size == other.size
    }
}

impl Eq for Object {}

/// Bytes on their way.
#[derive(Debug)]
pub(crate) struct Arriving {
    bucket: Arc<Bucket>,
    task: JoinHandle<Result<Bytes, StoreFault>>,
    start: u64,
}

impl Object {
    /// The object of `bucket` that was `found`.
    pub(crate) fn new(bucket: Arc<Bucket>, found: Found) -> Self {
        let Found { key, e_tag, size, .. } = found;
        Self { bucket, key, e_tag, size }
    }

    /// Its whole name.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.bucket.root(), self.key)
    }

    /// Its bytes when it was listed.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Begins to fetch all of it.
    pub(crate) fn fetch(&self) -> Arriving {
        self.fetch_range(0..self.size)
    }

    /// Begins to fetch a range of it.
    pub(crate) fn fetch_range(&self, range: Range<u64>) -> Arriving {
        let (store, key, start) = (self.bucket.store.clone(), self.key.clone(), range.start);
        // A range that is all of it, or nothing, needs no header; nothing cannot be asked for as a range.
        let is_all = range.start == 0 && range.end == self.size;
        let options = GetOptions {
            if_match: self.e_tag.clone(),
            range: (!is_all).then_some(GetRange::Bounded(range.clone())),
            ..GetOptions::default()
        };
        let task = self.bucket.runtime.spawn(async move { get(&*store, &key, options, range.end - range.start).await });
        Arriving { bucket: self.bucket.clone(), task, start }
    }
}

async fn get(store: &dyn Client, key: &str, options: GetOptions, length: u64) -> Result<Bytes, StoreFault> {
    let failed = |error| StoreFault::of("read", &error);
    let path = path(key)?;
    let asked = options.if_match.clone();
    let answer = store.get_opts(&path, options).await.map_err(failed)?;
    // Not every store looks at the condition.
    if asked.is_some() && answer.meta.e_tag.is_some() && asked != answer.meta.e_tag {
        return Err(StoreFault::of("read", &object_store::Error::Precondition { path: key.to_owned(), source: "another version".into() }));
    }
    let bytes = answer.bytes().await.map_err(failed)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    let message = format!("{} bytes came where it had {length} when it was found; run again when nothing writes to it", bytes.len());
    Err(StoreFault { kind: super::fault::StoreFaultKind::Changed, message })
}

impl Arriving {
    /// Waits for them.
    ///
    /// # Errors
    /// [`FileFaultKind::Changed`] where the object is not what it was; [`FileFaultKind::Unreadable`] where it cannot be had, after retries.
    pub(crate) fn wait(mut self) -> Result<Bytes, FileFault> {
        let start = self.start;
        match self.bucket.runtime.block_on(&mut self.task) {
            Ok(fetched) => fetched.map_err(|fault| fault.at(start)),
            Err(error) => Err(FileFault::new(FileFaultKind::Unreadable, start, format!("the request for it died: {error}"))),
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.task.abort();
    }
}
