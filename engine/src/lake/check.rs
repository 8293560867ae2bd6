//! Whether a lake is what its manifests say: every file there, as written, named, and adding up.
//!
//! In: a lake's folder. Out: what differs, each with its place. Nothing is changed, and no log is read.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use rayon::prelude::*;

use super::inventory::Inventory;
use super::manifest::{self, InputEntry, InputStatus, LakeManifest, LineCounts, OutputEntry, UnitManifest, checksum_text};
use super::{CONNECTIONS, OWN_FOLDER, REPORT, SUCCESS, hourly, rejected, settings, staging, state};
use crate::error::{Error, Result};
use crate::report::{Difference, DifferenceKind, Report};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What differs, in a fixed order.
    pub(crate) differences: Vec<Difference>,
    /// What the manifests hold, unless they cannot be understood.
    pub(crate) inventory: Inventory,
    /// Files that were compared with what the manifests say of them.
    pub(crate) files: u64,
    /// Rows in all footers of `connections`.
    pub(crate) rows: u64,
    /// Bytes read.
    pub(crate) bytes: u64,
    /// Kept so that no run begins to write before the verdict.
    _lock: Option<File>,
}

impl Checked {
    fn differ(&mut self, kind: DifferenceKind, place: impl Into<String>, problem: impl Into<String>) {
        self.differences.push(Difference { kind, place: place.into(), problem: problem.into() });
    }
}

/// Checks the lake at `out`; files are read in parallel on the caller's rayon pool.
///
/// # Errors
/// [`Error::NoLake`] where there is no lake with a manifest, [`Error::Locked`] while a run is writing it, [`Error::Io`] where it cannot be listed.
pub(crate) fn check(out: &Path) -> Result<Checked> {
    let own = out.join(OWN_FOLDER);
    if !settings::exist(&own) {
        return Err(Error::NoLake { path: out.to_owned() });
    }
    let lock = super::lock::read(out, &own)?;
    let mut checked = Checked { _lock: lock, ..Checked::default() };
    if !out.join(SUCCESS).is_file() {
        checked.differ(DifferenceKind::Incomplete, SUCCESS, "is missing: a run was cut off; convert again to complete the lake");
    }
    let units = units(&own, &mut checked)?;
    match Inventory::read(&own) {
        Ok(inventory) => checked.inventory = inventory,
        Err(Error::DamagedLake { object, fault }) => checked.differ(DifferenceKind::Manifest, object, fault.to_string()),
        Err(error) => return Err(error),
    }
    units.iter().for_each(|unit| check_unit(unit, &mut checked));
    let lake = lake_manifest(&own, &mut checked)?;
    let outputs = || units.iter().flat_map(|unit| unit.outputs.iter().map(|output| (Some(unit.head.unit.as_str()), output)));
    let of_lake = lake.iter().flat_map(|lake| lake.outputs.iter().map(|output| (None, output)));
    check_files(out, &outputs().chain(of_lake).collect::<Vec<_>>(), &mut checked);
    let named: HashSet<PathBuf> = outputs()
        .map(|(_, output)| output)
        .chain(lake.iter().flat_map(|lake| &lake.outputs))
        .map(|output| out.join(&output.path))
        .collect();
    check_unnamed(out, &own, &named, &mut checked)?;
    if checked.rows != checked.inventory.tally.rows {
        let problem = format!("has {} rows in its files, {} by its inputs", checked.rows, checked.inventory.tally.rows);
        checked.differ(DifferenceKind::Accounting, CONNECTIONS, problem);
    }
    check_report(&own, &mut checked);
    Ok(checked)
}

/// The manifests of all units; one that cannot be understood is a difference.
fn units(own: &Path, checked: &mut Checked) -> Result<Vec<UnitManifest>> {
    let mut units = Vec::new();
    for path in manifest::unit_paths(own)? {
        match UnitManifest::read(&path) {
            Ok(unit) => units.push(unit),
            Err(Error::DamagedLake { object, fault }) => checked.differ(DifferenceKind::Manifest, object, fault.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(units)
}

/// Whether a unit's inputs and outputs add up.
fn check_unit(unit: &UnitManifest, checked: &mut Checked) {
    let mut given: BTreeMap<&str, u64> = BTreeMap::new();
    for input in &unit.inputs {
        check_input(input, checked);
        for share in &input.outputs {
            *given.entry(share.path.as_str()).or_default() += share.rows;
        }
    }
    for output in unit.outputs.iter().filter(|output| output.table != state::FOLDER) {
        let rows = given.remove(output.path.as_str()).unwrap_or(0);
        if rows != output.rows {
            let problem = format!("has {} rows by the manifest, but its inputs gave {rows}", output.rows);
            checked.differ(DifferenceKind::Accounting, &output.path, problem);
        }
    }
    for (path, rows) in given {
        checked.differ(DifferenceKind::Accounting, path, format!("took {rows} rows by the manifest, and is not among the unit's files"));
    }
}

fn check_input(input: &InputEntry, checked: &mut Checked) {
    let LineCounts { lines, rows, rejected, blank, out_of_range, .. } = input.tally;
    if !input.tally.balances() {
        let problem = format!("{lines} lines are not {rows} rows + {rejected} rejected + {blank} blank + {out_of_range} out of range");
        checked.differ(DifferenceKind::Accounting, &input.object, problem);
    }
    let placed: u64 = input.outputs.iter().map(|share| share.rows).sum();
    if placed != rows + rejected {
        let problem = format!("{rows} rows and {rejected} rejected lines, but {placed} went to files");
        checked.differ(DifferenceKind::Accounting, &input.object, problem);
    }
    let has_failed = input.status == InputStatus::Failed;
    if has_failed != input.checksum.is_none() || (input.status == InputStatus::Converted) != input.fault.is_none() {
        checked.differ(DifferenceKind::Manifest, &input.object, "its status, its checksum and its fault contradict one another");
    }
}

/// The lake's own manifest, compared with the sums over the units.
fn lake_manifest(own: &Path, checked: &mut Checked) -> Result<Option<LakeManifest>> {
    let place = format!("{OWN_FOLDER}/{}/{}.jsonl", manifest::FOLDER, manifest::LAKE);
    let lake = match LakeManifest::read(own) {
        Ok(Some(lake)) => lake,
        Ok(None) => {
            checked.differ(DifferenceKind::Manifest, place, "is missing");
            return Ok(None);
        }
        Err(Error::DamagedLake { object, fault }) => {
            checked.differ(DifferenceKind::Manifest, object, fault.to_string());
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let inventory = &checked.inventory;
    let (head, sums) = (&lake.head, (inventory.units.len() as u64, inventory.used(), inventory.failed(), inventory.tally));
    if (head.units, head.inputs, head.failed, head.tally) != sums || head.job != inventory.job_id() {
        checked.differ(DifferenceKind::Accounting, place, "its sums are not those of the units' manifests");
    }
    Ok(Some(lake))
}

/// Compares files with what manifests say of them.
fn check_files(out: &Path, outputs: &[(Option<&str>, &OutputEntry)], checked: &mut Checked) {
    let found: Vec<Option<String>> = outputs.par_iter().map(|(unit, output)| file_problem(out, *unit, output)).collect();
    for ((_, output), problem) in outputs.iter().zip(found) {
        checked.files += 1;
        checked.bytes += output.bytes;
        if output.table == CONNECTIONS {
            checked.rows += output.rows;
        }
        if let Some(problem) = problem {
            checked.differ(DifferenceKind::File, &output.path, problem);
        }
    }
}

/// What is wrong with a file.
fn file_problem(out: &Path, unit: Option<&str>, output: &OutputEntry) -> Option<String> {
    let path = out.join(&output.path);
    let bytes = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    if bytes != output.bytes {
        return Some(format!("has {bytes} bytes instead of {}", output.bytes));
    }
    match staging::checksum(&path).map(checksum_text) {
        Ok(checksum) if checksum != output.checksum => {
            return Some(format!("is not what was written: {checksum} instead of {}", output.checksum));
        }
        Ok(_) if output.table == state::FOLDER => return None,
        Ok(_) => {}
        Err(error) => return Some(error.to_string()),
    }
    footer_problem(&path, unit, output)
}

/// What is wrong with a Parquet file's footer.
fn footer_problem(path: &Path, unit: Option<&str>, output: &OutputEntry) -> Option<String> {
    let reader = match File::open(path)
        .map_err(|error| error.to_string())
        .and_then(|file| SerializedFileReader::new(file).map_err(|error| error.to_string()))
    {
        Ok(reader) => reader,
        Err(error) => return Some(format!("is no whole Parquet file: {error}")),
    };
    let footer = reader.metadata().file_metadata();
    if u64::try_from(footer.num_rows()) != Ok(output.rows) {
        return Some(format!("has {} rows by its footer instead of {}", footer.num_rows(), output.rows));
    }
    let named =
        footer.key_value_metadata().into_iter().flatten().find(|pair| pair.key == "tlslake.unit").and_then(|pair| pair.value.as_deref());
    (unit.is_some() && named != unit).then(|| format!("is a file of unit {}, not of this one", named.unwrap_or("(none)")))
}

/// Files where the lake keeps its own that no manifest names: their rows would be counted by readers.
fn check_unnamed(out: &Path, own: &Path, named: &HashSet<PathBuf>, checked: &mut Checked) -> Result<()> {
    let tables = [CONNECTIONS, rejected::FOLDER, hourly::FAILURES, hourly::LATENCY].map(|name| out.join(name));
    for folder in tables.into_iter().chain([own.join(state::FOLDER)]).filter(|folder| folder.exists()) {
        for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::io(&folder, "listing", error.into()))?;
            if entry.file_type().is_file() && !named.contains(entry.path()) {
                let place = entry.path().strip_prefix(out).unwrap_or(entry.path()).display().to_string();
                checked.differ(
                    DifferenceKind::File,
                    place,
                    "is named by no manifest: what is in it came from elsewhere, or from a run that was cut off",
                );
            }
        }
    }
    Ok(())
}

/// Whether `report.json` says what the manifests say.
fn check_report(own: &Path, checked: &mut Checked) {
    let place = format!("{OWN_FOLDER}/{REPORT}");
    let report: Report = match fs::read(own.join(REPORT))
        .map_err(|error| error.to_string())
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
    {
        Ok(report) => report,
        Err(error) => return checked.differ(DifferenceKind::Report, place, format!("cannot be read: {error}")),
    };
    let tally = checked.inventory.tally;
    let said = (report.input.lines, report.rows, report.rejected, report.blank, report.out_of_range);
    let is = (tally.lines, tally.rows, tally.rejected, tally.blank, tally.out_of_range);
    if said != is {
        let problem = format!("speaks of {} lines and {} rows, the manifests of {} and {}", said.0, said.1, is.0, is.1);
        checked.differ(DifferenceKind::Report, place, problem);
    }
}
