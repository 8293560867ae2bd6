//! A hostile archive, one trouble at a time, among good neighbours: the exit code, the line in both forms of the report, and the neighbours' rows
//! must agree about it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::expected::Expected;
use crate::support::lake::assert_holds;
use crate::support::process::{Ended, run_measured};
use crate::support::{at, count, folder, logs, tlslake};

/// Memory that a run may take, whatever it is fed: slots, buffers, the longest line that is taken several times over.
const MOST_MEMORY: u64 = 400 << 20;

/// Good neighbours before and behind whatever is between them.
struct Archive {
    folder: tempfile::TempDir,
    expected: Expected,
}

impl Archive {
    fn new() -> Self {
        let folder = folder();
        let mut expected = Expected::default();
        expected.add(&logs::write(folder.path(), &format!("a/{}", logs::name(1)), &logs::gzip(&logs::lines(60))));
        expected.add(&logs::write(folder.path(), "z/last.log.zst", &logs::zstd(&logs::odd_lines(5, 60))));
        Self { folder, expected }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        logs::write(self.folder.path(), name, bytes)
    }

    /// Converts and reports; demands that both exit alike, that the neighbours are complete, and that memory stayed within bounds.
    fn run(&self, options: &[&str]) -> Told {
        self.run_as(options, tlslake)
    }

    fn run_as(&self, options: &[&str], command: impl Fn() -> std::process::Command) -> Told {
        let out = folder();
        open_to_all(out.path());
        let lake = out.path().join("lake");
        let mut convert = command();
        convert.arg("convert").arg(self.folder.path()).arg("--out").arg(&lake).args(["--format", "json"]).args(options);
        let mut report = command();
        report.arg("report").arg(self.folder.path()).args(options);
        let (convert, report) = (run_measured(&mut convert), run_measured(&mut report));
        assert_eq!(convert.code, report.code, "convert and report agree: {convert:?}\n{report:?}");
        for ended in [&convert, &report] {
            assert!(ended.peak_memory < MOST_MEMORY, "{} MiB of memory", ended.peak_memory >> 20);
        }
        let json: Json = serde_json::from_str(&convert.stdout).unwrap_or_else(|error| panic!("{error}: {convert:?}"));
        assert_holds(&lake, &self.expected);
        assert_eq!(count(&json, "input.lines"), self.expected.line_count());
        assert_eq!(count(&json, "rows"), self.expected.rows().count() as u64);
        assert_eq!(count(&json, "rejected"), self.expected.rejected().count() as u64);
        Told { code: convert.code, json, text: report.stdout, warning: report.stderr }
    }
}

#[cfg(unix)]
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) {}

/// What a run over an archive said.
struct Told {
    code: i32,
    json: Json,
    text: String,
    warning: String,
}

impl Told {
    /// The only failed file is `path`; both forms say so.
    #[track_caller]
    fn failed(&self, path: &Path, kind: &str, says: &str) -> &Json {
        self.failed_object(path.to_str().unwrap(), kind, says)
    }

    #[track_caller]
    fn failed_object(&self, object: &str, kind: &str, says: &str) -> &Json {
        assert_eq!(self.code, 3, "{}", self.text);
        let files = at(&self.json, "failed_files").as_array().unwrap();
        assert_eq!((files.len(), count(&self.json, "failed")), (1, 1), "{files:?}");
        let error = at(&files[0], "error").as_str().unwrap();
        assert_eq!((at(&files[0], "object").as_str(), at(&files[0], "kind").as_str()), (Some(object), Some(kind)), "{error}");
        assert!(error.contains(says), "{error}");
        for part in [object, kind, error, "Failed files  1 of "] {
            assert!(self.text.contains(part), "{part:?} is said:\n{}", self.text);
        }
        assert!(self.warning.contains("1 of ") && self.warning.contains("failed; exit code 3"), "{}", self.warning);
        &files[0]
    }

    /// Nothing failed; what was found at `path` is not read, and both forms say why.
    #[track_caller]
    fn skipped(&self, path: &Path, reason: &str) {
        assert_eq!((self.code, count(&self.json, "failed")), (self.code_of_neighbours(), 0), "{}", self.text);
        let files = at(&self.json, "skipped_files").as_array().unwrap();
        let is_it = |file: &&Json| at(file, "object").as_str() == path.to_str();
        let told = files.iter().find(is_it).unwrap_or_else(|| panic!("{} is named: {files:?}", path.display()));
        assert_eq!(at(told, "reason"), reason);
        let line = self.text.lines().find(|line| line.contains(reason)).unwrap_or_else(|| panic!("{reason} is said:\n{}", self.text));
        assert!(line.contains(path.to_str().unwrap()), "{line}");
    }

    /// Nothing failed, and nothing is missing.
    #[track_caller]
    fn whole(&self) {
        assert_eq!((self.code, count(&self.json, "failed")), (self.code_of_neighbours(), 0), "{}", self.text);
        assert!(!self.text.contains("Failed files"), "{}", self.text);
    }

    /// One of the neighbours has lines that are rejected.
    fn code_of_neighbours(&self) -> i32 {
        if count(&self.json, "rejected") > 0 { 3 } else { 0 }
    }
}

/// Bytes, and what the fault is called.
type Damage = (&'static str, Vec<u8>, &'static str, &'static str);

fn damages() -> Vec<Damage> {
    let gzip = logs::gzip(&logs::lines(300));
    let (size, flipped) = (gzip.len(), |at: usize| {
        let mut bytes = logs::gzip(&logs::lines(300));
        bytes[at] ^= 0x10;
        bytes
    });
    let utf_16: Vec<u8> = [0xfeff].into_iter().chain(logs::THIRD_ERA.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let bomb = logs::gzip_at(&vec![0; 16 << 20], 9).repeat(128);
    let after_good = [logs::gzip(&logs::lines(50)), logs::gzip_at(&vec![b'x'; 16 << 20], 9).repeat(128)].concat();
    vec![
        ("truncated.gz", gzip[..size / 2].to_vec(), "truncated", "the input ends inside the data of the gzip member"),
        ("flipped-bit-in-header.gz", flipped(2), "corrupt", "compression method"),
        ("wrong-crc.gz", flipped(size - 7), "wrong-checksum", "CRC-32"),
        ("wrong-length.gz", flipped(size - 3), "wrong-checksum", "its trailer says"),
        ("trailing-junk.gz", [&gzip[..], b"junk"].concat(), "trailing-data", "4 bytes follow from byte"),
        ("magic-flipped.gz", flipped(0), "corrupt", "no gzip, no zstd and no text"),
        ("zeroed.gz", vec![0; 5000], "corrupt", "no gzip, no zstd and no text"),
        ("utf-16.gz", utf_16, "corrupt", "no gzip, no zstd and no text"),
        ("bomb-of-2-gib.gz", bomb, "line-too-long", "longer than 16777216 bytes (see --max-line)"),
        ("line-of-2-gib.gz", after_good, "line-too-long", "longer than 16777216 bytes (see --max-line)"),
    ]
}

#[test]
fn each_damage_is_said_and_costs_the_neighbours_nothing() {
    for (name, stored, kind, says) in damages() {
        let archive = Archive::new();
        let path = archive.write(&format!("m/{name}"), &stored);
        let told = archive.run(&[]);
        let fault = told.failed(&path, kind, says);
        assert!(count(fault, "offset") <= stored.len() as u64, "{fault}");
        assert!(at(fault, "salvaged_rows").is_null());
    }
}

#[test]
fn salvage_keeps_what_stands_before_a_line_of_two_gibibytes() {
    let mut archive = Archive::new();
    let (_, stored, kind, says) = damages().pop().unwrap();
    let path = archive.write("m/line-of-2-gib.gz", &stored);
    archive.expected.add_raw(path.to_str().unwrap(), stored.len() as u64, &logs::lines(50));
    let told = archive.run(&["--on-corrupt", "salvage"]);
    assert_eq!(count(told.failed(&path, kind, says), "salvaged_rows"), 50);
    assert!(told.text.contains("50 rows salvaged"), "{}", told.text);
}

/// Whole, however odd: the oracle says what is a row, what is rejected and what is blank.
#[test]
fn odd_content_is_counted_line_by_line() {
    let line = logs::THIRD_ERA;
    let json = format!("{{\"time\":\"2026-09-23T07:11:27Z\",\"client_ip\":\"192.0.2.1\"}}\n{line}\n");
    let utf_16: Vec<u8> = [0xfeff].into_iter().chain(format!("{line}\n{line}\n").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let blanks = vec![b'\n'; 1 << 20];
    let files: [(&str, Vec<u8>, Vec<u8>, u64); 7] = [
        ("no-bytes.gz", Vec::new(), Vec::new(), 0),
        ("empty-member.gz", logs::gzip(b""), Vec::new(), 0),
        ("nuls.log", [logs::lines(3), vec![0; 4096]].concat(), [logs::lines(3), vec![0; 4096]].concat(), 1),
        ("nuls.gz", logs::gzip(&[0, b'\n', 0]), vec![0, b'\n', 0], 2),
        ("utf-16.log", utf_16.clone(), utf_16, 3),
        ("json.log", json.clone().into_bytes(), json.into_bytes(), 1),
        ("bomb-of-newlines.gz", logs::gzip_at(&blanks, 9), blanks, 0),
    ];
    for (name, stored, raw, rejected) in files {
        let mut archive = Archive::new();
        let neighbours = archive.expected.rejected().count() as u64;
        let path = archive.write(&format!("m/{name}"), &stored);
        archive.expected.add_raw(path.to_str().unwrap(), stored.len() as u64, &raw);
        let told = archive.run(&[]);
        told.whole();
        assert_eq!(count(&told.json, "rejected"), neighbours + rejected, "{name}");
        assert_eq!(count(&told.json, "blank"), archive.expected.blank_count(), "{name}");
        assert!(told.text.contains("Rejected lines"), "{}", told.text);
    }
}

/// A thousand to one, and every line a good one: the rows come out, in bounded memory.
#[test]
fn a_bomb_of_good_lines_is_read_in_bounded_memory() {
    let folder = folder();
    let line = format!("{}\n", logs::THIRD_ERA);
    let member = logs::gzip_at(line.repeat(20_000).as_bytes(), 9);
    let path = logs::write(folder.path(), "bomb.gz", &member.repeat(15));
    let ended = run_measured(tlslake().arg("report").arg(&path).args(["--format", "json"]));
    let report: Json = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, count(&report, "rows")), (0, 300_000));
    assert_eq!(count(&report, "input.raw_bytes"), 300_000 * line.len() as u64);
    assert!(ended.peak_memory < MOST_MEMORY, "{} MiB of memory", ended.peak_memory >> 20);
}

/// Two gibibytes without a newline, not compressed: as a file, as standard input, through a pipe.
#[test]
fn a_line_of_two_gibibytes_is_given_up_early() {
    let archive = Archive::new();
    let path = archive.write("m/zeros.log", b"");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(2 << 30).unwrap();
    drop(file);
    archive.run(&[]).failed(&path, "line-too-long", "longer than 16777216 bytes (see --max-line)");

    let assert_given_up = |ended: Ended| {
        let report: Json = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        let fault = &at(&report, "failed_files")[0];
        assert_eq!((ended.code, count(&report, "failed"), count(&report, "input.lines")), (3, 1, 0));
        assert_eq!((at(fault, "object").as_str(), at(fault, "kind").as_str()), (Some("-"), Some("line-too-long")));
        assert!(ended.peak_memory < MOST_MEMORY, "{} MiB of memory", ended.peak_memory >> 20);
    };
    let report = || {
        let mut command = tlslake();
        command.args(["report", "-", "--format", "json"]);
        command
    };
    assert_given_up(run_measured(report().stdin(File::open(&path).unwrap())));
    let (reader, mut writer) = std::io::pipe().unwrap();
    let feeding = std::thread::spawn(move || {
        let zeros = vec![0; 1 << 20];
        // The pipe breaks when the run has seen enough.
        (0..2048).map_while(|_| writer.write_all(&zeros).ok()).count()
    });
    assert_given_up(run_measured(report().stdin(reader)));
    assert!(feeding.join().unwrap() < 2048, "the run did not wait for the end");
}

/// Each of them one line, named by its number.
#[test]
fn thousands_of_tiny_files_are_read_exactly() {
    let folder = folder();
    let mut expected = Expected::default();
    for number in 0..3_000 {
        let line = logs::THIRD_ERA.replace(" 64326 ", &format!(" {number} ")) + "\n";
        let stored = if number % 2 == 0 { logs::gzip(line.as_bytes()) } else { line.into_bytes() };
        expected.add(&logs::write(folder.path(), &format!("{:02}/{number}.log", number % 40), &stored));
    }
    for jobs in ["1", "3"] {
        let out = crate::support::folder();
        let lake = out.path().join("lake");
        let report = crate::support::convert(folder.path(), &lake, &["--jobs", jobs]).exits(0).json();
        assert_eq!((count(&report, "input.files"), count(&report, "rows")), (3_000, 3_000));
        assert_holds(&lake, &expected);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::support::{convert, report, run};

    fn fifo(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_folder_may_be_called_gz() {
        let mut archive = Archive::new();
        fs::create_dir_all(archive.path("m/empty.gz")).unwrap();
        let inside = archive.write(&format!("m/full.log.gz/{}", logs::name(2)), &logs::gzip(&logs::lines(20)));
        archive.expected.add(&inside);
        archive.run(&[]).whole();
    }

    #[test]
    fn pipes_and_sockets_among_logs_are_skipped_by_name() {
        let archive = Archive::new();
        let pipe = archive.path("m/pipe.log.gz");
        fifo(&pipe);
        archive.run(&[]).skipped(&pipe, "not a regular file");
        fs::remove_file(&pipe).unwrap();
        let socket = archive.path("m/s.gz");
        let _listener = UnixListener::bind(&socket).unwrap();
        archive.run(&[]).skipped(&socket, "not a regular file");
        report(&socket, &[]).exits(1).complains_of("socket").complains_of("s.gz");
    }

    #[test]
    fn links_that_lead_nowhere_or_round_in_circles_are_said() {
        let archive = Archive::new();
        let link = archive.path("m/dangling.gz");
        fs::create_dir_all(archive.path("m")).unwrap();
        symlink("gone.gz", &link).unwrap();
        archive.run(&[]).failed(&link, "unreadable", "link to something that does not exist; mend the link or remove it");
        report(&link, &[]).exits(1).complains_of("mend the link");
        fs::remove_file(&link).unwrap();
        let link = archive.path("m/round.gz");
        symlink("round.gz", &link).unwrap();
        archive.run(&[]).failed(&link, "unreadable", "is a link that cannot be followed");
        report(&link, &[]).exits(1).complains_of("mend the link");
        fs::remove_file(&link).unwrap();
        let link = archive.path("m/up");
        symlink("..", &link).unwrap();
        archive.run(&[]).skipped(&link, "link loop");
    }

    /// The executable as a user without rights. Root is refused nothing, so it becomes nobody, who must be able to reach the executable.
    fn without_rights(place: &Path) -> impl Fn() -> Command + use<> {
        let probe = place.join("probe");
        fs::write(&probe, "x").unwrap();
        fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).unwrap();
        let is_root = fs::read(&probe).is_ok();
        let executable = place.join("tlslake");
        fs::copy(tlslake().get_program(), &executable).unwrap();
        move || {
            let mut command = if is_root { Command::new(&executable) } else { tlslake() };
            if is_root {
                command.uid(65_534).gid(65_534);
            }
            command.current_dir("/").stdin(std::process::Stdio::null());
            command
        }
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_may_not_be_read_is_said_with_the_cure() {
        let archive = Archive::new();
        let place = folder();
        [archive.folder.path(), place.path()].iter().for_each(|path| set_mode(path, 0o755));
        let command = without_rights(place.path());
        let locked = archive.write("m/locked.gz", &logs::gzip(&logs::lines(10)));
        set_mode(&locked, 0o000);
        archive.run_as(&[], &command).failed(&locked, "unreadable", "give this user the right to read it");
        fs::remove_file(&locked).unwrap();
        archive.write("m/locked/hidden.gz", &logs::gzip(&logs::lines(10)));
        let locked = archive.path("m/locked");
        set_mode(&locked, 0o000);
        archive.run_as(&[], &command).failed(
            &locked,
            "unreadable",
            "give this user the right to read it and to enter the folders above it",
        );
        let named = run_measured(command().arg("report").arg(&locked));
        set_mode(&locked, 0o755);
        assert_eq!(named.code, 1);
        assert!(named.stderr.contains("give this user the right"), "{named:?}");
    }

    /// A file whose first byte cannot be read.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_error_is_the_files_fault() {
        let archive = Archive::new();
        for options in [&[][..], &["--on-corrupt", "salvage"]] {
            let arguments = [archive.folder.path().to_str().unwrap(), "/proc/self/mem", "--format", "json"];
            let told = run(["report"].iter().chain(&arguments).chain(options)).exits(3).json();
            let fault = &at(&told, "failed_files")[0];
            assert_eq!((at(fault, "object").as_str(), at(fault, "kind").as_str()), (Some("/proc/self/mem"), Some("unreadable")));
            assert!(at(fault, "error").as_str().unwrap().starts_with("cannot be read: "), "{fault}");
            assert_eq!((count(fault, "offset"), count(&told, "failed")), (0, 1));
            assert_eq!(count(&told, "rows"), archive.expected.rows().count() as u64);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_no_text_are_read_and_can_be_named() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let mut archive = Archive::new();
        let (good, cut) = (OsStr::from_bytes(b"\xff\xe9.log.gz"), OsStr::from_bytes(b"cut \xff.gz"));
        let root = archive.folder.path().to_str().unwrap().to_owned();
        let stored = logs::gzip(&logs::lines(40));
        fs::write(archive.folder.path().join(good), &stored).unwrap();
        archive.expected.add_raw(&format!("{root}/\\xff\\xe9.log.gz"), stored.len() as u64, &logs::lines(40));
        archive.run(&[]).whole();
        fs::write(archive.folder.path().join(cut), &stored[..100]).unwrap();
        archive.run(&[]).failed_object(&format!("{root}/cut \\xff.gz"), "truncated", "the input ends inside");
        for command in ["report", "failures", "diagnose", "certs"] {
            let told = run([OsStr::new(command), archive.folder.path().join(good).as_os_str()]).exits(0);
            assert!(!told.stdout.is_empty() && !told.stdout.contains('\u{fffd}'), "{}", told.stdout);
            assert!(!told.stdout.contains("tlslake convert"), "no command that cannot be typed:\n{}", told.stdout);
            if ["diagnose", "certs"].contains(&command) {
                assert!(told.stdout.contains(&format!("inputs    {root}/\\xff\\xe9.log.gz")), "{}", told.stdout);
            }
            run([OsStr::new(command), archive.folder.path().join(cut).as_os_str()]).exits(3);
            let gone = run([OsStr::new(command), OsStr::from_bytes(b"/gone \xfe.gz")]).exits(1);
            assert!(gone.stderr.contains("/gone \\xfe.gz: no such file"), "{}", gone.stderr);
        }
        let out = folder();
        let lake = out.path().join("lake");
        let path = archive.folder.path().join(good);
        let told = convert(&path, &lake, &[]).exits(0).json();
        assert_eq!(count(&told, "rows"), 40);
    }

    /// What is done to a file that the run has found and not read yet.
    type Change = fn(&Path);

    /// Lines of a file that is read as a stream.
    const LARGE: usize = 34_000;

    const CHANGES: [(&str, Change, &str); 4] = [
        ("grows", |path| File::options().append(true).open(path).unwrap().write_all(&logs::lines(5)).unwrap(), "bytes when it was found"),
        ("shrinks", |path| File::options().write(true).open(path).unwrap().set_len(500).unwrap(), "has 500 now"),
        (
            "is written to",
            |path| File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(9)).unwrap(),
            "written to after it was found",
        ),
        (
            "is replaced",
            |path| {
                let other = path.with_extension("new");
                fs::write(&other, logs::lines(7)).unwrap();
                fs::rename(other, path).unwrap();
            },
            "bytes when it was found",
        ),
    ];

    /// Lets a run begin whose first input is a pipe: once that is open, every other input has been found, and none is read before the pipe's end.
    struct Held {
        child: Child,
        pipe: File,
    }

    fn hold(mut command: Command, pipe: &Path) -> Held {
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        // Without waiting: a pipe that nobody reads cannot be opened, so a run that ended too early is no hang.
        let mut options = File::options();
        options.write(true).custom_flags(NONBLOCK);
        loop {
            match options.open(pipe) {
                Ok(pipe) => return Held { child, pipe },
                Err(_) if child.try_wait().unwrap().is_none() => std::thread::sleep(Duration::from_millis(2)),
                Err(error) => panic!("{error}: the run ended before it read its first input: {:?}", child.wait_with_output()),
            }
        }
    }

    /// `O_NONBLOCK`.
    const NONBLOCK: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 0o4000 } else { 4 };

    /// Converts a pipe and an archive in which one file changes before it is read; gives what is told of that file, and the file as it is then.
    fn convert_while(change: Change, content: &[u8], options: &[&str]) -> (Json, Json, Vec<u8>) {
        let mut archive = Archive::new();
        let out = folder();
        let (pipe, lake) = (out.path().join("pipe"), out.path().join("lake"));
        fifo(&pipe);
        let path = archive.write("m/changing.log", content);
        let mut command = tlslake();
        command.arg("convert").args([&pipe, archive.folder.path()]).arg("--out").arg(&lake).args(["--format", "json"]).args(options);
        let mut held = hold(command, &pipe);
        change(&path);
        held.pipe.write_all(&logs::lines(10)).unwrap();
        drop(held.pipe);
        let output = held.child.wait_with_output().unwrap();
        let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert_eq!((output.status.code(), count(&report, "failed")), (Some(3), 1), "{report}");
        if options.is_empty() {
            archive.expected.add_raw(pipe.to_str().unwrap(), 0, &logs::lines(10));
            assert_holds(&lake, &archive.expected);
        }
        let fault = at(&report, "failed_files")[0].clone();
        assert_eq!(at(&fault, "object").as_str(), path.to_str());
        (report, fault, fs::read(&path).unwrap())
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_no_guess() {
        let (small, large) = (logs::lines(30), logs::lines(LARGE));
        assert!(large.len() > 8 << 20, "a file that is read as a stream");
        for (how, change, says) in CHANGES {
            for content in [&small, &large] {
                let (_, fault, _) = convert_while(change, content, &[]);
                let error = at(&fault, "error").as_str().unwrap();
                assert_eq!(at(&fault, "kind"), "changed", "{how}: {error}");
                assert!(error.contains(says) && error.contains("run again when nothing writes to it"), "{how}: {error}");
            }
        }
    }

    #[test]
    fn salvage_keeps_the_whole_lines_of_a_file_that_changed_and_says_what_they_are_worth() {
        for (how, change, _) in CHANGES {
            for content in [logs::lines(30), logs::lines(LARGE)] {
                let (report, fault, now) = convert_while(change, &content, &["--on-corrupt", "salvage"]);
                let lines = now.iter().filter(|byte| **byte == b'\n').count() as u64;
                assert_eq!((at(&fault, "kind").as_str(), count(&fault, "salvaged_rows")), (Some("changed"), lines), "{how}");
                assert!(at(&report, "notes").to_string().contains("changed while they were read"), "{how}: {report}");
            }
        }
    }

    #[test]
    fn the_text_says_that_a_file_changed_and_what_to_do() {
        let archive = Archive::new();
        let pipe = archive.path("m/pipe");
        fifo(&pipe);
        let path = archive.write("m/changing.log", &logs::lines(30));
        let mut command = tlslake();
        command.arg("report").args([&pipe, &path]);
        let mut held = hold(command, &pipe);
        (CHANGES[0].1)(&path);
        held.pipe.write_all(&logs::lines(10)).unwrap();
        drop(held.pipe);
        let output = held.child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        for part in ["Failed files  1 of 2", path.to_str().unwrap(), "changed: had ", "once nothing writes to it, run again"] {
            assert!(text.contains(part), "{part:?} is said:\n{text}");
        }
    }

    /// What changed is found out once; when nothing writes to it any more, the same command reads it.
    #[test]
    fn a_file_that_has_changed_is_read_by_the_next_run() {
        let archive = Archive::new();
        let path = archive.write("m/now-still.log", &logs::lines(30));
        (CHANGES[0].1)(&path);
        let told = report(&path, &[]).exits(0).json();
        assert_eq!(count(&told, "rows"), 35);
    }
}
