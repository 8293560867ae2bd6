//! What the log tells of a certificate besides its failures.

use super::*;

const REASON: &str = "ClientCertMaxChainDepthExceeded";

#[test]
fn one_client_or_a_fleet_and_since_when() {
    let finding = only(certificate("02").with(failed(REASON, NOW, NOW)));
    assert_says(&finding, "One client is affected, 203.0.113.1: once, at 2026-03-17T00:00:00Z.");
    let finding = only(certificate("02").with(Went { clients: 9, ..failed(REASON, NOW, NOW + HOUR) }));
    assert_says(&finding, "9 clients are affected: from 2026-03-17T00:00:00Z to 2026-03-17T01:00:00Z.");
    assert_eq!((finding.clients.count, finding.clients.sample.len()), (9, 5));
}

#[test]
fn it_worked_here_before() {
    let finding = only(certificate("02").with(failed(REASON, NOW, NOW + HOUR)).with(succeeded(NOW - DAY, NOW - MINUTE)));
    assert_says(&finding, "succeeded 2 times here before, until 2026-03-16T23:59:00Z, 1 min 0 s before the first failure");
    assert_says(&finding, "One client is affected, 203.0.113.1: since 2026-03-17T00:00:00Z");
    assert_never_says(&finding, "never succeeded");
}

#[test]
fn it_works_here_again() {
    let finding = only(certificate("02").with(failed(REASON, NOW, NOW + HOUR)).with(succeeded(NOW + 2 * HOUR, NOW + 3 * HOUR)));
    assert_says(&finding, "has succeeded here since the last failure: 2 times, first at 2026-03-17T02:00:00Z");
}

#[test]
fn it_works_here_now_and_then() {
    let finding = only(certificate("02").with(failed(REASON, NOW, NOW + 4 * HOUR)).with(succeeded(NOW + HOUR, NOW + 2 * HOUR)));
    assert_says(&finding, "also succeeded here, 2 times between");
}

#[test]
fn it_works_on_another_port_of_the_same_balancer() {
    let other = Went { listener: Some(("app/a/1", 8443)), ..succeeded(NOW, NOW + DAY) };
    let finding = only(certificate("02").with(failed(REASON, NOW, NOW)).with(other));
    assert_says(&finding, "succeeds on app/a/1:8443: 2 times, last at 2026-03-18T00:00:00Z");
}

#[test]
fn a_balancer_that_is_not_known_may_be_the_same() {
    let nameless = Went { listener: Some(("", 443)), ..succeeded(NOW, NOW + DAY) };
    let finding = only(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW)).with(nameless));
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_never_says(&finding, "succeeds on");
}

#[test]
fn it_never_succeeded() {
    let history = certificate("02").with(failed(REASON, NOW, NOW));
    assert_says(&only(history.clone()), "never succeeded");
    let incomplete = CertificateHistory { incomplete: true, ..history.clone() };
    assert_never_says(&only(incomplete), "never succeeded");
    let without_serial = CertificateHistory { serial: None, ..history };
    assert_never_says(&only(without_serial), "certificate never succeeded");
    assert_never_says(&only(without_certificate().with(failed("UnmappedConnectionError", NOW, NOW))), "never succeeded");
}

#[test]
fn connections_without_a_certificate_are_no_certificate() {
    let there = Went { listener: Some(THERE), ..succeeded(NOW, NOW + DAY) };
    let history = without_certificate().with(failed("UnmappedConnectionError", NOW, NOW)).with(succeeded(NOW - DAY, NOW + DAY)).with(there);
    assert_never_says(&only(history), "very certificate");
}

#[test]
fn a_newer_serial_of_the_subject_works() {
    let old = certificate("02").with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 92 * DAY).leaf(LeafState::Expired));
    let mut new = certificate("03").with(succeeded(NOW + 80 * DAY, NOW + 93 * DAY));
    new.not_before = Some(NOW + 80 * DAY);
    let diagnosis = of(vec![old.clone(), new.clone()]);
    let [finding] = diagnosis.findings.as_slice() else { panic!("{diagnosis:#?}") };
    assert_says(finding, "A newer certificate of the same subject works: serial 03");
    assert_says(finding, "this one seems rotated");
    assert!(finding.summary.ends_with("(serial 03) works."));
    // Worked before the failures only: nobody can say that it replaced anything.
    let early = CertificateHistory { uses: Vec::new(), ..new.clone() }.with(succeeded(NOW + 80 * DAY, NOW + 81 * DAY));
    assert_never_says(&of(vec![old.clone(), early]).findings[0], "same subject");
    // Not newer: said, without a conclusion.
    let same_age = CertificateHistory { not_before: old.not_before, ..new };
    let finding = &of(vec![old, same_age]).findings[0];
    assert_says(finding, "Another certificate of the same subject works");
    assert_never_says(finding, "rotated");
}

#[test]
fn a_certificate_that_fails_for_two_reasons_is_two_findings_that_know_of_one_another() {
    let history = certificate("02")
        .with(failed("ClientCertCrlHit", NOW, NOW + HOUR))
        .with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired));
    let diagnosis = of(vec![history]);
    let [revoked, expired] = diagnosis.findings.as_slice() else { panic!("{diagnosis:#?}") };
    assert_says(revoked, "also fails for ClientCertExpired (1)");
    assert_says(expired, "also fails for ClientCertCrlHit (2)");
}

#[test]
fn a_revoked_certificate_that_has_expired_too_says_what_fails_next() {
    let finding = only(certificate("02").with(failed("ClientCertCrlHit", NOW + 91 * DAY, NOW + 92 * DAY).leaf(LeafState::Expired)));
    assert_cause(&finding, Cause::Revoked, Certainty::Likely);
    assert_says(&finding, "had expired at 2 of 2 handshakes, too: that may fail next");
}

#[test]
fn other_certificates_fail_on_the_same_listener() {
    let failing = |serial| certificate(serial).with(failed("ClientCertUntrusted", NOW, NOW));
    let there = certificate("09").with(Went { listener: Some(THERE), ..failed("ClientCertUntrusted", NOW, NOW) });
    let diagnosis = of(vec![failing("02"), failing("03"), failing("04"), there]);
    assert_says(&diagnosis.findings[0], "2 other certificates fail on the same listener for the same reason");
    assert_never_says(&diagnosis.findings[3], "other certificate");
}

#[test]
fn two_issuers_under_one_serial_are_never_one_certificate() {
    let mut history = certificate("02").with(failed("ClientCertUntrusted", NOW, NOW)).with(succeeded(NOW - DAY, NOW - HOUR));
    history.validity_differs = true;
    let finding = only(history);
    assert_says(&finding, "Different validities are logged");
    assert_never_says(&finding, "very certificate");
}

#[test]
fn of_tens_of_thousands_of_certificates_the_one_that_worked_last_is_named() {
    let one = |number: i64| CertificateHistory {
        not_before: Some(NOW - 90 * DAY + number * SECOND),
        ..certificate(&format!("{number:06X}")).with(failed("ClientCertExpired", NOW, NOW)).with(succeeded(NOW + number, NOW + number))
    };
    let begun = std::time::Instant::now();
    let diagnosis = of((0..20_000).map(one).collect());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    let oldest = diagnosis.findings.iter().find(|finding| finding.serial.as_deref() == Some("000000")).unwrap();
    assert_says(oldest, "A newer certificate of the same subject works: serial 004E1F");
    let newest = diagnosis.findings.iter().find(|finding| finding.serial.as_deref() == Some("004E1F")).unwrap();
    assert_says(newest, "Another certificate of the same subject works: serial 004E1E");
}
