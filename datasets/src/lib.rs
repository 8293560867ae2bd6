//! Connection logs to work on: a seeded generator of any amount of them, and the small fixtures that are committed beside it.
//!
//! In: settings. Out: files in the layout and with the names that AWS gives them. It knows how logs are *written* and, on purpose, shares
//! no code with the engine that reads them, so that neither can hide the other's mistake. Floating point decides nothing here, so the
//! same seed gives the same text on every machine.
//!
//! ```
//! use tlslake_datasets::Generate;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path();
//! let made = Generate { seed: 7, ..Generate::new(out, 4, 100) }.run(|files_done| eprintln!("{files_done} files"))?;
//! assert_eq!(made.lines, 400);
//! assert!(out.join("AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/03/16").is_dir());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

use std::path::PathBuf;

mod calendar;
mod draw;
pub mod fixtures;
mod generate;
mod line;
mod name;
#[cfg(test)]
mod reader;

pub use generate::{Generate, Generated};

/// Why files could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside its range.
    #[error("{setting} is {value}: {rule}")]
    Setting {
        /// Its name, as the command line spells it.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// Writing failed.
    #[error("{path}: {action}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// An I/O error on `path` while doing `action`; made for `map_err`.
    pub(crate) fn io(path: &std::path::Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Error {
        move |source| Error::Io { path: path.to_path_buf(), action, source }
    }
}

/// The committed archive that shows what tlslake does: every file in it is readable. See its `PROVENANCE.md`.
///
/// The folder stands beside this crate's source, so the path is good wherever the repository is checked out, not for an installed binary.
pub fn golden_dir() -> PathBuf {
    folder(fixtures::GOLDEN)
}

/// The committed files that are damaged or odd, each in one way. See its `PROVENANCE.md`; the path is as for [`golden_dir`].
pub fn hostile_dir() -> PathBuf {
    folder(fixtures::HOSTILE)
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}
