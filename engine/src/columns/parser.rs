//! Text of whole lines into a batch: scan, check, intern, append.

use std::ops::Range;

use super::batch::{Certificate, Client, ConnectionBatch, Dictionaries, Endpoint, Outcome, RejectedLine, Route, SourceRun, Tally, Verdict};
use super::dictionary::{Dictionary, Span};
use crate::error::{LineFault, LineFaultReason};
use crate::fields::{self, TimeReader};
use crate::format::Field;
use crate::scan::{self, Kernel, Line, Structure};

/// Distinct values in all dictionaries at which the next batch begins with empty ones.
const MAX_DISTINCT: usize = 1 << 17;
/// Bytes held by all dictionaries, unless less is set ([`Parser::limit_dictionaries`]), at which the next batch begins with empty ones.
const MAX_DICTIONARY_BYTES: usize = 16 << 20;

/// Bytes scanned at a time: text and structure stay in the second-level cache until the fields are read.
const BLOCK_BYTES: usize = 256 << 10;

/// Turns text into batches, reusing everything from one batch to the next.
///
/// A batch is made of one or more runs ([`Parser::parse`]), each a stretch of lines of one input; a run can be taken back
/// ([`Parser::rollback`]) as long as the batch is open.
#[derive(Debug)]
pub struct Parser {
    kernel: Kernel,
    range: Range<i64>,
    structure: Structure,
    time: TimeReader,
    /// The certificate that each client (by id) showed last: it rarely changes, and one comparison confirms it.
    certificate_of: Vec<u32>,
    batch: ConnectionBatch,
    dictionaries: Dictionaries,
    keep_lines: bool,
    dictionary_bytes: usize,
}

/// The state of a batch before a run, to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    rows: usize,
    rejected: usize,
    runs: usize,
    ports: usize,
}

/// What became of a line.
enum Parsed {
    Row,
    OutOfRange,
}

impl Parser {
    /// A parser that scans with `kernel` and keeps rows with `since <= time < until` (µs since 1970).
    pub fn new(kernel: Kernel, since: Option<i64>, until: Option<i64>) -> Self {
        Self {
            kernel,
            range: since.unwrap_or(i64::MIN)..until.unwrap_or(i64::MAX),
            structure: Structure::default(),
            time: TimeReader::default(),
            certificate_of: Vec::new(),
            batch: ConnectionBatch::default(),
            dictionaries: Dictionaries::default(),
            keep_lines: false,
            dictionary_bytes: MAX_DICTIONARY_BYTES,
        }
    }

    /// Has the dictionaries begin anew at so many bytes.
    pub fn limit_dictionaries(&mut self, bytes: usize) {
        self.dictionary_bytes = bytes.min(MAX_DICTIONARY_BYTES);
    }

    /// Bytes held, room that is not in use included.
    pub fn memory(&self) -> usize {
        let ids = self.certificate_of.capacity() * size_of::<u32>();
        self.batch.memory() + self.dictionaries.held() + self.structure.memory() + ids
    }

    /// Keeps each row's line as logged, too.
    pub fn keep_lines(&mut self, keep: bool) {
        self.keep_lines = keep;
    }

    /// The batch so far.
    pub fn batch(&self) -> &ConnectionBatch {
        &self.batch
    }

    /// The values behind the batch's ids.
    pub fn dictionaries(&self) -> &Dictionaries {
        &self.dictionaries
    }

    /// Begins a new, empty batch. Dictionaries are kept as long as they are small: what repeats across batches is found again.
    pub fn begin(&mut self) {
        self.batch.clear();
        if self.dictionaries.distinct() > MAX_DISTINCT || self.dictionaries.memory() > self.dictionary_bytes {
            self.dictionaries.clear();
            self.certificate_of.clear();
        }
    }

    /// The batch, to say more of where its lines stood.
    pub(crate) fn batch_mut(&mut self) -> &mut ConnectionBatch {
        &mut self.batch
    }

    /// Where the batch stands now, for [`Parser::rollback`].
    pub fn mark(&self) -> Mark {
        Mark {
            rows: self.batch.rows(),
            rejected: self.batch.rejected.len(),
            runs: self.batch.runs.len(),
            ports: self.batch.tls_ports_out_of_range.len(),
        }
    }

    /// Takes back everything that was parsed since `mark`.
    pub fn rollback(&mut self, mark: Mark) {
        self.batch.truncate(mark.rows, mark.rejected, mark.runs);
        self.batch.tls_ports_out_of_range.truncate(mark.ports);
    }

    /// Parses `text`, the lines of input `file` from its decompressed byte `offset` on, as one run of the batch.
    ///
    /// Each line becomes a row, a rejected line, a blank or an out-of-range count; the run's tally says how many of each. Memory grows
    /// with the rows and rejected lines, not with the text.
    pub fn parse(&mut self, file: u32, offset: u64, text: &[u8]) {
        let mut run = SourceRun {
            file,
            first_row: self.batch.rows() as u32,
            first_rejected: self.batch.rejected.len() as u32,
            offset,
            ..SourceRun::default()
        };
        let mut structure = std::mem::take(&mut self.structure);
        let mut start = 0;
        while start < text.len() {
            let end = block_end(text, start);
            self.block(&text[start..end], start as u64, &mut structure, &mut run.tally);
            start = end;
        }
        self.structure = structure;
        self.batch.runs.push(run);
    }

    /// Parses a block of whole lines that begins `offset` bytes into its run.
    fn block(&mut self, text: &[u8], offset: u64, structure: &mut Structure, tally: &mut Tally) {
        scan::scan(self.kernel, text, structure);
        let ascii = text.is_ascii();
        for (number, line) in (tally.lines as u32..).zip(structure.lines()) {
            if line.start == line.end {
                tally.blank += 1;
                continue;
            }
            match self.line(text, number, line, structure.ends(line), ascii) {
                Ok(Parsed::Row) => tally.rows += 1,
                Ok(Parsed::OutOfRange) => tally.out_of_range += 1,
                Err(fault) => {
                    tally.rejected += 1;
                    self.batch.rejected.push(rejected(text, offset, number, line, fault));
                }
            }
        }
        tally.lines += structure.lines().len() as u64;
        tally.raw_bytes += text.len() as u64;
    }

    /// Parses one line that is not blank. Nothing is appended unless all of it is right.
    #[inline]
    fn line(&mut self, text: &[u8], number: u32, line: &Line, ends: &[u32], ascii: bool) -> Result<Parsed, LineFault> {
        let fields = Fields { text, line, ends };
        if !ascii && let Err(error) = std::str::from_utf8(fields.whole()) {
            return Err(fault_at(fields.holding(error.valid_up_to()), LineFaultReason::NotUtf8));
        }
        if let Some((field, reason)) = line.fault {
            return Err(fault_at(Some(field as usize), reason));
        }
        if ends.len() < Field::REQUIRED {
            return Err(fault_at(Some(ends.len()), LineFaultReason::TooFewFields));
        }
        let time = self.time.read(fields::unquoted(fields.raw(Field::Time)));
        let time = time.ok_or_else(|| fault(Field::Time, LineFaultReason::InvalidTime))?;
        let dictionaries = &mut self.dictionaries;
        let client = intern_client(&mut dictionaries.clients, fields.raw(Field::ClientIp))?;
        let client_port = port(&fields, Field::ClientPort)?;
        let endpoint = intern_endpoint(&mut dictionaries.endpoints, &fields)?;
        let latency = latency(fields.raw(Field::TlsHandshakeLatency))?;
        if !self.range.contains(&time) {
            let Endpoint { listener_port, tls_protocol, .. } = *dictionaries.endpoints.value(endpoint);
            let ports = &mut self.batch.tls_ports_out_of_range;
            if tls_protocol.is_some() && !ports.contains(&listener_port) {
                ports.push(listener_port);
            }
            return Ok(Parsed::OutOfRange);
        }
        let certificate = intern_certificate(&mut dictionaries.certificates, &mut self.certificate_of, client, &fields);
        let verdict = intern_verdict(&mut dictionaries.verdicts, fields.raw(Field::TlsVerifyStatus));
        let route = intern_route(&mut dictionaries.routes, &fields);
        let batch = &mut self.batch;
        if let Some(extra) = fields.extra() {
            batch.extra.push((batch.time.len() as u32, extra.into()));
        }
        batch.time.push(time);
        batch.client.push(client);
        batch.client_port.push(client_port);
        batch.endpoint.push(endpoint);
        batch.latency.push(latency);
        batch.certificate.push(certificate);
        batch.verdict.push(verdict);
        batch.trace.push(fields.get(Field::ConnTraceId).and_then(fields::text));
        batch.route.push(route);
        if self.keep_lines {
            batch.raw.push(Some(fields.whole()));
        }
        batch.line.push(number);
        Ok(Parsed::Row)
    }
}

/// The end of the block of whole lines that begins at `start`.
fn block_end(text: &[u8], start: usize) -> usize {
    let least = start + BLOCK_BYTES;
    match text.get(least..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        Some(newline) => least + newline + 1,
        None => text.len(),
    }
}

/// The raw fields of one line.
struct Fields<'a> {
    text: &'a [u8],
    line: &'a Line,
    ends: &'a [u32],
}

impl<'a> Fields<'a> {
    fn whole(&self) -> &'a [u8] {
        &self.text[self.line.start as usize..self.line.end as usize]
    }

    #[inline]
    fn start(&self, field: usize) -> usize {
        if field == 0 { self.line.start as usize } else { self.ends[field - 1] as usize + 1 }
    }

    /// A field that every line has.
    #[inline]
    fn raw(&self, field: Field) -> &'a [u8] {
        &self.text[self.start(field as usize)..self.ends[field as usize] as usize]
    }

    /// A field that the line may end before.
    #[inline]
    fn get(&self, field: Field) -> Option<&'a [u8]> {
        ((field as usize) < self.ends.len()).then(|| self.raw(field))
    }

    /// The bytes from the start of one field to the end of another, both of which the line has.
    #[inline]
    fn tuple(&self, first: usize, last: usize) -> &'a [u8] {
        &self.text[self.start(first)..self.ends[last] as usize]
    }

    /// What follows the last known field and its space.
    #[inline]
    fn extra(&self) -> Option<&'a str> {
        let start = *self.ends.get(Field::KNOWN - 1)? as usize + 1;
        let extra = self.text.get(start..self.line.end as usize)?;
        Some(std::str::from_utf8(extra).unwrap_or_default())
    }

    /// The known field that holds byte `at` of the line.
    fn holding(&self, at: usize) -> Option<usize> {
        let at = self.line.start as usize + at;
        let ended_before = self.ends.iter().take_while(|&&end| (end as usize) < at).count();
        Some(ended_before)
    }

    /// Where `field`'s text lies, counted from the start of field `first`, shifted by `base`; `None` for NULL or a field that is absent.
    fn span(&self, field: Field, first: Field, base: u32) -> Span {
        let raw = self.get(field)?;
        let text = fields::text(raw)?;
        let quote = u32::from(text.len() != raw.len());
        let start = (self.start(field as usize) - self.start(first as usize)) as u32;
        Some((base + start + quote, text.len() as u32))
    }
}

#[cold]
fn fault(field: Field, reason: LineFaultReason) -> LineFault {
    LineFault { field: Some(field), reason }
}

#[cold]
fn fault_at(field: Option<usize>, reason: LineFaultReason) -> LineFault {
    LineFault { field: field.and_then(Field::at), reason }
}

/// The line, kept whole: with its `\r` if it has one, without its `\n`.
#[cold]
fn rejected(text: &[u8], offset: u64, number: u32, line: &Line, fault: LineFault) -> RejectedLine {
    let end = line.end as usize;
    let end = if text[end..].starts_with(b"\r\n") { end + 1 } else { end };
    let start = line.start as usize;
    RejectedLine { line: number, offset: offset + start as u64, fault, raw: text[start..end].into() }
}

#[inline]
fn port(fields: &Fields<'_>, field: Field) -> Result<u16, LineFault> {
    fields::port(fields::unquoted(fields.raw(field))).ok_or_else(|| fault(field, LineFaultReason::InvalidPort))
}

/// Seconds; NaN for NULL.
#[inline]
fn latency(raw: &[u8]) -> Result<f64, LineFault> {
    match fields::text(raw) {
        None => Ok(f64::NAN),
        Some(text) => fields::latency_seconds(text).ok_or_else(|| fault(Field::TlsHandshakeLatency, LineFaultReason::InvalidLatency)),
    }
}

#[inline]
fn intern_client(clients: &mut Dictionary<Client>, raw: &[u8]) -> Result<u32, LineFault> {
    clients.intern(raw, |base| {
        let text = fields::unquoted(raw);
        if !fields::is_ip_address(text) {
            return Err(fault(Field::ClientIp, LineFaultReason::InvalidIpAddress));
        }
        let quote = u32::from(text.len() != raw.len());
        Ok(Client { text: Some((base + quote, text.len() as u32)) })
    })
}

#[inline]
fn intern_endpoint(endpoints: &mut Dictionary<Endpoint>, fields: &Fields<'_>) -> Result<u32, LineFault> {
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
fn intern_certificate(certificates: &mut Dictionary<Certificate>, certificate_of: &mut Vec<u32>, client: u32, fields: &Fields<'_>) -> u32 {
    let raw = fields.tuple(Field::LeafClientCertSubject as usize, Field::LeafClientCertSerialNumber as usize);
    let client = client as usize;
    if let Some(&guess) = certificate_of.get(client)
        && certificates.is(guess, raw)
    {
        return guess;
    }
    let id = certificates.intern_infallible(raw, |base| {
        let validity = fields::text(fields.raw(Field::LeafClientCertValidity));
        let (not_before, not_after) = validity.map(fields::validity_micros).unwrap_or_default();
        Certificate {
            subject: fields.span(Field::LeafClientCertSubject, Field::LeafClientCertSubject, base),
            validity: fields.span(Field::LeafClientCertValidity, Field::LeafClientCertSubject, base),
            serial: fields.span(Field::LeafClientCertSerialNumber, Field::LeafClientCertSubject, base),
            not_before,
            not_after,
        }
    });
    if client >= certificate_of.len() {
        certificate_of.resize(client + 1, u32::MAX);
    }
    certificate_of[client] = id;
    id
}

#[inline]
fn intern_verdict(verdicts: &mut Dictionary<Verdict>, raw: &[u8]) -> u32 {
    verdicts.intern_infallible(raw, |base| {
        let Some(status) = fields::text(raw) else {
            return Verdict { status: None, outcome: Outcome::NoVerdict, reason: None };
        };
        let start = base + u32::from(status.len() != raw.len());
        let end = start + status.len() as u32;
        let code = fields::failure_code(status).map(|code| (end - code.len() as u32, code.len() as u32));
        let outcome = match status {
            b"Success" => Outcome::Success,
            b"Failed" => Outcome::Failed,
            _ if code.is_some() => Outcome::Failed,
            _ => Outcome::Other,
        };
        Verdict { status: Some((start, status.len() as u32)), outcome, reason: code }
    })
}

/// Stands for fields that the line ends before: no line holds a newline, so no field is mistaken for it.
const ABSENT: &[u8] = b"\n";

#[inline]
fn intern_route(routes: &mut Dictionary<Route>, fields: &Fields<'_>) -> u32 {
    let first = Field::TlsKeyexchange;
    let last = fields.ends.len().min(Field::KNOWN) - 1;
    let raw = if last < first as usize { ABSENT } else { fields.tuple(first as usize, last) };
    routes.intern_infallible(raw, |base| Route {
        tls_keyexchange: fields.span(Field::TlsKeyexchange, first, base),
        elb: fields.span(Field::Elb, first, base),
        ip_address: fields.span(Field::IpAddress, first, base),
    })
}

#[cfg(test)]
mod tests;
