//! What the revocation lists prove, and whether they can be believed.
//!
//! A list speaks for a certificate if it has the name of its issuer and, where that issuer's certificate is known, its signature verifies
//! with that certificate's key. Where the issuer is unknown, only a serial too long to be met by chance tells. An entry proves a revocation
//! from its date on. All else that a list shows is told, and proves nothing.

use super::super::certificate::Certificate;
use super::super::crl::{Crl, Revocation};
use super::super::fact::FactKind;
use super::super::links::Signer;
use super::super::material::{CrlFile, Material};
use super::super::name::Name;
use super::super::path::Path;
use super::super::serial::Serial;
use super::super::signature::Verdict;
use super::super::text::{counted, list, span, time};
use super::{Facts, LoggedLeaf, Time, issued};
use crate::reasons::EvidenceSource;

/// Bytes of a serial from which on a chance match is out of the question: CAs draw 64 bits at random.
const UNIQUE_SERIAL_BYTES: usize = 8;

/// Places named in a sentence at most.
const MOST_PLACES: usize = 8;

/// A list of a file, with the certificates that have its issuer's name.
struct Listed<'a> {
    file: &'a CrlFile,
    crl: &'a Crl,
    signers: &'a [Signer],
    /// Whether there are more of them.
    is_cut: bool,
}

/// Looks at every list; `path` is that of the leaf if its certificate was given.
pub(super) fn examine(material: &Material, path: Option<&Path>, logged: &LoggedLeaf<'_>, at: Time, facts: &mut Facts) {
    let serial = logged.serial.and_then(Serial::from_hex);
    let mut usable = Vec::new();
    for (number, file) in material.crls.iter().enumerate() {
        for fault in &file.faults {
            facts.add_of(FactKind::CrlUnparsable, EvidenceSource::Crl, &file.name, format!("{}: {fault}", file.name));
        }
        for (index, crl) in file.lists.iter().enumerate() {
            let Some(signers) = material.links().crl_signers(number, index) else { continue };
            let listed = Listed { file, crl, signers: &signers.all, is_cut: signers.is_cut };
            out_of_date(&listed, at, facts);
            if is_usable(material, path, serial.as_ref(), &listed, facts) {
                usable.push(listed);
            }
        }
    }
    let is_listed = match path {
        Some(path) => path_revoked(material, path, &usable, at, facts),
        None => serial.as_ref().is_some_and(|serial| serial_revoked(material, serial, logged, &usable, at, facts)),
    };
    let leaf = path.and_then(|path| material.certificate(*path.steps.first()?));
    if let Some(serial) = leaf.map(|leaf| &leaf.serial).or(serial.as_ref()).filter(|_| !is_listed) {
        let fits = |listed: &&Listed<'_>| {
            leaf.is_none_or(|leaf| leaf.issuer.is(&listed.crl.issuer)) && listed.crl.find(serial).is_none_or(Revocation::is_removal)
        };
        let (fitting, others): (Vec<_>, Vec<_>) = usable.iter().partition(fits);
        not_listed(material, serial, &fitting, &others, facts);
    }
}

/// Whether a list's time had passed when connections failed. One that passed in between explains none of those before.
fn out_of_date(listed: &Listed<'_>, at: Time, facts: &mut Facts) {
    let Some(next_update) = listed.crl.next_update.filter(|next_update| *next_update < at.last) else { return };
    let (name, issuer, expired) = (&listed.file.name, &listed.crl.issuer, time(next_update));
    let passed = format!("{name}: nextUpdate of the CRL of {issuer} passed at {expired}");
    if next_update < at.first {
        let ago = span(at.first.saturating_sub(next_update));
        facts.add_of(
            FactKind::CrlExpired,
            EvidenceSource::Crl,
            &listed.file.name,
            format!("{passed}, {ago} before the first failed connection"),
        );
    } else {
        let says = format!("{passed}, after the first failed connection and before the last: it does not explain the first");
        facts.add_of(FactKind::CrlExpiredSince, EvidenceSource::Crl, &listed.file.name, says);
    }
}

/// Whether a list's entries count; says what is wrong with it.
fn is_usable(material: &Material, path: Option<&Path>, serial: Option<&Serial>, listed: &Listed<'_>, facts: &mut Facts) -> bool {
    let Listed { file, crl, signers, is_cut } = listed;
    let mut add = |kind, says: String| facts.add_of(kind, EvidenceSource::Crl, &file.name, format!("{}: {says}", file.name));
    let entry = match serial.and_then(|serial| crl.find(serial)) {
        Some(entry) if !entry.is_removal() => "; that it lists the logged serial proves nothing",
        _ => "",
    };
    let in_path = |id: usize| path.is_some_and(|path| path.steps.iter().skip(1).any(|step| material.links().first(*step) == id));
    // A namesake in another client's file says nothing about the list: the balancer has only the bundle.
    let signers = signers.iter().filter(|signer| material.is_trusted(signer.id) || in_path(signer.id));
    let signers: Vec<&Signer> = signers.collect();
    if !is_cut && !signers.is_empty() && signers.iter().all(|signer| signer.verdict == Verdict::Refuted) {
        let places: Vec<&str> = signers.iter().take(MOST_PLACES).map(|signer| material.place(signer.id)).collect();
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

/// Whose list it is not, if it is nobody's: neither of a CA of the bundle nor of one in the leaf's path. `None` if it is, or if there is
/// no bundle to tell.
fn strangers(material: &Material, path: Option<&Path>, listed: &Listed<'_>) -> Option<String> {
    let issuers = path.into_iter().flat_map(issued).filter_map(|(id, _)| material.certificate(id));
    let in_path = issuers.into_iter().any(|certificate| certificate.issuer.is(&listed.crl.issuer));
    let in_bundle = listed.signers.iter().any(|signer| material.is_trusted(signer.id));
    if in_path || in_bundle || !material.has_bundle() {
        return None;
    }
    Some(match path.and_then(|path| material.certificate(*path.steps.first()?)) {
        None => format!("which is no CA in {}", material.bundle_names()),
        Some(leaf) => format!("which is no CA in {} and did not issue {}", material.bundle_names(), leaf.subject),
    })
}

/// Looks for each certificate of the path in its issuer's lists; whether the leaf is there.
fn path_revoked(material: &Material, path: &Path, lists: &[Listed<'_>], at: Time, facts: &mut Facts) -> bool {
    let mut leaf_is_listed = false;
    for (index, (id, issuer)) in issued(path).enumerate() {
        let Some(certificate) = material.certificate(id) else { continue };
        // A root is trusted until it is taken out of the bundle; its own list has no say.
        if index > 0 && material.is_root(id) {
            continue;
        }
        for (listed, entry) in entries(lists, &certificate.serial) {
            let Some((is_proof, how)) = speaks_for(material, listed, certificate, issuer) else { continue };
            let what = if index == 0 { "" } else { "the CA certificate " };
            let what = format!("{what}{}, serial {}", material.title(id), certificate.serial);
            tell(listed, entry, &what, (is_proof, how), at, facts);
            leaf_is_listed |= index == 0;
        }
    }
    leaf_is_listed
}

/// The lists with an entry for a serial, but for those whose entry a later delta CRL of the same issuer takes back.
fn entries<'l, 'a>(lists: &'l [Listed<'a>], serial: &Serial) -> Vec<(&'l Listed<'a>, Revocation)> {
    let found = lists.iter().filter_map(|listed| Some((listed, listed.crl.find(serial)?)));
    let (removals, entries): (Vec<_>, Vec<_>) = found.partition(|(_, entry)| entry.is_removal());
    let is_taken_back = |base: &Crl| {
        let same = |delta: &Crl| delta.is_delta && delta.issuer.is(&base.issuer) && delta.this_update >= base.this_update;
        removals.iter().any(|(delta, _)| same(delta.crl))
    };
    entries.into_iter().filter(|(listed, _)| !is_taken_back(listed.crl)).collect()
}

/// Whether a list with the name of a certificate's issuer proves anything of it, and how far that could be checked. `None` if it is
/// another's.
fn speaks_for(material: &Material, listed: &Listed<'_>, certificate: &Certificate, issuer: Option<usize>) -> Option<(bool, &'static str)> {
    if !certificate.issuer.is(&listed.crl.issuer) {
        return None;
    }
    let Some(issuer) = issuer.and_then(|id| material.certificate(id)) else {
        // Whoever signed the list did not sign the certificate, or the path would go on there.
        let is_others = listed.signers.iter().any(|signer| signer.verdict == Verdict::Verified);
        return (!is_others).then_some((true, "the issuer's certificate was not given, so the CRL's signature could not be checked"));
    };
    let key = |signer: &&Signer| material.certificate(signer.id).is_some_and(|candidate| candidate.key.is(&issuer.key));
    match listed.signers.iter().find(key).map(|signer| signer.verdict) {
        Some(Verdict::Verified) => Some((true, "the CRL's signature verifies")),
        Some(Verdict::Refuted) => None,
        Some(Verdict::Unchecked) | None => Some((false, "the CRL's signature could not be checked, so this proves nothing")),
    }
}

/// Looks for a serial of an unknown issuer.
fn serial_revoked(
    material: &Material,
    serial: &Serial,
    logged: &LoggedLeaf<'_>,
    lists: &[Listed<'_>],
    at: Time,
    facts: &mut Facts,
) -> bool {
    let found = entries(lists, serial);
    for (listed, entry) in &found {
        let how = if let Some(id) = other_subject(material, serial, logged, &listed.crl.issuer) {
            (false, format!("that serial of this issuer is the one of {}, so this proves nothing", material.title(id)))
        } else if serial.bytes().len() < UNIQUE_SERIAL_BYTES {
            let how = "the serial is short enough for CAs to share it, and neither the log nor a file tells this certificate's issuer, \
                       so this proves nothing";
            (false, how.to_owned())
        } else {
            let how = "neither the log nor a file tells the certificate's issuer, but a serial this long is not met by chance";
            (true, how.to_owned())
        };
        tell(listed, *entry, &format!("serial {serial}"), (how.0, &how.1), at, facts);
    }
    !found.is_empty()
}

/// A client's certificate with this issuer and serial, and another subject than the logged one.
fn other_subject(material: &Material, serial: &Serial, logged: &LoggedLeaf<'_>, issuer: &Name) -> Option<usize> {
    let subject = Name::from_text(logged.subject?)?;
    let is_other = |id: &usize| {
        let certificate = material.certificate(*id);
        certificate.is_some_and(|certificate| certificate.issuer.is(issuer) && !certificate.subject.is_logged_as(&subject))
    };
    material.links().with_serial(serial).iter().copied().find(is_other)
}

/// Says what an entry tells; it proves a revocation only if it `is_proof` and its date is not after the first failure.
fn tell(listed: &Listed<'_>, entry: Revocation, what: &str, (is_proof, how): (bool, &str), at: Time, facts: &mut Facts) {
    let (file, issuer, date) = (&listed.file.name, &listed.crl.issuer, time(entry.date));
    let lists = format!("{file}, the CRL of {issuer}, lists {what}");
    let reason = entry.reason();
    let (kind, says) = if entry.date > at.first {
        let says = format!("{lists}: revoked later, on {date}, after the first failed connection; reason {reason}; {how}");
        (FactKind::SerialListed, says)
    } else {
        let kind = if is_proof { FactKind::Revoked } else { FactKind::SerialListed };
        (kind, format!("{lists}: revoked {date}, reason {reason}; {how}"))
    };
    facts.add_of(kind, EvidenceSource::Crl, &listed.file.name, says);
}

fn not_listed(material: &Material, serial: &Serial, lists: &[&Listed<'_>], others: &[&Listed<'_>], facts: &mut Facts) {
    if material.crls.iter().all(|file| file.lists.is_empty()) {
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
        [] if others.is_empty() => format!("no CRL given is one that could list serial {serial}"),
        [] => {
            let issuer = |other: &&Listed<'_>| format!("{} is of {}", other.file.name, other.crl.issuer);
            let others: Vec<String> = others.iter().take(MOST_PLACES).map(issuer).collect();
            format!("no CRL given is one that could list serial {serial}: {}, which did not issue this certificate", list(&others))
        }
        _ => format!("serial {serial} is not revoked in {}", list(&titles)),
    };
    facts.add(FactKind::SerialNotListed, EvidenceSource::Crl, says);
}
