//! Where tables' metadata is: files, written so that they outlast a crash once the catalog names them.

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

/// Files of this machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MetadataStorage;

/// The URL of a path.
pub(super) fn url_of(path: &Path) -> Option<String> {
    // Names stand as they are: that is how Iceberg's readers take them.
    Some(format!("file://{}", path.to_str()?))
}

/// The path that a URL, or a path, stands for.
fn path_of(location: &str) -> Result<PathBuf> {
    let path = location.strip_prefix("file:").map_or(location, |rest| match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        _ => rest,
    });
    if path.starts_with('/') && !path.starts_with("//") {
        return Ok(path.into());
    }
    Err(Error::new(ErrorKind::FeatureUnsupported, format!("{location}: this version keeps tables' metadata in local folders only")))
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
        let path = path_of(path)?;
        path.try_exists().map_err(|error| told(&path, "looking up", error))
    }

    async fn metadata(&self, path: &str) -> Result<FileMetadata> {
        let path = path_of(path)?;
        let metadata = fs::metadata(&path).map_err(|error| told(&path, "looking up", error))?;
        Ok(FileMetadata { size: metadata.len() })
    }

    async fn read(&self, path: &str) -> Result<Bytes> {
        let path = path_of(path)?;
        fs::read(&path).map(Bytes::from).map_err(|error| told(&path, "reading", error))
    }

    async fn reader(&self, path: &str) -> Result<Box<dyn FileRead>> {
        Ok(Box::new(Reader(self.read(path).await?)))
    }

    async fn write(&self, path: &str, bytes: Bytes) -> Result<()> {
        write_durably(&path_of(path)?, &bytes)
    }

    async fn writer(&self, path: &str) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(Writer { path: path_of(path)?, bytes: Vec::new() }))
    }

    async fn delete(&self, path: &str) -> Result<()> {
        let path = path_of(path)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(told(&path, "removing", error)),
            _ => Ok(()),
        }
    }

    async fn delete_prefix(&self, path: &str) -> Result<()> {
        let path = path_of(path)?;
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(told(&path, "removing", error)),
            _ => Ok(()),
        }
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
    path: PathBuf,
    bytes: Vec<u8>,
}

#[async_trait]
impl FileWrite for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        write_durably(&self.path, &self.bytes)
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
        for location in ["s3://bucket/key", "a/b", "file://host/a", "memory://a"] {
            assert!(path_of(location).is_err(), "{location}");
        }
        assert_eq!(url_of(Path::new("/a b")).as_deref(), Some("file:///a b"));
    }
}
