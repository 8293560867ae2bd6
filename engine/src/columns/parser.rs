//! Text of whole lines into a batch: scan, check, intern, append.

use std::ops::Range;

use super::anonymous::{self, Guesses};
use super::batch::{ConnectionBatch, Dictionaries, Endpoint, NOBODY, RejectedLine, SourceRun, Tally};
use super::clients::{Habits, Met, Said};
use super::line::{self, Fields, fault, fault_at};
use super::returning::{self, Returned};
use crate::error::{LineFault, LineFaultReason};
use crate::fields::{self, TimeReader};
use crate::format::Field;
use crate::scan::{self, Kernel, Line, Structure, prefetch_all};

/// Distinct values in all dictionaries at which the next batch begins with empty ones.
const MAX_DISTINCT: usize = 1 << 17;
/// Bytes held by all dictionaries, unless less is set ([`Parser::limit_dictionaries`]), at which the next batch begins with empty ones.
const MAX_DICTIONARY_BYTES: usize = 16 << 20;

/// Lines whose clients are looked up at once.
const AHEAD: usize = 32;

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
    lines: Lines,
    time: TimeReader,
    /// What each client's last line said: its next one nearly always says the same, and comparing confirms it.
    habits: Habits,
    guesses: Guesses,
    batch: ConnectionBatch,
    dictionaries: Dictionaries,
    keeps: Keeps,
    dictionary_bytes: usize,
    #[cfg(test)]
    scanned_lines: u64,
}

/// The state of a batch before a run, to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    rows: usize,
    rejected: usize,
    runs: usize,
    ports: usize,
}

/// Columns that only some have a use for: empty where they are not kept.
#[derive(Clone, Copy, Debug)]
struct Keeps {
    traces: bool,
    lines: bool,
    /// Clients that are remembered before the rest is nobody.
    clients: usize,
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
            lines: Lines::default(),
            time: TimeReader::default(),
            habits: Habits::default(),
            guesses: Guesses::default(),
            batch: ConnectionBatch::default(),
            dictionaries: Dictionaries::default(),
            keeps: Keeps { traces: true, lines: false, clients: usize::MAX },
            dictionary_bytes: MAX_DICTIONARY_BYTES,
            #[cfg(test)]
            scanned_lines: 0,
        }
    }

    /// Has the dictionaries begin anew at so many bytes.
    pub fn limit_dictionaries(&mut self, bytes: usize) {
        self.dictionary_bytes = bytes.min(MAX_DICTIONARY_BYTES);
    }

    /// Bytes held, room that is not in use included.
    pub fn memory(&self) -> usize {
        self.batch.memory()
            + self.dictionaries.held()
            + self.lines.structure.memory()
            + self.lines.ends.capacity() * size_of::<u32>()
            + self.habits.memory()
    }

    /// Keeps each row's line as logged, too.
    pub fn keep_lines(&mut self, keep: bool) {
        self.keeps.lines = keep;
    }

    /// Keeps each row's trace id, as it does unless told otherwise.
    pub fn keep_traces(&mut self, keep: bool) {
        self.keeps.traces = keep;
    }

    /// Keeps client and certificate of rows that failed, and of the first `clients` clients that are met; all do unless this is called. Of other
    /// rows they may be [`NOBODY`], so that the cost of a line does not depend on how many clients there are.
    pub fn keep_identities(&mut self, clients: usize) {
        self.keeps.clients = clients;
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
        let held = self.dictionaries.memory() + self.habits.memory();
        if self.dictionaries.distinct() > MAX_DISTINCT || held > self.dictionary_bytes {
            self.dictionaries.clear();
            self.habits.clear();
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
        self.parse_while(file, offset, text, |_, _| true);
    }

    /// Likewise, as long as `go_on` says so: it is asked before each block of whole lines, with the number of its lines. Gives what
    /// it said last; if that was no, the run is there up to that block.
    pub(crate) fn parse_while(&mut self, file: u32, offset: u64, text: &[u8], mut go_on: impl FnMut(&[u8], usize) -> bool) -> bool {
        let mut run = SourceRun {
            file,
            first_row: self.batch.rows() as u32,
            first_rejected: self.batch.rejected.len() as u32,
            offset,
            ..SourceRun::default()
        };
        let mut lines = std::mem::take(&mut self.lines);
        let (mut start, mut goes_on) = (0, true);
        while start < text.len() {
            let block = &text[start..block_end(text, start)];
            lines.find(block);
            goes_on = go_on(block, lines.ends.len());
            if !goes_on {
                break;
            }
            self.block(block, start as u64, &mut lines, &mut run.tally);
            start += block.len();
        }
        self.lines = lines;
        self.batch.runs.push(run);
        goes_on
    }

    /// Parses a block of whole lines that begins `offset` bytes into its run. Those of returning clients are read without a scan, as long as most
    /// are such.
    fn block(&mut self, text: &[u8], offset: u64, lines: &mut Lines, tally: &mut Tally) {
        // The scalar kernel is the definition of right: it takes no short cut.
        let mut start = 0;
        if self.kernel != Kernel::Scalar {
            start = self.returning(text, offset, lines, tally);
        }
        if start < text.len() {
            self.scanned(&text[start..], offset + start as u64, &mut lines.structure, tally);
        }
    }

    /// Parses lines one by one, until it turns out that most are not those of returning clients; gives the start of the first that is left.
    fn returning(&mut self, text: &[u8], offset: u64, lines: &mut Lines, tally: &mut Tally) -> usize {
        /// So many other lines, and more of them than not, are too many.
        const MANY: usize = 2 * AHEAD;
        let Lines { ends, structure } = lines;
        let (mut start, mut others) = (0, 0);
        for (group, ends) in ends.chunks(AHEAD).enumerate() {
            let clients = self.meet(text, start, ends);
            for (number, (&end, met)) in ends.iter().zip(clients).enumerate() {
                let line = &text[start..end as usize];
                let is_read = met.is_some_and(|met| self.returned(line, &met, tally)) || self.anonymous(line, tally);
                if !is_read {
                    self.scanned(line, offset + start as u64, structure, tally);
                    others += 1;
                }
                start = end as usize;
                if others > MANY && 2 * others > group * AHEAD + number {
                    return start;
                }
            }
        }
        start
    }

    /// The clients of some lines, before the lines are read: so what has to come from a far cache comes for all of them at once.
    #[inline(never)]
    fn meet(&self, text: &[u8], start: usize, ends: &[u32]) -> [Option<Met>; AHEAD] {
        let starts = std::iter::once(start).chain(ends.iter().map(|&end| end as usize));
        let lines = starts.zip(ends).map(|(start, &end)| &text[start..end as usize]);
        let mut asked = [None; AHEAD];
        asked.iter_mut().zip(lines.clone()).for_each(|(asked, line)| *asked = self.habits.ask(line));
        let mut clients = [None; AHEAD];
        for ((met, asked), line) in clients.iter_mut().zip(asked).zip(lines) {
            *met = asked.and_then(|asked| self.habits.answer(asked, line, &self.dictionaries.clients));
            if let Some(Met { habit, .. }) = met {
                prefetch_all(habit.certificate_in(&self.dictionaries.certificates));
            }
        }
        clients
    }

    /// Reads a line, its end included, as that of a client that returned; whether it is one. Nothing is done if not.
    #[inline(always)]
    fn returned(&mut self, stored: &[u8], met: &Met, tally: &mut Tally) -> bool {
        let line = without_end(stored);
        let Some(row) = returning::read(line, met, &self.time, &self.dictionaries) else { return false };
        if !self.range.contains(&row.time) {
            return false;
        }
        if row.is_usual && row.said != met.habit.said() {
            self.habits.turn(met, row.said, &self.dictionaries.certificates);
        }
        self.push_returned(line, met.habit.client, tally.lines as u32, &row);
        count_row(tally, stored);
        true
    }

    /// Reads a line, its end included, as that of somebody, if enough clients are known; whether that could be done. Nothing is done if not.
    #[inline(always)]
    fn anonymous(&mut self, stored: &[u8], tally: &mut Tally) -> bool {
        if self.habits.len() < self.keeps.clients {
            return false;
        }
        let line = without_end(stored);
        let read = anonymous::read(line, &self.time, &self.dictionaries, &mut self.guesses);
        let Some((client, row)) = read.filter(|(_, row)| self.range.contains(&row.time)) else { return false };
        self.push_returned(line, client, tally.lines as u32, &row);
        count_row(tally, stored);
        true
    }

    #[inline(always)]
    fn push_returned(&mut self, line: &[u8], client: u32, number: u32, row: &Returned<'_>) {
        let Said { endpoint, certificate, verdict, route } = row.said;
        let batch = &mut self.batch;
        batch.time.push(row.time);
        batch.client.push(client);
        batch.client_port.push(row.client_port);
        batch.endpoint.push(endpoint);
        batch.latency.push(row.latency);
        batch.certificate.push(certificate);
        batch.verdict.push(verdict);
        batch.route.push(route);
        batch.line.push(number);
        if self.keeps.traces {
            batch.trace.push_fixed(row.trace);
        }
        if self.keeps.lines {
            batch.raw.push(Some(line));
        }
    }

    /// Lines so far that were scanned.
    #[cfg(test)]
    pub(super) fn scanned_lines(&self) -> u64 {
        self.scanned_lines
    }

    /// Scans and parses whole lines that begin `offset` bytes into their run.
    fn scanned(&mut self, text: &[u8], offset: u64, structure: &mut Structure, tally: &mut Tally) {
        scan::scan(self.kernel, text, structure);
        #[cfg(test)]
        {
            self.scanned_lines += structure.lines().len() as u64;
        }
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
    fn line(&mut self, text: &[u8], number: u32, found: &Line, ends: &[u32], ascii: bool) -> Result<Parsed, LineFault> {
        let fields = Fields { text, line: found, ends };
        if !ascii && let Err(error) = std::str::from_utf8(fields.whole()) {
            return Err(fault_at(fields.holding(error.valid_up_to()), LineFaultReason::NotUtf8));
        }
        if let Some((field, reason)) = found.fault {
            return Err(fault_at(Some(field as usize), reason));
        }
        if ends.len() < Field::REQUIRED {
            return Err(fault_at(Some(ends.len()), LineFaultReason::TooFewFields));
        }
        let time = self.time.read(fields::unquoted(fields.raw(Field::Time)));
        let time = time.ok_or_else(|| fault(Field::Time, LineFaultReason::InvalidTime))?;
        let dictionaries = &mut self.dictionaries;
        let is_identified = self.habits.len() < self.keeps.clients || line::is_failure(fields.raw(Field::TlsVerifyStatus));
        let client = match is_identified {
            true => line::intern_client(&mut dictionaries.clients, fields.raw(Field::ClientIp))?,
            false => line::address(fields.raw(Field::ClientIp)).map(|_| NOBODY)?,
        };
        let client_port = line::port(&fields, Field::ClientPort)?;
        let endpoint = line::intern_endpoint(&mut dictionaries.endpoints, &fields)?;
        let latency = line::latency(fields.raw(Field::TlsHandshakeLatency))?;
        if !self.range.contains(&time) {
            let Endpoint { listener_port, tls_protocol, .. } = *dictionaries.endpoints.value(endpoint);
            let ports = &mut self.batch.tls_ports_out_of_range;
            if tls_protocol.is_some() && !ports.contains(&listener_port) {
                ports.push(listener_port);
            }
            return Ok(Parsed::OutOfRange);
        }
        let certificate = if is_identified { line::intern_certificate(&mut dictionaries.certificates, &fields) } else { NOBODY };
        let verdict = line::intern_verdict(&mut dictionaries.verdicts, fields.raw(Field::TlsVerifyStatus));
        let route = line::intern_route(&mut dictionaries.routes, &fields);
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
        batch.route.push(route);
        batch.line.push(number);
        if self.keeps.traces {
            batch.trace.push(fields.get(Field::ConnTraceId).and_then(fields::text));
        }
        if self.keeps.lines {
            batch.raw.push(Some(fields.whole()));
        }
        if self.kernel != Kernel::Scalar && is_identified {
            let said = Said { endpoint, certificate, verdict, route };
            let address = (fields.whole(), fields.start(Field::ClientIp as usize) - found.start as usize);
            self.habits.learn(address, client, said, &self.dictionaries.certificates);
        }
        Ok(Parsed::Row)
    }
}

fn count_row(tally: &mut Tally, stored: &[u8]) {
    tally.lines += 1;
    tally.rows += 1;
    tally.raw_bytes += stored.len() as u64;
}

/// The lines of a block.
#[derive(Debug, Default)]
struct Lines {
    /// One past the last byte of each, its newline included.
    ends: Vec<u32>,
    structure: Structure,
}

impl Lines {
    /// Finds the lines of `block`; says nothing of their fields.
    fn find(&mut self, block: &[u8]) {
        self.ends.clear();
        self.ends.extend(memchr::memchr_iter(b'\n', block).map(|newline| newline as u32 + 1));
        if block.last().is_some_and(|&last| last != b'\n') {
            self.ends.push(block.len() as u32);
        }
    }
}

/// A line without its newline, and without a carriage return before that, too.
#[inline(always)]
fn without_end(stored: &[u8]) -> &[u8] {
    match stored {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
        line => line,
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

/// The line, kept whole: with its `\r` if it has one, without its `\n`.
#[cold]
fn rejected(text: &[u8], offset: u64, number: u32, line: &Line, fault: LineFault) -> RejectedLine {
    let end = line.end as usize;
    let end = if text[end..].starts_with(b"\r\n") { end + 1 } else { end };
    let start = line.start as usize;
    RejectedLine { line: number, offset: offset + start as u64, fault, raw: text[start..end].into() }
}

#[cfg(test)]
pub(super) mod tests;
