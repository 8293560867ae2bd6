//! A stream of text cut into pieces of whole lines, in buffers that the caller owns and hands in again.

use std::io::Read;

use memchr::memrchr;

use super::{first_long_line, line_too_long};
use crate::FileFault;
use crate::decompress::StreamDecoder;

/// A piece of whole lines, delivered in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Byte of the decompressed text at which the piece begins.
    pub(crate) offset: u64,
}

/// Reads text as pieces of whole lines.
///
/// Where the pieces are cut depends on the text, `target` and `max_line` alone: not on how the input is read or which buffer is handed in.
/// Memory: the caller's buffer and one line's carry-over, each up to `target` or `max_line` bytes, whichever is more.
pub(crate) struct LineReader<R> {
    decoder: StreamDecoder<R>,
    target: usize,
    max_line: usize,
    /// The beginning of the line that the last piece did not end; holds no `\n`.
    carry: Vec<u8>,
    /// Where the piece in the caller's buffer begins, and where the next one does.
    offset: u64,
    next_offset: u64,
    fault: Option<FileFault>,
}

impl<R: Read> LineReader<R> {
    /// Pieces of up to `target` bytes (more only for a line that is longer), lines of up to `max_line` bytes without their `\n`.
    pub(crate) fn new(decoder: StreamDecoder<R>, target: usize, max_line: usize) -> Self {
        let target = target.max(1);
        Self { decoder, target, max_line, carry: Vec::new(), offset: 0, next_offset: 0, fault: None }
    }

    /// Fills `buf` with the next piece, replacing what it holds; `None`, and an empty `buf`, at the end.
    ///
    /// A piece ends with `\n`; only the last one of the text may lack it. Hand in the buffer as it came back: what is initialised already
    /// is not initialised again, so in steady state nothing is zeroed, and nothing is allocated.
    ///
    /// # Errors
    ///
    /// The decoder's fault, or [`crate::FileFaultKind::LineTooLong`] at the stored bytes consumed so far. `buf` then holds the whole lines
    /// before the fault that were not delivered yet, beginning at [`LineReader::piece_offset`]; of a line that the fault cuts nothing is
    /// kept. Every further call returns the same fault and an empty `buf`.
    pub(crate) fn next(&mut self, buf: &mut Vec<u8>) -> Result<Option<Piece>, FileFault> {
        self.offset = self.next_offset;
        if let Some(fault) = &self.fault {
            buf.clear();
            return Err(fault.clone());
        }
        let mut filled = self.unpack_carry(buf);
        let mut goal = self.target.max(self.grown(filled));
        loop {
            let ended = self.fill(buf, &mut filled, goal);
            let text = &buf[..filled];
            if let Some(start) = first_long_line(text, self.max_line) {
                let line_start = self.offset + start as u64;
                return self.fail(buf, start, line_too_long(line_start, self.max_line, self.decoder.stored_bytes()));
            }
            let whole_lines = memrchr(b'\n', text).map_or(0, |last| last + 1);
            match ended {
                Err(fault) => return self.fail(buf, whole_lines, fault),
                Ok(true) => return Ok(self.deliver(buf, filled)),
                Ok(false) if whole_lines > 0 => {
                    self.carry.extend_from_slice(&buf[whole_lines..filled]);
                    return Ok(self.deliver(buf, whole_lines));
                }
                Ok(false) => goal = self.grown(goal),
            }
        }
    }

    /// Byte of the decompressed text at which the piece in the caller's buffer begins, a piece before a fault included.
    pub(crate) fn piece_offset(&self) -> u64 {
        self.offset
    }

    /// Stored bytes consumed so far.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.decoder.stored_bytes()
    }

    fn unpack_carry(&mut self, buf: &mut Vec<u8>) -> usize {
        let carried = self.carry.len();
        initialise(buf, carried);
        buf[..carried].copy_from_slice(&self.carry);
        self.carry.clear();
        carried
    }

    /// Twice `size`, but no more than the longest line and its `\n` need.
    fn grown(&self, size: usize) -> usize {
        size.saturating_mul(2).min(self.max_line.saturating_add(1))
    }

    /// Decodes until `goal` bytes of `buf` are filled; `true` if the text ended before.
    fn fill(&mut self, buf: &mut Vec<u8>, filled: &mut usize, goal: usize) -> Result<bool, FileFault> {
        initialise(buf, goal);
        while *filled < goal {
            match self.decoder.read(&mut buf[*filled..goal])? {
                0 => return Ok(true),
                n => *filled += n,
            }
        }
        Ok(false)
    }

    fn deliver(&mut self, buf: &mut Vec<u8>, len: usize) -> Option<Piece> {
        buf.truncate(len);
        self.next_offset = self.offset + len as u64;
        (len > 0).then_some(Piece { offset: self.offset })
    }

    #[cold]
    fn fail<T>(&mut self, buf: &mut Vec<u8>, whole_lines: usize, fault: FileFault) -> Result<T, FileFault> {
        self.deliver(buf, whole_lines);
        self.fault = Some(fault.clone());
        Err(fault)
    }
}

/// Makes `buf` at least `len` bytes long. Bytes that it has keep their values: they are about to be written over.
fn initialise(buf: &mut Vec<u8>, len: usize) {
    if buf.len() < len {
        // Exactly: the size is a limit, and a vector's own doubling would go beyond it.
        buf.reserve_exact(len - buf.len());
        buf.resize(len, 0);
    }
}
