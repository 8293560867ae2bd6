//! From the leaf to the bundle: whether the chain is complete, what breaks it, and whether it was valid at the time.

use super::super::certificate::Certificate;
use super::super::fact::FactKind;
use super::super::limits;
use super::super::links::Signer;
use super::super::material::{Material, Origin};
use super::super::path::{self, Path, Scope};
use super::super::signature::Verdict;
use super::super::text::{counted, list, span, time};
use super::{Facts, Time, leaf, source};
use crate::reasons::EvidenceSource;

/// The best path of the leaf; facts about it on the way.
pub(super) fn examine(material: &Material, leaf: usize, at: Time, facts: &mut Facts) -> Path {
    let path = path::best(material, leaf, leaf::scope(material, leaf), at.first, at.last);
    let path = if path.is_complete || !material.has_bundle() { path } else { incomplete(material, path, at, facts) };
    if path.is_complete && material.has_bundle() && !facts.0.iter().any(|fact| fact.kind == FactKind::IntermediateMissing) {
        let anchor = path.steps.iter().copied().find(|id| material.is_trusted(*id));
        let bundle = anchor.map_or("", |id| material.file_of(id));
        facts.add_of(FactKind::ChainComplete, EvidenceSource::CaBundle, bundle, complete(material, &path));
    }
    depth(material, &path, facts);
    for id in path.steps.iter().skip(1) {
        if material.certificate(*id).is_some_and(|issuer| !issuer.may_issue() && issuer.version >= 3) {
            let says = format!("{} issued another certificate of the chain, but is not a CA's", material.title(*id));
            facts.add(FactKind::IssuerNotCa, source(material, *id), says);
        }
    }
    for (index, id) in path.steps.iter().enumerate() {
        if let Some(certificate) = material.certificate(*id) {
            validity(material, *id, certificate, index == 0, at, facts);
        }
    }
    path
}

fn complete(material: &Material, path: &Path) -> String {
    let names: Vec<String> = path.steps.iter().filter_map(|id| material.certificate(*id)).map(|one| one.subject.to_string()).collect();
    let anchor = path.steps.iter().find(|id| material.is_trusted(**id)).map(|id| material.place(*id).to_owned());
    let anchor = anchor.unwrap_or_else(|| material.bundle_names());
    let checked = if path.is_checked { "every signature verifies" } else { "not every signature could be checked" };
    format!("the chain is complete: {} ({anchor}); {checked}", names.join(" → "))
}

/// What breaks a chain that does not reach the bundle. Gives the path that the rest is said about.
fn incomplete(material: &Material, path: Path, at: Time, facts: &mut Facts) -> Path {
    let Some(leaf) = path.steps.first().copied() else { return path };
    let other = path::best(material, leaf, Scope::All, at.first, at.last);
    if other.is_complete {
        missing_intermediates(material, leaf, &other, facts);
        return other;
    }
    if path.is_cut || other.is_cut {
        return path;
    }
    // Another client's file may lead further, though not to the bundle either: what is missing is above what it holds.
    for id in &path.steps {
        mismatch(material, *id, facts);
    }
    let top = other.steps.last().copied().unwrap_or(leaf);
    if !path.steps.contains(&top) {
        mismatch(material, top, facts);
    }
    if !has_namesake(material, top) {
        missing_issuer(material, top, facts);
    }
    path
}

/// The certificates that complete the chain, but stand in other clients' files.
fn missing_intermediates(material: &Material, leaf: usize, path: &Path, facts: &mut Facts) {
    let own = leaf::scope(material, leaf);
    let foreign = path.steps.iter().filter(|id| match material.certificates.get(**id).map(|given| given.origin) {
        Some(Origin::Client(file)) => own != Scope::File(file) && !material.is_trusted(**id),
        _ => false,
    });
    let foreign: Vec<String> = foreign.map(|id| material.title(*id)).collect();
    let says = format!(
        "{} sends no certificate that leads to {}; with {} the chain is complete",
        material.title(leaf),
        material.bundle_names(),
        list(&foreign)
    );
    facts.add(FactKind::IntermediateMissing, EvidenceSource::ClientCert, says);
}

/// The bundle's certificates with the name of this one's issuer.
fn namesakes(material: &Material, id: usize) -> impl Iterator<Item = &Signer> {
    material.issuers(id).all.iter().filter(|signer| material.is_trusted(signer.id))
}

fn has_namesake(material: &Material, id: usize) -> bool {
    namesakes(material, id).next().is_some()
}

/// The bundle has the issuer's name, and none of its keys made the signature.
fn mismatch(material: &Material, id: usize, facts: &mut Facts) {
    let Some(certificate) = material.certificate(id) else { return };
    let namesakes: Vec<&Signer> = namesakes(material, id).collect();
    if namesakes.is_empty() || namesakes.iter().any(|signer| signer.verdict != Verdict::Refuted) {
        return;
    }
    let places: Vec<&str> = namesakes.iter().map(|signer| material.place(signer.id)).collect();
    let keys = if places.len() == 1 { "its key" } else { "their keys" };
    let says = format!(
        "{} has {} by name, but {keys} did not sign {}: another CA, or the CA's other key",
        list(&places),
        certificate.issuer,
        material.title(id)
    );
    facts.add(FactKind::IssuerKeyMismatch, EvidenceSource::CaBundle, says);
}

/// No file leads from here to the bundle.
fn missing_issuer(material: &Material, top: usize, facts: &mut Facts) {
    let Some(certificate) = material.certificate(top) else { return };
    let says = if material.is_root(top) {
        format!("the chain ends with the root {}, which is not in {}", material.title(top), material.bundle_names())
    } else {
        format!("{} holds no certificate of {}, which issued {}", material.bundle_names(), certificate.issuer, material.title(top))
    };
    facts.add(FactKind::IssuerMissing, EvidenceSource::CaBundle, says);
}

/// More certificates than a client may send: those of its file that belong to the chain.
fn depth(material: &Material, path: &Path, facts: &mut Facts) {
    let Some(Scope::File(own)) = path.steps.first().map(|leaf| leaf::scope(material, *leaf)) else { return };
    let sent = path::best(material, path.steps.first().copied().unwrap_or_default(), Scope::File(own), 0, 0);
    let in_file = material.clients.get(own).map_or(&[][..], |file| file.certificates.as_slice());
    let is_sent = |id: &&usize| {
        let der = material.certificate(**id).map(|certificate| &certificate.der);
        in_file.iter().any(|other| material.certificate(*other).map(|certificate| &certificate.der) == der)
    };
    let sent = sent.steps.iter().filter(is_sent).count();
    if sent > limits::CHAIN_DEPTH {
        let name = material.clients.get(own).map_or("", |file| file.name.as_str());
        let says = format!("{name} holds a chain of {sent} certificates; a balancer takes {} at most", limits::CHAIN_DEPTH);
        facts.add(FactKind::ChainTooDeep, EvidenceSource::ClientCert, says);
    }
    let bytes: usize = in_file.iter().filter_map(|id| material.certificate(*id)).map(|certificate| certificate.der.len()).sum();
    if bytes > limits::MESSAGE_BYTES {
        let name = material.clients.get(own).map_or("", |file| file.name.as_str());
        let (bytes, most) = (counted(bytes, "byte", "bytes"), counted(limits::MESSAGE_BYTES, "byte", "bytes"));
        let says = format!("the certificates in {name} have {bytes} together; a TLS message may have {most}");
        facts.add(FactKind::CertificateTooLarge, EvidenceSource::ClientCert, says);
    }
}

/// Whether a certificate was valid when connections failed.
fn validity(material: &Material, id: usize, certificate: &Certificate, is_leaf: bool, at: Time, facts: &mut Facts) {
    let (early, late) = match is_leaf {
        true => (FactKind::LeafNotYetValid, FactKind::LeafExpired),
        false => (FactKind::IntermediateNotYetValid, FactKind::IntermediateExpired),
    };
    let (title, what) = (material.title(id), if is_leaf { "the certificate" } else { "the CA certificate" });
    if certificate.not_after < at.last {
        let expired = time(certificate.not_after);
        let when = match certificate.not_after < at.first {
            true => format!("{} before the first failed connection", span(at.first.saturating_sub(certificate.not_after))),
            false => format!("before the last failed connection, but not before the first ({})", time(at.first)),
        };
        facts.add(late, source(material, id), format!("{what} {title} expired at {expired}, {when}"));
    }
    if certificate.not_before > at.first {
        let (begins, gap) = (time(certificate.not_before), span(certificate.not_before.saturating_sub(at.first)));
        let says = format!("{what} {title} is valid from {begins}, {gap} after the first failed connection");
        facts.add(early, source(material, id), says);
    }
}
