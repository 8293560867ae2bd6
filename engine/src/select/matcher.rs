//! Whether a parsed row is what was asked for.

use std::net::IpAddr;

use super::Selection;
use crate::columns::{ConnectionBatch, Dictionaries, Outcome};
use crate::fields::canonical_serial;

/// Asks rows, one at a time; what repeats is asked once per batch.
#[derive(Debug)]
pub struct Matcher {
    selection: Selection,
    subject: Option<String>,
    serial: Option<String>,
    /// Answers by id.
    clients: Vec<Option<bool>>,
    certificates: Vec<Option<bool>>,
    verdicts: Vec<Option<bool>>,
}

impl Matcher {
    /// A matcher for `selection`.
    pub fn new(selection: &Selection) -> Self {
        Self {
            subject: selection.subject.as_ref().map(|text| text.to_ascii_lowercase()),
            serial: selection.serial.as_deref().map(canonical_serial),
            selection: selection.clone(),
            clients: Vec::new(),
            certificates: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// The rows of `batch` that match, in order.
    pub fn matching<'a>(&'a mut self, batch: &'a ConnectionBatch, dicts: &'a Dictionaries) -> impl Iterator<Item = usize> + 'a {
        self.clients.clear();
        self.certificates.clear();
        self.verdicts.clear();
        (0..batch.rows()).filter(move |&row| self.matches(batch, dicts, row))
    }

    fn matches(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, row: usize) -> bool {
        let Self { selection, subject, serial, clients, certificates, verdicts } = self;
        answer(verdicts, batch.verdict[row], |id| verdict_matches(selection, dicts, id))
            && (selection.clients.is_empty() || answer(clients, batch.client[row], |id| client_matches(selection, dicts, id)))
            && (subject.is_none() && serial.is_none()
                || answer(certificates, batch.certificate[row], |id| certificate_matches(subject.as_deref(), serial.as_deref(), dicts, id)))
            && selection.trace_id.as_ref().is_none_or(|wanted| is_trace(wanted, batch.trace.bytes_at(row)))
    }
}

/// The answer for `id`, asked for once.
fn answer(known: &mut Vec<Option<bool>>, id: u32, ask: impl FnOnce(u32) -> bool) -> bool {
    let index = id as usize;
    if index >= known.len() {
        known.resize(index + 1, None);
    }
    *known[index].get_or_insert_with(|| ask(id))
}

fn verdict_matches(selection: &Selection, dicts: &Dictionaries, id: u32) -> bool {
    let verdict = dicts.verdicts.value(id);
    let code = dicts.verdicts.text(verdict.reason);
    let is_asked_for = |code: &str| selection.reasons.iter().any(|reason| reason.eq_ignore_ascii_case(code));
    (selection.all || verdict.outcome == Outcome::Failed) && (selection.reasons.is_empty() || code.is_some_and(is_asked_for))
}

fn client_matches(selection: &Selection, dicts: &Dictionaries, id: u32) -> bool {
    let address = dicts.clients.text(dicts.clients.value(id).text).and_then(|text| text.parse::<IpAddr>().ok());
    address.is_some_and(|address| selection.clients.iter().any(|network| network.contains(&address)))
}

fn certificate_matches(subject: Option<&str>, serial: Option<&str>, dicts: &Dictionaries, id: u32) -> bool {
    let certificate = dicts.certificates.value(id);
    let has = |text| dicts.certificates.text(text);
    subject.is_none_or(|part| has(certificate.subject).is_some_and(|text| text.to_ascii_lowercase().contains(part)))
        && serial.is_none_or(|number| has(certificate.serial).is_some_and(|text| canonical_serial(text) == number))
}

fn is_trace(wanted: &str, logged: &[u8]) -> bool {
    logged == wanted.as_bytes() || logged.strip_prefix(b"TID_") == Some(wanted.as_bytes())
}
