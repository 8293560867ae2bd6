//! Hand-made histories: what works, what will fail, what took over.

use std::net::IpAddr;
use std::sync::Arc;

use super::*;
use crate::aggregate::{Clients, LeafState, Listener, Use, UseKey};

/// µs.
const DAY: i64 = 86_400_000_000;
/// 2026-01-01T00:00:00Z; days below are counted from it.
const START: i64 = 1_767_225_600_000_000;

fn at(day: f64) -> i64 {
    START + (day * DAY as f64) as i64
}

/// Connections on port 443, from as many clients as days of the first; `failed` is a reason, or empty for success.
fn used(failed: &str, first: f64, last: f64, count: u64) -> Use {
    used_on(443, failed, first, last, count)
}

fn used_on(port: u16, failed: &str, first: f64, last: f64, count: u64) -> Use {
    let verdict = if failed.is_empty() { UseVerdict::Success } else { UseVerdict::Failed(failed.into()) };
    let listener = Some(Listener { elb: Some("app/a/1".into()), port });
    let key = UseKey { verdict, listener, tls_protocol: None, tls_cipher: None, leaf: LeafState::Valid };
    Use { key, count, first: at(first), last: at(last), clients: clients(&[1]) }
}

fn clients(last_octets: &[u8]) -> Clients {
    let mut clients = Clients::default();
    for octet in last_octets {
        let address = IpAddr::from([203, 0, 113, *octet]);
        clients.insert(Clients::hash(&address), address);
    }
    clients
}

/// A certificate valid from one day to another.
fn certificate(subject: &str, serial: &str, not_before: f64, not_after: f64, uses: Vec<Use>) -> CertificateHistory {
    let text = |text: &str| (text != "-").then(|| Arc::from(text));
    CertificateHistory {
        subject: text(subject),
        serial: text(serial),
        not_before: Some(at(not_before)),
        not_after: Some(at(not_after)),
        uses,
        ..CertificateHistory::default()
    }
}

fn of(histories: Vec<CertificateHistory>) -> Certificates {
    Certificates { histories, time: Some((at(0.0), at(20.0))), ..Certificates::default() }
}

fn all(histories: Vec<CertificateHistory>) -> CertificateInventory {
    inventory(&of(histories), &InventoryOptions { as_of: at(20.0), expiring_s: None })
}

/// On day 20, for the next ten days.
fn expiring(histories: Vec<CertificateHistory>) -> CertificateInventory {
    inventory(&of(histories), &InventoryOptions { as_of: at(20.0), expiring_s: Some(10 * 86_400) })
}

fn serials(rows: &[CertificateRow]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.serial.as_deref()).collect()
}

#[test]
fn a_row_sums_up_a_history() {
    let uses = vec![used("", 1.0, 5.0, 7), used("ClientCertExpired", 6.0, 9.0, 2), used_on(8443, "ClientCertUntrusted", 2.0, 3.0, 1)];
    let found = all(vec![certificate("CN=a", "0A", -10.0, 22.5, uses)]);
    let [row] = found.certificates.as_slice() else { panic!("{found:?}") };
    assert_eq!((row.subject.as_deref(), row.serial.as_deref()), (Some("CN=a"), Some("0A")));
    assert_eq!((&*row.first_seen, &*row.last_seen), ("2026-01-02T00:00:00.000000Z", "2026-01-10T00:00:00.000000Z"));
    assert_eq!((row.connections, row.successes, row.clients, row.clients_exact), (10, 7, 1, true));
    assert_eq!(row.failures, BTreeMap::from([("ClientCertExpired".to_owned(), 2), ("ClientCertUntrusted".to_owned(), 1)]));
    assert_eq!(row.listeners, ["app/a/1:443", "app/a/1:8443"]);
    assert_eq!(row.not_after.as_deref(), Some("2026-01-23T12:00:00.000000Z"));
    assert_eq!((row.days_left, row.state, &row.rotated_by), (Some(2), CertificateState::Failing, &None));
    assert_eq!((found.schema, &*found.as_of, found.total_certificates), ("tlslake.certificates/1", "2026-01-21T00:00:00.000000Z", 1));
}

#[test]
fn days_left_are_rounded_down() {
    for (not_after, days) in [(30.0, 10), (20.9, 0), (20.0, 0), (19.9, -1), (10.0, -10)] {
        let found = all(vec![certificate("CN=a", "01", -1.0, not_after, vec![used("", 1.0, 2.0, 1)])]);
        assert_eq!(found.certificates[0].days_left, Some(days), "{not_after}");
    }
}

#[test]
fn connections_without_a_certificate_are_no_certificate() {
    let mut http = used("", 1.0, 2.0, 5);
    http.key.verdict = UseVerdict::NoVerdict;
    let none = certificate("-", "-", 0.0, 0.0, vec![http, used("UnmappedConnectionError", 1.0, 2.0, 3)]);
    let found = all(vec![none, certificate("CN=a", "-", -1.0, 90.0, vec![used("", 1.0, 2.0, 1)])]);
    assert_eq!((found.certificates.len(), found.total_certificates), (1, 1));
    assert_eq!((found.without_certificate.connections, found.without_certificate.successes), (8, 0));
    assert_eq!(found.without_certificate.failures, BTreeMap::from([("UnmappedConnectionError".to_owned(), 3)]));
}

#[test]
fn the_last_verdict_on_some_listener_decides_whether_it_works() {
    let state = |uses| all(vec![certificate("CN=a", "01", -1.0, 90.0, uses)]).certificates[0].state;
    assert_eq!(state(vec![used("", 1.0, 2.0, 1), used("ClientCertCrlHit", 3.0, 4.0, 1)]), CertificateState::Failing);
    assert_eq!(state(vec![used("ClientCertUntrusted", 1.0, 2.0, 1), used("", 3.0, 4.0, 1)]), CertificateState::Working);
    // Another listener goes on refusing it; this one takes it.
    assert_eq!(state(vec![used("", 1.0, 2.0, 1), used_on(8443, "ClientCertUntrusted", 3.0, 4.0, 1)]), CertificateState::Working);
    assert_eq!(state(vec![used("", 1.0, 4.0, 1), used("ClientCertUntrusted", 3.0, 4.0, 1)]), CertificateState::Working);
    let mut unjudged = used("", 1.0, 2.0, 1);
    unjudged.key.verdict = UseVerdict::NoVerdict;
    assert_eq!(state(vec![unjudged]), CertificateState::NoVerdict);
}

#[test]
fn what_works_and_expires_within_the_time_will_fail() {
    let mut shared = used("", 1.0, 19.0, 100);
    shared.clients = clients(&[1, 2]);
    let mut more = used("", 1.0, 19.0, 500);
    more.clients = clients(&[2, 3]);
    let found = expiring(vec![
        certificate("CN=few", "01", -1.0, 25.0, vec![shared]),
        certificate("CN=many", "02", -1.0, 29.0, vec![more]),
        certificate("CN=later", "03", -1.0, 31.0, vec![used("", 1.0, 19.0, 9)]),
        certificate("CN=revoked", "04", -1.0, 25.0, vec![used("", 1.0, 2.0, 9), used("ClientCertCrlHit", 3.0, 4.0, 1)]),
    ]);
    assert_eq!(serials(&found.certificates), ["02", "01"], "most connections first");
    let forecast = found.forecast.unwrap();
    assert_eq!((forecast.certificates, forecast.connections, forecast.clients, forecast.replaced), (2, 600, 3, 0));
    assert_eq!(forecast.first_failure.as_deref(), Some("2026-01-26T00:00:00.000000Z"));
    assert_eq!((forecast.worked_after_expiry, forecast.within_s, &*forecast.until), (0, 864_000, "2026-01-31T00:00:00.000000Z"));
    assert_eq!(found.total_certificates, 4);
}

#[test]
fn one_that_works_though_it_has_expired_is_a_danger_still() {
    let mut late = used("", 12.0, 19.0, 5);
    late.key.leaf = LeafState::Expired;
    let found = expiring(vec![
        certificate("CN=ignored", "01", -1.0, 10.0, vec![late]),
        certificate("CN=unseen-since", "02", -1.0, 19.5, vec![used("", 1.0, 19.0, 3)]),
        certificate("CN=fails", "03", -1.0, 10.0, vec![used("", 1.0, 9.0, 3), used("ClientCertExpired", 11.0, 19.0, 3)]),
        certificate("CN=history", "04", -1.0, 10.0, vec![used("", 1.0, 5.0, 3)]),
        certificate("CN=history", "05", 4.0, 300.0, vec![used("", 6.0, 19.0, 3)]),
    ]);
    assert_eq!(serials(&found.certificates), ["01"]);
    assert_eq!(serials(&found.expired_unseen), ["02"], "nothing shows that it is in use still");
    assert_eq!(serials(&found.replaced), Vec::<&str>::new());
    let forecast = found.forecast.unwrap();
    assert_eq!((forecast.first_failure, forecast.certificates, forecast.worked_after_expiry), (None, 1, 1));
    assert_eq!((forecast.replaced, forecast.expired_unseen), (0, 1));
}

#[test]
fn what_was_replaced_is_no_danger() {
    let found = expiring(vec![
        certificate("CN=a", "01", -100.0, 25.0, vec![used("", 0.0, 9.0, 10)]),
        certificate("CN=a", "02", 8.0, 300.0, vec![used("", 10.0, 19.0, 10)]),
    ]);
    assert_eq!(serials(&found.certificates), Vec::<&str>::new());
    assert_eq!(serials(&found.replaced), ["01"]);
    assert_eq!((found.replaced[0].rotated_by.as_deref(), found.replaced[0].replaced), (Some("02"), true));
    assert_eq!(found.forecast.map(|forecast| (forecast.certificates, forecast.replaced, forecast.first_failure)), Some((0, 1, None)));
}

#[test]
fn a_straggler_is_a_danger_though_its_successor_works() {
    let found = expiring(vec![
        certificate("CN=a", "01", -100.0, 25.0, vec![used("", 0.0, 12.0, 10)]),
        certificate("CN=a", "02", 8.0, 300.0, vec![used("", 10.0, 19.0, 10)]),
    ]);
    assert_eq!(serials(&found.certificates), ["01"]);
    assert_eq!((found.certificates[0].rotated_by.as_deref(), found.certificates[0].replaced), (Some("02"), false));
}

#[test]
fn the_newest_successor_counts_and_an_older_one_never() {
    let rotated = |histories| {
        let found = all(histories);
        found.certificates.iter().map(|row| row.rotated_by.clone()).collect::<Vec<_>>()
    };
    let chain = vec![
        certificate("CN=a", "01", -100.0, 25.0, vec![used("", 0.0, 2.0, 1)]),
        certificate("CN=a", "02", 3.0, 300.0, vec![used("", 4.0, 6.0, 1)]),
        certificate("CN=a", "03", 7.0, 300.0, vec![used("", 8.0, 9.0, 1)]),
        certificate("CN=b", "04", 9.0, 300.0, vec![used("", 10.0, 19.0, 1)]),
    ];
    assert_eq!(rotated(chain), [Some("03".into()), Some("03".into()), None, None]);
    let never_worked = vec![
        certificate("CN=a", "01", -100.0, 25.0, vec![used("", 0.0, 2.0, 1)]),
        certificate("CN=a", "02", 3.0, 300.0, vec![used("ClientCertUntrusted", 4.0, 6.0, 1)]),
    ];
    assert_eq!(rotated(never_worked), [None, None]);
}

#[test]
fn without_dates_only_one_that_came_after_is_a_successor() {
    let undated = |serial: &str, first, last| CertificateHistory {
        not_before: None,
        not_after: None,
        ..certificate("CN=a", serial, 0.0, 0.0, vec![used("", first, last, 1)])
    };
    let found = all(vec![undated("01", 0.0, 2.0), undated("02", 3.0, 4.0), undated("03", 3.5, 9.0)]);
    let rotated: Vec<_> = found.certificates.iter().map(|row| row.rotated_by.as_deref()).collect();
    assert_eq!(rotated, [Some("03"), None, None]);
    assert_eq!(found.certificates[0].days_left, None);
    assert_eq!(expiring(vec![undated("01", 0.0, 2.0)]).certificates, []);
}

#[test]
fn what_was_forgotten_is_said() {
    let mut certificates = of(Vec::new());
    certificates.forgotten = Some(Forgotten { certificates: 3, connections: 9, failures: 1 });
    let found = inventory(&certificates, &InventoryOptions { as_of: 0, expiring_s: None });
    assert_eq!(found.forgotten, Some(ForgottenCertificates { certificates: 3, connections: 9, failures: 1 }));
    assert!(found.notes[0].contains("3 of the least used"));
    certificates.forgotten = Some(Forgotten::default());
    assert!(inventory(&certificates, &InventoryOptions { as_of: at(20.0), expiring_s: None }).notes.is_empty());
}

#[test]
fn no_time_overflows() {
    let edge = CertificateHistory { not_before: Some(i64::MIN), not_after: Some(i64::MAX), ..certificate("CN=a", "01", 0.0, 0.0, vec![]) };
    for as_of in [i64::MIN, 0, i64::MAX] {
        let options = InventoryOptions { as_of, expiring_s: Some(u64::MAX) };
        assert_eq!(inventory(&of(vec![edge.clone()]), &options).total_certificates, 1);
    }
}

#[test]
fn a_shared_subject_is_not_replaced_before_all_its_clients_are() {
    let old = |octets: &[u8]| {
        let used = Use { clients: clients(octets), ..used("", 0.0, 5.0, 9) };
        certificate("CN=a", "01", -100.0, 25.0, vec![used])
    };
    let new = certificate("CN=a", "02", 4.0, 300.0, vec![used("", 6.0, 19.0, 9)]);
    let find =
        |octets: &[u8]| inventory(&of(vec![old(octets), new.clone()]), &InventoryOptions { as_of: at(20.0), expiring_s: Some(864_000) });
    let replaced = find(&[1]);
    assert!(replaced.certificates.is_empty() && replaced.replaced.len() == 1);
    // The second device was never seen with the new one.
    let shared = find(&[1, 2]);
    assert_eq!((shared.certificates.len(), shared.replaced.len()), (1, 0));
    assert_eq!(shared.certificates[0].rotated_by.as_deref(), Some("02"));
}

#[test]
fn events_after_the_time_asked_for_are_said() {
    let early = inventory(&of(Vec::new()), &InventoryOptions { as_of: at(10.0), expiring_s: None });
    assert!(early.notes.iter().any(|note| note.contains("is later than the time that days are counted from")), "{:?}", early.notes);
}
