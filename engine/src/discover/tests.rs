//! Discovery over real folders.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::names::reason;
use super::*;
use crate::FileFaultKind;

/// A folder of its own for each test.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Tree {
        let tree = Tree(tempfile::tempdir().unwrap());
        files.iter().for_each(|file| tree.write(file, "x"));
        tree
    }

    fn write(&self, file: impl AsRef<Path>, content: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(below)
    }

    fn discover(&self, inputs: &[&str]) -> Result<Discovery> {
        let inputs: Vec<OsString> =
            inputs.iter().map(|input| if *input == "-" { OsString::from("-") } else { self.path(input).into_os_string() }).collect();
        discover(&inputs, Lakes::Refuse)
    }

    fn found(&self, inputs: &[&str]) -> Discovery {
        self.discover(inputs).unwrap()
    }

    /// A displayed path without the folder's own.
    fn short<'a>(&self, object: &'a str) -> &'a str {
        let root = self.0.path().to_str().unwrap();
        object.strip_prefix(root).map_or(object, |rest| rest.trim_start_matches('/'))
    }

    fn files(&self, found: &Discovery) -> Vec<String> {
        found.files.iter().map(|file| self.short(&file.object.to_string()).to_owned()).collect()
    }

    fn skipped<'a>(&self, found: &'a Discovery) -> Vec<(&'a str, &'static str)> {
        found.skipped.named().iter().map(|file| (self.short(&file.object), file.reason)).collect()
    }

    fn unreachable<'a>(&self, found: &'a Discovery) -> Vec<&'a str> {
        found.unreachable.iter().map(|file| self.short(&file.object)).collect()
    }

    fn problem(&self, inputs: &[&str]) -> String {
        match self.discover(inputs) {
            Err(Error::BadInput { input, problem }) => {
                assert_eq!(self.short(&input), *inputs.last().unwrap());
                problem
            }
            other => panic!("expected a bad input: {other:?}"),
        }
    }
}

#[test]
fn a_folder_is_searched_in_the_order_of_its_components() {
    let tree = Tree::new(&["d/b.log", "d/a/z.gz", "d/a.log", "d/a/10/x.log", "d/a/2/x.log", "d/A.log", "d/a-b/x.log"]);
    let found = tree.found(&["d"]);
    assert_eq!(tree.files(&found), ["d/A.log", "d/a/10/x.log", "d/a/2/x.log", "d/a/z.gz", "d/a-b/x.log", "d/a.log", "d/b.log"]);
    assert!(found.skipped.total() == 0 && found.unreachable.is_empty());
    assert_eq!(found, tree.found(&["d"]));
}

#[test]
fn windows_come_in_the_order_of_time() {
    let name = |day: u32, minute: u32| {
        format!(
            "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2024/04/{day:02}/conn_log_123456789012_elasticloadbalancing_eu-west-1_app.x.1_202404{day:02}T00{minute:02}Z_10.0.0.1_r.log.gz"
        )
    };
    let names = [name(4, 55), name(5, 0), name(5, 5), name(10, 0)];
    let tree = Tree::new(&names.iter().rev().map(String::as_str).collect::<Vec<_>>());
    let found = tree.found(&["AWSLogs"]);
    assert_eq!(tree.files(&found), names);
    assert!(found.files.iter().all(|file| file.name.as_ref().is_some_and(|name| &*name.region == "eu-west-1")));
}

#[test]
fn inputs_keep_the_order_given() {
    let tree = Tree::new(&["b/1.log", "a/1.log", "z.log", "c.out"]);
    assert_eq!(tree.files(&tree.found(&["z.log", "b", "-", "c.out", "a"])), ["z.log", "b/1.log", "-", "c.out", "a/1.log"]);
}

#[test]
fn an_entry_carries_size_and_time() {
    let tree = Tree::new(&[]);
    tree.write("a.log", "12345");
    let time = UNIX_EPOCH + Duration::new(1_700_000_000, 123_000_000);
    fs::File::options().write(true).open(tree.path("a.log")).unwrap().set_modified(time).unwrap();
    let found = tree.found(&["a.log", "-"]);
    assert_eq!(found.files[0].size, Some(5));
    assert_eq!(found.files[0].modified, Some(1_700_000_000_123_000_000));
    assert_eq!(found.files[0].location, Location::Path(tree.path("a.log")));
    let key = found.files[1].key;
    assert_eq!(found.files[1], InputFile { object: "-".into(), location: Location::Stdin, size: None, modified: None, name: None, key });
    assert_ne!(key, found.files[0].key);
}

#[test]
fn an_input_has_one_key_however_it_is_named() {
    let tree = Tree::new(&["d/a.log", "d/b.log"]);
    std::os::unix::fs::symlink(tree.path("d"), tree.path("link")).unwrap();
    let keys = |input: &str| tree.found(&[input]).files.iter().map(|file| file.key).collect::<Vec<_>>();
    let [a, b] = keys("d")[..] else { panic!("two files") };
    assert_ne!(a, b);
    assert_eq!((keys("link"), keys("d/../d/a.log"), keys("link/b.log")), (vec![a, b], vec![a], vec![b]));
}

#[test]
fn siblings_markers_and_strangers_are_skipped_with_their_reason() {
    let tree = Tree::new(&[
        "d/conn_log_x",
        "d/health_check_log_1_x.log.gz",
        "d/123456789012_elasticloadbalancing_x.log.gz",
        "d/ELBAccessLogTestFile",
        "d/ELBConnectionLogTestFile",
        "d/.hidden.log",
        "d/_SUCCESS",
        "d/_temporary/a.log",
        "d/.git/a.log",
        "d/README.md",
        "d/UPPER.LOG.GZ",
    ]);
    let found = tree.found(&["d"]);
    assert_eq!(tree.files(&found), ["d/UPPER.LOG.GZ", "d/conn_log_x"]);
    let mut skipped = tree.skipped(&found);
    skipped.sort_unstable();
    let expected = [
        ("d/.git", reason::HIDDEN),
        ("d/.hidden.log", reason::HIDDEN),
        ("d/123456789012_elasticloadbalancing_x.log.gz", reason::ACCESS_LOG),
        ("d/ELBAccessLogTestFile", reason::TEST_FILE),
        ("d/ELBConnectionLogTestFile", reason::TEST_FILE),
        ("d/README.md", reason::NOT_A_LOG),
        ("d/_SUCCESS", reason::HIDDEN),
        ("d/_temporary", reason::HIDDEN),
        ("d/health_check_log_1_x.log.gz", reason::HEALTH_CHECK_LOG),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn what_is_named_outright_is_read_whatever_its_name() {
    let files = ["_SUCCESS", ".hidden", "123456789012_elasticloadbalancing_x.log.gz", "README", "_folder/a.log"];
    let tree = Tree::new(&files);
    let found = tree.found(&["_SUCCESS", ".hidden", "123456789012_elasticloadbalancing_x.log.gz", "README", "_folder"]);
    assert_eq!(tree.files(&found), files);
}

#[test]
fn a_folder_may_be_called_gz() {
    let tree = Tree::new(&["d/x.gz/a.log"]);
    let found = tree.found(&["d"]);
    assert_eq!(tree.files(&found), ["d/x.gz/a.log"]);
    assert_eq!(found.skipped.total(), 0);
}

#[test]
fn what_is_reached_twice_is_read_once() {
    let tree = Tree::new(&["d/a.log", "d/b.log"]);
    let found = tree.found(&["d/b.log", "d", "d/../d/a.log", "-", "-", "d/*.log"]);
    assert_eq!(tree.files(&found), ["d/b.log", "d/a.log", "-"]);
    let twice = ["d/b.log", "d/../d/a.log", "-", "d/a.log", "d/b.log"].map(|object| (object, reason::GIVEN_TWICE));
    assert_eq!(tree.skipped(&found), twice);
}

#[test]
fn a_folder_named_twice_lists_each_of_its_files() {
    let tree = Tree::new(&["d/a.log", "d/e/b.log"]);
    let found = tree.found(&["d", "d"]);
    assert_eq!(tree.files(&found), ["d/a.log", "d/e/b.log"]);
    assert_eq!(tree.skipped(&found), [("d/a.log", reason::GIVEN_TWICE), ("d/e/b.log", reason::GIVEN_TWICE)]);
}

#[test]
fn a_path_that_exists_is_no_glob() {
    let tree = Tree::new(&["[a]*.log", "a1.log", "[x]/1.log"]);
    assert_eq!(tree.files(&tree.found(&["[a]*.log"])), ["[a]*.log"]);
    assert_eq!(tree.files(&tree.found(&["[x]"])), ["[x]/1.log"]);
    assert_eq!(tree.files(&tree.found(&["[a]?.log"])), ["a1.log"]);
}

#[test]
fn a_glob_gives_files_and_searches_folders() {
    let tree = Tree::new(&["x/b.out", "x/a.log", "y/c.log", "x/_SUCCESS", "x/ELBAccessLogTestFile", "x/.h.log", "z.log"]);
    let found = tree.found(&["x/*"]);
    assert_eq!(tree.files(&found), ["x/a.log", "x/b.out"]);
    assert_eq!(tree.skipped(&found), [("x/ELBAccessLogTestFile", reason::TEST_FILE), ("x/_SUCCESS", reason::HIDDEN)]);
    let found = tree.found(&["[xy]"]);
    assert_eq!(tree.files(&found), ["x/a.log", "y/c.log"]);
    assert_eq!(tree.files(&tree.found(&["*/?.log"])), ["x/a.log", "y/c.log"]);
    assert_eq!(tree.files(&tree.found(&["*.log"])), ["z.log"]);
    assert_eq!(tree.files(&tree.found(&["?/"])), ["x/a.log", "y/c.log"]);
    assert!(tree.problem(&["z.*/"]).contains("matches nothing"));
}

#[test]
fn a_recursive_glob_reads_each_file_once() {
    let tree = Tree::new(&["d/a.log", "d/e/b.log", "d/e/f/c.log", "d/_m/x.log", "d/.h/x.log", "d/e/_m/x.log", "lake/_tlslake/r.log"]);
    let all = ["d/a.log", "d/e/b.log", "d/e/f/c.log"];
    let hidden = [("d/.h", reason::HIDDEN), ("d/_m", reason::HIDDEN), ("d/e/_m", reason::HIDDEN)];
    for pattern in ["d/**/*.log", "d/**/**/*.log"] {
        let found = tree.found(&[pattern]);
        assert_eq!(tree.files(&found), all, "{pattern}");
        assert_eq!(tree.skipped(&found), hidden, "{pattern}");
    }
    for pattern in ["d/**/*", "d/**"] {
        let found = tree.found(&[pattern]);
        let (mut files, mut skipped) = (tree.files(&found), tree.skipped(&found));
        files.sort_unstable();
        skipped.sort_unstable();
        assert_eq!(files, all, "{pattern}");
        assert_eq!(skipped, hidden, "{pattern}");
    }
    assert_eq!(tree.files(&tree.found(&["**/f/*"])), ["d/e/f/c.log"]);
}

#[test]
fn a_glob_that_cannot_be_or_finds_nothing_is_named() {
    let tree = Tree::new(&["a.log"]);
    assert!(tree.problem(&["a.log", "*.gz"]).contains("matches nothing"));
    assert!(tree.problem(&["a.log/*"]).contains("matches nothing"));
    assert!(tree.problem(&["none/*/x"]).contains("matches nothing"));
    assert!(tree.problem(&["a[.log"]).contains("malformed at `a[.log`"));
    assert!(tree.problem(&["a**.log"]).contains("malformed"));
}

#[test]
fn relative_globs_keep_their_spelling() {
    // Tests run in the package's folder.
    let found = discover(&["Cargo.*ml", "./Cargo.t?ml", "s*c/l[i]b.rs", "**/lib.r?"], Lakes::Refuse).unwrap();
    let objects: Vec<_> = found.files.iter().map(|file| file.object.to_string()).collect();
    assert_eq!(objects, ["Cargo.toml", "src/lib.rs"]);
    let skipped: Vec<_> = found.skipped.named().iter().map(|file| file.object.as_str()).collect();
    assert_eq!(skipped, ["./Cargo.toml", "src/lib.rs"]);
}

#[test]
fn what_does_not_exist_is_named_with_the_cure() {
    let tree = Tree::new(&["a.log"]);
    assert!(tree.problem(&["a.log", "b.log"]).contains("check the path"));
    let Err(error) = discover(&["s3:///AWSLogs"], Lakes::Refuse) else { panic!("accepted") };
    assert!(error.to_string().starts_with("s3:///AWSLogs: ") && error.to_string().contains("names no bucket"), "{error}");
    let Err(error) = discover(&[""], Lakes::Refuse) else { panic!("accepted") };
    assert!(error.to_string().starts_with("\"\": "), "{error}");
}

#[test]
fn nothing_named_and_nothing_found_are_two_errors() {
    assert!(matches!(discover::<String>(&[], Lakes::Refuse), Err(Error::NoInput)));
    let tree = Tree::new(&["d/a.md", "d/b.md", "d/_SUCCESS", "e/.keep"]);
    let Err(error @ Error::NoLogs { .. }) = tree.discover(&["d", "e"]) else { panic!("accepted") };
    let text = error.to_string();
    for part in ["/d, ", "/e: ", "2 skipped as not a log file (", "d/a.md)", "2 skipped as hidden or marker file (", "name the file itself"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    fs::create_dir(tree.path("empty")).unwrap();
    let Err(error) = tree.discover(&["empty"]) else { panic!("accepted") };
    assert!(error.to_string().ends_with("empty: nothing is in there"), "{error}");
}

#[test]
fn a_lake_is_no_input() {
    let tree = Tree::new(&["d/lake/_tlslake/report.json", "d/lake/connections/part-1.parquet", "d/a.log"]);
    assert!(tree.problem(&["d/lake"]).contains("lake written by convert"));
    for input in ["d", "d/*"] {
        let found = tree.found(&[input]);
        assert_eq!(tree.files(&found), ["d/a.log"]);
        assert_eq!(tree.skipped(&found), [("d/lake", reason::LAKE)]);
    }
    let found = tree.found(&["d/**/*.[lp]*"]);
    assert_eq!(tree.files(&found), ["d/a.log"]);
    assert_eq!(tree.skipped(&found), [("d/lake", reason::LAKE)]);
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    fn fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// Takes every right away from a folder; `false` where that stops nobody (root).
    fn lock(path: &Path) -> bool {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        fs::read_dir(path).is_err()
    }

    fn unlock(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn links_are_followed_and_loops_end() {
        let tree = Tree::new(&["d/a.log", "far/b.log", "far/sub/c.log"]);
        symlink("../far", tree.path("d/link")).unwrap();
        symlink("..", tree.path("far/sub/up")).unwrap();
        symlink(".", tree.path("d/self")).unwrap();
        symlink("a.log", tree.path("d/same.log")).unwrap();
        let found = tree.found(&["d"]);
        assert_eq!(tree.files(&found), ["d/a.log", "d/link/b.log", "d/link/sub/c.log"]);
        let skipped = [("d/link/sub/up", reason::LINK_LOOP), ("d/same.log", reason::GIVEN_TWICE), ("d/self", reason::LINK_LOOP)];
        assert_eq!(tree.skipped(&found), skipped);
        let found = tree.found(&["d/**/c.log"]);
        assert_eq!(tree.files(&found), ["d/link/sub/c.log"]);
        assert_eq!(tree.skipped(&found), [("d/link/sub/up", reason::LINK_LOOP), ("d/self", reason::LINK_LOOP)]);
    }

    #[test]
    fn folders_that_link_to_one_another_are_searched_once_each() {
        // Followed along every path without a loop, these links lead to 9! places and more.
        let tree = Tree::new(&[]);
        let names: Vec<String> = (0..9).map(|number| format!("d/{number}")).collect();
        for name in &names {
            tree.write(format!("{name}/x.log"), "x");
            for (number, other) in names.iter().enumerate().filter(|(_, other)| *other != name) {
                symlink(tree.path(other), tree.path(format!("{name}/to{number}"))).unwrap();
            }
        }
        for input in ["d", "d/**/x.log"] {
            let found = tree.found(&[input]);
            assert_eq!(found.files.len(), 9, "{input}");
            assert!(found.skipped.total() < 1000, "{input}: {}", found.skipped.total());
        }
    }

    #[test]
    fn a_dangling_link_in_a_folder_is_a_failed_input() {
        let tree = Tree::new(&["d/a.log"]);
        symlink("gone", tree.path("d/lost.log")).unwrap();
        symlink("gone", tree.path("d/.#lock")).unwrap();
        for input in ["d", "d/*", "d/**"] {
            let found = tree.found(&[input]);
            assert_eq!(tree.files(&found), ["d/a.log"], "{input}");
            assert_eq!(tree.unreachable(&found), ["d/lost.log"], "{input}");
            assert_eq!(found.unreachable[0].fault.kind, FileFaultKind::Unreadable);
            assert!(found.unreachable[0].fault.message.contains("link to something that does not exist"));
        }
        assert_eq!(tree.skipped(&tree.found(&["d"])), [("d/.#lock", reason::HIDDEN)]);
        assert!(tree.problem(&["d/lost.log"]).contains("mend the link"));
        fs::remove_file(tree.path("d/a.log")).unwrap();
        let Err(error) = tree.discover(&["d"]) else { panic!("accepted") };
        assert!(error.to_string().contains("lost.log is a link to something"), "{error}");
    }

    #[test]
    fn pipes_and_sockets_in_a_folder_are_left_alone() {
        let tree = Tree::new(&["d/a.log"]);
        fifo(&tree.path("d/p.log"));
        let _socket = UnixListener::bind(tree.path("d/s.log")).unwrap();
        for input in ["d", "d/*"] {
            let found = tree.found(&[input]);
            assert_eq!(tree.files(&found), ["d/a.log"]);
            assert_eq!(tree.skipped(&found), [("d/p.log", reason::NOT_REGULAR), ("d/s.log", reason::NOT_REGULAR)]);
        }
        assert!(tree.problem(&["d/s.log"]).contains("socket"));
    }

    #[test]
    fn a_pipe_named_outright_is_a_stream() {
        let tree = Tree::new(&[]);
        fifo(&tree.path("p"));
        let found = tree.found(&["p", "p"]);
        assert_eq!(tree.files(&found), ["p"]);
        assert_eq!((found.files[0].size, found.files[0].modified), (None, None));
        assert_eq!(tree.skipped(&found), [("p", reason::GIVEN_TWICE)]);
    }

    #[test]
    fn an_unreadable_sub_folder_is_a_failed_input() {
        let tree = Tree::new(&["d/a.log", "d/locked/b.log", "d/z/c.log", "d/z/locked.log"]);
        let locked = tree.path("d/locked");
        if !lock(&locked) {
            return;
        }
        for input in ["d", "d/*", "d/**/*.log"] {
            let found = tree.found(&[input]);
            assert_eq!(tree.files(&found), ["d/a.log", "d/z/c.log", "d/z/locked.log"], "{input}");
            assert_eq!(tree.unreachable(&found), ["d/locked"], "{input}");
            assert!(found.unreachable[0].fault.message.contains("give this user the right"));
        }
        let named = tree.problem(&["d/locked"]);
        let through = tree.problem(&["d/locked/b.log"]);
        let nothing = tree.problem(&["d/locked/*"]);
        unlock(&locked);
        assert!(named.contains("cannot be listed") && named.contains("give this user the right"), "{named}");
        assert!(through.contains("give this user the right"), "{through}");
        assert!(nothing.contains("not everything could be looked at"), "{nothing}");
    }

    #[test]
    fn names_that_are_not_utf8_are_read_and_shown_apart() {
        let tree = Tree::new(&["d/\\xff.log"]);
        let odd = tree.path("d").join(OsStr::from_bytes(b"\xff.log"));
        fs::write(&odd, "x").unwrap();
        for input in ["d", "d/*", "d/**/*.log"] {
            let found = tree.found(&[input]);
            assert_eq!(tree.files(&found), ["d/\\\\xff.log", "d/\\xff.log"], "{input}");
            assert_eq!(found.files[1].location, Location::Path(odd.clone()));
        }
        assert_eq!(discover(&[&odd], Lakes::Refuse).unwrap().files[0].location, Location::Path(odd.clone()));
        let gone = tree.path("d").join(OsStr::from_bytes(b"\xfe*.log"));
        let Err(Error::BadInput { input, .. }) = discover(&[&gone], Lakes::Refuse) else { panic!("accepted") };
        assert_eq!(tree.short(&input), "d/\\xfe*.log");
    }
}
