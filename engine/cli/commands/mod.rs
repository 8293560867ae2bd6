//! What was typed becomes a [`Job`], a job that ran becomes an [`Outcome`].
//!
//! In: flags. Out: values that `render` shows. One file per command; none of them prints.

mod bench;
mod certs;
mod compact;
mod convert;
mod ddl;
mod diagnose;
mod explain;
mod failures;
mod files;
mod generate;
mod iceberg;
mod kernels;
mod lint_trust_store;
mod list;
mod read;
mod report;
mod support_pack;
mod verify;

use std::ffi::OsString;

use tlslake_engine::discover::display_os;
use tlslake_engine::report::{Appended, Benchmark, Compaction, Report, Verification};
use tlslake_engine::run::SearchOutcome;
use tlslake_engine::trust::LintReport;

use crate::exit::{Exit, Failure};
use crate::flags::Command;

pub(crate) use certs::CertsOutcome;
pub(crate) use diagnose::DiagnosisOutcome;
pub(crate) use explain::Explanation;
pub(crate) use generate::GeneratedLogs;
pub(crate) use kernels::{KernelEntry, KernelList};
pub(crate) use list::ListOutcome;
pub(crate) use support_pack::Pack;

/// A command with everything it needs, checked as far as the command line can be.
#[derive(Debug)]
pub(crate) enum Job {
    Convert(convert::Convert),
    List(list::List),
    Ddl(ddl::Ddl),
    Compact(compact::Compact),
    Iceberg(iceberg::Iceberg),
    Verify(verify::Verify),
    Report(report::ReportOnly),
    Failures(failures::Failures),
    Diagnose(diagnose::Diagnose),
    Certs(certs::Certs),
    Explain(Explanation),
    LintTrustStore(lint_trust_store::LintTrustStore),
    Generate(generate::GenerateLogs),
    Bench(bench::Bench),
    Kernels,
}

/// What a command found out.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Of `convert` and `report`.
    Logs(Box<LogsOutcome>),
    /// Of `list`.
    Listed(Box<ListOutcome>),
    /// Of `ddl`: SQL.
    Statements(String),
    /// Of `compact`.
    Compacted(Box<Compaction>),
    /// Of `iceberg`.
    Appended(Box<Appended>),
    /// Of `verify`.
    Verified(Box<Verification>),
    /// Of `failures`, whose rows have been printed already.
    Searched(Box<SearchOutcome>),
    /// Of `diagnose`.
    Diagnosis(Box<DiagnosisOutcome>),
    /// Of `certs`.
    Certificates(Box<CertsOutcome>),
    /// Of `explain`.
    Explained(Explanation),
    /// Of `lint-trust-store`.
    Linted(LintReport),
    /// Of `generate`.
    Generated(GeneratedLogs),
    /// Of `bench`.
    Benchmark(Box<Benchmark>),
    /// Of `kernels`.
    Kernels(KernelList),
}

/// A report, and the inputs it is about as they can be typed again.
#[derive(Debug)]
pub(crate) struct LogsOutcome {
    pub(crate) report: Report,
    pub(crate) inputs: Vec<String>,
}

/// Inputs as they were typed; what is no text, as reports spell it.
fn shown(inputs: &[OsString]) -> Vec<String> {
    inputs.iter().map(|input| input.to_str().map_or_else(|| display_os(input), str::to_owned)).collect()
}

/// Inputs for a command to type; none if one of them is no text, which a command on a page cannot spell.
fn typeable(inputs: &[OsString]) -> Vec<String> {
    inputs.iter().map(|input| input.to_str().map(str::to_owned)).collect::<Option<_>>().unwrap_or_default()
}

impl Job {
    /// Gives the flags their meaning. Fails where they contradict each other.
    pub(crate) fn resolve(command: Command) -> Result<Self, Failure> {
        Ok(match command {
            Command::Convert(flags) => Self::Convert(convert::resolve(flags)?),
            Command::Ddl(flags) => Self::Ddl(ddl::resolve(flags)?),
            Command::Iceberg(flags) => Self::Iceberg(iceberg::resolve(flags)?),
            Command::List(flags) => Self::List(list::resolve(flags)?),
            Command::Compact(flags) => Self::Compact(compact::resolve(flags)),
            Command::Verify(flags) => Self::Verify(verify::resolve(flags)),
            Command::Report(flags) => Self::Report(report::resolve(flags)?),
            Command::Failures(flags) => Self::Failures(failures::resolve(flags)?),
            Command::Diagnose(flags) => Self::Diagnose(diagnose::resolve(flags)?),
            Command::Certs(flags) => Self::Certs(certs::resolve(flags)?),
            Command::Explain(flags) => Self::Explain(explain::resolve(&flags)?),
            Command::LintTrustStore(flags) => Self::LintTrustStore(lint_trust_store::resolve(flags)),
            Command::Generate(flags) => Self::Generate(generate::resolve(flags)),
            Command::Bench(flags) => Self::Bench(bench::resolve(flags)),
            Command::Kernels(_) => Self::Kernels,
        })
    }

    /// Does the work; shows progress on stderr meanwhile.
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        Ok(match self {
            Self::Convert(job) => Outcome::Logs(Box::new(job.run()?)),
            Self::Ddl(job) => Outcome::Statements(job.run()?),
            Self::Iceberg(job) => Outcome::Appended(Box::new(job.run()?)),
            Self::List(job) => Outcome::Listed(Box::new(job.run()?)),
            Self::Compact(job) => Outcome::Compacted(Box::new(job.run()?)),
            Self::Verify(job) => Outcome::Verified(Box::new(job.run()?)),
            Self::Report(job) => Outcome::Logs(Box::new(job.run()?)),
            Self::Failures(job) => Outcome::Searched(Box::new(job.run()?)),
            Self::Diagnose(job) => Outcome::Diagnosis(Box::new(job.run()?)),
            Self::Certs(job) => Outcome::Certificates(Box::new(job.run()?)),
            Self::Explain(explanation) => Outcome::Explained(explanation),
            Self::LintTrustStore(job) => Outcome::Linted(job.run()?),
            Self::Generate(job) => Outcome::Generated(job.run()?),
            Self::Bench(job) => Outcome::Benchmark(Box::new(job.run()?)),
            Self::Kernels => Outcome::Kernels(KernelList::of_this_machine()),
        })
    }
}

impl Outcome {
    /// How the run went.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Logs(logs) => exit_of(&logs.report),
            Self::Searched(found) => exit_of(&found.report),
            Self::Diagnosis(outcome) => exit_of(&outcome.report),
            Self::Certificates(outcome) => exit_of(&outcome.report),
            Self::Linted(report) => lint_trust_store::exit(report),
            Self::Listed(outcome) => list::exit(outcome),
            Self::Verified(result) => verify::exit(result),
            Self::Benchmark(benchmark) => bench::exit(benchmark),
            _ => Exit::Clean,
        }
    }

    /// What a person should know even if stdout goes to a file: why the exit code is not 0.
    pub(crate) fn warning(&self) -> Option<String> {
        match self {
            Self::Logs(logs) => logs.warning(),
            Self::Searched(found) => failures::warning(found),
            Self::Diagnosis(outcome) => warning_of(&outcome.report),
            Self::Certificates(outcome) => warning_of(&outcome.report),
            Self::Linted(report) => lint_trust_store::warning(report),
            Self::Listed(outcome) => list::warning(outcome),
            Self::Appended(appended) => iceberg::warning(appended),
            Self::Verified(result) => verify::warning(result),
            Self::Benchmark(benchmark) => bench::warning(benchmark),
            Self::Compacted(_) | Self::Explained(_) | Self::Generated(_) | Self::Statements(_) | Self::Kernels(_) => None,
        }
    }
}

/// How an answer about logs exits: whether all of them could be read.
fn exit_of(report: &Report) -> Exit {
    if report.is_clean() { Exit::Clean } else { Exit::Incomplete }
}

/// What could not be read, as a warning; `None` for a clean report.
fn warning_of(report: &Report) -> Option<String> {
    (!report.is_clean()).then(|| format!("{}; exit code {}", crate::render::text::trouble_in_full(report), Exit::Incomplete as u8))
}

/// What limits an answer: what could not be read and therefore is in no `part` of it, and the report's own notes.
fn limits(report: &Report, part: &str) -> Vec<String> {
    let trouble = || format!("{}; what could not be read is in no {part}", crate::render::text::trouble_in_full(report));
    (!report.is_clean()).then(trouble).into_iter().chain(report.notes.iter().cloned()).collect()
}

impl LogsOutcome {
    fn warning(&self) -> Option<String> {
        let report = &self.report;
        if report.is_clean() {
            return None;
        }
        let trouble = crate::render::text::trouble(report);
        let committed = report.output.as_ref().is_none_or(|output| output.committed);
        let consequence = if committed { "" } else { "; nothing was committed (--strict)" };
        Some(format!("{trouble}{consequence}; exit code {}", Exit::Incomplete as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(report: Report) -> Outcome {
        Outcome::Logs(Box::new(LogsOutcome { report, inputs: vec!["logs".into()] }))
    }

    #[test]
    fn a_clean_run_has_nothing_to_warn_of() {
        let outcome = outcome(Report { rows: 5, blank: 1, ..Report::default() });
        assert_eq!(outcome.exit(), Exit::Clean);
        assert_eq!(outcome.warning(), None);
    }

    #[test]
    fn rejected_lines_and_failed_files_are_remembered() {
        let mut report = Report { rejected: 12, failed: 1, ..Report::default() };
        report.input.files = 64;
        let outcome = outcome(report);
        assert_eq!(outcome.exit(), Exit::Incomplete);
        assert_eq!(outcome.warning().as_deref(), Some("12 lines rejected, 1 of 64 files failed; exit code 3"));
    }

    #[test]
    fn strict_says_that_nothing_was_committed() {
        let output = tlslake_engine::report::Output { committed: false, ..Default::default() };
        let outcome = outcome(Report { rejected: 1, output: Some(output), ..Report::default() });
        assert_eq!(outcome.warning().as_deref(), Some("1 line rejected; nothing was committed (--strict); exit code 3"));
    }
}
