//! Where tables' metadata is: files, or objects of a store. What is written outlasts a crash before the catalog names it.
//!
//! The store is reached as logs and lakes are: one way to be configured, and no second client beside it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::iceberg::io::{FileMetadata, FileRead, FileWrite, InputFile, OutputFile, Storage, StorageConfig, StorageFactory};
use ::iceberg::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::config::StoreConfig;
use crate::store::{Bucket, ObjectUrl, StoreFault, Stores};

/// Files of this machine, and objects.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MetadataStorage {
    /// The crate wants storages that can be written down; none of its catalogs here does so.
    #[serde(skip)]
    stores: Arc<Stores>,
}

/// What a location stands for.
enum Place {
    File(PathBuf),
    Object { bucket: Arc<Bucket>, key: String },
}

impl MetadataStorage {
    /// Nothing is connected to yet.
    pub(super) fn new(stores: StoreConfig) -> Self {
        Self { stores: Arc::new(Stores::new(stores, Arc::default())) }
    }

    fn place(&self, location: &str) -> Result<Place> {
        let Some(url) = ObjectUrl::parse(location) else { return path_of(location).map(Place::File) };
        let url = url.map_err(|problem| Error::new(ErrorKind::DataInvalid, format!("{location}: {problem}")))?;
        let bucket = self.stores.bucket(&url).map_err(|fault| refused(location, fault))?;
        Ok(Place::Object { bucket, key: url.key().to_owned() })
    }

    /// Does `work` where waiting does no harm: neither files nor the store's client know of futures.
    async fn at<T: Send + 'static>(&self, location: &str, work: impl FnOnce(&str, Place) -> Result<T> + Send + 'static) -> Result<T> {
        let (storage, location) = (self.clone(), location.to_owned());
        let done = tokio::task::spawn_blocking(move || work(&location, storage.place(&location)?)).await;
        done.map_err(|error| Error::new(ErrorKind::Unexpected, "a thread died").with_source(error))?
    }
}

/// The path that a URL of a file, or a path, stands for.
fn path_of(location: &str) -> Result<PathBuf> {
    let path = location.strip_prefix("file:").map_or(location, |rest| match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        _ => rest,
    });
    if path.starts_with('/') && !path.starts_with("//") {
        return Ok(path.into());
    }
    Err(Error::new(ErrorKind::FeatureUnsupported, format!("{location}: is neither a file nor in a store that is known here")))
}

fn refused(location: &str, fault: StoreFault) -> Error {
    Error::new(ErrorKind::Unexpected, format!("{location}: {}", fault.message))
}

fn absent(location: &str) -> Error {
    Error::new(ErrorKind::DataInvalid, format!("{location}: is not there"))
}

impl Place {
    fn size(self, location: &str) -> Result<Option<u64>> {
        match self {
            Self::File(path) => match fs::metadata(&path) {
                Ok(metadata) => Ok(Some(metadata.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(told(&path, "looking up", error)),
            },
            Self::Object { bucket, key } => Ok(bucket.find(&key).map_err(|fault| refused(location, fault))?.map(|found| found.size)),
        }
    }

    fn read(self, location: &str) -> Result<Bytes> {
        match self {
            Self::File(path) => fs::read(&path).map(Bytes::from).map_err(|error| told(&path, "reading", error)),
            Self::Object { bucket, key } => {
                let got = bucket.get(&key).map_err(|fault| refused(location, fault))?;
                got.map(|(bytes, _)| bytes).ok_or_else(|| absent(location))
            }
        }
    }

    fn write(self, location: &str, bytes: Bytes) -> Result<()> {
        match self {
            Self::File(path) => write_durably(&path, &bytes),
            Self::Object { bucket, key } => bucket.put(&key, bytes).map_err(|fault| refused(location, fault)),
        }
    }

    fn remove(self, location: &str) -> Result<()> {
        match self {
            Self::File(path) => gone(fs::remove_file(&path)).map_err(|error| told(&path, "removing", error)),
            Self::Object { bucket, key } => bucket.remove(&key).map_err(|fault| refused(location, fault)),
        }
    }

    fn remove_all(self, location: &str) -> Result<()> {
        match self {
            Self::File(path) => gone(fs::remove_dir_all(&path)).map_err(|error| told(&path, "removing", error)),
            Self::Object { bucket, key } => {
                let mut keys = Vec::new();
                bucket.all_below(&[key], |_, found| keys.push(found.key)).map_err(|fault| refused(location, fault))?;
                keys.iter().try_for_each(|key| bucket.remove(key)).map_err(|fault| refused(location, fault))
            }
        }
    }
}

/// What was removed may have been gone.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn told(path: &Path, action: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, format!("{}: {action}: {error}", path.display()))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(|error| told(folder, "creating", error))?;
    let mut file = File::create(path).map_err(|error| told(path, "creating", error))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| told(path, "writing", error))?;
    sync_names(folder)
}

/// Makes the names in a folder durable, and the folder's own, as far as the system can.
fn sync_names(folder: &Path) -> Result<()> {
    for folder in folder.ancestors().take(2) {
        if let Ok(opened) = File::open(folder) {
            opened.sync_all().or_else(harmless).map_err(|error| told(folder, "syncing", error))?;
        }
    }
    Ok(())
}

/// Some systems cannot sync folders.
fn harmless(error: io::Error) -> io::Result<()> {
    if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) { Ok(()) } else { Err(error) }
}

#[typetag::serde(name = "tlslake-factory")]
impl StorageFactory for MetadataStorage {
    fn build(&self, _: &StorageConfig) -> Result<Arc<dyn Storage>> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
#[typetag::serde(name = "tlslake")]
impl Storage for MetadataStorage {
    async fn exists(&self, path: &str) -> Result<bool> {
        self.at(path, |location, place| Ok(place.size(location)?.is_some())).await
    }

    async fn metadata(&self, path: &str) -> Result<FileMetadata> {
        let size = self.at(path, |location, place| place.size(location)?.ok_or_else(|| absent(location))).await?;
        Ok(FileMetadata { size })
    }

    async fn read(&self, path: &str) -> Result<Bytes> {
        self.at(path, |location, place| place.read(location)).await
    }

    async fn reader(&self, path: &str) -> Result<Box<dyn FileRead>> {
        Ok(Box::new(Reader(self.read(path).await?)))
    }

    async fn write(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.at(path, |location, place| place.write(location, bytes)).await
    }

    async fn writer(&self, path: &str) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(Writer { storage: self.clone(), location: path.to_owned(), bytes: Vec::new() }))
    }

    async fn delete(&self, path: &str) -> Result<()> {
        self.at(path, |location, place| place.remove(location)).await
    }

    async fn delete_prefix(&self, path: &str) -> Result<()> {
        self.at(path, |location, place| place.remove_all(location)).await
    }

    async fn delete_stream(&self, mut paths: BoxStream<'static, String>) -> Result<()> {
        while let Some(path) = paths.next().await {
            self.delete(&path).await?;
        }
        Ok(())
    }

    fn new_input(&self, path: &str) -> Result<InputFile> {
        Ok(InputFile::new(Arc::new(self.clone()), path.to_owned()))
    }

    fn new_output(&self, path: &str) -> Result<OutputFile> {
        Ok(OutputFile::new(Arc::new(self.clone()), path.to_owned()))
    }
}

/// Metadata is small: it is held whole.
struct Reader(Bytes);

#[async_trait]
impl FileRead for Reader {
    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        match bounds {
            Some((start, end)) if start <= end && end <= self.0.len() => Ok(self.0.slice(start..end)),
            _ => Err(Error::new(ErrorKind::DataInvalid, format!("bytes {range:?} of a file of {}", self.0.len()))),
        }
    }
}

/// Gathers what is written, and writes it when it is whole.
struct Writer {
    storage: MetadataStorage,
    location: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl FileWrite for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.storage.write(&self.location, std::mem::take(&mut self.bytes).into()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_paths_or_urls_of_paths() {
        for location in ["/a/b%2F c", "file:/a/b%2F c", "file:///a/b%2F c"] {
            assert_eq!(path_of(location).unwrap(), Path::new("/a/b%2F c"), "{location}");
        }
        for location in ["hdfs://host/key", "a/b", "file://host/a", "memory://a"] {
            assert!(path_of(location).is_err(), "{location}");
        }
    }
}
