use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression as Level, GzBuilder};
use proptest::prelude::*;

use super::*;

pub(crate) fn gz(text: &[u8]) -> Vec<u8> {
    gz_at(text, 6)
}

fn gz_at(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A member with every optional header field, its checksum included.
fn gz_with_all_options(text: &[u8]) -> Vec<u8> {
    let plain = GzBuilder::new().extra(vec![0, 1, 2, 0, 9]).filename("conn.log").comment("a comment").write(Vec::new(), Level::new(6));
    let mut plain = plain;
    plain.write_all(text).unwrap();
    let mut stored = plain.finish().unwrap();
    stored[3] |= 0b11;
    let header = 10 + 2 + 5 + "conn.log\0".len() + "a comment\0".len();
    let crc = crc32fast::hash(&stored[..header]) as u16;
    stored.splice(header..header, crc.to_le_bytes());
    stored
}

const EMPTY_STORED_MEMBER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn reads_one_member_at_every_level() {
    let text = sample(5000);
    for level in [0, 1, 6, 9] {
        assert_eq!(text_of(&gz_at(&text, level)), text);
    }
}

#[test]
fn reads_every_member() {
    let parts = [sample(100), Vec::new(), b"no newline".to_vec(), sample(3000)];
    let mut stored: Vec<u8> = parts.iter().flat_map(|part| gz(part)).collect();
    stored.extend_from_slice(EMPTY_STORED_MEMBER);
    assert_eq!(text_of(&stored), parts.concat());
    assert_eq!(text_of(EMPTY_STORED_MEMBER), b"");
}

#[test]
fn reads_thousands_of_small_members() {
    let stored: Vec<u8> = (0..3000).flat_map(|i| gz(format!("line {i}\n").as_bytes())).collect();
    let text: String = (0..3000).map(|i| format!("line {i}\n")).collect();
    assert_eq!(text_of(&stored), text.as_bytes());
}

#[test]
fn reads_every_header_option() {
    let text = sample(10);
    let stored = [gz_with_all_options(&text), gz(&text)].concat();
    assert_eq!(text_of(&stored), [&text[..], &text].concat());
}

#[test]
fn checks_the_header_checksum() {
    let mut stored = gz_with_all_options(b"text\n");
    let at = 10 + 2 + 5 + 9 + 10;
    stored[20] ^= 1; // in the file name
    assert_fault(&stored, FileFaultKind::WrongChecksum, at, &["header", "begins at byte 0"]);
}

#[test]
fn refuses_unknown_methods_and_flags() {
    let first = gz(b"text\n");
    let mut method = first.clone();
    method[2] = 7;
    assert_fault(&[&first[..], &method].concat(), FileFaultKind::Corrupt, first.len() + 2, &["method 7"]);
    for flag in [0x20, 0x40, 0x80] {
        let mut flags = first.clone();
        flags[3] = flag;
        assert_fault(&flags, FileFaultKind::Corrupt, 3, &["reserved flags"]);
    }
}

#[test]
fn allows_zero_padding_at_the_end_and_between_members() {
    let text = sample(20);
    let member = gz(&text);
    for zeros in [1, 7, 511, 300_000] {
        let padding = vec![0; zeros];
        assert_eq!(text_of(&[&member[..], &padding].concat()), text);
        assert_eq!(text_of(&[&member[..], &padding, &member].concat()), [&text[..], &text].concat());
    }
}

#[test]
fn names_what_follows_the_last_member() {
    let text = sample(20);
    let member = gz(&text);
    let end = member.len();
    for (tail, from, count) in [(&b"x"[..], 0, "1 byte follows"), (b"junk", 0, "4 bytes follow"), (b"\0\0\x1fjunk", 2, "5 bytes follow")] {
        let stored = [&member[..], tail].concat();
        assert_fault(&stored, FileFaultKind::TrailingData, end + from, &[count, &format!("from byte {}", end + from)]);
        assert_eq!(fault_of(&stored).0, text, "what came before is delivered");
    }
    let long = [&member[..], &vec![b'x'; 1_000_000]].concat();
    assert_fault(&long, FileFaultKind::TrailingData, end, &["1000000 bytes"]);
}

#[test]
fn names_both_checksums_and_both_lengths() {
    let text = sample(20);
    let good = gz(&text);
    let trailer = good.len() - 8;
    let mut bad = good.clone();
    bad[trailer] ^= 0xff;
    let (found, said) = (crc32fast::hash(&text), crc32fast::hash(&text) ^ 0xff);
    assert_fault(&bad, FileFaultKind::WrongChecksum, trailer, &[&format!("{found:08x}"), &format!("{said:08x}")]);
    assert_eq!(fault_of(&bad).0, text);

    let mut bad = good.clone();
    bad[trailer + 4..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_fault(&bad, FileFaultKind::WrongChecksum, trailer + 4, &[&format!("{} bytes", text.len()), "4294967295"]);
}

#[test]
fn notices_truncation_at_every_byte() {
    let text = sample(12);
    let members = [gz(&text), EMPTY_STORED_MEMBER.to_vec(), gz_with_all_options(&text), gz_at(&text, 0)];
    let stored = members.concat();
    let mut ends = vec![0];
    for member in &members {
        ends.push(ends[ends.len() - 1] + member.len());
    }
    for length in 0..=stored.len() {
        let cut = &stored[..length];
        if let Some(whole_members) = ends.iter().position(|&end| end == length) {
            let expected = text.repeat([0, 1, 1, 2, 3][whole_members]);
            assert_eq!(text_of(cut), expected, "{length} bytes are whole members");
        } else {
            let (before, fault) = fault_of(cut);
            assert_eq!((fault.kind, fault.offset), (FileFaultKind::Truncated, length as u64), "{fault}");
            assert!(text.repeat(3).starts_with(&before));
            let start = ends.iter().rfind(|&&end| end < length).unwrap();
            assert!(fault.message.ends_with(&format!("begins at byte {start}")), "{fault}");
        }
    }
}

#[test]
fn tells_header_data_and_trailer_apart() {
    let stored = gz(&sample(5));
    for (length, place) in [(1, "header"), (9, "header"), (10, "data"), (stored.len() - 9, "data"), (stored.len() - 8, "trailer")] {
        assert_fault(&stored[..length], FileFaultKind::Truncated, length, &[&format!("inside the {place}")]);
    }
}

#[test]
fn no_flipped_bit_changes_the_text_in_silence() {
    let text = sample(5);
    for stored in [gz(&text), gz_at(&text, 0), [gz(b"first\n"), gz_with_all_options(&text)].concat()] {
        let sound = text_of(&stored);
        for bit in 16..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let (text, Ok(())) = verdict(&flipped) {
                assert_eq!(text, sound, "bit {bit}");
            }
        }
    }
}

/// Without its magic number an input is plain text by definition: delivered as it stands, never as something else.
#[test]
fn without_its_magic_number_an_input_is_plain() {
    let stored = gz(b"text\n");
    for bit in 0..16 {
        let mut flipped = stored.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(text_of(&flipped), flipped);
    }
}

#[test]
fn a_bomb_stays_within_the_limit() {
    let stored = gz_at(&vec![b'x'; 64 << 20], 9);
    assert!(stored.len() < 80 << 10);
    let limit = 1 << 20;
    let mut decoder = WholeDecoder::new();
    let mut lying = stored.clone();
    let length = lying.len() - 4;
    lying[length..].copy_from_slice(&10u32.to_le_bytes());
    for stored in [&stored, &lying, &stored[..stored.len() - 20].to_vec()] {
        let mut out = b"before".to_vec();
        assert_eq!(decoder.decode(stored, &mut out, limit), Ok(Whole::OverLimit));
        assert_eq!(out, b"before");
        assert!(out.capacity() <= 6 + limit + (128 << 10), "{}", out.capacity());
    }
}

#[test]
fn the_limit_is_exact() {
    let text = sample(50);
    let (head, tail) = text.split_at(text.len() / 3);
    for stored in [gz(&text), [gz(head), gz(tail)].concat(), text.clone()] {
        for (limit, whole) in [(text.len(), Whole::Done), (text.len() - 1, Whole::OverLimit), (0, Whole::OverLimit)] {
            let mut out = Vec::new();
            assert_eq!(WholeDecoder::new().decode(&stored, &mut out, limit), Ok(whole), "limit {limit}");
            assert_eq!(out.is_empty(), whole == Whole::OverLimit);
        }
    }
    for empty in [gz(b""), Vec::new()] {
        assert_eq!(WholeDecoder::new().decode(&empty, &mut Vec::new(), 0), Ok(Whole::Done));
    }
}

#[test]
fn grows_when_the_trailers_are_no_guide() {
    // The last member is tiny, so its trailer says nothing about the first, which is 1000:1.
    let stored = [gz_at(&vec![b'x'; 4 << 20], 9), gz(b"end\n")].concat();
    assert_eq!(text_of(&stored).len(), (4 << 20) + 4);
}

#[test]
fn allocates_nothing_in_steady_state() {
    let stored = gz(&sample(2000));
    let (mut decoder, mut out) = (WholeDecoder::new(), Vec::new());
    decoder.decode(&stored, &mut out, usize::MAX).unwrap();
    let (place, capacity) = (out.as_ptr(), out.capacity());
    for _ in 0..3 {
        out.clear();
        decoder.decode(&stored, &mut out, usize::MAX).unwrap();
        assert_eq!((out.as_ptr(), out.capacity()), (place, capacity));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Larger inputs, damaged anywhere: all paths agree, and nothing is silently different.
    #[test]
    fn damage_anywhere_is_noticed(lines in 1..3000usize, level in 0..10u32, at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let text = sample(lines);
        let mut stored = gz_at(&text, level);
        let at = at.index(stored.len() - 2) + 2;
        stored[at] = value;
        let (found, end) = verdict(&stored);
        match end {
            Ok(()) => prop_assert_eq!(found, text),
            Err(fault) => prop_assert!(fault.offset <= stored.len() as u64),
        }
    }

    #[test]
    fn random_bytes_behind_a_magic_number_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300), flags in any::<u8>()) {
        verdict(&[&[0x1f, 0x8b, 8, flags], &tail[..]].concat()).1.ok();
        verdict(&[EMPTY_STORED_MEMBER, &tail].concat()).1.ok();
    }
}
