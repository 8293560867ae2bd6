//! Logs in object stores: real servers of two kinds on loopback, and a network that fails.

use std::path::Path;

use crate::support::proxy::{Fate, Proxy};
use crate::support::store::{Kind, SECRET, Store, run_at, run_at_with, run_signed};
use crate::support::{Run, run};

const ROOT: &str = "archive/AWSLogs/123456789012/elasticloadbalancing";

/// Generated logs in a folder, laid out as AWS does it below `archive/`.
fn laid_out(folder: &Path, files: u32, lines: u32) {
    let made = folder.join("made");
    let arguments =
        ["generate", "--files", &files.to_string(), "--lines", &lines.to_string(), "--clients", "300", "--faults", "2", "--out"];
    run(arguments.iter().map(|argument| (*argument).to_owned()).chain([made.display().to_string()])).exits(0);
    for entry in walkdir::WalkDir::new(&made).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let below = entry.path().strip_prefix(&made).expect("a file below the folder");
        let target = folder.join("archive").join(below);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("folders can be made");
        std::fs::rename(entry.path(), target).expect("the same disk");
    }
}

/// Puts every file of `folder` into the store, under its path.
fn upload(store: &Store, folder: &Path) -> usize {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let mut count = 0;
    for entry in files {
        let key = entry.path().strip_prefix(folder).expect("below").display().to_string();
        store.put(&key, &std::fs::read(entry.path()).expect("a file"));
        count += 1;
    }
    count
}

/// A report without what differs between places and moments.
fn counts(run: &Run) -> serde_json::Value {
    let mut report = run.json();
    let fields = report.as_object_mut().expect("an object");
    ["elapsed_s", "input", "inputs", "peak_memory_bytes", "memory", "timing", "throughput", "notes", "rejected_lines", "skipped_files"]
        .iter()
        .for_each(|field| drop(fields.remove(*field)));
    report
}

/// The lines of every row, in order.
fn rows(run: Run) -> String {
    run.stdout
}

#[test]
fn a_bucket_gives_what_a_folder_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 12, 400);
    let archive = folder.path().join("archive").display().to_string();
    let local = run(["report", &archive, "--format", "json"]);
    let local_rows = rows(run(["failures", &archive, "--all", "--format", "raw"]));
    assert!(local_rows.lines().count() > 4_000);
    for store in Store::each() {
        upload(&store, folder.path());
        let remote = run_at(store.address, &["report", "s3://logs/archive/", "--format", "json"]);
        assert_eq!(remote.code, local.code, "{}", remote.stderr);
        assert_eq!(counts(&remote), counts(&local));
        assert_eq!(rows(run_at(store.address, &["failures", "s3://logs/archive/", "--all", "--format", "raw"])), local_rows);
        // One object, and a pattern.
        let names = run_at(store.address, &["list", "s3://logs/archive/**/conn_log_*.log.gz", "--format", "json"]).exits(0);
        assert_eq!(names.json()["all"]["files"], 12);
    }
}

#[test]
fn a_large_object_comes_in_ranges() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 1, 120_000);
    let archive = folder.path().join("archive").display().to_string();
    // So little memory that the file is a large one.
    let options = ["--format", "json", "--memory", "192MiB", "--max-line", "64KiB"];
    let local = run([&["report", &archive], &options[..]].concat()).exits(3);
    for store in Store::each() {
        upload(&store, folder.path());
        let proxy = Proxy::before(store.address, |_, _| Fate::Pass);
        let remote = run_at(proxy.address, &[&["report", "s3://logs/archive/"], &options[..]].concat()).exits(3);
        assert_eq!(counts(&remote), counts(&local));
        assert!(proxy.requests().iter().filter(|line| line.starts_with("GET /logs/archive")).count() > 1, "{:?}", proxy.requests());
    }
}

#[test]
fn more_keys_than_a_page_are_listed_and_only_the_days_asked_for() {
    for store in Store::each() {
        put_days(&store);
        assert_listed(&store);
    }
}

/// 1,100 logs of one day, one of each other day of the month, and what is to be passed over.
fn put_days(store: &Store) {
    let name = |day: u32, number: u32| {
        format!(
            "{ROOT}/eu-west-1/2026/01/{day:02}/conn_log_123456789012_elasticloadbalancing_eu-west-1_app.edge.50dc6c495c0c9188_202601{day:02}T1200Z_10.0.0.1_{number:08}.log.gz"
        )
    };
    for number in 0..1_100 {
        store.put(&name(10, number), b"");
    }
    for day in (1..=28).filter(|day| *day != 10) {
        store.put(&name(day, 0), b"");
    }
    store.put(
        &format!(
            "{ROOT}/us-east-1/2026/01/10/conn_log_123456789012_elasticloadbalancing_us-east-1_app.x.50dc_20260110T1200Z_10.0.0.1_0.log.gz"
        ),
        b"",
    );
    store.put("archive/AWSLogs/123456789012/vpcflowlogs/x.log.gz", b"");
    store.put(&format!("{ROOT}/eu-west-1/2026/01/10/health_check_log_x.log.gz"), b"");
    store.put(&format!("{ROOT}/eu-west-1/2026/01/10/ELBConnectionLogTestFile"), b"");
}

fn assert_listed(store: &Store) {
    let all = run_at(store.address, &["list", "s3://logs/archive/", "--format", "json"]).exits(0).json();
    assert_eq!(all["all"]["files"], 1_100 + 27 + 1 + 1);
    assert_eq!(all["load_balancers"][0]["files"], 1_127);
    let proxy = Proxy::before(store.address, |_, _| Fate::Pass);
    let asked =
        ["list", "s3://logs/archive/", "--region", "eu-west-1", "--since", "2026-01-10", "--until", "2026-01-11", "--format", "json"];
    let day = run_at(proxy.address, &asked).exits(0).json();
    assert_eq!(day["all"]["files"], 1_100);
    assert_eq!(day["skipped"]["another region"]["count"], 1);
    assert_eq!(day["skipped"]["logs of another service"]["count"], 1);
    assert_eq!(day["skipped"]["health check log"]["count"], 1);
    assert_eq!(day["skipped"]["test file"]["count"], 1);
    // Days 1 to 8 and 14 on are passed over unlisted; of 9, which ends less than an hour before, and of 11 to 13, which may hold files that came
    // late, the names decide.
    assert_eq!(day["skipped"]["of another time, by its name"]["count"], 9 + 15 + 3);
    let unasked = |line: &&String| line.contains("2026%2F01%2F0") && !line.contains("2026%2F01%2F09") || line.contains("us-east-1%2F");
    assert_eq!(proxy.requests().iter().filter(unasked).count(), 0, "{:?}", proxy.requests());
}

/// Answers are refused, reset, cut short and slow, more than a thousand times; the rows are those of a run on disk.
#[test]
fn a_network_that_fails_changes_no_row() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 1_250, 8);
    let archive = folder.path().join("archive").display().to_string();
    let local = run(["failures", &archive, "--all", "--format", "raw"]);
    for store in Store::each() {
        upload(&store, folder.path());
        let proxy = Proxy::before(store.address, |line, number| match (line.starts_with("GET"), number * 7 % 10) {
            (true, 0) => Fate::Status(503),
            (true, 1) => Fate::Reset,
            (true, 2) => Fate::Half,
            (true, 3) => Fate::Slow,
            (true, 4) => Fate::Status(500),
            _ => Fate::Pass,
        });
        let remote = run_at(proxy.address, &["failures", "s3://logs/archive/", "--all", "--format", "raw"]);
        assert_eq!(remote.code, local.code, "{}", remote.stderr);
        assert_eq!(remote.stdout, local.stdout);
        assert!(proxy.faults() >= 1_000, "{} faults", proxy.faults());
    }
}

/// Every listing and every object fails once, in each of these ways by itself; small objects and large ones.
#[test]
fn each_way_of_failing_is_got_over() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 4, 4_000);
    let Some(store) = Store::of(Kind::Moto) else { return };
    upload(&store, folder.path());
    let archive = folder.path().join("archive").display().to_string();
    let local = run(["failures", &archive, "--all", "--format", "raw"]);
    let statuses = [500, 503, 429, 408].map(Fate::Status);
    for fate in [&statuses[..], &[Fate::Reset, Fate::Half, Fate::Short, Fate::Stall]].concat() {
        let seen = std::sync::Mutex::new(std::collections::HashSet::new());
        let proxy = Proxy::before(store.address, move |line, _| {
            let is_first = line.starts_with("GET") && seen.lock().expect("no thread has died").insert(line.to_owned());
            // A listing says itself where it ends.
            let is_listing = line.contains("list-type");
            if is_first && !(is_listing && fate == Fate::Short) { fate } else { Fate::Pass }
        });
        let arguments = ["failures", "s3://logs/archive/", "--all", "--format", "raw"];
        let remote = run_at_with(proxy.address, &arguments, &[("AWS_READ_TIMEOUT", "1 second")]);
        assert_eq!((remote.code, &remote.stderr), (local.code, &local.stderr.replace(&archive, "s3://logs/archive")), "{fate:?}");
        assert!(remote.stdout == local.stdout, "{fate:?}: other rows");
        assert!(proxy.faults() >= 4, "{fate:?}: {} faults", proxy.faults());
    }
}

#[test]
fn the_progress_line_tells_the_network_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 2, 100);
    let Some(store) = Store::of(Kind::Moto) else { return };
    upload(&store, folder.path());
    let remote = run_at(store.address, &["report", "s3://logs/archive/", "--progress", "always"]);
    assert!(remote.stderr.contains(", net ") && remote.stderr.contains("/s, workers waited "), "{}", remote.stderr);
    let archive = folder.path().join("archive").display().to_string();
    assert!(!run(["report", &archive, "--progress", "always"]).stderr.contains("net "));
}

#[test]
fn what_a_store_refuses_is_said_without_its_secrets() {
    for store in Store::each() {
        store.put("archive/a.log", b"");
        let missing = run_at(store.address, &["list", "s3://logs/nothing/here/"]).exits(1).complains_of("there is nothing");
        let no_bucket = run_at(store.address, &["list", "s3://other/"]).exits(1).complains_of("there is no such bucket");
        let proxy = Proxy::before(store.address, |_, _| Fate::Status(403));
        let denied = run_at(proxy.address, &["report", "s3://logs/archive/"]).exits(1).complains_of("access is denied");
        let nobody = run(["list", "s3:///x"]).exits(1).complains_of("names no bucket");
        assert_no_secrets([missing, no_bucket, denied, nobody]);
    }
}

/// SeaweedFS works the signature out by itself; moto takes any.
#[test]
fn requests_are_signed_as_another_server_reckons() {
    let Some(store) = Store::of(Kind::Weed) else { return };
    // odd name+%41=é.log, as it is asked for.
    store.put("archive/odd%20name%2B%2541%3D%C3%A9.log", b"");
    run_at(store.address, &["report", "s3://logs/archive/odd name+%41=é.log"]).exits(0);
    let denied = run_signed(store.address, "another-key", &["list", "s3://logs/archive/"]).exits(1).complains_of("access is denied");
    assert_no_secrets([denied]);
}

#[test]
fn the_next_commands_mean_the_logs_that_were_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    laid_out(folder.path(), 2, 10);
    let archive = folder.path().join("archive").display().to_string();
    let options = ["--region", "us-east-1", "--since", "2026-03-01", "--until", "2026-04-01"];
    let listed = run([&["list", &archive][..], &options].concat()).exits(0).stdout;
    let next = "--region us-east-1 --since 2026-03-01T00:00:00Z --until 2026-04-01T00:00:00Z";
    assert!(listed.contains(&format!("tlslake convert {archive} {next} --out lake")), "{listed}");
}

fn assert_no_secrets<const COUNT: usize>(runs: [Run; COUNT]) {
    for run in runs {
        assert!(!run.stderr.contains(SECRET) && !run.stderr.contains("Signature"), "{}", run.stderr);
    }
}

#[test]
fn an_object_that_is_gone_or_another_one_fails_by_name() {
    let good = "2026-09-23T07:11:27.691358Z 49.36.71.40 64326 443 TLSv1.2 X 0.337 - - - - TID_9f39d9aa6a47774d97089313f949866b - - -\n";
    for store in Store::each() {
        store.put("archive/a.log", good.as_bytes());
        store.put("archive/b.log", good.as_bytes());
        let address = store.address;
        let proxy = Proxy::before(address, move |line, _| {
            // After the listing, before it is read.
            if line.starts_with("GET /logs/archive/b.log") {
                Store::put_at(address, "archive/b.log", good.replace("64326", "64327").as_bytes());
            }
            Fate::Pass
        });
        let report = run_at(proxy.address, &["report", "s3://logs/archive/", "--format", "json"]).exits(3).json();
        assert_eq!((&report["rows"], &report["failed"]), (&1.into(), &1.into()));
        assert_eq!(report["failed_files"][0]["object"], "s3://logs/archive/b.log");
        assert_eq!(report["failed_files"][0]["kind"], "changed");
    }
}
