//! One line of a connection log, field by field, and how it is put together. Knows spellings, not what is likely.

use crate::calendar::{push_decimal, push_micros, push_padded, push_seconds};
use crate::draw::Draw;

/// Positions of the fields in a line, counted from 0.
#[allow(missing_docs)] // each is the field of the same name
pub(crate) mod field {
    pub(crate) const TIME: usize = 0;
    pub(crate) const CLIENT_IP: usize = 1;
    pub(crate) const CLIENT_PORT: usize = 2;
    pub(crate) const LISTENER_PORT: usize = 3;
    pub(crate) const PROTOCOL: usize = 4;
    pub(crate) const CIPHER: usize = 5;
    pub(crate) const LATENCY: usize = 6;
    pub(crate) const SUBJECT: usize = 7;
    pub(crate) const VALIDITY: usize = 8;
    pub(crate) const SERIAL: usize = 9;
    pub(crate) const STATUS: usize = 10;
    pub(crate) const TRACE: usize = 11;
    pub(crate) const KEY_EXCHANGE: usize = 12;
    pub(crate) const ELB: usize = 13;
    pub(crate) const NODE: usize = 14;
    pub(crate) const COUNT: usize = 15;
}

/// What a TLS stack negotiates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsProfile {
    pub(crate) protocol: &'static str,
    pub(crate) cipher: &'static str,
    /// `-` for RSA key transport.
    pub(crate) key_exchange: &'static str,
}

/// The balancer's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    /// With the reason's code.
    Failed(&'static str),
    /// `-`.
    None,
}

/// The texts of the fields as they will be logged, quotes and all. Made to be reused: setting a field keeps its buffer.
pub(crate) struct Line {
    fields: [Vec<u8>; field::COUNT],
}

impl Line {
    /// A line of empty fields.
    pub(crate) fn new() -> Self {
        Self { fields: Default::default() }
    }

    /// The emptied buffer of a field, to write its text into.
    pub(crate) fn field(&mut self, position: usize) -> &mut Vec<u8> {
        let buffer = &mut self.fields[position];
        buffer.clear();
        buffer
    }

    /// Sets a field to `text`.
    pub(crate) fn set(&mut self, position: usize, text: &str) {
        self.field(position).extend_from_slice(text.as_bytes());
    }

    /// The text of a field.
    pub(crate) fn text(&self, position: usize) -> &[u8] {
        &self.fields[position]
    }

    /// Field 1, from microseconds since 1970.
    pub(crate) fn set_time(&mut self, micros: i64) {
        push_micros(self.field(field::TIME), micros);
    }

    /// Fields 3 and 4.
    pub(crate) fn set_ports(&mut self, client: u16, listener: u16) {
        push_decimal(self.field(field::CLIENT_PORT), u64::from(client));
        push_decimal(self.field(field::LISTENER_PORT), u64::from(listener));
    }

    /// Protocol, cipher and key exchange; `-` without one.
    pub(crate) fn set_tls(&mut self, profile: Option<&TlsProfile>) {
        const NONE: TlsProfile = TlsProfile { protocol: "-", cipher: "-", key_exchange: "-" };
        let profile = profile.unwrap_or(&NONE);
        self.set(field::PROTOCOL, profile.protocol);
        self.set(field::CIPHER, profile.cipher);
        self.set(field::KEY_EXCHANGE, profile.key_exchange);
    }

    /// Handshake latency, milliseconds, spelled in seconds; `-` without one.
    pub(crate) fn set_latency(&mut self, milliseconds: Option<u64>) {
        let out = self.field(field::LATENCY);
        match milliseconds {
            Some(value) => {
                push_decimal(out, value / 1_000);
                out.push(b'.');
                push_padded(out, value % 1_000, 3);
            }
            None => out.push(b'-'),
        }
    }

    /// Subject, validity and serial of a client that showed no certificate: `"-" - -`, as real lines have it.
    pub(crate) fn set_no_certificate(&mut self) {
        self.set(field::SUBJECT, "\"-\"");
        self.set(field::VALIDITY, "-");
        self.set(field::SERIAL, "-");
    }

    /// `NotBefore=…;NotAfter=…`, from seconds since 1970.
    pub(crate) fn set_validity(&mut self, not_before: i64, not_after: i64) {
        let out = self.field(field::VALIDITY);
        out.extend_from_slice(b"NotBefore=");
        push_seconds(out, not_before);
        out.extend_from_slice(b";NotAfter=");
        push_seconds(out, not_after);
    }

    /// Field 11, unquoted.
    pub(crate) fn set_verdict(&mut self, verdict: Verdict) {
        let out = self.field(field::STATUS);
        match verdict {
            Verdict::Success => out.extend_from_slice(b"Success"),
            Verdict::Failed(code) => {
                out.extend_from_slice(b"Failed:");
                out.extend_from_slice(code.as_bytes());
            }
            Verdict::None => out.push(b'-'),
        }
    }

    /// `TID_` and 128 random bits.
    pub(crate) fn set_trace(&mut self, draw: &mut Draw) {
        let (high, low) = (draw.bits(), draw.bits());
        let out = self.field(field::TRACE);
        out.extend_from_slice(b"TID_");
        push_hex(out, high, 16, b"0123456789abcdef");
        push_hex(out, low, 16, b"0123456789abcdef");
    }

    /// Appends the first `count` fields with a space between them, and no line end.
    pub(crate) fn write_fields(&self, out: &mut Vec<u8>, count: usize) {
        for (position, text) in self.fields[..count].iter().enumerate() {
            if position > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(text);
        }
    }

    /// Appends the whole line with its newline.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.write_fields(out, field::COUNT);
        out.push(b'\n');
    }
}

/// Appends the lowest `digits` (at most 16) hex digits of `bits`, spelled by `alphabet`.
pub(crate) fn push_hex(out: &mut Vec<u8>, bits: u64, digits: u32, alphabet: &[u8; 16]) {
    for place in (0..digits).rev() {
        out.push(alphabet[(bits >> (place * 4) & 0xf) as usize]);
    }
}
