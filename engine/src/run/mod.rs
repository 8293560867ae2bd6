//! A whole run: inputs in, a report (and a lake, or batches) out. The only place that knows threads.
//!
//! [`report`] and [`convert`] do what the commands of those names do; [`batches`] hands the rows to the caller as Arrow record batches. All
//! three read through the same steps, wired in `pipeline`: the reader cuts the inputs into portions, any worker parses them, the writer
//! takes them in order.

mod ahead;
mod batches;
mod bench;
mod compact;
mod control;
mod convert;
mod gate;
mod hours;
mod iceberg;
mod lake_sink;
mod list;
mod parse;
mod pipeline;
mod reader;
mod result;
mod resume;
mod search;
mod sink;
mod slot;
mod states;
#[cfg(test)]
mod tests;
mod tuning;
mod verify;
mod write;

use std::sync::Arc;
use std::time::Instant;

pub use batches::{Batches, batches};
pub use bench::{BenchConfig, Decompressor, Encoder, Written, bench};
pub use compact::compact;
pub use control::{Control, Progress};
pub use convert::convert;
pub use iceberg::iceberg;
pub use list::{lake_shape, list};
pub use search::{Match, MatchVisitor, RejectedMatch, SearchOutcome, search};
pub use verify::verify;

pub use crate::store::Traffic;

use crate::aggregate::{Certificates, SourceLabels};
use crate::config::{LakeConfig, OnCorrupt, ReadConfig};
use crate::discover::{self, Discovery, InputFile, Lakes, Location, Skips, Unit, UnitSettings, UnreachableFile};
use crate::error::{Error, Result};
use crate::open;
use crate::report::Report;
use crate::scan::Kernel;
use crate::select::Prefilter;
use result::Account;
use sink::NoSink;
use tuning::{Needs, Tuning};

/// Everything that is settled before the first byte is read.
pub(crate) struct Plan<'a> {
    files: Arc<[InputFile]>,
    skipped: Skips,
    unreachable: Vec<UnreachableFile>,
    labels: Vec<SourceLabels>,
    /// What the files' names say of their balancers.
    balancers: Vec<Option<Arc<str>>>,
    units: Vec<Unit>,
    kernel: Kernel,
    jobs: usize,
    memory: u64,
    wants: Wants,
    /// Passes over the lines that a search need not parse.
    prefilter: Option<Prefilter>,
    read: &'a ReadConfig,
    control: &'a Control,
    tuning: Tuning,
    started: Instant,
}

/// What a run is to observe beside the report's aggregates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    hourly: bool,
    certificates: bool,
    /// The rows themselves, every column of them.
    rows: bool,
    /// The lines as logged, and no aggregates.
    lines: bool,
    /// What became of each input, with a checksum of its text.
    accounts: bool,
    /// No aggregates.
    nothing_else: bool,
}

impl Wants {
    /// Whether somebody looks at clients and certificates of rows that did not fail.
    fn identities(self) -> bool {
        self.rows || self.lines || self.certificates
    }
}

/// How files become units of work.
enum Grouping {
    /// For one good Parquet file each.
    ForFiles(UnitSettings),
    /// In the order of the inputs, a large file by itself.
    InOrder,
    /// Not yet: what is left to do is not known.
    Later,
}

impl Grouping {
    /// Where nothing is written and nobody looks at the order.
    fn any() -> Self {
        Self::ForFiles(UnitSettings { target_file_size: LakeConfig::DEFAULT_TARGET_FILE_SIZE, fingerprint: String::new() })
    }
}

/// Reads `inputs` and reports on them; nothing is written.
///
/// `inputs` are files, folders, globs, or `-` for standard input, or folders that [`convert`] wrote. Memory: see `ARCHITECTURE.md`.
///
/// # Errors
/// Where no input can be read at all, a setting cannot be used, or an input is damaged and [`OnCorrupt::Fail`] was asked for. Rejected
/// lines and failed inputs are no errors: the report names them.
pub fn report<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig, control: &Control) -> Result<Report> {
    let plan = Plan::new(inputs, Lakes::Read, read, control, Grouping::any())?;
    let outcome = pipeline::run(&plan, &mut NoSink)?;
    result::check_not_empty(&plan, &outcome)?;
    Ok(result::report(&plan, &Account::of_run(&plan, &outcome), None))
}

/// Reads and decompresses `inputs`, checks what is checked on the way (members, checksums, lengths of lines), and drops the text: the floor under
/// the cost of everything else. The report counts bytes and names files that failed; it has no lines or rows.
///
/// # Errors
/// As [`fn@report`].
pub fn decompress<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig, control: &Control) -> Result<Report> {
    let mut plan = Plan::new(inputs, Lakes::Refuse, read, control, Grouping::InOrder)?;
    plan.wants.lines = true;
    plan.prefilter = Some(Prefilter::none());
    let outcome = pipeline::run(&plan, &mut NoSink)?;
    result::check_not_empty(&plan, &outcome)?;
    Ok(result::report(&plan, &Account::of_run(&plan, &outcome), None))
}

/// What [`certificates`] found.
#[derive(Clone, Debug)]
pub struct CertificatesOutcome {
    /// How each certificate was used.
    pub certificates: Certificates,
    /// What was read, and what could not be.
    pub report: Report,
}

/// Reads `inputs` and tells how each leaf certificate was used; nothing is written.
///
/// # Errors
/// As [`fn@report`].
pub fn certificates<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig, control: &Control) -> Result<CertificatesOutcome> {
    let mut plan = Plan::new(inputs, Lakes::Read, read, control, Grouping::any())?;
    plan.wants.certificates = true;
    plan.share_out(Needs { certificates: true, ..Needs::of(&plan.files) })?;
    let mut outcome = pipeline::run(&plan, &mut NoSink)?;
    result::check_not_empty(&plan, &outcome)?;
    let certificates = std::mem::take(&mut outcome.certificates).into_certificates();
    Ok(CertificatesOutcome { certificates, report: result::report(&plan, &Account::of_run(&plan, &outcome), None) })
}

impl<'a> Plan<'a> {
    fn new<S: AsRef<std::ffi::OsStr>>(
        inputs: &[S],
        lakes: Lakes,
        read: &'a ReadConfig,
        control: &'a Control,
        grouping: Grouping,
    ) -> Result<Self> {
        let started = Instant::now();
        read.validate()?;
        let kernel = kernel(read)?;
        let Discovery { files, skipped, unreachable } = discover::discover_as(inputs, lakes, read, &control.progress.network)?;
        if let (OnCorrupt::Fail, Some(UnreachableFile { object, fault })) = (read.on_corrupt, unreachable.first()) {
            return Err(Error::CorruptInput { object: object.clone(), fault: fault.clone() });
        }
        let jobs = read.threads();
        let memory = memory_ceiling(read);
        let tuning = Tuning::new(memory, jobs, read.max_line, Needs::of(&files))?;
        let units = match grouping {
            Grouping::ForFiles(settings) => discover::plan_units(&files, &settings),
            Grouping::InOrder => discover::units_in_order(&files, tuning.small_file),
            Grouping::Later => Vec::new(),
        };
        let labels = files.iter().map(labels).collect();
        let balancers = files.iter().map(|file| Some(file.name.as_ref()?.balancer.clone())).collect();
        let plan = Self {
            files: files.into(),
            skipped,
            unreachable,
            labels,
            balancers,
            units,
            kernel,
            jobs,
            memory,
            wants: Wants::default(),
            prefilter: None,
            read,
            control,
            tuning,
            started,
        };
        plan.announce();
        Ok(plan)
    }

    /// Sets what there is to do, where that was not known at first.
    fn set_units(&mut self, units: Vec<Unit>) {
        self.units = units;
        self.announce();
    }

    /// Tells how much there is to read.
    fn announce(&self) {
        let progress = &self.control.progress;
        let planned = self.units.iter().flat_map(|unit| &unit.files).map(|&file| self.files[file as usize].size);
        let (count, size) = planned.fold((0, Some(0)), |(count, sum), size| (count + 1, sum.zip(size).map(|(sum, size)| sum + size)));
        Progress::add(&progress.files_total, count);
        Progress::add(&progress.stored_total, size.unwrap_or(0));
    }

    /// Shares the memory out anew, for a run that needs it for more than reading.
    fn share_out(&mut self, needs: Needs) -> Result<()> {
        self.tuning = Tuning::new(self.memory, self.jobs, self.read.max_line, needs)?;
        Ok(())
    }
}

/// The most memory that a run with these settings holds, in bytes: what was set, or the default on this machine.
pub fn memory_ceiling(read: &ReadConfig) -> u64 {
    if read.memory == 0 { ReadConfig::default_memory(open::available_memory()) } else { read.memory }
}

/// The kernel asked for, or the best.
fn kernel(read: &ReadConfig) -> Result<Kernel> {
    match read.kernel {
        None => Ok(Kernel::best()),
        Some(kernel) if kernel.is_available() => Ok(kernel),
        Some(kernel) => {
            let has: Vec<&str> = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(Kernel::name).collect();
            let has = has.join(", ");
            Err(Error::Config(format!("this machine cannot run the kernel {}; it has: {has}", kernel.name())))
        }
    }
}

/// What the file's name tells about all of its rows.
fn labels(file: &InputFile) -> SourceLabels {
    match (&file.name, &file.location) {
        (Some(name), Location::Path(_) | Location::Object(_)) => {
            SourceLabels { account: Some(name.account.clone()), region: Some(name.region.clone()) }
        }
        _ => SourceLabels::default(),
    }
}
