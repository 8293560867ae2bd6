//! Who issued whom: every certificate and list, and the certificates whose names and keys could have signed it.

use std::collections::{HashMap, HashSet};

use super::material::{Material, Origin};
use super::serial::Serial;
use super::signature::{Signed, Verdict};

/// Certificates of one name whose keys are tried on a signature; more than a CA ever has, and few enough for a hostile file.
const MAX_CANDIDATES: usize = 64;

/// A certificate that has the issuer's name, and whether its key made the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) id: usize,
    pub(super) verdict: Verdict,
}

/// Who could have signed what.
#[derive(Debug)]
pub(super) struct Links {
    /// By certificate; bundles' first.
    issuers: Vec<Vec<Signer>>,
    /// By CRL file and list.
    crl_signers: Vec<Vec<Vec<Signer>>>,
    /// By certificate: whether it stands in a bundle, this copy or another.
    trusted: Vec<bool>,
    /// Certificates of client files by serial.
    by_serial: HashMap<Serial, Vec<usize>>,
}

impl Links {
    pub(super) fn new(material: &Material) -> Self {
        let names = Names::new(material);
        let issuers = material.certificates.iter().map(|given| names.signers(&given.certificate.issuer.key(), &given.certificate.signed));
        let lists = material.crls.iter().map(|file| &file.lists);
        let crl_signers = lists.map(|lists| lists.iter().map(|crl| names.signers(&crl.issuer.key(), &crl.signed)).collect());
        let in_bundle = material.certificates.iter().filter(|given| given.origin == Origin::Bundle);
        let in_bundle: HashSet<&[u8]> = in_bundle.map(|given| given.certificate.der.as_slice()).collect();
        let mut by_serial: HashMap<Serial, Vec<usize>> = HashMap::new();
        for id in material.clients.iter().flat_map(|file| file.certificates.iter().copied()) {
            if let Some(certificate) = material.certificate(id) {
                by_serial.entry(certificate.serial.clone()).or_default().push(id);
            }
        }
        Self {
            issuers: issuers.collect(),
            by_serial,
            crl_signers: crl_signers.collect(),
            trusted: material.certificates.iter().map(|given| in_bundle.contains(given.certificate.der.as_slice())).collect(),
        }
    }

    /// The certificates with the name of this one's issuer.
    pub(super) fn issuers(&self, id: usize) -> &[Signer] {
        self.issuers.get(id).map_or(&[], Vec::as_slice)
    }

    /// The certificates with the name of a list's issuer.
    pub(super) fn crl_signers(&self, file: usize, list: usize) -> &[Signer] {
        self.crl_signers.get(file).and_then(|lists| lists.get(list)).map_or(&[], Vec::as_slice)
    }

    /// The certificates of client files with a serial.
    pub(super) fn with_serial(&self, serial: &Serial) -> &[usize] {
        self.by_serial.get(serial).map_or(&[], Vec::as_slice)
    }

    /// Whether the certificate, or a copy of it, stands in a bundle.
    pub(super) fn is_trusted(&self, id: usize) -> bool {
        self.trusted.get(id).copied().unwrap_or(false)
    }

    /// Whether the certificate's own key signed it: a root.
    pub(super) fn is_root(&self, id: usize) -> bool {
        self.issuers(id).iter().any(|signer| signer.id == id && signer.verdict != Verdict::Refuted)
    }
}

/// Certificates by their subjects.
struct Names<'a> {
    material: &'a Material,
    by_subject: HashMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn new(material: &'a Material) -> Self {
        let mut by_subject: HashMap<String, Vec<usize>> = HashMap::new();
        let order =
            |wanted: bool| material.certificates.iter().enumerate().filter(move |(_, given)| (given.origin == Origin::Bundle) == wanted);
        for (id, given) in order(true).chain(order(false)) {
            by_subject.entry(given.certificate.subject.key()).or_default().push(id);
        }
        Self { material, by_subject }
    }

    fn signers(&self, issuer: &str, signed: &Signed) -> Vec<Signer> {
        let candidates = self.by_subject.get(issuer).map_or(&[][..], Vec::as_slice);
        let signers = candidates.iter().enumerate().filter_map(|(index, id)| {
            let key = &self.material.certificate(*id)?.key;
            let verdict = if index < MAX_CANDIDATES { signed.verify(key) } else { Verdict::Unchecked };
            Some(Signer { id: *id, verdict })
        });
        signers.collect()
    }
}
