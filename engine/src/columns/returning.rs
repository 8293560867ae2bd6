//! The lines of clients that were met before: most of what such a line says, its client has said before.
//!
//! In: a line, what its client said last, and the dictionaries. Out: the line as a row, if every field is either short and in its usual form or,
//! byte for byte, a value that the dictionaries hold; `None` otherwise, and then nothing is known of the line.
//!
//! No field is looked for: each one's end follows from what it is. That gives the row that scanning the line gives, because a value in a
//! dictionary was found by scanning: it is a stretch of whole fields, every scan that begins where a field begins finds the same fields in
//! the same bytes, and what follows it here (a space, or the end of the line) is what ends its last field. Values in dictionaries are UTF-8;
//! all other bytes are checked to be ASCII.

use super::clients::{ADDRESS_AT, Met, Said};
use super::line::ABSENT;
use super::{Certificate, Dictionaries, Dictionary, Endpoint, Route, Verdict};
use crate::fields::TimeReader;
use crate::fields::words::{decimal, first, is_graphic, same, word};

/// A line of a client that returned, as a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Returned<'a> {
    pub(super) time: i64,
    pub(super) client_port: u16,
    /// Seconds; NaN for NULL.
    pub(super) latency: f64,
    /// `None` for NULL.
    pub(super) trace: Option<&'a [u8; TRACE_BYTES]>,
    pub(super) said: Said,
    /// Whether it is what the client will most likely say next time. A connection without a certificate comes in between.
    pub(super) is_usual: bool,
}

/// `TID_` and 32 hex digits.
const TRACE_BYTES: usize = 36;

/// Reads `line`, whose end is not part of it, of the client `met`.
#[inline(always)]
pub(super) fn read<'a>(line: &'a [u8], met: &Met, time: &TimeReader, dicts: &Dictionaries) -> Option<Returned<'a>> {
    let time = time.read_usual(line.first_chunk()?)?;
    let usual = met.habit.said();
    let at = ADDRESS_AT + met.length + 1;
    let (client_port, length) = usual_port(word(line, at)?)?;
    let (endpoint, at) = endpoint(line, at + length, usual.endpoint, &dicts.endpoints)?;
    let (latency, length) = usual_latency(word(line, at)?)?;
    let certificate_at = at + length;
    let (certificate, at) = certificate(line, certificate_at, met, &dicts.certificates)?;
    let is_usual = at - certificate_at > "\"-\" \"-\" \"-\" ".len();
    let (verdict, at) = verdict(line, at, usual.verdict, &dicts.verdicts)?;
    let (trace, at) = usual_trace(line, at)?;
    let route = route(line, at, usual.route, &dicts.routes)?;
    Some(Returned { time, client_port, latency, trace, said: Said { endpoint, certificate, verdict, route }, is_usual })
}

/// A port, and the length of its field with the space.
#[inline(always)]
pub(super) fn usual_port(field: u64) -> Option<(u16, usize)> {
    let digits = first(b' ', field);
    if !(1..=5).contains(&digits) {
        return None;
    }
    let port = u16::try_from(decimal(field, digits)?).ok()?;
    Some((port, digits as usize + 1))
}

/// A latency of up to six digits and a point, or `-`; and the length of its field with the space.
#[inline(always)]
pub(super) fn usual_latency(field: u64) -> Option<(f64, usize)> {
    let (length, point) = (first(b' ', field), first(b'.', field));
    if length == 1 && field as u8 == b'-' {
        return Some((f64::NAN, 2));
    }
    if length > 7 || point < 1 || point + 1 >= length {
        return None;
    }
    let before_point = field & ((1 << (8 * point)) - 1);
    let digits = before_point | (field >> (8 * (point + 1))) << (8 * point);
    let number = decimal(digits, length - 1)?;
    // As the reader of all latencies does it: both are exact, and divided once.
    const POWERS: [f64; 8] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
    Some((f64::from(number) / POWERS[(length - 1 - point) as usize], length as usize + 1))
}

/// Past `value` and its space, if they stand at `at`.
#[inline(always)]
fn after(line: &[u8], at: usize, value: &[u8]) -> Option<usize> {
    let end = at + value.len();
    (same(line.get(at..end)?, value) && *line.get(end)? == b' ').then_some(end + 1)
}

/// Listener port, protocol and cipher: those of `usual`, or others that are known. So are the next ones.
#[inline(always)]
pub(super) fn endpoint(line: &[u8], at: usize, usual: u32, endpoints: &Dictionary<Endpoint>) -> Option<(u32, usize)> {
    match after(line, at, endpoints.raw(usual)) {
        Some(end) => Some((usual, end)),
        None => known(line, at, nth_space(line, at, 3)?, endpoints),
    }
}

#[inline(always)]
pub(super) fn verdict(line: &[u8], at: usize, usual: u32, verdicts: &Dictionary<Verdict>) -> Option<(u32, usize)> {
    match after(line, at, verdicts.raw(usual)) {
        Some(end) => Some((usual, end)),
        None => known(line, at, nth_space(line, at, 1)?, verdicts),
    }
}

#[inline(always)]
fn certificate(line: &[u8], at: usize, met: &Met, certificates: &Dictionary<Certificate>) -> Option<(u32, usize)> {
    match after(line, at, met.habit.certificate_in(certificates)) {
        Some(end) => Some((met.habit.certificate, end)),
        None => another_certificate(line, at, certificates),
    }
}

#[inline(never)]
fn another_certificate(line: &[u8], at: usize, certificates: &Dictionary<Certificate>) -> Option<(u32, usize)> {
    let subject_end = match line.get(at..)? {
        [b'"', subject @ ..] => at + 2 + closing_quote(subject)?,
        _ => nth_space(line, at, 1)?,
    };
    known(line, at, nth_space(line, subject_end + 1, 2)?, certificates)
}

/// The first quote behind an even number of backslashes.
pub(super) fn closing_quote(text: &[u8]) -> Option<usize> {
    let is_escaped = |at: usize| text[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1;
    memchr::memchr_iter(b'"', text).find(|&quote| !is_escaped(quote))
}

/// What stands from `at` to `end`, if the dictionary holds it; and where the next field begins.
#[inline(never)]
fn known<T>(line: &[u8], at: usize, end: usize, values: &Dictionary<T>) -> Option<(u32, usize)> {
    Some((values.find(&line[at..end])?, end + 1))
}

pub(super) fn nth_space(line: &[u8], at: usize, n: usize) -> Option<usize> {
    memchr::memchr_iter(b' ', line.get(at..)?).nth(n - 1).map(|space| at + space)
}

/// A trace id of the usual form, or that it is NULL; and where it ends.
#[inline(always)]
pub(super) fn usual_trace(line: &[u8], at: usize) -> Option<(Option<&[u8; TRACE_BYTES]>, usize)> {
    let rest = line.get(at..)?;
    if rest.starts_with(b"- ") {
        return Some((None, at + 1));
    }
    let trace: &[u8; TRACE_BYTES] = rest.first_chunk()?;
    let is_graphic = [0, 8, 16, 24, 28].iter().all(|&byte| word(trace, byte).is_some_and(is_graphic));
    (is_graphic && trace[0] != b'"').then_some((Some(trace), at + TRACE_BYTES))
}

/// What is left of the line: after a space one of the dictionary's routes, or nothing.
#[inline(always)]
pub(super) fn route(line: &[u8], at: usize, usual: u32, routes: &Dictionary<Route>) -> Option<u32> {
    let route = match line.get(at..)? {
        [b' ', route @ ..] => route,
        [] => ABSENT,
        _ => return None,
    };
    if same(route, routes.raw(usual)) { Some(usual) } else { routes.find(route) }
}

#[cfg(test)]
mod tests;
