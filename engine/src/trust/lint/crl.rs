//! Revocation lists: whether they can be read, whose they are, and until when they count.

use super::super::certificate::Certificate;
use super::super::crl::Crl;
use super::super::limits;
use super::super::material::is_private_key;
use super::super::pem;
use super::super::signature::Verdict;
use super::super::text::{counted, grouped, span, time};
use super::bundle::Anchor;
use super::{Draft, LintFile, LintFileKind, Problems, file};

/// A list that runs out sooner is worth a warning: 3 days, in µs. Many CAs issue lists for a week.
const SOON: i64 = 3 * 86_400 * 1_000_000;

/// A list, and where it stands.
struct Placed<'a> {
    file: &'a str,
    line: usize,
    crl: Crl,
}

/// Checks every CRL file against the bundles' certificates.
pub(super) fn check_all(crls: &[(&str, &[u8])], anchors: &[Anchor], now: i64, report: &mut Draft) {
    let mut before: Vec<Placed<'_>> = Vec::new();
    for (name, bytes) in crls {
        let mut problems = Problems::new(name);
        let lists = read(name, bytes, &mut problems);
        let entries: usize = lists.iter().map(|placed| placed.crl.entries).sum();
        if bytes.len() > limits::CRL_BYTES {
            let says = format!("the file has {} bytes; a CRL may have {}", grouped(bytes.len()), grouped(limits::CRL_BYTES));
            problems.error(None, "crl-too-large", says, "have the CA split its CRL, or drop entries of expired certificates");
        }
        for placed in lists {
            issuer(&placed, anchors, &mut problems);
            times(&placed, now, &mut problems);
            duplicate(&placed, &before, &mut problems);
            before.push(placed);
            if before.len() == limits::CRLS + 1 {
                let says = format!("this is CRL {}; a trust store takes {}", before.len(), limits::CRLS);
                problems.error(None, "too-many-crls", says, "leave out CRLs of CAs that no client uses, or ask AWS for a higher quota");
            }
        }
        let so_far = report.counts.crl_entries;
        report.counts.crl_entries += entries;
        if so_far <= limits::CRL_ENTRIES && report.counts.crl_entries > limits::CRL_ENTRIES {
            let (number, most) = (grouped(report.counts.crl_entries), grouped(limits::CRL_ENTRIES));
            let says = format!("with this file the CRLs have {number} entries; a trust store takes {most}");
            problems.error(None, "too-many-crl-entries", says, "drop entries of expired certificates, or use several trust stores");
        }
        let holds = counted(entries, "entry", "entries");
        let file = LintFile { file: (*name).to_owned(), kind: LintFileKind::Crl, bytes: bytes.len(), holds };
        report.add_file(file, problems.found);
    }
}

fn read<'a>(name: &'a str, bytes: &[u8], problems: &mut Problems<'_>) -> Vec<Placed<'a>> {
    let add = |line, der: &[u8], problems: &mut Problems<'_>| match Crl::parse(der) {
        Ok(crl) => Some(Placed { file: name, line, crl }),
        Err(problem) => {
            problems.error(line, "crl-unparsable", problem, "get the CRL again from its CA");
            None
        }
    };
    if pem::is_pem(bytes) {
        let blocks = file::blocks(bytes, "X509 CRL", problems);
        let lists: Vec<_> = blocks.iter().filter_map(|(line, der)| add(*line, der, problems)).collect();
        if lists.is_empty() && problems.found.is_empty() {
            problems.error(None, "no-crl", "the file holds no CRL", "give the CRL as PEM, in an X509 CRL block");
        }
        return lists;
    }
    let list = Crl::parse(bytes).ok();
    let (rule, says, fix) = match &list {
        Some(_) => {
            ("crl-not-pem", "the CRL is DER; a balancer takes PEM only", "convert it: openssl crl -inform der -in FILE -out FILE.pem")
        }
        None if is_private_key(bytes) || pem::announces_private_key(bytes) => {
            ("private-key", "a private key, and no CRL", "treat the key as known to whoever saw the file")
        }
        None if Certificate::parse(bytes.to_vec()).is_ok() => {
            ("crl-unparsable", "the file is a certificate, and no CRL", file::give_by("CERTIFICATE"))
        }
        None => ("crl-unparsable", "the file is no CRL", "get the CRL again from its CA, as PEM"),
    };
    problems.error(None, rule, says, fix);
    list.map(|crl| Placed { file: name, line: 1, crl }).into_iter().collect()
}

/// Whether a CA of the bundles issued it.
fn issuer(placed: &Placed<'_>, anchors: &[Anchor], problems: &mut Problems<'_>) {
    let Placed { line, crl, .. } = placed;
    let namesakes = anchors.iter().map(|anchor| &anchor.certificate).filter(|certificate| certificate.subject.is(&crl.issuer));
    let verdicts: Vec<Verdict> = namesakes.map(|certificate| crl.signed.verify(&certificate.key)).collect();
    let issuer = &crl.issuer;
    if verdicts.is_empty() {
        let says = format!("no bundle holds the issuer of this CRL, {issuer}");
        problems.error(*line, "crl-without-issuer", says, "add the CA's certificate to the bundle, or leave the CRL out");
    } else if verdicts.iter().all(|verdict| *verdict == Verdict::Refuted) {
        let says = format!("the CRL was not signed by the key of {issuer} in the bundle");
        problems.error(*line, "crl-bad-signature", says, "get the CRL of this very CA, or the CA certificate that goes with it");
    } else if !verdicts.contains(&Verdict::Verified) {
        let says = format!("the signature of the CRL of {issuer} ({}) could not be checked", crl.signed.algorithm);
        problems.warning(*line, "crl-signature-unchecked", says, "have the CA sign its CRL with SHA-256 or better");
    }
}

/// Until when it counts.
fn times(placed: &Placed<'_>, now: i64, problems: &mut Problems<'_>) {
    let Placed { line, crl, .. } = placed;
    if crl.this_update > now {
        let (begins, gap) = (time(crl.this_update), span(crl.this_update.saturating_sub(now)));
        problems.warning(*line, "crl-not-yet-valid", format!("thisUpdate is {begins}, in {gap}"), "check the clock of the CA");
    }
    match crl.next_update {
        None => problems.warning(
            *line,
            "crl-without-next-update",
            "the CRL has no nextUpdate",
            "have the CA set nextUpdate (RFC 5280 asks for it)",
        ),
        Some(next) if next < now => {
            let (passed, ago) = (time(next), span(now.saturating_sub(next)));
            problems.error(*line, "crl-expired", format!("nextUpdate passed at {passed}, {ago} ago"), "get the CA's current CRL");
        }
        Some(next) if next.saturating_sub(now) < SOON => {
            let (ends, left) = (time(next), span(next.saturating_sub(now)));
            let fix = "have the next CRL ready, and replace this one before then";
            problems.warning(*line, "crl-expires-soon", format!("nextUpdate is {ends}, in {left}"), fix);
        }
        Some(_) => {}
    }
}

/// Two lists of one CA.
fn duplicate(placed: &Placed<'_>, before: &[Placed<'_>], problems: &mut Problems<'_>) {
    if let Some(first) = before.iter().find(|other| other.crl.issuer.is(&placed.crl.issuer)) {
        let says = format!("{} (line {}) is a CRL of {} too", first.file, first.line, placed.crl.issuer);
        problems.warning(placed.line, "duplicate-crl-issuer", says, "keep the newer one, unless the CA splits its CRL on purpose");
    }
}
