//! Rows of `connections` as the lines they stand for.
//!
//! In: the values of a row. Out: a line that the parser reads as exactly these values. It is AWS's own form, which may differ from the line as
//! logged where that makes no difference to any value: quotes around `-`, digits of the time past microseconds, zeros at the end of a latency.

use std::io::Write;

use super::partition::date;

/// The values of one row. `None` is NULL.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowValues<'a> {
    /// µs since 1970, UTC.
    pub(super) time: i64,
    pub(super) client_ip: &'a str,
    pub(super) client_port: i32,
    pub(super) listener_port: i32,
    pub(super) tls_protocol: Option<&'a str>,
    pub(super) tls_cipher: Option<&'a str>,
    /// Seconds.
    pub(super) latency: Option<f64>,
    pub(super) subject: Option<&'a str>,
    pub(super) validity: Option<&'a str>,
    pub(super) serial: Option<&'a str>,
    pub(super) status: Option<&'a str>,
    pub(super) trace: Option<&'a str>,
    pub(super) keyexchange: Option<&'a str>,
    pub(super) elb: Option<&'a str>,
    pub(super) ip_address: Option<&'a str>,
    /// What followed the 15th field, as it stood.
    pub(super) extra: Option<&'a str>,
}

/// Writes lines; remembers the day, which rarely changes.
#[derive(Debug, Default)]
pub(super) struct LineWriter {
    day: Option<(i64, String)>,
}

const DAY: i64 = 86_400_000_000;

impl LineWriter {
    /// Appends the line of `row`, with its newline.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, row: &RowValues<'_>) {
        self.time(out, row.time);
        field(out, Some(row.client_ip));
        // Writing to a `Vec` cannot fail; so below.
        let _ = write!(out, " {} {}", row.client_port, row.listener_port);
        field(out, row.tls_protocol);
        field(out, row.tls_cipher);
        match row.latency {
            Some(seconds) => {
                // Three digits is how it is logged; the shortest that reads the same is how it is written if it was not.
                let _ =
                    if (seconds * 1_000.0).round() / 1_000.0 == seconds { write!(out, " {seconds:.3}") } else { write!(out, " {seconds}") };
            }
            None => out.extend_from_slice(b" -"),
        }
        out.push(b' ');
        quoted(out, row.subject.unwrap_or("-"));
        field(out, row.validity);
        field(out, row.serial);
        field(out, row.status);
        let is_new = row.keyexchange.is_some() || row.elb.is_some() || row.ip_address.is_some() || row.extra.is_some();
        if is_new || row.trace.is_some() {
            field(out, row.trace);
        }
        if is_new {
            field(out, row.keyexchange);
            field(out, row.elb);
            field(out, row.ip_address);
        }
        if let Some(extra) = row.extra {
            out.push(b' ');
            out.extend_from_slice(extra.as_bytes());
        }
        // One carriage return before a newline belongs to the line's end: one that belongs to the text needs another.
        if out.last() == Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(b'\n');
    }

    fn time(&mut self, out: &mut Vec<u8>, time: i64) {
        let (day, rest) = (time.div_euclid(DAY), time.rem_euclid(DAY));
        if self.day.as_ref().is_none_or(|(known, _)| *known != day) {
            self.day = Some((day, date(i32::try_from(day).unwrap_or_default())));
        }
        if let Some((_, date)) = &self.day {
            out.extend_from_slice(date.as_bytes());
        }
        let seconds = rest / 1_000_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let _ = write!(out, "T{hour:02}:{minute:02}:{second:02}.{:06}Z", rest % 1_000_000);
    }
}

/// A space and the field: bare if that reads the same, else in quotes.
fn field(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(b' ');
    match text {
        None => out.push(b'-'),
        Some(text) if text.is_empty() || text.contains([' ', '\r']) => quoted(out, text),
        Some(text) => out.extend_from_slice(text.as_bytes()),
    }
}

/// The text in quotes, if what a quote would end is its end; else it must have stood bare, for in quotes it could not.
fn quoted(out: &mut Vec<u8>, text: &str) {
    if first_closing_quote(text) == Some(text.len()) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Where the scanner would see a quote close that was opened before `text` and stands after it.
fn first_closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().chain([b'"']).enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}
