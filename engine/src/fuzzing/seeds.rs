//! Every seed of every target, as ordinary tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::{Property, TARGETS};

/// The seeds are read by people, too, and cloned by everyone.
const MAX_SEED_BYTES: u64 = 16 << 10;

fn folder(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz").join(below)
}

fn names_in(folder: PathBuf) -> BTreeSet<String> {
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Name and version of every package of a lock file.
fn packages(lock: &str) -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(folder(lock)).unwrap();
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0].starts_with("name = ") && pair[1].starts_with("version = "));
    pairs.map(|pair| (value(pair[0]), value(pair[1]))).collect()
}

#[test]
fn what_is_fuzzed_is_made_of_the_same_crates() {
    let alone = ["arbitrary", "libfuzzer-sys", "tlslake-fuzz"];
    let (ours, theirs) = (packages("../../Cargo.lock"), packages("Cargo.lock"));
    let other: Vec<_> = theirs.difference(&ours).filter(|(name, _)| !alone.contains(&&**name)).collect();
    let fix = "cp Cargo.lock tests/fuzz/ && cargo update --workspace --manifest-path tests/fuzz/Cargo.toml";
    assert!(!ours.is_empty() && other.is_empty(), "{other:?} differ from the workspace's; {fix}");
}

/// Runs `property` on every seed of `target`; a seed that fails is named.
fn run(target: &str, property: Property) {
    let seeds = names_in(folder("corpus").join(target));
    assert!(seeds.len() >= 5, "{target} has too few seeds");
    for seed in seeds {
        let path = folder("corpus").join(target).join(&seed);
        assert!(path.metadata().unwrap().len() <= MAX_SEED_BYTES, "{}: too large", path.display());
        let bytes = fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| property(&bytes));
        assert!(outcome.is_ok(), "{target}: the seed {seed} fails; what failed stands above");
    }
}

macro_rules! seeds {
    ($($target:ident),+) => {
        $(#[test]
        fn $target() {
            let (name, property) = TARGETS.iter().find(|(name, _)| *name == stringify!($target)).expect("a target");
            run(name, *property);
        })+

        #[test]
        fn every_target_is_here_and_can_be_fuzzed() {
            let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(targets, BTreeSet::from([$(stringify!($target).to_owned()),+]));
            assert_eq!(names_in(folder("corpus")), targets);
            assert_eq!(names_in(folder("fuzz_targets")), targets.iter().map(|name| format!("{name}.rs")).collect());
            let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
            assert!(targets.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
        }
    };
}

seeds!(scan_kernels, line_parser, decompressor, file_names, certificates, search_prefilter, parquet_round_trip, parquet_damage);
