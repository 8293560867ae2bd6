//! Paths from a certificate to the bundle, small and bounded.
//!
//! In: [`Links`](super::links::Links). Out: the best [`Path`]. A certificate of the bundle, root or not, is trusted; a path goes on above it
//! as far as the bundle does. Signatures that cannot be checked are links too, but worse ones.

use super::material::{Material, Origin};
use super::signature::Verdict;

/// Certificates of a path at most; a balancer's limit is far lower.
const MAX_STEPS: usize = 16;
/// Paths looked at.
const MAX_PATHS: usize = 256;

/// A way up from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The certificate first, each followed by its issuer.
    pub(super) steps: Vec<usize>,
    /// Whether it reaches a certificate of the bundle.
    pub(super) is_complete: bool,
    /// Whether every signature in it was checked.
    pub(super) is_checked: bool,
    /// Whether there were more ways than were looked at: what was not found may be there all the same.
    pub(super) is_cut: bool,
}

/// Whose certificates a path may use, the bundle's apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those of one client's file: what the client sends.
    File(usize),
    /// Those of all files.
    All,
}

/// The best path from `leaf` upwards: complete before incomplete, checked before unchecked, then fewest certificates that may not issue
/// or are not valid from `first` to `last`, then, if complete, the shortest.
pub(super) fn best(material: &Material, leaf: usize, scope: Scope, first: i64, last: i64) -> Path {
    let mut search = Search { material, scope, paths: Vec::new(), is_cut: false };
    search.climb(Path { steps: vec![leaf], is_complete: material.is_trusted(leaf), is_checked: true, is_cut: false });
    let rank = |path: &Path| {
        let issuers = || path.steps.iter().skip(1).filter_map(|id| material.certificate(*id));
        let unfit = issuers().filter(|issuer| !issuer.may_issue()).count();
        let invalid = issuers().filter(|issuer| !issuer.is_valid(first, last)).count();
        let length = if path.is_complete { path.steps.len() } else { MAX_STEPS.saturating_sub(path.steps.len()) };
        (!path.is_complete, !path.is_checked, unfit, invalid, length)
    };
    let is_cut = search.is_cut;
    let best = search.paths.into_iter().min_by_key(rank).map(|path| Path { is_cut, ..path });
    best.unwrap_or_else(|| Path { steps: vec![leaf], is_complete: false, is_checked: true, is_cut })
}

struct Search<'a> {
    material: &'a Material,
    scope: Scope,
    paths: Vec<Path>,
    is_cut: bool,
}

impl Search<'_> {
    /// Follows every issuer of the path's last certificate.
    fn climb(&mut self, path: Path) {
        if self.paths.len() >= MAX_PATHS {
            self.is_cut = true;
            return;
        }
        let next = self.next(&path);
        self.is_cut |= path.steps.last().is_some_and(|top| self.material.issuers(*top).is_cut);
        self.is_cut |= !next.is_empty() && path.steps.len() >= MAX_STEPS;
        if next.is_empty() || path.steps.len() >= MAX_STEPS {
            self.paths.push(path);
            return;
        }
        for (id, verdict) in next {
            let mut longer = path.clone();
            longer.steps.push(id);
            longer.is_complete |= self.material.is_trusted(id);
            longer.is_checked &= verdict == Verdict::Verified;
            self.climb(longer);
        }
    }

    fn next(&self, path: &Path) -> Vec<(usize, Verdict)> {
        let Some(top) = path.steps.last() else { return Vec::new() };
        if self.material.is_root(*top) {
            return Vec::new();
        }
        let signers = self.material.issuers(*top).all.iter().filter(|signer| signer.verdict != Verdict::Refuted);
        let usable = signers.filter_map(|signer| Some((self.usable(signer.id, path)?, signer.verdict)));
        usable.filter(|(id, _)| !self.repeats(*id, path)).collect()
    }

    /// The copy of a certificate that may be used: above the bundle's stand only the bundle's; of clients' copies, the own file's first.
    fn usable(&self, id: usize, path: &Path) -> Option<usize> {
        if self.material.is_trusted(id) {
            return Some(id);
        }
        if path.is_complete {
            return None;
        }
        let own = match self.scope {
            Scope::File(file) => Some(file),
            Scope::All => path.steps.first().and_then(|leaf| match self.material.certificates.get(*leaf)?.origin {
                Origin::Client(file) => Some(file),
                Origin::Bundle => None,
            }),
        };
        let copy = own.and_then(|file| self.material.links().in_file(file, id));
        copy.or_else(|| (self.scope == Scope::All).then_some(id))
    }

    /// Whether the path has this name and key already: cross-signed CAs make loops.
    fn repeats(&self, id: usize, path: &Path) -> bool {
        let Some(new) = self.material.certificate(id) else { return true };
        let mut steps = path.steps.iter().filter_map(|step| self.material.certificate(*step));
        steps.any(|old| old.key.is(&new.key) && old.subject.is(&new.subject))
    }
}
