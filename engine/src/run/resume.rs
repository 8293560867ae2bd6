//! What there is left to convert: the inputs of a run against what its lake holds already.
//!
//! In: the files found, and the lake's inventory. Out: the units to convert. An input is what it was if its size and time of change are; if
//! only the time differs, its text is read and its checksum decides.

use std::collections::{BTreeSet, HashMap, HashSet};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use super::{Plan, pipeline, reader};
use crate::discover::{self, InputFile, Unit, UnitSettings};
use crate::error::{Error, Result};
use crate::lake::manifest::{InputStatus, checksum_text, key_text};
use crate::lake::{Known, Lake};
use crate::report::rfc3339;

/// What a run has to do.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The units to convert, in order.
    pub(super) units: Vec<Unit>,
    /// For some of them, the committed unit whose place they take.
    pub(super) replaces: HashMap<String, String>,
    /// Inputs that the lake holds already.
    pub(super) held: u64,
    /// Inputs whose rows take the place of others.
    pub(super) replaced: u64,
    /// A stream that the lake holds already: refused, once the lake is complete.
    pub(super) refused: Option<Error>,
}

/// How the inputs stand.
#[derive(Debug, Default)]
struct Standing {
    /// Never read.
    fresh: Vec<u32>,
    /// Read, and failed.
    failed: Vec<u32>,
    /// Converted, but not of the same size.
    changed: Vec<u32>,
    /// Converted; of the same size, but not of the same time.
    touched: Vec<u32>,
    /// A stream that was converted before.
    stream: Option<u32>,
}

/// Decides what to do.
///
/// # Errors
/// [`Error::ChangedInput`] unless `replace_changed`; [`Error::BadInput`] where changed inputs cannot be replaced without others that are not
/// among the inputs.
pub(super) fn work(plan: &Plan<'_>, lake: &Lake, settings: &UnitSettings, replace_changed: bool) -> Result<Work> {
    let Standing { fresh, failed, mut changed, touched, stream } = standing(plan, lake);
    if let Some(stream) = stream {
        // What was cut off is completed all the same: nothing else would do it.
        return Ok(Work { refused: Some(stream_again(&plan.files[stream as usize])), held: plan.files.len() as u64, ..Work::default() });
    }
    if !touched.is_empty() {
        let differ = || touched.par_iter().filter(|&&file| is_different(plan, lake, file)).copied().collect::<Vec<u32>>();
        changed.extend(pipeline::pool(plan.tuning.workers)?.install(differ));
        if plan.control.is_cancelled() {
            return Err(Error::Cancelled);
        }
    }
    changed.sort_unstable();
    if let (Some(&first), false) = (changed.first(), replace_changed) {
        return Err(changed_input(plan, lake, first, changed.len()));
    }
    let mut work = Work::default();
    // Those that failed before come by themselves: they were in other units then, and must not change how the fresh ones are grouped.
    for indexes in [fresh, failed] {
        work.units.extend(discover::plan_units_of(&plan.files, indexes.into_iter(), settings));
    }
    replace(plan, lake, settings, &changed, &mut work)?;
    let taken: HashSet<&str> = lake.inventory().units.iter().map(String::as_str).collect();
    for unit in &mut work.units {
        if taken.contains(unit.id.as_str()) {
            let another = discover::another_id(&unit.id, |id| taken.contains(id));
            work.replaces.remove(&unit.id).map(|old| work.replaces.insert(another.clone(), old));
            unit.id = another;
        }
    }
    let planned: usize = work.units.iter().map(|unit| unit.files.len()).sum();
    work.held = (plan.files.len() - planned) as u64;
    Ok(work)
}

fn standing(plan: &Plan<'_>, lake: &Lake) -> Standing {
    let mut standing = Standing::default();
    for (index, file) in (0..=u32::MAX).zip(plan.files.iter()) {
        match lake.inventory().input(file.key) {
            None => standing.fresh.push(index),
            Some(known) if known.status == InputStatus::Failed && is_same(file, known) => standing.failed.push(index),
            Some(known) if known.status == InputStatus::Failed => standing.fresh.push(index),
            Some(_) if file.size.is_none() => standing.stream = Some(index),
            Some(known) if is_same(file, known) => {}
            Some(known) if file.size == known.size => standing.touched.push(index),
            Some(_) => standing.changed.push(index),
        }
    }
    standing
}

fn is_same(file: &InputFile, known: &Known) -> bool {
    file.size.is_some() && file.size == known.size && file.modified_ns().is_some() && file.modified_ns() == known.modified_ns
}

/// Whether the text of a file is not what it was: of one that was salvaged, what stands before its fault.
fn is_different(plan: &Plan<'_>, lake: &Lake, file: u32) -> bool {
    let Some(known) = lake.inventory().input(plan.files[file as usize].key) else { return true };
    let (checksum, is_whole) = text_checksum(plan, file);
    Some(checksum) != known.checksum || is_whole != (known.status == InputStatus::Converted)
}

/// XXH3-128 of a file's text, as far as whole lines of it can be had, and whether that is to its end.
fn text_checksum(plan: &Plan<'_>, file: u32) -> (u128, bool) {
    let (mut hash, mut text) = (Xxh3::new(), Vec::new());
    let Ok(mut lines) = reader::lines(plan, file) else { return (hash.digest128(), false) };
    loop {
        let piece = lines.next(&mut text);
        hash.update(&text);
        match piece {
            Ok(Some(_)) if !plan.control.is_cancelled() => {}
            Ok(None) => return (hash.digest128(), true),
            _ => return (hash.digest128(), false),
        }
    }
}

/// Plans the units of `changed` inputs anew: each as it was, with everything that is in the same files.
fn replace(plan: &Plan<'_>, lake: &Lake, settings: &UnitSettings, changed: &[u32], work: &mut Work) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let inventory = lake.inventory();
    let units: BTreeSet<u32> = changed.iter().filter_map(|&file| Some(inventory.input(plan.files[file as usize].key)?.unit)).collect();
    let indexes: HashMap<String, u32> = (0..=u32::MAX).zip(plan.files.iter()).map(|(index, file)| (key_text(file.key), index)).collect();
    for unit in units {
        let old = &inventory.units[unit as usize];
        let mut files = Vec::new();
        for input in lake.manifest(old)?.inputs.iter().filter(|input| input.status != InputStatus::Failed) {
            match indexes.get(&input.key) {
                Some(&index) => files.push(index),
                None => return Err(cannot_replace(plan, changed, &input.object)),
            }
        }
        files.sort_unstable();
        let new = discover::unit_of(&plan.files, files, settings);
        work.replaces.insert(new.id.clone(), old.clone());
        work.units.push(new);
    }
    work.replaced = changed.len() as u64;
    Ok(())
}

#[cold]
fn changed_input(plan: &Plan<'_>, lake: &Lake, first: u32, count: usize) -> Error {
    let file = &plan.files[first as usize];
    let was = lake.inventory().input(file.key).map_or_else(String::new, |known| identity(known.size, known.modified_ns, known.checksum));
    let others = if count > 1 { format!("; so have {} others", count - 1) } else { String::new() };
    let (checksum, is_whole) = text_checksum(plan, first);
    let now = is_whole.then_some(checksum);
    Error::ChangedInput { object: file.object.to_string(), was, is: identity(file.size, file.modified_ns(), now), others }
}

/// Size, time and checksum in words.
fn identity(size: Option<u64>, modified_ns: Option<i64>, checksum: Option<u128>) -> String {
    let size = size.map_or_else(|| "a stream".to_owned(), |size| format!("{size} bytes"));
    let time = modified_ns.map_or_else(String::new, |time| format!(" of {}", rfc3339(time.div_euclid(1_000))));
    let checksum = checksum.map_or_else(|| ", not readable to its end".to_owned(), |sum| format!(", text {}", checksum_text(sum)));
    format!("{size}{time}{checksum}")
}

#[cold]
fn stream_again(file: &InputFile) -> Error {
    let problem = "a stream was converted into this lake already, and nothing tells whether this is the same one again; name files, or another \
                   output folder";
    Error::BadInput { input: file.object.to_string(), problem: problem.to_owned() }
}

#[cold]
fn cannot_replace(plan: &Plan<'_>, changed: &[u32], missing: &str) -> Error {
    let input = changed.first().map_or_else(String::new, |&file| plan.files[file as usize].object.to_string());
    let problem = format!(
        "has changed, but its rows are in the same files as those of {missing}, which is not among the inputs: name that, too, so that both can \
         be written anew"
    );
    Error::BadInput { input, problem }
}
