//! The files given, read once.
//!
//! In: bytes and the names to call them by. Out: [`Material`]. A private key is refused, whatever it is wrapped in.

use std::sync::OnceLock;

use super::certificate::Certificate;
use super::crl::Crl;
use super::links::{Links, Signers};
use super::name::Name;
use super::pem;
use super::serial::Serial;
use super::signature::Verdict;
use super::text::counted;

/// All files given. Parsed when they are added, linked to one another when they are first examined.
#[derive(Debug, Default)]
pub struct Material {
    pub(super) bundles: Vec<CertificateFile>,
    pub(super) clients: Vec<CertificateFile>,
    pub(super) crls: Vec<CrlFile>,
    /// Of all files; others refer to them by their place here.
    pub(super) certificates: Vec<Given>,
    links: OnceLock<Links>,
}

/// A file of certificates.
#[derive(Debug)]
pub(super) struct CertificateFile {
    pub(super) name: String,
    /// In the file's order.
    pub(super) certificates: Vec<usize>,
}

/// What was read of a client-certificate file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFile {
    /// The name it was given.
    pub name: String,
    /// Its certificates in the file's order, and nothing else.
    pub pem: String,
    /// Whether one of them has a logged subject and serial.
    pub is_logged: bool,
}

/// A file of revocation lists.
#[derive(Debug)]
pub(super) struct CrlFile {
    pub(super) name: String,
    /// As stored.
    pub(super) bytes: usize,
    /// Its lists, usually one.
    pub(super) lists: Vec<Crl>,
    /// What is wrong with those that cannot be read.
    pub(super) faults: Vec<String>,
}

/// A certificate and where it comes from.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) certificate: Certificate,
    pub(super) origin: Origin,
    /// `client.pem`, or `client.pem, certificate 2`.
    pub(super) place: String,
}

/// A file by its place among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Bundle,
    Client(usize),
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct TrustError {
    /// The file, by the name it was given.
    pub file: String,
    /// What is wrong with it; never a part of its content.
    pub problem: String,
    /// The way out.
    pub hint: String,
}

impl Material {
    /// Adds a CA bundle: PEM, one or more certificates.
    pub fn add_bundle(&mut self, name: &str, bytes: &[u8]) -> Result<(), TrustError> {
        refuse_private_key(name, bytes)?;
        if !pem::is_pem(bytes) && Certificate::parse(bytes.to_vec()).is_ok() {
            return Err(error(
                name,
                "a CA bundle must be PEM, and this is DER",
                "convert it: openssl x509 -inform der -in FILE -out FILE.pem",
            ));
        }
        let hint = "`tlslake lint-trust-store --ca-bundle FILE` shows every problem of a bundle with its line";
        let certificates = from_pem(name, bytes, hint)?;
        let ids = self.take(name, certificates, Origin::Bundle);
        self.bundles.push(CertificateFile { name: name.to_owned(), certificates: ids });
        Ok(())
    }

    /// Adds a file of revocation lists, PEM or DER. A damaged one is kept with its fault: that may be the cause looked for.
    pub fn add_crl(&mut self, name: &str, bytes: &[u8]) -> Result<(), TrustError> {
        refuse_private_key(name, bytes)?;
        if let Some(what) = no_list(bytes) {
            let hint = "give a revocation list as PEM (an X509 CRL block) or DER; certificates go to --ca-bundle or --client-cert";
            return Err(error(name, &format!("it is no revocation list; {what}"), hint));
        }
        let (lists, faults) = lists(bytes);
        self.crls.push(CrlFile { name: name.to_owned(), bytes: bytes.len(), lists, faults });
        self.links = OnceLock::new();
        Ok(())
    }

    /// Adds a client's certificate: PEM (the leaf, then the chain that the client sends with it), or DER.
    pub fn add_client_cert(&mut self, name: &str, bytes: &[u8]) -> Result<(), TrustError> {
        refuse_private_key(name, bytes)?;
        let hint = "give the certificate as PEM or DER; of a PKCS #12 file: openssl pkcs12 -in FILE -nokeys -out FILE.pem";
        let certificates = if pem::is_pem(bytes) {
            from_pem(name, bytes, hint)?
        } else {
            vec![Certificate::parse(bytes.to_vec()).map_err(|problem| error(name, &problem, hint))?]
        };
        let ids = self.take(name, certificates, Origin::Client(self.clients.len()));
        self.clients.push(CertificateFile { name: name.to_owned(), certificates: ids });
        Ok(())
    }

    /// Whether no file was added.
    pub fn is_empty(&self) -> bool {
        !self.has_bundle() && !self.has_crl() && !self.has_client_cert()
    }

    /// Whether a CA bundle was added.
    pub fn has_bundle(&self) -> bool {
        !self.bundles.is_empty()
    }

    /// Whether a revocation list was added, readable or not.
    pub fn has_crl(&self) -> bool {
        !self.crls.is_empty()
    }

    /// Whether a client's certificate was added.
    pub fn has_client_cert(&self) -> bool {
        !self.clients.is_empty()
    }

    /// The client-certificate files as PEM made anew of what was parsed: nothing else that stood in them. `logged` are subjects and serials.
    pub fn client_files(&self, logged: &[(&str, &str)]) -> Vec<ClientFile> {
        let logged: Vec<_> =
            logged.iter().filter_map(|(subject, serial)| Some((Name::from_text(subject)?, Serial::from_hex(serial)?))).collect();
        let is_logged = |certificate: &Certificate| {
            logged.iter().any(|(subject, serial)| certificate.serial == *serial && certificate.subject.is_logged_as(subject))
        };
        let file = |file: &CertificateFile| {
            let certificates = || file.certificates.iter().filter_map(|id| self.certificate(*id));
            ClientFile {
                name: file.name.clone(),
                pem: certificates().map(|certificate| pem::encode("CERTIFICATE", &certificate.der)).collect(),
                is_logged: certificates().any(is_logged),
            }
        };
        self.clients.iter().map(file).collect()
    }

    fn take(&mut self, name: &str, certificates: Vec<Certificate>, origin: Origin) -> Vec<usize> {
        self.links = OnceLock::new();
        let (start, many) = (self.certificates.len(), certificates.len() > 1);
        for (index, certificate) in certificates.into_iter().enumerate() {
            let place = if many { format!("{name}, certificate {}", index + 1) } else { name.to_owned() };
            self.certificates.push(Given { certificate, origin, place });
        }
        (start..self.certificates.len()).collect()
    }

    /// Who issued whom.
    pub(super) fn links(&self) -> &Links {
        self.links.get_or_init(|| Links::new(self))
    }

    /// The certificates with the name of this one's issuer.
    pub(super) fn issuers(&self, id: usize) -> &Signers {
        self.links().issuers(self, id)
    }

    /// Whether the certificate, or a copy of it, stands in a bundle.
    pub(super) fn is_trusted(&self, id: usize) -> bool {
        self.certificates.get(self.links().first(id)).is_some_and(|given| given.origin == Origin::Bundle)
    }

    /// Whether the certificate's own key signed it: a root.
    pub(super) fn is_root(&self, id: usize) -> bool {
        let first = self.links().first(id);
        let is_self_issued = self.certificate(first).is_some_and(Certificate::is_self_issued);
        is_self_issued && self.issuers(id).all.iter().any(|signer| signer.id == first && signer.verdict != Verdict::Refuted)
    }

    /// A certificate by its place; every place that is handed around comes from here.
    pub(super) fn certificate(&self, id: usize) -> Option<&Certificate> {
        self.certificates.get(id).map(|given| &given.certificate)
    }

    /// Where a certificate stands.
    pub(super) fn place(&self, id: usize) -> &str {
        self.certificates.get(id).map_or("", |given| &given.place)
    }

    /// The name of the file that a certificate stands in.
    pub(super) fn file_of(&self, id: usize) -> &str {
        let mut files = self.bundles.iter().chain(&self.clients);
        files.find(|file| file.certificates.contains(&id)).map_or("", |file| &file.name)
    }

    /// `CN=a (client.pem)`.
    pub(super) fn title(&self, id: usize) -> String {
        self.certificates.get(id).map(|given| format!("{} ({})", given.certificate.subject, given.place)).unwrap_or_default()
    }

    /// The bundles' names, as a list in words.
    pub(super) fn bundle_names(&self) -> String {
        super::text::list(&self.bundles.iter().map(|file| file.name.as_str()).collect::<Vec<_>>())
    }
}

#[cold]
fn error(file: &str, problem: &str, hint: &str) -> TrustError {
    TrustError { file: file.to_owned(), problem: problem.to_owned(), hint: hint.to_owned() }
}

/// The certificates of a PEM file.
fn from_pem(name: &str, bytes: &[u8], hint: &str) -> Result<Vec<Certificate>, TrustError> {
    let mut certificates = Vec::new();
    for block in pem::blocks(bytes).filter(|block| is_certificate(&block.label)) {
        let at_line = |problem: &str| error(name, &format!("line {}: {problem}", block.line), hint);
        if let Some(line) = block.glued_at {
            let problem = format!("line {line}: one block ends and another begins there; put a line break between them");
            return Err(error(name, &problem, hint));
        }
        if !block.is_closed {
            return Err(at_line("the certificate has no END line"));
        }
        let der = block.decode().map_err(|line| error(name, &format!("line {line}: not base64"), hint))?;
        certificates.push(Certificate::parse(der).map_err(|problem| at_line(&problem))?);
    }
    if certificates.is_empty() {
        return Err(error(name, "no certificate in it", hint));
    }
    Ok(certificates)
}

/// Labels under which certificates are found.
pub(super) fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
}

/// What a file holds in place of a revocation list; `None` if it may be one, be it damaged.
fn no_list(bytes: &[u8]) -> Option<&'static str> {
    if pem::is_pem(bytes) {
        let labels = || pem::blocks(bytes).map(|block| block.label);
        return match () {
            () if labels().any(|label| label == CRL) => None,
            () if labels().any(|label| is_certificate(&label)) => Some("it holds a certificate"),
            () => Some("it holds no X509 CRL block"),
        };
    }
    // A sequence longer than any CRL's signature has its length in two bytes or more.
    match bytes {
        [] => Some("it is empty"),
        [0x30, 0x81..=0x84, ..] if Certificate::parse(bytes.to_vec()).is_ok() => Some("it is a certificate"),
        [0x30, 0x81..=0x84, ..] => None,
        _ => Some("it is neither PEM nor DER"),
    }
}

/// The label of revocation lists.
const CRL: &str = "X509 CRL";

/// The lists of a file, and what is wrong with those that cannot be read.
fn lists(bytes: &[u8]) -> (Vec<Crl>, Vec<String>) {
    let (mut lists, mut faults) = (Vec::new(), Vec::new());
    let mut add = |list: Result<Crl, String>| match list {
        Ok(list) => lists.push(list),
        Err(fault) => faults.push(fault),
    };
    if pem::is_pem(bytes) {
        pem::blocks(bytes).filter(|block| block.label == CRL).for_each(|block| add(list(&block)));
    } else {
        add(Crl::parse(bytes));
    }
    (lists, faults)
}

fn list(block: &pem::Block<'_>) -> Result<Crl, String> {
    if !block.is_closed {
        return Err(format!("line {}: the revocation list has no END line", block.line));
    }
    let der = block.decode().map_err(|line| format!("line {line}: not base64"))?;
    Crl::parse(&der).map_err(|problem| format!("line {}: {problem}", block.line))
}

/// Fails if a private key is in the file: nothing here needs one, and what is read may end up in reports.
fn refuse_private_key(name: &str, bytes: &[u8]) -> Result<(), TrustError> {
    let number = if is_private_key(bytes) { 1 } else { pem::blocks(bytes).filter(holds_private_key).count() };
    let number = number.max(usize::from(pem::announces_private_key(bytes)));
    let hint = "remove the key from the file and give the certificates alone; if the file was shared, treat the key as known";
    if number > 0 {
        let keys = counted(number, "private key", "private keys");
        return Err(error(name, &format!("it holds {keys}; it was not used, and nothing of it was kept"), hint));
    }
    match pem::blocks(bytes).find(|block| !block.is_of_known_kind() && block.decode_leniently().is_none()) {
        Some(block) => {
            let problem = "a block of an unknown kind cannot be read and may hold a private key; nothing of the file was kept";
            Err(error(name, &format!("line {}: {problem}", block.line), hint))
        }
        None => Ok(()),
    }
}

/// Whether a block is a private key by its label, its headers or its content.
pub(super) fn holds_private_key(block: &pem::Block<'_>) -> bool {
    block.says_private_key() || block.decode_leniently().is_some_and(|content| is_private_key(&content))
}

/// Whether DER is a private key: PKCS #1, SEC 1, PKCS #8, its encrypted form, or PKCS #12, which usually holds one.
///
/// All but the encrypted form begin with a version number, as no certificate and no CRL does; that one begins with an OID.
pub(super) fn is_private_key(der: &[u8]) -> bool {
    // OpenSSH's own form, whatever its label.
    if der.starts_with(b"openssh-key-v1\0") {
        return true;
    }
    use x509_parser::asn1_rs::{Any, Tag};
    use x509_parser::prelude::FromDer;
    let first = |bytes| Any::from_der(bytes).map(|(rest, any)| (rest, any.header.tag(), any.data)).ok();
    let Some((_, Tag::Sequence, content)) = first(der) else { return false };
    match first(content) {
        Some((_, Tag::Integer, _)) => true,
        Some((rest, Tag::Sequence, inner)) => {
            let begins_with_oid = matches!(first(inner), Some((_, Tag::Oid, _)));
            begins_with_oid && matches!(first(rest), Some((_, Tag::OctetString, _)))
        }
        _ => false,
    }
}
