//! `tlslake diagnose --support-pack`: what AWS Support asks for, in a folder. No private key is ever in it.
//!
//! In: findings that AWS Support has to explain, the logs they come from, the client certificates given. Out: files in a folder that was new or
//! empty. A file that holds a private key never gets this far: it was refused when it was read.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tlslake_engine::config::ReadConfig;
use tlslake_engine::diagnose::Diagnosis;
use tlslake_engine::run::{self, Control, Match, MatchVisitor};
use tlslake_engine::select::Selection;

use crate::exit::Failure;
use crate::render::support_readme;

/// The reasons for which AWS Support is asked.
pub(super) const REASONS: [&str; 2] = ["UnmappedConnectionError", "ClientCertCrlProcessingError"];
/// Bytes of log lines in a pack at most.
const MOST_LINES: usize = 64 << 20;

/// A client certificate for the pack.
#[derive(Debug)]
pub(super) struct GivenCertificate {
    /// As typed.
    pub(super) name: String,
    /// The file, in which no private key was found.
    pub(super) bytes: Vec<u8>,
}

/// What is in a pack.
#[derive(Debug)]
pub(crate) struct Pack {
    /// The findings that it is about.
    pub(crate) diagnosis: Diagnosis,
    /// Lines of the log, and whether there were more.
    pub(crate) lines: u64,
    pub(crate) cut: bool,
    /// Certificates: the name in the pack, and the one it was given by.
    pub(crate) certificates: Vec<(String, String)>,
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
    certificates: &[GivenCertificate],
    inputs: &[String],
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
    for (index, given) in certificates.iter().enumerate() {
        let (name, bytes) = in_pack(index + 1, &given.bytes);
        write(&name, &bytes)?;
        names.push((name, given.name.clone()));
    }
    let json = serde_json::to_vec_pretty(&diagnosis).map_err(|error| Failure::run(format!("writing JSON: {error}")))?;
    write("findings.json", &json)?;
    let pack = Pack { diagnosis, lines: lines.count, cut: lines.is_full, certificates: names };
    write("README.md", support_readme(&pack).as_bytes())?;
    Ok(pack)
}

/// A certificate's name and content in the pack: of a PEM file its certificates and nothing else.
fn in_pack(number: usize, bytes: &[u8]) -> (String, Vec<u8>) {
    let pem = certificates_of(bytes);
    if pem.is_empty() {
        (format!("certificates/client-{number}.der"), bytes.to_vec())
    } else {
        (format!("certificates/client-{number}.pem"), pem)
    }
}

/// The certificate blocks of a PEM file.
fn certificates_of(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        inside |= line.starts_with(b"-----BEGIN ") && line.ends_with(b"CERTIFICATE-----");
        if inside {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
        inside &= !line.starts_with(b"-----END ");
    }
    kept
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

/// Where a pack is wanted, and of which certificates.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) folder: PathBuf,
    pub(super) certificates: Vec<GivenCertificate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_certificates_is_copied() {
        let file = b"subject=CN=a\n-----BEGIN CERTIFICATE-----\r\nAAAA\n-----END CERTIFICATE-----\nnote: secret\n-----BEGIN EC PARAMETERS-----\nBBBB\n-----END EC PARAMETERS-----\n";
        assert_eq!(certificates_of(file), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert_eq!(certificates_of(b"\x30\x82\x01\x00"), b"");
    }

    #[test]
    fn a_folder_must_be_new_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_folder(folder.path()).is_ok() && check_folder(&folder.path().join("new")).is_ok());
        fs::write(folder.path().join("x"), b"").unwrap();
        assert!(check_folder(folder.path()).is_err() && check_folder(&folder.path().join("x")).is_err());
    }
}
