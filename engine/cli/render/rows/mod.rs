//! Rows of a search on stdout, as they come: a table, JSON, CSV, or the lines as logged.
//!
//! In: rows, one at a time. Out: bytes on stdout. Rows that may yet turn out to be void wait in memory, and past a few megabytes in a
//! temporary file.

mod csv;
mod json;
mod lines;
mod table;

use std::borrow::Cow;
use std::io::{self, BufWriter, Seek, Stdout, Write};
use std::ops::ControlFlow;

use clap::ValueEnum;
use tempfile::SpooledTempFile;
use tlslake_engine::report::rfc3339;
use tlslake_engine::run::{Match, MatchVisitor, SearchOutcome};
use tlslake_engine::{Error, Result};

use crate::exit::{Failure, is_closed_pipe};
use crate::flags::{Column, FailuresFormat};

/// A form of rows.
trait Form: Send + std::fmt::Debug {
    /// What stands before the first row.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// One more row; `number` counts from 0.
    fn row(&mut self, out: &mut dyn Write, number: u64, row: &Match<'_>) -> io::Result<()>;
    /// Writes what was held back.
    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// Forgets what was held back, and that more than the first `kept` rows were ever given.
    fn discard(&mut self, kept: u64);
    /// What stands after the last row.
    fn end(&mut self, out: &mut dyn Write, found: &SearchOutcome) -> io::Result<()>;
}

/// Prints rows on stdout.
#[derive(Debug)]
pub(crate) struct RowPrinter {
    form: Box<dyn Form>,
    out: BufWriter<Stdout>,
    limit: u64,
    printed: u64,
    begun: bool,
    /// Whether the reader has gone away.
    closed: bool,
    /// Rows that may turn out to be void, and how many had been printed before them.
    waiting: Option<(SpooledTempFile, u64)>,
}

/// Bytes of waiting rows that are held in memory.
const MAX_WAITING_MEMORY: usize = 8 << 20;

impl RowPrinter {
    /// A printer of up to `limit` rows; no `columns` are the usual ones.
    pub(crate) fn new(format: FailuresFormat, columns: Vec<Column>, limit: Option<u64>) -> Self {
        let or = |usual: &[Column]| if columns.is_empty() { usual.to_vec() } else { columns.clone() };
        let form: Box<dyn Form> = match format {
            FailuresFormat::Text => Box::new(table::RowTable::new(or(&USUAL))),
            FailuresFormat::Csv => Box::new(csv::Rows::new(or(&USUAL))),
            FailuresFormat::Json => Box::new(json::Rows::new(or(Column::value_variants()))),
            FailuresFormat::Raw => Box::new(lines::Lines),
        };
        let out = BufWriter::with_capacity(64 << 10, io::stdout());
        Self { form, out, limit: limit.unwrap_or(u64::MAX), printed: 0, begun: false, closed: false, waiting: None }
    }

    /// Ends the output.
    pub(crate) fn finish(&mut self, found: &SearchOutcome) -> std::result::Result<(), Failure> {
        let begun = self.begin_once();
        let Self { form, out, .. } = self;
        match begun.and_then(|()| form.end(out, found)).and_then(|()| out.flush()) {
            Err(error) if !is_closed_pipe(&error) => Err(Failure::run(format!("standard output: {error}"))),
            _ => Ok(()),
        }
    }

    fn begin_once(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) { Ok(()) } else { self.form.begin(&mut self.out) }
    }

    /// A reader that has gone away is no error: it took what it wanted.
    fn settle(&mut self, written: io::Result<()>) -> Result<()> {
        match written {
            Err(error) if is_closed_pipe(&error) => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Error::io("standard output", "writing", error)),
            Ok(()) => Ok(()),
        }
    }

    fn write_row(&mut self, row: &Match<'_>) -> io::Result<()> {
        let out: &mut dyn Write = match &mut self.waiting {
            Some((waiting, _)) => waiting,
            None => &mut self.out,
        };
        self.form.row(out, self.printed, row)
    }

    fn write_rest(&mut self) -> io::Result<()> {
        match self.waiting.take() {
            Some((mut waiting, _)) => {
                self.form.flush(&mut waiting)?;
                waiting.rewind()?;
                io::copy(&mut waiting, &mut self.out)?;
            }
            None => self.form.flush(&mut self.out)?,
        }
        self.out.flush()
    }
}

impl MatchVisitor for RowPrinter {
    fn begin(&mut self, provisional: bool) -> Result<()> {
        let begun = self.begin_once();
        self.settle(begun)?;
        self.waiting = provisional.then(|| (SpooledTempFile::new(MAX_WAITING_MEMORY), self.printed));
        Ok(())
    }

    fn row(&mut self, row: &Match<'_>) -> Result<ControlFlow<()>> {
        let written = self.write_row(row);
        self.settle(written)?;
        self.printed += 1;
        Ok(if self.closed || self.printed >= self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn discard(&mut self) {
        if let Some((waiting, printed)) = &mut self.waiting {
            *waiting = SpooledTempFile::new(MAX_WAITING_MEMORY);
            self.printed = *printed;
        }
        self.form.discard(self.printed);
    }

    fn end(&mut self) -> Result<()> {
        let written = self.write_rest();
        self.settle(written)
    }
}

/// The columns of the article that this command takes the place of.
const USUAL: [Column; 8] = [
    Column::Time,
    Column::TlsProtocol,
    Column::TlsCipher,
    Column::LeafClientCertSubject,
    Column::LeafClientCertValidity,
    Column::LeafClientCertSerialNumber,
    Column::TlsVerifyStatus,
    Column::ConnTraceId,
];

/// A column's name and value.
impl Column {
    const fn name(self) -> &'static str {
        match self {
            Column::Time => "time",
            Column::ClientIp => "client_ip",
            Column::ClientPort => "client_port",
            Column::ListenerPort => "listener_port",
            Column::TlsProtocol => "tls_protocol",
            Column::TlsCipher => "tls_cipher",
            Column::TlsHandshakeLatency => "tls_handshake_latency",
            Column::LeafClientCertSubject => "leaf_client_cert_subject",
            Column::LeafClientCertValidity => "leaf_client_cert_validity",
            Column::LeafClientCertSerialNumber => "leaf_client_cert_serial_number",
            Column::TlsVerifyStatus => "tls_verify_status",
            Column::ConnTraceId => "conn_trace_id",
            Column::TlsKeyexchange => "tls_keyexchange",
            Column::Elb => "elb",
            Column::IpAddress => "ip_address",
            Column::SourceObject => "source_object",
            Column::SourceLine => "source_line",
        }
    }

    fn value<'a>(self, row: &Match<'a>) -> Value<'a> {
        let text = |text: Option<&'a str>| text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)));
        match self {
            Column::Time => Value::Text(Cow::Owned(rfc3339(row.time))),
            Column::ClientIp => text(Some(row.client_ip)),
            Column::ClientPort => Value::Whole(u64::from(row.client_port)),
            Column::ListenerPort => Value::Whole(u64::from(row.listener_port)),
            Column::TlsProtocol => text(row.tls_protocol),
            Column::TlsCipher => text(row.tls_cipher),
            Column::TlsHandshakeLatency => row.tls_handshake_latency.map_or(Value::Null, Value::Seconds),
            Column::LeafClientCertSubject => text(row.leaf_client_cert_subject),
            Column::LeafClientCertValidity => text(row.leaf_client_cert_validity),
            Column::LeafClientCertSerialNumber => text(row.leaf_client_cert_serial_number),
            Column::TlsVerifyStatus => text(row.tls_verify_status),
            Column::ConnTraceId => text(row.conn_trace_id),
            Column::TlsKeyexchange => text(row.tls_keyexchange),
            Column::Elb => text(row.elb),
            Column::IpAddress => text(row.ip_address),
            Column::SourceObject => text(Some(row.object)),
            Column::SourceLine => Value::Whole(row.line),
        }
    }
}

/// A value of a column.
enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Whole(u64),
    Seconds(f64),
}

impl<'a> Value<'a> {
    /// As text; `null` for NULL.
    fn text(self, null: &'static str) -> Cow<'a, str> {
        match self {
            Value::Null => Cow::Borrowed(null),
            Value::Text(text) => text,
            Value::Whole(number) => Cow::Owned(number.to_string()),
            Value::Seconds(seconds) if (seconds * 1_000.0).round() / 1_000.0 == seconds => Cow::Owned(format!("{seconds:.3}")),
            Value::Seconds(seconds) => Cow::Owned(seconds.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
