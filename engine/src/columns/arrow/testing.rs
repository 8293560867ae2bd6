//! Rows as a test thinks of them, made into batches and read back from record batches.

use std::sync::Arc;

use std::convert::Infallible;
use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use proptest::prelude::*;
use proptest::sample::select;

use crate::columns::{Certificate, Client, ConnectionBatch, Dictionaries, Endpoint, Outcome, Route, SourceRun, Span, Verdict};
use crate::discover::{InputFile, Location, LogSource};

type Text = Option<String>;

/// A row of `connections`, with its file's index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) file: u32,
    pub(crate) line: u64,
    pub(crate) time: i64,
    pub(crate) client: String,
    pub(crate) client_port: u16,
    pub(crate) listener_port: u16,
    pub(crate) endpoint: [Text; 2],
    pub(crate) latency: Option<f64>,
    pub(crate) certificate: [Text; 3],
    pub(crate) validity: [Option<i64>; 2],
    pub(crate) verdict: [Text; 2],
    pub(crate) trace: Text,
    pub(crate) route: [Text; 3],
    pub(crate) extra: Text,
}

/// Five files: two of one account, two of others, and one whose name tells nothing.
pub(crate) fn files() -> Vec<InputFile> {
    let named = [
        Some(("111111111111", "eu-west-1")),
        Some(("111111111111", "eu-west-1")),
        Some(("222222222222", "us-east-1")),
        None,
        Some(("3/3", "")),
    ];
    named.into_iter().enumerate().map(|(index, name)| file(&format!("logs/{index}.log.gz"), name)).collect()
}

fn file(object: &str, name: Option<(&str, &str)>) -> InputFile {
    let name = name.map(|(account, region)| LogSource { account: account.into(), region: region.into(), balancer: "app/x/1".into() });
    let name = name.map(Arc::new);
    InputFile { object: object.into(), location: Location::Stdin, size: None, modified: None, name, key: 0 }
}

/// A usual row.
pub(crate) fn row(number: u64) -> Row {
    let text = |text: &str| Some(text.to_owned());
    Row {
        line: number + 1,
        time: 1_704_067_200_000_000 + number as i64 * 1_000_003,
        client: format!("10.0.{}.{}", number / 7 % 250, number % 250),
        client_port: (number * 7919 % 65_536) as u16,
        listener_port: 443,
        endpoint: [text("TLSv1.3"), text("TLS_AES_128_GCM_SHA256")],
        latency: (!number.is_multiple_of(3)).then_some(number as f64 / 1000.0),
        certificate: [text(&format!("CN=client-{}", number % 11)), text("NotBefore=x;NotAfter=y"), text("02")],
        validity: [Some(1_700_000_000_000_000), Some(1_800_000_000_000_000)],
        verdict: [text("Failed:ClientCertExpired"), text("ClientCertExpired")],
        trace: text(&format!("TID_{number:032x}")),
        route: [None, text("app/x/1"), None],
        ..Row::default()
    }
}

/// Any row: few distinct values, so that they repeat, NULLs and empty texts among them; three days.
pub(crate) fn any_row() -> impl Strategy<Value = Row> {
    let text = || prop_oneof![3 => select(vec![None, Some(""), Some("a"), Some("TLSv1.2"), Some("O=\\\"ü\\\", C=x")]).prop_map(|text| text.map(str::to_owned)), 1 => any::<Option<String>>()];
    let place = (0..5_u32, any::<u32>(), 1_704_000_000_000_000..1_704_200_000_000_000_i64, any::<[u16; 2]>());
    let latency = prop_oneof![Just(None), (0..5000_u32).prop_map(|ms| Some(f64::from(ms) / 1000.0))];
    let texts = ([text(), text()], [text(), text(), text()], [text(), text()], text(), [text(), text(), text()], text());
    (place, "[0-9.]{1,9}", latency, texts, any::<[Option<i32>; 2]>()).prop_map(|(place, client, latency, texts, validity)| Row {
        file: place.0,
        line: u64::from(place.1) + 1,
        time: place.2,
        client,
        client_port: place.3[0],
        listener_port: place.3[1] % 4,
        endpoint: texts.0,
        latency,
        certificate: texts.1,
        validity: validity.map(|time| time.map(i64::from)),
        verdict: texts.2,
        trace: texts.3,
        route: texts.4,
        extra: texts.5,
    })
}

/// A batch of its own dictionaries, cut from `rows`, and the first line of each of its runs. A run ends where the file changes or the
/// line does not ascend.
pub(crate) fn batch(rows: &[Row]) -> (ConnectionBatch, Dictionaries, Vec<u64>) {
    let (mut batch, mut dicts, mut first_lines) = (ConnectionBatch::default(), Dictionaries::default(), Vec::new());
    let mut last: Option<&Row> = None;
    for row in rows {
        if last.is_none_or(|last| last.file != row.file || last.line >= row.line) {
            batch.runs.push(SourceRun { file: row.file, first_row: batch.time.len() as u32, ..SourceRun::default() });
            first_lines.push(row.line.saturating_sub(1).max(1));
        }
        push(&mut batch, &mut dicts, row, first_lines[first_lines.len() - 1]);
        last = Some(row);
    }
    (batch, dicts, first_lines)
}

/// The rows of some ranges as batches.
pub(crate) fn cut(rows: &[Row], cuts: &[usize]) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (rows.len() + 1)).chain([rows.len()]).collect();
    ends.sort_unstable();
    let starts = std::iter::once(0).chain(ends.clone());
    starts.zip(ends.clone()).map(|(start, end)| start..end).collect()
}

fn push(batch: &mut ConnectionBatch, dicts: &mut Dictionaries, row: &Row, first_line: u64) {
    let at = batch.time.len() as u32;
    batch.time.push(row.time);
    batch.client_port.push(row.client_port);
    batch.latency.push(row.latency.unwrap_or(f64::NAN));
    batch.line.push((row.line - first_line) as u32);
    match &row.trace {
        Some(text) => batch.trace.bytes.extend_from_slice(text.as_bytes()),
        None => batch.trace.nulls.push(at),
    }
    batch.trace.ends.push(batch.trace.bytes.len() as u32);
    batch.extra.extend(row.extra.as_ref().map(|text| (at, text.clone().into_boxed_str())));
    intern(batch, dicts, row);
}

fn intern(batch: &mut ConnectionBatch, dicts: &mut Dictionaries, row: &Row) {
    let (raw, [text]) = logged([&Some(row.client.clone())], "");
    batch.client.push(ok(dicts.clients.intern(&raw, |start| Ok(Client { text: at(text, start) }))));
    let (raw, texts) = logged(row.endpoint.each_ref(), &row.listener_port.to_string());
    let listener_port = row.listener_port;
    batch.endpoint.push(ok(dicts.endpoints.intern(&raw, |start| {
        let [tls_protocol, tls_cipher] = texts.map(|span| at(span, start));
        Ok(Endpoint { listener_port, tls_protocol, tls_cipher })
    })));
    let (raw, texts) = logged(row.certificate.each_ref(), &format!("{:?}", row.validity));
    batch.certificate.push(ok(dicts.certificates.intern(&raw, |start| {
        let [subject, validity, serial] = texts.map(|span| at(span, start));
        Ok(Certificate { subject, validity, serial, not_before: row.validity[0], not_after: row.validity[1] })
    })));
    let (raw, texts) = logged(row.verdict.each_ref(), "");
    batch.verdict.push(ok(dicts.verdicts.intern(&raw, |start| {
        let [status, reason] = texts.map(|span| at(span, start));
        Ok(Verdict { status, outcome: Outcome::Other, reason })
    })));
    let (raw, texts) = logged(row.route.each_ref(), "");
    batch.route.push(ok(dicts.routes.intern(&raw, |start| {
        let [tls_keyexchange, elb, ip_address] = texts.map(|span| at(span, start));
        Ok(Route { tls_keyexchange, elb, ip_address })
    })));
}

/// Texts as one raw value, `-` for NULL and quotes around the others, and where each stands in it.
fn logged<const N: usize>(texts: [&Text; N], suffix: &str) -> (Vec<u8>, [Span; N]) {
    let mut raw = Vec::new();
    let spans = texts.map(|text| match text {
        Some(text) => {
            raw.push(b'"');
            let span = (raw.len() as u32, text.len() as u32);
            raw.extend_from_slice(text.as_bytes());
            raw.extend_from_slice(b"\" ");
            Some(span)
        }
        None => {
            raw.extend_from_slice(b"- ");
            None
        }
    });
    raw.extend_from_slice(suffix.as_bytes());
    (raw, spans)
}

fn at(span: Span, start: u32) -> Span {
    span.map(|(offset, len)| (start + offset, len))
}

fn ok<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}

/// The rows of a record batch of `connections`; without provenance, file and line are 0.
pub(crate) fn read(batch: &RecordBatch, files: &[InputFile]) -> Vec<Row> {
    (0..batch.num_rows()).map(|at| read_row(batch, files, at)).collect()
}

fn read_row(batch: &RecordBatch, files: &[InputFile], at: usize) -> Row {
    let column = |name: &str| batch.column_by_name(name).filter(|column| column.is_valid(at));
    let text = |name: &str| column(name).map(|column| column.as_string::<i32>().value(at).to_owned());
    let int = |name: &str| column(name).map_or(-1, |column| column.as_primitive::<Int32Type>().value(at));
    let time = |name: &str| column(name).map(|column| column.as_primitive::<TimestampMicrosecondType>().value(at));
    let object = text("source_object").unwrap_or_default();
    Row {
        file: files.iter().position(|file| file.object.text() == object).unwrap_or(0) as u32,
        line: column("source_line").map_or(0, |column| column.as_primitive::<Int64Type>().value(at) as u64),
        time: time("time").unwrap_or(i64::MIN),
        client: text("client_ip").unwrap_or_default(),
        client_port: int("client_port") as u16,
        listener_port: int("listener_port") as u16,
        endpoint: [text("tls_protocol"), text("tls_cipher")],
        latency: column("tls_handshake_latency").map(|column| column.as_primitive::<Float64Type>().value(at)),
        certificate: ["leaf_client_cert_subject", "leaf_client_cert_validity", "leaf_client_cert_serial_number"].map(text),
        validity: ["leaf_client_cert_not_before", "leaf_client_cert_not_after"].map(time),
        verdict: [text("tls_verify_status"), text("tls_failure_reason")],
        trace: text("conn_trace_id"),
        route: [text("tls_keyexchange"), text("elb"), text("ip_address")],
        extra: text("extra_fields"),
    }
}
