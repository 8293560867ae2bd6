//! Histories against what the rows say, and tables against any way to split the rows.

use proptest::prelude::*;

use super::super::testing::{Row, batch};
use super::*;

fn observe(table: &mut CertificateTable, rows: &[Row]) {
    let (batch, dicts) = batch(rows);
    table.observe(&mut Observer::default(), &batch, &dicts, &[Some("app/named/1".into())]);
}

fn certificates(rows: &[Row]) -> Certificates {
    let mut table = CertificateTable::default();
    observe(&mut table, rows);
    table.into_certificates()
}

#[test]
fn a_certificate_is_told_by_what_became_of_it() {
    let rows = [
        Row { time: 5, ..Row::success(3) },
        Row { time: 9, ..Row::failed("10.0.0.2", "Failed:ClientCertCrlHit") },
        Row { time: 7, ..Row::failed("10.0.0.1", "Failed:ClientCertCrlHit") },
        Row { time: 8, ..Row::failed("10.0.0.1", "Failed:ClientCertCrlHit") },
    ];
    let found = certificates(&rows);
    assert_eq!(found.time, Some((5, 9)));
    assert!(found.tls_ports.contains(443) && found.forgotten.is_none());
    let [history] = found.histories.as_slice() else { panic!("one certificate: {found:?}") };
    assert_eq!(history.subject.as_deref(), Some("CN=client"));
    let seen: Vec<_> =
        history.uses.iter().map(|used| (&used.key.verdict, used.count, used.first, used.last, used.clients.count())).collect();
    let failed = UseVerdict::Failed("ClientCertCrlHit".into());
    assert_eq!(seen, [(&UseVerdict::Success, 1, 5, 5, 1), (&failed, 3, 7, 9, 2)]);
    assert_eq!(history.uses[0].key.listener.as_ref().map(ToString::to_string).as_deref(), Some("app/one/1:443"));
}

#[test]
fn the_files_name_tells_the_balancer_where_the_line_does_not() {
    let found = certificates(&[Row { elb: None, ..Row::success(3) }, Row { elb: None, file: 1, ..Row::success(3) }]);
    let listeners: Vec<_> = found.histories[0].uses.iter().map(|used| used.key.listener.clone().unwrap().to_string()).collect();
    assert_eq!(listeners, [":443", "app/named/1:443"]);
}

#[test]
fn more_ways_of_use_than_are_told_apart_lose_only_where() {
    let ports: Vec<Row> = (0..1_000_u16).map(|port| Row { port, ..Row::failed("10.0.0.1", "Failed:X") }).collect();
    let found = certificates(&ports);
    let uses = &found.histories[0].uses;
    assert_eq!(uses.len(), MAX_USES + 1);
    assert_eq!(uses.iter().map(|used| used.count).sum::<u64>(), 1_000);
    assert_eq!(uses.iter().filter(|used| used.key.listener.is_none()).map(|used| used.count).sum::<u64>(), 1_000 - MAX_USES as u64);
    assert!(found.histories[0].incomplete, "where the rest was is not known");
}

#[test]
fn a_code_of_its_own_for_each_failure_does_not_fill_the_table() {
    let rows: Vec<Row> = (0..5_000_u32).map(|number| Row::failed("10.0.0.1", &format!("Failed:X{number}"))).collect();
    let found = certificates(&rows);
    assert!(found.histories[0].uses.len() <= 2 * MAX_USES + 1);
    assert_eq!(found.histories[0].uses.iter().map(|used| used.count).sum::<u64>(), 5_000);
}

#[test]
fn a_line_without_validity_takes_nothing_back() {
    let history = |validity: Option<&str>| CertificateHistory {
        validity: validity.map(Into::into),
        not_after: validity.map(|_| 7),
        ..CertificateHistory::default()
    };
    for order in [[None, Some("a")], [Some("a"), None]] {
        let mut merged = history(order[0]);
        table::merge(&mut merged, history(order[1]));
        assert_eq!((merged.validity.as_deref(), merged.not_after, merged.validity_differs), (Some("a"), Some(7), false));
    }
    let mut merged = history(Some("a"));
    table::merge(&mut merged, history(Some("b")));
    assert!(merged.validity_differs);
}

#[test]
fn a_full_table_keeps_what_failed_most_and_says_so() {
    let mut table = CertificateTable::default();
    let named = |number: u32, status: &str| Row {
        subject: Some(format!("CN=client-{number:07},O=a company with a name of some length")),
        ..Row::failed("10.0.0.1", status)
    };
    observe(&mut table, &vec![named(0, "Failed:X"); 5]);
    for part in 0..8_u32 {
        let rows: Vec<Row> = (1..20_000).map(|number| named(part * 20_000 + number, "Success")).collect();
        observe(&mut table, &rows);
    }
    let found = table.into_certificates();
    let forgotten = found.forgotten.expect("more certificates than fit");
    assert_eq!(forgotten.failures, 0);
    let kept: u64 = found.histories.iter().flat_map(|history| &history.uses).map(|used| used.count).sum();
    assert_eq!(kept + forgotten.connections, 5 + 8 * 19_999);
    assert!(found.histories[0].uses.iter().any(|used| used.count == 5) && !found.histories[0].incomplete);
    assert!(found.histories.iter().any(|history| history.incomplete));
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0_u32..3, 0_i64..1_000, 0_u8..5, 0_u8..3, prop::sample::select(vec!["Success", "Failed:A", "Failed:B", "Failed", "odd"]));
    let row = row.prop_map(|(file, time, client, subject, status)| Row {
        file,
        time,
        subject: (subject > 0).then(|| format!("CN={subject}")),
        elb: (subject != 2).then_some("app/one/1"),
        ..Row::failed(format!("10.0.0.{client}"), status)
    });
    prop::collection::vec(row, 0..60)
}

proptest! {
    #[test]
    fn it_does_not_matter_how_rows_are_split(rows in rows(), cut in 0_usize..60) {
        let cut = cut.min(rows.len());
        let mut whole = CertificateTable::default();
        observe(&mut whole, &rows);
        let (mut one, mut two) = (CertificateTable::default(), CertificateTable::default());
        observe(&mut one, &rows[..cut]);
        observe(&mut two, &rows[cut..]);
        one.merge(two);
        prop_assert_eq!(one.into_certificates(), whole.into_certificates());
    }
}
