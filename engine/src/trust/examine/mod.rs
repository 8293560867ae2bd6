//! What the files given prove of one certificate of a log.
//!
//! In: [`Material`], and the four things that a log tells of a leaf. Out: [`Fact`]s, each in a sentence. Says what is so, never why a
//! connection failed: that is for the diagnosis, which knows the balancer's verdict.

mod chain;
mod leaf;
mod quotas;
pub(super) mod requirements;
mod revocation;
#[cfg(test)]
mod revocation_tests;
#[cfg(test)]
mod tests;

use super::fact::{Fact, FactKind};
use super::material::Material;
use super::path::Path;
use crate::reasons::EvidenceSource;

/// The four things that a log tells of a leaf certificate; `None` for `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoggedLeaf<'a> {
    /// RFC 2253 text, without the outer quotes.
    pub subject: Option<&'a str>,
    /// Hex.
    pub serial: Option<&'a str>,
    /// µs since 1970.
    pub not_before: Option<i64>,
    /// µs since 1970.
    pub not_after: Option<i64>,
}

/// What the files prove of a leaf certificate whose connections failed from `first` to `last` (µs since 1970).
///
/// Without client certificates, what CRLs and bundles tell by themselves. In no particular order, but always in the same.
pub fn examine(material: &Material, leaf: &LoggedLeaf<'_>, first: i64, last: i64) -> Vec<Fact> {
    let mut facts = Facts::default();
    let time = Time { first, last };
    let path = leaf::find(material, leaf, &mut facts).map(|id| {
        let path = chain::examine(material, id, time, &mut facts);
        requirements::examine(material, &path, &mut facts);
        path
    });
    revocation::examine(material, path.as_ref(), leaf, time, &mut facts);
    quotas::examine(material, &mut facts);
    facts.0
}

/// When connections failed, µs since 1970.
#[derive(Clone, Copy, Debug)]
struct Time {
    first: i64,
    last: i64,
}

/// The facts found so far.
#[derive(Debug, Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, kind: FactKind, source: EvidenceSource, says: impl Into<String>) {
        self.0.push(Fact { kind, source, file: None, says: says.into() });
    }

    /// Likewise, about one file.
    fn add_of(&mut self, kind: FactKind, source: EvidenceSource, file: &str, says: impl Into<String>) {
        self.0.push(Fact { kind, source, file: Some(file.to_owned()), says: says.into() });
    }
}

/// Where a certificate is shown from: a bundle's, or a client's.
fn source(material: &Material, id: usize) -> EvidenceSource {
    use super::material::Origin;
    match material.certificates.get(id).map(|given| given.origin) {
        Some(Origin::Bundle) => EvidenceSource::CaBundle,
        _ => EvidenceSource::ClientCert,
    }
}

/// Each certificate of a path with its issuer, as far as there is one.
fn issued(path: &Path) -> impl Iterator<Item = (usize, Option<usize>)> {
    path.steps.iter().enumerate().map(|(index, id)| (*id, path.steps.get(index + 1).copied()))
}
