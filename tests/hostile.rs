//! Files as they should not be: stored oddly but whole, or damaged; alone, together, small and large; skipped, salvaged, refused.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::expected::{Expected, File};
use crate::support::lake::{assert_holds, table};
use crate::support::values::{Value, connection, rejection};
use crate::support::{at, convert, count, folder, logs, report, run};

/// A file that is whole, however oddly it is stored: its name, its bytes, its content.
struct Whole(&'static str, Vec<u8>, Vec<u8>);

fn whole_files() -> Vec<Whole> {
    let text = logs::odd_lines(21, 400);
    let clean = logs::lines(40);
    let (half, end) = (text.len() / 2 + 3, text.len() - 100);
    let three = [&text[..half], &text[half..end], &text[end..]];
    let gzip = |parts: &[&[u8]]| parts.iter().flat_map(|part| logs::gzip(part)).collect::<Vec<u8>>();
    let zstd = |parts: &[&[u8]]| parts.iter().flat_map(|part| logs::zstd(part)).collect::<Vec<u8>>();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"notes"].concat();
    let crlf = String::from_utf8(clean.clone()).unwrap().replace('\n', "\r\n").into_bytes();
    let no_newline = clean[..clean.len() - 1].to_vec();
    let long_subject = logs::SECOND_ERA.replace("O=endEntity", &format!("O={}", "e\\\" ".repeat(1 << 18)));
    let long_line = [long_subject.as_bytes(), b"\n", &clean].concat();
    let long_junk = [&clean[..], &vec![b'x'; 1 << 20], b"\n", &clean].concat();
    vec![
        Whole("no-bytes.gz", Vec::new(), Vec::new()),
        Whole("empty-member.gz", logs::gzip(b""), Vec::new()),
        Whole("empty-frame.zst", logs::zstd(b""), Vec::new()),
        Whole("plain.log", text.clone(), text.clone()),
        Whole("plain-under.gz", text.clone(), text.clone()),
        Whole("gzip-under.log", logs::gzip(&text), text.clone()),
        Whole("zstd-under.gz", logs::zstd(&text), text.clone()),
        Whole("three-members.gz", gzip(&three), text.clone()),
        Whole("empty-members-between.gz", gzip(&[b"", three[0], b"", b"", three[1], three[2], b""]), text.clone()),
        Whole("a-thousand-members.gz", gzip(&text.chunks(text.len() / 1000).collect::<Vec<_>>()), text.clone()),
        Whole("long-header.gz", logs::gzip_with_long_header(&text), text.clone()),
        Whole("zero-padding.gz", [logs::gzip(&text), vec![0; 1500]].concat(), text.clone()),
        Whole("three-frames.zst", zstd(&three), text.clone()),
        Whole("skippable-frames.zst", [&skippable[..], &logs::zstd(&text), &skippable].concat(), text.clone()),
        Whole("crlf.gz", logs::gzip(&crlf), crlf),
        Whole("no-last-newline.gz", logs::gzip(&no_newline), no_newline),
        Whole("newlines-only.gz", logs::gzip(&[b'\n'; 1000]), vec![b'\n'; 1000]),
        Whole("megabyte-line.gz", logs::gzip(&long_line), long_line),
        Whole("megabyte-of-junk.gz", logs::gzip(&long_junk), long_junk),
    ]
}

#[test]
fn files_stored_oddly_are_read_whole() {
    let (input, out) = (folder(), folder());
    let mut expected = Expected::default();
    for Whole(name, stored, raw) in whole_files() {
        let path = logs::write(input.path(), name, &stored);
        let mut alone = Expected::default();
        alone.add_raw(&path.to_string_lossy(), stored.len() as u64, &raw);
        expected.files.extend(alone.files.clone());
        let lake = out.path().join("alone").join(name);
        let clean = alone.rejected().next().is_none();
        let report = convert(&path, &lake, &[]).exits(if clean { 0 } else { 3 }).json();
        assert_eq!(count(&report, "failed"), 0, "{name} is whole");
        assert_eq!(count(&report, "input.raw_bytes"), raw.len() as u64, "{name}");
        assert_holds(&lake, &alone);
    }
    let lake = out.path().join("together");
    let report = convert(input.path(), &lake, &["--jobs", "3"]).exits(3).json();
    assert_eq!(count(&report, "input.raw_bytes"), expected.raw_bytes());
    assert_eq!(count(&report, "input.compressed_bytes"), expected.stored_bytes());
    assert_holds(&lake, &expected);
}

/// A damaged file: its name, its bytes, its content had it not been damaged, the kinds of fault that it may be called.
struct Damaged {
    name: &'static str,
    stored: Vec<u8>,
    raw: Vec<u8>,
    kinds: &'static [&'static str],
    /// How many of its lines stand whole before the fault, at least.
    salvageable: usize,
}

fn damaged_files() -> Vec<Damaged> {
    let text = logs::odd_lines(22, 600);
    let lines = crate::support::oracle::read(&text).len();
    let (gzip, zstd) = (logs::gzip(&text), logs::zstd(&text));
    let cut = |bytes: &[u8], by: usize| bytes[..bytes.len() - by].to_vec();
    let flipped = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0x40;
        bytes
    };
    let size = gzip.len();
    let two_members = [logs::gzip(&text), logs::gzip(&text)].concat();
    let two_frames = [logs::zstd(&text), logs::zstd(&text)].concat();
    let twice = text.repeat(2);
    let reserved_block = [&gzip[..10], &[0x07], &[0; 40]].concat();
    let ended = [&text[..], b"\n"].concat();
    let endless_line = [&ended[..], &vec![b'x'; 17 << 20]].concat();
    let damaged = |name, stored, raw: &[u8], kinds, salvageable| Damaged { name, stored, raw: raw.to_vec(), kinds, salvageable };
    vec![
        damaged("header-only.gz", gzip[..7].to_vec(), &text, &["truncated"], 0),
        damaged("half.gz", cut(&gzip, size / 2), &text, &["truncated"], 1),
        damaged("no-trailer.gz", cut(&gzip, 8), &text, &["truncated"], 1),
        damaged("half-a-trailer.gz", cut(&gzip, 3), &text, &["truncated"], 1),
        damaged("second-member-cut.gz", cut(&two_members, size / 2), &twice, &["truncated"], lines - 1),
        damaged("wrong-crc.gz", flipped(&gzip, size - 8), &text, &["wrong-checksum"], 0),
        damaged("wrong-length.gz", flipped(&gzip, size - 1), &text, &["wrong-checksum"], 0),
        damaged("wrong-crc-in-first-member.gz", flipped(&two_members, size - 8), &twice, &["wrong-checksum"], 0),
        damaged("flipped-bit.gz", flipped(&gzip, size / 2), &text, UNSURE, 0),
        damaged("reserved-block.gz", reserved_block, &text, &["corrupt"], 0),
        damaged("trailing-junk.gz", [&gzip[..], b"junk"].concat(), &text, &["trailing-data"], lines - 1),
        damaged("junk-after-padding.gz", [&gzip[..], &[0; 600], b"junk"].concat(), &text, &["trailing-data"], lines - 1),
        damaged("half.zst", cut(&zstd, zstd.len() / 2), &text, &["truncated"], 0),
        damaged("no-checksum.zst", cut(&zstd, 4), &text, &["truncated"], 0),
        damaged("wrong-checksum.zst", flipped(&zstd, zstd.len() - 1), &text, &["wrong-checksum", "corrupt"], 0),
        damaged("second-frame-cut.zst", cut(&two_frames, zstd.len() / 2), &twice, &["truncated"], lines - 1),
        damaged("trailing-junk.zst", [&zstd[..], b"junk"].concat(), &text, &["trailing-data", "corrupt"], lines - 1),
        damaged("endless-line.log", endless_line, &ended, &["line-too-long"], lines - 1),
    ]
}

/// Where a bit was flipped, text may be wrong long before the decoder notices.
const UNSURE: &[&str] = &["corrupt", "wrong-checksum", "truncated"];

fn named_fault(report: &Json, path: &Path) -> Json {
    let files = at(report, "failed_files").as_array().unwrap().iter();
    let mut named = files.filter(|file| at(file, "object").as_str() == path.to_str());
    let fault = named.next().unwrap_or_else(|| panic!("{} is not named as failed", path.display()));
    assert!(named.next().is_none(), "{} is named once", path.display());
    fault.clone()
}

#[track_caller]
fn assert_fault(report: &Json, path: &Path, damaged: &Damaged) {
    let fault = named_fault(report, path);
    let kind = at(&fault, "kind").as_str().unwrap();
    assert!(damaged.kinds.contains(&kind), "{}: {kind}, not {:?}", damaged.name, damaged.kinds);
    assert!(count(&fault, "offset") <= damaged.stored.len() as u64, "{}: the offset lies in the file", damaged.name);
    assert!(!at(&fault, "error").as_str().unwrap().is_empty());
}

#[test]
fn a_damaged_file_gives_no_row_and_costs_no_one_elses() {
    let (input, out) = (folder(), folder());
    let mut expected = Expected::default();
    for number in 0..4_u32 {
        let text = logs::odd_lines(u64::from(number) + 30, 200);
        expected.add(&logs::write(input.path(), &format!("{number}-good.gz"), &logs::gzip(&text)));
    }
    let damaged = damaged_files();
    let paths: Vec<PathBuf> = damaged.iter().map(|file| logs::write(input.path(), file.name, &file.stored)).collect();
    for jobs in ["1", "4"] {
        let lake = out.path().join(jobs);
        let run = convert(input.path(), &lake, &["--jobs", jobs]).exits(3);
        let report = run.json();
        assert_holds(&lake, &expected);
        assert_eq!(count(&report, "failed"), damaged.len() as u64);
        assert_eq!(count(&report, "input.lines"), expected.line_count(), "lines of failed files are not counted");
        for (path, damaged) in paths.iter().zip(&damaged) {
            assert_fault(&report, path, damaged);
        }
    }
}

#[test]
fn every_fault_is_noticed_alone() {
    let (input, out) = (folder(), folder());
    for damaged in damaged_files() {
        let path = logs::write(input.path(), damaged.name, &damaged.stored);
        let lake = out.path().join(damaged.name);
        assert_fault(&convert(&path, &lake, &[]).exits(3).json(), &path, &damaged);
        assert_fault(&report(&path, &[]).exits(3).json(), &path, &damaged);
        assert!(table(&lake, "connections").is_empty(), "{} gives no row", damaged.name);
    }
}

#[test]
fn the_text_names_the_file_the_byte_and_the_choice() {
    let input = folder();
    let path = logs::write(input.path(), "half.gz", &logs::gzip(&logs::lines(500))[..300]);
    let run = run(["report", path.to_str().unwrap()]).exits(3);
    let said = format!("{}{}", run.stdout, run.stderr);
    for part in ["half.gz", "300", "--on-corrupt"] {
        assert!(said.contains(part), "{part:?} is said:\n{said}");
    }
}

/// What a lake holds of one object, in the order of its lines.
fn rows_of(lake: &Path, name: &str, object: &Path) -> Vec<Vec<Value>> {
    let object = Value::from(object.to_str().unwrap());
    let mut rows = Vec::new();
    for part in table(lake, name) {
        let objects = part.column("source_object");
        let lines = part.column("source_line");
        let numbered = part.rows.into_iter().zip(lines).zip(objects);
        rows.extend(numbered.filter(|(_, of)| *of == object).map(|((row, line), _)| (line.number(), row)));
    }
    rows.sort_by_key(|(line, _)| *line);
    rows.into_iter().map(|(_, row)| row).collect()
}

#[track_caller]
fn assert_prefix(got: &[Vec<Value>], want: impl Iterator<Item = Vec<Value>>, what: &str) {
    let want: Vec<_> = want.take(got.len()).collect();
    assert!(got == want, "{what}: salvaged rows are the first ones of the file");
}

#[test]
fn salvage_keeps_the_whole_lines_before_the_fault() {
    let (input, out) = (folder(), folder());
    for damaged in damaged_files() {
        let path = logs::write(input.path(), damaged.name, &damaged.stored);
        let lake = out.path().join(damaged.name);
        let report = convert(&path, &lake, &["--on-corrupt", "salvage"]).exits(3).json();
        assert_fault(&report, &path, &damaged);
        let object = path.to_str().unwrap();
        let file = File { lines: crate::support::oracle::read(&damaged.raw), stored: 0, raw: 0 };
        let rows = rows_of(&lake, "connections", &path);
        let mut rejected = rows_of(&lake, "rejected", &path);
        if damaged.kinds == UNSURE {
            continue;
        }
        assert_prefix(&rows, file.rows().map(|row| connection(row, object)), damaged.name);
        let without_field = |mut row: Vec<Value>| {
            row[3] = Value::Null;
            row
        };
        rejected = rejected.into_iter().map(without_field).collect();
        assert_prefix(&rejected, file.rejected().map(|line| without_field(rejection(line, object))), damaged.name);
        assert_eq!(count(&named_fault(&report, &path), "salvaged_rows"), rows.len() as u64, "{}", damaged.name);
        let lines = count(&report, "input.lines");
        assert_eq!(lines, rows.len() as u64 + rejected.len() as u64 + count(&report, "blank"), "{}", damaged.name);
        assert!(lines >= damaged.salvageable as u64, "{}: {lines} of {} lines", damaged.name, damaged.salvageable);
    }
}

#[test]
fn fail_stops_the_run_and_commits_nothing() {
    let (input, out) = (folder(), folder());
    logs::write(input.path(), "good.gz", &logs::gzip(&logs::lines(100)));
    logs::write(input.path(), "half.gz", &logs::gzip(&logs::lines(500))[..300]);
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &["--on-corrupt", "fail"]).exits(1).complains_of("half.gz");
    assert!(!lake.join("_SUCCESS").exists());
    assert!(table(&lake, "connections").is_empty(), "no file appears that is not part of a whole job");
    report(input.path(), &["--on-corrupt", "fail"]).exits(1);
}

/// Large files go down the stream in pieces, so rows of theirs are on their way when the fault shows.
#[test]
fn a_large_damaged_file_gives_no_row_either() {
    let (input, out) = (folder(), folder());
    let mut expected = Expected::default();
    for name in ["a-good.gz", "z-good.gz"] {
        expected.add(&logs::write(input.path(), name, &logs::gzip(&logs::odd_lines(41, 1_000))));
    }
    let megabyte = logs::lines(5_000);
    let copies = (110 << 20) / megabyte.len();
    for (name, member) in [("m-large.gz", logs::gzip(&megabyte)), ("n-large.zst", logs::zstd(&megabyte))] {
        let mut stored = member.repeat(copies);
        stored.truncate(stored.len() - member.len() / 3);
        logs::write(input.path(), name, &stored);
    }
    let lake = out.path().join("lake");
    let report = convert(input.path(), &lake, &[]).exits(3).json();
    assert_holds(&lake, &expected);
    assert_eq!(count(&report, "failed"), 2);
    assert_eq!(count(&report, "rows"), expected.rows().count() as u64);
    assert_eq!(count(&report, "input.lines"), expected.line_count());
    let hours: i64 = table(&lake, "failures_hourly").iter().flat_map(|part| part.column("count")).map(|value| value.number()).sum();
    assert_eq!(hours, expected.rows().count() as i64, "the hourly tables forget the damaged files as well");
}

/// One member of a gigabyte's fraction: the stream breaks in the middle of the only member there is.
#[test]
fn a_large_single_member_is_salvaged_up_to_the_fault() {
    let (input, out) = (folder(), folder());
    let text = logs::lines(5_000).repeat(24);
    let gzip = logs::gzip(&text);
    let path = logs::write(input.path(), "large.gz", &gzip[..gzip.len() / 3 * 2]);
    let lake = out.path().join("lake");
    let report = convert(&path, &lake, &["--on-corrupt", "salvage"]).exits(3).json();
    let rows = count(&report, "rows");
    assert!(rows > 70_000, "{rows} of 120,000 rows stand before the fault");
    assert_eq!(rows, count(&report, "output.rows"));
    let got = rows_of(&lake, "connections", &path);
    let file = File { lines: crate::support::oracle::read(&text), stored: 0, raw: 0 };
    let object = path.to_str().unwrap();
    assert_eq!(got.len() as u64, rows);
    assert_prefix(&got, file.rows().map(|row| connection(row, object)), "large.gz");
}
