use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::*;

fn input(path: impl Into<PathBuf>, size: Option<u64>) -> InputFile {
    let path = path.into();
    InputFile { object: (*path.display().to_string()).into(), location: Location::Path(path), size, modified: None, name: None, key: 0 }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_file_opens_with_the_size_it_has_now() {
    let folder = folder();
    let path = folder.path().join("a.gz");
    fs::write(&path, "hello").unwrap();
    let mut opened = open(&input(&path, Some(5))).unwrap();
    assert_eq!(opened.size, Some(5));
    let mut text = String::new();
    opened.reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn what_cannot_be_opened_is_the_files_fault() {
    let folder = folder();
    let fault = open(&input(folder.path().join("gone"), Some(1))).map(|_| ()).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::Unreadable, 0));
    assert!(fault.message.contains("cannot be opened") && fault.message.contains("moved or removed"), "{fault}");
    let fault = open(&input(folder.path(), None)).map(|_| ()).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::Unreadable, 0));
}

#[cfg(unix)]
#[test]
fn a_refusal_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("a.log");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root is refused nothing
    }
    let fault = open(&input(&path, Some(1))).map(|_| ()).unwrap_err();
    assert!(fault.message.contains("give this user the right"), "{fault}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_a_stream_without_a_size() {
    let folder = folder();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || File::options().write(true).open(path).unwrap().write_all(b"through the pipe").unwrap()
    });
    let mut opened = open(&input(&path, None)).unwrap();
    assert_eq!(opened.size, None);
    let mut text = String::new();
    opened.reader.read_to_string(&mut text).unwrap();
    writer.join().unwrap();
    assert_eq!(text, "through the pipe");
}

#[test]
fn a_whole_file_takes_the_place_of_what_was_there() {
    let folder = folder();
    let path = folder.path().join("a.log");
    let mut buf = b"old and longer than the new".to_vec();
    for content in ["new", "", "a somewhat longer one than before"] {
        fs::write(&path, content).unwrap();
        for size in [None, Some(content.len() as u64)] {
            read_whole(&input(&path, size), &mut buf).unwrap();
            assert_eq!(buf, content.as_bytes(), "{size:?}");
        }
    }
}

/// A file of the given content as it is found.
fn found(path: &Path, content: &[u8]) -> InputFile {
    fs::write(path, content).unwrap();
    let metadata = path.metadata().unwrap();
    InputFile { modified: crate::discover::modified_ns(&metadata), ..input(path, Some(metadata.len())) }
}

fn assert_changed(fault: &FileFault, offset: u64, how: &str) {
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::Changed, offset), "{fault}");
    assert!(fault.message.contains(how) && fault.message.contains("run again"), "{fault}");
}

#[test]
fn a_file_that_is_not_what_was_found_is_a_fault_at_its_end() {
    let folder = folder();
    let path = folder.path().join("a.log");
    let file = found(&path, b"twelve bytes");
    let mut buf = Vec::new();
    read_whole(&file, &mut buf).unwrap();
    for (now, how) in [
        (&b"twelve bytes and more"[..], "had 12 bytes when it was found and has 21 now"),
        (b"less", "had 12 bytes when it was found and has 4 now"),
    ] {
        fs::write(&path, now).unwrap();
        assert_changed(&read_whole(&file, &mut buf).unwrap_err(), now.len() as u64, how);
        assert_eq!(buf, now, "what was read is there for whoever salvages it");
    }
    fs::write(&path, "TWELVE BYTES").unwrap();
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    assert_changed(&read_whole(&file, &mut buf).unwrap_err(), 12, "written to after it was found");
}

#[test]
fn a_file_that_changes_between_two_reads_is_a_fault_at_its_end() {
    let folder = folder();
    let path = folder.path().join("a.log");
    for (len, offset) in [(30, 30), (4, 6)] {
        let file = found(&path, b"twelve bytes");
        let mut reader = open(&file).unwrap().reader;
        let mut six = [0; 6];
        reader.read_exact(&mut six).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(len).unwrap();
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_changed(&read_fault(0, error), offset, &format!("has {len} now"));
    }
}

#[test]
fn a_file_that_grows_faster_than_it_is_read_is_given_up() {
    let folder = folder();
    let path = folder.path().join("a.log");
    let file = found(&path, b"short");
    File::options().write(true).open(&path).unwrap().set_len(64 << 20).unwrap();
    let (mut buf, limit) = (Vec::new(), 5 + MAX_GROWTH);
    assert_changed(&read_whole(&file, &mut buf).unwrap_err(), limit, "grown past");
    let mut stream = open(&file).unwrap().reader;
    let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
    assert_changed(&read_fault(0, error), limit, "grown past");
}

#[test]
fn held_bytes_end_as_their_file_did() {
    let mut text = String::new();
    Held::new(b"all of it", None).read_to_string(&mut text).unwrap();
    assert_eq!(text, "all of it");
    let fault = FileFault::new(FileFaultKind::Unreadable, 9, "the disk is gone");
    let mut buf = Vec::new();
    let error = Held::new(b"a part of", Some(fault.clone())).read_to_end(&mut buf).unwrap_err();
    assert_eq!((buf.as_slice(), read_fault(0, error)), (&b"a part of"[..], fault));
}

#[test]
fn a_buffer_that_is_large_enough_is_kept() {
    let folder = folder();
    let path = folder.path().join("a.log");
    fs::write(&path, vec![7; 5000]).unwrap();
    let mut buf = Vec::with_capacity(5001);
    let held = buf.as_ptr();
    read_whole(&input(&path, Some(5000)), &mut buf).unwrap();
    assert_eq!((buf.len(), buf.as_ptr()), (5000, held));
}

#[test]
fn a_missing_file_empties_the_buffer() {
    let folder = folder();
    let mut buf = vec![1; 10];
    let fault = read_whole(&input(folder.path().join("gone"), Some(10)), &mut buf).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::Unreadable, 0));
    assert!(buf.is_empty());
}

/// Gives `len` bytes, some at a time and with interruptions, then ends or fails.
struct Fitful {
    len: usize,
    given: usize,
    calls: usize,
    fails: bool,
}

fn fitful(len: usize, fails: bool) -> Fitful {
    Fitful { len, given: 0, calls: 0, fails }
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

impl Read for Fitful {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.given == self.len && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = out.len().min(self.len - self.given).min(1000 + self.calls);
        for (place, at) in out.iter_mut().zip(self.given..self.given + count) {
            *place = (at % 251) as u8;
        }
        self.given += count;
        Ok(count)
    }
}

#[test]
fn short_reads_and_interruptions_lose_nothing() {
    for len in [0, 1, 999, 100_000, 300_000] {
        for expected in [0, 1, len as u64, len as u64 * 2 + 1] {
            // What the buffer held before makes no difference.
            for held in [0, 1, 998, 1000, 100_000, 400_000] {
                let mut buf = vec![1; held];
                fill(&mut fitful(len, false), expected, 300_000, &mut buf).unwrap();
                assert!(buf == content(len), "{len} {expected} {held}");
                let most = held.max(expected as usize + 1).max(2 * len).max(len + GROWTH_STEP as usize);
                assert!(buf.capacity() <= most, "{len} {expected} {held}: {}", buf.capacity());
                if expected == len as u64 && held <= len {
                    assert!(buf.capacity() <= len + 1, "{len} {held}: {}", buf.capacity());
                }
            }
        }
    }
}

#[test]
fn a_read_error_says_where() {
    let mut buf = Vec::new();
    let fault = fill(&mut fitful(2500, true), 9000, 10_000, &mut buf).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::Unreadable, 2500));
    assert_eq!(fault.message, "cannot be read: the disk is gone");
    assert!(buf == content(2500));
}

#[test]
fn a_file_that_never_ends_is_stopped() {
    let mut buf = Vec::new();
    for limit in [0, 1, 100_000] {
        buf.clear();
        let fault = fill(&mut io::repeat(1), 10, limit, &mut buf).unwrap_err();
        assert_eq!((fault.kind, fault.offset), (FileFaultKind::Changed, limit));
        assert_eq!(buf.len() as u64, limit + 1);
        assert!(buf.capacity() as u64 <= limit + (64 << 10));
    }
}

#[test]
fn memory_that_cannot_be_had_is_the_files_fault() {
    let mut buf = Vec::new();
    let fault = fill(&mut io::empty(), u64::MAX - 1, u64::MAX, &mut buf).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FileFaultKind::TooLarge, 0));
    assert!(buf.is_empty());
}

#[cfg(unix)]
#[test]
fn standard_input_opens_without_a_size() {
    let stdin = InputFile { object: "-".into(), location: Location::Stdin, size: None, modified: None, name: None, key: 0 };
    assert_eq!(open(&stdin).unwrap().size, None);
}
