//! A CA bundle: its text, its certificates one by one, and all of them together.

use super::super::certificate::Certificate;
use super::super::crl::Crl;
use super::super::examine::requirements::{key, signature, size, version};
use super::super::limits;
use super::super::material::is_private_key;
use super::super::pem;
use super::super::signature::{KeyFault, Verdict};
use super::super::text::{counted, grouped, span, time};
use super::{Draft, LintFile, LintFileKind, LintSeverity, Problems, file};

/// A CA certificate that runs out sooner is worth a warning: 30 days, in µs.
const SOON: i64 = 30 * 86_400 * 1_000_000;

/// A CA certificate of a bundle.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) certificate: Certificate,
    /// The line of BEGIN.
    line: usize,
}

/// Checks a bundle; gives the certificates in it.
pub(super) fn check(name: &str, bytes: &[u8], now: i64, report: &mut Draft) -> Vec<Anchor> {
    let mut problems = Problems::new(name);
    let anchors = if pem::is_pem(bytes) { read(bytes, &mut problems) } else { not_pem(bytes, &mut problems) };
    for (index, anchor) in anchors.iter().enumerate() {
        one(anchor, &mut problems);
        validity(anchor, &anchors, now, &mut problems);
        duplicates(anchor, anchors.get(..index).unwrap_or_default(), &mut problems);
    }
    quotas(&anchors, &mut problems);
    let holds = counted(anchors.len(), "CA certificate", "CA certificates");
    let file = LintFile { file: name.to_owned(), kind: LintFileKind::CaBundle, bytes: bytes.len(), holds };
    report.add_file(file, problems.found);
    anchors
}

fn read(bytes: &[u8], problems: &mut Problems<'_>) -> Vec<Anchor> {
    file::lines(bytes, problems);
    let blocks = file::blocks(bytes, "CERTIFICATE", problems);
    let mut anchors = Vec::new();
    for (line, der) in blocks {
        match Certificate::parse(der) {
            Ok(certificate) => anchors.push(Anchor { certificate, line }),
            Err(problem) => {
                problems.error(line, "not-a-certificate", problem, "get the certificate again from its CA, or delete the block");
            }
        }
    }
    if anchors.is_empty() && problems.found.is_empty() {
        problems.error(
            None,
            "no-certificate",
            "the bundle holds no certificate",
            "add the CA certificates that issue your clients' certificates",
        );
    }
    anchors
}

fn not_pem(bytes: &[u8], problems: &mut Problems<'_>) -> Vec<Anchor> {
    if is_private_key(bytes) || pem::announces_private_key(bytes) {
        let fix = "give the CA certificates, and treat the key as known to whoever saw the file";
        problems.error(None, "private-key", "a private key, and no certificate", fix);
        return Vec::new();
    }
    let der = Certificate::parse(bytes.to_vec());
    let (says, fix) = match &der {
        _ if bytes.is_empty() => ("the file is empty", "add the CA certificates that issue your clients' certificates"),
        Ok(_) => ("the bundle is DER; a balancer takes PEM only", "convert it: openssl x509 -inform der -in FILE -out FILE.pem"),
        Err(_) if Crl::parse(bytes).is_ok() => ("the file is a CRL, and no bundle", file::give_by("X509 CRL")),
        Err(_) => ("the bundle is not PEM", "give the CA certificates as PEM, each in a CERTIFICATE block"),
    };
    problems.error(None, "not-pem", says, fix);
    der.map(|certificate| vec![Anchor { certificate, line: 1 }]).unwrap_or_default()
}

/// What a balancer asks of every certificate.
fn one(anchor: &Anchor, problems: &mut Problems<'_>) {
    let (certificate, line) = (&anchor.certificate, anchor.line);
    let named = |what: String| format!("{}: {what}", certificate.subject);
    let renew = "have the CA issue a new certificate, or take this one out";
    if let Some(what) = size(certificate) {
        problems.error(line, "certificate-too-large", named(what), renew);
    }
    if let Some(what) = version(certificate) {
        problems.error(line, "not-x509v3", named(what), renew);
    }
    match key(certificate) {
        Some((KeyFault::Size, what)) => problems.error(line, "weak-key", named(what), renew),
        Some((KeyFault::Kind, what)) => problems.error(line, "unsupported-key", named(what), renew),
        None => {}
    }
    if let Some(what) = signature(certificate) {
        // Nobody checks how a root signed itself, but a balancer may ask for it all the same.
        let is_root = certificate.is_self_issued() && certificate.signed.verify(&certificate.key) != Verdict::Refuted;
        let severity = if is_root { LintSeverity::Warning } else { LintSeverity::Error };
        problems.add(Some(line), severity, "weak-signature", named(what), renew.to_owned());
    }
    if let Some(what) = not_a_ca(certificate) {
        problems.error(line, "not-a-ca", named(what.to_owned()), "put the certificate of the CA that issued it in its place");
    }
}

fn not_a_ca(certificate: &Certificate) -> Option<&'static str> {
    let usage = &certificate.usage;
    match (usage.ca, usage.signs_certificates) {
        (Some(false), _) => Some("the certificate is not a CA's (basicConstraints says CA:FALSE)"),
        (None, _) if certificate.version == 3 => Some("the certificate is not a CA's (it has no basicConstraints)"),
        (_, Some(false)) => Some("the certificate may not issue others (its key usage lacks keyCertSign)"),
        _ => None,
    }
}

/// An expired certificate breaks clients, unless another of the same name and key stands in for it.
fn validity(anchor: &Anchor, anchors: &[Anchor], now: i64, problems: &mut Problems<'_>) {
    let Anchor { certificate, line } = anchor;
    let is_twin = |other: &Certificate| other.subject.is(&certificate.subject) && other.key.is(&certificate.key);
    let has_twin = anchors.iter().any(|other| is_twin(&other.certificate) && other.certificate.is_valid(now, now));
    let (severity, aside) = match has_twin {
        true => (LintSeverity::Warning, "; another certificate of the same name and key is valid"),
        false => (LintSeverity::Error, ""),
    };
    let name = &certificate.subject;
    if certificate.not_after < now {
        let (expired, ago) = (time(certificate.not_after), span(now.saturating_sub(certificate.not_after)));
        let says = format!("{name}: expired at {expired}, {ago} ago{aside}");
        problems.add(Some(*line), severity, "expired", says, "put the CA's renewed certificate in its place".to_owned());
    } else if certificate.not_before > now {
        let (begins, gap) = (time(certificate.not_before), span(certificate.not_before.saturating_sub(now)));
        let says = format!("{name}: not valid before {begins}, in {gap}{aside}");
        problems.add(
            Some(*line),
            severity,
            "not-yet-valid",
            says,
            "upload the bundle only then, and keep the CA's old certificate in it".to_owned(),
        );
    } else if certificate.not_after.saturating_sub(now) < SOON && !outlived(certificate, anchors, now) {
        let (expires, left) = (time(certificate.not_after), span(certificate.not_after.saturating_sub(now)));
        problems.warning(
            *line,
            "expires-soon",
            format!("{name}: expires at {expires}, in {left}"),
            "add the CA's renewed certificate beside it",
        );
    }
}

/// Whether a twin is valid for longer than a warning's time.
fn outlived(certificate: &Certificate, anchors: &[Anchor], now: i64) -> bool {
    let others = anchors.iter().map(|anchor| &anchor.certificate);
    let mut twins = others.filter(|other| other.subject.is(&certificate.subject) && other.key.is(&certificate.key));
    twins.any(|twin| twin.is_valid(now, now.saturating_add(SOON)))
}

/// The same certificate twice, or two CAs of one name.
fn duplicates(anchor: &Anchor, before: &[Anchor], problems: &mut Problems<'_>) {
    let Anchor { certificate, line } = anchor;
    if let Some(first) = before.iter().find(|other| other.certificate.der == certificate.der) {
        let says = format!("{}: the certificate stands at line {} too", certificate.subject, first.line);
        problems.warning(*line, "duplicate-certificate", says, "delete one of them: each counts against the quota");
        return;
    }
    let namesake = |other: &&Anchor| other.certificate.subject.is(&certificate.subject) && !other.certificate.key.is(&certificate.key);
    if let Some(first) = before.iter().find(namesake) {
        let says = format!("{}: line {} has the same subject with another key", certificate.subject, first.line);
        problems.warning(*line, "duplicate-subject", says, "keep both only while the CA changes its key; otherwise delete the wrong one");
    }
}

/// What a trust store takes of certificates.
fn quotas(anchors: &[Anchor], problems: &mut Problems<'_>) {
    if let Some(beyond) = anchors.get(limits::CA_CERTIFICATES) {
        let (number, most) = (counted(anchors.len(), "CA certificate", "CA certificates"), limits::CA_CERTIFICATES);
        let fix = format!("keep the {most} that issue your clients' certificates, ask AWS for a higher quota, or use several trust stores");
        problems.error(beyond.line, "too-many-certificates", format!("the bundle holds {number}; a trust store takes {most}"), fix);
    }
    let characters: usize = anchors.iter().map(|anchor| anchor.certificate.subject.characters()).sum();
    if characters > limits::SUBJECT_CHARACTERS {
        let (number, most) = (grouped(characters), grouped(limits::SUBJECT_CHARACTERS));
        let says = format!("the subjects have {number} characters together; a trust store takes {most}");
        problems.error(None, "subjects-too-long", says, "take out certificates that no client needs, or use several trust stores");
    }
}
