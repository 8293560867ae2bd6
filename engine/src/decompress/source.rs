//! Stored bytes with their offset: one view for a reader and for a slice, so that framing and decoding are written once.
//!
//! In: a reader or a slice. Out: chunks of its bytes, and faults that begin with where they are. Nothing here knows a format.

use std::io::{ErrorKind, Read};

use crate::open::read_fault;
use crate::{FileFault, FileFaultKind};

/// Bytes of an input, consumed front to back.
pub(super) trait Source {
    /// Bytes that are not consumed yet, at least one; none only at the end of the input.
    fn chunk(&mut self) -> Result<&[u8], FileFault>;

    /// The next `n` bytes or more without consuming them; fewer only where the input ends. `n` is at most [`MAX_PEEK`].
    fn peek(&mut self, n: usize) -> Result<&[u8], FileFault>;

    /// Consumes `n` bytes of the last chunk or peek.
    fn consume(&mut self, n: usize);

    /// Bytes consumed so far.
    fn offset(&self) -> u64;
}

/// The most bytes that [`Source::peek`] is asked for: a zstd frame header.
pub(super) const MAX_PEEK: usize = 18;

/// An input that is all in memory.
pub(super) struct Slice<'a> {
    stored: &'a [u8],
    at: usize,
}

impl<'a> Slice<'a> {
    pub(super) fn new(stored: &'a [u8]) -> Self {
        Self { stored, at: 0 }
    }

    /// Everything not consumed yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.stored[self.at..]
    }
}

impl Source for Slice<'_> {
    fn chunk(&mut self) -> Result<&[u8], FileFault> {
        Ok(self.rest())
    }

    fn peek(&mut self, _n: usize) -> Result<&[u8], FileFault> {
        Ok(self.rest())
    }

    fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.rest().len());
        self.at += n;
    }

    fn offset(&self) -> u64 {
        self.at as u64
    }
}

/// An input behind a reader, with one buffer.
pub(super) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The bytes at hand are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Stored offset of `buffer[start]`.
    offset: u64,
    /// The reader said that it has no more; it is not asked again (a terminal would answer).
    ended: bool,
}

/// Bytes asked of the reader at a time: large enough that a read's fixed cost vanishes, small enough to stay in L2.
const BUFFER_BYTES: usize = 256 << 10;

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, offset: 0, ended: false }
    }

    /// Reads once behind the bytes at hand. The buffer must have room there.
    fn fill(&mut self) -> Result<(), FileFault> {
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                // A reader that claims more than it was offered is broken; its claim must not reach an index.
                Ok(n) => self.end = self.buffer.len().min(self.end + n),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unreadable(error)),
            }
            return Ok(());
        }
    }

    #[cold]
    fn unreadable(&self, error: std::io::Error) -> FileFault {
        let read_so_far = self.offset + (self.end - self.start) as u64;
        read_fault(read_so_far, error)
    }

    fn move_to_front(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }
}

impl<R: Read> Source for Input<R> {
    fn chunk(&mut self) -> Result<&[u8], FileFault> {
        self.peek(1)
    }

    fn peek(&mut self, n: usize) -> Result<&[u8], FileFault> {
        debug_assert!(n <= MAX_PEEK);
        while self.end - self.start < n && !self.ended {
            if self.start + n > self.buffer.len() || self.start == self.end {
                self.move_to_front();
            }
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    fn offset(&self) -> u64 {
        self.offset
    }
}

/// Takes the next `N` bytes; `None` (all that is left is consumed then) if the input ends before.
pub(super) fn take<const N: usize>(source: &mut impl Source) -> Result<Option<[u8; N]>, FileFault> {
    const { assert!(N <= MAX_PEEK) };
    let at_hand = source.peek(N)?;
    let (bytes, used) = match at_hand.first_chunk::<N>() {
        Some(bytes) => (Some(*bytes), N),
        None => (None, at_hand.len()),
    };
    source.consume(used);
    Ok(bytes)
}

/// Passes over `n` bytes; `false` if the input ends before.
pub(super) fn skip(source: &mut impl Source, mut n: u64) -> Result<bool, FileFault> {
    while n > 0 {
        let at_hand = source.chunk()?.len();
        if at_hand == 0 {
            return Ok(false);
        }
        let step = usize::try_from(n).map_or(at_hand, |n| n.min(at_hand));
        source.consume(step);
        n -= step as u64;
    }
    Ok(true)
}

/// The fault of bytes that follow the last `unit` ("gzip member", "zstd frame") and belong to nothing. Reads to the end to count them.
#[cold]
pub(super) fn trailing_data(source: &mut impl Source, expected: &str) -> FileFault {
    let from = source.offset();
    // u64::MAX bytes never come: this passes over all that is left.
    match skip(source, u64::MAX) {
        Err(unreadable) => unreadable,
        Ok(_) => {
            let count = source.offset() - from;
            let bytes = if count == 1 { "byte follows" } else { "bytes follow" };
            FileFault::new(FileFaultKind::TrailingData, from, format!("{count} {bytes} from byte {from} on that are no {expected}"))
        }
    }
}

/// The fault of an input that ends inside something: "the input ends inside {where}".
#[cold]
pub(super) fn truncated(source: &impl Source, inside: &str) -> FileFault {
    FileFault::new(FileFaultKind::Truncated, source.offset(), format!("the input ends inside {inside}"))
}
