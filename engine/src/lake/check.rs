//! Whether a lake is what its manifests say: every file there, as written, named, and adding up.
//!
//! In: a lake's home. Out: what differs, each with its place. Nothing is changed, and no log is read.

use std::collections::{BTreeMap, HashMap};

use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use rayon::prelude::*;

use super::home::{Home, Quiet};
use super::inventory::Inventory;
use super::manifest::{self, InputEntry, InputStatus, LakeManifest, LineCounts, OutputEntry, UnitManifest, checksum_text};
use super::{CONNECTIONS, REPORT, SUCCESS, hourly, own, rejected, settings, staging, state};
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
    /// Tells whether a run began to write before the verdict.
    quiet: Option<Quiet>,
}

impl Checked {
    fn differ(&mut self, kind: DifferenceKind, place: impl Into<String>, problem: impl Into<String>) {
        self.differences.push(Difference { kind, place: place.into(), problem: problem.into() });
    }

    /// Fails where a run has begun to write the lake meanwhile: the verdict would be of something that is gone.
    pub(crate) fn check_quiet(&self) -> Result<()> {
        self.quiet.as_ref().map_or(Ok(()), Quiet::check)
    }
}

/// Checks a lake; files are read in parallel on the caller's rayon pool.
///
/// # Errors
/// [`Error::NoLake`] where there is no lake with a manifest, [`Error::Locked`] while a run is writing it, [`Error::Io`] where it cannot be listed.
pub(crate) fn check(home: &dyn Home) -> Result<Checked> {
    if settings::read(home)?.is_none() {
        return Err(Error::NoLake { path: home.path().to_owned() });
    }
    let mut checked = Checked { quiet: Some(home.quiet()?), ..Checked::default() };
    if home.size(SUCCESS)?.is_none() {
        checked.differ(DifferenceKind::Incomplete, SUCCESS, "is missing: a run was cut off; convert again to complete the lake");
    }
    let units = units(home, &mut checked)?;
    match Inventory::read(home) {
        Ok(inventory) => checked.inventory = inventory,
        Err(Error::DamagedLake { object, fault }) => checked.differ(DifferenceKind::Manifest, object, fault.to_string()),
        Err(error) => return Err(error),
    }
    units.iter().for_each(|unit| check_unit(unit, &mut checked));
    let lake = lake_manifest(home, &mut checked)?;
    let of_units = units.iter().flat_map(|unit| unit.outputs.iter().map(|output| (Some(unit.head.unit.as_str()), output)));
    let of_lake = lake.iter().flat_map(|lake| lake.outputs.iter().map(|output| (None, output)));
    check_files(home, &of_units.chain(of_lake).collect::<Vec<_>>(), &mut checked)?;
    if checked.rows != checked.inventory.tally.rows {
        let problem = format!("has {} rows in its files, {} by its inputs", checked.rows, checked.inventory.tally.rows);
        checked.differ(DifferenceKind::Accounting, CONNECTIONS, problem);
    }
    check_report(home, &mut checked)?;
    Ok(checked)
}

/// The manifests of all units; one that cannot be understood is a difference.
fn units(home: &dyn Home, checked: &mut Checked) -> Result<Vec<UnitManifest>> {
    let mut units = Vec::new();
    for unit in manifest::units(home)? {
        match UnitManifest::read(home, &unit) {
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
fn lake_manifest(home: &dyn Home, checked: &mut Checked) -> Result<Option<LakeManifest>> {
    let place = manifest::name(manifest::LAKE);
    let lake = match LakeManifest::read(home) {
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

/// Compares the files that are there with what manifests say of them.
fn check_files(home: &dyn Home, outputs: &[(Option<&str>, &OutputEntry)], checked: &mut Checked) -> Result<()> {
    let mut there: HashMap<String, u64> = HashMap::new();
    for folder in [CONNECTIONS, rejected::FOLDER, hourly::FAILURES, hourly::LATENCY, &state::folder()] {
        there.extend(home.files(folder)?.into_iter().map(|file| (file.name, file.bytes)));
    }
    let problem = |(unit, output): &(Option<&str>, &OutputEntry)| file_problem(home, there.get(&output.path).copied(), *unit, output);
    let found: Vec<Option<String>> = outputs.par_iter().map(problem).collect();
    for ((_, output), problem) in outputs.iter().zip(found) {
        checked.files += 1;
        checked.bytes += output.bytes;
        if output.table == CONNECTIONS {
            checked.rows += output.rows;
        }
        if let Some(problem) = problem {
            checked.differ(DifferenceKind::File, &output.path, problem);
        }
        there.remove(&output.path);
    }
    // Their rows would be counted by readers.
    let mut unnamed: Vec<String> = there.into_keys().collect();
    unnamed.sort_unstable();
    for name in unnamed {
        let problem = "is named by no manifest: what is in it came from elsewhere, or from a run that was cut off";
        checked.differ(DifferenceKind::File, name, problem);
    }
    Ok(())
}

/// What is wrong with a file that has `bytes`.
fn file_problem(home: &dyn Home, bytes: Option<u64>, unit: Option<&str>, output: &OutputEntry) -> Option<String> {
    match bytes {
        Some(bytes) if bytes == output.bytes => {}
        Some(bytes) => return Some(format!("has {bytes} bytes instead of {}", output.bytes)),
        None => return Some("is missing".to_owned()),
    }
    let place = home.path().join(&output.path);
    let checksum = home.open(&output.path).and_then(|file| staging::checksum_of(file, &place)).map(checksum_text);
    match checksum {
        Ok(checksum) if checksum != output.checksum => {
            return Some(format!("is not what was written: {checksum} instead of {}", output.checksum));
        }
        Ok(_) if output.table == state::FOLDER => return None,
        Ok(_) => {}
        Err(error) => return Some(error.to_string()),
    }
    footer_problem(home, unit, output)
}

/// What is wrong with a Parquet file's footer.
fn footer_problem(home: &dyn Home, unit: Option<&str>, output: &OutputEntry) -> Option<String> {
    let reader = match home
        .bytes(&output.path)
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

/// Whether `report.json` says what the manifests say.
fn check_report(home: &dyn Home, checked: &mut Checked) -> Result<()> {
    let place = own(REPORT);
    let Some(bytes) = home.read(&place)? else {
        checked.differ(DifferenceKind::Report, place, "is missing");
        return Ok(());
    };
    let report: Report = match serde_json::from_slice(&bytes) {
        Ok(report) => report,
        Err(error) => {
            checked.differ(DifferenceKind::Report, place, format!("cannot be read: {error}"));
            return Ok(());
        }
    };
    let tally = checked.inventory.tally;
    let said = (report.input.lines, report.rows, report.rejected, report.blank, report.out_of_range);
    let is = (tally.lines, tally.rows, tally.rejected, tally.blank, tally.out_of_range);
    if said != is {
        let problem = format!("speaks of {} lines and {} rows, the manifests of {} and {}", said.0, said.1, is.0, is.1);
        checked.differ(DifferenceKind::Report, place, problem);
    }
    Ok(())
}
