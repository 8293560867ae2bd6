use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{LogName, LogSource};
use super::*;

fn file(object: &str, size: impl Into<Option<u64>>) -> InputFile {
    let path = PathBuf::from(object);
    let name = LogName::of_path(&path).map(|name| Arc::new(LogSource::from(&name)));
    InputFile {
        object: object.into(),
        location: Location::Path(path),
        size: size.into(),
        modified: Some(1_700_000_000_000_000_000),
        name,
        key: 0,
    }
}

fn log(account: u64, region: &str, number: u32, size: u64) -> InputFile {
    file(&format!("conn_log_{account:012}_elasticloadbalancing_{region}_app.x.1_20240405T1830Z_10.0.0.1_{number}.log.gz"), size)
}

fn stdin() -> InputFile {
    InputFile { object: "-".into(), location: Location::Stdin, size: None, modified: None, name: None, key: 0 }
}

fn settings(target_file_size: u64) -> UnitSettings {
    UnitSettings { target_file_size, fingerprint: "schema 1".into() }
}

fn groups(files: &[InputFile], target: u64) -> Vec<Vec<u32>> {
    plan_units(files, &settings(target)).into_iter().map(|unit| unit.files).collect()
}

fn only_id(file: &InputFile, settings: &UnitSettings) -> String {
    let units = plan_units(std::slice::from_ref(file), settings);
    assert_eq!(units.len(), 1);
    units[0].id.clone()
}

#[test]
fn groups_by_account_and_region_in_the_order_of_the_list() {
    let files = [
        log(1, "eu-west-1", 0, 10),
        log(2, "eu-west-1", 1, 10),
        file("b.gz", 10),
        log(1, "eu-west-1", 3, 10),
        log(1, "us-east-1", 4, 10),
        file("a.gz", 10),
    ];
    assert_eq!(groups(&files, 1 << 20), [vec![0, 3], vec![1], vec![2, 5], vec![4]]);
}

#[test]
fn a_unit_ends_with_the_file_that_reaches_the_target() {
    // 100 bytes of gzip are 40 of Parquet.
    let compressed: Vec<_> = (0..5).map(|number| log(1, "eu-west-1", number, 100)).collect();
    assert_eq!(groups(&compressed, 80), [vec![0, 1], vec![2, 3], vec![4]]);
    assert_eq!(groups(&compressed, 81), [vec![0, 1, 2], vec![3, 4]]);
    // 100 bytes of text are 8.
    let plain: Vec<_> = (0..5).map(|number| file(&format!("{number}.log"), 100)).collect();
    assert_eq!(groups(&plain, 16), [vec![0, 1], vec![2, 3], vec![4]]);
    let zstd: Vec<_> = (0..2).map(|number| file(&format!("{number}.ZST"), 100)).collect();
    assert_eq!(groups(&zstd, 40), [vec![0], vec![1]]);
}

#[test]
fn a_target_of_zero_and_a_huge_file_are_no_trouble() {
    let files = [file("a.gz", 0), file("b.gz", u64::MAX), file("c.gz", u64::MAX)];
    assert_eq!(groups(&files, 0), [vec![0], vec![1], vec![2]]);
    assert_eq!(groups(&files, u64::MAX), [vec![0, 1, 2]]);
    assert!(plan_units(&[], &settings(1)).is_empty());
}

#[test]
fn what_has_no_size_is_a_unit_of_its_own() {
    let files = [file("a.gz", 1), file("pipe", None), file("b.gz", 1), stdin(), file("c.gz", 1), log(1, "eu-west-1", 5, 1)];
    assert_eq!(groups(&files, 1 << 20), [vec![0, 2, 4], vec![1], vec![3], vec![5]]);
}

#[test]
fn what_is_left_of_a_job_is_planned_as_it_was() {
    let files: Vec<InputFile> = (0..40).map(|number| log(u64::from(number % 3), "eu-west-1", number, 100)).collect();
    let settings = settings(150);
    let all = plan_units(&files, &settings);
    for done in 0..all.len() {
        let rest: Vec<&Unit> = all.iter().enumerate().filter(|(index, _)| index % 3 != done % 3).map(|(_, unit)| unit).collect();
        let mut indexes: Vec<u32> = rest.iter().flat_map(|unit| unit.files.iter().copied()).collect();
        indexes.sort_unstable();
        assert_eq!(plan_units_of(&files, indexes.into_iter(), &settings).iter().collect::<Vec<_>>(), rest);
    }
}

#[test]
fn ids_are_sixteen_hex_digits_and_the_same_every_time() {
    let units = plan_units(&[file("a.gz", 1), stdin()], &settings(1));
    assert_eq!(units, plan_units(&[file("a.gz", 1), stdin()], &settings(1)));
    for unit in &units {
        assert!(unit.id.len() == 16 && unit.id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{}", unit.id);
    }
    assert_ne!(units[0].id, units[1].id);
    // On every machine and with every version: outputs that exist are named after it.
    assert_eq!(only_id(&file("a.gz", 1), &settings(1)), PINNED);
}

const PINNED: &str = "7285c2a1328f9ef6";

#[test]
fn an_id_changes_with_everything_it_stands_for() {
    let base = file("a.gz", 5);
    let id = only_id(&base, &settings(100));
    let changed = |change: &dyn Fn(&mut InputFile)| {
        let mut file = base.clone();
        change(&mut file);
        only_id(&file, &settings(100))
    };
    assert_ne!(id, changed(&|file| file.size = Some(6)));
    assert_ne!(id, changed(&|file| file.size = None));
    assert_ne!(id, changed(&|file| file.modified = Some(1)));
    assert_ne!(id, changed(&|file| file.modified = None));
    assert_ne!(id, changed(&|file| file.object = "b.gz".into()));
    assert_ne!(id, only_id(&base, &UnitSettings { fingerprint: "schema 2".into(), ..settings(100) }));
    assert_eq!(id, only_id(&base, &settings(100)));
    let two = plan_units(&[base.clone(), file("b.gz", 5)], &settings(100));
    let turned = plan_units(&[file("b.gz", 5), base], &settings(100));
    assert_ne!(two[0].id, id);
    assert_ne!(two[0].id, turned[0].id, "the order counts: rows stand in it");
}

#[test]
fn standard_input_has_one_id_whatever_it_holds() {
    assert_eq!(only_id(&stdin(), &settings(1)), only_id(&stdin(), &settings(1)));
    let mut namesake = stdin();
    namesake.location = Location::Path("-".into());
    assert_ne!(only_id(&namesake, &settings(1)), only_id(&stdin(), &settings(1)));
}

fn any_file() -> impl Strategy<Value = InputFile> {
    let size = proptest::option::weighted(0.9, 0_u64..1000);
    (0_u64..3, prop_oneof!["eu-west-1", "us-east-1"], 0_u32..1000, size, any::<bool>()).prop_map(
        |(account, region, number, size, known)| {
            let mut made = if known { log(account, &region, number, 0) } else { file(&format!("{number}.log"), 0) };
            made.size = size;
            made
        },
    )
}

proptest! {
    #[test]
    fn every_file_is_in_exactly_one_unit(files in proptest::collection::vec(any_file(), 0..60), target in 0_u64..2000) {
        let units = plan_units(&files, &settings(target));
        let mut placed: Vec<u32> = units.iter().flat_map(|unit| unit.files.iter().copied()).collect();
        placed.sort_unstable();
        prop_assert_eq!(placed, (0..files.len() as u32).collect::<Vec<_>>());
        for unit in &units {
            prop_assert!(unit.files.is_sorted());
            let group = group_of(&files[unit.files[0] as usize]);
            prop_assert!(unit.files.iter().all(|&index| group_of(&files[index as usize]) == group));
            prop_assert!(unit.files.len() == 1 || unit.files.iter().all(|&index| files[index as usize].size.is_some()));
        }
        prop_assert!(units.is_sorted_by_key(|unit| unit.files[0]));
        // Within a group, no unit reaches back behind the one before it; streams stand by themselves.
        let sized: Vec<&Unit> = units.iter().filter(|unit| files[unit.files[0] as usize].size.is_some()).collect();
        for (at, unit) in sized.iter().enumerate() {
            let group = group_of(&files[unit.files[0] as usize]);
            if let Some(next) = sized[at + 1..].iter().find(|next| group_of(&files[next.files[0] as usize]) == group) {
                prop_assert!(unit.files.last() < next.files.first());
            }
        }
    }
}

#[test]
fn in_order_small_neighbours_go_together_and_large_files_alone() {
    let lake = InputFile {
        location: Location::Lake(crate::discover::LakeFile::Path(PathBuf::from("l/p.parquet")), crate::discover::LakeTable::Connections),
        ..file("l/p.parquet", 1)
    };
    let files = [file("a", 1), file("b", 5), file("c", 11), file("d", 1), stdin(), file("e", 1), lake, file("f", 10)];
    let units: Vec<Vec<u32>> = units_in_order(&files, 10).into_iter().map(|unit| unit.files).collect();
    assert_eq!(units, [vec![0, 1], vec![2], vec![3], vec![4], vec![5], vec![6], vec![7]]);
    let many: Vec<InputFile> = (0..600).map(|number| file(&number.to_string(), 1)).collect();
    let units = units_in_order(&many, 10);
    assert_eq!(units.iter().map(|unit| unit.files.len()).collect::<Vec<_>>(), [MAX_IN_ORDER, MAX_IN_ORDER, 600 - 2 * MAX_IN_ORDER]);
}
