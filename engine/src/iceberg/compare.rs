//! What a table holds of a lake, and what it does not: the units that it was given, and the files that it names now.
//!
//! A table remembers in its properties the units that it was given, for good: files may have been rewritten by an engine since, or rows
//! deleted there, and must not come a second time.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ::iceberg::spec::{ManifestContentType, TableMetadata};
use ::iceberg::table::Table;
use xxhash_rust::xxh3::xxh3_64;

use crate::lake::{LakeFile, LakeFiles};

/// What the properties that remember units begin with; the lake's place follows, hashed.
const UNITS: &str = "tlslake.units.";

/// A table as far as an append has to know it.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Locations of its data files.
    files: HashSet<String>,
    /// Whether rows or files of it are marked as deleted.
    has_deletes: bool,
    /// Units that it was given, by property.
    units: BTreeMap<String, BTreeSet<String>>,
}

/// A lake beside a table.
#[derive(Debug, Default)]
pub(super) struct Comparison<'a> {
    /// What the table was not given.
    pub(super) gain: Vec<&'a LakeFile>,
    /// What it was given.
    pub(super) already: Vec<&'a LakeFile>,
    /// Units that it was given, and the lake no longer has.
    pub(super) gone: BTreeSet<String>,
    /// The lake's own files that it names elsewhere than where the lake is.
    pub(super) elsewhere: Vec<String>,
    /// Files of others.
    pub(super) others: u64,
}

impl Held {
    /// Reads the current snapshot's manifests.
    pub(super) async fn read(table: &Table) -> ::iceberg::Result<Self> {
        let mut held = Self { units: units(table.metadata()), ..Self::default() };
        let Some(snapshot) = table.metadata().current_snapshot() else { return Ok(held) };
        for manifest in table.manifest_list_reader(snapshot).load().await?.entries() {
            let is_data = manifest.content == ManifestContentType::Data;
            held.has_deletes |= !is_data && (manifest.has_added_files() || manifest.has_existing_files());
            if !is_data {
                continue;
            }
            let (entries, _) = manifest.load_manifest(table.file_io()).await?.into_parts();
            held.files.extend(entries.iter().filter(|entry| entry.is_alive()).map(|entry| entry.file_path().to_owned()));
        }
        Ok(held)
    }

    /// Compares a lake with it.
    pub(super) fn compare<'a>(&self, lake: &'a LakeFiles) -> Comparison<'a> {
        let given = self.given_of(lake);
        let names: HashSet<&str> = lake.files.iter().map(|file| file.path.as_str()).collect();
        let is_held = |file: &&LakeFile| given.contains(file.unit.as_str()) || self.holds(lake, file);
        let (already, gain) = lake.files.iter().partition(is_held);
        let mut comparison = Comparison { already, gain, ..Comparison::default() };
        comparison.gone = given.iter().filter(|unit| !lake.units.contains(**unit)).map(|unit| (*unit).to_owned()).collect();
        let root = location(lake, "");
        for file in &self.files {
            match place_in_lake(file) {
                Some(place) if file.strip_prefix(&root) == Some(place) => {
                    let stale = (!names.contains(place)).then(|| unit_of(place)).flatten();
                    comparison.gone.extend(stale.map(str::to_owned));
                }
                Some(place) if names.contains(place) => comparison.elsewhere.push(file.clone()),
                // Of a unit that is gone, from where the lake was.
                Some(place) if unit_of(place).is_some_and(|unit| given.contains(unit)) => {}
                _ => comparison.others += 1,
            }
        }
        comparison
    }

    fn holds(&self, lake: &LakeFiles, file: &LakeFile) -> bool {
        self.files.contains(&location(lake, &file.path))
    }

    /// The units that it was given of this lake: where it is now, and where it may have been before.
    fn given_of(&self, lake: &LakeFiles) -> BTreeSet<&str> {
        let own = property(lake);
        let lists = self.units.iter().filter(|(key, units)| **key == own || !units.is_disjoint(&lake.units));
        lists.flat_map(|(_, units)| units).map(String::as_str).collect()
    }

    /// What keeps the table from being made anew from this lake alone; `None` where nothing does.
    pub(super) fn not_to_lose(&self, lake: &LakeFiles, comparison: &Comparison<'_>) -> Option<String> {
        let own = property(lake);
        let strangers = self.units.iter().filter(|(key, units)| **key != own && units.is_disjoint(&lake.units)).count();
        if comparison.others > 0 {
            return Some(format!("it holds {} data files that are not this lake's, and their rows would be lost", comparison.others));
        }
        if strangers > 0 {
            return Some("it was given files of another lake, whose rows would be lost".to_owned());
        }
        self.has_deletes.then(|| "rows were deleted from it by another program, and would be back".to_owned())
    }
}

/// The property under which a table remembers this lake's units.
pub(super) fn property(lake: &LakeFiles) -> String {
    format!("{UNITS}{:016x}", xxh3_64(lake.location.as_bytes()))
}

/// The list of units to remember.
pub(super) fn list<'a>(units: impl Iterator<Item = &'a String>) -> String {
    units.map(String::as_str).collect::<Vec<_>>().join(",")
}

fn units(metadata: &TableMetadata) -> BTreeMap<String, BTreeSet<String>> {
    let lists = metadata.properties().iter().filter(|(key, _)| key.starts_with(UNITS));
    let set = |list: &str| list.split(',').filter(|unit| !unit.is_empty()).map(str::to_owned).collect();
    lists.map(|(key, list)| (key.clone(), set(list))).collect()
}

/// The location of a file of the lake, as tables name it.
pub(super) fn location(lake: &LakeFiles, path: &str) -> String {
    format!("{}/{path}", lake.location)
}

/// The part of a location that names a place in some lake: `connections/…/part-<unit>….parquet`.
fn place_in_lake(location: &str) -> Option<&str> {
    let start = location.rfind("/connections/")? + 1;
    let place = &location[start..];
    unit_of(place).map(|_| place)
}

/// The unit that a file's name tells.
fn unit_of(place: &str) -> Option<&str> {
    let name = place.rsplit('/').next()?.strip_prefix("part-")?.strip_suffix(".parquet")?;
    name.split('-').next().filter(|unit| !unit.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_places_and_units() {
        let place = "connections/account=1/region=r/day=2024-01-01/part-0123456789abcdef-0001.parquet";
        assert_eq!(place_in_lake(&format!("s3://bucket/connections/lake/{place}")), Some(place));
        assert_eq!(unit_of(place), Some("0123456789abcdef"));
        assert_eq!(place_in_lake("file:///w/ns/table/data/00000-0-x.parquet"), None);
        assert_eq!(place_in_lake("file:///w/connections/00000-0-x.parquet"), None);
    }
}
