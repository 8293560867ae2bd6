//! Takes away what a run that was cut off has left: unfinished files, finished ones that no manifest names, units that others replaced.
//!
//! Called with the lock held, before anything is written. Only files that `convert` names are touched.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::manifest::{self, UnitManifest};
use super::{CONNECTIONS, OWN_FOLDER, STAGING, SUCCESS, rejected, staging, state};
use crate::error::{Error, Result};

/// Cleans the lake at `out`; gives the number of files removed.
pub(super) fn recover(out: &Path) -> Result<u64> {
    let own = out.join(OWN_FOLDER);
    let mut removed = remove_tree(&own.join(STAGING))?;
    for folder in [out, &own, &own.join(manifest::FOLDER)] {
        removed += remove_temporary(folder)?;
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
    let mut replaced = Vec::new();
    for path in manifest::unit_paths(own)? {
        replaced.extend(UnitManifest::read(&path)?.head.replaces);
    }
    replaced.iter().try_fold(0, |removed, old| Ok(removed + remove_unit(out, old)?))
}

/// Removes a unit, if it is there: its files first, so that its manifest names them until all are gone.
pub(super) fn remove_unit(out: &Path, unit: &str) -> Result<u64> {
    let own = out.join(OWN_FOLDER);
    let path = manifest::path(&own, unit);
    if !path.exists() {
        return Ok(0);
    }
    let outputs = UnitManifest::read(&path)?.outputs;
    for output in &outputs {
        let file = out.join(&output.path);
        staging::remove_file(&file)?;
        sync_parent(&file)?;
        remove_empty_folders(out, &file);
    }
    staging::remove_file(&path)?;
    sync_parent(&path)?;
    Ok(outputs.len() as u64 + 1)
}

/// Part files and states of units that have no manifest.
fn remove_unnamed(out: &Path, own: &Path) -> Result<u64> {
    let named: HashSet<String> =
        manifest::unit_paths(own)?.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    let mut removed = 0;
    for folder in [out.join(CONNECTIONS), out.join(rejected::FOLDER), own.join(state::FOLDER)] {
        for entry in walkdir::WalkDir::new(&folder) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => continue,
                Err(error) => return Err(Error::io(&folder, "listing", error.into())),
            };
            let unit = entry.file_name().to_str().and_then(unit_of_name);
            if entry.file_type().is_file() && unit.is_some_and(|unit| !named.contains(unit)) {
                staging::remove_file(entry.path())?;
                remove_empty_folders(out, entry.path());
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// The unit that a file belongs to, by its name: `part-<16 hex digits>[-NNNN].parquet`, or `<16 hex digits>.jsonl.zst`.
fn unit_of_name(name: &str) -> Option<&str> {
    let rest = match name.strip_prefix("part-") {
        Some(rest) => rest.strip_suffix(".parquet")?,
        None => name.strip_suffix(".jsonl.zst")?,
    };
    let (unit, number) = rest.split_at_checked(16)?;
    let is_unit = unit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = number.is_empty() || number.strip_prefix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    (is_unit && is_number).then_some(unit)
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

fn sync_parent(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), staging::sync_folder)
}

fn listing(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
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
        assert_eq!(unit_of_name("part-0123456789abcdef.parquet"), Some("0123456789abcdef"));
        assert_eq!(unit_of_name("part-0123456789abcdef-0012.parquet"), Some("0123456789abcdef"));
        assert_eq!(unit_of_name("0123456789abcdef.jsonl.zst"), Some("0123456789abcdef"));
        for other in ["part-u1.parquet", "part-0123456789ABCDEF.parquet", "part-0123456789abcdef_x.parquet", "mine.parquet", "part-é"] {
            assert_eq!(unit_of_name(other), None, "{other}");
        }
    }
}
