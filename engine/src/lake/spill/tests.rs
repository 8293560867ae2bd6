use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

/// Keeps the order of merging, which sums would hide.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Seen(Vec<u32>);

impl Merge for Seen {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Weight for Seen {
    fn weight(&self) -> usize {
        self.0.len() * 4
    }
}

impl Weight for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

type Map = BTreeMap<String, Seen>;

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_spilled_map_equals_one_in_memory(
        maps in vec(btree_map("[a-d]{0,3}", vec(any::<u32>(), 1..3).prop_map(Seen), 0..8), 0..200), cap in 1..2_000_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = Map::new();
        let mut job = SpillMap::new(folder.path(), cap);
        for map in maps {
            for (key, value) in &map {
                expected.entry(key.clone()).or_insert_with(|| Seen(Vec::new())).merge(value.clone());
            }
            job.merge_in(map).unwrap();
            prop_assert!(job.weight <= cap + 400);
        }
        let merged: Vec<_> = job.into_sorted().unwrap().collect::<Result<_>>().unwrap();
        prop_assert_eq!(merged, expected.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(files_in(folder.path()), 0);
    }
}

#[test]
fn runs_are_merged_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = SpillMap::new(folder.path(), 0);
    for number in 0..1_000_u32 {
        map.merge_in(Map::from([((number % 100).to_string(), Seen(vec![number]))])).unwrap();
        assert!(files_in(folder.path()) <= 3 * FAN_IN, "{}", files_in(folder.path()));
    }
    assert!(files_in(folder.path()) > 0);
    drop(map);
    assert_eq!(files_in(folder.path()), 0);
}

#[test]
fn a_damaged_run_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = SpillMap::new(folder.path(), 0);
    map.merge_in(Map::from([("a".to_owned(), Seen(vec![1]))])).unwrap();
    std::fs::write(&map.runs[0].path, b"\x09\x00\x00\x00{").unwrap();
    assert!(map.into_sorted().is_err());
}
