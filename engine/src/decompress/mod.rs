//! Stored bytes into log text: gzip, zstd or plain, told from the bytes and never from the name (which only decides whether bytes that are
//! neither, nor text, are damage or odd lines).
//!
//! In: the bytes of one input, from a reader ([`StreamDecoder`], bounded memory, any size) or all in memory ([`WholeDecoder`], faster, for
//! the many small files). Out: its text, or one [`FileFault`] whose offset is a byte of the stored input. Every member and frame is read,
//! every checksum and length is verified, and the end of the input is only clean where a member or frame ended. What an input with a fault
//! gave before the fault is delivered first; whether it is used is the caller's choice.
//!
//! Nothing here opens a file, knows a thread or looks at lines.

mod decoder;
mod gzip;
mod inflated;
#[cfg(feature = "isal")]
#[allow(unsafe_code)]
mod isal;
#[cfg(not(feature = "isal"))]
#[allow(unsafe_code)]
mod libdeflate;
mod source;
#[cfg(test)]
mod tests;
mod whole;
mod zstd;

use std::io::Read;

use crate::{FileFault, FileFaultKind};
use decoder::Decoder;
#[cfg(feature = "isal")]
use isal::Inflater;
#[cfg(not(feature = "isal"))]
use libdeflate::Inflater;
use source::{Input, MAX_PEEK, Source};

pub(crate) use whole::{Whole, WholeDecoder};

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all. An empty input is plain.
    Plain,
    /// One or more gzip members (RFC 1952).
    Gzip,
    /// One or more Zstandard frames (RFC 8878), skippable ones included.
    Zstd,
}

impl Compression {
    /// How many bytes [`Compression::detect`] wants to see.
    pub(crate) const DETECT_BYTES: usize = 4;

    /// Tells the compression from the first [`Self::DETECT_BYTES`] bytes of an input, or from all of them if it has fewer.
    ///
    /// An input that is nothing but a piece of a magic number which text cannot begin with (`1f`, `28 b5`, `28 b5 2f`) counts as
    /// compressed, so that it is reported as truncated instead of read as one odd line.
    pub(crate) fn detect(start: &[u8]) -> Self {
        match start {
            [0x1f] | [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5] | [0x28, 0xb5, 0x2f] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// Checks the beginning of an input whose name says that it is compressed: if it is not, then it must be text at least. A few bytes do.
///
/// A magic number that is damaged would otherwise make a file of a gigabyte one line that is rejected.
///
/// # Errors
///
/// [`FileFaultKind::Corrupt`] at byte 0.
pub(crate) fn check_named_compressed(start: &[u8]) -> Result<(), FileFault> {
    let start = &start[..start.len().min(MAX_PEEK)];
    if Compression::detect(start) != Compression::Plain || is_text(start) {
        return Ok(());
    }
    let bytes: Vec<String> = start.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let what =
        format!("the name says that it is compressed, but its first bytes ({}) are those of no gzip, no zstd and no text", bytes.join(" "));
    Err(FileFault::new(FileFaultKind::Corrupt, 0, what))
}

/// Whether a text can begin like this; a character that is cut off at the end may be one.
fn is_text(start: &[u8]) -> bool {
    let is_odd = |byte: &u8| byte.is_ascii_control() && !b"\t\r\n".contains(byte);
    let is_utf8 = std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !start.iter().any(is_odd)
}

/// Decodes an input of any size from a reader, in bounded memory: a 256 KiB read buffer and the decoder's window (32 KiB for gzip, up
/// to 128 MiB for zstd, as the frame asks).
pub(crate) struct StreamDecoder<R> {
    input: Input<R>,
    decoder: Decoder,
}

impl<R: Read> StreamDecoder<R> {
    /// A decoder at the beginning of `reader`. Nothing is read yet.
    pub(crate) fn new(reader: R) -> Self {
        Self { input: Input::new(reader), decoder: Decoder::default() }
    }

    /// Likewise, of an input whose name says that it is compressed: see [`check_named_compressed`].
    pub(crate) fn named_compressed(reader: R) -> Self {
        Self { input: Input::new(reader), decoder: Decoder::named_compressed() }
    }

    /// Takes zstd frames whose window has up to `bytes`; those of a larger one are [`crate::FileFaultKind::TooLarge`].
    pub(crate) fn limit_window(mut self, bytes: usize) -> Self {
        self.decoder.limit_window(bytes);
        self
    }

    /// Decodes up to `out.len()` bytes to the beginning of `out` and returns how many; 0 is the clean end, after all checks.
    ///
    /// Fewer bytes than asked for mean nothing. `out` must not be empty (0 would be no end then). Text before a fault is delivered before
    /// the fault; once returned, the same fault is returned by every further call.
    ///
    /// # Errors
    ///
    /// The fault of the input. An interrupted read is retried; any other failure to read is [`crate::FileFaultKind::Unreadable`].
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, FileFault> {
        self.decoder.read(&mut self.input, out)
    }

    /// Stored bytes consumed so far: those whose text was delivered, give or take what the decoder holds back.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.input.offset()
    }
}
