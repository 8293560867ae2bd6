//! Lines that may match, found on bytes alone.
//!
//! The condition that fewest lines meet is looked for in the text as a whole, as ripgrep does, and lines are made out only around what is found:
//! memory bandwidth, not parsing, is what a rare match costs. Whatever is left in doubt is parsed; a line that matches is never passed over.

use std::net::IpAddr;

use ipnet::IpNet;
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};
use regex::bytes::{Regex, RegexBuilder};

use super::Selection;
use crate::fields::{canonical_serial, unquoted};

/// Finds the lines that may match a selection.
#[derive(Debug)]
pub struct Prefilter(Kind);

#[derive(Debug)]
enum Kind {
    /// Every line may.
    Every,
    /// No line may.
    None,
    /// Lines with this text.
    Text(Box<Finder<'static>>),
    /// Lines with any of these texts.
    AnyText(Regex),
    /// Lines with any of these texts, if their client's address is one of these.
    Addresses(Box<dyn Needle>, Vec<IpNet>),
    /// Lines whose client's address lies in one of these.
    Networks(Vec<IpNet>),
}

/// Something to look for in a text.
trait Needle: std::fmt::Debug + Send + Sync {
    /// Where it is found first.
    fn find_in(&self, text: &[u8]) -> Option<usize>;
}

impl Needle for Finder<'static> {
    fn find_in(&self, text: &[u8]) -> Option<usize> {
        self.find(text)
    }
}

impl Needle for Regex {
    fn find_in(&self, text: &[u8]) -> Option<usize> {
        self.find(text).map(|found| found.start())
    }
}

/// Lines that may match, one after the other, and where they stood.
#[derive(Debug, Default)]
pub struct Candidates {
    /// The lines, each with its newline if it had one.
    pub text: Vec<u8>,
    /// Number (from 0) and first byte of each in the text that was searched.
    pub places: Vec<(u32, u64)>,
    /// Lines of that text in all.
    pub lines: u64,
}

/// Digits of a serial number that are rare enough to be looked for.
const RARE_DIGITS: usize = 6;
/// Addresses that are looked for as texts; more are looked up line by line.
const MAX_ADDRESSES: usize = 64;

impl Prefilter {
    /// The prefilter for `selection`.
    pub fn new(selection: &Selection) -> Self {
        let serial = selection.serial.as_deref().map(canonical_serial).filter(|digits| !digits.is_empty());
        let rare_serial = serial.as_deref().filter(|digits| digits.len() >= RARE_DIGITS);
        let subject = selection.subject.as_deref().filter(|text| !text.is_empty());
        let chosen = None
            .or_else(|| selection.trace_id.as_deref().filter(|id| !id.is_empty()).map(text))
            .or_else(|| rare_serial.and_then(serial_text))
            .or_else(|| addresses(&selection.clients))
            .or_else(|| subject.and_then(|part| any_text("", &[part])))
            .or_else(|| (!selection.clients.is_empty()).then(|| Kind::Networks(selection.clients.clone())))
            .or_else(|| reasons(&selection.reasons))
            .or_else(|| (!selection.all).then(|| text("Failed")))
            .or_else(|| serial.as_deref().and_then(serial_text));
        Self(chosen.unwrap_or(Kind::Every))
    }

    /// Passes over everything without so much as counting the lines: what is left is the cost of reading.
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// Whether every line may match: there is nothing to be gained from looking.
    pub fn passes_all(&self) -> bool {
        matches!(self.0, Kind::Every)
    }

    /// Finds the lines of `text` (whole lines; the last may lack its newline) that may match, in place of what `out` held.
    ///
    /// Cost: a search of the text for bytes, and a count of its newlines.
    pub fn find(&self, text: &[u8], out: &mut Candidates) {
        out.clear();
        match &self.0 {
            Kind::None => {}
            Kind::Every => each_line(text, |_| true, out),
            Kind::Text(needle) => around(text, &**needle, |_| true, out),
            Kind::AnyText(needle) => around(text, needle, |_| true, out),
            Kind::Addresses(needle, networks) => around(text, &**needle, |line| client_is_in(line, networks), out),
            Kind::Networks(networks) => each_line(text, |line| client_is_in(line, networks), out),
        }
    }
}

impl Candidates {
    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.lines = 0;
    }
}

fn text(needle: &str) -> Kind {
    Kind::Text(Box::new(Finder::new(needle.as_bytes()).into_owned()))
}

/// `before`, followed by any of `texts` in any letter case of ASCII. `None` where no automaton can be built: what cannot be looked for is passed on.
fn any_text(before: &str, texts: &[&str]) -> Option<Kind> {
    let texts: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
    let pattern = format!("{before}(?i:{})", texts.join("|"));
    Some(Kind::AnyText(RegexBuilder::new(&pattern).unicode(false).build().ok()?))
}

fn reasons(codes: &[String]) -> Option<Kind> {
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    if codes.is_empty() { None } else { any_text("Failed:", &codes) }
}

/// The digits in a row, or with colons between them wherever they may stand; leading zeros may stand before them.
fn serial_text(digits: &str) -> Option<Kind> {
    let spread: Vec<String> = digits.chars().map(|digit| regex::escape(digit.encode_utf8(&mut [0; 4]))).collect();
    let pattern = format!("(?i:{}|{})", regex::escape(digits), spread.join(":*"));
    Some(Kind::AnyText(RegexBuilder::new(&pattern).unicode(false).build().ok()?))
}

/// IPv4 addresses have one spelling, so they can be looked for; IPv6 addresses have many.
fn addresses(networks: &[IpNet]) -> Option<Kind> {
    let is_address = |network: &IpNet| matches!(network, IpNet::V4(network) if network.prefix_len() == 32);
    if networks.is_empty() || networks.len() > MAX_ADDRESSES || !networks.iter().all(is_address) {
        return None;
    }
    let texts: Vec<String> = networks.iter().map(|network| network.addr().to_string()).collect();
    let needle: Box<dyn Needle> = match texts.as_slice() {
        [one] => Box::new(Finder::new(one.as_bytes()).into_owned()),
        many => Box::new(Regex::new(&many.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|")).ok()?),
    };
    Some(Kind::Addresses(needle, networks.to_vec()))
}

/// Whether the second field is an address in one of `networks`. A line whose second field cannot be made out so simply is left to the parser.
fn client_is_in(line: &[u8], networks: &[IpNet]) -> bool {
    let Some(start) = memchr(b' ', line).map(|space| space + 1) else { return false };
    if line.first() == Some(&b'"') {
        return true;
    }
    let rest = &line[start..];
    let field = &rest[..memchr(b' ', rest).unwrap_or(rest.len())];
    let address = std::str::from_utf8(unquoted(field)).ok().and_then(|text| text.parse::<IpAddr>().ok());
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
}

/// Every line that `is_wanted`.
fn each_line(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool, out: &mut Candidates) {
    let mut start = 0;
    for end in memchr_iter(b'\n', text).map(|newline| newline + 1).chain([text.len()]) {
        if start == end {
            continue;
        }
        let line = &text[start..end];
        if is_wanted(line.trim_ascii_end()) {
            out.push(line, start);
        }
        out.lines += 1;
        start = end;
    }
}

/// The lines in which `needle` stands and that are wanted.
fn around<N: Needle + ?Sized>(text: &[u8], needle: &N, is_wanted: impl Fn(&[u8]) -> bool, out: &mut Candidates) {
    let mut at = 0;
    while let Some(found) = needle.find_in(&text[at..]).map(|found| at + found) {
        let start = memrchr(b'\n', &text[at..found]).map_or(at, |newline| at + newline + 1);
        let end = memchr(b'\n', &text[found..]).map_or(text.len(), |newline| found + newline + 1);
        out.lines += memchr_iter(b'\n', &text[at..start]).count() as u64;
        let line = &text[start..end];
        if is_wanted(line.trim_ascii_end()) {
            out.push(line, start);
        }
        out.lines += 1;
        at = end;
    }
    out.lines += memchr_iter(b'\n', &text[at..]).count() as u64;
    out.lines += u64::from(at < text.len() && !text.ends_with(b"\n"));
}

impl Candidates {
    fn push(&mut self, line: &[u8], start: usize) {
        self.text.extend_from_slice(line);
        self.places.push((u32::try_from(self.lines).unwrap_or(u32::MAX), start as u64));
    }
}
