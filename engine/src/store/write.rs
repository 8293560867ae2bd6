//! Writing objects: whole, under conditions, and in parts.
//!
//! A request whose answer is lost has perhaps been done. Each way of writing here asks the store afterwards, so that what it says is so.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, StreamExt};
use object_store::multipart::PartId;
use object_store::path::Path as ObjectPath;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::again::persist;
use super::bucket::{Bucket, path};
use super::fault::{StoreFault, StoreFaultKind};

/// Bytes of a part; S3 takes no smaller one than 5 MiB.
const PART_BYTES: u64 = 8 << 20;
/// Parts that S3 takes at most.
const MOST_PARTS: u64 = 10_000;
/// Parts, or small objects, under way at a time.
const UNDER_WAY: usize = 4;
/// Bytes that an upload holds at most, of files below [`PART_BYTES`] times [`MOST_PARTS`].
pub(crate) const UPLOAD_BYTES: usize = (UNDER_WAY + 1) * PART_BYTES as usize;
/// What was to be done to an object, for faults.
const WRITTEN: &str = "written";

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

impl Bucket {
    /// An object and its version, if there is one of that key.
    pub(crate) fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreFault> {
        let path = path(key)?;
        self.runtime.block_on(persist("read", async || self.get_at(&path).await))
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
        persist(WRITTEN, async || self.store.put(&path, PutPayload::from_bytes(bytes.clone())).await).await.map(drop)
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
        persist(WRITTEN, async || {
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
        })
        .await
    }

    /// Removes an object, which may be gone already.
    pub(crate) fn remove(&self, key: &str) -> Result<(), StoreFault> {
        let path = path(key)?;
        gone(self.runtime.block_on(persist("removed", async || self.store.delete(&path).await)))
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
        self.runtime.block_on(persist(WRITTEN, async || self.store.create_multipart(&path).await))
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
        persist(WRITTEN, async || self.store.put_part(&path, &id, index, PutPayload::from_bytes(bytes.clone())).await).await
    }

    /// Makes an object of the parts. There was none of that key before.
    pub(crate) fn complete_upload(&self, upload: &Upload, id: &str, parts: &[PartId]) -> Result<(), StoreFault> {
        let (path, id) = (path(&upload.key)?, id.to_owned());
        self.runtime.block_on(persist(WRITTEN, async || {
            let Err(error) = self.store.complete_multipart(&path, &id, parts.to_vec()).await else { return Ok(()) };
            match self.store.head(&path).await {
                Ok(meta) if meta.size == upload.bytes => Ok(()),
                _ => Err(error),
            }
        }))
    }

    /// Gives up an upload in parts, which may be over already.
    pub(crate) fn abort_upload(&self, key: &str, id: &str) -> Result<(), StoreFault> {
        let (path, id) = (path(key)?, id.to_owned());
        gone(self.runtime.block_on(persist("given up", async || self.store.abort_multipart(&path, &id).await)))
    }
}

fn gone(removed: Result<(), StoreFault>) -> Result<(), StoreFault> {
    removed.or_else(|fault| if fault.kind == StoreFaultKind::Missing { Ok(()) } else { Err(fault) })
}

#[cold]
fn unreadable(file: &Path, error: &std::io::Error) -> StoreFault {
    StoreFault::setting(format!("cannot be uploaded: {}: {error}", file.display()))
}
