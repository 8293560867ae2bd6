//! `tlslake diagnose`: what is wrong with the clients that cannot connect, and the remedy.

use tlslake_engine::config::ReadConfig;
use tlslake_engine::diagnose::{self, Diagnosis, Given, Mode, Options};
use tlslake_engine::report::Report;
use tlslake_engine::run::{self, Control};

use super::read;
use crate::exit::{Exit, Failure};
use crate::flags::{DiagnoseFlags, ModeFlag, ProgressMode, Top};
use crate::render::progress;

/// A diagnosis, ready to run.
#[derive(Debug)]
pub(crate) struct Diagnose {
    inputs: Vec<String>,
    read: ReadConfig,
    options: Options,
    progress: ProgressMode,
}

/// A diagnosis, and what it is of.
#[derive(Debug)]
pub(crate) struct DiagnosisOutcome {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) report: Report,
    /// As typed.
    pub(crate) inputs: Vec<String>,
}

pub(super) fn resolve(flags: DiagnoseFlags) -> Result<Diagnose, Failure> {
    let read = read::settings(&flags.read)?;
    let options = Options {
        mode: flags.evidence.mode.map(|mode| match mode {
            ModeFlag::Verify => Mode::Verify,
            ModeFlag::Passthrough => Mode::Passthrough,
        }),
        top: match flags.answer.top {
            Top::All => None,
            Top::Most(most) => Some(most),
        },
        given: Given { inputs: flags.read.inputs.clone(), ..Given::default() },
    };
    Ok(Diagnose { inputs: flags.read.inputs, read, options, progress: flags.answer.progress })
}

impl Diagnose {
    pub(super) fn run(self) -> Result<DiagnosisOutcome, Failure> {
        let control = Control::default();
        let found = progress::watch(self.progress, &control.progress, || run::certificates(&self.inputs, &self.read, &control))?;
        let mut diagnosis = diagnose::diagnose(&found.certificates, &self.options);
        diagnosis.notes.extend(limits(&found.report));
        Ok(DiagnosisOutcome { diagnosis, report: found.report, inputs: self.inputs })
    }
}

/// What of the input could not be used.
fn limits(report: &Report) -> Vec<String> {
    let trouble = (!report.is_clean()).then(|| format!("{}: what they hold is in no finding", crate::render::text::trouble(report)));
    trouble.into_iter().chain(report.notes.iter().cloned()).collect()
}

impl DiagnosisOutcome {
    pub(super) fn exit(&self) -> Exit {
        if self.report.is_clean() { Exit::Clean } else { Exit::Incomplete }
    }

    pub(super) fn warning(&self) -> Option<String> {
        let trouble = || format!("{}; exit code {}", crate::render::text::trouble(&self.report), Exit::Incomplete as u8);
        (!self.report.is_clean()).then(trouble)
    }
}
