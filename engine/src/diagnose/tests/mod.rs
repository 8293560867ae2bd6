//! Hand-made histories, and what must be said of them.

mod advice;
mod doubts;
mod files;
mod observations;
mod order;
mod reasons;

use std::net::IpAddr;
use std::sync::Arc;

use super::{Certainty, Diagnosis, Finding, Options, diagnose};
use crate::aggregate::{CertificateHistory, Certificates, Clients, LeafState, Listener, Use, UseKey, UseVerdict};
use crate::reasons::Cause;
use crate::trust::Material;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2026-03-17T00:00:00Z.
const NOW: i64 = 1_773_705_600 * SECOND;

const SUBJECT: &str = "CN=client,O=Company LLC";
const HERE: (&str, u16) = ("app/a/1", 443);
const THERE: (&str, u16) = ("app/b/2", 443);

fn certificate(serial: &str) -> CertificateHistory {
    CertificateHistory {
        subject: Some(SUBJECT.into()),
        serial: Some(serial.into()),
        validity: Some("as logged".into()),
        not_before: Some(NOW - 90 * DAY),
        not_after: Some(NOW + 90 * DAY),
        ..CertificateHistory::default()
    }
}

fn without_certificate() -> CertificateHistory {
    CertificateHistory::default()
}

/// Uses from an instant to another, as they are added to histories.
#[derive(Clone, Copy)]
struct Went<'a> {
    verdict: &'a str,
    listener: Option<(&'a str, u16)>,
    leaf: LeafState,
    protocol: Option<&'a str>,
    count: u64,
    first: i64,
    last: i64,
    clients: u8,
}

/// Failures for a reason, one at `first` and one at `last`.
fn failed(verdict: &str, first: i64, last: i64) -> Went<'_> {
    let count = if first == last { 1 } else { 2 };
    Went { verdict, listener: Some(HERE), leaf: LeafState::Valid, protocol: Some("TLSv1.3"), count, first, last, clients: 1 }
}

fn succeeded(first: i64, last: i64) -> Went<'static> {
    failed("Success", first, last)
}

impl Went<'_> {
    fn leaf(self, leaf: LeafState) -> Self {
        Self { leaf, ..self }
    }
}

trait With {
    fn with(self, went: Went<'_>) -> Self;
}

impl With for CertificateHistory {
    fn with(mut self, went: Went<'_>) -> Self {
        let mut clients = Clients::default();
        for number in 1..=went.clients {
            let client = IpAddr::from([203, 0, 113, number]);
            clients.insert(Clients::hash(&client), client);
        }
        let verdict = match went.verdict {
            "Success" => UseVerdict::Success,
            "-" => UseVerdict::NoVerdict,
            reason => UseVerdict::Failed(reason.into()),
        };
        let key = UseKey {
            verdict,
            listener: went.listener.map(|(elb, port)| Listener { elb: (!elb.is_empty()).then(|| elb.into()), port }),
            tls_protocol: went.protocol.map(Arc::from),
            tls_cipher: went.protocol.map(|_| "TLS_AES_128_GCM_SHA256".into()),
            leaf: went.leaf,
        };
        self.uses.push(Use { key, count: went.count, first: went.first, last: went.last, clients });
        self.uses.sort_by(|one, other| one.key.cmp(&other.key));
        self
    }
}

fn of(mut histories: Vec<CertificateHistory>) -> Diagnosis {
    histories.sort_by(|one, other| (&one.subject, &one.serial).cmp(&(&other.subject, &other.serial)));
    diagnose(&Certificates { histories, ..Certificates::default() }, &Material::default(), &Options::default())
}

/// The only finding of one history.
#[track_caller]
fn only(history: CertificateHistory) -> Finding {
    let mut diagnosis = of(vec![history]);
    assert_eq!(diagnosis.findings.len(), 1);
    diagnosis.findings.remove(0)
}

/// Demands a cause and how sure it is, and that nothing is left empty.
#[track_caller]
fn assert_cause(finding: &Finding, cause: Cause, certainty: Certainty) {
    assert_eq!((finding.cause, finding.certainty), (cause, certainty), "{finding:#?}");
    assert!(!finding.summary.is_empty() && !finding.evidence.is_empty() && !finding.fix.is_empty(), "{finding:#?}");
    assert!(finding.hypotheses.iter().all(|one| !one.why.is_empty() && !one.check.is_empty()));
    assert!(certainty != Certainty::Proven || finding.hypotheses.is_empty(), "what is proven is not guessed at: {finding:#?}");
}

/// Everything that a finding says, in one text.
fn words(finding: &Finding) -> String {
    let evidence: Vec<&str> = finding.evidence.iter().map(|one| one.says.as_str()).collect();
    format!("{}\n{}", finding.summary, evidence.join("\n"))
}

#[track_caller]
fn assert_says(finding: &Finding, what: &str) {
    let words = words(finding);
    assert!(words.contains(what), "{what:?} is not said:\n{words}");
}

#[track_caller]
fn assert_never_says(finding: &Finding, what: &str) {
    let words = words(finding);
    assert!(!words.contains(what), "{what:?} is said:\n{words}");
}

fn hypotheses(finding: &Finding) -> Vec<Cause> {
    finding.hypotheses.iter().map(|one| one.cause).collect()
}
