//! `tlslake diagnose --support-pack`: what AWS Support asks for, in a folder. No private key is ever in it.
//!
//! In: findings that AWS Support has to explain, the logs they come from, the client certificates as they were parsed. Out: files in a folder
//! that was new or empty. No text of a file given is copied: certificates are written anew from what was parsed.

use std::ffi::OsString;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tlslake_engine::config::ReadConfig;
use tlslake_engine::diagnose::{Diagnosis, Finding};
use tlslake_engine::run::{self, Control, Match, MatchVisitor};
use tlslake_engine::select::Selection;
use tlslake_engine::trust::Material;

use crate::exit::Failure;
use crate::render::support_readme;

/// The reasons for which AWS Support is asked.
pub(super) const REASONS: [&str; 2] = ["UnmappedConnectionError", "ClientCertCrlProcessingError"];
/// Bytes of log lines in a pack at most.
const MOST_LINES: usize = 64 << 20;

/// What is in a pack.
#[derive(Debug)]
pub(crate) struct Pack {
    /// The findings that it is about.
    pub(crate) diagnosis: Diagnosis,
    /// Lines of the log, and whether there were more.
    pub(crate) lines: u64,
    pub(crate) cut: bool,
    pub(crate) certificates: Vec<PackedFile>,
}

/// Certificates in a pack.
#[derive(Debug)]
pub(crate) struct PackedFile {
    /// Below the pack's folder.
    pub(crate) name: String,
    /// The file that they were given in.
    pub(crate) given: String,
    /// Whether the findings are about one of them.
    pub(crate) is_logged: bool,
}

/// Fails unless a pack can be written to `folder`: it must be new or empty.
pub(super) fn check_folder(folder: &Path) -> Result<(), Failure> {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| Err(occupied(folder, "it is not empty"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(occupied(folder, &error.to_string())),
    }
}

fn occupied(folder: &Path, why: &str) -> Failure {
    Failure::run(format!("--support-pack {}: {why}", folder.display())).hinting("name a folder that is new or empty, and yours to write to")
}

/// Writes a pack about `diagnosis`, whose findings all concern AWS Support.
pub(super) fn write(
    folder: &Path,
    diagnosis: Diagnosis,
    material: &Material,
    inputs: &[OsString],
    read: &ReadConfig,
) -> Result<Pack, Failure> {
    check_folder(folder)?;
    let mut lines = Lines::default();
    let selection = Selection { reasons: REASONS.map(str::to_owned).to_vec(), ..Selection::default() };
    run::search(inputs, read, &selection, &Control::default(), &mut lines)?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        made.map_err(|error| Failure::run(format!("{}: {error}", path.display())))
    };
    write("connections.log", lines.text.as_bytes())?;
    let mut names = Vec::new();
    let logged = |finding: &Finding| Some((finding.subject.clone()?, finding.serial.clone()?));
    let logged: Vec<(String, String)> = diagnosis.findings.iter().filter_map(logged).collect();
    let logged: Vec<(&str, &str)> = logged.iter().map(|(subject, serial)| (subject.as_str(), serial.as_str())).collect();
    for (index, file) in material.client_files(&logged).into_iter().enumerate() {
        let name = format!("certificates/client-{}.pem", index + 1);
        write(&name, file.pem.as_bytes())?;
        names.push(PackedFile { name, given: file.name, is_logged: file.is_logged });
    }
    let json = serde_json::to_vec_pretty(&diagnosis).map_err(|error| Failure::run(format!("writing JSON: {error}")))?;
    write("findings.json", &json)?;
    let pack = Pack { diagnosis, lines: lines.count, cut: lines.is_full, certificates: names };
    write("README.md", support_readme(&pack).as_bytes())?;
    Ok(pack)
}

/// Collects lines, up to a bound.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    count: u64,
    is_full: bool,
    /// Where the rows since `begin` begin.
    good: (usize, u64),
}

impl MatchVisitor for Lines {
    fn begin(&mut self, _: bool) -> tlslake_engine::Result<()> {
        self.good = (self.text.len(), self.count);
        Ok(())
    }

    fn row(&mut self, row: &Match<'_>) -> tlslake_engine::Result<ControlFlow<()>> {
        if self.text.len() + row.raw.len() >= MOST_LINES {
            self.is_full = true;
            return Ok(ControlFlow::Break(()));
        }
        self.text.push_str(row.raw);
        self.text.push('\n');
        self.count += 1;
        Ok(ControlFlow::Continue(()))
    }

    fn discard(&mut self) {
        self.text.truncate(self.good.0);
        self.count = self.good.1;
    }

    fn end(&mut self) -> tlslake_engine::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_must_be_new_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_folder(folder.path()).is_ok() && check_folder(&folder.path().join("new")).is_ok());
        fs::write(folder.path().join("x"), b"").unwrap();
        assert!(check_folder(folder.path()).is_err() && check_folder(&folder.path().join("x")).is_err());
    }
}
