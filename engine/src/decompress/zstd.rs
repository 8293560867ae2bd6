//! RFC 8878: frames and skippable frames, one after the other, through libzstd's streaming decoder.
//!
//! In: stored bytes. Out: text, or the first fault. Frame boundaries, skippable frames and the window's size are looked at here, so that a
//! fault can say what was found; blocks and checksums are libzstd's.
//!
//! libzstd says that data is corrupt but not where, and text that it decoded in the same call is lost. It is therefore fed a frame part by
//! part (header, block header, block, checksum): the part at fault is the one just fed, and all text before it is delivered, however the
//! input was cut into reads.

use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{self, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::source::{self, MAX_PEEK, Source};
use crate::{FileFault, FileFaultKind};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The last three bytes of a skippable frame's magic number; the first is 0x50 to 0x5f.
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];
/// The largest window taken: 128 MiB, zstd's own default for decoding.
pub(super) const MAX_WINDOW: usize = 1 << 27;
const BLOCK_HEADER_BYTES: usize = 3;
/// The block type that stores one byte and how often it is repeated.
const RUN_BLOCK: u64 = 1;
const CHECKSUM_BYTES: usize = 4;
/// A context that grew beyond this (it keeps the window of the largest frame it met) is not kept for the next input.
const KEEP_CONTEXT_BYTES: usize = 24 << 20;

/// Reads frames one after the other, in memory bounded by the window limit.
pub(super) struct Frames {
    context: Option<DCtx<'static>>,
    frame: Option<Frame>,
    /// The largest window taken, in bytes.
    max_window: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { context: None, frame: None, max_window: MAX_WINDOW }
    }
}

/// The frame being read.
struct Frame {
    start: u64,
    /// Its content checksum follows the last block.
    checksum: bool,
    /// What is being fed, where it begins, and how many of its bytes were not taken yet.
    part: Part,
    part_start: u64,
    left: usize,
    /// What of a block was read so far, where it does not lie in one piece. libzstd gets it all at once: how much text of a damaged block it gives
    /// depends on how the block is cut.
    gathered: Vec<u8>,
    /// The output was full, so libzstd may hold text back. It is fetched before more is fed: libzstd drops it if the feed is corrupt.
    holds_back: bool,
}

/// The parts of a frame (RFC 8878, 3.1.1).
#[derive(Clone, Copy)]
enum Part {
    FrameHeader,
    /// What it says of the block that follows: is it the last one, and how many bytes are stored.
    BlockHeader {
        last: bool,
        size: usize,
    },
    Block {
        last: bool,
    },
    Checksum,
}

/// What one step gave.
struct Step {
    made: usize,
    ended: bool,
}

impl Frames {
    /// Takes windows of up to `bytes`; never more than [`MAX_WINDOW`].
    pub(super) fn limit_window(&mut self, bytes: usize) {
        self.max_window = bytes.min(MAX_WINDOW);
    }

    /// Back to the beginning of an input; keeps a context of a usual size.
    pub(super) fn reset(&mut self) {
        self.frame = None;
        if self.context.as_ref().is_some_and(|context| context.sizeof() > KEEP_CONTEXT_BYTES) {
            self.context = None;
        }
    }

    /// As [`super::StreamDecoder::read`].
    pub(super) fn read(&mut self, source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
        loop {
            let (Some(context), Some(frame)) = (&mut self.context, &mut self.frame) else {
                let Some(header) = skip_to_frame(source, self.max_window)? else { return Ok(0) };
                self.begin(source.offset(), &header)?;
                continue;
            };
            let step = frame.step(context, source, out)?;
            if step.ended {
                self.frame = None;
            }
            if step.made > 0 {
                return Ok(step.made);
            }
        }
    }

    fn begin(&mut self, start: u64, header: &Header) -> Result<(), FileFault> {
        let context = match &mut self.context {
            Some(context) => context,
            empty => empty.insert(DCtx::try_create().ok_or_else(|| no_memory(start))?),
        };
        context
            .reset(ResetDirective::SessionOnly)
            .and_then(|_| context.set_parameter(DParameter::WindowLogMax(MAX_WINDOW.ilog2())))
            .map_err(|_| no_memory(start))?;
        let (checksum, left) = (header.checksum, header.length);
        self.frame =
            Some(Frame { start, checksum, part: Part::FrameHeader, part_start: start, left, gathered: Vec::new(), holds_back: false });
        Ok(())
    }
}

impl Frame {
    /// Feeds libzstd once: a part of the frame, or as much of it as is at hand.
    fn step(&mut self, context: &mut DCtx<'static>, source: &mut impl Source, out: &mut [u8]) -> Result<Step, FileFault> {
        let fetching = self.holds_back;
        if self.left == 0 && !fetching {
            self.next_part(source)?;
        }
        if !fetching {
            self.gather(source)?;
        }
        let is_gathered = !self.gathered.is_empty();
        let fed = match (fetching, is_gathered) {
            (true, _) => &[],
            (false, true) => self.gathered.as_slice(),
            (false, false) => source.chunk()?,
        };
        let fed = &fed[..fed.len().min(self.left)];
        let input_ended = fed.is_empty() && !fetching;
        let (mut input, mut output) = (InBuffer::around(fed), OutBuffer::around(out));
        let wanted = context.decompress_stream(&mut output, &mut input).map_err(|code| self.fault(code))?;
        let (used, made) = (input.pos(), output.pos());
        if is_gathered {
            self.gathered.drain(..used);
        } else {
            source.consume(used);
        }
        self.left -= used;
        self.holds_back = made == out.len();
        if input_ended && made == 0 {
            return Err(source::truncated(source, &frame(self.start)));
        }
        Ok(Step { made, ended: wanted == 0 })
    }

    /// Takes what is left of a block that does not lie in one piece; of one that the input ends in, what there is. Blocks have 128 KiB at most
    /// (libzstd has accepted the header by now), so it is rare and small.
    fn gather(&mut self, source: &mut impl Source) -> Result<(), FileFault> {
        let is_in_one_piece = |at_hand: usize| at_hand == 0 || at_hand >= self.left;
        if !matches!(self.part, Part::Block { .. }) || !self.gathered.is_empty() || is_in_one_piece(source.chunk()?.len()) {
            return Ok(());
        }
        while self.gathered.len() < self.left {
            let at_hand = source.chunk()?;
            let taken = at_hand.len().min(self.left - self.gathered.len());
            if taken == 0 {
                break;
            }
            self.gathered.extend_from_slice(&at_hand[..taken]);
            source.consume(taken);
        }
        Ok(())
    }

    /// Goes on to the next part that has bytes. libzstd has accepted the one before, so that a block's size can be relied on.
    fn next_part(&mut self, source: &mut impl Source) -> Result<(), FileFault> {
        while self.left == 0 {
            (self.part, self.left) = match self.part {
                Part::FrameHeader | Part::Block { last: false } => self.block_header(source)?,
                Part::BlockHeader { last, size } => (Part::Block { last }, size),
                Part::Block { last: true } if self.checksum => (Part::Checksum, CHECKSUM_BYTES),
                // libzstd has said by then that the frame ended.
                Part::Block { last: true } | Part::Checksum => return Ok(()),
            };
        }
        self.part_start = source.offset();
        Ok(())
    }

    fn block_header(&self, source: &mut impl Source) -> Result<(Part, usize), FileFault> {
        let at_hand = source.peek(BLOCK_HEADER_BYTES)?;
        let Some(&bytes) = at_hand.first_chunk::<BLOCK_HEADER_BYTES>() else {
            let rest = at_hand.len();
            source.consume(rest);
            return Err(source::truncated(source, &frame(self.start)));
        };
        let header = little_endian(&bytes);
        let run = header >> 1 & 3 == RUN_BLOCK;
        // 21 bits at most. The size of a run is that of its text; it is stored as one byte.
        let size = if run { 1 } else { (header >> 3) as usize };
        Ok((Part::BlockHeader { last: header & 1 != 0, size }, BLOCK_HEADER_BYTES))
    }

    #[cold]
    fn fault(&self, code: zstd_safe::ErrorCode) -> FileFault {
        let is = |kind| zstd_safe::is_error_kind(code, kind);
        let kind = if is(ZSTD_ErrorCode::ZSTD_error_checksum_wrong) {
            FileFaultKind::WrongChecksum
        } else if is(ZSTD_ErrorCode::ZSTD_error_memory_allocation) || is(ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge) {
            FileFaultKind::TooLarge
        } else {
            FileFaultKind::Corrupt
        };
        FileFault::new(kind, self.part_start, format!("{} in {}", zstd_safe::get_error_name(code), frame(self.start)))
    }
}

/// Passes over skippable frames up to a frame that can be decoded; gives its header without consuming it, `None` at the clean end.
fn skip_to_frame(source: &mut impl Source, max_window: usize) -> Result<Option<Header>, FileFault> {
    loop {
        let magic = source.peek(MAGIC.len())?;
        let magic = &magic[..magic.len().min(MAGIC.len())];
        if magic.is_empty() {
            return Ok(None);
        }
        if magic == MAGIC {
            return read_header(source, max_window).map(Some);
        }
        if !MAGIC.starts_with(magic) && !begins_skippable(magic) {
            return Err(source::trailing_data(source, "zstd frame"));
        }
        skip_frame(source)?;
    }
}

fn begins_skippable(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, rest @ ..] if SKIPPABLE.starts_with(rest))
}

/// Passes over a skippable frame, or finds that the input ends inside of it (or inside any frame's magic number).
fn skip_frame(source: &mut impl Source) -> Result<(), FileFault> {
    let start = source.offset();
    let complete = match source::take::<8>(source)? {
        Some([_, _, _, _, length @ ..]) => source::skip(source, u64::from(u32::from_le_bytes(length)))?,
        None => false,
    };
    if complete { Ok(()) } else { Err(source::truncated(source, &frame(start))) }
}

/// Reads a frame's header without consuming it, and refuses a frame that needs more memory than is allowed, or a dictionary.
fn read_header(source: &mut impl Source, max_window: usize) -> Result<Header, FileFault> {
    let start = source.offset();
    let at_hand = source.peek(MAX_PEEK)?;
    let Some(header) = Header::parse(at_hand) else {
        let rest = at_hand.len();
        source.consume(rest);
        return Err(source::truncated(source, &frame(start)));
    };
    if header.window > max_window as u64 {
        return Err(window_too_large(start, header.window, max_window));
    }
    if header.dictionary != 0 {
        let what = format!("{} needs dictionary {}; compress it again without one", frame(start), header.dictionary);
        return Err(FileFault::new(FileFaultKind::Unreadable, start, what));
    }
    Ok(header)
}

/// What a frame's header says (RFC 8878, 3.1.1.1).
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// Its own length, the magic number included.
    length: usize,
    /// Bytes of text that must be kept at hand.
    window: u64,
    /// The dictionary's id; 0 is none.
    dictionary: u32,
    /// A checksum follows the last block.
    checksum: bool,
}

impl Header {
    /// `bytes` begin with the magic number; `None` if they end before the header does.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let descriptor = *bytes.get(MAGIC.len())?;
        let single_segment = descriptor & 0x20 != 0;
        let size_bytes = match descriptor >> 6 {
            0 => usize::from(single_segment),
            flag => 1 << flag,
        };
        let rest = &bytes[MAGIC.len() + 1..];
        let (window_field, rest) = rest.split_at_checked(usize::from(!single_segment))?;
        let (dictionary, rest) = rest.split_at_checked([0, 1, 2, 4][usize::from(descriptor & 3)])?;
        let (size, rest) = rest.split_at_checked(size_bytes)?;
        let window = match window_field {
            [descriptor] => window(*descriptor),
            // A single segment is its own window; a size field of two bytes holds 256 less than the size.
            _ => little_endian(size).saturating_add(if size_bytes == 2 { 256 } else { 0 }),
        };
        Some(Self {
            length: bytes.len() - rest.len(),
            window,
            // Four bytes at most.
            dictionary: little_endian(dictionary) as u32,
            checksum: descriptor & 4 != 0,
        })
    }
}

/// A window descriptor: five bits of exponent, three of mantissa.
fn window(descriptor: u8) -> u64 {
    let base = 1u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 7)
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cold]
fn window_too_large(start: u64, window: u64, max_window: usize) -> FileFault {
    let way_out = if window > MAX_WINDOW as u64 { "compress" } else { "allow more with --memory, or compress" };
    let (frame, needed, limit) = (frame(start), window.div_ceil(1 << 20), max_window >> 20);
    let what = format!("{frame} needs a window of {needed} MiB, the limit is {limit} MiB; {way_out} it again without --long or --ultra");
    FileFault::new(FileFaultKind::TooLarge, start, what)
}

#[cold]
fn no_memory(start: u64) -> FileFault {
    FileFault::new(FileFaultKind::TooLarge, start, format!("no memory to decode {}", frame(start)))
}

fn frame(start: u64) -> String {
    format!("the zstd frame that begins at byte {start}")
}
