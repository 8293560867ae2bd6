//! Takes away what a run that was cut off has left: unfinished files, finished ones that no manifest names, units that others replaced.
//!
//! Called with the lock held, before anything is written. Only files whose names `convert` gives are touched.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::manifest::{self, UnitManifest};
use super::{CONNECTIONS, OWN_FOLDER, STAGING, SUCCESS, rejected, staging, state};
use crate::error::{Error, Result};

/// Cleans the lake at `out`; gives the number of files removed.
pub(super) fn recover(out: &Path) -> Result<u64> {
    let own = out.join(OWN_FOLDER);
    let mut removed = remove_tree(&own.join(STAGING))?;
    for folder in [&own, &own.join(manifest::FOLDER)] {
        removed += remove_temporary(folder)?;
    }
    let success = out.join(SUCCESS).with_extension(staging::TEMPORARY);
    if success.is_file() {
        staging::remove_file(&success)?;
        removed += 1;
    }
    // A lake that is marked complete holds nothing but what its manifests name.
    if !out.join(SUCCESS).exists() {
        removed += remove_replaced(out, &own)?;
        removed += remove_unnamed(out, &own)?;
    }
    Ok(removed)
}

fn remove_tree(folder: &Path) -> Result<u64> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()).count();
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(folder, "removing what was not finished", error)),
        _ => Ok(files as u64),
    }
}

/// Files that were being written aside.
fn remove_temporary(folder: &Path) -> Result<u64> {
    let mut removed = 0;
    for path in listing(folder)? {
        if path.extension().is_some_and(|extension| extension == staging::TEMPORARY) && path.is_file() {
            staging::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn remove_replaced(out: &Path, own: &Path) -> Result<u64> {
    let mut removed = 0;
    let mut replacing = Vec::new();
    for path in manifest::unit_paths(own)? {
        let manifest = UnitManifest::read(&path)?;
        if !manifest.head.replaces.is_empty() {
            replacing.push(manifest);
        }
    }
    for unit in replacing {
        removed += remove_replaced_by(out, unit)?;
    }
    Ok(removed)
}

/// Removes the units that `unit` replaces, which forgets them then: an id may come back, should the inputs be again what they were.
pub(super) fn remove_replaced_by(out: &Path, mut unit: UnitManifest) -> Result<u64> {
    let old = std::mem::take(&mut unit.head.replaces);
    if old.is_empty() {
        return Ok(0);
    }
    let removed = remove_units(out, &old)?;
    manifest::write(&out.join(OWN_FOLDER), &unit.head.unit, &unit.to_bytes()?)?;
    Ok(removed)
}

/// Removes the units that are there: their files first, so that their manifests name them until all are gone.
fn remove_units(out: &Path, units: &[String]) -> Result<u64> {
    let own = out.join(OWN_FOLDER);
    let manifests: Vec<PathBuf> = units.iter().map(|unit| manifest::path(&own, unit)).filter(|path| path.exists()).collect();
    let (mut removed, mut folders) = (0, BTreeSet::new());
    for path in &manifests {
        for output in UnitManifest::read(path)?.outputs {
            let file = out.join(&output.path);
            staging::remove_file(&file)?;
            folders.extend(file.parent().map(Path::to_owned));
            removed += 1;
        }
    }
    for folder in &folders {
        // Any name in it will do: what is there above it counts.
        let inside = folder.join(staging::TEMPORARY);
        sync_parent(&inside)?;
        remove_empty_folders(out, &inside);
    }
    manifests.iter().try_for_each(|path| staging::remove_file(path))?;
    manifests.first().map_or(Ok(()), |path| sync_parent(path))?;
    Ok(removed + manifests.len() as u64)
}

/// Part files and states that no manifest names.
fn remove_unnamed(out: &Path, own: &Path) -> Result<u64> {
    let mut named: HashSet<PathBuf> = HashSet::new();
    for path in manifest::unit_paths(own)? {
        named.extend(UnitManifest::read(&path)?.outputs.iter().map(|output| out.join(&output.path)));
    }
    let mut removed = 0;
    for folder in [out.join(CONNECTIONS), out.join(rejected::FOLDER), own.join(state::FOLDER)] {
        for entry in walkdir::WalkDir::new(&folder) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => continue,
                Err(error) => return Err(Error::io(&folder, "listing", error.into())),
            };
            let is_ours = entry.file_name().to_str().is_some_and(is_name_of_unit);
            if entry.file_type().is_file() && is_ours && !named.contains(entry.path()) {
                staging::remove_file(entry.path())?;
                sync_parent(entry.path())?;
                remove_empty_folders(out, entry.path());
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

/// Removes the folders above `file`, up to the lake's, that have become empty.
fn remove_empty_folders(out: &Path, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != out && folder.file_name().is_some_and(|name| name != OWN_FOLDER))
    {
        // Fails, as it should, where something is left.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// Makes the removal of `path` durable. Its folder may have gone as well, with a run that died afterwards.
fn sync_parent(path: &Path) -> Result<()> {
    path.ancestors().skip(1).find(|folder| folder.exists()).map_or(Ok(()), staging::sync_folder)
}

fn listing(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io(folder, "listing", error);
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
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
