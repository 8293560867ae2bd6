//! Rows as a person would write them, made into batches the way the parser does: by interning.

use std::convert::Infallible;

use proptest::prelude::*;

use crate::columns::{
    Certificate, Client, ConnectionBatch, Dictionaries, Dictionary, Endpoint, Outcome, Route, SourceRun, Span, Tally, Verdict,
};

/// One connection; `None` is `-`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) file: u32,
    pub(super) time: i64,
    pub(super) client: String,
    pub(super) port: u16,
    pub(super) protocol: Option<&'static str>,
    pub(super) cipher: Option<&'static str>,
    pub(super) latency: Option<f64>,
    pub(super) subject: Option<String>,
    pub(super) status: Option<String>,
    pub(super) keyexchange: Option<&'static str>,
    pub(super) elb: Option<&'static str>,
    /// Whether its text fields are logged in quotes: the same values under other ids.
    pub(super) quoted: bool,
}

impl Row {
    /// A handshake that succeeded.
    pub(super) fn success(ms: u64) -> Self {
        Self {
            file: 0,
            time: 0,
            client: "10.0.0.1".into(),
            port: 443,
            protocol: Some("TLSv1.3"),
            cipher: Some("TLS_AES_128_GCM_SHA256"),
            latency: Some(ms as f64 / 1000.0),
            subject: Some("CN=client".into()),
            status: Some("Success".into()),
            keyexchange: Some("x25519"),
            elb: Some("app/one/1"),
            quoted: false,
        }
    }

    /// A handshake that failed.
    pub(super) fn failed(client: impl Into<String>, status: &str) -> Self {
        Self { client: client.into(), latency: None, status: Some(status.into()), ..Self::success(0) }
    }

    /// A connection without a verdict.
    pub(super) fn no_verdict(port: u16, protocol: Option<&'static str>) -> Self {
        Self { port, protocol, cipher: None, latency: None, status: None, subject: None, ..Self::success(0) }
    }

    /// What the verdict means, and the code after `Failed:`.
    pub(super) fn outcome(&self) -> (Outcome, Option<&str>) {
        match self.status.as_deref() {
            None => (Outcome::NoVerdict, None),
            Some("Success") => (Outcome::Success, None),
            Some("Failed") => (Outcome::Failed, None),
            Some(status) => match status.strip_prefix("Failed:") {
                Some(code) => (Outcome::Failed, Some(code)),
                None => (Outcome::Other, None),
            },
        }
    }
}

/// Texts as they would stand in a line, and where in it each value is.
struct Raw {
    text: String,
    spans: Vec<Span>,
}

fn raw(values: &[Option<&str>], quoted: bool) -> Raw {
    let (mut text, mut spans) = (String::new(), Vec::new());
    for value in values {
        let quote = if quoted { "\"" } else { "" };
        text.push_str(quote);
        spans.push(value.map(|value| (text.len() as u32, value.len() as u32)));
        text.push_str(value.unwrap_or("-"));
        text.push_str(quote);
        text.push(' ');
    }
    Raw { text, spans }
}

fn intern<T>(dictionary: &mut Dictionary<T>, raw: &Raw, value: impl FnOnce(&dyn Fn(usize) -> Span) -> T) -> u32 {
    let made = dictionary.intern(raw.text.as_bytes(), |start| {
        Ok::<_, Infallible>(value(&|index| raw.spans[index].map(|(offset, len)| (start + offset, len))))
    });
    match made {
        Ok(id) => id,
    }
}

/// A batch of `rows`, in order; a run begins wherever the file changes.
pub(super) fn batch(rows: &[Row]) -> (ConnectionBatch, Dictionaries) {
    let mut dicts = Dictionaries::default();
    (batch_with(rows, &mut dicts), dicts)
}

/// Like [`batch`], with dictionaries that other batches may have filled.
pub(super) fn batch_with(rows: &[Row], dicts: &mut Dictionaries) -> ConnectionBatch {
    let mut batch = ConnectionBatch::default();
    for (index, row) in rows.iter().enumerate() {
        if index == 0 || rows[index - 1].file != row.file {
            let tally = Tally::default();
            batch.runs.push(SourceRun {
                file: row.file,
                first_row: index as u32,
                first_rejected: 0,
                offset: 0,
                tally,
                origin: None,
                checksum: None,
            });
        }
        push(&mut batch, dicts, row);
    }
    batch
}

fn push(batch: &mut ConnectionBatch, dicts: &mut Dictionaries, row: &Row) {
    batch.time.push(row.time);
    batch.latency.push(row.latency.unwrap_or(f64::NAN));
    let client = raw(&[Some(&row.client)], row.quoted);
    batch.client.push(intern(&mut dicts.clients, &client, |span| Client { text: span(0) }));
    let port = row.port.to_string();
    let endpoint = raw(&[Some(&port), row.protocol, row.cipher], row.quoted);
    batch.endpoint.push(intern(&mut dicts.endpoints, &endpoint, |span| Endpoint {
        listener_port: row.port,
        tls_protocol: span(1),
        tls_cipher: span(2),
    }));
    let certificate = raw(&[row.subject.as_deref(), None, None], row.quoted);
    batch.certificate.push(intern(&mut dicts.certificates, &certificate, |span| Certificate {
        subject: span(0),
        validity: None,
        serial: None,
        not_before: None,
        not_after: None,
    }));
    let (outcome, code) = row.outcome();
    let skipped = code.map(|_| "Failed:".len() as u32);
    batch.verdict.push(intern(&mut dicts.verdicts, &raw(&[row.status.as_deref()], row.quoted), |span| {
        let reason = span(0).zip(skipped).map(|((start, len), skipped)| (start + skipped, len - skipped));
        Verdict { status: span(0), outcome, reason }
    }));
    let route = raw(&[row.keyexchange, row.elb, None], row.quoted);
    batch.route.push(intern(&mut dicts.routes, &route, |span| Route { tls_keyexchange: span(0), elb: span(1), ip_address: None }));
}

fn statuses() -> impl Strategy<Value = Option<String>> {
    const CODES: [&str; 4] = ["", "ClientCertExpired", "ClientCertUntrusted", "SomethingNew"];
    prop_oneof![
        4 => Just(Some("Success".to_string())),
        2 => prop::sample::select(&CODES[..]).prop_map(|code| Some(format!("Failed:{code}"))),
        1 => Just(Some("Failed".to_string())),
        2 => Just(None),
        1 => Just(Some("Pending".to_string())),
    ]
}

fn latencies() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        2 => Just(None),
        6 => (0..3000_u32).prop_map(|ms| Some(f64::from(ms) / 1000.0)),
        2 => (0.0..200_000.0_f64).prop_map(Some),
        1 => prop_oneof![Just(0.0), Just(0.0005), Just(1e300), Just(f64::INFINITY), Just(134_217.727), Just(134_217.728)].prop_map(Some),
    ]
}

/// Any row, with few distinct values.
pub(super) fn row() -> impl Strategy<Value = Row> {
    let when = (0..4_u32, prop_oneof![0..8_i64, -2..3_i64].prop_flat_map(|hour| (hour * 1_800_000_000)..(hour * 1_800_000_000 + 5)));
    let who = ((0..6_u8).prop_map(|client| format!("10.0.0.{client}")), prop::option::of((0..4_u8).prop_map(|id| format!("CN={id}"))));
    let endpoint = (
        prop::sample::select(&[80_u16, 443, 8443][..]),
        prop::option::of(prop::sample::select(&["TLSv1.2", "TLSv1.3", ""][..])),
        prop::option::of(prop::sample::select(&["ONE", "TWO"][..])),
    );
    let route = (prop::option::of(prop::sample::select(&["x25519", "p256"][..])), prop::option::of(prop::sample::select(&["a", "b"][..])));
    (when, who, endpoint, route, latencies(), statuses(), any::<bool>()).prop_map(
        |((file, time), (client, subject), (port, protocol, cipher), (keyexchange, elb), latency, status, quoted)| Row {
            file,
            time,
            client,
            port,
            protocol,
            cipher,
            latency,
            subject,
            status,
            keyexchange,
            elb,
            quoted,
        },
    )
}
