//! RFC 1952: members, their headers and trailers, and a streaming inflater between them.
//!
//! In: stored bytes. Out: text, or the first fault. The framing ([`next_member`], [`check_trailer`]) is shared with the whole-file
//! inflater in `whole`; only the deflate data in between is read by different code. Header fields are checked and passed over, never kept.

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::source::{self, Source};
use crate::{FileFault, FileFaultKind};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;

/// Header flags (RFC 1952, 2.3.1). FTEXT, the lowest bit, is a hint that changes nothing.
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

/// Text decoded at a time, so that its checksum is taken while it is still in L2.
const STEP_BYTES: usize = 256 << 10;

/// Passes over zero padding and the next member's header; gives the stored offset at which that member begins, `None` at the clean end.
///
/// Zero padding is allowed after any member: tape and block tools pad the end of a file, and padded files get concatenated.
pub(super) fn next_member(source: &mut impl Source) -> Result<Option<u64>, FileFault> {
    skip_zeros(source)?;
    let start = source.offset();
    let magic = source.peek(MAGIC.len())?;
    if magic.is_empty() {
        return Ok(None);
    }
    if !magic.starts_with(&MAGIC) && magic != &MAGIC[..1] {
        return Err(source::trailing_data(source, "gzip member and no zero padding"));
    }
    Header { source, start, crc: None }.pass()?;
    Ok(Some(start))
}

fn skip_zeros(source: &mut impl Source) -> Result<(), FileFault> {
    loop {
        let chunk = source.chunk()?;
        let (zeros, all) = (chunk.iter().take_while(|&&byte| byte == 0).count(), chunk.len());
        source.consume(zeros);
        if zeros < all || all == 0 {
            return Ok(());
        }
    }
}

/// A member's header being read.
struct Header<'s, S> {
    source: &'s mut S,
    start: u64,
    /// The header's own checksum, if it has one.
    crc: Option<Hasher>,
}

impl<S: Source> Header<'_, S> {
    fn pass(&mut self) -> Result<(), FileFault> {
        let fixed: [u8; 10] = self.take()?;
        let flags = self.check_fixed(&fixed)?;
        if flags & FHCRC != 0 {
            let mut crc = Hasher::new();
            crc.update(&fixed);
            self.crc = Some(crc);
        }
        if flags & FEXTRA != 0 {
            let length = self.take::<2>()?;
            self.update(&length);
            self.pass_bytes(u16::from_le_bytes(length))?;
        }
        if flags & FNAME != 0 {
            self.pass_text()?;
        }
        if flags & FCOMMENT != 0 {
            self.pass_text()?;
        }
        self.check_crc()
    }

    /// Checks the ten bytes that every header has; gives the flags.
    fn check_fixed(&self, fixed: &[u8; 10]) -> Result<u8, FileFault> {
        let [_, _, method, flags, ..] = *fixed;
        if method != DEFLATE {
            let what = format!("compression method {method} in the header of {}; only 8 (deflate) exists", self.member());
            return Err(FileFault::new(FileFaultKind::Corrupt, self.start + 2, what));
        }
        if flags & RESERVED != 0 {
            let what = format!("reserved flags {:#04x} are set in the header of {}", flags & RESERVED, self.member());
            return Err(FileFault::new(FileFaultKind::Corrupt, self.start + 3, what));
        }
        Ok(flags)
    }

    fn check_crc(&mut self) -> Result<(), FileFault> {
        let Some(crc) = self.crc.take() else { return Ok(()) };
        // RFC 1952: the two low bytes of the CRC-32 of all header bytes before it.
        let found = crc.finalize() & 0xffff;
        let at = self.source.offset();
        let stored = u32::from(u16::from_le_bytes(self.take()?));
        if found == stored {
            return Ok(());
        }
        let what = format!("the header of {} has checksum {found:04x} but says {stored:04x}", self.member());
        Err(FileFault::new(FileFaultKind::WrongChecksum, at, what))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FileFault> {
        source::take(self.source)?.ok_or_else(|| self.truncated())
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(crc) = &mut self.crc {
            crc.update(bytes);
        }
    }

    fn pass_bytes(&mut self, count: u16) -> Result<(), FileFault> {
        let mut left = usize::from(count);
        while left > 0 {
            left -= self.pass_some(|chunk| chunk.len().min(left))?;
        }
        Ok(())
    }

    /// Passes over text and the zero byte that ends it.
    fn pass_text(&mut self) -> Result<(), FileFault> {
        let mut ended = false;
        while !ended {
            self.pass_some(|chunk| match memchr::memchr(0, chunk) {
                Some(end) => {
                    ended = true;
                    end + 1
                }
                None => chunk.len(),
            })?;
        }
        Ok(())
    }

    /// Passes over as much of the next chunk as `choose` says, and returns how much that was.
    fn pass_some(&mut self, choose: impl FnOnce(&[u8]) -> usize) -> Result<usize, FileFault> {
        let chunk = self.source.chunk()?;
        if chunk.is_empty() {
            return Err(self.truncated());
        }
        let n = choose(chunk);
        if let Some(crc) = &mut self.crc {
            crc.update(&chunk[..n]);
        }
        self.source.consume(n);
        Ok(n)
    }

    fn truncated(&self) -> FileFault {
        source::truncated(self.source, &format!("the header of {}", self.member()))
    }

    fn member(&self) -> String {
        member(self.start)
    }
}

/// Takes the trailer of the member that began at `start`, and compares it with the data: its CRC-32 and its length in bytes.
pub(super) fn check_trailer(source: &mut impl Source, start: u64, crc: u32, length: u64) -> Result<(), FileFault> {
    let at = source.offset();
    let Some(trailer) = source::take::<8>(source)? else {
        return Err(source::truncated(source, &format!("the trailer of {}", member(start))));
    };
    let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
    let stored_crc = u32::from_le_bytes([c0, c1, c2, c3]);
    let stored_length = u32::from_le_bytes([l0, l1, l2, l3]);
    if stored_crc != crc {
        let what = format!("the data of {} has CRC-32 {crc:08x}, its trailer says {stored_crc:08x}", member(start));
        return Err(FileFault::new(FileFaultKind::WrongChecksum, at, what));
    }
    // RFC 1952: the length modulo 2^32.
    if u64::from(stored_length) != length & u64::from(u32::MAX) {
        let what = format!("the data of {} has {length} bytes, its trailer says {stored_length}", member(start));
        return Err(FileFault::new(FileFaultKind::WrongChecksum, at + 4, what));
    }
    Ok(())
}

fn member(start: u64) -> String {
    format!("the gzip member that begins at byte {start}")
}

/// Reads members one after the other, in bounded memory.
#[derive(Default)]
pub(super) struct Members {
    inflate: Option<Decompress>,
    member: Option<Member>,
}

/// The member being read, behind its header.
struct Member {
    start: u64,
    crc: Hasher,
    length: u64,
    /// How its deflate data ended, if it did; told once its text is delivered.
    end: Option<Result<(), FileFault>>,
}

impl Members {
    /// Back to the beginning of an input; keeps the inflater.
    pub(super) fn reset(&mut self) {
        self.member = None;
    }

    /// As [`super::StreamDecoder::read`].
    pub(super) fn read(&mut self, source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        let step = STEP_BYTES.min(out.len());
        let out = &mut out[..step];
        loop {
            let Some(member) = &mut self.member else {
                let Some(start) = next_member(source)? else { return Ok(0) };
                inflate.reset(false);
                self.member = Some(Member { start, crc: Hasher::new(), length: 0, end: None });
                continue;
            };
            match member.end.take() {
                None => {
                    let n = member.inflate(inflate, source, out)?;
                    if n > 0 {
                        return Ok(n);
                    }
                }
                Some(end) => {
                    end?;
                    check_trailer(source, member.start, member.crc.clone().finalize(), member.length)?;
                    self.member = None;
                }
            }
        }
    }
}

impl Member {
    /// Inflates once; 0 bytes mean that the data gave none yet, or that `end` is known.
    fn inflate(&mut self, inflate: &mut Decompress, source: &mut impl Source, out: &mut [u8]) -> Result<usize, FileFault> {
        let input = source.chunk()?;
        let input_ended = input.is_empty();
        let (in_before, out_before) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(input, out, FlushDecompress::None);
        // Both are differences of two positions in slices.
        let used = (inflate.total_in() - in_before) as usize;
        let made = (inflate.total_out() - out_before) as usize;
        source.consume(used);
        self.crc.update(&out[..made]);
        self.length += made as u64;
        match status {
            Ok(Status::StreamEnd) => self.end = Some(Ok(())),
            // No input and yet no output: what it holds back is out too.
            Ok(_) if input_ended && made == 0 => return Err(source::truncated(source, &format!("the data of {}", member(self.start)))),
            // No progress cannot happen by zlib's contract; without this check a decoder's bug would be an endless loop.
            Ok(_) if used > 0 || made > 0 => {}
            // zlib-rs has a reason at times, but which one depends on how the input was cut.
            Ok(_) | Err(_) => self.end = Some(Err(self.corrupt(source.offset()))),
        }
        Ok(made)
    }

    #[cold]
    fn corrupt(&self, offset: u64) -> FileFault {
        FileFault::new(FileFaultKind::Corrupt, offset, format!("corrupt deflate data in {}", member(self.start)))
    }
}
