//! Who issued whom: every certificate and list, and the certificates whose names and keys could have signed it.
//!
//! Copies of a certificate count once, by the first of them, and a bundle's before a client's. Signatures are checked when they are asked
//! for: files may hold thousands of certificates that no log names.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::material::{Material, Origin};
use super::serial::Serial;
use super::signature::{Signed, Verdict};

/// Certificates of one name whose keys are tried on a signature; more than a CA ever has, and few enough for a hostile file.
const MAX_CANDIDATES: usize = 64;

/// A certificate that has the issuer's name, and whether its key made the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    /// The first of its copies.
    pub(super) id: usize,
    pub(super) verdict: Verdict,
}

/// Those with an issuer's name.
#[derive(Debug, Default)]
pub(super) struct Signers {
    pub(super) all: Vec<Signer>,
    /// Whether there were more than are tried.
    pub(super) is_cut: bool,
}

/// Who could have signed what.
#[derive(Debug)]
pub(super) struct Links {
    /// By certificate, each filled when it is asked for.
    issuers: Vec<OnceLock<Signers>>,
    /// By CRL file and list.
    crl_signers: Vec<Vec<Signers>>,
    /// By certificate: the first of its copies.
    first: Vec<usize>,
    /// First copies by subject; bundles' first.
    by_subject: HashMap<String, Vec<usize>>,
    /// Certificates of client files by serial.
    by_serial: HashMap<Serial, Vec<usize>>,
    /// The copy in a client's file, by file and first copy.
    in_file: HashMap<(usize, usize), usize>,
}

impl Links {
    pub(super) fn new(material: &Material) -> Self {
        let certificates = &material.certificates;
        let order = |wanted: bool| certificates.iter().enumerate().filter(move |(_, given)| (given.origin == Origin::Bundle) == wanted);
        let mut links = Self {
            issuers: certificates.iter().map(|_| OnceLock::new()).collect(),
            crl_signers: Vec::new(),
            first: (0..certificates.len()).collect(),
            by_subject: HashMap::new(),
            by_serial: HashMap::new(),
            in_file: HashMap::new(),
        };
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for (id, given) in order(true).chain(order(false)) {
            let first = *seen.entry(given.certificate.der.as_slice()).or_insert(id);
            if first == id {
                links.by_subject.entry(given.certificate.subject.key()).or_default().push(id);
            } else if let Some(place) = links.first.get_mut(id) {
                *place = first;
            }
            if let Origin::Client(file) = given.origin {
                links.by_serial.entry(given.certificate.serial.clone()).or_default().push(id);
                links.in_file.entry((file, first)).or_insert(id);
            }
        }
        let lists = material.crls.iter().map(|file| &file.lists);
        links.crl_signers =
            lists.map(|lists| lists.iter().map(|crl| links.signers(material, &crl.issuer.key(), &crl.signed)).collect()).collect();
        links
    }

    /// The certificates with the name of this one's issuer.
    pub(super) fn issuers(&self, material: &Material, id: usize) -> &Signers {
        static NONE: Signers = Signers { all: Vec::new(), is_cut: false };
        let first = self.first(id);
        let (Some(cell), Some(certificate)) = (self.issuers.get(first), material.certificate(first)) else { return &NONE };
        cell.get_or_init(|| self.signers(material, &certificate.issuer.key(), &certificate.signed))
    }

    /// The certificates with the name of a list's issuer; `None` for a list that there is not.
    pub(super) fn crl_signers(&self, file: usize, list: usize) -> Option<&Signers> {
        self.crl_signers.get(file).and_then(|lists| lists.get(list))
    }

    /// The certificates of client files with a serial.
    pub(super) fn with_serial(&self, serial: &Serial) -> &[usize] {
        self.by_serial.get(serial).map_or(&[], Vec::as_slice)
    }

    /// The first copy of a certificate, in a bundle if there is one.
    pub(super) fn first(&self, id: usize) -> usize {
        self.first.get(id).copied().unwrap_or(id)
    }

    /// The copy of a certificate in a client's file.
    pub(super) fn in_file(&self, file: usize, id: usize) -> Option<usize> {
        self.in_file.get(&(file, self.first(id))).copied()
    }

    fn signers(&self, material: &Material, issuer: &str, signed: &Signed) -> Signers {
        let candidates = self.by_subject.get(issuer).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<Signer> = Vec::new();
        for id in candidates.iter().copied().take(MAX_CANDIDATES) {
            let Some(certificate) = material.certificate(id) else { continue };
            // Renewed and cross-signed certificates of a CA have one key.
            let is_twin = |signer: &&Signer| material.certificate(signer.id).is_some_and(|other| other.key.is(&certificate.key));
            let known = all.iter().find(is_twin).map(|signer| signer.verdict);
            all.push(Signer { id, verdict: known.unwrap_or_else(|| signed.verify(&certificate.key)) });
        }
        Signers { all, is_cut: candidates.len() > MAX_CANDIDATES }
    }
}
