//! Lines of which nobody asks whose they are: those of clients beyond the first, where a report counts them and they did not fail.
//!
//! In: a line, and the dictionaries of all but clients and certificates. Out: the line as a row without a client and a certificate, if its short
//! fields are in their usual form and the others are values that the dictionaries hold; `None` otherwise, and then nothing is known of the line.
//!
//! As with [`super::returning`], this gives the row that scanning the line gives. The address is checked, and the three fields of the
//! certificate are passed over as the scan does it: by spaces, or from a quote to the one that closes it. How many clients and
//! certificates there are makes no difference.

use super::batch::{NOBODY, Outcome};
use super::clients::{ADDRESS_AT, Key, Said, key_at};
use super::returning::{Returned, closing_quote, endpoint, nth_space, route, usual_latency, usual_port, usual_trace, verdict};
use super::{Dictionaries, Dictionary};
use crate::fields::words::{first, is_graphic, padded, word};
use crate::fields::{self, TimeReader};

/// Ids of values by what little of a field is looked at before it is compared: in a log, few values are told apart by more.
#[derive(Debug)]
pub(super) struct Guesses {
    endpoints: [u32; Self::PLACES],
    verdicts: [u32; Self::PLACES],
    routes: [u32; Self::PLACES],
}

impl Default for Guesses {
    fn default() -> Self {
        let none = [0; Self::PLACES];
        Self { endpoints: none, verdicts: none, routes: none }
    }
}

impl Guesses {
    const PLACES: usize = 64;

    #[inline(always)]
    fn place(words: [u64; 3]) -> usize {
        let [one, two, three] = words;
        let sum = one.wrapping_add(two.rotate_left(23)).wrapping_add(three.rotate_left(46));
        (sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::PLACES.ilog2())) as usize
    }
}

/// Reads `line`, whose end is not part of it. A line that failed is read if its client and certificate are known, and has their ids.
#[inline(always)]
pub(super) fn read<'a>(line: &'a [u8], time: &TimeReader, dicts: &Dictionaries, guesses: &mut Guesses) -> Option<(u32, Returned<'a>)> {
    let time = time.read_usual(line.first_chunk()?)?;
    let address_end = address_end(line)?;
    let at = address_end + 1;
    let (client_port, length) = usual_port(word(line, at)?)?;
    let (endpoint, at) = guessed_endpoint(line, at + length, dicts, guesses)?;
    let (latency, length) = usual_latency(word(line, at)?)?;
    let certificate_at = at + length;
    let verdict_at = certificate_end(line, certificate_at)? + 1;
    let (verdict, at) = guessed_verdict(line, verdict_at, dicts, guesses)?;
    let (client, certificate) = match dicts.verdicts.value(verdict).outcome {
        Outcome::Failed => {
            (dicts.clients.find(&line[ADDRESS_AT..address_end])?, dicts.certificates.find(&line[certificate_at..verdict_at - 1])?)
        }
        _ => (NOBODY, NOBODY),
    };
    let (trace, at) = usual_trace(line, at)?;
    let route = guessed_route(line, at, dicts, guesses)?;
    let said = Said { endpoint, certificate, verdict, route };
    Some((client, Returned { time, client_port, latency, trace, said, is_usual: true }))
}

/// Where the address ends, if it is one.
#[inline(always)]
fn address_end(line: &[u8]) -> Option<usize> {
    let (key, length) = key_at(line, ADDRESS_AT)?;
    let end = ADDRESS_AT + length;
    (key.is_ipv4() || is_other_address(key, &line[ADDRESS_AT..end])).then_some(end)
}

#[inline(never)]
fn is_other_address(key: Key, text: &[u8]) -> bool {
    !key.is_exact() && fields::is_ip_address(text)
}

#[inline(always)]
fn guessed_endpoint(line: &[u8], at: usize, dicts: &Dictionaries, guesses: &mut Guesses) -> Option<(u32, usize)> {
    let words = [word(line, at)?, word(line, at + 12)?, word(line, at + 20)?];
    let guess = &mut guesses.endpoints[Guesses::place(words)];
    let found = endpoint(line, at, known_or_first(*guess, &dicts.endpoints)?, &dicts.endpoints)?;
    *guess = found.0;
    Some(found)
}

#[inline(always)]
fn guessed_verdict(line: &[u8], at: usize, dicts: &Dictionaries, guesses: &mut Guesses) -> Option<(u32, usize)> {
    let start = word(line, at)?;
    // Nothing of the trace id behind a short one.
    let own = if start as u8 == b'-' { 0 } else { start };
    let guess = &mut guesses.verdicts[Guesses::place([own, 0, 0])];
    let found = verdict(line, at, known_or_first(*guess, &dicts.verdicts)?, &dicts.verdicts)?;
    *guess = found.0;
    Some(found)
}

#[inline(always)]
fn guessed_route(line: &[u8], at: usize, dicts: &Dictionaries, guesses: &mut Guesses) -> Option<u32> {
    let rest = line.get(at..)?;
    let (first, last) =
        (rest.first_chunk().map_or(0, |word| u64::from_le_bytes(*word)), rest.last_chunk().map_or(0, |word| u64::from_le_bytes(*word)));
    let guess = &mut guesses.routes[Guesses::place([first, last, 0])];
    let found = route(line, at, known_or_first(*guess, &dicts.routes)?, &dicts.routes)?;
    *guess = found;
    Some(found)
}

/// A guess that stands for a value: dictionaries begin anew, guesses do not.
#[inline(always)]
fn known_or_first<T>(guess: u32, values: &Dictionary<T>) -> Option<u32> {
    match values.len() {
        0 => None,
        known if (guess as usize) < known => Some(guess),
        _ => Some(0),
    }
}

/// The end of subject, validity and serial, where the space behind them stands.
#[inline(always)]
fn certificate_end(line: &[u8], at: usize) -> Option<usize> {
    let subject_end = ascii_end(line, at)?;
    let validity_end = usual_validity_end(line, subject_end + 1).or_else(|| ascii_end(line, subject_end + 1))?;
    usual_serial_end(line, validity_end + 1).or_else(|| ascii_end(line, validity_end + 1))
}

/// The end of a validity of the length that all have; neither space nor quote is in it.
#[inline(always)]
fn usual_validity_end(line: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = "NotBefore=2025-03-09T13:47:00Z;NotAfter=2026-03-16T13:47:00Z".len();
    let [text @ .., end]: &[u8; LENGTH + 1] = line.get(at..)?.first_chunk()?;
    let is_graphic =
        [0, 8, 16, 24, 32, 40, 48, LENGTH - 8].iter().fold(true, |all, &place| all & word(text, place).is_some_and(is_graphic));
    (is_graphic && text[0] != b'"' && *end == b' ').then_some(at + LENGTH)
}

/// The end of a serial number of up to 48 characters that is not quoted.
#[inline(always)]
fn usual_serial_end(line: &[u8], at: usize) -> Option<usize> {
    if *line.get(at)? == b'"' {
        return None;
    }
    for at in (at..at + 48).step_by(8) {
        let text = word(line, at)?;
        let length = first(b' ', text);
        if length < 8 {
            return is_graphic(padded(text, length)).then_some(at + length as usize);
        }
        if !is_graphic(text) {
            return None;
        }
    }
    None
}

/// The end of a field in ASCII that a space follows.
#[inline(always)]
fn ascii_end(line: &[u8], at: usize) -> Option<usize> {
    let end = field_end(line, at)?;
    line[at..end].is_ascii().then_some(end)
}

/// The end of a field that a space follows.
#[inline(always)]
fn field_end(line: &[u8], at: usize) -> Option<usize> {
    match line.get(at..)? {
        [b'-', b' ', ..] => Some(at + 1),
        [b'"', quoted @ ..] => {
            let end = closing_quote(quoted)?;
            (*quoted.get(end + 1)? == b' ').then_some(at + end + 2)
        }
        _ => nth_space(line, at, 1),
    }
}

#[cfg(test)]
mod tests;
