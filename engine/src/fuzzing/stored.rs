//! The decompressor's front: one text and one fault for the same bytes, however they are read.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};

use crate::FileFault;
use crate::decompress::{StreamDecoder, Whole, WholeDecoder};

/// Text beyond which a stream is not followed.
const LIMIT: usize = 1 << 17;
/// Text up to which an input is decoded again in small pieces.
const SMALL: usize = 1 << 14;
/// What decoding into a vector may take beyond its limit.
const STEP: usize = 128 << 10;

/// Whole and streaming decoders give the same text or the same fault, whatever the limit is and however the input is cut into reads; an input
/// that is cut off gives a prefix of its text.
///
/// The input is also taken for the data of a gzip member, with a header and a trailer that fit: a fuzzer makes no checksums.
pub fn decoders_agree(input: &[u8]) {
    assert_one_verdict(input);
    assert_one_verdict(&member(input));
}

/// A stream's text and what ended it; `None` for a text beyond [`LIMIT`].
type Verdict = Option<(Vec<u8>, Option<FileFault>)>;

fn assert_one_verdict(stored: &[u8]) {
    let verdict = streamed(stored, LIMIT + 1);
    let mut decoder = WholeDecoder::new();
    assert_whole(&mut decoder, stored, LIMIT, &verdict);
    let Some((text, fault)) = &verdict else { return };
    for limit in [0, text.len() / 2, text.len().saturating_sub(1), text.len()] {
        assert_whole(&mut decoder, stored, limit, &verdict);
    }
    if text.len() <= SMALL {
        assert_eq!(streamed(Pieces(stored, 1), LIMIT + 1), verdict, "read byte by byte");
        assert_eq!(streamed(Pieces(stored, 19), 1), verdict, "written byte by byte");
    }
    if fault.is_none() {
        assert_prefixes(stored, text);
    }
}

/// Decodes a stream, asking for at most `piece` bytes at a time.
fn streamed(reader: impl Read, piece: usize) -> Verdict {
    let mut stream = StreamDecoder::new(reader);
    let mut text = vec![0; LIMIT + 1];
    let mut length = 0;
    loop {
        let end = text.len().min(length + piece);
        match stream.read(&mut text[length..end]) {
            Ok(0) => {
                text.truncate(length);
                return Some((text, None));
            }
            Ok(read) => length += read,
            Err(fault) => {
                assert_eq!(stream.read(&mut [0]), Err(fault.clone()), "a fault stays");
                text.truncate(length);
                return Some((text, Some(fault)));
            }
        }
        if length > LIMIT {
            return None;
        }
    }
}

/// Gives so many bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.1.min(self.0.len()).min(out.len());
        let (piece, rest) = self.0.split_at(size);
        out[..size].copy_from_slice(piece);
        self.0 = rest;
        Ok(size)
    }
}

/// Decodes behind other text, which stays as it was.
fn assert_whole(decoder: &mut WholeDecoder, stored: &[u8], limit: usize, verdict: &Verdict) {
    const BEFORE: &[u8] = b"before";
    let mut out = BEFORE.to_vec();
    let decoded = decoder.decode(stored, &mut out, limit);
    assert!(out.capacity() <= BEFORE.len() + limit + STEP + 1, "{} bytes for a limit of {limit}", out.capacity());
    let added = out.strip_prefix(BEFORE).expect("what stood before stays");
    match (decoded, verdict) {
        (Ok(Whole::Done), Some((text, None))) => assert!(text.len() <= limit && added == text),
        (Ok(Whole::OverLimit), None) => assert!(added.is_empty()),
        // Where a fault follows, the limit may be reached before it shows.
        (Ok(Whole::OverLimit), Some((text, fault))) => assert!(added.is_empty() && (text.len() > limit || fault.is_some())),
        (Err(found), Some((_, Some(fault)))) => assert!(added.is_empty() && found == *fault, "whole: {found}, streamed: {fault}"),
        (decoded, verdict) => panic!("limit {limit}: whole: {decoded:?}, streamed: {verdict:?}"),
    }
}

/// What is kept of an input that was cut off is the beginning of its text. Cuts inside of a magic number may make it another format.
fn assert_prefixes(stored: &[u8], text: &[u8]) {
    let middle = stored.iter().fold(0, |sum, &byte| sum + usize::from(byte)) % stored.len().max(1);
    for end in [stored.len().saturating_sub(1), stored.len().saturating_sub(8), stored.len() / 2, middle] {
        if end < 4 {
            continue;
        }
        let (kept, _) = streamed(&stored[..end], LIMIT + 1).expect("less text than the whole input has");
        assert!(text.starts_with(&kept), "cut at byte {end}");
    }
}

/// A gzip file with `data` as its deflate data, cut where that ends, and with the trailer that it should have.
fn member(data: &[u8]) -> Vec<u8> {
    let mut text = vec![0; LIMIT];
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress(data, &mut text, FlushDecompress::Finish);
    text.truncate(inflate.total_out() as usize);
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    match status {
        Ok(Status::StreamEnd) => {
            member.extend_from_slice(&data[..inflate.total_in() as usize]);
            member.extend_from_slice(&crc32fast::hash(&text).to_le_bytes());
            member.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        _ => member.extend_from_slice(data),
    }
    member
}
