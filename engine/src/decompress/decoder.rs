//! One decoder for all formats, fed from any [`Source`]: detects, then hands over to the format.
//!
//! In: stored bytes. Out: text, then the end or one fault that stays.

use super::source::Source;
use super::{Compression, gzip, zstd};
use crate::FileFault;

/// The state of one input's decoding, reusable for the next one.
#[derive(Default)]
pub(super) struct Decoder {
    compression: Option<Compression>,
    fault: Option<FileFault>,
    gzip: gzip::Members,
    zstd: zstd::Frames,
}

impl Decoder {
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
            None => *self.compression.insert(Compression::detect(source.peek(Compression::DETECT_BYTES)?)),
        };
        match compression {
            Compression::Plain => copy(source, out),
            Compression::Gzip => self.gzip.read(source, out),
            Compression::Zstd => self.zstd.read(source, out),
        }
    }
}

fn copy(source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
    let stored = source.chunk()?;
    let n = stored.len().min(out.len());
    out[..n].copy_from_slice(&stored[..n]);
    source.consume(n);
    Ok(n)
}
