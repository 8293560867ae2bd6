use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::decompress::StreamDecoder;

const NO_LIMIT: usize = 1 << 20;

fn reader(text: &[u8], target: usize, max_line: usize) -> LineReader<&[u8]> {
    LineReader::new(StreamDecoder::new(text), target, max_line)
}

/// All pieces, then the fault with the lines salvaged at it.
type Pieces = (Vec<(u64, Vec<u8>)>, Option<(FileFault, u64, Vec<u8>)>);

fn read_all<R: std::io::Read>(reader: &mut LineReader<R>) -> Pieces {
    let (mut pieces, mut buf) = (Vec::new(), b"from before".to_vec());
    loop {
        match reader.next(&mut buf) {
            Ok(Some(piece)) => {
                assert_eq!(piece.offset, reader.piece_offset());
                pieces.push((piece.offset, buf.clone()));
            }
            Ok(None) => {
                assert!(buf.is_empty());
                assert_eq!(reader.next(&mut buf), Ok(None), "the end stays");
                return (pieces, None);
            }
            Err(fault) => {
                let (offset, salvaged) = (reader.piece_offset(), buf.clone());
                assert_eq!(reader.next(&mut buf), Err(fault.clone()), "a fault stays");
                assert!(buf.is_empty(), "what was salvaged is not delivered twice");
                return (pieces, Some((fault, offset, salvaged)));
            }
        }
    }
}

fn pieces(text: &[u8], target: usize) -> Vec<(u64, Vec<u8>)> {
    let (pieces, fault) = read_all(&mut reader(text, target, NO_LIMIT));
    assert_eq!(fault, None);
    pieces
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pieces_are_whole_lines_near_the_target() {
    let found = pieces(b"one\ntwo\nthree\nfour\n", 9);
    let expected: [(u64, &[u8]); 3] = [(0, b"one\ntwo\n"), (8, b"three\n"), (14, b"four\n")];
    assert_eq!(found, expected.map(|(offset, text)| (offset, text.to_vec())));
}

#[test]
fn the_last_line_may_lack_its_newline() {
    assert_eq!(pieces(b"one\ntwo", 4), [(0, b"one\n".to_vec()), (4, b"two".to_vec())]);
    assert_eq!(pieces(b"two", 100), [(0, b"two".to_vec())]);
    assert_eq!(pieces(b"\n", 100), [(0, b"\n".to_vec())]);
    assert_eq!(pieces(b"", 100), []);
}

#[test]
fn a_line_beyond_the_target_is_one_piece() {
    let long = [&vec![b'x'; 1000][..], b"\n"].concat();
    let text = [b"a\n", &long[..], b"b\n", &long, &long].concat();
    let found = pieces(&text, 10);
    assert!(found.iter().any(|(_, piece)| *piece == long || piece.ends_with(&long)));
    assert_eq!(found.iter().map(|(_, piece)| &piece[..]).collect::<Vec<_>>().concat(), text);
}

#[test]
fn the_line_limit_is_exact_whatever_the_target() {
    for target in [1, 7, 50, 51, 52, 1000] {
        for ending in ["\n", ""] {
            let fits = format!("a\n{}{ending}", "x".repeat(50));
            assert_eq!(read_all(&mut reader(fits.as_bytes(), target, 50)).1, None, "target {target}");

            let long = format!("a\nbc\n{}{ending}", "x".repeat(51));
            let (before, fault) = read_all(&mut reader(long.as_bytes(), target, 50));
            let (fault, offset, salvaged) = fault.expect("the line is too long");
            assert_eq!(fault.kind, FileFaultKind::LineTooLong);
            assert_eq!(fault.message, "the line that begins at byte 5 of the decompressed text is longer than 50 bytes (see --max-line)");
            let delivered: Vec<u8> = before.into_iter().flat_map(|(_, piece)| piece).collect();
            assert_eq!(offset, delivered.len() as u64);
            assert_eq!([delivered, salvaged].concat(), b"a\nbc\n", "whole lines before it are kept");
        }
    }
}

#[test]
fn memory_is_bounded_by_the_line_limit() {
    let text = vec![b'x'; 1 << 20];
    let mut reader = reader(&text, 100, 5000);
    let mut buf = Vec::new();
    let fault = reader.next(&mut buf).unwrap_err();
    assert_eq!(fault.kind, FileFaultKind::LineTooLong);
    assert!(fault.offset <= text.len() as u64 && fault.offset >= 5001, "{fault}");
    assert!(buf.is_empty() && buf.capacity() <= 5001, "{}", buf.capacity());
}

#[test]
fn the_helper_agrees_with_a_slow_one() {
    for text in [&b""[..], b"\n", b"abc", b"abc\n", b"\n\nabc\nde", b"abcd\nabc\n", b"a\nb\nc\nabcdefgh", b"ab\nabcd"] {
        for max_line in 0..6 {
            let slow = slow_first_long_line(text, max_line);
            assert_eq!(first_long_line(text, max_line), slow, "{text:?} {max_line}");
            assert_eq!(check_line_lengths(text, max_line, 9).is_err(), slow.is_some());
        }
    }
}

fn slow_first_long_line(text: &[u8], max_line: usize) -> Option<usize> {
    let mut start = 0;
    for line in text.split(|&byte| byte == b'\n') {
        if line.len() > max_line {
            return Some(start);
        }
        start += line.len() + 1;
    }
    None
}

#[test]
fn whole_lines_before_a_fault_are_salvaged() {
    let lines: Vec<u8> = (0..2000).flat_map(|i| format!("line {i} and some text\n").into_bytes()).collect();
    let stored = gz(&lines);
    for cut in [5, 30, stored.len() / 2, stored.len() - 8, stored.len() - 1] {
        for target in [10, 4096, 1 << 20] {
            let (pieces, fault) = read_all(&mut reader(&stored[..cut], target, NO_LIMIT));
            let (fault, offset, salvaged) = fault.expect("the truncation is told");
            assert_eq!((fault.kind, fault.offset), (FileFaultKind::Truncated, cut as u64));
            let mut text: Vec<u8> = pieces.into_iter().flat_map(|(_, piece)| piece).collect();
            assert_eq!(offset, text.len() as u64);
            text.extend(salvaged);
            assert!(lines.starts_with(&text) && (text.is_empty() || text.ends_with(b"\n")));
            if cut + 8 >= stored.len() {
                assert_eq!(text, lines, "all lines were there, only the trailer is not");
            }
        }
    }
}

#[test]
fn a_partial_line_before_a_fault_is_dropped() {
    let stored = gz(b"one\ntwo\nthr");
    let (pieces, fault) = read_all(&mut reader(&stored[..stored.len() - 3], 100, NO_LIMIT));
    assert!(pieces.is_empty());
    let (fault, offset, salvaged) = fault.expect("the truncation is told");
    assert_eq!((fault.kind, offset, &salvaged[..]), (FileFaultKind::Truncated, 0, &b"one\ntwo\n"[..]));
}

#[test]
fn buffers_are_reused() {
    let text: Vec<u8> = (0..50_000).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
    let mut reader = reader(&text, 10_000, 100);
    let mut buf = Vec::new();
    reader.next(&mut buf).unwrap();
    let (place, capacity) = (buf.as_ptr(), buf.capacity());
    while reader.next(&mut buf).unwrap().is_some() {
        assert_eq!((buf.as_ptr(), buf.capacity()), (place, capacity));
    }
    assert_eq!(reader.stored_bytes(), text.len() as u64);
}

/// Texts of short and long lines, blank ones, with and without a last newline.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![4 => "[ab]{0,12}", 1 => "[ab]{40,200}", 1 => Just(String::new())];
    (prop::collection::vec(line, 0..60), any::<bool>()).prop_map(|(lines, ended)| {
        let mut text = lines.join("\n");
        if ended {
            text.push('\n');
        }
        text.into_bytes()
    })
}

proptest! {
    #[test]
    fn the_pieces_put_together_are_the_text(text in any_text(), target in 1..300usize) {
        let found = pieces(&text, target);
        let mut offset = 0;
        for (i, (start, piece)) in found.iter().enumerate() {
            prop_assert_eq!(*start, offset);
            prop_assert!(!piece.is_empty());
            prop_assert!(piece.ends_with(b"\n") || i + 1 == found.len());
            prop_assert!(piece.len() <= target || piece.len() <= 2 * 202, "a piece is short, or grew for one line");
            offset += piece.len() as u64;
        }
        prop_assert_eq!(found.into_iter().flat_map(|(_, piece)| piece).collect::<Vec<_>>(), text.clone());
        // Neither compression nor the buffer handed in changes where the cuts are.
        let stored = gz(&text);
        let mut reader = LineReader::new(StreamDecoder::new(&stored[..]), target, NO_LIMIT);
        let mut cuts = Vec::new();
        while let Some(piece) = reader.next(&mut vec![b'\n'; 500]).unwrap() {
            cuts.push(piece.offset);
        }
        prop_assert_eq!(cuts, pieces(&text, target).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>());
    }

    #[test]
    fn long_lines_are_found_wherever_they_are(text in any_text(), target in 1..300usize, max_line in 1..60usize) {
        let (pieces, fault) = read_all(&mut reader(&text, target, max_line));
        let delivered: Vec<u8> = pieces.into_iter().flat_map(|(_, piece)| piece).collect();
        match slow_first_long_line(&text, max_line) {
            None => {
                prop_assert_eq!(fault, None);
                prop_assert_eq!(delivered, text);
            }
            Some(start) => {
                let (fault, _, salvaged) = fault.expect("the line is too long");
                prop_assert_eq!(fault.kind, FileFaultKind::LineTooLong);
                prop_assert_eq!([delivered, salvaged].concat(), &text[..start]);
            }
        }
    }
}
