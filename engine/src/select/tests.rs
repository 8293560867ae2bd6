//! Against the plainest possible search: every line parsed, every row asked.

use proptest::prelude::*;

use super::*;
use crate::columns::Parser;
use crate::scan::Kernel;

const LINES: &str = "\
2024-04-05T18:31:29.268987Z 203.0.113.7 3000 443 TLSv1.3 C - \"CN=a,O=Company LLC\" NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 \"Failed:ClientCertExpired\" TID_aa01
2024-04-05T18:31:30.268987Z 203.0.113.77 3001 443 TLSv1.3 C 0.004 \"CN=A,O=B\" - 00FEF257372D Success TID_aa02 - app/x/1 203.0.113.7
2024-04-05T18:31:31.268987Z \"203.0.113.7\" 3002 443 TLSv1.3 C - \"CN=\\\"q\\\"\" - f:ef25::7372d Failed:ClientCertCrlHit TID_aa03

2024-04-05T18:31:32.268987Z 2001:db8:0::7 3003 443 - - - \"-\" - - Failed TID_aa04\r
2024-04-05T18:31:33.268987Z 2001:DB8::7 3004 443 - - - \"-\" - - - TID_aa05
203.0.113.7 is no log line: Failed
2024-04-05T18:31:34.268987Z 203.0.113.8 3005 80 - - - - - - Failed:New TID_aa06";

/// Trace ids and line numbers of what matches, with the prefilter or without.
fn found(selection: &Selection, prefiltered: bool, text: &str) -> Vec<(String, u32)> {
    let mut parser = Parser::new(Kernel::Scalar, None, None);
    let mut candidates = Candidates::default();
    if prefiltered {
        Prefilter::new(selection).find(text.as_bytes(), &mut candidates);
        assert_eq!(candidates.lines as usize, text.split_inclusive('\n').count());
        parser.parse(0, 0, &candidates.text);
        parser.batch_mut().place_lines(|line| candidates.places[line as usize]);
    } else {
        parser.parse(0, 0, text.as_bytes());
    }
    let (batch, dicts) = (parser.batch(), parser.dictionaries());
    let rows: Vec<usize> = Matcher::new(selection).matching(batch, dicts).collect();
    rows.into_iter().map(|row| (String::from_utf8_lossy(batch.trace.bytes_at(row)).into_owned(), batch.line[row])).collect()
}

#[track_caller]
fn assert_found(selection: Selection, expected: &[(&str, u32)]) {
    let expected: Vec<_> = expected.iter().map(|&(trace, line)| (trace.to_owned(), line)).collect();
    assert_eq!(found(&selection, false, LINES), expected, "without prefilter");
    assert_eq!(found(&selection, true, LINES), expected, "with prefilter");
}

fn networks(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into())).unwrap()).collect()
}

#[test]
fn what_failed_is_what_is_asked_for_unless_all_is() {
    assert_found(Selection::default(), &[("TID_aa01", 0), ("TID_aa03", 2), ("TID_aa04", 4), ("TID_aa06", 7)]);
    let all = Selection { all: true, ..Selection::default() };
    assert_eq!(found(&all, true, LINES).len(), 6);
}

#[test]
fn clients_are_addresses_not_texts() {
    let of = |texts: &[&str]| Selection { all: true, clients: networks(texts), ..Selection::default() };
    assert_found(of(&["203.0.113.7"]), &[("TID_aa01", 0), ("TID_aa03", 2)]);
    assert_found(of(&["203.0.113.8", "203.0.113.77"]), &[("TID_aa02", 1), ("TID_aa06", 7)]);
    assert_found(of(&["2001:db8::7"]), &[("TID_aa04", 4), ("TID_aa05", 5)]);
    assert_found(of(&["203.0.113.0/29"]), &[("TID_aa01", 0), ("TID_aa03", 2)]);
}

#[test]
fn certificates_are_found_by_subject_and_serial() {
    let all = || Selection { all: true, ..Selection::default() };
    assert_found(Selection { serial: Some("fef257372d".into()), ..all() }, &[("TID_aa02", 1), ("TID_aa03", 2)]);
    assert_found(Selection { serial: Some("2".into()), ..all() }, &[("TID_aa01", 0)]);
    assert_found(Selection { subject: Some("cn=a,o".into()), ..all() }, &[("TID_aa01", 0), ("TID_aa02", 1)]);
    assert_found(Selection { subject: Some("CN=a".into()), ..Selection::default() }, &[("TID_aa01", 0)]);
}

#[test]
fn reasons_and_trace_ids() {
    let reason = |code: &str| Selection { reasons: vec![code.into()], ..Selection::default() };
    assert_found(reason("clientcertexpired"), &[("TID_aa01", 0)]);
    assert_found(reason("New"), &[("TID_aa06", 7)]);
    assert_found(Selection { all: true, trace_id: Some("aa05".into()), ..Selection::default() }, &[("TID_aa05", 5)]);
    assert_found(Selection { trace_id: Some("TID_aa05".into()), ..Selection::default() }, &[]);
}

fn selections() -> impl Strategy<Value = Selection> {
    let clients = prop::sample::subsequence(vec!["203.0.113.7", "203.0.113.8", "2001:db8::7", "203.0.113.64/26", "::/0"], 0..3);
    let reasons = prop::sample::subsequence(vec!["ClientCertExpired", "new", "", "ClientCertCrlHit"], 0..3);
    let subject = prop::option::of(prop::sample::select(vec!["", "cn", "Company", "\\\"", "-"]));
    let serial = prop::option::of(prop::sample::select(vec!["2", "0", "", "FEF257372D", "f2"]));
    (any::<bool>(), clients, reasons, subject, serial).prop_map(|(all, clients, reasons, subject, serial)| Selection {
        all,
        clients: networks(&clients),
        reasons: reasons.into_iter().map(str::to_owned).collect(),
        subject: subject.map(str::to_owned),
        serial: serial.map(str::to_owned),
        trace_id: None,
    })
}

proptest! {
    #[test]
    fn the_prefilter_passes_over_nothing_that_matches(selection in selections(), picks in prop::collection::vec(0_usize..8, 0..30), ended in any::<bool>()) {
        let lines: Vec<&str> = LINES.split('\n').collect();
        let mut text = picks.iter().map(|&pick| lines[pick]).collect::<Vec<_>>().join("\n");
        if ended && !text.is_empty() {
            text.push('\n');
        }
        prop_assert_eq!(found(&selection, true, &text), found(&selection, false, &text));
    }
}
