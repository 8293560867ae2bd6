//! `tlslake certs`: the inventory of certificates and the forecast, from raw logs and from a lake.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::{folder, logs, run};

/// Four certificates and plain HTTP: one that expires soon, one that was replaced, its successor, one that is revoked.
const LINES: [&str; 8] = [
    r#"2026-03-01T10:00:00.000000Z 203.0.113.1 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.010 "CN=soon,O=A B" NotBefore=2026-01-01T00:00:00Z;NotAfter=2026-03-20T12:00:00Z 0A Success TID_1 x25519 app/a/1 10.0.0.1"#,
    r#"2026-03-09T10:00:00.000000Z 203.0.113.2 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.010 "CN=soon,O=A B" NotBefore=2026-01-01T00:00:00Z;NotAfter=2026-03-20T12:00:00Z 0a Success TID_2 x25519 app/a/1 10.0.0.1"#,
    r#"2026-03-01T11:00:00.000000Z 203.0.113.3 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.010 "CN=rotated" NotBefore=2025-03-25T00:00:00Z;NotAfter=2026-03-25T00:00:00Z 01 Success TID_3 x25519 app/a/1 10.0.0.1"#,
    r#"2026-03-05T11:00:00.000000Z 203.0.113.3 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.010 "CN=rotated" NotBefore=2026-03-04T00:00:00Z;NotAfter=2027-03-04T00:00:00Z 02 Success TID_4 x25519 app/a/1 10.0.0.1"#,
    r#"2026-03-01T12:00:00.000000Z 203.0.113.4 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.010 "CN=revoked" NotBefore=2026-01-01T00:00:00Z;NotAfter=2026-03-30T00:00:00Z 03 Success TID_5 x25519 app/a/1 10.0.0.1"#,
    r#"2026-03-02T12:00:00.000000Z 203.0.113.4 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - "CN=revoked" NotBefore=2026-01-01T00:00:00Z;NotAfter=2026-03-30T00:00:00Z 03 Failed:ClientCertCrlHit TID_6 - app/a/1 10.0.0.1"#,
    r#"2026-03-02T12:00:00.000000Z 203.0.113.5 50000 80 - - - "-" - - - TID_7 - app/a/1 10.0.0.1"#,
    r#"2026-03-02T13:00:00.000000Z 203.0.113.5 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - "-" - - Failed:UnmappedConnectionError TID_8 - app/a/1 10.0.0.1"#,
];

fn write(folder: &Path) -> String {
    let text: String = LINES.iter().map(|line| format!("{line}\n")).collect();
    logs::write(folder, &logs::name(1), &logs::gzip(text.as_bytes()));
    folder.to_str().unwrap().to_owned()
}

fn serials(rows: &Json) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["serial"].as_str().unwrap()).collect()
}

#[test]
fn there_is_one_row_per_subject_and_serial() {
    let input = folder();
    let logs = write(input.path());
    let document = run(["certs", &logs, "--as-of", "2026-03-10", "--format", "json"]).exits(0).json();
    assert_eq!(document["schema"], "tlslake.certificates/1");
    assert_eq!(document["as_of"], "2026-03-10T00:00:00.000000Z");
    assert_eq!(serials(&document["certificates"]), ["03", "01", "02", "0A"]);
    let revoked = &document["certificates"][0];
    assert_eq!(
        (&revoked["state"], &revoked["failures"]["ClientCertCrlHit"], &revoked["successes"]),
        (&"failing".into(), &1.into(), &1.into())
    );
    let rotated = &document["certificates"][1];
    assert_eq!((&rotated["rotated_by"], &rotated["replaced"]), (&"02".into(), &true.into()));
    let soon = &document["certificates"][3];
    assert_eq!((&soon["connections"], &soon["clients"], &soon["days_left"]), (&2.into(), &2.into(), &10.into()));
    assert_eq!(soon["subject"], "CN=soon,O=A B");
    assert_eq!(soon["last_seen"], "2026-03-09T10:00:00.000000Z");
    assert_eq!(soon["not_after"], "2026-03-20T12:00:00.000000Z");
    assert_eq!(document["without_certificate"]["connections"], 2);
    assert_eq!(document["without_certificate"]["failures"]["UnmappedConnectionError"], 1);
    assert_eq!((&document["forecast"], &document["forgotten"]), (&Json::Null, &Json::Null));
}

#[test]
fn the_forecast_names_what_works_and_will_fail() {
    let input = folder();
    let logs = write(input.path());
    let expiring = ["certs", &logs, "--as-of", "2026-03-10", "--expiring", "30d"];
    let document = run(expiring.into_iter().chain(["--format", "json"])).exits(0).json();
    assert_eq!(serials(&document["certificates"]), ["0A"]);
    assert_eq!(serials(&document["replaced"]), ["01"]);
    let forecast = &document["forecast"];
    assert_eq!((&forecast["certificates"], &forecast["connections"], &forecast["clients"]), (&1.into(), &2.into(), &2.into()));
    assert_eq!((&forecast["first_failure"], &forecast["within_s"]), (&"2026-03-20T12:00:00.000000Z".into(), &2_592_000.into()));

    let text = run(expiring).exits(0).stdout;
    assert!(
        text.contains("1 certificate will fail, which made 2 connections from 2 clients in these logs; the first at 2026-03-20T12:00:00Z."),
        "{text}"
    );
    assert!(text.contains("Replaced in time"), "{text}");

    let none = run(["certs", &logs, "--as-of", "2026-03-10", "--expiring", "12h"]).exits(0).stdout;
    assert!(none.contains("No certificate that works will fail within this time."), "{none}");
    let late = run(["certs", &logs, "--as-of", "2026-04-01", "--expiring", "4w", "--format", "json"]).exits(0).json();
    assert_eq!((serials(&late["certificates"]), serials(&late["expired_unseen"])), (vec![], vec!["0A"]));
}

#[test]
fn csv_has_one_line_per_certificate() {
    let input = folder();
    let logs = write(input.path());
    let text = run(["certs", &logs, "--as-of", "2026-03-10", "--format", "csv"]).exits(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("subject,serial,state,first_seen,last_seen,connections,successes,failed,failures,clients,"), "{text}");
    assert!(
        lines[1].starts_with("CN=revoked,03,failing,2026-03-01T12:00:00.000000Z,2026-03-02T12:00:00.000000Z,2,1,1,ClientCertCrlHit=1,1,"),
        "{text}"
    );
    assert!(lines[4].starts_with("\"CN=soon,O=A B\",0A,working,"), "{text}");
}

#[test]
fn the_range_decides_which_connections_count() {
    let input = folder();
    let logs = write(input.path());
    let document = run(["certs", &logs, "--since", "2026-03-05", "--format", "json"]).exits(0).json();
    assert_eq!(serials(&document["certificates"]), ["02", "0a"]);
    assert_eq!(document["certificates"][1]["connections"], 1);
}

#[test]
fn a_soiled_input_is_named_and_remembered_by_the_exit_code() {
    let input = folder();
    let logs = write(input.path());
    logs::write(input.path(), &logs::name(2), b"not a log line\n");
    let soiled = run(["certs", &logs, "--format", "json"]).exits(3).complains_of("1 line rejected");
    assert!(soiled.json()["notes"][0].as_str().is_some_and(|note| note.contains("1 line rejected")));
    run(["certs", input.path().join("missing").to_str().unwrap()]).exits(1);
}

#[test]
fn a_time_ahead_needs_a_unit() {
    for wrong in ["30", "d", "0d", "-1d", "30 days", "1.5d", "99999999999999999999d"] {
        run(["certs", "logs", &format!("--expiring={wrong}")]).exits(2).complains_of("30d (days)");
    }
}
