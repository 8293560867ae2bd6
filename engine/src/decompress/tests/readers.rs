//! Detection, plain text, and readers that misbehave.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result as IoResult};

use super::super::Compression;
use super::gzip::gz;
use super::*;

/// A reader that follows a script: bytes, or an error.
struct Scripted(VecDeque<Result<Vec<u8>, ErrorKind>>);

impl Scripted {
    fn new(script: impl IntoIterator<Item = Result<Vec<u8>, ErrorKind>>) -> Self {
        Self(script.into_iter().collect())
    }
}

impl Read for Scripted {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        match self.0.pop_front() {
            None => Ok(0),
            Some(Err(kind)) => Err(Error::new(kind, "scripted")),
            Some(Ok(bytes)) => {
                out[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
        }
    }
}

#[test]
fn compression_is_told_from_the_bytes() {
    use Compression::{Gzip, Plain, Zstd};
    for (start, expected) in [
        (&b""[..], Plain),
        (b"2024", Plain),
        (b"\x1f\x8b\x08\x00", Gzip),
        (b"\x1f\x8b", Gzip),
        (b"\x1f", Gzip),
        (b"\x1f\x8a\x08\x00", Plain),
        (b"\x28\xb5\x2f\xfd", Zstd),
        (b"\x28\xb5\x2f", Zstd),
        (b"\x28\xb5", Zstd),
        (b"(", Plain),
        (b"\x28\xb5\x2f\xfe", Plain),
        (b"\x50\x2a\x4d\x18", Zstd),
        (b"\x5f\x2a\x4d\x18", Zstd),
        (b"\x60\x2a\x4d\x18", Plain),
        (b"P*M", Plain),
    ] {
        assert_eq!(Compression::detect(start), expected, "{start:x?}");
    }
}

#[test]
fn plain_text_is_delivered_as_it_stands() {
    for text in [b"".to_vec(), b"x".to_vec(), b"\r\n\0\xff".to_vec(), sample(5000)] {
        assert_eq!(text_of(&text), text);
    }
}

#[test]
fn interrupted_reads_are_retried() {
    let stored = gz(b"text\n");
    let (head, tail) = stored.split_at(12);
    let script = [Err(ErrorKind::Interrupted), Ok(head.to_vec()), Err(ErrorKind::Interrupted), Ok(tail.to_vec())];
    assert_eq!(drain(&mut StreamDecoder::new(Scripted::new(script)), 100), (b"text\n".to_vec(), Ok(())));
}

#[test]
fn a_failed_read_is_a_fault_with_its_offset() {
    let stored = gz(&sample(100));
    for cut in [0, 1, 2, 5, 12, 900, stored.len()] {
        let script = [Ok(stored[..cut].to_vec()), Err(ErrorKind::PermissionDenied), Ok(stored[cut..].to_vec())];
        let script = script.into_iter().filter(|part| !matches!(part, Ok(bytes) if bytes.is_empty()));
        let (_, end) = drain(&mut StreamDecoder::new(Scripted::new(script)), 1 << 16);
        let fault = end.expect_err("the error is told");
        assert_eq!((fault.kind, fault.offset), (FileFaultKind::Unreadable, cut as u64));
        assert!(fault.message.starts_with("cannot be read: scripted"), "{}", fault.message);
    }
}

#[test]
fn the_end_is_not_asked_for_twice() {
    // As a terminal would: an end of file, then more.
    let script = [Ok(b"text\n".to_vec()), Ok(Vec::new()), Ok(b"more\n".to_vec())];
    let mut decoder = StreamDecoder::new(Scripted::new(script));
    assert_eq!(drain(&mut decoder, 100), (b"text\n".to_vec(), Ok(())));
    assert_eq!(decoder.read(&mut [0; 10]), Ok(0));
}

#[test]
fn decoders_are_reused_after_anything() {
    let text = sample(300);
    let (good, zst) = (gz(&text), ::zstd::bulk::compress(&text, 1).unwrap());
    let mut bad = good.clone();
    bad[900] ^= 0xff;
    let inputs = [&good[..], &bad, &zst, &zst[..zst.len() - 3], &text, b"", &good[..500], &good, &zst, b"\x1f", &good];
    let mut whole = WholeDecoder::new();
    for stored in inputs {
        let expected = verdict(stored);
        assert_eq!(drain(&mut StreamDecoder::new(stored), 1000), expected);
        check_whole(&mut whole, stored, &expected);
    }
}

#[test]
fn under_a_name_of_a_compressed_file_only_text_is_plain() {
    let texts: [&[u8]; 6] =
        [b"", b"{", b"2026-09-23T07:11:27Z 192.0.2.1", b"\r\n\tx", b"\xef\xbb\xbfx", "seventeen bytes..\u{fc}".as_bytes()];
    for text in texts {
        assert_eq!(check_named_compressed(text), Ok(()), "{text:?}");
        let mut decoder = StreamDecoder::named_compressed(text);
        assert_eq!(drain(&mut decoder, 100), (text.to_vec(), Ok(())));
    }
    let mut damaged = gz(b"text\n");
    assert_eq!(drain(&mut StreamDecoder::named_compressed(&damaged[..]), 100), (b"text\n".to_vec(), Ok(())));
    damaged[0] ^= 4;
    for start in [&damaged[..], &damaged[1..], b"\0", b"\xff\xfe2\x000\0", b"\0\0\0\0\x1f\x8b\x08", b"\x8b\x1f"] {
        let fault = check_named_compressed(start).unwrap_err();
        assert_eq!((fault.kind, fault.offset), (FileFaultKind::Corrupt, 0), "{start:?}");
        assert!(fault.message.contains(&format!("{:02x}", start[0])), "{fault}");
        assert_eq!(drain(&mut StreamDecoder::named_compressed(start), 100), (Vec::new(), Err(fault)));
        assert_eq!(drain(&mut StreamDecoder::new(start), 100), (start.to_vec(), Ok(())), "the name alone makes it a fault");
    }
}
