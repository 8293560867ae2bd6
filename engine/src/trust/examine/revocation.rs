//! What the revocation lists prove, and whether they can be believed.
//!
//! A list speaks for a certificate if it has the name of its issuer and, as far as that issuer's certificate is known, was signed by its
//! key. An entry of any other list proves nothing.

use super::super::certificate::Certificate;
use super::super::crl::{Crl, Revocation};
use super::super::fact::FactKind;
use super::super::links::Signer;
use super::super::material::{CrlFile, Material};
use super::super::path::Path;
use super::super::serial::Serial;
use super::super::signature::Verdict;
use super::super::text::{counted, list, span, time};
use super::{Facts, Time, issued};
use crate::reasons::EvidenceSource;

/// A list of a file, with the certificates that have its issuer's name.
struct Listed<'a> {
    file: &'a CrlFile,
    crl: &'a Crl,
    signers: &'a [Signer],
}

/// Looks at every list; `path` is that of the leaf if its certificate was given, `serial` the logged one.
pub(super) fn examine(material: &Material, path: Option<&Path>, serial: Option<&Serial>, at: Time, facts: &mut Facts) {
    let mut usable = Vec::new();
    for (number, file) in material.crls.iter().enumerate() {
        match &file.lists {
            Err(fault) => facts.add_of(FactKind::CrlUnparsable, EvidenceSource::Crl, &file.name, format!("{}: {fault}", file.name)),
            Ok(lists) => {
                for (index, crl) in lists.iter().enumerate() {
                    let listed = Listed { file, crl, signers: material.links().crl_signers(number, index) };
                    if is_usable(material, path, serial, &listed, at, facts) {
                        usable.push(listed);
                    }
                }
            }
        }
    }
    let is_listed = match path {
        Some(path) => path_revoked(material, path, &usable, facts),
        None => serial.is_some_and(|serial| serial_revoked(serial, &usable, facts)),
    };
    let leaf = path.and_then(|path| material.certificate(*path.steps.first()?)).map(|leaf| &leaf.serial);
    if let Some(serial) = leaf.or(serial).filter(|_| !is_listed) {
        not_listed(material, serial, &usable, facts);
    }
}

/// Whether a list's entries count; says what is wrong with it.
fn is_usable(material: &Material, path: Option<&Path>, serial: Option<&Serial>, listed: &Listed<'_>, at: Time, facts: &mut Facts) -> bool {
    let Listed { file, crl, signers } = listed;
    let mut add = |kind, says: String| facts.add_of(kind, EvidenceSource::Crl, &file.name, format!("{}: {says}", file.name));
    if let Some(next_update) = crl.next_update.filter(|next_update| *next_update < at.last) {
        let ago = span(at.last.saturating_sub(next_update));
        let expired = time(next_update);
        add(
            FactKind::CrlExpired,
            format!("nextUpdate of the CRL of {} passed at {expired}, {ago} before the last failed connection", crl.issuer),
        );
    }
    let entry = match serial.and_then(|serial| crl.find(serial)) {
        Some(_) => "; that it lists the logged serial proves nothing",
        None => "",
    };
    if !signers.is_empty() && signers.iter().all(|signer| signer.verdict == Verdict::Refuted) {
        let places: Vec<&str> = signers.iter().map(|signer| material.place(signer.id)).collect();
        let says = format!("the CRL names {} as its issuer, but was not signed by the key of {}{entry}", crl.issuer, list(&places));
        add(FactKind::CrlBadSignature, says);
        return false;
    }
    if let Some(others) = strangers(material, path, listed) {
        add(FactKind::CrlWrongIssuer, format!("the CRL is of {}, {others}{entry}", crl.issuer));
        return false;
    }
    true
}

/// Whose list it is not, if it is nobody's: neither of a CA of the bundle nor of one in the leaf's path. `None` if it is, or if neither
/// is known.
fn strangers(material: &Material, path: Option<&Path>, listed: &Listed<'_>) -> Option<String> {
    let issuers = path.into_iter().flat_map(issued).filter_map(|(id, _)| material.certificate(id));
    let in_path = issuers.into_iter().any(|certificate| certificate.issuer.is(&listed.crl.issuer));
    let in_bundle = listed.signers.iter().any(|signer| material.links().is_trusted(signer.id));
    let leaf = path.and_then(|path| material.certificate(*path.steps.first()?));
    match (material.has_bundle(), leaf) {
        _ if in_path || in_bundle => None,
        (true, None) => Some(format!("which is no CA in {}", material.bundle_names())),
        (true, Some(leaf)) => Some(format!("which is no CA in {} and did not issue {}", material.bundle_names(), leaf.subject)),
        (false, Some(leaf)) => Some(format!("but {} was issued by {}", leaf.subject, leaf.issuer)),
        (false, None) => None,
    }
}

/// Looks for each certificate of the path in its issuer's lists; whether the leaf is there.
fn path_revoked(material: &Material, path: &Path, lists: &[Listed<'_>], facts: &mut Facts) -> bool {
    let mut leaf_is_listed = false;
    for (index, (id, issuer)) in issued(path).enumerate() {
        let Some(certificate) = material.certificate(id) else { continue };
        // A root is trusted until it is taken out of the bundle; its own list has no say.
        if index > 0 && material.links().is_root(id) {
            continue;
        }
        for listed in lists {
            let Some(how) = speaks_for(material, listed, certificate, issuer) else { continue };
            let Some(entry) = listed.crl.find(&certificate.serial) else { continue };
            let what = if index == 0 { "" } else { "the CA certificate " };
            let says = revoked(listed, entry, &format!("{what}{}, serial {}", material.title(id), certificate.serial), how);
            facts.add_of(FactKind::Revoked, EvidenceSource::Crl, &listed.file.name, says);
            leaf_is_listed |= index == 0;
        }
    }
    leaf_is_listed
}

/// Whether a list is that of a certificate's issuer, and how far that could be checked.
fn speaks_for(material: &Material, listed: &Listed<'_>, certificate: &Certificate, issuer: Option<usize>) -> Option<&'static str> {
    if !certificate.issuer.is(&listed.crl.issuer) {
        return None;
    }
    let Some(issuer) = issuer.and_then(|id| material.certificate(id)) else {
        return Some("the issuer's certificate was not given, so the CRL's signature could not be checked");
    };
    let key = |signer: &&Signer| material.certificate(signer.id).is_some_and(|candidate| candidate.key.is(&issuer.key));
    match listed.signers.iter().find(key).map(|signer| signer.verdict) {
        Some(Verdict::Verified) => Some("the CRL's signature verifies"),
        Some(Verdict::Refuted) => None,
        Some(Verdict::Unchecked) | None => Some("the CRL's signature could not be checked"),
    }
}

/// Looks for a serial of an unknown issuer.
fn serial_revoked(serial: &Serial, lists: &[Listed<'_>], facts: &mut Facts) -> bool {
    let mut is_listed = false;
    for listed in lists {
        let Some(entry) = listed.crl.find(serial) else { continue };
        let how = "the log does not tell the certificate's issuer and no file holds the certificate, so the issuer could not be compared";
        facts.add(FactKind::Revoked, EvidenceSource::Crl, revoked(listed, entry, &format!("serial {serial}"), how));
        is_listed = true;
    }
    is_listed
}

fn revoked(listed: &Listed<'_>, entry: Revocation, what: &str, how: &str) -> String {
    let (file, issuer) = (&listed.file.name, &listed.crl.issuer);
    format!("{file}, the CRL of {issuer}, lists {what}: revoked {}, reason {}; {how}", time(entry.date), entry.reason())
}

fn not_listed(material: &Material, serial: &Serial, lists: &[Listed<'_>], facts: &mut Facts) {
    if material.crls.iter().all(|file| file.lists.is_err()) {
        return;
    }
    let titles: Vec<String> = lists
        .iter()
        .map(|listed| {
            let entries = counted(listed.crl.entries, "entry", "entries");
            let only_changes = if listed.crl.is_delta { ", a delta CRL" } else { "" };
            format!("{} ({entries}, of {}, issued {}{only_changes})", listed.file.name, listed.crl.issuer, time(listed.crl.this_update))
        })
        .collect();
    let says = match titles.as_slice() {
        [] => format!("no CRL given is one that could list serial {serial}"),
        _ => format!("serial {serial} is not revoked in {}", list(&titles)),
    };
    facts.add(FactKind::SerialNotListed, EvidenceSource::Crl, says);
}
