//! What is wrong in a case, and how sure that is: one function per family of reasons.

mod crl;
mod handshake;
mod limits;
mod trust_store;
mod validity;

use crate::reasons::{Cause, Evidence};
use crate::trust::Material;

use super::Mode;
use super::case::Case;
use super::facts;
use super::finding::{Certainty, Hypothesis};
use super::past::{self, Past};
use super::words::instant;

/// What is wrong.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) cause: Cause,
    pub(super) certainty: Certainty,
    pub(super) summary: String,
    /// A sentence of the summary that holds whatever the cause turns out to be; empty for none.
    pub(super) aside: String,
    pub(super) evidence: Vec<Evidence>,
    pub(super) hypotheses: Vec<Hypothesis>,
    /// The files that the facts are about.
    pub(super) files: ShownBy,
}

/// Files given that are surely those of a case, by their names.
#[derive(Debug, Default)]
pub(super) struct ShownBy {
    /// Holds the logged certificate.
    pub(super) client_cert: Option<String>,
    /// The chain ends in it.
    pub(super) ca_bundle: Option<String>,
    /// Is what the cause is about, or lists the certificate.
    pub(super) crl: Option<String>,
}

impl Verdict {
    fn new(cause: Cause, certainty: Certainty, summary: impl Into<String>) -> Self {
        Self {
            cause,
            certainty,
            summary: summary.into(),
            aside: String::new(),
            evidence: Vec::new(),
            hypotheses: Vec::new(),
            files: ShownBy::default(),
        }
    }

    fn proven(cause: Cause, summary: impl Into<String>) -> Self {
        Self::new(cause, Certainty::Proven, summary)
    }

    fn likely(cause: Cause, summary: impl Into<String>) -> Self {
        Self::new(cause, Certainty::Likely, summary)
    }

    fn unknown(summary: impl Into<String>) -> Self {
        Self::new(Cause::Unknown, Certainty::Unknown, summary)
    }

    /// Adds what was seen in the log.
    fn seen(mut self, says: impl Into<String>) -> Self {
        self.evidence.push(past::from_log(says.into()));
        self
    }

    /// Adds what else it may be. How to find out is put in later, when it is known what files are called.
    fn perhaps(mut self, cause: Cause, why: impl Into<String>) -> Self {
        self.add_hypothesis(cause, why);
        self
    }

    /// Likewise.
    pub(super) fn add_hypothesis(&mut self, cause: Cause, why: impl Into<String>) {
        self.hypotheses.push(Hypothesis { cause, why: why.into(), check: String::new() });
    }
}

/// Decides a case.
pub(super) fn of(case: &Case<'_>, material: &Material, mode: Option<Mode>) -> Verdict {
    let past = past::of(case);
    let mut verdict = by_reason(case, &past);
    facts::apply(&mut verdict, case, &past, material, mode);
    let aside = std::mem::take(&mut verdict.aside);
    verdict.summary.push_str(&aside);
    if let Some(last) = past.over_since {
        verdict.summary.push_str(&format!(" It is over since {}: this certificate has worked there again.", instant(last)));
    }
    verdict.evidence.extend(past::evidence(case, &past));
    if let Some(rotated) = past.rotated.as_ref().filter(|rotated| rotated.newer) {
        verdict.summary.push_str(&format!(" A newer certificate of the same subject (serial {}) works.", rotated.serial));
    }
    verdict
}

fn by_reason(case: &Case<'_>, past: &Past<'_>) -> Verdict {
    match case.reason {
        "ClientCertExpired" => validity::expired(case),
        "ClientCertNotYetValid" => validity::not_yet_valid(case),
        "ClientCertCrlHit" => crl::hit(past),
        "ClientCertCrlProcessingError" => crl::not_processed(),
        "ClientCertUntrusted" => trust_store::untrusted(past),
        "ClientCertMaxChainDepthExceeded" => limits::too_deep(),
        "ClientCertMaxSizeExceeded" => limits::too_large(),
        "ClientCertTypeUnsupported" => limits::wrong_type(),
        "ClientCertInvalid" => limits::invalid(),
        "ClientCertPurposeInvalid" => limits::wrong_purpose(),
        "ClientCertRejected" => handshake::rejected(),
        "ClientCertIncompatible" => handshake::incompatible(case),
        "UnmappedConnectionError" => handshake::unmapped(case),
        _ => handshake::undocumented(case.reason),
    }
}
