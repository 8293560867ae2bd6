//! Every input goes down every path (reads and outputs of several sizes, and the whole-file decoder), and all must agree: on the text, on
//! the text before a fault, and on the fault's kind, offset and message.

mod gzip;
mod readers;
mod zstd;

use std::io::Read;

use super::{StreamDecoder, Whole, WholeDecoder, check_named_compressed};
use crate::{FileFault, FileFaultKind};

/// A reader that gives at most `size` bytes at a time.
pub(super) struct Trickle<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.size.min(out.len());
        self.bytes.read(&mut out[..n])
    }
}

/// The text of an input, or what it gave before its fault, and the fault.
type Verdict = (Vec<u8>, Result<(), FileFault>);

fn drain<R: Read>(decoder: &mut StreamDecoder<R>, out_size: usize) -> Verdict {
    let (mut text, mut out) = (Vec::new(), vec![0; out_size]);
    loop {
        match decoder.read(&mut out) {
            Ok(0) => return (text, Ok(())),
            Ok(n) => text.extend_from_slice(&out[..n]),
            Err(fault) => {
                assert_eq!(decoder.read(&mut out), Err(fault.clone()), "a fault stays");
                return (text, Err(fault));
            }
        }
    }
}

/// The verdict on `stored`, the same through every path.
fn verdict(stored: &[u8]) -> Verdict {
    let mut decoder = StreamDecoder::new(Trickle { bytes: stored, size: usize::MAX });
    let expected = drain(&mut decoder, 1 << 20);
    for (size, out_size) in [(1, 1 << 16), (usize::MAX, 1), (3, 7), (1000, 4096)] {
        decoder = StreamDecoder::new(Trickle { bytes: stored, size });
        let (text, end) = drain(&mut decoder, out_size);
        assert_eq!((&end, text.len()), (&expected.1, expected.0.len()), "reads of {size}, output of {out_size}");
        assert!(text == expected.0, "reads of {size}, output of {out_size}");
        if end.is_ok() {
            assert_eq!(decoder.stored_bytes(), stored.len() as u64);
            assert_eq!(decoder.read(&mut [0]), Ok(0), "the end stays");
        }
    }
    check_whole(&mut WholeDecoder::new(), stored, &expected);
    expected
}

fn check_whole(decoder: &mut WholeDecoder, stored: &[u8], expected: &Verdict) {
    let mut out = b"before".to_vec();
    let result = decoder.decode(stored, &mut out, 1 << 24);
    match &expected.1 {
        Ok(()) => {
            assert_eq!(result, Ok(Whole::Done));
            assert_eq!(out.strip_prefix(b"before"), Some(&expected.0[..]));
        }
        Err(fault) => {
            assert_eq!(result, Err(fault.clone()));
            assert_eq!(out, b"before");
        }
    }
}

/// The text of a sound input.
fn text_of(stored: &[u8]) -> Vec<u8> {
    let (text, end) = verdict(stored);
    assert_eq!(end, Ok(()));
    text
}

/// What a damaged input gave, and its fault.
fn fault_of(stored: &[u8]) -> (Vec<u8>, FileFault) {
    let (text, end) = verdict(stored);
    (text, end.expect_err("the damage must be noticed"))
}

fn assert_fault(stored: &[u8], kind: FileFaultKind, offset: usize, words: &[&str]) {
    let (_, fault) = fault_of(stored);
    assert_eq!((fault.kind, fault.offset), (kind, offset as u64), "{fault}");
    for word in words {
        assert!(fault.message.contains(word), "{:?} does not say {word:?}", fault.message);
    }
}

/// Text like a log's: repetitive, but not the same line again and again.
pub(crate) fn sample(lines: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let line = |_| {
        let (a, b) = (next(), next());
        format!(
            "2024-04-05T18:{:02}:{:02}.{:06}Z 10.0.{}.{} {} 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.{:03} \"CN=client-{},O=Company LLC\" - \
             {b:016X} Success TID_{a:016x}{b:016x}\n",
            a % 60,
            b % 60,
            a % 1_000_000,
            b % 256,
            a % 256,
            1024 + b % 60_000,
            b % 1000,
            a % 40,
        )
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}
