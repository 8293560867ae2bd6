use proptest::prelude::*;

use super::*;
use crate::columns::{Certificate, Dictionary, Span};

const LINE: &str = "2026-09-23T07:11:27.691358Z 49.36.71.40 64326 443 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 0.337 \"CN=a b,O=\\\"q\\\"\" \
NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z 02 Failed:ClientCertExpired TID_9f39 secp256r1 app/lb/98e3 3.228.177.57";

fn parse_all(kernel: Kernel, text: &[u8]) -> Parser {
    let mut parser = Parser::new(kernel, None, None);
    parser.begin();
    parser.parse(0, 0, text);
    parser
}

/// The value behind an id that stands for one.
fn known<T>(values: &Dictionary<T>, id: u32) -> Option<&T> {
    (id != NOBODY).then(|| values.value(id))
}

/// One row as text, NULL as `None`, for comparison; what is not kept is NULL, too.
pub(in crate::columns) fn row(parser: &Parser, row: usize) -> Vec<Option<String>> {
    let (batch, dicts) = (parser.batch(), parser.dictionaries());
    let endpoint = dicts.endpoints.value(batch.endpoint[row]);
    let client = known(&dicts.clients, batch.client[row]).and_then(|client| client.text);
    let certificate = known(&dicts.certificates, batch.certificate[row]);
    let certificate_text = |span: fn(&Certificate) -> Span| dicts.certificates.text(certificate.and_then(span));
    let verdict = dicts.verdicts.value(batch.verdict[row]);
    let route = dicts.routes.value(batch.route[row]);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let number = |value: Option<i64>| value.map(|value| value.to_string());
    let trace = String::from_utf8_lossy(batch.trace.bytes_at(row)).into_owned();
    vec![
        Some(batch.time[row].to_string()),
        owned(dicts.clients.text(client)),
        Some(batch.client_port[row].to_string()),
        Some(endpoint.listener_port.to_string()),
        owned(dicts.endpoints.text(endpoint.tls_protocol)),
        owned(dicts.endpoints.text(endpoint.tls_cipher)),
        (!batch.latency[row].is_nan()).then(|| batch.latency[row].to_string()),
        owned(certificate_text(|certificate| certificate.subject)),
        owned(certificate_text(|certificate| certificate.validity)),
        owned(certificate_text(|certificate| certificate.serial)),
        owned(dicts.verdicts.text(verdict.status)),
        (!batch.trace.nulls.contains(&(row as u32))).then_some(trace),
        owned(dicts.routes.text(route.tls_keyexchange)),
        owned(dicts.routes.text(route.elb)),
        owned(dicts.routes.text(route.ip_address)),
        number(certificate.and_then(|certificate| certificate.not_before)),
        number(certificate.and_then(|certificate| certificate.not_after)),
        owned(dicts.verdicts.text(verdict.reason)),
        batch.extra.iter().find(|(at, _)| *at as usize == row).map(|(_, text)| text.to_string()),
        Some(batch.line[row].to_string()),
    ]
}

fn rejection(line: &str) -> (Option<Field>, LineFaultReason) {
    let parser = parse_all(Kernel::best(), line.as_bytes());
    assert_eq!(parser.batch().rejected.len(), 1, "{line}");
    let rejected = &parser.batch().rejected[0];
    assert_eq!(&*rejected.raw, line.trim_end_matches('\n').as_bytes());
    (rejected.fault.field, rejected.fault.reason)
}

#[test]
fn reads_every_field() {
    let parser = parse_all(Kernel::best(), LINE.as_bytes());
    let expected = [
        "1790147487691358",
        "49.36.71.40",
        "64326",
        "443",
        "TLSv1.2",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "0.337",
        "CN=a b,O=\\\"q\\\"",
        "NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z",
        "02",
        "Failed:ClientCertExpired",
        "TID_9f39",
        "secp256r1",
        "app/lb/98e3",
        "3.228.177.57",
        "1695336201000000",
        "1781736201000000",
        "ClientCertExpired",
    ];
    let seen = row(&parser, 0);
    assert_eq!(seen[..18], expected.map(|text| Some(text.to_owned())));
    assert_eq!(seen[18..], [None, Some("0".into())]);
}

#[test]
fn eras_and_oddities() {
    let fields: Vec<&str> =
        "2024-04-05T18:31:29Z ::1 1 80 - \"-\" - \"-\" - - - TID_1 x25519 app/a/1 10.0.0.1 - \"-\" x".split(' ').collect();
    for count in 11..=18 {
        let parser = parse_all(Kernel::best(), fields[..count].join(" ").as_bytes());
        let seen = row(&parser, 0);
        assert_eq!(seen[4..11], [const { None }; 7], "{count} fields");
        for (at, &text) in fields.iter().enumerate().take(15).skip(11) {
            assert_eq!(seen[at].as_deref(), (at < count).then_some(text), "field {at} of {count}");
        }
        let extra = [None, Some("-"), Some("- \"-\""), Some("- \"-\" x")];
        assert_eq!(seen[18].as_deref(), extra[count.saturating_sub(15)]);
    }
}

#[test]
fn an_empty_field_is_not_an_absent_one() {
    let old = "2024-04-05T18:31:29Z ::1 1 80 - - - - - - - TID_1";
    for text in [format!("{old}\n{old} \n{old} \"\"\n"), format!("{old} \"\"\n{old} \n{old}\n")] {
        let parser = parse_all(Kernel::best(), text.as_bytes());
        let mut seen: Vec<_> = (0..3).map(|at| row(&parser, at)[12].clone()).collect();
        seen.sort();
        assert_eq!(seen, [None, Some(String::new()), Some(String::new())]);
    }
}

#[test]
fn rejections_name_field_and_reason() {
    use LineFaultReason::*;
    let with = |field: Field, text: &str| {
        let mut fields: Vec<String> = LINE.replace("CN=a b", "CN=a_b").split(' ').map(str::to_owned).collect();
        fields[field as usize] = text.to_owned();
        rejection(&fields.join(" "))
    };
    assert_eq!(with(Field::Time, "2024-02-30T00:00:00Z"), (Some(Field::Time), InvalidTime));
    assert_eq!(with(Field::Time, "-"), (Some(Field::Time), InvalidTime));
    assert_eq!(with(Field::ClientIp, "1.2.3.256"), (Some(Field::ClientIp), InvalidIpAddress));
    assert_eq!(with(Field::ClientIp, "-"), (Some(Field::ClientIp), InvalidIpAddress));
    assert_eq!(with(Field::ClientPort, "70000"), (Some(Field::ClientPort), InvalidPort));
    assert_eq!(with(Field::ListenerPort, "-"), (Some(Field::ListenerPort), InvalidPort));
    assert_eq!(with(Field::TlsHandshakeLatency, "-1"), (Some(Field::TlsHandshakeLatency), InvalidLatency));
    assert_eq!(with(Field::LeafClientCertSubject, "\"CN"), (Some(Field::LeafClientCertSubject), QuoteNotClosed));
    assert_eq!(with(Field::Elb, "\"a\"b"), (Some(Field::Elb), TextAfterQuote));
    assert_eq!(rejection("a b c"), (Some(Field::ListenerPort), TooFewFields));
    assert_eq!(rejection(&"a ".repeat(9)), (Some(Field::TlsVerifyStatus), TooFewFields));
}

#[test]
fn invalid_utf8_is_rejected_wherever_it_is() {
    for (field, name) in [(0, Field::Time), (7, Field::LeafClientCertSubject), (14, Field::IpAddress)] {
        let line = LINE.replace("a b", "a_b");
        let mut fields: Vec<Vec<u8>> = line.split(' ').map(|text| text.as_bytes().to_vec()).collect();
        fields[field].insert(1, 0xff);
        let text = [LINE.as_bytes(), b"\n", &fields.join(&b' '), b"\n", LINE.as_bytes()].concat();
        let parser = parse_all(Kernel::best(), &text);
        let fault = LineFault { field: Some(name), reason: LineFaultReason::NotUtf8 };
        assert_eq!((parser.batch().rows(), parser.batch().rejected[0].fault), (2, fault));
    }
}

#[test]
fn counts_lines_blanks_and_range() {
    let time = |second: u32| LINE.replace("07:11:27", &format!("07:11:{second:02}"));
    let text = format!("\n{}\r\n\r\nbad\r\n{}\n{}", time(10), time(20), time(30));
    let since = fields::timestamp_micros(b"2026-09-23T07:11:20Z");
    let until = fields::timestamp_micros(b"2026-09-23T07:11:30Z");
    let mut parser = Parser::new(Kernel::best(), since, until);
    parser.begin();
    parser.parse(7, 100, text.as_bytes());
    let batch = parser.batch();
    let run = &batch.runs[0];
    let tally = Tally { raw_bytes: text.len() as u64, lines: 6, rows: 1, rejected: 1, blank: 2, out_of_range: 2, passed_over: 0 };
    assert_eq!((run.file, run.offset, run.tally), (7, 100, tally));
    assert!(run.tally.balances());
    assert_eq!(batch.line, [4]);
    assert_eq!((batch.rejected[0].line, &*batch.rejected[0].raw), (3, &b"bad\r"[..]));
    assert_eq!(&text[batch.rejected[0].offset as usize..][..3], "bad");
}

#[test]
fn blocks_are_seamless() {
    let mut text = String::new();
    for number in 0..6000 {
        text.push_str(if number % 100 == 7 { "short line\n" } else { LINE });
        text.push('\n');
    }
    assert!(text.len() > 3 * BLOCK_BYTES);
    let parser = parse_all(Kernel::best(), text.as_bytes());
    let batch = parser.batch();
    assert_eq!(batch.runs[0].tally.lines as usize, text.lines().count());
    let lines: Vec<&str> = text.lines().collect();
    for (row, &line) in batch.line.iter().enumerate() {
        assert_eq!(lines[line as usize], LINE, "row {row}");
    }
    for rejected in &batch.rejected {
        assert_eq!(lines[rejected.line as usize], "short line");
        assert_eq!(&text[rejected.offset as usize..][..rejected.raw.len()], "short line");
    }
}

#[test]
fn a_run_can_be_taken_back() {
    let mut parser = parse_all(Kernel::best(), format!("{LINE}\nbad\n{LINE} extra").as_bytes());
    let before = format!("{:?}", parser.batch());
    let mark = parser.mark();
    parser.parse(1, 0, format!("{} extra\nworse\n{}", LINE.replace(" TID_9f39", " -"), LINE.replace("49.", "50.")).as_bytes());
    assert_eq!(parser.batch().rows(), 4);
    parser.rollback(mark);
    assert_eq!(format!("{:?}", parser.batch()), before);
}

#[test]
fn dictionaries_are_bounded_across_batches() {
    let mut parser = Parser::new(Kernel::best(), None, None);
    for batch in 0..8_u32 {
        parser.begin();
        let lines: Vec<String> =
            (0..60_000_u32).map(|line| LINE.replace("49.36.71.40", &std::net::Ipv4Addr::from(batch * 60_000 + line).to_string())).collect();
        parser.parse(0, 0, lines.join("\n").as_bytes());
        assert!(parser.dictionaries().clients.len() <= MAX_DISTINCT + 60_000);
        let last = parser.batch().rows() - 1;
        assert_eq!(row(&parser, last)[1], Some(std::net::Ipv4Addr::from(batch * 60_000 + 59_999).to_string()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_line_is_accounted_for(text in prop::collection::vec(prop::sample::select(&b" \"\\\n\r-a1.:ZT\xff"[..]), 0..600)) {
        for kernel in Kernel::ALL {
            let parser = parse_all(kernel, &text);
            let tally = parser.batch().runs[0].tally;
            prop_assert!(tally.balances());
            let newlines = text.iter().filter(|&&byte| byte == b'\n').count();
            let last = usize::from(text.last().is_some_and(|&byte| byte != b'\n'));
            prop_assert_eq!(tally.lines as usize, newlines + last);
        }
    }
}
