//! Decodes inputs that are all in memory, one after the other, into a reused buffer.
//!
//! In: the stored bytes. Out: the text, appended to a vector; or "over the limit"; or the same fault as [`super::StreamDecoder`] finds in
//! these bytes. gzip goes through libdeflate (or ISA-L, feature `isal`), which is much faster than any streaming inflater but cannot say where or why data is
//! corrupt: whatever it does not like is decoded again as a stream, whose verdict counts. (It tolerates two distance codes that RFC 1951
//! forbids and no compressor writes; such data still has to match its checksum and length.) Memory stays within the limit, however large the
//! text would be.

use super::Inflater;
use super::decoder::Decoder;
use super::inflated::Inflated;
use super::source::{Slice, Source};
use super::{Compression, gzip};
use crate::{FileFault, FileFaultKind};

/// How decoding ended, short of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// The text is appended, all of it, and verified.
    Done,
    /// The text is longer than the limit (or the limit was reached before a fault could show); nothing is appended.
    OverLimit,
}

/// A decoder for whole inputs, with the scratch memory it reuses from one to the next.
pub(crate) struct WholeDecoder {
    /// `None` if memory ran out: everything is streamed then.
    inflater: Option<Inflater>,
    stream: Decoder,
    window_is_limited: bool,
}

/// Text decoded at a time where a stream is decoded into a vector: zeroing that much ahead of the decoder stays in the cache.
const STEP_BYTES: usize = 128 << 10;
/// Deflate cannot do better than 1032:1 (258 bytes for 2 bits), so a trailer that claims more is lying.
const MAX_RATIO: usize = 1032;
/// The first guess where the trailer is of no help: low for logs, since a guess that is too low is corrected by doubling.
const LOW_RATIO: usize = 4;

impl WholeDecoder {
    /// A decoder. Costs about 11 KiB (100 KiB with feature `isal`) until it meets a format that needs more.
    pub(crate) fn new() -> Self {
        Self { inflater: Inflater::new(), stream: Decoder::default(), window_is_limited: false }
    }

    /// Takes zstd frames whose window has up to `bytes`; a larger one counts as a text over the limit.
    pub(crate) fn limit_window(mut self, bytes: usize) -> Self {
        self.stream.limit_window(bytes);
        self.window_is_limited = true;
        self
    }

    /// Appends the text of `stored` to `out`, if it has at most `limit` bytes.
    ///
    /// After [`Whole::OverLimit`] or a fault, `out` is as it was before. `out` grows to `limit` bytes beyond its length at most (plus
    /// one step of 128 KiB); if it has the capacity already, nothing is allocated.
    ///
    /// # Errors
    ///
    /// The fault that [`super::StreamDecoder`] finds: same kind, offset and message.
    pub(crate) fn decode(&mut self, stored: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<Whole, FileFault> {
        let base = out.len();
        let result = self.append(stored, out, limit);
        if !matches!(result, Ok(Whole::Done)) {
            out.truncate(base);
        }
        result
    }

    fn append(&mut self, stored: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<Whole, FileFault> {
        let base = out.len();
        match (Compression::detect(stored), &mut self.inflater) {
            (Compression::Plain, _) => return Ok(append_plain(stored, out, limit)),
            (Compression::Gzip, Some(inflater)) => {
                if let Ok(whole) = append_gzip(inflater, stored, out, limit) {
                    return Ok(whole);
                }
                out.truncate(base);
            }
            _ => {}
        }
        self.stream.reset();
        match append_stream(&mut self.stream, stored, out, limit) {
            Err(fault) if self.window_is_limited && fault.kind == FileFaultKind::TooLarge => Ok(Whole::OverLimit),
            decoded => decoded,
        }
    }
}

fn append_plain(stored: &[u8], out: &mut Vec<u8>, limit: usize) -> Whole {
    if stored.len() > limit {
        return Whole::OverLimit;
    }
    out.reserve_exact(stored.len());
    out.extend_from_slice(stored);
    Whole::Done
}

/// Some fault, to be named by decoding the input again as a stream.
struct Refused;

impl From<FileFault> for Refused {
    fn from(_: FileFault) -> Self {
        Self
    }
}

fn append_gzip(inflater: &mut Inflater, stored: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<Whole, Refused> {
    let mut source = Slice::new(stored);
    let mut room = limit;
    let mut guess = guess_length(stored);
    while let Some(start) = gzip::next_member(&mut source)? {
        let from = out.len();
        guess = guess.max(source.rest().len().saturating_mul(LOW_RATIO));
        let Some(used) = append_member(inflater, source.rest(), out, room, guess)? else { return Ok(Whole::OverLimit) };
        source.consume(used);
        let text = &out[from..];
        // crc32fast folds with the same instructions as libdeflate's own (VPCLMULQDQ with AVX-512 or AVX2, PMULL), and is safe code.
        gzip::check_trailer(&mut source, start, crc32fast::hash(text), text.len() as u64)?;
        room -= text.len();
        guess = 0;
    }
    Ok(Whole::Done)
}

/// The length that the last member's trailer claims: that of the text if there is but one member, which is so for most files.
fn guess_length(stored: &[u8]) -> usize {
    let claimed = stored.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    if claimed <= stored.len().saturating_mul(MAX_RATIO) { claimed } else { 0 }
}

/// Appends the text of one member's deflate data; gives the bytes it took, `None` if its text needs more than `room`.
fn append_member(inflater: &mut Inflater, data: &[u8], out: &mut Vec<u8>, room: usize, guess: usize) -> Result<Option<usize>, Refused> {
    reserve(out, guess, room);
    loop {
        let tried = room.min(out.capacity() - out.len());
        match inflater.append(data, out, tried) {
            Inflated::Done { used, .. } => return Ok(Some(used)),
            Inflated::Bad => return Err(Refused),
            Inflated::NoRoom if tried == room => return Ok(None),
            Inflated::NoRoom => reserve(out, tried.max(STEP_BYTES).saturating_mul(2), room),
        }
    }
}

/// Makes room for `wanted` more bytes, but never for more than `room`; where it must grow, for an eighth more, so that not every file that is
/// a little longer than the ones before makes it grow again.
fn reserve(out: &mut Vec<u8>, wanted: usize, room: usize) {
    let wanted = wanted.min(room);
    if out.capacity() - out.len() >= wanted {
        return;
    }
    // Exactly: a vector's own doubling would go beyond the limit.
    let generous = wanted.saturating_add(wanted / 8).min(room);
    if out.is_empty() {
        // What it held is of no use: growing would copy it.
        *out = Vec::new();
    }
    out.reserve_exact(generous);
}

fn append_stream(decoder: &mut Decoder, stored: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<Whole, FileFault> {
    let mut source = Slice::new(stored);
    let base = out.len();
    loop {
        let len = out.len();
        // One byte beyond the limit tells a text that just fits from one that is longer.
        let room = (limit - (len - base)).saturating_add(1);
        let step = room.min(STEP_BYTES);
        if out.capacity() - len < step {
            reserve(out, (len - base).max(step), room);
        }
        out.resize(len + step, 0);
        let made = decoder.read(&mut source, &mut out[len..])?;
        out.truncate(len + made);
        if made == 0 {
            return Ok(Whole::Done);
        }
        if out.len() - base > limit {
            return Ok(Whole::OverLimit);
        }
    }
}
