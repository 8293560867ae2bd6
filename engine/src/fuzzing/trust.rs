//! Certificates, CA bundles and revocation lists: any bytes get a judgement of bounded length, the same each time, with no key in it.

use data_encoding::BASE64;

use crate::trust::{ClientFile, LintReport, LoggedLeaf, Material, TrustError, examine, lint};

/// September 2026, in µs since 1970.
const NOW: i64 = 1_790_000_000_000_000;
/// Longest text of one problem: names are shortened, and nothing else of a file is shown.
const MAX_SAYS: usize = 4_096;

/// Any file is judged: as it is, and as the content of a certificate's and of a list's block. A first line `# SUBJECT<tab>SERIAL` is the
/// certificate that a log tells of.
pub fn files_are_judged(input: &[u8]) {
    let leaf = logged(input);
    judge(input, &leaf);
    judge(&block("CERTIFICATE", input), &leaf);
    judge(&block("X509 CRL", input), &leaf);
}

/// Subject and serial of the logged certificate.
type Leaf = (Option<String>, Option<String>);

fn logged(input: &[u8]) -> Leaf {
    let line = input.split(|&byte| byte == b'\n').next().and_then(|line| line.strip_prefix(b"# "));
    let Some(line) = line.map(String::from_utf8_lossy) else { return (None, None) };
    match line.split_once('\t') {
        Some((subject, serial)) => (Some(subject.to_owned()), Some(serial.to_owned())),
        None => (Some(line.into_owned()), None),
    }
}

fn block(label: &str, der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der)).into_bytes()
}

fn judge(file: &[u8], leaf: &Leaf) {
    let report = lint(&[("bundle", file)], &[("list", file)], NOW);
    assert_report(&report, file);
    let mut material = Material::default();
    let bundle = material.add_bundle("bundle", file);
    let list = material.add_crl("list", file);
    let client = material.add_client_cert("client", file);
    [&bundle, &list, &client].into_iter().filter_map(|added| added.as_ref().err()).for_each(|error| assert_refusal(error, file));
    assert_eq!((material.has_bundle(), material.has_crl(), material.has_client_cert()), (bundle.is_ok(), list.is_ok(), client.is_ok()));
    let alone = [lint(&[("bundle", file)], &[], NOW), lint(&[], &[("list", file)], NOW)];
    assert_lint_is_the_stricter(&alone[0], &bundle);
    assert_lint_is_the_stricter(&alone[1], &list);
    let files: Vec<_> = alone.iter().flat_map(|report| &report.files).collect();
    assert_eq!(files, report.files.iter().collect::<Vec<_>>(), "what a file holds does not depend on the other");
    if client.is_ok() {
        assert_remade(&material);
    }
    assert_facts(&material, leaf, file);
}

/// Problems point at lines that exist, and are no longer than they need be.
fn assert_report(report: &LintReport, file: &[u8]) {
    let lines = file.split(|&byte| byte == b'\n').count();
    for problem in &report.problems {
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem:?} of {lines} lines");
        assert!(problem.says.len() <= MAX_SAYS && problem.fix.len() <= MAX_SAYS, "{problem:?}");
        assert_no_content(&problem.says, file);
    }
    assert_eq!(report.counts.errors + report.counts.warnings, report.problems.len());
    // Each line has a few at most, and so has each certificate and list, which takes lines of its own.
    assert!(report.problems.len() <= 64 + 32 * lines, "{} problems of {lines} lines", report.problems.len());
}

fn assert_refusal(error: &TrustError, file: &[u8]) {
    assert!(!error.problem.is_empty() && !error.hint.is_empty() && error.problem.len() <= MAX_SAYS);
    assert_no_content(&error.problem, file);
}

/// No base64 of the file, which may be a key's, is in what is said of it.
fn assert_no_content(says: &str, file: &[u8]) {
    const RECOGNISABLE: usize = 40;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let runs = file.split(|byte| !is_base64(byte)).filter(|run| run.len() >= RECOGNISABLE);
    for run in runs.filter_map(|run| std::str::from_utf8(&run[..RECOGNISABLE]).ok()) {
        assert!(!says.contains(run), "{says} shows {run}");
    }
}

/// A file in which the linter finds no error can be used.
fn assert_lint_is_the_stricter(report: &LintReport, added: &Result<(), TrustError>) {
    assert!(report.counts.errors > 0 || added.is_ok(), "no error is found in what is refused: {added:?}");
}

/// The certificates of a client's file, written anew, are the same certificates.
fn assert_remade(material: &Material) {
    let files = material.client_files(&[]);
    let [ClientFile { pem, .. }] = files.as_slice() else { panic!("one file was given: {files:?}") };
    let mut again = Material::default();
    again.add_client_cert("client", pem.as_bytes()).expect("what was written anew can be read");
    assert_eq!(again.client_files(&[]), files);
}

fn assert_facts(material: &Material, (subject, serial): &Leaf, file: &[u8]) {
    let leaf = LoggedLeaf { subject: subject.as_deref(), serial: serial.as_deref(), not_before: None, not_after: Some(NOW) };
    let facts = examine(material, &leaf, NOW - 1_000_000, NOW);
    assert_eq!(examine(material, &leaf, NOW - 1_000_000, NOW), facts);
    facts.iter().for_each(|fact| assert!(!fact.says.is_empty()));
    facts.iter().for_each(|fact| assert_no_content(&fact.says, file));
}
