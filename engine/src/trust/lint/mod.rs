//! A trust store checked against every rule of a balancer before it is uploaded.
//!
//! In: bytes of CA bundles and CRLs, and the time. Out: a [`LintReport`]: each problem with its file, line and fix. Nothing that fails is
//! taken for granted: what can still be read of a bad file is checked too.

mod bundle;
mod crl;
mod file;
#[cfg(test)]
mod tests;

use serde::Serialize;

use bundle::Anchor;

/// What is wrong with a trust store; serialized, it is `tlslake.trust-store-lint/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintReport {
    /// [`LintReport::SCHEMA`].
    pub schema: &'static str,
    /// What was read, and how much is wrong.
    pub counts: LintCounts,
    /// Every file, bundles first, in the order given.
    pub files: Vec<LintFile>,
    /// In the order of files and lines; what concerns a whole file comes last.
    pub problems: Vec<LintProblem>,
}

/// How much was read, and how much is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LintCounts {
    /// CA bundles given.
    pub bundles: usize,
    /// CA certificates that could be read in them.
    pub ca_certificates: usize,
    /// CRL files given.
    pub crls: usize,
    /// Entries that could be read in them.
    pub crl_entries: usize,
    /// Problems that a balancer refuses, or that break clients.
    pub errors: usize,
    /// Problems that do neither yet.
    pub warnings: usize,
}

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintFile {
    /// The name it was given.
    pub file: String,
    /// What it is for.
    pub kind: LintFileKind,
    /// Its size in bytes.
    pub bytes: usize,
    /// What it holds, in words: `3 CA certificates`.
    pub holds: String,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintFileKind {
    /// `--ca-bundle`.
    CaBundle,
    /// `--crl`.
    Crl,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintProblem {
    /// The file.
    pub file: String,
    /// The line, from 1; `None` for what concerns the file as a whole.
    pub line: Option<usize>,
    /// How bad it is.
    pub severity: LintSeverity,
    /// The rule's name, in kebab case.
    pub rule: &'static str,
    /// What is wrong, in one sentence.
    pub says: String,
    /// What to do.
    pub fix: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LintSeverity {
    /// A balancer refuses it, or clients cannot connect.
    Error,
    /// It works, for now or with a loss.
    Warning,
}

impl LintReport {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.trust-store-lint/1";
}

/// Checks bundles and CRLs (each with its name) as they are at `now` (µs since 1970).
///
/// Quotas of certificates are those of each bundle, as a trust store has one; quotas of CRLs are those of all CRLs together.
pub fn lint(bundles: &[(&str, &[u8])], crls: &[(&str, &[u8])], now: i64) -> LintReport {
    let mut report = Draft::default();
    let mut anchors: Vec<Anchor> = Vec::new();
    for (name, bytes) in bundles {
        let found = bundle::check(name, bytes, now, &mut report);
        report.counts.ca_certificates += found.len();
        anchors.extend(found);
    }
    report.counts.bundles = bundles.len();
    report.counts.crls = crls.len();
    crl::check_all(crls, &anchors, now, &mut report);
    report.finish()
}

/// A report under construction.
#[derive(Debug, Default)]
struct Draft {
    counts: LintCounts,
    files: Vec<LintFile>,
    problems: Vec<LintProblem>,
}

impl Draft {
    fn finish(mut self) -> LintReport {
        let of = |severity| self.problems.iter().filter(|problem| problem.severity == severity).count();
        (self.counts.errors, self.counts.warnings) = (of(LintSeverity::Error), of(LintSeverity::Warning));
        LintReport { schema: LintReport::SCHEMA, counts: self.counts, files: self.files, problems: self.problems }
    }

    /// Takes the problems of a file, by line.
    fn add_file(&mut self, file: LintFile, mut problems: Vec<LintProblem>) {
        problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        self.files.push(file);
        self.problems.extend(problems);
    }
}

/// The problems of one file.
#[derive(Debug)]
struct Problems<'a> {
    file: &'a str,
    found: Vec<LintProblem>,
}

impl<'a> Problems<'a> {
    fn new(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    fn error(&mut self, line: impl Into<Option<usize>>, rule: &'static str, says: impl Into<String>, fix: impl Into<String>) {
        self.add(line.into(), LintSeverity::Error, rule, says.into(), fix.into());
    }

    fn warning(&mut self, line: impl Into<Option<usize>>, rule: &'static str, says: impl Into<String>, fix: impl Into<String>) {
        self.add(line.into(), LintSeverity::Warning, rule, says.into(), fix.into());
    }

    fn add(&mut self, line: Option<usize>, severity: LintSeverity, rule: &'static str, says: String, fix: String) {
        self.found.push(LintProblem { file: self.file.to_owned(), line, severity, rule, says, fix });
    }
}
