//! A certificate revocation list, read entry by entry and kept as an index.
//!
//! A list may have millions of entries: each is parsed, condensed to 24 bytes and dropped. Entries that an indirect list attributes to
//! another issuer (RFC 5280 §5.3.3) are counted, not indexed.

use x509_parser::asn1_rs::{Any, BitString, Tag};
use x509_parser::extensions::X509Extension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::RevokedCertificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, X509Name};

use super::certificate::{micros, reason};
use super::name::Name;
use super::serial::{Serial, significant};
use super::signature::{SignatureAlgorithm, Signed};

/// certificateIssuer, an extension of entries.
const CERTIFICATE_ISSUER: &str = "2.5.29.29";
/// deltaCRLIndicator, an extension of lists.
const DELTA_INDICATOR: &str = "2.5.29.27";
/// directoryName among general names.
const DIRECTORY_NAME: u32 = 4;
/// removeFromCRL: the certificate is on the list no more.
const REMOVED: u8 = 8;

/// A revocation list.
#[derive(Debug)]
pub(super) struct Crl {
    pub(super) issuer: Name,
    /// µs since 1970.
    pub(super) this_update: i64,
    /// Likewise; absent from lists that no standard allows.
    pub(super) next_update: Option<i64>,
    /// Entries of all issuers.
    pub(super) entries: usize,
    /// Whether it holds only what changed since another list.
    pub(super) is_delta: bool,
    pub(super) signed: Signed,
    /// The serials' bytes, one behind the other.
    serials: Vec<u8>,
    /// In order of their serials.
    index: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    length: u32,
    date: i64,
    reason: u8,
}

/// An entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Revocation {
    /// µs since 1970.
    pub(super) date: i64,
    /// RFC 5280's number; 0 if the entry has none.
    reason: u8,
}

impl Revocation {
    /// Whether it takes an earlier list's entry back (removeFromCRL).
    pub(super) fn is_removal(self) -> bool {
        self.reason == REMOVED
    }

    /// The reason's name in RFC 5280.
    pub(super) fn reason(self) -> &'static str {
        match self.reason {
            0 => "unspecified",
            1 => "keyCompromise",
            2 => "cACompromise",
            3 => "affiliationChanged",
            4 => "superseded",
            5 => "cessationOfOperation",
            6 => "certificateHold",
            REMOVED => "removeFromCRL",
            9 => "privilegeWithdrawn",
            10 => "aACompromise",
            _ => "unknown",
        }
    }
}

impl Crl {
    /// Reads DER that holds a list and nothing else.
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        let (rest, outer) = sequence(der)?;
        let (after, list) = sequence(outer.data)?;
        let message = outer.data.get(..outer.data.len() - after.len()).unwrap_or_default().to_vec();
        let (after, algorithm) = AlgorithmIdentifier::from_der(after).map_err(because("its signature algorithm"))?;
        let (after, signature) = BitString::from_der(after).map_err(because("its signature"))?;
        if !rest.is_empty() || !after.is_empty() {
            return Err("bytes follow the revocation list".to_owned());
        }
        let signed = Signed { algorithm: SignatureAlgorithm::new(&algorithm), message, signature: signature.data.to_vec() };
        Self::parse_list(list.data, signed)
    }

    /// The content of TBSCertList.
    fn parse_list(content: &[u8], signed: Signed) -> Result<Self, String> {
        let mut rest = content;
        if next_is(rest, Tag::Integer) {
            rest = u32::from_der(rest).map_err(because("its version"))?.0;
        }
        let (rest, _) = AlgorithmIdentifier::from_der(rest).map_err(because("its algorithm"))?;
        let (rest, issuer) = X509Name::from_der(rest).map_err(because("its issuer"))?;
        let (mut rest, this_update) = ASN1Time::from_der(rest).map_err(because("thisUpdate"))?;
        let mut next_update = None;
        if next_is(rest, Tag::UtcTime) || next_is(rest, Tag::GeneralizedTime) {
            let (after, time) = ASN1Time::from_der(rest).map_err(because("nextUpdate"))?;
            (rest, next_update) = (after, Some(micros(time)));
        }
        let mut crl = Self {
            issuer: Name::from_der(&issuer),
            this_update: micros(this_update),
            next_update,
            entries: 0,
            is_delta: false,
            signed,
            serials: Vec::new(),
            index: Vec::new(),
        };
        if next_is(rest, Tag::Sequence) {
            let (after, revoked) = sequence(rest)?;
            crl.read_entries(revoked.data)?;
            rest = after;
        }
        crl.read_extensions(rest)?;
        crl.sort();
        Ok(crl)
    }

    fn read_entries(&mut self, mut rest: &[u8]) -> Result<(), String> {
        let mut is_ours = true;
        while !rest.is_empty() {
            let number = self.entries + 1;
            let (after, entry) = RevokedCertificate::from_der(rest).map_err(|error| format!("entry {number}: {}", reason(&error)))?;
            // Who is named as issuer stays so for the entries behind, until another is named.
            let named = entry.extensions().iter().find(|extension| extension.oid.to_id_string() == CERTIFICATE_ISSUER);
            is_ours = named.map_or(is_ours, |extension| directory_name(extension.value).is_some_and(|name| name.is(&self.issuer)));
            if is_ours {
                self.push(&entry)?;
            }
            self.entries = number;
            rest = after;
        }
        Ok(())
    }

    fn push(&mut self, entry: &RevokedCertificate<'_>) -> Result<(), String> {
        let serial = significant(entry.raw_serial());
        let (start, length) = (u32::try_from(self.serials.len()), u32::try_from(serial.len()));
        let (Ok(start), Ok(length)) = (start, length) else { return Err("it is larger than 4 GB".to_owned()) };
        self.serials.extend_from_slice(serial);
        let reason = entry.reason_code().map_or(0, |(_, code)| code.0);
        self.index.push(Entry { start, length, date: micros(entry.revocation_date), reason });
        Ok(())
    }

    /// `[0]`, a sequence of extensions; nothing before v2.
    fn read_extensions(&mut self, rest: &[u8]) -> Result<(), String> {
        if rest.is_empty() {
            return Ok(());
        }
        let (after, tagged) = Any::from_der(rest).map_err(because("its extensions"))?;
        let (_, extensions) = sequence(tagged.data)?;
        let mut rest = extensions.data;
        while !rest.is_empty() {
            let (after, extension) = X509Extension::from_der(rest).map_err(because("its extensions"))?;
            self.is_delta |= extension.oid.to_id_string() == DELTA_INDICATOR;
            rest = after;
        }
        if after.is_empty() { Ok(()) } else { Err("bytes follow its extensions".to_owned()) }
    }

    fn sort(&mut self) {
        let Self { index, serials, .. } = self;
        index.sort_by(|one, other| serial_of(serials, one).cmp(serial_of(serials, other)));
    }

    /// The entry of a serial of the list's issuer, be it a removal.
    pub(super) fn find(&self, serial: &Serial) -> Option<Revocation> {
        let found = self.index.binary_search_by(|entry| serial_of(&self.serials, entry).cmp(serial.bytes())).ok()?;
        let entry = self.index.get(found)?;
        Some(Revocation { date: entry.date, reason: entry.reason })
    }
}

/// The directory name among an extension's general names.
fn directory_name(value: &[u8]) -> Option<Name> {
    let (_, names) = sequence(value).ok()?;
    let mut rest = names.data;
    while !rest.is_empty() {
        let (after, name) = Any::from_der(rest).ok()?;
        if name.header.tag().0 == DIRECTORY_NAME {
            return X509Name::from_der(name.data).ok().map(|(_, name)| Name::from_der(&name));
        }
        rest = after;
    }
    None
}

fn serial_of<'a>(serials: &'a [u8], entry: &Entry) -> &'a [u8] {
    let start = entry.start as usize;
    serials.get(start..start + entry.length as usize).unwrap_or_default()
}

/// What follows, and a sequence whose content is not looked into.
fn sequence(bytes: &[u8]) -> Result<(&[u8], Any<'_>), String> {
    let (rest, any) = Any::from_der(bytes).map_err(because("its structure"))?;
    if any.header.tag() != Tag::Sequence {
        return Err("no revocation list: a sequence is missing".to_owned());
    }
    Ok((rest, any))
}

fn next_is(bytes: &[u8], tag: Tag) -> bool {
    Any::from_der(bytes).is_ok_and(|(_, any)| any.header.tag() == tag && any.header.is_universal())
}

/// Says which part cannot be read.
fn because<E: std::fmt::Display>(part: &'static str) -> impl Fn(x509_parser::nom::Err<E>) -> String {
    move |error| format!("no revocation list: {part}: {}", reason(&error))
}
