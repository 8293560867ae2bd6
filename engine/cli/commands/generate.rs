//! `tlslake generate`: realistic logs, the same bytes for the same seed.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;
use tlslake_datasets::Generate;

use crate::exit::Failure;
use crate::flags::{GenerateFlags, ProgressMode};
use crate::render::progress::{self, FilesDone};

/// Logs to generate.
#[derive(Debug)]
pub(crate) struct GenerateLogs {
    generate: Generate,
    progress: ProgressMode,
}

/// What was generated; serialised, it is `--format json`.
#[derive(Debug, Serialize)]
pub(crate) struct GeneratedLogs {
    /// [`GeneratedLogs::SCHEMA`].
    pub(crate) schema: &'static str,
    /// The folder.
    pub(crate) out: String,
    /// The seed it can be made again with.
    pub(crate) seed: u64,
    /// Files written.
    pub(crate) files: u64,
    /// Lines in all.
    pub(crate) lines: u64,
    /// Lines made odd on purpose, blank ones and good ones among them.
    pub(crate) faulty_lines: u64,
    /// Those of them that a reader must reject.
    pub(crate) rejected_lines: u64,
    /// Those of them that are blank.
    pub(crate) blank_lines: u64,
    /// Bytes before compression.
    pub(crate) raw_bytes: u64,
    /// Bytes written.
    pub(crate) compressed_bytes: u64,
    /// Wall-clock seconds.
    pub(crate) elapsed_s: f64,
}

impl GeneratedLogs {
    /// The schema's name and version.
    pub(crate) const SCHEMA: &'static str = "tlslake.generated/1";
}

pub(super) fn resolve(flags: GenerateFlags) -> GenerateLogs {
    let generate =
        Generate { clients: flags.clients, seed: flags.seed, faults: flags.faults, ..Generate::new(flags.out, flags.files, flags.lines) };
    GenerateLogs { generate, progress: flags.display.progress }
}

/// Generated logs never mix with what is there: they look like real ones.
fn refuse_occupied(out: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(out).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Failure::run(format!("{}: the folder is not empty; choose another, or remove it", out.display()))),
        // Absent is as it should be; whatever else is wrong shows when the first file is written.
        _ => Ok(()),
    }
}

impl GenerateLogs {
    pub(super) fn run(self) -> Result<GeneratedLogs, Failure> {
        refuse_occupied(&self.generate.out)?;
        let start = Instant::now();
        let files = FilesDone { done: AtomicU64::new(0), total: u64::from(self.generate.files) };
        let made = progress::watch(self.progress, &files, || {
            self.generate.run(|done| {
                files.done.fetch_max(done, Ordering::Relaxed);
            })
        })?;
        Ok(GeneratedLogs {
            schema: GeneratedLogs::SCHEMA,
            out: self.generate.out.display().to_string(),
            seed: self.generate.seed,
            files: made.files,
            lines: made.lines,
            faulty_lines: made.faulty_lines,
            rejected_lines: made.rejected_lines,
            blank_lines: made.blank_lines,
            raw_bytes: made.raw_bytes,
            compressed_bytes: made.compressed_bytes,
            elapsed_s: start.elapsed().as_secs_f64(),
        })
    }
}
