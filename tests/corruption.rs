//! Thousands of gzip files, each damaged in one way: every one of them is reported, none of their rows gets out, and the neighbours are whole.
//!
//! What a damaged file should give is decided by a reader that shares nothing with the product (`support/inflate.rs`): damage may hit a byte that
//! says nothing, or leave another whole file. `TLSLAKE_CORRUPTED=100000` tries so many, `TLSLAKE_CORRUPTED_SEED=7` tries others.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::expected::{Expected, File};
use crate::support::inflate::{crc32, gunzip};
use crate::support::lake::{assert_holds, table};
use crate::support::logs::Dice;
use crate::support::values::{Value, connection};
use crate::support::{at, convert, count, folder, logs, oracle, run_with_stdin};

/// Files that are damaged, unless the environment says otherwise.
const FILES: usize = 5_000;
const IN_A_FOLDER: usize = 500;
const NEIGHBOURS: usize = 20;

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn seed() -> usize {
    setting("TLSLAKE_CORRUPTED_SEED", 1)
}

/// Dice that only `number` and the seed decide.
fn dice(number: usize) -> Dice {
    let mut dice = Dice((number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed() as u64).wrapping_mul(0xd1b5_4a32_d192_ed03) | 1);
    for _ in 0..4 {
        dice.below(2); // near seeds are told apart
    }
    dice
}

/// Good lines whose trace ids no other file has.
fn true_text(number: usize, dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    for line in 0..dice.below(30) + 2 {
        let noise = dice.below(1 << 31);
        let id = format!("TID_{number:08x}{line:08x}{noise:08x}");
        text.push_str(
            &logs::THIRD_ERA.replace("TID_9f39d9aa6a47774d97089313f949866b", &id).replace(" 64326 ", &format!(" {} ", noise % 65_536)),
        );
        text.push('\n');
    }
    text.into_bytes()
}

/// A file, and where its parts are.
struct Stored {
    bytes: Vec<u8>,
    /// Where each member begins, and the file's end.
    members: Vec<usize>,
    text: Vec<u8>,
}

/// One to three members, in one of the ways in which gzip files come.
fn store(text: Vec<u8>, dice: &mut Dice) -> Stored {
    let parts = dice.below(3) + 1;
    let (mut bytes, mut members) = (Vec::new(), vec![0]);
    for part in text.chunks(text.len().div_ceil(parts)) {
        bytes.extend(match dice.below(4) {
            0 => logs::gzip_with_long_header(part),
            1 => with_header_checksum(part),
            _ => logs::gzip_at(part, [1, 6, 9][dice.below(3)]),
        });
        members.push(bytes.len());
    }
    Stored { bytes, members, text }
}

/// One member whose header has a name and a checksum of its own.
fn with_header_checksum(part: &[u8]) -> Vec<u8> {
    let plain = logs::gzip_at(part, 6);
    let mut header = plain[..10].to_vec();
    header[3] |= 0b1010;
    header.extend_from_slice(b"conn_log.log\0");
    let checksum = (crc32(&header) as u16).to_le_bytes();
    [&header[..], &checksum, &plain[10..]].concat()
}

/// Damages a file.
type Damage = fn(&mut Stored, &mut Dice);

/// The ways in which files are damaged.
const DAMAGES: [(&str, Damage); 20] = [
    ("cut-anywhere", |file, dice| file.bytes.truncate(dice.below(file.bytes.len()))),
    ("cut-in-header", |file, dice| cut(file, dice, |start, _| start..start + 40)),
    ("cut-in-trailer", |file, dice| cut(file, dice, |_, end| end - 8..end)),
    ("cut-a-byte", |file, _| file.bytes.truncate(file.bytes.len() - 1)),
    ("flip-in-header", |file, dice| flip(file, dice, |start, _| start..start + 30)),
    ("flip-in-data", |file, dice| flip(file, dice, |start, end| start + 10..end - 8)),
    ("flip-in-trailer", |file, dice| flip(file, dice, |_, end| end - 8..end)),
    ("flips-everywhere", |file, dice| (0..dice.below(20) + 2).for_each(|_| flip(file, dice, |start, end| start..end))),
    ("wrong-crc", |file, dice| set(file, dice, |_, end| end - 8..end - 4)),
    ("wrong-length", |file, dice| set(file, dice, |_, end| end - 4..end)),
    ("reserved-flags", |file, dice| {
        let (start, _) = member(file, dice);
        file.bytes[start + 3] |= 0x20 << dice.below(3);
    }),
    ("other-flags", |file, dice| {
        let (start, _) = member(file, dice);
        file.bytes[start + 3] ^= 1 << dice.below(5);
    }),
    ("magic", |file, dice| set(file, dice, |start, _| start..start + 2)),
    ("trailing-junk", |file, dice| {
        let count = dice.below(300) + 1;
        file.bytes.extend(noise(count, dice));
    }),
    ("deleted", |file, dice| drop(file.bytes.drain(stretch(file, dice)))),
    ("inserted", |file, dice| {
        let (place, count) = (dice.below(file.bytes.len() + 1), dice.below(50) + 1);
        file.bytes.splice(place..place, noise(count, dice));
    }),
    ("doubled", |file, dice| {
        let range = stretch(file, dice);
        let copy = file.bytes[range.clone()].to_vec();
        file.bytes.splice(range.end..range.end, copy);
    }),
    ("zeroed", |file, dice| {
        let range = stretch(file, dice);
        file.bytes[range].fill(0);
    }),
    ("swapped", |file, dice| {
        let (a, b) = (stretch(file, dice), stretch(file, dice));
        let length = a.len().min(b.len());
        let (first, second) = (a.start.min(b.start), a.start.max(b.start));
        let length = length.min(second - first).min(file.bytes.len() - second);
        let (front, back) = file.bytes.split_at_mut(second);
        front[first..first + length].swap_with_slice(&mut back[..length]);
    }),
    ("spliced", |file, dice| {
        let text = true_text(900_000_000 + dice.below(1_000_000), dice);
        let other = store(text, dice);
        let (mine, theirs) = (dice.below(file.bytes.len()), dice.below(other.bytes.len()));
        file.bytes.splice(mine.., other.bytes[theirs..].iter().copied());
    }),
];

fn member(file: &Stored, dice: &mut Dice) -> (usize, usize) {
    let which = dice.below(file.members.len() - 1);
    (file.members[which], file.members[which + 1])
}

/// A place in a part of a member.
fn place(file: &Stored, dice: &mut Dice, part: fn(usize, usize) -> std::ops::Range<usize>) -> usize {
    let (start, end) = member(file, dice);
    let range = part(start, end);
    let range = range.start..range.end.min(end);
    range.start + dice.below(range.len())
}

fn cut(file: &mut Stored, dice: &mut Dice, part: fn(usize, usize) -> std::ops::Range<usize>) {
    let place = place(file, dice, part);
    file.bytes.truncate(place);
}

fn flip(file: &mut Stored, dice: &mut Dice, part: fn(usize, usize) -> std::ops::Range<usize>) {
    let place = place(file, dice, part);
    file.bytes[place] ^= 1 << dice.below(8);
}

/// Other bytes in place of a whole part.
fn set(file: &mut Stored, dice: &mut Dice, part: fn(usize, usize) -> std::ops::Range<usize>) {
    let (start, end) = member(file, dice);
    for place in part(start, end) {
        file.bytes[place] ^= dice.below(256) as u8;
    }
}

fn noise(count: usize, dice: &mut Dice) -> Vec<u8> {
    (0..count).map(|_| dice.below(256) as u8).collect()
}

/// Some bytes of the file, at least one.
fn stretch(file: &Stored, dice: &mut Dice) -> std::ops::Range<usize> {
    let start = dice.below(file.bytes.len());
    let most = (file.bytes.len() - start).min([1, 10, 100, usize::MAX][dice.below(4)]);
    start..start + dice.below(most) + 1
}

/// A file after it was damaged.
struct Damaged {
    way: &'static str,
    stored: Vec<u8>,
    /// What it held before.
    text: Vec<u8>,
    /// What it holds now; if that is whole, it is no damaged file.
    left: Vec<u8>,
    is_whole: bool,
}

fn damaged(number: usize) -> Damaged {
    let mut dice = dice(number);
    let text = true_text(number, &mut dice);
    let mut file = store(text, &mut dice);
    let (way, damage) = DAMAGES[number % DAMAGES.len()];
    damage(&mut file, &mut dice);
    let left = gunzip(&file.bytes);
    Damaged { way, stored: file.bytes, text: file.text, left: left.text, is_whole: left.is_whole }
}

/// A folder of damaged files among good ones.
struct Batch {
    folder: tempfile::TempDir,
    damaged: BTreeMap<String, Damaged>,
    /// The neighbours, and those that are whole after all.
    expected: Expected,
}

fn batch(numbers: std::ops::Range<usize>) -> Batch {
    let folder = folder();
    let (mut all, mut expected) = (BTreeMap::new(), Expected::default());
    for number in numbers.clone().step_by(numbers.len().div_ceil(NEIGHBOURS)) {
        let text = true_text(800_000_000 + number, &mut dice(number));
        expected.add(&logs::write(folder.path(), &format!("{number:07}-0-good.gz"), &logs::gzip(&text)));
    }
    for number in numbers {
        let file = damaged(number);
        let path = logs::write(folder.path(), &format!("{number:07}-{}.gz", file.way), &file.stored);
        let object = path.to_str().unwrap().to_owned();
        if file.is_whole {
            expected.add_raw(&object, file.stored.len() as u64, &file.left);
        } else {
            all.insert(object, file);
        }
    }
    Batch { folder, damaged: all, expected }
}

fn batches() -> impl Iterator<Item = Batch> {
    let files = setting("TLSLAKE_CORRUPTED", FILES);
    println!("{files} files from seed {}", seed());
    (0..files).step_by(IN_A_FOLDER).map(move |first| batch(first..(first + IN_A_FOLDER).min(files)))
}

/// The kinds of fault that damage of this kind may be called; others may turn into anything.
fn kinds(way: &str) -> &'static [&'static str] {
    match way {
        "cut-anywhere" | "cut-in-header" | "cut-in-trailer" | "cut-a-byte" => &["truncated"],
        "wrong-crc" | "wrong-length" => &["wrong-checksum"],
        "reserved-flags" => &["corrupt"],
        "magic" => &["corrupt", "trailing-data"],
        "trailing-junk" => &["trailing-data", "truncated", "corrupt"],
        _ => &["truncated", "corrupt", "wrong-checksum", "trailing-data"],
    }
}

/// Demands that just the damaged files are named, each once, with a fault that fits.
fn assert_named(report: &Json, damaged: &BTreeMap<String, Damaged>) {
    let files = at(report, "failed_files").as_array().unwrap();
    let named: BTreeMap<&str, &Json> = files.iter().map(|file| (at(file, "object").as_str().unwrap(), file)).collect();
    let missing: Vec<&String> = damaged.keys().filter(|object| !named.contains_key(object.as_str())).collect();
    assert!(missing.is_empty(), "not reported: {missing:?}");
    assert_eq!((files.len(), count(report, "failed")), (damaged.len(), damaged.len() as u64), "no other file is called damaged");
    for (object, file) in damaged {
        let fault = named[object.as_str()];
        let (kind, offset) = (at(fault, "kind").as_str().unwrap(), count(fault, "offset"));
        assert!(kinds(file.way).contains(&kind), "{object}: {fault}");
        assert!(offset <= file.stored.len() as u64, "{object}: the fault lies in the file's {} bytes: {fault}", file.stored.len());
        assert!(kind != "truncated" || offset == file.stored.len() as u64, "{object}: what is cut ends at its end: {fault}");
        assert!(!at(fault, "error").as_str().unwrap().is_empty());
    }
}

#[test]
fn every_damaged_file_is_reported_and_gives_no_row() {
    let mut whole = 0;
    let mut ways = BTreeMap::new();
    for (index, batch) in batches().enumerate() {
        let out = folder();
        let lake = out.path().join("lake");
        let report = convert(batch.folder.path(), &lake, &["--jobs", ["1", "2", "5"][index % 3]]).exits(3).json();
        assert_named(&report, &batch.damaged);
        assert_holds(&lake, &batch.expected);
        let files = batch.damaged.len() + batch.expected.files.len();
        assert_eq!(count(&report, "input.files"), files as u64);
        assert_eq!(count(&report, "input.lines"), batch.expected.line_count());
        assert_eq!(count(&report, "rows"), batch.expected.rows().count() as u64);
        whole += files - batch.damaged.len() - NEIGHBOURS;
        batch.damaged.values().for_each(|file| *ways.entry(file.way).or_insert(0) += 1);
    }
    println!("{whole} were whole after all; damaged: {ways:?}");
    assert_eq!(ways.len(), DAMAGES.len(), "every way does damage");
}

/// The rows of a lake by their object, each with its line.
fn rows_by_object(lake: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let mut rows: BTreeMap<String, Vec<Vec<Value>>> = BTreeMap::new();
    for row in table(lake, "connections").into_iter().flat_map(|part| part.rows) {
        rows.entry(row[19].text().unwrap().to_owned()).or_default().push(row);
    }
    rows.values_mut().for_each(|rows| rows.sort_by_key(|row| row[20].number()));
    rows
}

#[test]
fn salvage_after_a_cut_gives_a_prefix_of_the_true_rows() {
    let (mut cut, mut kept) = (0, 0);
    for batch in batches() {
        let out = folder();
        let lake = out.path().join("lake");
        let report = convert(batch.folder.path(), &lake, &["--on-corrupt", "salvage"]).exits(3).json();
        assert_named(&report, &batch.damaged);
        let rows = rows_by_object(&lake);
        let total: usize = rows.values().map(Vec::len).sum();
        assert_eq!((count(&report, "rows"), count(&report, "output.rows")), (total as u64, total as u64));
        let parts = ["rows", "rejected", "blank", "out_of_range"].map(|part| count(&report, part));
        assert_eq!(count(&report, "input.lines"), parts.iter().sum::<u64>(), "every line is accounted for");
        let none = Vec::new();
        for (object, file) in &batch.expected.files {
            let want: Vec<_> = file.rows().map(|row| connection(row, object)).collect();
            assert!(rows.get(object).unwrap_or(&none) == &want, "{object} is complete");
        }
        for fault in at(&report, "failed_files").as_array().unwrap() {
            let object = at(fault, "object").as_str().unwrap();
            let (file, got) = (&batch.damaged[object], rows.get(object).unwrap_or(&none));
            assert_eq!(count(fault, "salvaged_rows"), got.len() as u64, "{object}");
            if kinds(file.way) == ["truncated"] {
                let truth = File { lines: oracle::read(&file.text), stored: 0, raw: 0 };
                let want: Vec<_> = truth.rows().take(got.len()).map(|row| connection(row, object)).collect();
                assert!(*got == want, "{object}: the first rows of the file");
                let whole_lines = file.left.iter().filter(|byte| **byte == b'\n').count();
                assert_eq!(got.len(), whole_lines, "{object}: every line that stands whole before the cut");
                (cut, kept) = (cut + 1, kept + got.len());
            }
        }
    }
    println!("{kept} rows kept of {cut} files that were cut");
    assert!(kept > cut, "something was kept");
}

/// Large files and pipes are decoded as streams, by other code.
#[test]
fn damage_is_noticed_in_a_stream_as_well() {
    for number in 0..4 * DAMAGES.len() {
        let file = damaged(number);
        // Standard input has no name that would say that it was compressed once.
        if file.is_whole || !file.stored.starts_with(&[0x1f, 0x8b]) {
            continue;
        }
        let what = format!("file {number} of seed {}: {}", seed(), file.way);
        let report = run_with_stdin(["report", "-", "--format", "json"], &file.stored).exits(3).json();
        assert_eq!((count(&report, "failed"), count(&report, "rows"), count(&report, "input.lines")), (1, 0, 0), "{what}");
        let fault = &at(&report, "failed_files")[0];
        assert_eq!(at(fault, "object"), "-");
        let kind = at(fault, "kind").as_str().unwrap();
        assert!(kinds(file.way).contains(&kind), "{what}: {fault}");
    }
}
