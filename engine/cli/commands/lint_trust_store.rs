//! `tlslake lint-trust-store`: a trust store's files against a balancer's rules, before they are uploaded.

use std::path::PathBuf;

use jiff::Timestamp;
use tlslake_engine::trust::{self, LintReport};

use super::files;
use crate::exit::{Exit, Failure};
use crate::flags::LintTrustStoreFlags;

/// Files to check.
#[derive(Debug)]
pub(crate) struct LintTrustStore {
    bundles: Vec<PathBuf>,
    crls: Vec<PathBuf>,
}

pub(super) fn resolve(flags: LintTrustStoreFlags) -> LintTrustStore {
    LintTrustStore { bundles: flags.ca_bundle, crls: flags.crl }
}

impl LintTrustStore {
    /// Reads every file before it says anything: an answer about half a trust store would be none.
    pub(super) fn run(self) -> Result<LintReport, Failure> {
        let bundles = read_all(&self.bundles, files::MOST_OF_CERTIFICATES)?;
        let crls = read_all(&self.crls, files::MOST_OF_A_CRL)?;
        Ok(trust::lint(&borrowed(&bundles), &borrowed(&crls), Timestamp::now().as_microsecond()))
    }
}

/// A file's name and bytes.
type Named = (String, Vec<u8>);

fn read_all(paths: &[PathBuf], most: u64) -> Result<Vec<Named>, Failure> {
    paths.iter().map(|path| Ok((path.display().to_string(), files::read(path, most)?))).collect()
}

fn borrowed(files: &[Named]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

/// How the check went.
pub(super) fn exit(report: &LintReport) -> Exit {
    if report.counts.errors == 0 { Exit::Clean } else { Exit::Incomplete }
}

/// Why the exit code is not 0.
pub(super) fn warning(report: &LintReport) -> Option<String> {
    let plural = if report.counts.errors == 1 { "" } else { "s" };
    (report.counts.errors > 0)
        .then(|| format!("the trust store has {} error{plural}; exit code {}", report.counts.errors, Exit::Incomplete as u8))
}
