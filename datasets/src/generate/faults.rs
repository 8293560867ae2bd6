//! Lines as they should not be, and lines that only look so.
//!
//! In: a good line. Out: the same connection, spelled in a way that a reader must reject, or in one that it must take. One oddity a line.

use crate::draw::Draw;
use crate::line::{Line, field};

/// What a reader must make of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Row,
    Rejected,
    Blank,
}

/// Ways to be rejected.
#[derive(Clone, Copy)]
enum Bad {
    TooFewFields,
    QuoteNotClosed,
    TextAfterQuote,
    Time,
    Address,
    Port,
    Latency,
    NotUtf8,
}

const BAD: [Bad; 8] =
    [Bad::TooFewFields, Bad::QuoteNotClosed, Bad::TextAfterQuote, Bad::Time, Bad::Address, Bad::Port, Bad::Latency, Bad::NotUtf8];

/// Ways to look strange and be right.
#[derive(Clone, Copy)]
enum Odd {
    OlderEra,
    ExtraFields,
    CarriageReturn,
    Subject,
    UnknownCode,
    QuotedStatus,
    UnknownTls,
    Fraction,
    Address,
    Latency,
    Trace,
    Blank,
}

const ODD: [Odd; 12] = [
    Odd::OlderEra,
    Odd::ExtraFields,
    Odd::CarriageReturn,
    Odd::Subject,
    Odd::UnknownCode,
    Odd::QuotedStatus,
    Odd::UnknownTls,
    Odd::Fraction,
    Odd::Address,
    Odd::Latency,
    Odd::Trace,
    Odd::Blank,
];

const BAD_TIMES: [&str; 6] =
    ["2026-13-01T00:00:00.000000Z", "2026-02-30T08:00:00.000000Z", "2026-03-16T08:00:00.000000", "1773648000", "yesterday", "-"];
const BAD_ADDRESSES: [&str; 6] = ["10.0.0.256", "10.0.0", "2001:db8:::1", "client.example.com", "10.0.0.1:443", "-"];
const BAD_PORTS: [&str; 5] = ["70000", "65536", "-1", "44x", "-"];
const BAD_LATENCIES: [&str; 5] = ["abc", "-0.5", "0.3.4", "0,337", "0.1s"];
/// A byte that never occurs, a character cut short, an overlong slash, half a surrogate pair.
const BAD_UTF8: [&[u8]; 4] = [b"\xff", b"M\xc3nchen", b"\xc0\xaf", b"\xed\xa0\x80"];

/// Quotes, commas and backslashes as RFC 2253 escapes them; other scripts; an empty text; bare dashes.
const ODD_SUBJECTS: [&str; 9] = [
    r#""CN=till-7,O=Acme \"West\"\, Inc.,C=US""#,
    r#""CN=a\" b,O=quote then space,C=US""#,
    r#""CN=corp\\users\\""#,
    r#""CN=three\\\" backslashes,C=US""#,
    r#""CN=kasse-3,O=Müller & Söhne,L=München,C=DE""#,
    r#""CN=端末-12,O=株式会社例,C=JP""#,
    r#""""#,
    "-",
    "CN=unquoted,C=US",
];
const EXTRA_FIELDS: [&str; 5] = [" -", " \"-\"", " - -", " x25519 \"two words\" -", " \"\""];

/// Appends `line` with an oddity to `out`; one in two must be rejected.
pub(super) fn write(line: &mut Line, draw: &mut Draw, out: &mut Vec<u8>) -> Effect {
    if draw.bits() & 1 == 0 {
        let bad = BAD[draw.below(BAD.len() as u64) as usize];
        write_bad(bad, line, draw, out);
        Effect::Rejected
    } else {
        let odd = ODD[draw.below(ODD.len() as u64) as usize];
        write_odd(odd, line, draw, out)
    }
}

fn write_bad(bad: Bad, line: &mut Line, draw: &mut Draw, out: &mut Vec<u8>) {
    match bad {
        Bad::TooFewFields => {
            line.write_fields(out, 1 + draw.below(10) as usize);
            out.push(b'\n');
            return;
        }
        // No other field has a quote, so nothing further on can close this one.
        Bad::QuoteNotClosed => line.set(field::SUBJECT, "\"CN=cut off,O=Example"),
        Bad::TextAfterQuote => line.set(field::SUBJECT, "\"CN=early\"end,O=Example\""),
        Bad::Time => line.set(field::TIME, draw.pick(&BAD_TIMES)),
        Bad::Address => line.set(field::CLIENT_IP, draw.pick(&BAD_ADDRESSES)),
        Bad::Port => {
            let which = [field::CLIENT_PORT, field::LISTENER_PORT][(draw.bits() & 1) as usize];
            line.set(which, draw.pick(&BAD_PORTS));
        }
        Bad::Latency => line.set(field::LATENCY, draw.pick(&BAD_LATENCIES)),
        Bad::NotUtf8 => {
            let text = draw.pick(&BAD_UTF8);
            let subject = line.field(field::SUBJECT);
            subject.extend_from_slice(b"\"CN=");
            subject.extend_from_slice(text);
            subject.push(b'"');
        }
    }
    line.write(out);
}

fn write_odd(odd: Odd, line: &mut Line, draw: &mut Draw, out: &mut Vec<u8>) -> Effect {
    let mut count = field::COUNT;
    let mut tail = "\n";
    match odd {
        Odd::Blank => {
            out.extend_from_slice(b"\n");
            return Effect::Blank;
        }
        Odd::OlderEra => count = 11 + draw.below(4) as usize,
        Odd::ExtraFields => {
            line.write_fields(out, count);
            out.extend_from_slice(draw.pick(&EXTRA_FIELDS).as_bytes());
            out.push(b'\n');
            return Effect::Row;
        }
        Odd::CarriageReturn => tail = "\r\n",
        Odd::Subject => line.set(field::SUBJECT, odd_subject(draw)),
        Odd::UnknownCode => line.set(field::STATUS, draw.pick(&["Failed:ClientCertFromTheFuture", "Failed:", "Failed", "Pending"])),
        Odd::QuotedStatus => line.set(field::STATUS, draw.pick(&["\"Failed:ClientCertUntrusted\"", "\"Success\"", "\"-\""])),
        Odd::UnknownTls => {
            // A plain-HTTP port that spoke TLS once would be plain HTTP no more.
            line.set(field::LISTENER_PORT, "443");
            line.set(field::PROTOCOL, "TLSv1.4");
            line.set(field::CIPHER, draw.pick(&["ECDHE-RSA-AES256-SHA", "TLS_HYPOTHETICAL_SHA512"]));
            line.set(field::KEY_EXCHANGE, "MLKEM9000");
        }
        Odd::Fraction => shorten_fraction(line, draw),
        Odd::Address => line.set(field::CLIENT_IP, draw.pick(&["::1", "::ffff:192.0.2.7", "2001:DB8:0:0:0:0:0:1", "\"192.0.2.7\""])),
        Odd::Latency => line.set(field::LATENCY, draw.pick(&["0", "12", "0.000", "0.0004", "\"-\"", "86400.001"])),
        Odd::Trace => line.set(field::TRACE, draw.pick(&["TID_0123456789abcdef", "-", "\"TID_quoted\"", "TID_"])),
    }
    line.write_fields(out, count);
    out.extend_from_slice(tail.as_bytes());
    Effect::Row
}

fn odd_subject(draw: &mut Draw) -> &'static str {
    draw.pick(&ODD_SUBJECTS)
}

/// A time with no fraction, with three digits, or with nine.
fn shorten_fraction(line: &mut Line, draw: &mut Draw) {
    let micros = line.text(field::TIME).to_vec(); // `2026-03-16T08:00:00.123456Z`
    let time = line.field(field::TIME);
    match draw.below(3) {
        0 => time.extend_from_slice(&micros[..19]),
        1 => time.extend_from_slice(&micros[..23]),
        _ => {
            time.extend_from_slice(&micros[..26]);
            time.extend_from_slice(b"987");
        }
    }
    time.push(b'Z');
}
