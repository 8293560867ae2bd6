//! From what the log tells of certificates, and what files prove of them, to findings: what is wrong, how sure that is, and the remedy.
//!
//! In: [`Certificates`], and what [`crate::trust`] read from CA bundles, revocation lists and client
//! certificates. Out: a [`Diagnosis`]. Reads no file and prints nothing.
//!
//! One finding per reason and certificate (a subject with a serial), from failed connections only. What is *proven* follows from values that
//! were logged or from files that were given; the balancer's word alone makes a cause *likely*, never proven.
//!
//! | reason | from the log | with files |
//! |---|---|---|
//! | `ClientCertExpired` | every event after NotAfter: `leaf-expired`, proven. Some while the leaf was valid: `intermediate-expired`, likely. No validity logged: `leaf-expired`, likely | a CA of the leaf's path expired: `intermediate-expired`, proven |
//! | `ClientCertNotYetValid` | 60 minutes or more before NotBefore: `not-yet-valid`, proven. Less: `clock-skew`, likely. Leaf valid: `not-yet-valid` higher in the chain, likely | a CA of the path not yet valid: `not-yet-valid`, proven |
//! | `ClientCertCrlHit` | `revoked`, likely | listed by a revocation list of its issuer: `revoked`, proven. Listed by none: still likely, and said |
//! | `ClientCertUntrusted` | works on another listener since the first failure: `trust-store-differs`, likely. Otherwise `issuer-missing`, likely | no key of the issuer's name verifies: `issuer-key-mismatch`; a CA between was given but is not sent: `intermediate-missing`; no such issuer: `issuer-missing`; all proven. Chain complete: `trust-store-differs`, likely, or `quota-exceeded`, proven, if the bundle exceeds one |
//! | `ClientCertMaxChainDepthExceeded` | `chain-too-deep`, likely | deeper than 4: proven |
//! | `ClientCertMaxSizeExceeded` | `certificate-too-large`, likely | over 16 KB: proven |
//! | `ClientCertTypeUnsupported` | `not-x509v3`, likely | another version: proven |
//! | `ClientCertInvalid` | unknown, with hypotheses | `weak-key`, `unsupported-key`, `weak-signature` or `not-x509v3`, proven |
//! | `ClientCertRejected` | `rejected-by-target`, likely | as from the log |
//! | `ClientCertPurposeInvalid` | `purpose-not-client-auth`, likely | usages without client authentication: proven |
//! | `ClientCertIncompatible` | `policy-incompatible`, likely | as from the log; a weak key or signature is evidence |
//! | `ClientCertCrlProcessingError` | unknown, with hypotheses | a list with a defect: that defect, proven |
//! | `UnmappedConnectionError` | no certificate: `no-certificate`, or `tls-negotiation-failed` where no protocol was agreed on, both likely. With one: unknown | defects of the certificate are hypotheses |
//! | any other | unknown | unknown |
//!
//! What lies outside of a reason's scope (the leaf has expired as well, its key is weak) is evidence of what may fail next, never the cause.
//!
//! Files prove nothing about a certificate that may not be the one logged (no subject or serial, or two validities under one pair), and what they
//! prove of a trust store is at most likely in passthrough mode, or where the same certificate works on the same listener in between. A serial
//! alone, its issuer unknown, proves a revocation only if it has 64 bits or more: by chance, no two certificates share one.

mod case;
mod facts;
mod finding;
mod fix;
mod inventory;
mod past;
mod peers;
mod short;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

use crate::aggregate::Certificates;
pub use crate::reasons::{Evidence, EvidenceSource};
use crate::trust::Material;
use case::Case;
pub use finding::{AffectedClients, Certainty, Diagnosis, Finding, Fix, Hypothesis, ReasonInShort};
pub use inventory::{
    CertificateInventory, CertificateRow, CertificateState, Forecast, ForgottenCertificates, InventoryOptions, WithoutCertificate,
    inventory,
};

/// What is asked of a diagnosis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How the listeners verify clients; `None`: not known, which advice takes for [`Mode::Verify`].
    pub mode: Option<Mode>,
    /// The reasons that findings are wanted of; empty: of every one.
    pub reasons: Vec<String>,
    /// Findings wanted at most, the most affected first; `None`: all.
    pub top: Option<usize>,
    /// What advice may call by name.
    pub given: Given,
}

/// What was given, by the names under which its giver knows it: commands in advice can be pasted as they are then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Logs.
    pub inputs: Vec<String>,
    /// Files with client certificates.
    pub client_certs: Vec<String>,
    /// CA bundles.
    pub ca_bundles: Vec<String>,
    /// Revocation lists.
    pub crls: Vec<String>,
}

/// A listener's mode of mutual authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The balancer verifies clients against a trust store.
    Verify,
    /// The balancer hands certificates to the target, which verifies them.
    Passthrough,
}

/// Addresses of a finding's sample.
const MAX_SAMPLE: usize = 5;

/// Finds out what is wrong with the certificates that fail, by what was logged and what the files given prove.
pub fn diagnose(certificates: &Certificates, material: &Material, options: &Options) -> Diagnosis {
    let mut cases = case::cases(certificates);
    let is_wanted = |case: &Case<'_>| options.reasons.is_empty() || options.reasons.iter().any(|reason| reason == case.reason);
    cases.retain(is_wanted);
    // Nobody knows for which reasons those failed.
    let untold = certificates.forgotten.filter(|_| options.reasons.is_empty()).map_or(0, |forgotten| forgotten.failures);
    let (told, total_findings) = (cases.iter().map(Case::count).sum::<u64>(), cases.len() as u64);
    let reasons = short::reasons(&cases, told + untold);
    cases.truncate(options.top.unwrap_or(usize::MAX));
    Diagnosis {
        schema: Diagnosis::SCHEMA,
        failures: told + untold,
        untold,
        total_findings,
        reasons,
        rejected: 0,
        failed_files: Vec::new(),
        findings: cases.iter().map(|case| finding(case, material, options)).collect(),
        notes: notes(certificates),
    }
}

fn finding(case: &Case<'_>, material: &Material, options: &Options) -> Finding {
    let mut verdict = verdict::of(case, material, options.mode);
    fix::fill_checks(&mut verdict, case, options);
    let clients = case.clients();
    Finding {
        reason: case.reason.to_owned(),
        subject: case.history.subject.as_deref().map(str::to_owned),
        serial: case.history.serial.as_deref().map(str::to_owned),
        count: case.count(),
        clients: AffectedClients { count: clients.count(), sample: clients.sample(MAX_SAMPLE).iter().map(ToString::to_string).collect() },
        listeners: case.listeners().iter().map(ToString::to_string).collect(),
        first: crate::report::rfc3339(case.first()),
        last: crate::report::rfc3339(case.last()),
        fix: fix::steps(case, &verdict, options),
        cause: verdict.cause,
        certainty: verdict.certainty,
        summary: verdict.summary,
        evidence: verdict.evidence,
        hypotheses: verdict.hypotheses,
    }
}

fn notes(certificates: &Certificates) -> Vec<String> {
    let forgotten = certificates.forgotten.filter(|forgotten| forgotten.certificates > 0);
    let note = forgotten.map(|forgotten| {
        format!(
            "more certificates were seen than are told apart: {} of the least used were let go, with {} of which {} failed; they are in no \
             finding, and nothing is said never to have happened to a certificate that came back",
            words::number(forgotten.certificates),
            words::counted(forgotten.connections, "connection"),
            words::number(forgotten.failures),
        )
    });
    note.into_iter().collect()
}
