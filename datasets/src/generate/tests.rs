use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::*;
use crate::reader::{self, Class};

/// Every file below `folder` with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
        }
    }
    found
}

fn text(stored: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    MultiGzDecoder::new(stored).read_to_end(&mut text).unwrap();
    text
}

/// Runs settings on so many threads; gives what was reported and what was written.
fn run(threads: usize, change: impl FnOnce(&mut Generate)) -> (Generated, BTreeMap<PathBuf, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Generate::new(folder.path(), 9, 400);
    change(&mut settings);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let made = pool.install(|| settings.run(|_| {})).unwrap();
    (made, files(folder.path()))
}

fn rows(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for stored in files.values() {
        for line in reader::lines(&text(stored)) {
            match reader::classify(line) {
                Class::Row(fields) => rows.push(fields),
                other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
            }
        }
    }
    rows
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let (made, first) = run(1, |settings| settings.faults = 5.0);
    for threads in [1, 4] {
        assert_eq!(run(threads, |settings| settings.faults = 5.0), (made, first.clone()));
    }
}

#[test]
fn another_seed_gives_other_bytes() {
    let (_, first) = run(2, |_| {});
    let (_, other) = run(2, |settings| settings.seed += 1);
    assert!(first.values().zip(other.values()).all(|(a, b)| text(a) != text(b)));
}

#[test]
fn a_file_does_not_depend_on_how_many_follow() {
    let (_, few) = run(2, |settings| settings.files = 3);
    let (_, many) = run(2, |_| {});
    assert!(few.iter().all(|(path, bytes)| many.get(path) == Some(bytes)));
}

#[test]
fn what_is_reported_is_what_is_there() {
    for faults in [0.0, 30.0, 100.0] {
        let (made, files) = run(2, |settings| settings.faults = faults);
        let texts: Vec<Vec<u8>> = files.values().map(|stored| text(stored)).collect();
        let counts = texts.iter().map(|text| reader::count(text)).fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        assert_eq!(made.files, 9);
        assert_eq!(made.lines, 3_600);
        assert_eq!(counts, (made.lines - made.rejected_lines - made.blank_lines, made.rejected_lines, made.blank_lines));
        assert_eq!(made.raw_bytes, texts.iter().map(|text| text.len() as u64).sum::<u64>());
        assert_eq!(made.compressed_bytes, files.values().map(|stored| stored.len() as u64).sum::<u64>());
        let share = made.faulty_lines as f64 / made.lines as f64 * 100.0;
        assert!((share - faults).abs() < 4.0, "{share} % instead of {faults} %");
    }
}

#[test]
fn every_kind_of_reject_is_made() {
    let (_, files) = run(2, |settings| settings.faults = 100.0);
    let mut reasons = HashSet::new();
    for stored in files.values() {
        for line in reader::lines(&text(stored)) {
            if let Class::Rejected(reason) = reader::classify(line) {
                reasons.insert(reason);
            }
        }
    }
    assert_eq!(reasons.len(), 8, "{reasons:?}");
}

#[test]
fn names_tell_window_and_node() {
    let (_, files) = run(2, |_| {});
    let names: Vec<String> = files.keys().map(|path| path.to_string_lossy().replace('\\', "/")).collect();
    let folder = "AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/03/16/conn_log_123456789012_elasticloadbalancing_us-east-1_";
    assert!(names.iter().all(|name| name.starts_with(folder) && name.ends_with(".log.gz")), "{names:?}");
    let of_window = |end: &str| names.iter().filter(|name| name.contains(end)).count();
    assert_eq!((of_window("_20260316T0805Z_"), of_window("_20260316T0810Z_"), of_window("_20260316T0815Z_")), (4, 4, 1));
    assert!(names.iter().any(|name| name.contains("_app.partner-api-prod.7fd2c9a1b3e4f605_20260316T0805Z_10.0.41.9_")), "{names:?}");
}

#[test]
fn times_lie_in_the_window_and_nearly_ascend() {
    let (_, files) = run(1, |settings| settings.files = 1);
    let times: Vec<String> = rows(&files).into_iter().map(|row| row[0].clone()).collect();
    assert!(times.iter().all(|time| ("2026-03-16T08:00:00.000000Z".."2026-03-16T08:05:00.000000Z").contains(&time.as_str())));
    let swapped = times.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(swapped > 0 && swapped < times.len() / 2, "{swapped}");
    // Three places are further than jitter reaches.
    assert!(times.windows(4).all(|four| four[0] <= four[3]));
}

#[test]
fn shares_are_those_of_real_traffic() {
    let (_, files) = run(2, |settings| settings.lines_per_file = 5_000);
    let rows = rows(&files);
    let share = |test: &dyn Fn(&Vec<String>) -> bool| rows.iter().filter(|row| test(row)).count() as f64 / rows.len() as f64;
    let failed = share(&|row| row[10].starts_with("Failed:"));
    assert!((0.03..0.06).contains(&failed), "{failed}");
    assert!((0.03..0.05).contains(&share(&|row| row[3] == "80" && row[10] == "-" && row[4] == "-" && row[7] == "-")));
    assert!((0.005..0.02).contains(&share(&|row| row[3] == "443" && row[10] == "-" && row[4] == "-")));
    assert!((0.06..0.12).contains(&share(&|row| row[7] == "-" && row[10] == "Success" && row[4] != "-")));
    assert!(share(&|row| row[12] == "X25519MLKEM768") > 0.1);
    assert!(share(&|row| row[3] == "8443") > 0.1);
    assert!(share(&|row| row[1].contains(':')) > 0.05);
    assert!(rows.iter().all(|row| (row[6] != "-") == (row[10] == "Success")));
    assert_eq!(rows.iter().map(|row| &row[11]).collect::<HashSet<_>>().len(), rows.len());
    let codes: HashSet<&str> = rows.iter().filter_map(|row| row[10].strip_prefix("Failed:")).collect();
    assert_eq!(codes.len(), REASONS.len(), "{codes:?}");
}

#[test]
fn certificates_are_stable_and_their_dates_agree_with_the_verdict() {
    let (_, files) = run(2, |settings| settings.lines_per_file = 2_000);
    let mut certificates = BTreeMap::new();
    for row in rows(&files).iter().filter(|row| row[7] != "-") {
        let (not_before, not_after) = row[8].strip_prefix("NotBefore=").unwrap().split_once(";NotAfter=").unwrap();
        assert_eq!(row[10] == "Failed:ClientCertExpired", not_after < row[0].as_str(), "{row:?}");
        assert_eq!(row[10] == "Failed:ClientCertNotYetValid", not_before > row[0].as_str(), "{row:?}");
        let certificate = (row[7].clone(), row[8].clone(), row[9].clone());
        assert_eq!(certificates.entry(row[1].clone()).or_insert(certificate.clone()), &certificate);
    }
    assert!(certificates.len() > 1_000);
}

#[test]
fn every_eighth_file_has_two_members() {
    let (_, files) = run(2, |_| {});
    let members = |stored: &[u8]| {
        let mut rest = stored;
        let mut count = 0;
        while !rest.is_empty() {
            let mut member = flate2::bufread::GzDecoder::new(rest);
            std::io::copy(&mut member, &mut std::io::sink()).unwrap();
            rest = member.into_inner();
            count += 1;
        }
        count
    };
    assert_eq!(files.values().map(|stored| members(stored)).filter(|&count| count == 2).count(), 1);
}

#[test]
fn a_line_takes_about_as_much_as_a_real_one() {
    let (made, _) = run(2, |settings| settings.lines_per_file = 5_000);
    let (raw, stored) = (made.raw_bytes / made.lines, made.compressed_bytes / made.lines);
    assert!((340..400).contains(&raw), "{raw} bytes");
    assert!((55..95).contains(&stored), "{stored} bytes compressed");
}

#[test]
fn progress_counts_each_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let (calls, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let settings = Generate::new(folder.path(), 9, 10);
    settings
        .run(|done| {
            calls.fetch_add(1, Ordering::Relaxed);
            sum.fetch_add(done, Ordering::Relaxed);
        })
        .unwrap();
    assert_eq!((calls.into_inner(), sum.into_inner()), (9, 45));
}

#[test]
fn files_may_be_empty_and_clients_few() {
    let (made, files) = run(2, |settings| settings.lines_per_file = 0);
    assert_eq!((made.lines, made.raw_bytes), (0, 0));
    assert!(files.values().all(|stored| text(stored).is_empty()));
    let (made, _) = run(2, |settings| settings.clients = 1);
    assert_eq!(made.lines, 3_600);
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |change: fn(&mut Generate)| {
        let mut settings = Generate::new("/nowhere/at/all", 1, 1);
        change(&mut settings);
        match settings.run(|_| {}) {
            Err(Error::Setting { setting, .. }) => setting,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|settings| settings.files = 0), "files");
    assert_eq!(refused(|settings| settings.clients = 0), "clients");
    assert_eq!(refused(|settings| settings.faults = 100.1), "faults");
    assert_eq!(refused(|settings| settings.faults = f64::NAN), "faults");
    assert_eq!(refused(|settings| settings.account = "../../etc".into()), "account");
    assert_eq!(refused(|settings| settings.region = "us/east".into()), "region");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Generate::new(&file, 1, 1).run(|_| {}).unwrap_err();
    assert!(error.to_string().contains("making the folder"), "{error}");
}
