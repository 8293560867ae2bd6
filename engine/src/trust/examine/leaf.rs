//! Which of the certificates given is the one in the log.

use super::super::fact::FactKind;
use super::super::material::{Material, Origin};
use super::super::name::Name;
use super::super::path::{self, Scope};
use super::super::serial::Serial;
use super::super::text::{counted, list, time};
use super::{Facts, LoggedLeaf};
use crate::reasons::EvidenceSource;

/// Certificates compared with a logged one at most, when it comes to saying how near they come.
const MOST_COMPARED: usize = 1_000;
/// Copies of the logged certificate whose chains are compared.
const MOST_COPIES: usize = 16;
/// Files named in a sentence at most.
const MOST_FILES: usize = 8;

/// How far a certificate agrees with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Whole,
    /// The same subject and serial, but another validity: another issuer's, or another time's.
    ButValidity,
    /// The serial alone.
    ButSubject,
    /// The subject alone.
    ButSerial,
    None,
}

/// The logged certificate among those of the client-certificate files; says whether it is there.
pub(super) fn find(material: &Material, logged: &LoggedLeaf<'_>, facts: &mut Facts) -> Option<usize> {
    // One of the two alone may be another certificate's.
    if !material.has_client_cert() || logged.subject.is_none() || logged.serial.is_none() {
        return None;
    }
    let wanted = Wanted::new(logged);
    let same_serial = wanted.serial.as_ref().map_or(&[][..], |serial| material.links().with_serial(serial));
    let matches: Vec<(usize, Match)> = same_serial.iter().map(|id| (*id, wanted.compare(material, *id))).collect();
    let whole = matches.iter().filter(|(_, how)| *how == Match::Whole).map(|(id, _)| *id).take(MOST_COPIES);
    // The same leaf in two files: the one that its file's chain leads furthest from.
    let reach = |id: &usize| {
        let path = path::best(material, *id, scope(material, *id), 0, 0);
        (path.is_complete, path.steps.len())
    };
    match whole.reduce(|best, id| if reach(&id) > reach(&best) { id } else { best }) {
        Some(id) => {
            let says = format!("{} holds the certificate in the log: {}", material.place(id), wanted.title());
            facts.add_of(FactKind::LeafGiven, EvidenceSource::ClientCert, material.file_of(id), says);
            Some(id)
        }
        None => {
            facts.add(FactKind::LeafNotGiven, EvidenceSource::ClientCert, not_given(material, &wanted, &matches));
            None
        }
    }
}

/// What a client sends with a certificate: its file.
pub(super) fn scope(material: &Material, id: usize) -> Scope {
    match material.certificates.get(id).map(|given| given.origin) {
        Some(Origin::Client(file)) => Scope::File(file),
        _ => Scope::All,
    }
}

/// What is looked for, read once.
struct Wanted<'a> {
    logged: &'a LoggedLeaf<'a>,
    subject: Option<Name>,
    serial: Option<Serial>,
}

impl<'a> Wanted<'a> {
    fn new(logged: &'a LoggedLeaf<'a>) -> Self {
        Self { logged, subject: logged.subject.and_then(Name::from_text), serial: logged.serial.and_then(Serial::from_hex) }
    }

    fn compare(&self, material: &Material, id: usize) -> Match {
        let Some(certificate) = material.certificate(id) else { return Match::None };
        // What cannot be read matches nothing; of the validity, what was not logged matches everything.
        let subject = self.subject.as_ref().is_some_and(|name| certificate.subject.is_logged_as(name));
        let serial = self.serial.as_ref() == Some(&certificate.serial);
        let since = self.logged.not_before.is_none_or(|micros| micros == certificate.not_before);
        let until = self.logged.not_after.is_none_or(|micros| micros == certificate.not_after);
        match (subject, serial) {
            (true, true) if since && until => Match::Whole,
            (true, true) => Match::ButValidity,
            (false, true) => Match::ButSubject,
            (true, false) => Match::ButSerial,
            (false, false) => Match::None,
        }
    }

    fn title(&self) -> String {
        let serial = self.logged.serial.map(|serial| format!("serial {}", super::super::text::brief(serial)));
        let subject = self.logged.subject.map(super::super::text::brief);
        subject.into_iter().chain(serial).collect::<Vec<_>>().join(", ")
    }
}

fn not_given(material: &Material, wanted: &Wanted<'_>, matches: &[(usize, Match)]) -> String {
    let files: Vec<&str> = material.clients.iter().map(|file| file.name.as_str()).collect();
    let files = if files.len() > MOST_FILES { counted(files.len(), "file", "files") } else { list(&files) };
    let among = match material.clients.iter().map(|file| file.certificates.len()).sum() {
        1 => format!("the certificate in {files} is not the one in the log"),
        several => format!("none of the {} in {files} is the one in the log", counted(several, "certificate", "certificates")),
    };
    let clients = material.clients.iter().flat_map(|file| file.certificates.iter().copied()).take(MOST_COMPARED);
    let others = clients.map(|id| (id, wanted.compare(material, id)));
    let matches: Vec<(usize, Match)> = matches.iter().copied().chain(others).collect();
    let near = |kind: Match| matches.iter().find(|(_, how)| *how == kind).and_then(|(id, _)| Some((*id, material.certificate(*id)?)));
    let hint = if let Some((id, certificate)) = near(Match::ButValidity) {
        let (since, until) = (time(certificate.not_before), time(certificate.not_after));
        format!("; {} has its subject and serial, but is valid from {since} to {until}: another certificate", material.place(id))
    } else if let Some((id, certificate)) = near(Match::ButSerial) {
        format!("; {} has its subject, but serial {}", material.place(id), certificate.serial)
    } else if let Some((id, certificate)) = near(Match::ButSubject) {
        format!("; {} has its serial, but subject {}", material.place(id), certificate.subject)
    } else {
        String::new()
    };
    format!("{among} ({}){hint}", wanted.title())
}
