//! A slow and obvious reader of connection logs: what the product's output is measured against.
//!
//! In: the bytes of one decompressed file. Out: what each of its lines is, in order. Written from the format's rules alone; it shares
//! no code with the engine and never will, or both could be wrong together. It knows nothing of files, Parquet or reports.

use std::net::IpAddr;

/// The fields in the order in which AWS writes them.
pub(crate) const FIELDS: [&str; 15] = [
    "time",
    "client_ip",
    "client_port",
    "listener_port",
    "tls_protocol",
    "tls_cipher",
    "tls_handshake_latency",
    "leaf_client_cert_subject",
    "leaf_client_cert_validity",
    "leaf_client_cert_serial_number",
    "tls_verify_status",
    "conn_trace_id",
    "tls_keyexchange",
    "elb",
    "ip_address",
];

/// A line has at least this many fields: the first era's.
const REQUIRED: usize = 11;

/// What a line turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// A row of `connections`.
    Row(Box<Row>),
    /// A row of `rejected`.
    Rejected(Rejected),
    /// Empty.
    Blank,
}

/// The values of a good line. `None` is NULL; times are µs since 1970, UTC.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each is the column of the same name
pub(crate) struct Row {
    pub(crate) time: i64,
    pub(crate) client_ip: String,
    pub(crate) client_port: i32,
    pub(crate) listener_port: i32,
    pub(crate) tls_protocol: Option<String>,
    pub(crate) tls_cipher: Option<String>,
    pub(crate) tls_handshake_latency: Option<f64>,
    pub(crate) leaf_client_cert_subject: Option<String>,
    pub(crate) leaf_client_cert_validity: Option<String>,
    pub(crate) leaf_client_cert_serial_number: Option<String>,
    pub(crate) tls_verify_status: Option<String>,
    pub(crate) conn_trace_id: Option<String>,
    pub(crate) tls_keyexchange: Option<String>,
    pub(crate) elb: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) leaf_client_cert_not_before: Option<i64>,
    pub(crate) leaf_client_cert_not_after: Option<i64>,
    pub(crate) tls_failure_reason: Option<String>,
    pub(crate) extra_fields: Option<String>,
    /// From 1; every line counts.
    pub(crate) source_line: i64,
}

/// A line that is no row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejected {
    /// The field at fault; `None` past the 15th.
    pub(crate) field: Option<&'static str>,
    /// The reason's code.
    pub(crate) reason: &'static str,
    /// Where the line begins in the decompressed file.
    pub(crate) byte_offset: i64,
    /// From 1; every line counts.
    pub(crate) source_line: i64,
    /// The line without its `\n`.
    pub(crate) raw: Vec<u8>,
}

/// Reads a whole decompressed file, line by line.
pub(crate) fn read(file: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < file.len() {
        let newline = file[start..].iter().position(|&byte| byte == b'\n').map(|length| start + length);
        let end = newline.unwrap_or(file.len());
        let raw = &file[start..end];
        lines.push(read_line(raw, newline.is_some(), start as i64, lines.len() as i64 + 1));
        start = end + 1;
    }
    lines
}

fn read_line(raw: &[u8], ended: bool, byte_offset: i64, source_line: i64) -> Line {
    let text = match raw {
        [text @ .., b'\r'] if ended => text,
        text => text,
    };
    if text.is_empty() {
        return Line::Blank;
    }
    match read_row(text, source_line) {
        Ok(row) => Line::Row(Box::new(row)),
        Err((field, reason)) => Line::Rejected(Rejected { field, reason, byte_offset, source_line, raw: raw.to_vec() }),
    }
}

type Fault = (Option<&'static str>, &'static str);

fn read_row(line: &[u8], source_line: i64) -> Result<Row, Fault> {
    let Ok(line) = std::str::from_utf8(line) else { return Err((None, "not-utf8")) };
    let (fields, extra_fields) = split(line)?;
    if fields.len() < REQUIRED {
        return Err((Some(FIELDS[fields.len()]), "too-few-fields"));
    }
    let value = |name: &str| -> Option<String> {
        let position = FIELDS.iter().position(|field| *field == name).unwrap();
        fields.get(position).filter(|text| *text != "-").cloned()
    };
    let bad = |name: &'static str, reason: &'static str| (Some(name), reason);
    let port = |name: &'static str| value(name).and_then(|text| port(&text)).ok_or(bad(name, "invalid-port"));

    let time = value("time").and_then(|text| timestamp(&text)).ok_or(bad("time", "invalid-time"))?;
    let client_ip = value("client_ip").filter(|text| text.parse::<IpAddr>().is_ok()).ok_or(bad("client_ip", "invalid-ip-address"))?;
    let client_port = port("client_port")?;
    let listener_port = port("listener_port")?;
    let tls_handshake_latency = match value("tls_handshake_latency") {
        None => None,
        Some(text) => Some(latency(&text).ok_or(bad("tls_handshake_latency", "invalid-latency"))?),
    };
    let leaf_client_cert_validity = value("leaf_client_cert_validity");
    let (not_before, not_after) = leaf_client_cert_validity.as_deref().and_then(validity).unzip();
    let tls_verify_status = value("tls_verify_status");
    let tls_failure_reason = tls_verify_status.as_deref().and_then(|status| status.strip_prefix("Failed:")).map(str::to_owned);
    Ok(Row {
        time,
        client_ip,
        client_port,
        listener_port,
        tls_protocol: value("tls_protocol"),
        tls_cipher: value("tls_cipher"),
        tls_handshake_latency,
        leaf_client_cert_subject: value("leaf_client_cert_subject"),
        leaf_client_cert_validity,
        leaf_client_cert_serial_number: value("leaf_client_cert_serial_number"),
        tls_verify_status,
        conn_trace_id: value("conn_trace_id"),
        tls_keyexchange: value("tls_keyexchange"),
        elb: value("elb"),
        ip_address: value("ip_address"),
        leaf_client_cert_not_before: not_before,
        leaf_client_cert_not_after: not_after,
        tls_failure_reason,
        extra_fields,
        source_line,
    })
}

/// The first 15 fields without their outer quotes, and what stands after the space behind the 15th.
fn split(line: &str) -> Result<(Vec<String>, Option<String>), Fault> {
    let mut fields = Vec::new();
    let mut rest = line;
    for name in FIELDS {
        let (text, length) = first_field(rest).map_err(|reason| (Some(name), reason))?;
        fields.push(text.to_owned());
        match rest[length..].strip_prefix(' ') {
            Some(after) => rest = after,
            None => return Ok((fields, None)),
        }
    }
    Ok((fields, Some(rest.to_owned())))
}

/// The text of the field with which `rest` begins, and how many bytes it takes, quotes included.
fn first_field(rest: &str) -> Result<(&str, usize), &'static str> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let length = rest.find(' ').unwrap_or(rest.len());
        return Ok((&rest[..length], length));
    };
    let closing = quoted.match_indices('"').map(|(at, _)| at).find(|&at| {
        let backslashes = quoted[..at].bytes().rev().take_while(|&byte| byte == b'\\').count();
        backslashes % 2 == 0
    });
    let Some(closing) = closing else { return Err("quote-not-closed") };
    match quoted[closing + 1..].bytes().next() {
        None | Some(b' ') => Ok((&quoted[..closing], closing + 2)),
        Some(_) => Err("text-after-quote"),
    }
}

/// `YYYY-MM-DDThh:mm:ss[.f]Z`, one to nine digits in `f`, as µs since 1970; finer digits are cut off.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (seconds, fraction) = match text.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (text, None),
    };
    let pattern = "dddd-dd-ddTdd:dd:dd";
    let fits = seconds.len() == pattern.len()
        && seconds.bytes().zip(pattern.bytes()).all(|(byte, want)| if want == b'd' { byte.is_ascii_digit() } else { byte == want });
    if !fits {
        return None;
    }
    let number = |at: std::ops::Range<usize>| seconds[at].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = match fraction {
        None => 0,
        Some(digits) if (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<6}")[..6].parse::<i64>().unwrap()
        }
        Some(_) => return None,
    };
    Some((((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts the days one year and one month at a time.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let days_in_year = |year| if is_leap(year) { 366 } else { 365 };
    let years: i64 = if year >= 1970 { (1970..year).map(days_in_year).sum() } else { -(year..1970).map(days_in_year).sum::<i64>() };
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    years + months + day - 1
}

/// The day of an instant, `yyyy-mm-dd`.
pub(crate) fn day(micros: i64) -> String {
    let mut days = micros.div_euclid(86_400_000_000);
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += if is_leap(year) { 366 } else { 365 };
    }
    while days >= if is_leap(year) { 366 } else { 365 } {
        days -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

fn port(text: &str) -> Option<i32> {
    let fits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().unwrap()).filter(|port| *port <= 65_535)
}

fn latency(text: &str) -> Option<f64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    text.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

/// `NotBefore=…;NotAfter=…` as two timestamps; both or none.
fn validity(text: &str) -> Option<(i64, i64)> {
    let (before, after) = text.strip_prefix("NotBefore=")?.split_once(";NotAfter=")?;
    Some((timestamp(before)?, timestamp(after)?))
}

/// The reader itself, held against values worked out by hand.
#[cfg(test)]
mod itself {
    use super::{Line, day, read, timestamp};

    const LINE: &str = "2024-04-05T18:31:29.268987Z 203.0.113.7 36280 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.337 \"CN=a \\\"b\\\" c,O=Org\" \
                        NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z 02 Success TID_1 x25519 app/lb/1 10.0.0.1";

    fn rejection(line: &str) -> (Option<&'static str>, &'static str) {
        match read(line.as_bytes()).remove(0) {
            Line::Rejected(rejected) => (rejected.field, rejected.reason),
            other => panic!("{line:?} was read as {other:?}"),
        }
    }

    #[test]
    fn knows_the_calendar() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(timestamp("2024-02-29T00:00:00.1Z"), Some(1_709_164_800_100_000));
        assert_eq!(timestamp("1969-12-31T23:59:59.999999999Z"), Some(-1));
        assert_eq!(timestamp("0000-03-01T00:00:00Z"), Some(-62_162_035_200_000_000));
        for bad in ["2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z", "2024-01-01t00:00:00Z"]
        {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
        assert_eq!(timestamp("2024-01-01T00:00:00.1234567890Z"), None);
    }

    #[test]
    fn knows_the_day() {
        for text in ["1970-01-01", "1969-12-31", "2024-02-29", "2024-12-31", "1900-03-01", "9999-12-31", "0001-01-01"] {
            assert_eq!(day(timestamp(&format!("{text}T23:59:59.999999Z")).unwrap()), text);
        }
    }

    #[test]
    fn reads_a_line_field_by_field() {
        let Line::Row(row) = read(format!("{LINE} - \"x\r\n").as_bytes()).remove(0) else { panic!("no row") };
        assert_eq!(row.time, 1_712_341_889_268_987);
        assert_eq!((row.client_port, row.listener_port, row.tls_handshake_latency), (36_280, 443, Some(0.337)));
        assert_eq!(row.leaf_client_cert_subject.as_deref(), Some(r#"CN=a \"b\" c,O=Org"#));
        assert_eq!(row.leaf_client_cert_not_before, timestamp("2023-09-21T22:43:21Z"));
        assert_eq!(row.ip_address.as_deref(), Some("10.0.0.1"));
        assert_eq!(row.extra_fields.as_deref(), Some("- \"x"));
        assert_eq!(row.tls_failure_reason, None);
    }

    #[test]
    fn tells_faults_apart() {
        assert_eq!(rejection("\r"), (Some("client_ip"), "too-few-fields"));
        assert_eq!(rejection(&LINE.replace("O=Org\"", "O=Org")), (Some("leaf_client_cert_subject"), "quote-not-closed"));
        assert_eq!(rejection(&LINE.replace("O=Org\"", "O=Org\"x")), (Some("leaf_client_cert_subject"), "text-after-quote"));
        assert_eq!(rejection(&LINE.replace(" 36280 ", " 65536 ")), (Some("client_port"), "invalid-port"));
        assert_eq!(rejection(&LINE.replace(" 443 ", " - ")), (Some("listener_port"), "invalid-port"));
        assert_eq!(rejection(&LINE.replace("0.337", "1e3")), (Some("tls_handshake_latency"), "invalid-latency"));
        assert_eq!(rejection(&LINE.replace("203.0.113.7", "203.0.113")), (Some("client_ip"), "invalid-ip-address"));
        assert_eq!(rejection(&LINE.replace("2024-04-05T", "2024-04-31T")), (Some("time"), "invalid-time"));
        assert_eq!(read(b"\n\r\n\n"), [Line::Blank, Line::Blank, Line::Blank]);
    }
}
