//! `tlslake diagnose`: what is wrong with the clients that cannot connect, and the remedy.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tlslake_engine::config::ReadConfig;
use tlslake_engine::diagnose::{self, Diagnosis, Given, Mode, Options};
use tlslake_engine::report::Report;
use tlslake_engine::run::{self, CertificatesOutcome, Control};
use tlslake_engine::trust::{Material, TrustError};

use super::support_pack::{self, Pack};
use super::{files, read};
use crate::exit::{self, Failure};
use crate::flags::{DiagnoseFlags, EvidenceFlags, ModeFlag, ProgressMode, Top};
use crate::render::progress;

/// A diagnosis, ready to run.
#[derive(Debug)]
pub(crate) struct Diagnose {
    inputs: Vec<OsString>,
    read: ReadConfig,
    evidence: EvidenceFlags,
    top: Option<usize>,
    support_pack: Option<PathBuf>,
    progress: ProgressMode,
}

/// A diagnosis, and what it is of.
#[derive(Debug)]
pub(crate) struct DiagnosisOutcome {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) report: Report,
    /// As typed, for people.
    pub(crate) inputs: Vec<String>,
}

pub(super) fn resolve(flags: DiagnoseFlags) -> Result<Diagnose, Failure> {
    let read = read::settings(&flags.read)?;
    let inputs = flags.read.inputs;
    if flags.answer.support_pack.is_some() && inputs.iter().any(|input| input == "-") {
        return Err(Failure::usage(
            "--support-pack reads the logs twice, and standard input can be read only once",
            "save the log to a file and name that",
        ));
    }
    let top = match flags.answer.top {
        Top::All => None,
        Top::Most(most) => Some(most),
    };
    let DiagnoseFlags { evidence, answer, .. } = flags;
    Ok(Diagnose { inputs, read, evidence, top, support_pack: answer.support_pack, progress: answer.progress })
}

impl Diagnose {
    pub(super) fn run(self) -> Result<DiagnosisOutcome, Failure> {
        self.support_pack.as_deref().map_or(Ok(()), support_pack::check_folder)?;
        let material = material(&self.evidence)?;
        let options = self.options();
        let control = Control::default();
        let found = progress::watch(self.progress, &control.progress, || run::certificates(&self.inputs, &self.read, &control))?;
        let mut diagnosis = diagnose::diagnose(&found.certificates, &material, &options);
        diagnosis.notes.extend(super::limits(&found.report, "finding"));
        (diagnosis.rejected, diagnosis.failed_files) = (found.report.rejected, found.report.failed_files.clone());
        if let Some(folder) = &self.support_pack {
            exit::note(&self.pack(folder, &found, &material, options)?);
        }
        Ok(DiagnosisOutcome { diagnosis, report: found.report, inputs: super::shown(&self.inputs) })
    }

    fn options(&self) -> Options {
        let names = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
        let EvidenceFlags { ca_bundle, crl, client_cert, mode } = &self.evidence;
        Options {
            mode: mode.map(|mode| match mode {
                ModeFlag::Verify => Mode::Verify,
                ModeFlag::Passthrough => Mode::Passthrough,
            }),
            top: self.top,
            reasons: Vec::new(),
            given: Given {
                inputs: super::typeable(&self.inputs),
                client_certs: names(client_cert),
                ca_bundles: names(ca_bundle),
                crls: names(crl),
            },
        }
    }

    /// Writes the support pack, if there is anything to ask; says what became of it.
    fn pack(&self, folder: &Path, found: &CertificatesOutcome, material: &Material, options: Options) -> Result<String, Failure> {
        let reasons = support_pack::REASONS.map(str::to_owned).to_vec();
        let mut all = diagnose::diagnose(&found.certificates, material, &Options { top: None, reasons, ..options });
        if all.findings.is_empty() {
            return Ok("no support pack was written: nothing failed for a reason that AWS Support has to explain \
                       (UnmappedConnectionError, ClientCertCrlProcessingError)"
                .to_owned());
        }
        all.notes.extend(super::limits(&found.report, "finding"));
        (all.rejected, all.failed_files) = (found.report.rejected, found.report.failed_files.clone());
        let Pack { lines, .. } = support_pack::write(folder, all, material, &self.inputs, &self.read)?;
        let folder = folder.display();
        Ok(format!("support pack for AWS Support: {folder} ({lines} log lines); {folder}/README.md says what is in it and what to add"))
    }
}

/// The files given.
fn material(flags: &EvidenceFlags) -> Result<Material, Failure> {
    let mut material = Material::default();
    let mut add = |paths: &[PathBuf], most: u64, how: Adder| {
        paths.iter().try_for_each(|path| Ok::<_, Failure>(how(&mut material, &path.display().to_string(), &files::read(path, most)?)?))
    };
    add(&flags.ca_bundle, files::MOST_OF_CERTIFICATES, Material::add_bundle)?;
    add(&flags.crl, files::MOST_OF_A_CRL, Material::add_crl)?;
    add(&flags.client_cert, files::MOST_OF_CERTIFICATES, Material::add_client_cert)?;
    Ok(material)
}

type Adder = fn(&mut Material, &str, &[u8]) -> Result<(), TrustError>;
