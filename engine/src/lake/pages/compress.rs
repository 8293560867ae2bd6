//! Compression of pages, with contexts and buffers that are used again.

use std::sync::Mutex;

use parquet::basic::{Compression as Codec, ZstdLevel};

use crate::config::Compression;
use crate::error::{Error, Result};

/// A buffer that is larger than this is not kept.
const KEPT: usize = 4 << 20;

/// A codec as the Parquet crate names it.
pub(in crate::lake) fn codec(compression: Compression) -> Result<Codec> {
    Ok(match compression {
        Compression::Zstd(level) => {
            Codec::ZSTD(ZstdLevel::try_new(level).map_err(|_| Error::Config(format!("zstd level {level} is not one of 1 to 22")))?)
        }
        Compression::Snappy => Codec::SNAPPY,
        Compression::Lz4 => Codec::LZ4_RAW,
        Compression::None => Codec::UNCOMPRESSED,
    })
}

/// What a column is encoded with, beside its rows.
#[derive(Default)]
pub(super) struct Workbench {
    zstd: Option<zstd::bulk::Compressor<'static>>,
    /// A page before compression.
    pub(super) page: Vec<u8>,
    compressed: Vec<u8>,
}

impl Workbench {
    /// The page, compressed.
    pub(super) fn compress(&mut self, compression: Compression) -> Result<&[u8]> {
        let most = match compression {
            Compression::Zstd(_) => zstd::zstd_safe::compress_bound(self.page.len()),
            Compression::Snappy => snap::raw::max_compress_len(self.page.len()),
            Compression::Lz4 => lz4_flex::block::get_maximum_output_size(self.page.len()),
            Compression::None => return Ok(&self.page),
        };
        if self.compressed.len() < most {
            self.compressed.resize(most, 0);
        }
        let len = match compression {
            Compression::Zstd(level) => self.zstd(level)?,
            Compression::Snappy => snap::raw::Encoder::new().compress(&self.page, &mut self.compressed).map_err(|error| failed(&error))?,
            _ => lz4_flex::block::compress_into(&self.page, &mut self.compressed).map_err(|error| failed(&error))?,
        };
        Ok(&self.compressed[..len])
    }

    fn zstd(&mut self, level: i32) -> Result<usize> {
        let compressor = match &mut self.zstd {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(level).map_err(|error| failed(&error))?),
        };
        compressor.compress_to_buffer(&self.page, &mut self.compressed[..]).map_err(|error| failed(&error))
    }
}

#[cold]
fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Accounting(format!("a page cannot be compressed: {error}"))
}

/// Workbenches that nobody uses at the moment: as many as threads have encoded at a time.
#[derive(Default)]
pub(in crate::lake) struct Workbenches(Mutex<Vec<Workbench>>);

impl Workbenches {
    /// One to use.
    pub(super) fn take(&self) -> Workbench {
        self.0.lock().map_or_else(|_| Workbench::default(), |mut spare| spare.pop().unwrap_or_default())
    }

    /// Puts one back; what it remembers decides nothing.
    pub(super) fn put(&self, mut bench: Workbench) {
        for buffer in [&mut bench.page, &mut bench.compressed] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        if let Ok(mut spare) = self.0.lock() {
            spare.push(bench);
        }
    }
}

impl std::fmt::Debug for Workbenches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbenches").finish_non_exhaustive()
    }
}
