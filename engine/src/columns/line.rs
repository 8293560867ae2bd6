//! One line that was scanned: its fields, checked and interned.
//!
//! In: the line and the ends of its fields. Out: values, ids of dictionaries, or what is wrong with a field.

use super::batch::{Certificate, Client, Endpoint, Outcome, Route, Verdict};
use super::dictionary::{Dictionary, Span};
use crate::error::{LineFault, LineFaultReason};
use crate::fields;
use crate::format::Field;
use crate::scan::Line;

/// The raw fields of one line.
pub(super) struct Fields<'a> {
    pub(super) text: &'a [u8],
    pub(super) line: &'a Line,
    pub(super) ends: &'a [u32],
}

impl<'a> Fields<'a> {
    pub(super) fn whole(&self) -> &'a [u8] {
        &self.text[self.line.start as usize..self.line.end as usize]
    }

    #[inline]
    pub(super) fn start(&self, field: usize) -> usize {
        if field == 0 { self.line.start as usize } else { self.ends[field - 1] as usize + 1 }
    }

    /// A field that every line has.
    #[inline]
    pub(super) fn raw(&self, field: Field) -> &'a [u8] {
        &self.text[self.start(field as usize)..self.ends[field as usize] as usize]
    }

    /// A field that the line may end before.
    #[inline]
    pub(super) fn get(&self, field: Field) -> Option<&'a [u8]> {
        ((field as usize) < self.ends.len()).then(|| self.raw(field))
    }

    /// The bytes from the start of one field to the end of another, both of which the line has.
    #[inline]
    pub(super) fn tuple(&self, first: usize, last: usize) -> &'a [u8] {
        &self.text[self.start(first)..self.ends[last] as usize]
    }

    /// What follows the last known field and its space.
    #[inline]
    pub(super) fn extra(&self) -> Option<&'a str> {
        let start = *self.ends.get(Field::KNOWN - 1)? as usize + 1;
        let extra = self.text.get(start..self.line.end as usize)?;
        Some(std::str::from_utf8(extra).unwrap_or_default())
    }

    /// The known field that holds byte `at` of the line.
    pub(super) fn holding(&self, at: usize) -> Option<usize> {
        let at = self.line.start as usize + at;
        let ended_before = self.ends.iter().take_while(|&&end| (end as usize) < at).count();
        Some(ended_before)
    }

    /// Where `field`'s text lies, counted from the start of field `first`, shifted by `base`; `None` for NULL or a field that is absent.
    pub(super) fn span(&self, field: Field, first: Field, base: u32) -> Span {
        let raw = self.get(field)?;
        let text = fields::text(raw)?;
        let quote = u32::from(text.len() != raw.len());
        let start = (self.start(field as usize) - self.start(first as usize)) as u32;
        Some((base + start + quote, text.len() as u32))
    }
}

#[cold]
pub(super) fn fault(field: Field, reason: LineFaultReason) -> LineFault {
    LineFault { field: Some(field), reason }
}

#[cold]
pub(super) fn fault_at(field: Option<usize>, reason: LineFaultReason) -> LineFault {
    LineFault { field: field.and_then(Field::at), reason }
}

#[inline]
pub(super) fn port(fields: &Fields<'_>, field: Field) -> Result<u16, LineFault> {
    fields::port(fields::unquoted(fields.raw(field))).ok_or_else(|| fault(field, LineFaultReason::InvalidPort))
}

/// Seconds; NaN for NULL.
#[inline]
pub(super) fn latency(raw: &[u8]) -> Result<f64, LineFault> {
    match fields::text(raw) {
        None => Ok(f64::NAN),
        Some(text) => fields::latency_seconds(text).ok_or_else(|| fault(Field::TlsHandshakeLatency, LineFaultReason::InvalidLatency)),
    }
}

/// The address without its quotes.
#[inline]
pub(super) fn address(raw: &[u8]) -> Result<&[u8], LineFault> {
    let text = fields::unquoted(raw);
    if fields::is_ip_address(text) { Ok(text) } else { Err(fault(Field::ClientIp, LineFaultReason::InvalidIpAddress)) }
}

#[inline]
pub(super) fn intern_client(clients: &mut Dictionary<Client>, raw: &[u8]) -> Result<u32, LineFault> {
    clients.intern(raw, |base| {
        let text = address(raw)?;
        let quote = u32::from(text.len() != raw.len());
        Ok(Client { text: Some((base + quote, text.len() as u32)) })
    })
}

#[inline]
pub(super) fn intern_endpoint(endpoints: &mut Dictionary<Endpoint>, fields: &Fields<'_>) -> Result<u32, LineFault> {
    let raw = fields.tuple(Field::ListenerPort as usize, Field::TlsCipher as usize);
    endpoints.intern(raw, |base| {
        Ok(Endpoint {
            listener_port: port(fields, Field::ListenerPort)?,
            tls_protocol: fields.span(Field::TlsProtocol, Field::ListenerPort, base),
            tls_cipher: fields.span(Field::TlsCipher, Field::ListenerPort, base),
        })
    })
}

#[inline]
pub(super) fn intern_certificate(certificates: &mut Dictionary<Certificate>, fields: &Fields<'_>) -> u32 {
    let raw = fields.tuple(Field::LeafClientCertSubject as usize, Field::LeafClientCertSerialNumber as usize);
    certificates.intern_infallible(raw, |base| {
        let validity = fields::text(fields.raw(Field::LeafClientCertValidity));
        let (not_before, not_after) = validity.map(fields::validity_micros).unwrap_or_default();
        Certificate {
            subject: fields.span(Field::LeafClientCertSubject, Field::LeafClientCertSubject, base),
            validity: fields.span(Field::LeafClientCertValidity, Field::LeafClientCertSubject, base),
            serial: fields.span(Field::LeafClientCertSerialNumber, Field::LeafClientCertSubject, base),
            not_before,
            not_after,
        }
    })
}

#[inline]
pub(super) fn intern_verdict(verdicts: &mut Dictionary<Verdict>, raw: &[u8]) -> u32 {
    verdicts.intern_infallible(raw, |base| {
        let Some(status) = fields::text(raw) else {
            return Verdict { status: None, outcome: Outcome::NoVerdict, reason: None };
        };
        let start = base + u32::from(status.len() != raw.len());
        let end = start + status.len() as u32;
        let code = fields::failure_code(status).map(|code| (end - code.len() as u32, code.len() as u32));
        Verdict { status: Some((start, status.len() as u32)), outcome: outcome(status), reason: code }
    })
}

fn outcome(status: &[u8]) -> Outcome {
    match status {
        b"Success" => Outcome::Success,
        b"Failed" => Outcome::Failed,
        _ if fields::failure_code(status).is_some() => Outcome::Failed,
        _ => Outcome::Other,
    }
}

/// Whether `tls_verify_status` says that the handshake failed.
pub(super) fn is_failure(raw: &[u8]) -> bool {
    fields::text(raw).map(outcome) == Some(Outcome::Failed)
}

/// Stands for fields that the line ends before: no line holds a newline, so no field is mistaken for it.
pub(super) const ABSENT: &[u8] = b"\n";

#[inline]
pub(super) fn intern_route(routes: &mut Dictionary<Route>, fields: &Fields<'_>) -> u32 {
    let first = Field::TlsKeyexchange;
    let last = fields.ends.len().min(Field::KNOWN) - 1;
    let raw = if last < first as usize { ABSENT } else { fields.tuple(first as usize, last) };
    routes.intern_infallible(raw, |base| Route {
        tls_keyexchange: fields.span(Field::TlsKeyexchange, first, base),
        elb: fields.span(Field::Elb, first, base),
        ip_address: fields.span(Field::IpAddress, first, base),
    })
}
