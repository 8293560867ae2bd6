use std::io::Write;

use ::zstd::stream::write::Encoder;
use proptest::prelude::*;

use super::*;

fn zst(text: &[u8]) -> Vec<u8> {
    encode(text, 3, |encoder| encoder.include_checksum(true).unwrap())
}

fn encode(text: &[u8], level: i32, set: impl FnOnce(&mut Encoder<'static, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), level).unwrap();
    set(&mut encoder);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A frame that says its content's size and is one segment, as one-shot compressors write it.
fn zst_one_shot(text: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(text, 3).unwrap()
}

fn skippable(content: &[u8]) -> Vec<u8> {
    [&[0x5a, 0x2a, 0x4d, 0x18], &(content.len() as u32).to_le_bytes()[..], content].concat()
}

#[test]
fn reads_every_frame() {
    let parts = [sample(3000), Vec::new(), b"no newline".to_vec(), sample(50)];
    let mut stored: Vec<u8> = parts.iter().flat_map(|part| zst(part)).collect();
    stored.extend(zst_one_shot(&parts[3]));
    stored.extend(zst_one_shot(b""));
    assert_eq!(text_of(&stored), [parts.concat(), sample(50)].concat());
}

#[test]
fn passes_over_skippable_frames() {
    let text = sample(40);
    let stored = [skippable(b""), skippable(&[7; 1000]), zst(&text), skippable(&vec![0; 400_000]), zst(&text), skippable(b"end")].concat();
    assert_eq!(text_of(&stored), text.repeat(2));
    assert_eq!(text_of(&skippable(b"nothing else")), b"");
}

#[test]
fn reads_incompressible_and_repetitive_text() {
    let mut noise = Vec::new();
    let mut state = 1u32;
    noise.resize_with(500_000, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    for text in [noise, vec![b'x'; 3_000_000]] {
        assert_eq!(text_of(&zst(&text)), text);
        assert_eq!(text_of(&zst_one_shot(&text)), text);
    }
}

#[test]
fn notices_truncation_at_every_byte() {
    let text = sample(12);
    let frames = [zst(&text), skippable(b"abc"), zst_one_shot(&text), zst(b"")];
    let stored = frames.concat();
    let mut ends = vec![0];
    for frame in &frames {
        ends.push(ends[ends.len() - 1] + frame.len());
    }
    for length in 0..=stored.len() {
        let cut = &stored[..length];
        if let Some(whole_frames) = ends.iter().position(|&end| end == length) {
            assert_eq!(text_of(cut), text.repeat([0, 1, 1, 2, 2][whole_frames]));
        } else if length == 1 {
            assert_eq!(text_of(cut), b"(", "the first byte of zstd's magic number is text");
        } else {
            let (before, fault) = fault_of(cut);
            assert_eq!((fault.kind, fault.offset), (FileFaultKind::Truncated, length as u64), "{fault}");
            assert!(text.repeat(2).starts_with(&before));
            let start = ends.iter().rfind(|&&end| end < length).unwrap();
            assert!(fault.message.ends_with(&format!("begins at byte {start}")), "{fault}");
        }
    }
}

#[test]
fn checks_the_checksum() {
    let text = sample(2000);
    let good = zst(&text);
    let checksum = good.len() - 4;
    for byte in checksum..good.len() {
        let mut bad = good.clone();
        bad[byte] ^= 1;
        assert_fault(&bad, FileFaultKind::WrongChecksum, checksum, &["begins at byte 0", "checksum"]);
        assert_eq!(fault_of(&bad).0, text, "what came before is delivered");
    }
}

#[test]
fn no_flipped_bit_of_a_frame_with_checksum_changes_the_text_in_silence() {
    let text = sample(12);
    let stored = [zst(b"first\n"), zst(&text)].concat();
    let sound = text_of(&stored);
    // A frame whose checksum flag is cleared has four bytes of junk behind it.
    for bit in 32..stored.len() * 8 {
        let mut flipped = stored.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let (text, Ok(())) = verdict(&flipped) {
            assert_eq!(text, sound, "bit {bit}");
        }
    }
}

#[test]
fn names_the_block_at_fault() {
    // Behind the frame header of six bytes, blocks of 128 KiB; a block type that does not exist in the header of the second.
    let text = sample(2000);
    let mut stored = encode(&text, 1, |_| ());
    let header = usize::from(stored[6]) | usize::from(stored[7]) << 8 | usize::from(stored[8]) << 16;
    let second = 9 + (header >> 3);
    stored[second] |= 0b110;
    assert_fault(&stored, FileFaultKind::Corrupt, second, &["begins at byte 0"]);
    assert!(fault_of(&stored).0 == text[..128 << 10], "the block before is delivered");
}

#[test]
fn names_what_follows_the_last_frame() {
    let text = sample(20);
    let frame = zst(&text);
    for tail in [&b"junk"[..], b"\0", b"\0\0\0\0\0\0", b"\x28\xb5\x2e\xfd", b"\x1f\x8b\x08"] {
        let stored = [&frame[..], tail].concat();
        let count = if tail.len() == 1 { "1 byte follows".to_owned() } else { format!("{} bytes follow", tail.len()) };
        assert_fault(&stored, FileFaultKind::TrailingData, frame.len(), &[&count]);
        assert_eq!(fault_of(&stored).0, text);
    }
}

#[test]
fn refuses_windows_beyond_the_limit() {
    let text = sample(20);
    let at = |log| {
        encode(&text, 3, |encoder| {
            encoder.long_distance_matching(true).unwrap();
            encoder.window_log(log).unwrap();
        })
    };
    assert_eq!(text_of(&at(27)), text);
    let first = zst(&text);
    let stored = [&first[..], &at(28)].concat();
    assert_fault(&stored, FileFaultKind::TooLarge, first.len(), &["256 MiB", "limit is 128 MiB", "without --long"]);
}

#[test]
fn refuses_dictionaries() {
    let mut stored = zst(b"text\n");
    // The descriptor gains a one-byte dictionary id, which stands behind the window descriptor.
    stored[4] |= 1;
    stored.insert(6, 42);
    assert_fault(&stored, FileFaultKind::Unreadable, 0, &["dictionary 42"]);
}

#[test]
fn the_limit_is_exact_and_bombs_stay_within_it() {
    let text = sample(4000);
    let bomb = zst(&vec![b'x'; 64 << 20]);
    assert!(bomb.len() < 80 << 10);
    let (mut decoder, limit) = (WholeDecoder::new(), 1 << 20);
    for (stored, limit, whole) in [
        (zst(&text), text.len(), Whole::Done),
        (zst(&text), text.len() - 1, Whole::OverLimit),
        (zst_one_shot(&text), text.len(), Whole::Done),
        (zst_one_shot(&text), text.len() - 1, Whole::OverLimit),
        (zst(b""), 0, Whole::Done),
        (bomb, limit, Whole::OverLimit),
    ] {
        let mut out = Vec::new();
        assert_eq!(decoder.decode(&stored, &mut out, limit), Ok(whole));
        assert_eq!(out.len(), if whole == Whole::Done { limit } else { 0 });
        assert!(out.capacity() <= limit + (128 << 10), "{}", out.capacity());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn damage_anywhere_is_noticed(lines in 1..3000usize, level in 1..10, at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let text = sample(lines);
        let mut stored = encode(&text, level, |encoder| encoder.include_checksum(true).unwrap());
        let at = at.index(stored.len() - 4) + 4;
        stored[at] = value;
        let (found, end) = verdict(&stored);
        match end {
            Ok(()) => prop_assert_eq!(found, text),
            Err(fault) => prop_assert!(fault.offset <= stored.len() as u64),
        }
    }

    #[test]
    fn random_bytes_behind_a_magic_number_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        verdict(&[&[0x28, 0xb5, 0x2f, 0xfd], &tail[..]].concat()).1.ok();
        verdict(&[&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], &tail[..]].concat()).1.ok();
    }
}
