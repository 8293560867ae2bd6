//! A search: the rows that match, as they are found, in input order.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sink::Sink;
use super::write::Outcome;
use super::{Control, Grouping, Plan, pipeline, result};
use crate::aggregate::Hourly;
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::config::{OnCorrupt, ReadConfig};
use crate::discover::{InputFile, Lakes, Location, Unit};
use crate::error::{Error, FileFault, Result};
use crate::report::Report;
use crate::select::{Matcher, Prefilter, Selection};

/// A row that matches. `None` is `-`, or a field that the line is too old for.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The input: its name as reports show it, or what the lake says it was converted from.
    pub object: &'a str,
    /// The line's number there, from 1.
    pub line: u64,
    /// The line as logged, without its end. From a lake: AWS's own form of the row's values.
    pub raw: &'a str,
    /// µs since 1970, UTC.
    pub time: i64,
    /// As logged.
    pub client_ip: &'a str,
    /// 0–65535.
    pub client_port: u16,
    /// 0–65535.
    pub listener_port: u16,
    /// As logged; so are the others below, without their outer quotes.
    pub tls_protocol: Option<&'a str>,
    /// An open set.
    pub tls_cipher: Option<&'a str>,
    /// Seconds.
    pub tls_handshake_latency: Option<f64>,
    /// RFC 2253 text, not unescaped.
    pub leaf_client_cert_subject: Option<&'a str>,
    /// `NotBefore=…;NotAfter=…`.
    pub leaf_client_cert_validity: Option<&'a str>,
    /// Hex.
    pub leaf_client_cert_serial_number: Option<&'a str>,
    /// `Success`, `Failed:<code>`.
    pub tls_verify_status: Option<&'a str>,
    /// Joins the access log.
    pub conn_trace_id: Option<&'a str>,
    /// An open set.
    pub tls_keyexchange: Option<&'a str>,
    /// `app/name/id`.
    pub elb: Option<&'a str>,
    /// The balancer's node.
    pub ip_address: Option<&'a str>,
}

/// Takes the rows of a search, in input order, from one thread at a time.
pub trait MatchVisitor: Send {
    /// Rows of another stretch of the input follow. If it is `provisional`, they may turn out to be void ([`MatchVisitor::discard`]).
    ///
    /// # Errors
    /// End the search.
    fn begin(&mut self, provisional: bool) -> Result<()>;

    /// A row. [`ControlFlow::Break`] means that no more are wanted.
    ///
    /// # Errors
    /// End the search.
    fn row(&mut self, row: &Match<'_>) -> Result<ControlFlow<()>>;

    /// The rows since [`MatchVisitor::begin`] are void, since their input turned out to be damaged.
    fn discard(&mut self);

    /// The rows since [`MatchVisitor::begin`] are good.
    ///
    /// # Errors
    /// End the search.
    fn end(&mut self) -> Result<()>;
}

/// A line that the search had to parse, and could not: it may be one that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedMatch {
    /// The input.
    pub object: String,
    /// The line's number there, from 1.
    pub line: u64,
    /// The reason's code.
    pub reason: &'static str,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct SearchOutcome {
    /// Rows that matched.
    pub matches: u64,
    /// Whether the visitor ended it before the inputs did.
    pub stopped: bool,
    /// The first [`SearchOutcome::MAX_REJECTED`] of the lines that could not be parsed; the report counts them all.
    pub rejected: Vec<RejectedMatch>,
    /// What was read, and what could not be, until the end or until it was stopped. Its `rows` are lines parsed, matching or not; there are no
    /// aggregates.
    pub report: Report,
}

impl SearchOutcome {
    /// Rejected lines that are named.
    pub const MAX_REJECTED: usize = 10;
}

/// Looks through `inputs` (logs, or folders that [`super::convert`] wrote) for rows that match, and hands them to `visitor`.
///
/// A line that cannot match is not parsed. Under [`OnCorrupt::Skip`] no row of a damaged input stays: rows of a large one are provisional
/// until it has been read to its end.
///
/// # Errors
/// As [`fn@super::report`], and whatever the visitor returns.
pub fn search<S: AsRef<std::ffi::OsStr>>(
    inputs: &[S],
    read: &ReadConfig,
    selection: &Selection,
    control: &Control,
    visitor: &mut dyn MatchVisitor,
) -> Result<SearchOutcome> {
    let mut plan = Plan::new(inputs, Lakes::Read, read, control, Grouping::InOrder)?;
    plan.wants.rows = true;
    plan.wants.lines = true;
    plan.prefilter = Some(Prefilter::new(selection)).filter(|prefilter| !prefilter.passes_all());
    let provisional = plan.units.iter().map(|unit| is_provisional(&plan, unit)).collect();
    let wanted_no_more = AtomicBool::new(false);
    let mut sink = SearchSink {
        files: plan.files.clone(),
        matcher: Matcher::new(selection),
        visitor,
        provisional,
        unit: 0,
        is_provisional: false,
        wanted_no_more: &wanted_no_more,
        found: SearchOutcome::default(),
        found_before: (0, 0),
    };
    let (outcome, error) = pipeline::run_as_far_as_wanted(&plan, &mut sink)?;
    let found = std::mem::take(&mut sink.found);
    let stopped = match error {
        Some(Error::Cancelled) if wanted_no_more.load(Ordering::Relaxed) && !control.is_cancelled() => true,
        Some(error) => return Err(error),
        None => false,
    };
    if !stopped {
        result::check_not_empty(&plan, &outcome)?;
    }
    Ok(SearchOutcome { stopped, report: result::report(&plan, &result::Account::of_run(&plan, &outcome), None), ..found })
}

/// Whether rows of the unit may be handed out before it is known that they stay.
fn is_provisional(plan: &Plan<'_>, unit: &Unit) -> bool {
    let is_streamed = |&file: &u32| {
        let InputFile { size, location, .. } = &plan.files[file as usize];
        !matches!(location, Location::Lake(..)) && size.is_none_or(|size| size > plan.tuning.small_file)
    };
    plan.read.on_corrupt == OnCorrupt::Skip && unit.files.iter().any(is_streamed)
}

struct SearchSink<'a> {
    files: Arc<[InputFile]>,
    matcher: Matcher,
    visitor: &'a mut dyn MatchVisitor,
    /// By unit.
    provisional: Vec<bool>,
    /// Units begun.
    unit: usize,
    is_provisional: bool,
    wanted_no_more: &'a AtomicBool,
    found: SearchOutcome,
    /// Matches and rejected lines found before the unit began.
    found_before: (u64, usize),
}

impl SearchSink<'_> {
    fn is_done(&self) -> bool {
        self.wanted_no_more.load(Ordering::Relaxed)
    }
}

impl Sink for SearchSink<'_> {
    fn begin_unit(&mut self, _id: &str) -> Result<()> {
        self.is_provisional = self.provisional.get(self.unit).copied().unwrap_or(false);
        self.unit += 1;
        self.found_before = (self.found.matches, self.found.rejected.len());
        self.visitor.begin(self.is_provisional)
    }

    fn rows(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        note_rejected(&mut self.found.rejected, batch, &self.files, first_lines);
        let (mut run, mut named) = (0, None);
        for row in self.matcher.matching(batch, dictionaries) {
            while batch.runs.get(run + 1).is_some_and(|next| next.first_row as usize <= row) {
                (run, named) = (run + 1, None);
            }
            self.found.matches += 1;
            let object = named.get_or_insert_with(|| object(batch, run, &self.files));
            let found = found(batch, dictionaries, row, object, first_lines[run]);
            if self.visitor.row(&found)?.is_break() {
                self.wanted_no_more.store(true, Ordering::Relaxed);
                // What is provisional must be seen through: it may have to be taken back.
                return if self.is_provisional { Ok(()) } else { self.visitor.end() };
            }
        }
        Ok(())
    }

    fn hourly(&mut self, _hourly: Hourly) -> Result<()> {
        Ok(())
    }

    fn discard_unit(&mut self, _faults: &[(u32, FileFault)]) -> Result<()> {
        self.wanted_no_more.store(false, Ordering::Relaxed);
        self.found.matches = self.found_before.0;
        self.found.rejected.truncate(self.found_before.1);
        self.visitor.discard();
        Ok(())
    }

    fn end_unit(&mut self, _outcome: &Outcome) -> Result<()> {
        let was_ended = self.is_done() && !self.is_provisional;
        self.is_provisional = false;
        if was_ended { Ok(()) } else { self.visitor.end() }
    }

    fn wants_no_more(&self) -> bool {
        self.is_done() && !self.is_provisional
    }
}

/// The name of the input that run `run` comes from.
fn object<'a>(batch: &'a ConnectionBatch, run: usize, files: &'a [InputFile]) -> Cow<'a, str> {
    let run = &batch.runs[run];
    run.origin.as_ref().map_or_else(|| files[run.file as usize].object.text(), |origin| Cow::Borrowed(&origin.object))
}

/// Names rejected lines, as long as they are few.
fn note_rejected(named: &mut Vec<RejectedMatch>, batch: &ConnectionBatch, files: &[InputFile], first_lines: &[u64]) {
    for (run, first_line) in first_lines.iter().enumerate() {
        for line in batch.run_rejected(run) {
            if named.len() == SearchOutcome::MAX_REJECTED {
                return;
            }
            let object = object(batch, run, files).into_owned();
            named.push(RejectedMatch { object, line: first_line + u64::from(line.line), reason: line.fault.reason.code() });
        }
    }
}

fn found<'a>(batch: &'a ConnectionBatch, dicts: &'a Dictionaries, row: usize, object: &'a str, first_line: u64) -> Match<'a> {
    let Dictionaries { clients, endpoints, certificates, verdicts, routes, .. } = dicts;
    let endpoint = endpoints.value(batch.endpoint[row]);
    let certificate = certificates.value(batch.certificate[row]);
    let route = routes.value(batch.route[row]);
    let is_null = batch.trace.nulls.binary_search(&(row as u32)).is_ok();
    let latency = batch.latency[row];
    // Only UTF-8 was parsed.
    let utf8 = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap_or_default();
    Match {
        object,
        line: first_line + u64::from(batch.line[row]),
        raw: utf8(batch.raw.bytes_at(row)),
        time: batch.time[row],
        client_ip: clients.text(clients.value(batch.client[row]).text).unwrap_or_default(),
        client_port: batch.client_port[row],
        listener_port: endpoint.listener_port,
        tls_protocol: endpoints.text(endpoint.tls_protocol),
        tls_cipher: endpoints.text(endpoint.tls_cipher),
        tls_handshake_latency: (!latency.is_nan()).then_some(latency),
        leaf_client_cert_subject: certificates.text(certificate.subject),
        leaf_client_cert_validity: certificates.text(certificate.validity),
        leaf_client_cert_serial_number: certificates.text(certificate.serial),
        tls_verify_status: verdicts.text(verdicts.value(batch.verdict[row]).status),
        conn_trace_id: (!is_null).then(|| utf8(batch.trace.bytes_at(row))),
        tls_keyexchange: routes.text(route.tls_keyexchange),
        elb: routes.text(route.elb),
        ip_address: routes.text(route.ip_address),
    }
}
