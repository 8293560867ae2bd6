//! The example of AWS's own article, and the command that the article gives: what it misses, and what is there.
//!
//! The article ("How do I identify and resolve client connection issues when I use mTLS with the Application Load Balancer?") shows seven
//! columns of three lines; here the lines are whole again.

use std::path::Path;
use std::process::Command;

use crate::support::{at, count, folder, logs, run};

/// The article's rows: time, protocol, cipher, subject, validity, serial number, status.
const ROWS: [&str; 3] = [
    "2024-04-05T18:31:29.268987Z TLSv1.3 ECDHE-RSA-AES256-SHA \"CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US\" NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 \"Failed:ClientCertExpired\"",
    "2024-04-05T19:29:35.128387Z TLSv1.3 ECDHE-RSA-AES256-SHA \"CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US\" NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 \"Failed:ClientCertExpired\"",
    "2024-04-05T20:16:44.387952Z TLSv1.3 ECDHE-RSA-AES256-SHA \"CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US\" NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 \"Failed:ClientCertExpired\"",
];

const SUBJECT: &str = "CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US";

/// A failure of the same client whose subject has no space: the one that the article's command can find.
const WITHOUT_A_SPACE: &str = "2024-04-05T21:00:00.000000Z 203.0.113.7 36283 443 TLSv1.3 ECDHE-RSA-AES256-SHA - \"CN=other,O=Company\" \
    NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 03 \"Failed:ClientCertExpired\" TID_00000000000000000000000000000004";

/// Puts the columns back that the article left out: client, ports and latency before the protocol's neighbours, the trace id at the end.
fn whole(row: &str, number: usize) -> String {
    let (time, rest) = row.split_once(' ').unwrap();
    let (protocol_and_cipher, certificate) = rest.split_at(rest.find(" \"").unwrap());
    let port = 36_280 + number;
    format!("{time} 203.0.113.7 {port} 443 {protocol_and_cipher} -{certificate} TID_{number:032x}")
}

fn write(folder: &Path, lines: &[String]) {
    let name = "conn_log_123456789012_elasticloadbalancing_us-east-1_app.my-loadbalancer.1234567890abcdef_20240405T2020Z_172.160.1.192_3ck9ekgy.log.gz";
    logs::write(folder, name, &logs::gzip((lines.join("\n") + "\n").as_bytes()));
}

fn article() -> tempfile::TempDir {
    let folder = folder();
    let lines: Vec<String> = ROWS.iter().enumerate().map(|(number, row)| whole(row, number + 1)).collect();
    write(folder.path(), &lines);
    folder
}

/// What the article has its readers type.
fn awk(folder: &Path) -> String {
    let command = r#"zcat *.log.gz | awk '($2 == "203.0.113.7" && $11 ~ "Failed")'"#;
    let output = Command::new("sh").args(["-c", command]).current_dir(folder).output().expect("sh, zcat and awk are everywhere");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_articles_command_misses_all_three() {
    let folder = article();
    assert_eq!(awk(folder.path()), "", "`O=Company LLC` has a space, so that awk's eleventh column is the serial number");
}

/// The command itself runs: on a subject without a space it does what it is for.
#[test]
fn the_articles_command_finds_a_subject_without_a_space() {
    let folder = folder();
    write(folder.path(), &[whole(ROWS[0], 1), WITHOUT_A_SPACE.to_owned()]);
    assert_eq!(awk(folder.path()), format!("{WITHOUT_A_SPACE}\n"));
}

#[test]
fn failures_finds_all_three() {
    let folder = article();
    let found = run(["failures", folder.path().to_str().unwrap(), "--client-ip", "203.0.113.7", "--format", "csv"]).exits(0);
    let mut reader = csv::Reader::from_reader(found.stdout.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), ROWS.len(), "{}", found.stdout);
    for (record, row) in records.iter().zip(ROWS) {
        let time = row.split(' ').next().unwrap();
        for value in
            [time, "TLSv1.3", "ECDHE-RSA-AES256-SHA", SUBJECT, "NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z", "02"]
        {
            assert!(record.iter().any(|told| told == value), "{value} is in {record:?}");
        }
        assert!(record.iter().any(|told| told.trim_matches('"') == "Failed:ClientCertExpired"), "{record:?}");
    }
}

#[test]
fn diagnose_says_what_is_wrong_and_proves_it() {
    let folder = article();
    let found = run(["diagnose", folder.path().to_str().unwrap(), "--format", "json"]).exits(0).json();
    let findings = at(&found, "findings").as_array().unwrap();
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!(at(finding, "cause"), "leaf-expired");
    assert_eq!(at(finding, "certainty"), "proven");
    assert_eq!(at(finding, "subject"), SUBJECT);
    assert_eq!(at(finding, "serial"), "02");
    assert_eq!(count(finding, "count"), 3);
    assert_eq!(at(finding, "listeners").as_array().unwrap(), &["app/my-loadbalancer/1234567890abcdef:443"]);
}
