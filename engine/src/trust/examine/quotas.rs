//! What is beyond a quota of trust stores.

use super::super::fact::FactKind;
use super::super::limits;
use super::super::material::{CertificateFile, Material};
use super::super::text::{counted, grouped};
use super::Facts;
use crate::reasons::EvidenceSource;

/// Looks at each bundle by itself, as a trust store has one, and at all CRLs together.
pub(super) fn examine(material: &Material, facts: &mut Facts) {
    for bundle in &material.bundles {
        bundle_quotas(material, bundle, facts);
    }
    let mut add = |says: String| facts.add(FactKind::QuotaExceeded, EvidenceSource::Crl, says);
    let lists: usize = material.crls.iter().map(|file| file.lists.len() + file.faults.len()).sum();
    if lists > limits::CRLS {
        add(format!("{} were given; a trust store takes {}", counted(lists, "CRL", "CRLs"), limits::CRLS));
    }
    for file in material.crls.iter().filter(|file| file.bytes > limits::CRL_BYTES) {
        add(format!("{} has {}; a CRL may have {}", file.name, counted(file.bytes, "byte", "bytes"), grouped(limits::CRL_BYTES)));
    }
    let entries: usize = material.crls.iter().flat_map(|file| &file.lists).map(|crl| crl.entries).sum();
    if entries > limits::CRL_ENTRIES {
        let entries = counted(entries, "entry", "entries");
        add(format!("the CRLs have {entries} together; a trust store takes {}", grouped(limits::CRL_ENTRIES)));
    }
}

fn bundle_quotas(material: &Material, bundle: &CertificateFile, facts: &mut Facts) {
    let certificates = || bundle.certificates.iter().filter_map(|id| material.certificate(*id));
    let mut add = |says: String| facts.add_of(FactKind::QuotaExceeded, EvidenceSource::CaBundle, &bundle.name, says);
    if bundle.certificates.len() > limits::CA_CERTIFICATES {
        let number = counted(bundle.certificates.len(), "CA certificate", "CA certificates");
        add(format!("{} holds {number}; a trust store takes {}", bundle.name, limits::CA_CERTIFICATES));
    }
    let characters: usize = certificates().map(|certificate| certificate.subject.characters()).sum();
    if characters > limits::SUBJECT_CHARACTERS {
        let (number, most) = (grouped(characters), grouped(limits::SUBJECT_CHARACTERS));
        add(format!("the subjects in {} have {number} characters together; a trust store takes {most}", bundle.name));
    }
    for id in bundle.certificates.iter().copied() {
        let Some(bytes) = material.certificate(id).map(|one| one.der.len()).filter(|bytes| *bytes > limits::CERTIFICATE_BYTES) else {
            continue;
        };
        let (bytes, most) = (counted(bytes, "byte", "bytes"), grouped(limits::CERTIFICATE_BYTES));
        add(format!("{} has {bytes}; a CA certificate may have {most}", material.title(id)));
    }
}
