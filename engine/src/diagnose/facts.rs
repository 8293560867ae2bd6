//! What files prove of a case: facts turn a likely cause into a proven one, or into another; what they show besides is evidence.
//!
//! In: a verdict from the log, and facts about the same certificate. Each reason has kinds of fact that can be its cause, the first of them that
//! is there decides; a defect of any other kind will fail next, and is said, but is never the cause.

use std::fmt::Write;

use super::Mode;
use super::case::Case;
use super::finding::Certainty;
use super::past::Past;
use super::verdict::Verdict;
use crate::aggregate::LeafState;
use crate::reasons::{Cause, Evidence, EvidenceSource};
use crate::trust::{self, Fact, FactKind, LoggedLeaf, Material};

/// Adds to a verdict what the files given show.
pub(super) fn apply(verdict: &mut Verdict, case: &Case<'_>, past: &Past<'_>, material: &Material, mode: Option<Mode>) {
    if material.is_empty() || !concerns_files(case) {
        return;
    }
    let facts = facts(case, material, case.first(), case.last());
    let court = Court { case, past, material, mode };
    match case.reason {
        "UnmappedConnectionError" => suspect(verdict, &facts),
        "ClientCertExpired" => expired(verdict, &court, &facts),
        _ => decide(verdict, &court, &facts),
    }
    let crl = verdict.files.crl.take();
    verdict.files.crl = crl.or_else(|| of_kind(&facts, &[FactKind::Revoked]));
    verdict.files.client_cert = of_kind(&facts, &[FactKind::LeafGiven]);
    verdict.files.ca_bundle = of_kind(&facts, &[FactKind::ChainComplete]);
    testify(verdict, case, &facts);
    verdict.evidence.extend(contradiction(verdict, case, &facts));
}

/// The file of the first fact of one of these kinds.
fn of_kind(facts: &[Fact], kinds: &[FactKind]) -> Option<String> {
    facts.iter().find(|fact| kinds.contains(&fact.kind)).and_then(|fact| fact.file.clone())
}

/// What a fact is weighed against.
struct Court<'a> {
    case: &'a Case<'a>,
    past: &'a Past<'a>,
    material: &'a Material,
    mode: Option<Mode>,
}

impl Court<'_> {
    /// Why a fact proves nothing here; `None` if it does.
    fn doubt(&self, fact: &Fact) -> Option<&'static str> {
        let (case, history) = (self.case, self.case.history);
        let is_about_a_leaf = !(case.reason == "ClientCertCrlProcessingError" && fact.source == EvidenceSource::Crl);
        if is_about_a_leaf && history.validity_differs {
            return Some("Several certificates are logged under this subject and serial, and the files tell of one of them.");
        }
        if is_about_a_leaf && (history.subject.is_none() || history.serial.is_none()) {
            return Some("The log does not have both subject and serial of the certificate, so the files may tell of another one.");
        }
        // Revoked is revoked, whoever verifies.
        if self.mode == Some(Mode::Passthrough) && fact.kind != FactKind::Revoked && is_about_the_trust_store(fact) {
            return Some("In passthrough mode the balancer verifies nothing, so its trust store proves nothing.");
        }
        if fact.kind != FactKind::Revoked && is_about_the_trust_store(fact) && self.past.works_among_failures {
            return Some(
                "But this very certificate also succeeds on the same listener between failures: the files given explain only a part, or are \
                 not what the listener has.",
            );
        }
        let is_over = || find(&facts(case, self.material, case.last(), case.last()), fact.kind).is_none();
        if fact.kind == FactKind::IntermediateNotYetValid && is_over() {
            return Some("It was valid by the last failure, so it cannot explain them all.");
        }
        None
    }
}

/// Whether a fact rests on what a trust store holds.
fn is_about_the_trust_store(fact: &Fact) -> bool {
    let is_in_it = matches!(fact.source, EvidenceSource::CaBundle | EvidenceSource::Crl);
    is_in_it || matches!(fact.kind, FactKind::IssuerMissing | FactKind::IssuerKeyMismatch | FactKind::IntermediateMissing)
}

/// That the files given do not show what the balancer says of them.
fn contradiction(verdict: &Verdict, case: &Case<'_>, facts: &[Fact]) -> Option<Evidence> {
    let given = find(facts, FactKind::LeafGiven)?;
    let shows = |kinds: &[FactKind]| facts.iter().any(|fact| kinds.contains(&fact.kind));
    let says = match case.reason {
        _ if verdict.certainty == Certainty::Proven => return None,
        "ClientCertExpired" if !shows(&[FactKind::LeafExpired, FactKind::IntermediateExpired]) => {
            "None of the certificates given that belong to this chain had expired: other files may be in use."
        }
        "ClientCertPurposeInvalid" if !shows(&[FactKind::PurposeNotClientAuth]) => {
            "The usages of the certificates given allow client authentication: other files may be in use."
        }
        _ => return None,
    };
    Some(Evidence { from: given.source, says: says.to_owned() })
}

/// A connection without a certificate is none that certificates' files tell of; a list that cannot be processed concerns all of them.
fn concerns_files(case: &Case<'_>) -> bool {
    case.has_certificate() || case.reason == "ClientCertCrlProcessingError"
}

/// What the files show of the certificate if its failures are those from `first` to `last`.
fn facts(case: &Case<'_>, material: &Material, first: i64, last: i64) -> Vec<Fact> {
    let history = case.history;
    let certain = |bound: Option<i64>| bound.filter(|_| !history.validity_differs);
    let leaf = LoggedLeaf {
        subject: history.subject.as_deref(),
        serial: history.serial.as_deref(),
        not_before: certain(history.not_before),
        not_after: certain(history.not_after),
    };
    trust::examine(material, &leaf, first, last)
}

/// Kinds of fact that can be a reason's cause, the one that decides first.
fn causes_of(reason: &str) -> &'static [FactKind] {
    match reason {
        "ClientCertNotYetValid" => &[FactKind::IntermediateNotYetValid],
        "ClientCertCrlHit" => &[FactKind::Revoked],
        "ClientCertUntrusted" => &[FactKind::IssuerKeyMismatch, FactKind::IntermediateMissing, FactKind::IssuerMissing],
        "ClientCertMaxChainDepthExceeded" => &[FactKind::ChainTooDeep],
        "ClientCertMaxSizeExceeded" => &[FactKind::CertificateTooLarge],
        "ClientCertTypeUnsupported" => &[FactKind::NotX509v3],
        "ClientCertInvalid" => &[FactKind::WeakKey, FactKind::UnsupportedKey, FactKind::WeakSignature, FactKind::NotX509v3],
        "ClientCertPurposeInvalid" => &[FactKind::PurposeNotClientAuth],
        "ClientCertCrlProcessingError" => {
            &[FactKind::CrlUnparsable, FactKind::CrlBadSignature, FactKind::CrlWrongIssuer, FactKind::CrlExpired, FactKind::QuotaExceeded]
        }
        _ => &[],
    }
}

fn find(facts: &[Fact], kind: FactKind) -> Option<&Fact> {
    facts.iter().find(|fact| fact.kind == kind)
}

fn decide(verdict: &mut Verdict, court: &Court<'_>, facts: &[Fact]) {
    let case = court.case;
    // The leaf's own dates prove it already.
    if verdict.certainty == Certainty::Proven {
        return;
    }
    let is_other_quota = |fact: &Fact| fact.kind == FactKind::QuotaExceeded && fact.source != EvidenceSource::Crl;
    let is_fitting = |fact: &Fact| !is_other_quota(fact) && (!is_of_what_is_sent(case.reason) || fact.source == EvidenceSource::ClientCert);
    let fitting = |kind: FactKind| facts.iter().find(|fact| fact.kind == kind && is_fitting(fact));
    let deciding = causes_of(case.reason).iter().find_map(|kind| fitting(*kind));
    match deciding.and_then(|fact| Some((fact, fact.kind.cause()?))) {
        Some((fact, cause)) => prove(verdict, court, fact, cause),
        None if case.reason == "ClientCertUntrusted" => trusted_by_the_files(verdict, court, facts),
        None => {}
    }
}

/// Whether a reason is about what the client sends: a CA certificate of the trust store cannot be its cause.
fn is_of_what_is_sent(reason: &str) -> bool {
    matches!(reason, "ClientCertMaxSizeExceeded" | "ClientCertTypeUnsupported" | "ClientCertInvalid" | "ClientCertPurposeInvalid")
}

/// Makes a fact the cause: proven, unless there is a doubt.
fn prove(verdict: &mut Verdict, court: &Court<'_>, fact: &Fact, cause: Cause) {
    let case = court.case;
    if fact.source == EvidenceSource::Crl {
        verdict.files.crl.clone_from(&fact.file);
    }
    if let Some(doubt) = court.doubt(fact) {
        (verdict.cause, verdict.certainty) = (cause, Certainty::Likely);
        verdict.summary = format!("{} This is likely the cause. {doubt}", sentence(&fact.says));
        verdict.hypotheses.retain(|one| one.cause != cause);
        return;
    }
    (verdict.cause, verdict.certainty) = (cause, Certainty::Proven);
    verdict.summary = sentence(&fact.says);
    verdict.hypotheses.clear();
    match (case.reason, cause) {
        ("ClientCertCrlProcessingError", _) => verdict.summary.push_str(" AWS documents no causes of this code; this defect is there."),
        (_, Cause::IssuerMissing) => {
            verdict.add_hypothesis(
                Cause::IntermediateMissing,
                "What is missing may be an intermediate CA that the client should send: its file was not among those given.",
            );
        }
        _ => {}
    }
}

/// The chain is complete, by these files: so it is not these that refuse it, or they are too many.
fn trusted_by_the_files(verdict: &mut Verdict, court: &Court<'_>, facts: &[Fact]) {
    let Some(complete) = find(facts, FactKind::ChainComplete) else { return };
    let is_over =
        |fact: &&Fact| fact.kind == FactKind::QuotaExceeded && fact.source == EvidenceSource::CaBundle && fact.file == complete.file;
    if let Some(quota) = facts.iter().find(is_over) {
        prove(verdict, court, quota, Cause::QuotaExceeded);
        verdict.summary = format!("The chain leads to the bundle given, but that is over a quota: {}", verdict.summary);
        return;
    }
    let known = verdict.cause == Cause::TrustStoreDiffers;
    (verdict.cause, verdict.certainty) = (Cause::TrustStoreDiffers, Certainty::Likely);
    let says = "The chain leads to the CA bundle given, so the failing listener's trust store likely holds another one.";
    match known {
        true => {
            let _ = write!(verdict.summary, " {says}");
        }
        false => says.clone_into(&mut verdict.summary),
    }
    verdict.hypotheses.retain(|one| one.cause == Cause::IntermediateMissing);
    if verdict.hypotheses.is_empty() {
        verdict.add_hypothesis(Cause::IntermediateMissing, "The client may send less than the file given holds.");
    }
}

/// An expired CA explains the failures that came after its end, and no others.
fn expired(verdict: &mut Verdict, court: &Court<'_>, facts: &[Fact]) {
    let (case, material) = (court.case, court.material);
    let higher = find(facts, FactKind::IntermediateExpired);
    let own = find(facts, FactKind::LeafExpired);
    let was_never_valid = case.while_leaf_was(&[LeafState::Valid, LeafState::NotYetValid]).is_none();
    let held_at_first = |kind| find(&self::facts(case, material, case.first(), case.first()), kind).is_some();
    match (verdict.certainty, higher, own) {
        (Certainty::Proven, Some(_), _) => {
            verdict.summary.push_str(" A CA certificate above it has expired as well.");
        }
        (Certainty::Proven, None, _) | (_, None, None) => {}
        (_, Some(fact), own) => {
            if held_at_first(FactKind::IntermediateExpired) {
                prove(verdict, court, fact, Cause::IntermediateExpired);
            }
            if own.is_some() && was_never_valid {
                verdict.summary.push_str(" The client's own certificate has expired as well.");
            }
        }
        (_, None, Some(fact)) if was_never_valid && held_at_first(FactKind::LeafExpired) => prove(verdict, court, fact, Cause::LeafExpired),
        (_, None, Some(_)) => {}
    }
}

/// Defects of a certificate for which the balancer has no name.
fn suspect(verdict: &mut Verdict, facts: &[Fact]) {
    const DEFECTS: [FactKind; 10] = [
        FactKind::UnsupportedKey,
        FactKind::WeakKey,
        FactKind::WeakSignature,
        FactKind::NotX509v3,
        FactKind::CertificateTooLarge,
        FactKind::ChainTooDeep,
        FactKind::PurposeNotClientAuth,
        FactKind::IssuerKeyMismatch,
        FactKind::IntermediateMissing,
        FactKind::IssuerMissing,
    ];
    let found: Vec<(Cause, &Fact)> =
        DEFECTS.iter().filter_map(|kind| find(facts, *kind)).filter_map(|fact| Some((fact.kind.cause()?, fact))).collect();
    verdict.hypotheses.retain(|one| found.iter().all(|(cause, _)| *cause != one.cause));
    let guessed = std::mem::take(&mut verdict.hypotheses);
    for (cause, fact) in found {
        verdict.add_hypothesis(cause, format!("The files given show it: {}", sentence(&fact.says)));
    }
    verdict.hypotheses.extend(guessed);
}

/// Adds the facts to the evidence: those that bear on the reason first, then what will fail next.
fn testify(verdict: &mut Verdict, case: &Case<'_>, facts: &[Fact]) {
    let (bearing, others): (Vec<&Fact>, Vec<&Fact>) =
        facts.iter().filter(|fact| !is_known(case, fact.kind)).partition(|fact| bears_on(case.reason, fact.kind));
    let bearing = bearing.into_iter().map(|fact| evidence(fact, ""));
    let others = others.into_iter().filter(|fact| fact.kind.cause().is_some()).map(|fact| evidence(fact, WILL_FAIL_NEXT));
    let at = verdict.evidence.len().min(1);
    verdict.evidence.splice(at..at, bearing.chain(others));
}

const WILL_FAIL_NEXT: &str = " This is not what the reason stands for, but may fail next.";

fn evidence(fact: &Fact, more: &str) -> Evidence {
    Evidence { from: fact.source, says: format!("{}{more}", sentence(&fact.says)) }
}

/// A fact's words as a sentence. A file's name keeps its first letter.
fn sentence(says: &str) -> String {
    const OPENING: [&str; 5] = ["the ", "no ", "none ", "neither ", "serial "];
    let (first, rest) = says.split_at_checked(1).unwrap_or((says, ""));
    match OPENING.iter().any(|word| says.starts_with(word)) {
        true => format!("{}{rest}.", first.to_uppercase()),
        false => format!("{says}."),
    }
}

/// What the log says already.
fn is_known(case: &Case<'_>, kind: FactKind) -> bool {
    let logged = case.while_leaf_was(&[LeafState::Unknown]).is_none();
    logged && matches!(kind, FactKind::LeafExpired | FactKind::LeafNotYetValid)
}

/// Whether facts of a kind tell for or against a reason.
fn bears_on(reason: &str, kind: FactKind) -> bool {
    let is_about_lists = matches!(
        kind,
        FactKind::CrlUnparsable
            | FactKind::CrlBadSignature
            | FactKind::CrlWrongIssuer
            | FactKind::CrlExpired
            | FactKind::CrlExpiredSince
            | FactKind::SerialListed
            | FactKind::SerialNotListed
    );
    causes_of(reason).contains(&kind)
        || match reason {
            "ClientCertCrlHit" => is_about_lists || kind == FactKind::LeafNotGiven,
            "ClientCertExpired" => matches!(kind, FactKind::IntermediateExpired | FactKind::LeafExpired | FactKind::LeafNotGiven),
            "ClientCertNotYetValid" => matches!(kind, FactKind::LeafNotYetValid | FactKind::LeafNotGiven),
            "ClientCertIncompatible" => matches!(kind, FactKind::WeakKey | FactKind::UnsupportedKey | FactKind::WeakSignature),
            "UnmappedConnectionError" => !is_about_lists,
            "ClientCertCrlProcessingError" => is_about_lists && !matches!(kind, FactKind::SerialListed | FactKind::SerialNotListed),
            "ClientCertUntrusted" => matches!(
                kind,
                FactKind::ChainComplete | FactKind::IssuerNotCa | FactKind::QuotaExceeded | FactKind::LeafGiven | FactKind::LeafNotGiven
            ),
            _ => matches!(kind, FactKind::LeafGiven | FactKind::LeafNotGiven),
        }
}
