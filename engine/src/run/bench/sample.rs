//! Which files are read: all of them, or so many as are allowed, spread over the whole list.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::BenchConfig;
use crate::config::{OnCorrupt, ReadConfig};
use crate::decompress::Compression;
use crate::discover::{self, Discovery, InputFile, Lakes, Location};
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::open;
use crate::report::{Benchmark, FailedFile, Report, Sample};
use crate::run::control::Progress;
use crate::run::sink::NoSink;
use crate::run::{Control, Grouping, Plan, pipeline};
use crate::select::Prefilter;

/// The least that is read of a file of which not all is read: enough that runs read it as a stream, in which a cut does no harm.
const LEAST_CUT: u64 = 16 << 20;

/// The sample.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Files, named so that a run can take them.
    pub(super) paths: Vec<OsString>,
    pub(super) stored_bytes: u64,
    of_files: u64,
    of_stored_bytes: u64,
    pub(super) cut: Option<String>,
    failed: Vec<FailedFile>,
}

/// Looks for the files, and settles how they are to be read.
pub(super) fn choose<S: AsRef<std::ffi::OsStr>>(inputs: &[S], config: &BenchConfig) -> Result<(Chosen, ReadConfig)> {
    let Discovery { files, unreachable, .. } = discover::discover(inputs, Lakes::Refuse)?;
    let sizes = files.iter().map(|file| file.size.ok_or_else(|| read_once(file))).collect::<Result<Vec<u64>>>()?;
    let taken = spread(&sizes, config.sample_bytes);
    let mut chosen = Chosen {
        of_files: files.len() as u64,
        of_stored_bytes: sizes.iter().sum(),
        failed: unreachable.iter().map(|file| failed(&file.object, &file.fault)).collect(),
        ..Chosen::default()
    };
    match (taken.as_slice(), files.first()) {
        ([], Some(file)) => chosen.take_part(file, config)?,
        (taken, _) => taken.iter().for_each(|&index| chosen.take(&files[index], sizes[index])),
    }
    let on_corrupt = if chosen.cut.is_some() { OnCorrupt::Salvage } else { OnCorrupt::Skip };
    let read = ReadConfig { since: None, until: None, on_corrupt, strict: false, ..config.read.clone() };
    Ok((chosen, read))
}

#[cold]
fn read_once(file: &InputFile) -> Error {
    let problem = "can be read once, and a benchmark reads its sample several times: name files, or the folder that holds them";
    Error::BadInput { input: file.object.to_string(), problem: problem.to_owned() }
}

fn failed(object: &str, fault: &FileFault) -> FailedFile {
    FailedFile {
        object: object.to_owned(),
        offset: fault.offset,
        kind: fault.kind.code().to_owned(),
        error: fault.message.clone(),
        salvaged_rows: None,
    }
}

/// The files to take, so that their sizes come to `limit` at most: all of them, or some all along the list.
pub(super) fn spread(sizes: &[u64], limit: u64) -> Vec<usize> {
    let total: u128 = sizes.iter().map(|&size| u128::from(size)).sum();
    if total <= u128::from(limit) {
        return (0..sizes.len()).collect();
    }
    let (mut passed, mut taken, mut indexes) = (0_u128, 0_u128, Vec::new());
    for (index, size) in sizes.iter().map(|&size| u128::from(size)).enumerate() {
        // As large a part of the limit as of the list lies behind.
        let is_due = taken * total <= u128::from(limit) * passed;
        if is_due && taken + size <= u128::from(limit) {
            taken += size;
            indexes.push(index);
        }
        passed += size;
    }
    indexes
}

impl Chosen {
    fn take(&mut self, file: &InputFile, size: u64) {
        if let Location::Path(path) = &file.location {
            self.paths.push(path.clone().into_os_string());
            self.stored_bytes += size;
        }
    }

    /// Takes the beginning of a file that is larger than the sample may be.
    fn take_part(&mut self, file: &InputFile, config: &BenchConfig) -> Result<()> {
        let size = file.size.unwrap_or(0);
        let part = config.sample_bytes.max(LEAST_CUT);
        let Location::Path(path) = &file.location else { return Ok(()) };
        if size <= part {
            self.take(file, size);
            return Ok(());
        }
        let folder = config.scratch.join("sample");
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, "creating", error))?;
        let copy = folder.join(path.file_name().unwrap_or(path.as_os_str()));
        self.stored_bytes = copy_beginning(file, &copy, part)?;
        self.paths.push(copy.into_os_string());
        self.cut = Some(file.object.to_string());
        Ok(())
    }

    /// Decompresses everything once: damaged files are left out from here on, and the others are in the page cache.
    pub(super) fn check(mut self, read: &ReadConfig, control: &Control) -> Result<Self> {
        let control = control.of_part();
        let mut plan = Plan::new(&self.paths, Lakes::Refuse, read, &control, Grouping::InOrder)?;
        plan.wants.lines = true;
        plan.prefilter = Some(Prefilter::none());
        let outcome = pipeline::run(&plan, &mut NoSink)?;
        let is_expected = |fault: &FileFault| self.cut.is_some() && fault.kind == FileFaultKind::Truncated;
        let damaged: Vec<_> = outcome.failed.into_iter().filter(|(_, fault, _)| !is_expected(fault)).collect();
        for (file, fault, _) in &damaged {
            let file = &plan.files[*file as usize];
            self.stored_bytes -= file.size.unwrap_or(0).min(self.stored_bytes);
            self.failed.push(failed(&file.object.text(), fault));
        }
        let is_whole = |index: usize| damaged.iter().all(|(file, ..)| *file as usize != index);
        let files = plan.files.iter().enumerate().filter(|(index, _)| is_whole(*index));
        self.paths = files.filter_map(|(_, file)| path_of(file)).collect();
        match damaged.into_iter().next() {
            Some((file, fault, _)) if self.paths.is_empty() => {
                Err(Error::CorruptInput { object: plan.files[file as usize].object.to_string(), fault })
            }
            _ if outcome.tally.raw_bytes == 0 => Err(Error::NoLogs { inputs: self.names_of_nothing() }),
            _ => Ok(self),
        }
    }

    fn names_of_nothing(&self) -> String {
        let first = self.paths.first().map_or_else(String::new, |path| discover::display_os(path));
        format!("{first}{}: there is no text to measure with", if self.paths.len() > 1 { " and others" } else { "" })
    }

    /// Tells that the sample was read once more.
    pub(super) fn announce(&self, progress: &Progress) {
        Progress::add(&progress.files_done, self.paths.len() as u64);
        Progress::add(&progress.stored_done, self.stored_bytes);
    }

    /// Says in the result what was read.
    pub(super) fn describe(self, benchmark: &mut Benchmark, limit_bytes: u64) {
        let counts = std::mem::take(&mut benchmark.sample);
        benchmark.sample = Sample {
            limit_bytes,
            files: self.paths.len() as u64,
            stored_bytes: self.stored_bytes,
            of_files: self.of_files,
            of_stored_bytes: self.of_stored_bytes,
            cut: self.cut,
            ..counts
        };
        benchmark.failed = self.failed.len() as u64;
        benchmark.failed_files = self.failed.into_iter().take(Report::MAX_LISTED_FILES).collect();
    }
}

fn path_of(file: &InputFile) -> Option<OsString> {
    match &file.location {
        Location::Path(path) => Some(path.clone().into_os_string()),
        _ => None,
    }
}

/// Copies the first `bytes` of a file; of text that is not compressed, whole lines. Gives the bytes copied.
fn copy_beginning(file: &InputFile, copy: &Path, bytes: u64) -> Result<u64> {
    let fault = |fault| Error::CorruptInput { object: file.object.to_string(), fault };
    let mut stored = open::open(file).map_err(fault)?.reader.take(bytes);
    let failed = |error| Error::io(copy, "writing", error);
    let mut out = File::create(copy).map_err(failed)?;
    let (mut chunk, mut copied, mut last_line, mut is_plain) = (vec![0; 1 << 20], 0_u64, 0_u64, None);
    loop {
        let count = stored.read(&mut chunk).map_err(|error| fault(open::read_fault(copied, error)))?;
        if count == 0 {
            break;
        }
        let read = &chunk[..count];
        is_plain.get_or_insert_with(|| Compression::detect(read) == Compression::Plain);
        if let Some(newline) = memchr::memrchr(b'\n', read) {
            last_line = copied + newline as u64 + 1;
        }
        out.write_all(read).map_err(failed)?;
        copied += count as u64;
    }
    if is_plain == Some(true) && last_line > 0 {
        out.set_len(last_line).map_err(failed)?;
        copied = last_line;
    }
    Ok(copied)
}
