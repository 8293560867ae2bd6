//! Writing objects: whole, under conditions, and in parts.
//!
//! A request whose answer is lost has perhaps been done. Each way of writing here asks the store afterwards, so that what it says is so.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, StreamExt};
use object_store::multipart::PartId;
use object_store::path::Path as ObjectPath;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::bucket::{Bucket, path};
use super::fault::StoreFault;

/// Bytes of a part; S3 takes no smaller one than 5 MiB.
const PART_BYTES: u64 = 8 << 20;
/// Parts that S3 takes at most.
const MOST_PARTS: u64 = 10_000;
/// Parts, or small objects, under way at a time.
const UNDER_WAY: usize = 4;
/// Bytes that an upload holds at most, of files below [`PART_BYTES`] times [`MOST_PARTS`].
pub(crate) const UPLOAD_BYTES: usize = (UNDER_WAY + 1) * PART_BYTES as usize;
/// Tries of a request, beyond the client's own, where its answer was lost.
pub(super) const TRIES: u32 = 6;
/// No try begins after that.
const GIVE_UP: Duration = Duration::from_secs(180);

/// What tells an object from what was there before, and what will be: the ETag, and with some stores a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    e_tag: Option<String>,
    version: Option<String>,
}

/// A file to be uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) file: PathBuf,
    pub(crate) key: String,
    pub(crate) bytes: u64,
}

impl Upload {
    /// Whether it goes in one request.
    pub(crate) fn is_small(&self) -> bool {
        self.bytes <= PART_BYTES
    }
}

/// Waits before the next try.
pub(super) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(100) * 2_u32.pow(attempt)).await;
}

/// Sends a request until an answer comes that another try would not change.
pub(super) async fn persist<T>(request: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let (started, mut attempt) = (Instant::now(), 0);
    loop {
        match request().await {
            // Nothing in particular: the answer was cut off, say. What the store refused is told apart.
            Err(Error::Generic { .. }) if attempt < TRIES && started.elapsed() < GIVE_UP => {
                pause(attempt).await;
            }
            ended => return ended,
        }
        attempt += 1;
    }
}

impl Bucket {
    /// An object and its version, if there is one of that key.
    pub(crate) fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreFault> {
        let path = path(key)?;
        let got = self.runtime.block_on(persist(async || self.get_at(&path).await));
        got.map_err(|error| StoreFault::of("read", &error))
    }

    async fn get_at(&self, path: &ObjectPath) -> Result<Option<(Bytes, Version)>, Error> {
        let answer = match self.store.get(path).await {
            Ok(answer) => answer,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let version = Version { e_tag: answer.meta.e_tag.clone(), version: answer.meta.version.clone() };
        Ok(Some((answer.bytes().await?, version)))
    }

    /// Writes an object, in place of what may be there.
    pub(crate) fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreFault> {
        self.runtime.block_on(self.put_soon(key, bytes))
    }

    async fn put_soon(&self, key: &str, bytes: Bytes) -> Result<(), StoreFault> {
        let path = path(key)?;
        let put = persist(async || self.store.put(&path, PutPayload::from_bytes(bytes.clone())).await).await;
        put.map(drop).map_err(|error| StoreFault::of("written", &error))
    }

    /// Writes an object where there is none; gives its version, or `None` where there is another.
    pub(crate) fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Version>, StoreFault> {
        self.runtime.block_on(self.put_if(key, bytes, PutMode::Create))
    }

    /// Writes an object in place of the one of this version; gives its own, or `None` where there is another, or none.
    pub(crate) fn replace(&self, key: &str, bytes: Bytes, version: &Version) -> Result<Option<Version>, StoreFault> {
        let Version { e_tag, version } = version.clone();
        self.runtime.block_on(self.put_if(key, bytes, PutMode::Update(UpdateVersion { e_tag, version })))
    }

    async fn put_if(&self, key: &str, bytes: Bytes, mode: PutMode) -> Result<Option<Version>, StoreFault> {
        let path = path(key)?;
        let put = persist(async || {
            let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
            let refused = match self.store.put_opts(&path, PutPayload::from_bytes(bytes.clone()), options).await {
                Ok(put) => return Ok(Some(Version { e_tag: put.e_tag, version: put.version })),
                Err(error) => error,
            };
            // It may be there all the same: the answer was lost, and what was refused is a second try.
            match self.get_at(&path).await? {
                Some((there, version)) if there == bytes => Ok(Some(version)),
                _ if matches!(refused, Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(None),
                _ => Err(refused),
            }
        });
        put.await.map_err(|error| StoreFault::of("written", &error))
    }

    /// Removes an object, which may be gone already.
    pub(crate) fn remove(&self, key: &str) -> Result<(), StoreFault> {
        let path = path(key)?;
        gone(self.runtime.block_on(persist(async || self.store.delete(&path).await)))
    }

    /// Uploads small files, some at a time. Gives the first of those that failed.
    pub(crate) fn upload_small(&self, uploads: &[Upload]) -> Result<(), (String, StoreFault)> {
        let upload = async |upload: &Upload| {
            let failed = |fault| (upload.key.clone(), fault);
            let bytes = tokio::fs::read(&upload.file).await.map_err(|error| failed(unreadable(&upload.file, &error)))?;
            self.put_soon(&upload.key, bytes.into()).await.map_err(failed)
        };
        self.runtime.block_on(async {
            let mut results = futures_util::stream::iter(uploads.iter().map(upload)).buffer_unordered(UNDER_WAY);
            while let Some(result) = results.next().await {
                result?;
            }
            Ok(())
        })
    }

    /// Begins an upload in parts; gives its id.
    pub(crate) fn begin_upload(&self, key: &str) -> Result<String, StoreFault> {
        let path = path(key)?;
        let begun = self.runtime.block_on(persist(async || self.store.create_multipart(&path).await));
        begun.map_err(|error| StoreFault::of("written", &error))
    }

    /// Uploads the parts of a file; gives what completes the upload.
    pub(crate) fn upload_parts(&self, upload: &Upload, id: &str) -> Result<Vec<PartId>, StoreFault> {
        let failed = |error| unreadable(&upload.file, &error);
        let mut file = File::open(&upload.file).map_err(failed)?;
        let part_bytes = PART_BYTES.max(upload.bytes.div_ceil(MOST_PARTS));
        let mut under_way = FuturesOrdered::new();
        let mut parts = Vec::new();
        for index in 0..usize::try_from(upload.bytes.div_ceil(part_bytes)).unwrap_or(usize::MAX) {
            let mut bytes = Vec::new();
            (&mut file).take(part_bytes).read_to_end(&mut bytes).map_err(failed)?;
            under_way.push_back(self.put_part(&upload.key, id, index, bytes.into()));
            if under_way.len() >= UNDER_WAY {
                parts.extend(self.runtime.block_on(under_way.next()).transpose()?);
            }
        }
        while let Some(part) = self.runtime.block_on(under_way.next()) {
            parts.push(part?);
        }
        Ok(parts)
    }

    async fn put_part(&self, key: &str, id: &str, index: usize, bytes: Bytes) -> Result<PartId, StoreFault> {
        let (path, id) = (path(key)?, id.to_owned());
        let put = persist(async || self.store.put_part(&path, &id, index, PutPayload::from_bytes(bytes.clone())).await);
        put.await.map_err(|error| StoreFault::of("written", &error))
    }

    /// Makes an object of the parts. There was none of that key before.
    pub(crate) fn complete_upload(&self, upload: &Upload, id: &str, parts: &[PartId]) -> Result<(), StoreFault> {
        let (path, id) = (path(&upload.key)?, id.to_owned());
        let completed = persist(async || {
            let Err(error) = self.store.complete_multipart(&path, &id, parts.to_vec()).await else { return Ok(()) };
            match self.store.head(&path).await {
                Ok(meta) if meta.size == upload.bytes => Ok(()),
                _ => Err(error),
            }
        });
        self.runtime.block_on(completed).map_err(|error| StoreFault::of("written", &error))
    }

    /// Gives up an upload in parts, which may be over already.
    pub(crate) fn abort_upload(&self, key: &str, id: &str) -> Result<(), StoreFault> {
        let (path, id) = (path(key)?, id.to_owned());
        gone(self.runtime.block_on(persist(async || self.store.abort_multipart(&path, &id).await)))
    }
}

fn gone(removed: Result<(), Error>) -> Result<(), StoreFault> {
    match removed {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(StoreFault::of("removed", &error)),
    }
}

#[cold]
fn unreadable(file: &Path, error: &std::io::Error) -> StoreFault {
    StoreFault::setting(format!("cannot be uploaded: {}: {error}", file.display()))
}
