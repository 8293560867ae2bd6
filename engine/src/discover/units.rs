//! Groups files into work units: each sized for one good Parquet file, each with a name that a re-run gives again.
//!
//! In: the files in their order. Out: the units. Nothing but the values passed in counts: the same list and settings give the same units
//! on every machine.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3;

use super::names::looks_compressed;
use super::{InputFile, Location};

/// What units depend on besides the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// Bytes of Parquet that a unit should come to; 0 makes every file a unit.
    pub target_file_size: u64,
    /// The output's schema version and every setting that changes its bytes, in any fixed spelling.
    pub fingerprint: String,
}

/// Input files that become one good Parquet file (per partition and table).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// 16 lower-case hex digits that name the unit's output: a hash of what the unit is made from.
    ///
    /// Hashed are the settings' fingerprint and, for each file in order, its object name, stored size and modification time. So a re-run
    /// names its output as the first run did, while a file that changed, a copy elsewhere, or other settings give another id; the content
    /// is not read. Standard input and pipes have neither size nor time, only their name: the id of such a unit says nothing of the data,
    /// and that it was committed before is no reason to pass it over.
    ///
    /// 64 bits of XXH3: among a million units, two share an id with a chance of one in 37 million.
    pub id: String,
    /// Indexes into the list of files, ascending, at least one.
    pub files: Vec<u32>,
}

/// Groups `files` into units, ordered by their first file; every file is in exactly one.
///
/// A unit holds files of one account and region (files whose names do not tell are a group too) in the order of the list, up to and with
/// the file at which the estimated Parquet size reaches the target. The estimate: 0.4 of the stored size for names of compressed
/// files, 0.08 for others. A file of unknown size (standard input, a pipe) is a unit of its own.
///
/// `files` holds fewer than 2³² entries, which [`super::discover`] sees to.
pub fn plan_units(files: &[InputFile], settings: &UnitSettings) -> Vec<Unit> {
    plan_units_of(files, (0..=u32::MAX).take(files.len()), settings)
}

/// The same for the files at `indexes` alone, ascending: those that are not converted yet.
///
/// A file that is left out together with all others of its unit changes no other unit: so what remains of a job that was cut off between two
/// units is planned as it was the first time.
pub(crate) fn plan_units_of(files: &[InputFile], indexes: impl Iterator<Item = u32>, settings: &UnitSettings) -> Vec<Unit> {
    let limit = u128::from(settings.target_file_size) * WEIGHT_PER_BYTE;
    let mut groups: HashMap<Option<(&str, &str)>, OpenUnit> = HashMap::new();
    let mut planned: Vec<Vec<u32>> = Vec::new();
    for index in indexes {
        let Some(file) = files.get(index as usize) else { break };
        let open = groups.entry(group_of(file)).or_default();
        match file.size {
            None => planned.push(vec![index]),
            Some(size) => {
                open.files.push(index);
                open.weight += weight(file.object.ending(), size);
                if open.weight >= limit {
                    planned.extend(open.close());
                }
            }
        }
    }
    planned.extend(groups.values_mut().filter_map(OpenUnit::close));
    planned.sort_unstable();
    planned.into_iter().map(|indexes| unit_of(files, indexes, settings)).collect()
}

/// The unit that holds just the files at `indexes`.
pub(crate) fn unit_of(files: &[InputFile], indexes: Vec<u32>, settings: &UnitSettings) -> Unit {
    Unit { id: unit_id(files, &indexes, settings), files: indexes }
}

/// Files in a unit of [`units_in_order`] at most: rows are handed on when their unit is whole, and somebody is waiting for them.
const MAX_IN_ORDER: usize = 256;

/// Groups `files` in their order: neighbours up to `small_file` stored bytes together, every larger one, every stream and every file of a lake
/// by itself. What is wrong with one of these is then nobody else's concern. The ids only tell the units apart.
pub fn units_in_order(files: &[InputFile], small_file: u64) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut is_open = false;
    for (index, file) in (0..=u32::MAX).zip(files) {
        let is_small = matches!(file.location, Location::Path(_) | Location::Object(_)) && file.size.is_some_and(|size| size <= small_file);
        match units.last_mut().filter(|unit| is_open && is_small && unit.files.len() < MAX_IN_ORDER) {
            Some(unit) => unit.files.push(index),
            None => units.push(Unit { id: units.len().to_string(), files: vec![index] }),
        }
        is_open = is_small;
    }
    units
}

/// A unit that may still take files.
#[derive(Default)]
struct OpenUnit {
    files: Vec<u32>,
    weight: u128,
}

impl OpenUnit {
    /// The files so far, if any; the next file begins a new unit.
    fn close(&mut self) -> Option<Vec<u32>> {
        self.weight = 0;
        let files = std::mem::take(&mut self.files);
        (!files.is_empty()).then_some(files)
    }
}

fn group_of(file: &InputFile) -> Option<(&str, &str)> {
    file.name.as_ref().map(|name| (&*name.account, &*name.region))
}

/// Weights are 25ths of an estimated byte of Parquet, so that the sums are exact: 0.4 is 10/25, 0.08 is 2/25.
const WEIGHT_PER_BYTE: u128 = 25;

fn weight(object: &str, size: u64) -> u128 {
    u128::from(size) * if looks_compressed(object.as_bytes()) { 10 } else { 2 }
}

/// What the hash is of; a change in how it is computed changes this too.
const ID_VERSION: &[u8] = b"tlslake.unit/1";

fn unit_id(files: &[InputFile], indexes: &[u32], settings: &UnitSettings) -> String {
    let mut hash = Xxh3::new();
    hash.update(ID_VERSION);
    update_text(&mut hash, &settings.fingerprint);
    for file in indexes.iter().filter_map(|&index| files.get(index as usize)) {
        hash.update(&[match file.location {
            Location::Path(_) => 0,
            Location::Stdin => 1,
            Location::Lake(..) => 2,
            Location::Object(_) => 3,
        }]);
        update_text(&mut hash, &file.object.text());
        update_number(&mut hash, file.size.map(i128::from));
        update_number(&mut hash, file.modified.map(i128::from));
    }
    format!("{:016x}", hash.digest())
}

/// Another id for a unit whose own is taken: inputs that failed are tried again in a unit of the same inputs. The same each time.
pub(crate) fn another_id(id: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut id = id.to_owned();
    while is_taken(&id) {
        id = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(id.as_bytes()));
    }
    id
}

/// Length first, so that no two sequences of texts look alike.
fn update_text(hash: &mut Xxh3, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

fn update_number(hash: &mut Xxh3, number: Option<i128>) {
    hash.update(&[u8::from(number.is_some())]);
    hash.update(&number.unwrap_or(0).to_le_bytes());
}

#[cfg(test)]
mod tests;
