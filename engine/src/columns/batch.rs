//! What the parser makes of a stretch of log text: columns of typed values, ids of values that repeat, and the lines it rejected.

use std::ops::Range;
use std::sync::Arc;

use super::dictionary::{Dictionary, Span};
use crate::error::LineFault;

/// Stands for the client and the certificate of a row where they are not kept ([`Parser::keep_identities`](super::Parser::keep_identities)).
/// No dictionary holds it.
pub const NOBODY: u32 = u32::MAX;

/// Rows in input order, column by column. `-` is NULL wherever a column allows it.
///
/// `client`, `endpoint`, `certificate`, `verdict` and `route` are ids into the [`Dictionaries`] that were filled along with this batch.
/// All per-row vectors have the same length.
#[derive(Debug, Default)]
pub struct ConnectionBatch {
    /// Event time, µs since 1970, UTC.
    pub time: Vec<i64>,
    /// `client_ip`: ids into [`Dictionaries::clients`], or [`NOBODY`].
    pub client: Vec<u32>,
    /// `client_port`.
    pub client_port: Vec<u16>,
    /// `listener_port`, `tls_protocol`, `tls_cipher`: ids into [`Dictionaries::endpoints`].
    pub endpoint: Vec<u32>,
    /// `tls_handshake_latency` in seconds; NaN is NULL.
    pub latency: Vec<f64>,
    /// Subject, validity and serial: ids into [`Dictionaries::certificates`], or [`NOBODY`].
    pub certificate: Vec<u32>,
    /// `tls_verify_status`: ids into [`Dictionaries::verdicts`].
    pub verdict: Vec<u32>,
    /// `conn_trace_id`; empty where it is not kept ([`Parser::keep_traces`](super::Parser::keep_traces)).
    pub trace: TextColumn,
    /// The lines as logged, without their ends; empty unless they are kept ([`Parser::keep_lines`](super::Parser::keep_lines)).
    pub raw: TextColumn,
    /// `tls_keyexchange`, `elb`, `ip_address`: ids into [`Dictionaries::routes`].
    pub route: Vec<u32>,
    /// What followed the 15th field: (row, text as it stood), rows ascending; NULL for rows not named.
    pub extra: Vec<(u32, Box<str>)>,
    /// Line number of each row, counted from 0 at the start of its run (blank and rejected lines counted).
    pub line: Vec<u32>,
    /// Which input the rows come from, in order.
    pub runs: Vec<SourceRun>,
    /// Lines that became no row, in order.
    pub rejected: Vec<RejectedLine>,
    /// Listener ports that spoke TLS in lines outside the time range: whether a port is plain HTTP is asked of the whole input.
    pub tls_ports_out_of_range: Vec<u16>,
}

impl ConnectionBatch {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.time.len()
    }

    /// The rows of run `index`, as a range over the per-row vectors.
    pub fn run_rows(&self, index: usize) -> Range<usize> {
        let end = self.runs.get(index + 1).map_or(self.rows(), |next| next.first_row as usize);
        self.runs[index].first_row as usize..end
    }

    /// The rejected lines of the last run, to be changed.
    fn last_rejected(&mut self) -> &mut [RejectedLine] {
        let first = self.runs.last().map_or(self.rejected.len(), |run| run.first_rejected as usize);
        &mut self.rejected[first..]
    }

    /// Gives the lines of the last run their numbers: `place` takes a line's place among the lines parsed, and gives its number (counted
    /// from 0 at the start of the run) and its first byte.
    pub(crate) fn place_lines(&mut self, place: impl Fn(u32) -> (u32, u64)) {
        let first = self.runs.last().map_or(self.line.len(), |run| run.first_row as usize);
        self.line[first..].iter_mut().for_each(|line| *line = place(*line).0);
        self.last_rejected().iter_mut().for_each(|rejected| (rejected.line, rejected.offset) = place(rejected.line));
    }

    /// The rejected lines of run `index`.
    pub fn run_rejected(&self, index: usize) -> &[RejectedLine] {
        let end = self.runs.get(index + 1).map_or(self.rejected.len(), |next| next.first_rejected as usize);
        &self.rejected[self.runs[index].first_rejected as usize..end]
    }

    /// Bytes held by texts without repetition and by rejected lines, roughly: what grows with the length of lines.
    pub fn text_bytes(&self) -> usize {
        let extra: usize = self.extra.iter().map(|(_, text)| text.len()).sum();
        let rejected: usize = self.rejected.iter().map(|line| line.raw.len()).sum();
        self.trace.bytes.len() + self.raw.bytes.len() + extra + rejected
    }

    /// Bytes held, room that is not in use included.
    pub fn memory(&self) -> usize {
        let ids = [&self.client, &self.endpoint, &self.certificate, &self.verdict, &self.route, &self.line];
        let ids: usize = ids.into_iter().map(|ids| ids.capacity() * size_of::<u32>()).sum();
        let numbers = (self.time.capacity() + self.latency.capacity()) * size_of::<i64>() + self.client_port.capacity() * size_of::<u16>();
        let extra = self.extra.capacity() * size_of::<(u32, Box<str>)>() + self.extra.iter().map(|(_, text)| text.len()).sum::<usize>();
        let rejected = self.rejected.iter().map(|line| line.raw.len() + 16).sum::<usize>();
        let lines = self.rejected.capacity() * size_of::<RejectedLine>() + self.runs.capacity() * size_of::<SourceRun>();
        ids + numbers + extra + rejected + lines + self.trace.memory() + self.raw.memory()
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.truncate(0, 0, 0);
    }

    /// Drops what came after the first `rows` rows, `rejected` rejected lines and `runs` runs.
    pub fn truncate(&mut self, rows: usize, rejected: usize, runs: usize) {
        self.time.truncate(rows);
        self.client.truncate(rows);
        self.client_port.truncate(rows);
        self.endpoint.truncate(rows);
        self.latency.truncate(rows);
        self.certificate.truncate(rows);
        self.verdict.truncate(rows);
        self.trace.truncate(rows);
        self.route.truncate(rows);
        self.raw.truncate(rows);
        let extra = self.extra.partition_point(|&(row, _)| (row as usize) < rows);
        self.extra.truncate(extra);
        self.line.truncate(rows);
        self.rejected.truncate(rejected);
        self.runs.truncate(runs);
        if runs == 0 {
            self.tls_ports_out_of_range.clear();
        }
    }
}

/// A column of short texts without repetition.
#[derive(Debug, Default)]
pub struct TextColumn {
    /// End of each value in `bytes`; the first begins at 0.
    pub ends: Vec<u32>,
    /// The values, one after the other; UTF-8.
    pub bytes: Vec<u8>,
    /// Rows that are NULL (an empty text otherwise), ascending.
    pub nulls: Vec<u32>,
}

impl TextColumn {
    /// Bytes held, room that is not in use included.
    fn memory(&self) -> usize {
        self.bytes.capacity() + (self.ends.capacity() + self.nulls.capacity()) * size_of::<u32>()
    }

    /// Appends a value; `None` is NULL.
    #[inline]
    pub fn push(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.bytes.extend_from_slice(text),
            None => self.nulls.push(self.ends.len() as u32),
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// [`TextColumn::push`] of texts of one length, which is cheaper.
    #[inline(always)]
    pub(crate) fn push_fixed<const N: usize>(&mut self, text: Option<&[u8; N]>) {
        match text {
            Some(text) => self.bytes.extend_from_slice(text),
            None => self.nulls.push(self.ends.len() as u32),
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// Drops what came after the first `rows` values.
    pub fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        self.bytes.truncate(self.ends.last().map_or(0, |&end| end as usize));
        let nulls = self.nulls.partition_point(|&row| (row as usize) < rows);
        self.nulls.truncate(nulls);
    }

    /// The bytes of value `row` (empty for NULL).
    #[inline]
    pub fn bytes_at(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start as usize..self.ends[row] as usize]
    }
}

/// A stretch of consecutive lines of one input: one whole file, or one piece of a large one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRun {
    /// Index of the input in the job's list of files.
    pub file: u32,
    /// First row of the run in its batch; it ends where the next run begins.
    pub first_row: u32,
    /// First rejected line of the run in its batch; likewise.
    pub first_rejected: u32,
    /// Byte of the decompressed input at which the run begins.
    pub offset: u64,
    /// What was counted in the run.
    pub tally: Tally,
    /// Where the rows came from before they were in a lake; `None` for rows of logs.
    pub origin: Option<Arc<Origin>>,
    /// XXH3-128 of the input's text up to the end of the run, where that was asked for and is known.
    pub checksum: Option<u128>,
}

/// Where rows of a lake come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The input that they were converted from: column `source_object`.
    pub object: Arc<str>,
    /// Number (from 1) of the line from which the run's line numbers count.
    pub first_line: u64,
    /// `app/name/id` as the input's name tells it.
    pub balancer: Option<Arc<str>>,
}

/// The accounting of lines: `lines = rows + rejected + blank + out_of_range + passed_over`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Decompressed bytes.
    pub raw_bytes: u64,
    /// Lines; the last may lack its newline.
    pub lines: u64,
    /// Lines that became rows.
    pub rows: u64,
    /// Lines that were rejected.
    pub rejected: u64,
    /// Empty lines.
    pub blank: u64,
    /// Good lines outside `--since`/`--until`.
    pub out_of_range: u64,
    /// Lines that a search did not parse, since they cannot be what it looks for. Always 0 without a search.
    pub passed_over: u64,
}

impl Tally {
    /// Adds `other` to this.
    pub fn add(&mut self, other: &Tally) {
        self.raw_bytes += other.raw_bytes;
        self.lines += other.lines;
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.blank += other.blank;
        self.out_of_range += other.out_of_range;
        self.passed_over += other.passed_over;
    }

    /// Whether every line is accounted for.
    pub fn balances(&self) -> bool {
        self.lines == self.rows + self.rejected + self.blank + self.out_of_range + self.passed_over
    }
}

/// A line that became no row, kept whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedLine {
    /// Line number counted from 0 at the start of its run.
    pub line: u32,
    /// First byte of the line, counted from 0 at the start of its run.
    pub offset: u64,
    /// What is wrong with it.
    pub fault: LineFault,
    /// The line without its newline.
    pub raw: Box<[u8]>,
}

/// The values behind the ids of one or more batches.
#[derive(Debug, Default)]
pub struct Dictionaries {
    /// `client_ip`; never NULL.
    pub clients: Dictionary<Client>,
    /// Listener port, protocol, cipher.
    pub endpoints: Dictionary<Endpoint>,
    /// Subject, validity, serial.
    pub certificates: Dictionary<Certificate>,
    /// `tls_verify_status`.
    pub verdicts: Dictionary<Verdict>,
    /// Key exchange, balancer, node address. Older lines end before these: an entry of NULLs.
    pub routes: Dictionary<Route>,
    /// Another one whenever the ids begin anew.
    identity: Identity,
}

/// What ids belong to: equal only to itself and its clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity(Arc<()>);

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        // As long as either is held, no other can stand in its place.
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Dictionaries {
    /// Distinct values in all of them.
    pub fn distinct(&self) -> usize {
        self.clients.len() + self.endpoints.len() + self.certificates.len() + self.verdicts.len() + self.routes.len()
    }

    /// Bytes held, roughly.
    pub fn memory(&self) -> usize {
        self.clients.memory() + self.endpoints.memory() + self.certificates.memory() + self.verdicts.memory() + self.routes.memory()
    }

    /// Bytes held, room that is not in use included.
    pub fn held(&self) -> usize {
        self.clients.held() + self.endpoints.held() + self.certificates.held() + self.verdicts.held() + self.routes.held()
    }

    /// Forgets everything; ids given before mean nothing afterwards.
    pub fn clear(&mut self) {
        self.clients.clear();
        self.endpoints.clear();
        self.certificates.clear();
        self.verdicts.clear();
        self.routes.clear();
        self.identity = Identity::default();
    }

    /// What the ids belong to: as long as it is the same, an id means the same.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// `client_ip` as logged (`Dictionary::text` of `text`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub text: Span,
}

/// What a client connected to and what was negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// 0–65535.
    pub listener_port: u16,
    /// `TLSv1.2`, …
    pub tls_protocol: Span,
    /// An open set.
    pub tls_cipher: Span,
}

/// The leaf certificate as far as the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// RFC 2253 text as logged, not unescaped.
    pub subject: Span,
    /// `NotBefore=…;NotAfter=…` as logged.
    pub validity: Span,
    /// Hex as logged.
    pub serial: Span,
    /// `NotBefore`, µs since 1970; `None` where the validity is absent or not of that form.
    pub not_before: Option<i64>,
    /// `NotAfter`, likewise.
    pub not_after: Option<i64>,
}

/// The outcome of a handshake, as `tls_verify_status` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The field as logged.
    pub status: Span,
    /// What it means.
    pub outcome: Outcome,
    /// The code after `Failed:`.
    pub reason: Span,
}

/// What became of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// `Success`.
    Success,
    /// `Failed:<code>`, or `Failed` alone.
    Failed,
    /// `-`: the balancer gave no verdict.
    NoVerdict,
    /// Anything else: a status that AWS has not documented.
    Other,
}

/// How the connection got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// An open set; NULL before 2025.
    pub tls_keyexchange: Span,
    /// `app/name/id`.
    pub elb: Span,
    /// The load balancer node.
    pub ip_address: Span,
}
