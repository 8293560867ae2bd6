//! What was counted in a unit, kept beside its rows: hourly tables and report are made anew from it whenever the lake grows.
//!
//! In and out: values that serde knows, one JSON document a line, compressed with zstd. What they mean is the caller's.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::home::Home;
use super::staging::{self, StagedFile, StagingDir};
use crate::error::{Error, FileFault, FileFaultKind, Result};
use crate::failpoint;

/// The folder of states, below the lake's own; the table's name in manifests.
pub(super) const FOLDER: &str = "state";

/// The folder of states.
pub(super) fn folder() -> String {
    super::own(FOLDER)
}

/// Where a unit's state is, relative to the lake.
fn target(unit: &str) -> String {
    super::own(&format!("{FOLDER}/{unit}.jsonl.zst"))
}

/// A state being written.
pub(crate) struct StateWriter {
    path: PathBuf,
    encoder: zstd::Encoder<'static, BufWriter<File>>,
}

impl StateWriter {
    /// Begins a state in a unit's staging folder.
    pub(super) fn create(staging: &StagingDir) -> Result<Self> {
        let path = staging.path().join("state");
        let file = failpoint::reach("state.create").and_then(|()| File::create_new(&path));
        let encoder = file.and_then(|file| zstd::Encoder::new(BufWriter::new(file), 1));
        encoder.map(|encoder| Self { path: path.clone(), encoder }).map_err(|error| Error::io(&path, "creating", error))
    }

    /// Adds an entry.
    pub(crate) fn push(&mut self, entry: &impl Serialize) -> Result<()> {
        let written = serde_json::to_writer(&mut self.encoder, entry).map_err(std::io::Error::from);
        written.and_then(|()| self.encoder.write_all(b"\n")).map_err(|error| Error::io(&self.path, "writing", error))
    }

    /// Closes and syncs the file, which belongs to `unit`.
    pub(super) fn finish(self, unit: &str) -> Result<StagedFile> {
        let Self { path, encoder } = self;
        let closed = encoder.finish().and_then(|writer| writer.into_inner().map_err(std::io::IntoInnerError::into_error));
        let synced = closed.and_then(|file| {
            failpoint::reach("state.sync")?;
            file.sync_all()?;
            file.metadata()
        });
        let bytes = synced.map_err(|error| Error::io(&path, "writing", error))?.len();
        let checksum = staging::checksum(&path)?;
        Ok(StagedFile { target: PathBuf::from(target(unit)), staged: path, rows: 0, bytes, checksum, sources: Vec::new() })
    }
}

/// Reads the entries of the state of `unit`, one by one.
///
/// # Errors
/// [`Error::DamagedLake`] where it cannot be read or an entry cannot be understood.
pub(crate) fn read<T: DeserializeOwned>(home: &dyn Home, unit: &str) -> Result<impl Iterator<Item = Result<T>>> {
    let path = home.path().join(target(unit));
    let file = home.open(&target(unit)).map_err(|error| damaged(&path, &error.to_string()))?;
    let decoder = zstd::Decoder::new(file).map_err(|error| damaged(&path, &error.to_string()))?;
    let lines = BufReader::new(decoder).lines();
    Ok(lines.map(move |line| {
        let line = line.map_err(|error| damaged(&path, &error.to_string()))?;
        serde_json::from_str(&line).map_err(|error| damaged(&path, &error.to_string()))
    }))
}

#[cold]
fn damaged(path: &Path, problem: &str) -> Error {
    let fault = FileFault::new(FileFaultKind::Corrupt, 0, format!("what was counted in the unit cannot be read: {problem}"));
    Error::DamagedLake { object: path.display().to_string(), fault }
}
