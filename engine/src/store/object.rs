//! An object: whole, or a range of it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange};
use tokio::task::JoinHandle;

use super::again::Tries;
use super::bucket::{Bucket, Found, path};
use super::e_tag::ETag;
use super::fault::StoreFault;
use super::traffic::UnderWay;
use crate::error::{FileFault, FileFaultKind};

/// An object as it was when it was listed: a request for another version of it fails.
///
/// There may be millions: of its key nothing is kept where the name that is shown says it already. Whoever asks for bytes gives that name.
#[derive(Clone)]
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    /// Where it is not what follows the bucket's URL in the name that is shown.
    key: Option<Box<OwnKey>>,
    e_tag: ETag,
    size: u64,
}

/// Seldom there, and so behind a pointer alone.
#[derive(Clone, PartialEq, Eq)]
struct OwnKey(String);

impl fmt::Debug for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Object").field("root", &self.bucket.root()).field("size", &self.size).finish_non_exhaustive()
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
    /// The object of `bucket` that was `found`, and is `shown` by a name.
    pub(crate) fn new(bucket: Arc<Bucket>, found: &Found, shown: &str) -> Self {
        let is_plain = shown.strip_prefix(bucket.root()) == Some(&found.key);
        let key = (!is_plain).then(|| Box::new(OwnKey(found.key.clone())));
        Self { bucket, key, e_tag: ETag::of(found.e_tag.as_deref()), size: found.size }
    }

    /// Its bytes when it was listed.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that it holds beside itself and what it shares.
    pub(crate) fn held(&self) -> usize {
        self.key.as_ref().map_or(0, |key| size_of::<OwnKey>() + key.0.len()) + self.e_tag.held()
    }

    /// Begins to fetch all of what is `shown` by that name.
    pub(crate) fn fetch(&self, shown: &str) -> Arriving {
        self.fetch_range(shown, 0..self.size)
    }

    /// Begins to fetch a range of it.
    pub(crate) fn fetch_range(&self, shown: &str, range: Range<u64>) -> Arriving {
        let key =
            self.key.as_ref().map(|key| key.0.as_str()).or_else(|| shown.strip_prefix(self.bucket.root())).unwrap_or(shown).to_owned();
        let start = range.start;
        // A range that is all of it, or nothing, needs no header; nothing cannot be asked for as a range.
        let is_all = range.start == 0 && range.end == self.size;
        let request = Request { bucket: self.bucket.clone(), key, e_tag: self.e_tag.text(), range, is_all };
        let under_way = UnderWay::new(&self.bucket.traffic);
        let task = self.bucket.runtime.spawn(async move {
            let _under_way = under_way;
            request.bytes().await
        });
        Arriving { bucket: self.bucket.clone(), task, start }
    }
}

/// What is asked for.
struct Request {
    bucket: Arc<Bucket>,
    key: String,
    e_tag: Option<String>,
    range: Range<u64>,
    is_all: bool,
}

impl Request {
    /// All of it, in as many answers as it takes.
    async fn bytes(self) -> Result<Bytes, StoreFault> {
        let path = path(&self.key)?;
        let length = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        let (mut came, mut tries) = (BytesMut::with_capacity(length), Tries::new());
        loop {
            let before = came.len();
            let Err(fault) = self.ask(&path, &mut came, length).await else { return Ok(came.freeze()) };
            if came.len() > before {
                tries.went_on();
            }
            // What has come is the beginning of the same bytes only where the ETag says so.
            if self.e_tag.is_none() {
                came.clear();
            }
            tries.again(fault).await?;
        }
    }

    /// Asks for what has not come yet, and adds what comes.
    async fn ask(&self, path: &Path, came: &mut BytesMut, length: usize) -> Result<(), StoreFault> {
        let failed = |error| StoreFault::of("read", &error);
        let is_all = self.is_all && came.is_empty();
        let rest = self.range.start + came.len() as u64..self.range.end;
        let options =
            GetOptions { if_match: self.e_tag.clone(), range: (!is_all).then_some(GetRange::Bounded(rest)), ..GetOptions::default() };
        let answer = self.bucket.store.get_opts(path, options).await.map_err(failed)?;
        // Not every store looks at the condition.
        if self.e_tag.is_some() && answer.meta.e_tag.is_some() && self.e_tag != answer.meta.e_tag {
            return Err(failed(object_store::Error::Precondition { path: self.key.clone(), source: "another version".into() }));
        }
        let mut body = answer.into_stream();
        while let Some(piece) = body.try_next().await.map_err(failed)? {
            self.bucket.traffic.came(piece.len());
            came.extend_from_slice(&piece);
            if came.len() > length {
                return Err(another_length(came.len(), length));
            }
        }
        match came.len() == length {
            true => Ok(()),
            false if self.e_tag.is_some() => Err(StoreFault::short(came.len() as u64, length as u64)),
            false => Err(another_length(came.len(), length)),
        }
    }
}

#[cold]
fn another_length(came: usize, length: usize) -> StoreFault {
    StoreFault::changed(format!("{came} bytes came where it had {length} when it was found; run again when nothing writes to it"))
}

impl Arriving {
    /// Waits for them.
    ///
    /// # Errors
    /// [`FileFaultKind::Changed`] where the object is not what it was; [`FileFaultKind::Unreadable`] where it cannot be had, after retries.
    pub(crate) fn wait(mut self) -> Result<Bytes, FileFault> {
        let (start, since) = (self.start, Instant::now());
        let arrived = self.bucket.runtime.block_on(&mut self.task);
        self.bucket.traffic.waited(since);
        match arrived {
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
