//! `tlslake compact`: a lake of small runs gets files of good size, and is the same lake.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::expected::{Expected, files_under};
use crate::support::lake::{assert_holds, assert_holds_by_time, assert_same_tree, table, tree};
use crate::support::trial::{finish, json_lines, visible};
use crate::support::values::Value;
use crate::support::{Run, convert, count, folder, logs, run, tlslake};

/// Units of one file each, of small row groups.
const ALONE: [&str; 4] = ["--target-file-size", "1", "--row-group-rows", "24"];

/// Six inputs of two accounts and several days, with lines that are rejected, and the lake that a run for each has made.
fn small_runs(options: &[&str]) -> (TempDir, TempDir, PathBuf) {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    for number in 0..6 {
        let path = write(input.path(), number, 40 + number as usize);
        convert(&path, &lake, &[&ALONE[..], options].concat()).exits(3);
    }
    (input, base, lake)
}

fn write(folder: &Path, number: u32, lines: usize) -> PathBuf {
    let text = [logs::lines(lines), logs::odd_lines(u64::from(number) + 3, 12)].concat();
    let name = logs::name(number);
    let name = if number < 3 { name } else { name.replace("123456789012", "210987654321") };
    logs::write(folder, &name, &logs::gzip(&text))
}

fn compact(lake: &Path, more: &[&str]) -> Run {
    finish(tlslake().arg("compact").arg(lake).args(["--format", "json"]).args(more))
}

#[track_caller]
fn files(answer: &Json) -> [u64; 3] {
    ["files_before", "files_after", "folders_total"].map(|key| count(answer, key))
}

/// Every row of a table, in an order that depends on rows alone.
fn rows(lake: &Path, name: &str) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = table(lake, name).into_iter().flat_map(|part| part.rows).collect();
    rows.sort_by_cached_key(|row| format!("{row:?}"));
    rows
}

fn report(lake: &Path) -> Json {
    let mut report: Json = serde_json::from_slice(&std::fs::read(lake.join("_tlslake/report.json")).unwrap()).unwrap();
    for key in ["files", "bytes", "units", "leftovers_removed"] {
        report["output"][key] = Json::Null;
    }
    report
}

const TABLES: [&str; 4] = ["connections", "rejected", "failures_hourly", "latency_hourly"];

#[track_caller]
fn assert_verifies(lake: &Path, input: &Path) {
    run([OsStr::new("verify"), lake.as_os_str(), input.as_os_str()]).exits(0);
}

#[test]
fn the_lake_stays_the_same_in_fewer_files() {
    let (input, _base, lake) = small_runs(&[]);
    let before = TABLES.map(|name| rows(&lake, name));
    let (said, parts) = (report(&lake), table(&lake, "connections").len() + table(&lake, "rejected").len());
    let answer = compact(&lake, &[]).exits(0).json();
    assert_eq!(answer["schema"], "tlslake.compact/1");
    let [was, is, folders] = files(&answer);
    assert_eq!(was, parts as u64);
    assert_eq!(is as usize, table(&lake, "connections").len() + table(&lake, "rejected").len());
    assert!(is * 3 < was, "{was} files are {is} now");
    assert!(folders > 2 && count(&answer, "units_after") < count(&answer, "units_before"), "{answer:#}");
    for (name, before) in TABLES.into_iter().zip(before) {
        assert!(rows(&lake, name) == before, "{name} has other rows");
    }
    assert_eq!(report(&lake), said);
    assert_holds(&lake, &Expected::of_folder(input.path()));
    assert_verifies(&lake, input.path());
}

#[test]
fn compacted_again_nothing_is_left_to_do() {
    let (_input, _base, lake) = small_runs(&[]);
    for target in ["60000", "256MiB"] {
        let options = ["--target-file-size", target, "--row-group-rows", "24"];
        compact(&lake, &options).exits(0);
        let files = tree(&lake);
        let again = compact(&lake, &options).exits(0).json();
        assert_eq!((count(&again, "folders_total"), &again["bytes_before"]), (0, &again["bytes_after"]));
        assert_same_tree(&files, &tree(&lake), target);
    }
}

#[test]
fn files_end_near_the_target() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    for number in 0..12 {
        let path = logs::write(input.path(), &logs::name(number), &logs::gzip(&logs::lines(400)));
        convert(&path, &lake, &ALONE).exits(0);
    }
    let options = ["--target-file-size", "60000", "--row-group-rows", "100"];
    let [was, is, _] = files(&compact(&lake, &options).exits(0).json());
    assert!(is * 4 < was, "{was} files are {is} now");
    let mut by_folder = std::collections::BTreeMap::<PathBuf, Vec<u64>>::new();
    for path in files_under(&lake.join("connections")) {
        by_folder.entry(path.parent().unwrap().to_owned()).or_default().push(path.metadata().unwrap().len());
    }
    assert!(by_folder.values().any(|sizes| sizes.len() > 1), "{by_folder:?}");
    for sizes in by_folder.values() {
        let full = sizes.iter().filter(|size| (60_000..150_000).contains(*size)).count();
        assert!(full + 1 >= sizes.len(), "all but one are of the target's size: {sizes:?}");
    }
    assert_holds(&lake, &Expected::of_folder(input.path()));
    assert_verifies(&lake, input.path());
    assert_eq!(count(&compact(&lake, &options).exits(0).json(), "folders_total"), 0);
}

#[test]
fn a_lake_goes_on_growing() {
    let (input, _base, lake) = small_runs(&[]);
    compact(&lake, &[]).exits(0);
    let of = |run: &Run| ["inputs_read", "inputs_held"].map(|key| count(&run.json(), &format!("output.{key}")));
    let files = tree(&lake);
    assert_eq!(of(&convert(input.path(), &lake, &ALONE).exits(3)), [0, 6]);
    assert_same_tree(&files, &tree(&lake), "converted again");
    write(input.path(), 9, 70);
    assert_eq!(of(&convert(input.path(), &lake, &ALONE).exits(3)), [1, 6]);
    assert_holds(&lake, &Expected::of_folder(input.path()));
    let [was, is, _] = self::files(&compact(&lake, &[]).exits(0).json());
    assert!(is < was);
    assert_holds(&lake, &Expected::of_folder(input.path()));
    assert_verifies(&lake, input.path());
}

#[test]
fn in_order_of_time_and_it_stays_so() {
    let (input, _base, lake) = small_runs(&[]);
    compact(&lake, &["--sort", "--row-group-rows", "40"]).exits(0);
    assert_holds_by_time(&lake, &Expected::of_folder(input.path()));
    assert_verifies(&lake, input.path());
    // Merged with others in that order, nobody has to ask for it again.
    convert(&write(input.path(), 9, 70), &lake, &["--sort"]).exits(3);
    let [was, is, _] = files(&compact(&lake, &[]).exits(0).json());
    assert!(is < was);
    assert_holds_by_time(&lake, &Expected::of_folder(input.path()));
}

#[test]
fn codec_and_filters_stay_as_they_are_unless_others_are_asked_for() {
    use parquet::file::reader::FileReader;
    let (_input, _base, lake) = small_runs(&["--compression", "snappy", "--bloom", "client_ip"]);
    let seen = |lake: &Path| {
        let path = files_under(&lake.join("connections")).into_iter().next().unwrap();
        let reader = parquet::file::serialized_reader::SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let group = reader.metadata().row_group(0).clone();
        let with_filter: Vec<usize> = (0..group.num_columns()).filter(|&at| group.column(at).bloom_filter_offset().is_some()).collect();
        (group.column(0).compression().to_string(), with_filter)
    };
    assert_eq!(seen(&lake), ("SNAPPY".to_owned(), vec![1]));
    compact(&lake, &[]).exits(0);
    assert_eq!(seen(&lake), ("SNAPPY".to_owned(), vec![1]));
    let (_input, _base, lake) = small_runs(&["--compression", "snappy", "--bloom", "client_ip"]);
    compact(&lake, &["--compression", "lz4", "--bloom", "conn_trace_id,elb"]).exits(0);
    assert_eq!(seen(&lake), ("LZ4_RAW".to_owned(), vec![11, 13]));
}

#[test]
fn without_folders_and_provenance() {
    let (input, _base, lake) = small_runs(&["--partition", "none", "--no-provenance"]);
    let before = TABLES.map(|name| rows(&lake, name));
    let answer = compact(&lake, &["--target-file-size", "60000", "--row-group-rows", "100"]).exits(0).json();
    assert!(count(&answer, "files_after") < count(&answer, "files_before"));
    for (name, before) in TABLES.into_iter().zip(before) {
        assert!(rows(&lake, name) == before, "{name} has other rows");
    }
    assert_verifies(&lake, input.path());
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let (_input, _base, lake) = small_runs(&[]);
    let files = tree(&lake);
    let told = compact(&lake, &["--dry-run"]).exits(0).json();
    assert_eq!((&told["dry_run"], &told["bytes_after"]), (&Json::Bool(true), &Json::Null));
    assert_same_tree(&files, &tree(&lake), "a dry run");
    let done = compact(&lake, &[]).exits(0).json();
    assert_eq!(self::files(&told), self::files(&done), "what was estimated");
    assert_eq!(count(&told, "units_after"), count(&done, "units_after"));
    let told = compact(&lake, &["--dry-run"]).exits(0).json();
    assert_eq!((count(&told, "folders_total"), &told["bytes_after"]), (0, &told["bytes_before"]));
}

/// Damage must not be given a checksum that vouches for it.
#[test]
fn a_file_that_is_not_as_written_is_refused() {
    let (_input, _base, lake) = small_runs(&[]);
    let damaged = files_under(&lake.join("connections")).pop().unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let whole = visible(&lake).contains_key("_SUCCESS");
    assert!(whole);
    compact(&lake, &[]).exits(1).complains_of(damaged.file_name().unwrap().to_str().unwrap()).complains_of("is not what was written");
    assert!(damaged.exists(), "nothing of its unit has been touched");
}

/// Whoever reads `_SUCCESS` must be able to trust it: half of a conversion is not made to look whole.
#[test]
fn a_conversion_that_was_cut_off_is_not_completed_by_it() {
    let (input, _base, lake) = small_runs(&[]);
    write(input.path(), 7, 50);
    write(input.path(), 8, 50);
    let mut cut_off = tlslake();
    cut_off.arg("convert").arg(input.path()).arg("--out").arg(&lake).args(ALONE).env("TLSLAKE_FAILPOINT", "commit.end=abort");
    assert_eq!(finish(&mut cut_off).code, -1);
    for options in [&[][..], &["--dry-run"]] {
        compact(&lake, options).exits(1).complains_of("cut off").complains_of("convert");
        assert!(!lake.join("_SUCCESS").exists());
    }
    convert(input.path(), &lake, &ALONE).exits(3);
    compact(&lake, &[]).exits(0);
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

/// An input that failed and was whole later is known to two units, and once where these are merged.
#[test]
fn what_failed_once_is_known_once() {
    let (input, base) = (folder(), folder());
    let lake = base.path().join("lake");
    write(input.path(), 0, 40);
    let path = write(input.path(), 1, 40);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let still_damaged = logs::write(input.path(), &logs::name(2), &whole[..whole.len() / 3]);
    convert(input.path(), &lake, &[]).exits(3);
    std::fs::write(&path, &whole).unwrap();
    convert(input.path(), &lake, &[]).exits(3);
    let said = report(&lake);
    compact(&lake, &[]).exits(0);
    assert_eq!(report(&lake), said);
    let manifests = tree(&lake).into_iter().filter(|(name, _)| name.starts_with("_tlslake/manifest/"));
    let inputs: Vec<Json> = manifests.flat_map(|(_, bytes)| json_lines(&bytes)).filter(|line| line["kind"] == "input").collect();
    let known = |path: &Path| {
        let of_it = inputs.iter().filter(|input| input["object"].as_str() == path.to_str());
        of_it.map(|input| input["status"].as_str().unwrap_or_default().to_owned()).collect::<Vec<String>>()
    };
    assert_eq!((known(&path), known(&still_damaged)), (vec!["converted".to_owned()], vec!["failed".to_owned()]));
    let again = convert(input.path(), &lake, &[]).exits(3).json();
    assert_eq!((count(&again, "failed"), count(&again, "output.inputs_held")), (1, 2));
    run([OsStr::new("verify"), lake.as_os_str()]).exits(0);
}

#[test]
fn what_is_no_lake_is_refused() {
    let base = folder();
    compact(base.path(), &[]).exits(1).complains_of("no lake");
    let absent = base.path().join("absent");
    compact(&absent, &[]).exits(1).complains_of("no lake");
    assert!(!absent.exists(), "nothing is made");
}

#[test]
fn the_answer_for_people_names_folders() {
    let (_input, _base, lake) = small_runs(&[]);
    let text = run([OsStr::new("compact"), lake.as_os_str()]).exits(0).stdout;
    for said in ["files", "connections/account=", "tlslake verify"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = run([OsStr::new("compact"), lake.as_os_str()]).exits(0).stdout;
    assert!(text.contains("nothing to merge"), "{text}");
}
