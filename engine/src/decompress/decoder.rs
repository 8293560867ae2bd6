//! One decoder for all formats, fed from any [`Source`]: detects, then hands over to the format.
//!
//! In: stored bytes. Out: text, then the end or one fault that stays.

use super::source::{MAX_PEEK, Source};
use super::{Compression, gzip, zstd};
use crate::FileFault;

/// The state of one input's decoding, reusable for the next one.
#[derive(Default)]
pub(super) struct Decoder {
    /// The input's name says that it is compressed; that it is text is no fault.
    is_named_compressed: bool,
    compression: Option<Compression>,
    fault: Option<FileFault>,
    gzip: gzip::Members,
    zstd: zstd::Frames,
}

impl Decoder {
    /// One for an input whose name says that it is compressed.
    pub(super) fn named_compressed() -> Self {
        Self { is_named_compressed: true, ..Self::default() }
    }

    /// Takes zstd frames whose window has up to `bytes`.
    pub(super) fn limit_window(&mut self, bytes: usize) {
        self.zstd.limit_window(bytes);
    }

    /// Back to the beginning of an input. Keeps buffers of a usual size.
    pub(super) fn reset(&mut self) {
        self.compression = None;
        self.fault = None;
        self.gzip.reset();
        self.zstd.reset();
    }

    /// As [`super::StreamDecoder::read`]. `source` must be the same one from the first call to the last.
    pub(super) fn read(&mut self, source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if out.is_empty() {
            return Ok(0);
        }
        self.step(source, out).inspect_err(|fault| self.fault = Some(fault.clone()))
    }

    fn step(&mut self, source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
        let compression = match self.compression {
            Some(known) => known,
            None => self.detect(source)?,
        };
        match compression {
            Compression::Plain => copy(source, out),
            Compression::Gzip => self.gzip.read(source, out),
            Compression::Zstd => self.zstd.read(source, out),
        }
    }

    fn detect(&mut self, source: &mut impl Source) -> Result<Compression, FileFault> {
        if self.is_named_compressed {
            super::check_named_compressed(source.peek(MAX_PEEK)?)?;
        }
        Ok(*self.compression.insert(Compression::detect(source.peek(Compression::DETECT_BYTES)?)))
    }
}

fn copy(source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
    let stored = source.chunk()?;
    let n = stored.len().min(out.len());
    out[..n].copy_from_slice(&stored[..n]);
    source.consume(n);
    Ok(n)
}
