//! Lakes in a bucket: what `convert` writes there is what it writes to a disk, byte for byte, whatever the network does and whenever a run dies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::proxy::{Fate, Proxy};
use crate::support::store::{Kind, SECRET, Store, command_at, run_at, run_at_with};
use crate::support::{Run, folder, run};

const LOGS: &str = "s3://logs/archive/";
const LAKE: &str = "s3://logs/lakes/alb";

/// A store with `files` logs of `lines` lines, and what a lake of them is on a disk: every file by name.
fn prepared(files: u32, lines: u32, clients: u32, options: &[&str]) -> Option<(Store, BTreeMap<String, Vec<u8>>)> {
    prepared_in(Kind::Moto, files, lines, clients, options)
}

/// Likewise, in a store of that kind.
fn prepared_in(kind: Kind, files: u32, lines: u32, clients: u32, options: &[&str]) -> Option<(Store, BTreeMap<String, Vec<u8>>)> {
    let made = folder();
    let (files, lines, clients) = (files.to_string(), lines.to_string(), clients.to_string());
    let arguments = ["generate", "--files", &files, "--lines", &lines, "--clients", &clients, "--faults", "2", "--out"];
    run(arguments.iter().map(|argument| (*argument).to_owned()).chain([made.path().display().to_string()])).exits(0);
    let store = Store::of(kind)?;
    for (name, bytes) in tree(made.path()) {
        store.put(&format!("archive/{name}"), &bytes);
    }
    let lake = made.path().join("lake");
    done(convert_at(store.address, &lake.display().to_string(), options));
    Some((store, compared(tree(&lake))))
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let named = |path: &Path| path.strip_prefix(folder).expect("below").display().to_string();
    files.map(|entry| (named(entry.path()), std::fs::read(entry.path()).expect("a file"))).collect()
}

/// Without what differs from place to place: the lock, and the report, which names the place and the time it took.
fn compared(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|name, _| !["_tlslake/lock", "_tlslake/report.json"].contains(&name.as_str()));
    files
}

/// The lake in the store.
fn stored(store: &Store) -> BTreeMap<String, Vec<u8>> {
    compared(store.objects("lakes/alb/"))
}

fn convert_at(address: SocketAddr, out: &str, options: &[&str]) -> Run {
    run_at(address, &[&["convert", LOGS, "--out", out][..], options].concat())
}

/// Demands that a run came to its end; some lines may be rejected.
#[track_caller]
fn done(run: Run) -> Run {
    assert!(matches!(run.code, 0 | 3) && !run.stderr.contains("fail"), "exit code {}: {}", run.code, run.stderr);
    run
}

#[track_caller]
fn assert_same(is: &BTreeMap<String, Vec<u8>>, wanted: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(is), names(wanted), "{what}");
    let differ: Vec<&String> = is.iter().filter(|(name, bytes)| wanted[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{what}: {differ:?} differ");
}

#[test]
fn a_lake_in_a_bucket_is_the_lake_on_a_disk() {
    let each = [Kind::Moto, Kind::Weed].into_iter().filter_map(|kind| prepared_in(kind, 9, 500, 300, &[]));
    each.for_each(|(store, wanted)| is_the_lake_on_a_disk(&store, &wanted));
}

fn is_the_lake_on_a_disk(store: &Store, wanted: &BTreeMap<String, Vec<u8>>) {
    let at = store.address;
    let report = done(convert_at(at, LAKE, &["--format", "json"])).json();
    assert_eq!(report["output"]["path"], LAKE);
    assert_same(&stored(store), wanted, "converted");
    // Nothing is there twice.
    let again = done(convert_at(at, &format!("{LAKE}/"), &["--format", "json"])).json();
    assert_eq!((&again["output"]["inputs_read"], &again["output"]["inputs_held"]), (&0.into(), &9.into()));
    assert_same(&stored(store), wanted, "converted again");
    // It is proved, read, and described where it is.
    run_at(at, &["verify", LAKE]).exits(0);
    run_at(at, &["verify", LAKE, LOGS]).exits(0);
    let copy = folder();
    for (name, bytes) in store.objects("lakes/alb/") {
        let path = copy.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| std::fs::write(&path, bytes)).expect("it can be written");
    }
    let of_copy = run(["failures", &copy.path().display().to_string(), "--all", "--format", "raw"]).stdout;
    let of_lake = run_at(at, &["failures", LAKE, "--all", "--format", "raw"]).stdout;
    assert!(of_lake.lines().count() > 4_000);
    assert!(of_lake == of_copy, "a lake's lines are not those of its copy on a disk");
    let statements = run_at(at, &["ddl", LAKE, "--for", "athena"]).exits(0).stdout;
    assert!(statements.contains("LOCATION 's3://logs/lakes/alb/connections"), "{statements}");
    // It is no input of a lake, and no place for another one.
    run_at(at, &["convert", LAKE, "--out", "s3://logs/other"]).exits(1).complains_of("this is a lake written by convert");
    run_at(at, &["convert", LOGS, "--out", "s3://logs/archive"]).exits(1).complains_of("is not empty, and what it holds is no lake");
    convert_at(at, LAKE, &["--no-provenance"]).exits(1).complains_of("holds a lake of other settings");
}

#[test]
fn damage_in_a_bucket_is_found() {
    let Some((store, _)) = prepared(2, 100, 300, &[]) else { return };
    done(convert_at(store.address, LAKE, &[]));
    let is = store.objects("lakes/alb/");
    let part = is.keys().find(|name| name.starts_with("connections/")).expect("a part").clone();
    let mut bytes = is[&part].clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    store.put(&format!("lakes/alb/{part}"), &bytes);
    store.put("lakes/alb/connections/part-0123456789abcdef.parquet", b"PAR1");
    let found = run_at(store.address, &["verify", LAKE, "--format", "json"]).exits(3).json();
    let places: Vec<&str> = found["differences"].as_array().unwrap().iter().filter_map(|found| found["place"].as_str()).collect();
    assert_eq!(places, [part.as_str(), "connections/part-0123456789abcdef.parquet"]);
}

/// Logs come and the lake goes through a network that refuses, resets, cuts short, delays, and loses answers: more than a thousand times.
#[test]
fn a_network_that_fails_changes_no_byte() {
    let each = [Kind::Moto, Kind::Weed].into_iter().filter_map(|kind| prepared_in(kind, 1_250, 8, 300, &[]));
    each.for_each(|(store, wanted)| survives_faults(&store, &wanted));
}

fn survives_faults(store: &Store, wanted: &BTreeMap<String, Vec<u8>>) {
    let proxy = Proxy::before(store.address, |_, number| match number * 7 % 10 {
        0 => Fate::Status(if number % 20 < 10 { 503 } else { 500 }),
        1 => Fate::Reset,
        2 => Fate::Half,
        3 => Fate::Slow,
        4 => Fate::Lost,
        _ => Fate::Pass,
    });
    done(convert_at(proxy.address, LAKE, &[]));
    assert_same(&stored(store), wanted, "through faults");
    run_at(proxy.address, &["verify", LAKE, LOGS]).exits(0);
    assert!(proxy.faults() >= 1_000, "{} faults", proxy.faults());
}

/// So large that the file goes in parts.
const LARGE: [&str; 6] = ["--compression", "none", "--partition", "none", "--row-group-rows", "1000"];

#[test]
fn a_run_that_dies_at_any_step_is_gone_on_with() {
    let options = LARGE;
    let Some((store, wanted)) = prepared(3, 14_000, 42_000, &options) else { return };
    let log = folder();
    let log = log.path().join("steps");
    let arguments = [&["convert", LOGS, "--out", LAKE][..], &options].concat();
    let began = Instant::now();
    done(run_at_with(store.address, &arguments, &[("TLSLAKE_FAILPOINT_LOG", log.to_str().unwrap())]));
    let took = began.elapsed();
    assert_same(&stored(&store), &wanted, "undisturbed");
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    std::fs::read_to_string(&log).unwrap().lines().for_each(|step| *times.entry(step.to_owned()).or_default() += 1);
    let of_stores = |step: &str| {
        step.starts_with("upload.") || step.starts_with("object.") || step.starts_with("commit.") || step.starts_with("finish.")
    };
    times.retain(|step, _| of_stores(step));
    assert!(times.contains_key("upload.complete"), "{times:?}");
    let mut kills = 0;
    for (step, count) in &times {
        for nth in [1, count / 2, *count].into_iter().filter(|nth| *nth > 0).collect::<std::collections::BTreeSet<_>>() {
            store.remove_all("lakes/alb/");
            let trap = format!("{step}:{nth}=abort");
            let died = run_at_with(store.address, &arguments, &[("TLSLAKE_FAILPOINT", &trap)]);
            assert_eq!(died.code, -1, "{trap}: {}", died.stderr);
            let left = stored(&store);
            assert!(!left.contains_key("_SUCCESS") || step == "finish.end", "{trap}: marked as complete");
            // What readers see is whole.
            left.iter().filter(|(name, _)| name.ends_with(".parquet")).for_each(|(name, bytes)| {
                assert!(wanted[name] == *bytes, "{trap}: {name} is there and not whole");
            });
            done(convert_at(store.address, LAKE, &options));
            assert_same(&stored(&store), &wanted, &trap);
            // One that was begun and not yet written down has no parts.
            let most = usize::from(step == "object.put");
            assert!(store.uploads() <= most, "{trap}: an upload in parts is left");
            store.abort_uploads();
            kills += 1;
        }
    }
    assert!(kills >= 15, "{kills} kills");
    // And at any moment, one after the other in one lake.
    store.remove_all("lakes/alb/");
    for moment in 1..=8 {
        let mut run = command_at(store.address, &arguments).spawn().expect("tlslake starts");
        std::thread::sleep(took * moment / 8);
        let _ = run.kill();
        let _ = run.wait();
    }
    done(convert_at(store.address, LAKE, &options));
    assert_same(&stored(&store), &wanted, "killed at eight moments");
}

/// A step that fails leaves nothing that the next run does not take away.
#[test]
fn an_upload_that_fails_is_given_up() {
    let options = LARGE;
    let Some((store, wanted)) = prepared(3, 14_000, 42_000, &options) else { return };
    let proxy = Proxy::before(store.address, |line, _| if line.contains("partNumber=2") { Fate::Status(403) } else { Fate::Pass });
    let failed = convert_at(proxy.address, LAKE, &options).exits(1).complains_of("cannot be written: access is denied");
    assert!(!failed.stderr.contains(SECRET) && !failed.stderr.contains("Signature"), "{}", failed.stderr);
    assert_eq!(store.uploads(), 0);
    assert!(stored(&store).keys().all(|name| !name.ends_with(".parquet")), "{:?}", stored(&store).keys());
    done(convert_at(store.address, LAKE, &options));
    assert_same(&stored(&store), &wanted, "after an upload that failed");
}

#[test]
fn of_two_writers_one_waits_or_is_refused() {
    let Some((store, wanted)) = prepared(20, 500, 300, &[]) else { return };
    let at = store.address;
    let both: Vec<Run> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(move || convert_at(at, LAKE, &["--wait"]))).collect();
        runs.into_iter().map(|run| run.join().expect("it ran")).collect()
    });
    both.into_iter().for_each(|run| drop(done(run)));
    assert_same(&stored(&store), &wanted, "written by two");
    // One that lives and renews its lease, elsewhere.
    let holds = |count: u32| {
        store.put("lakes/alb/_tlslake/lock", format!("process 7 on elsewhere\nanother-machine 7\nlease 1\nrenewed {count}\n").as_bytes());
    };
    holds(0);
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| (convert_at(at, LAKE, &[]), run_at(at, &["verify", LAKE])));
        for count in 1.. {
            std::thread::sleep(Duration::from_millis(300));
            holds(count);
            if refused.is_finished() {
                break;
            }
        }
        let (convert, verify) = refused.join().expect("it ran");
        convert.exits(1).complains_of("another run is writing to this lake (process 7 on elsewhere)");
        verify.exits(1).complains_of("another run is writing to this lake (process 7 on elsewhere)");
    });
    // It is heard of no more.
    let began = Instant::now();
    done(convert_at(at, LAKE, &[]));
    assert!(began.elapsed() >= Duration::from_secs(25), "taken over after {:?}", began.elapsed());
    assert_same(&stored(&store), &wanted, "taken over");
}

/// A run whose lease was taken stops before it commits.
#[test]
fn a_run_that_has_lost_its_lease_commits_nothing_more() {
    let Some((store, _)) = prepared(4, 200, 300, &[]) else { return };
    let at = store.address;
    // As soon as the run holds the lock, another takes it; the logs come so slowly that the run notices when it renews.
    let proxy = Proxy::before(at, move |line, _| {
        if line.starts_with("GET /logs/archive/") {
            Store::put_at(at, "lakes/alb/_tlslake/lock", b"process 7 on elsewhere\nanother-machine 7\nlease 1\n");
            Store::put_at(at, "lakes/alb/connections/part-0123456789abcdef.parquet", b"of the other run");
            std::thread::sleep(Duration::from_secs(6));
        }
        Fate::Pass
    });
    convert_at(proxy.address, LAKE, &[]).exits(1).complains_of("was taken over by another run");
    let left = stored(&store);
    assert!(left.keys().all(|name| !name.contains("manifest/")), "{:?}", left.keys());
    assert!(left.contains_key("connections/part-0123456789abcdef.parquet"), "what the other run wrote was taken away");
}
