//! The bytes of a lake's file for the Parquet reader, wherever the file is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::discover::{LakeFile, system_fault};
use crate::error::FileFault;
use crate::store::Object;

/// Bytes of an object that are held at most.
pub(crate) const MOST_HELD: usize = 16 << 20;

/// Bytes that are fetched at a time where the reader does not say how many it wants.
const STEP: u64 = 256 << 10;

/// A file of a lake, to be read here and there.
#[derive(Debug)]
pub(crate) enum LakeBytes {
    File(File),
    Object(ObjectBytes),
}

/// An object, of which ranges may be held.
#[derive(Clone, Debug)]
pub(crate) struct ObjectBytes {
    object: Object,
    /// The name that it is shown by.
    shown: Arc<str>,
    /// Each with its first byte.
    held: Vec<(u64, Bytes)>,
}

impl ObjectBytes {
    /// Nothing is held yet.
    pub(super) fn new(object: Object, shown: &str) -> Self {
        Self { object, shown: shown.into(), held: Vec::new() }
    }

    /// Fetches ranges, all at once, to be read from then on without a request. More than [`MOST_HELD`] are left to be asked for one by one.
    pub(super) fn hold(&mut self, ranges: &[Range<u64>]) -> Result<(), FileFault> {
        let size = self.object.size();
        let ranges = || ranges.iter().map(|range| range.start..range.end.min(size)).filter(|range| range.start < range.end);
        if ranges().map(|range| range.end - range.start).fold(0, u64::saturating_add) > MOST_HELD as u64 {
            return Ok(());
        }
        let arriving: Vec<_> = ranges().map(|range| (range.start, self.object.fetch_range(&self.shown, range))).collect();
        self.held = arriving.into_iter().map(|(start, arriving)| Ok((start, arriving.wait()?))).collect::<Result<_, FileFault>>()?;
        Ok(())
    }

    fn fetch(&self, start: u64, end: u64) -> io::Result<Bytes> {
        if start >= end {
            return Ok(Bytes::new());
        }
        self.object.fetch_range(&self.shown, start..end).wait().map_err(io::Error::other)
    }

    /// What is held of the bytes from `start` on.
    fn held_from(&self, start: u64) -> Option<Bytes> {
        self.held.iter().find_map(|(first, bytes)| {
            let skipped = usize::try_from(start.checked_sub(*first)?).ok()?;
            (skipped < bytes.len()).then(|| bytes.slice(skipped..))
        })
    }
}

impl LakeBytes {
    /// Opens a file that was found, and is `shown` by a name.
    pub(crate) fn open(file: &LakeFile, shown: &str) -> Result<Self, FileFault> {
        match file {
            LakeFile::Path(path) => File::open(path).map(Self::File).map_err(|error| system_fault("opened", 0, &error)),
            LakeFile::Object(object) => Ok(Self::Object(ObjectBytes::new(object.clone(), shown))),
        }
    }

    /// Has ranges ready, where reading them one by one is dear.
    pub(super) fn prepare(&mut self, ranges: impl FnOnce() -> Vec<Range<u64>>) -> Result<(), FileFault> {
        match self {
            Self::File(_) => Ok(()),
            Self::Object(object) => object.hold(&ranges()),
        }
    }
}

impl Length for LakeBytes {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Object(object) => object.object.size(),
        }
    }
}

/// Reads on from some byte.
pub(crate) enum LakeRead {
    File(<File as ChunkReader>::T),
    Object { bytes: ObjectBytes, at: u64, current: Bytes },
}

impl Read for LakeRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Object { bytes, at, current } => {
                if current.is_empty() && !out.is_empty() {
                    let end = bytes.object.size().min(at.saturating_add(STEP));
                    *current = bytes.fetch(*at, end)?;
                    *at = end.max(*at);
                }
                let count = current.len().min(out.len());
                current.copy_to_slice(&mut out[..count]);
                Ok(count)
            }
        }
    }
}

impl ChunkReader for LakeBytes {
    type T = LakeRead;

    fn get_read(&self, start: u64) -> Result<LakeRead, ParquetError> {
        match self {
            Self::File(file) => file.get_read(start).map(LakeRead::File),
            Self::Object(bytes) => {
                let current = bytes.held_from(start).unwrap_or_default();
                let at = start + current.len() as u64;
                Ok(LakeRead::Object { bytes: bytes.clone(), at, current })
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Object(bytes) => match bytes.held_from(start) {
                Some(held) if held.len() >= length => Ok(held.slice(..length)),
                _ => {
                    let fetched = bytes.fetch(start, start.saturating_add(length as u64).min(bytes.object.size()))?;
                    if fetched.len() == length { Ok(fetched) } else { Err(ParquetError::EOF(format!("{length} bytes from byte {start}"))) }
                }
            },
        }
    }
}
