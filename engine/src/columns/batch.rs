//! What the parser makes of a stretch of log text: columns of typed values, ids of values that repeat, and the lines it rejected.

use super::dictionary::{Dictionary, Span};
use crate::error::LineFault;

/// Rows in input order, column by column. `-` is NULL wherever a column allows it.
///
/// `client`, `endpoint`, `certificate`, `verdict` and `route` are ids into the [`Dictionaries`] that were filled along with this batch.
/// All per-row vectors have the same length.
#[derive(Debug, Default)]
pub struct ConnectionBatch {
    /// Event time, µs since 1970, UTC.
    pub time: Vec<i64>,
    /// `client_ip`: ids into [`Dictionaries::clients`].
    pub client: Vec<u32>,
    /// `client_port`.
    pub client_port: Vec<u16>,
    /// `listener_port`, `tls_protocol`, `tls_cipher`: ids into [`Dictionaries::endpoints`].
    pub endpoint: Vec<u32>,
    /// `tls_handshake_latency` in seconds; NaN is NULL.
    pub latency: Vec<f64>,
    /// Subject, validity and serial: ids into [`Dictionaries::certificates`].
    pub certificate: Vec<u32>,
    /// `tls_verify_status`: ids into [`Dictionaries::verdicts`].
    pub verdict: Vec<u32>,
    /// `conn_trace_id`.
    pub trace: TextColumn,
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
}

/// A column of short texts without repetition.
#[derive(Debug)]
pub struct TextColumn {
    /// End of each value in `bytes`; the first begins at 0.
    pub ends: Vec<u32>,
    /// The values, one after the other; UTF-8.
    pub bytes: Vec<u8>,
    /// Rows that are NULL (an empty text otherwise), ascending.
    pub nulls: Vec<u32>,
}

impl Default for TextColumn {
    fn default() -> Self {
        Self { ends: Vec::new(), bytes: Vec::new(), nulls: Vec::new() }
    }
}

impl TextColumn {
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
}

/// The accounting of lines: `lines = rows + rejected + blank + out_of_range`, always.
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
    }

    /// Whether every line is accounted for.
    pub fn balances(&self) -> bool {
        self.lines == self.rows + self.rejected + self.blank + self.out_of_range
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
