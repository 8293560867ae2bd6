//! Takes away what a run that was cut off has left: unfinished files, finished ones that no manifest names, units that others replaced.
//!
//! Called with the lock held, before anything is written. Only files whose names `convert` gives are touched.

use std::collections::HashSet;

use super::home::Home;
use super::manifest::{self, UnitManifest};
use super::{CONNECTIONS, SUCCESS, rejected, state};
use crate::error::Result;

/// Cleans a lake; gives the number of files removed.
pub(super) fn recover(home: &dyn Home) -> Result<u64> {
    let mut removed = home.remove_unfinished()?;
    // A lake that is marked complete holds nothing but what its manifests name.
    if home.size(SUCCESS)?.is_none() {
        removed += remove_replaced(home)?;
        removed += remove_unnamed(home)?;
    }
    Ok(removed)
}

fn remove_replaced(home: &dyn Home) -> Result<u64> {
    let mut removed = 0;
    let mut replacing = Vec::new();
    for unit in manifest::units(home)? {
        let manifest = UnitManifest::read(home, &unit)?;
        if !manifest.head.replaces.is_empty() {
            replacing.push(manifest);
        }
    }
    for unit in replacing {
        removed += remove_replaced_by(home, unit)?;
    }
    Ok(removed)
}

/// Removes the units that `unit` replaces, which forgets them then: an id may come back, should the inputs be again what they were.
pub(super) fn remove_replaced_by(home: &dyn Home, mut unit: UnitManifest) -> Result<u64> {
    let old = std::mem::take(&mut unit.head.replaces);
    if old.is_empty() {
        return Ok(0);
    }
    let removed = remove_units(home, &old)?;
    unit.write(home)?;
    Ok(removed)
}

/// Removes the units that are there: their files first, so that their manifests name them until all are gone.
fn remove_units(home: &dyn Home, units: &[String]) -> Result<u64> {
    let there: HashSet<String> = manifest::units(home)?.into_iter().collect();
    let units = || units.iter().filter(|unit| there.contains(*unit));
    let mut files = Vec::new();
    for unit in units() {
        files.extend(UnitManifest::read(home, unit)?.outputs.into_iter().map(|output| output.path));
    }
    home.remove(&files)?;
    let manifests: Vec<String> = units().map(|unit| manifest::name(unit)).collect();
    home.remove(&manifests)?;
    Ok((files.len() + manifests.len()) as u64)
}

/// Part files and states that no manifest names.
fn remove_unnamed(home: &dyn Home) -> Result<u64> {
    let mut named: HashSet<String> = HashSet::new();
    for unit in manifest::units(home)? {
        named.extend(UnitManifest::read(home, &unit)?.outputs.into_iter().map(|output| output.path));
    }
    let mut removed = 0;
    for folder in [CONNECTIONS, rejected::FOLDER, &state::folder()] {
        for file in home.files(folder)? {
            let is_ours = file.name.rsplit('/').next().is_some_and(is_name_of_unit);
            if is_ours && !named.contains(&file.name) {
                home.remove_file(&file.name)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Whether a name is one that a unit's files have: `part-<16 hex digits>[-NNNN].parquet`, or `<16 hex digits>.jsonl.zst`.
fn is_name_of_unit(name: &str) -> bool {
    let rest = match name.strip_prefix("part-") {
        Some(rest) => rest.strip_suffix(".parquet"),
        None => name.strip_suffix(".jsonl.zst"),
    };
    let Some((unit, number)) = rest.and_then(|rest| rest.split_at_checked(16)) else { return false };
    let is_unit = unit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = number.is_empty() || number.strip_prefix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_unit && is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_convert_gives_belong_to_a_unit() {
        for own in ["part-0123456789abcdef.parquet", "part-0123456789abcdef-0012.parquet", "0123456789abcdef.jsonl.zst"] {
            assert!(is_name_of_unit(own), "{own}");
        }
        for other in ["part-u1.parquet", "part-0123456789ABCDEF.parquet", "part-0123456789abcdef_x.parquet", "mine.parquet", "part-é"] {
            assert!(!is_name_of_unit(other), "{other}");
        }
    }
}
