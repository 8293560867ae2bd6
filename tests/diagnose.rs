//! `tlslake diagnose`, from logs and files to findings, as people and scripts get them.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SerialNumber};
use serde_json::Value as Json;

use crate::support::{at, count, folder, logs, run, run_with_stdin};

const EXPIRED: &str = logs::FIRST_ERA;
const NO_CERTIFICATE: &str = "2026-09-23T07:11:29.000001Z 192.0.2.9 50001 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - \"-\" - - \
    Failed:UnmappedConnectionError TID_00000000000000000000000000000002 - app/lb/0123456789abcdef 198.51.100.7";
const HOSTILE: &str = "2026-09-23T07:11:30.000001Z 192.0.2.10 50001 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - \
    \"CN=<script>`x` | [a](http://b) \u{1b}[2J'; id; '\" NotBefore=2026-01-01T00:00:00Z;NotAfter=2027-01-01T00:00:00Z 0A \
    Failed:ClientCertUntrusted TID_00000000000000000000000000000003 - app/lb/0123456789abcdef 198.51.100.7";

fn log(folder: &Path, lines: &[&str]) -> PathBuf {
    logs::write(folder, &logs::name(1), &logs::gzip((lines.join("\n") + "\n").as_bytes()))
}

fn diagnose(input: &Path, more: &[&str]) -> crate::support::Run {
    let input = input.to_str().unwrap();
    run(["diagnose", input].iter().chain(more))
}

fn findings(input: &Path, more: &[&str]) -> Json {
    let json = diagnose(input, &[&["--format", "json"], more].concat()).exits(0).json();
    assert_eq!(json["schema"], "tlslake.diagnosis/1");
    json
}

#[test]
fn an_expired_certificate_is_proven_from_the_log_alone() {
    let input = folder();
    let later = EXPIRED.replace("18:31:29.268987", "20:16:44.387952");
    log(input.path(), &[EXPIRED, &later, logs::SECOND_ERA, logs::PLAIN_HTTP]);
    let json = findings(input.path(), &[]);
    assert_eq!((count(&json, "failures"), count(&json, "total_findings")), (2, 1));
    let finding = &json["findings"][0];
    let expected = [
        ("reason", "ClientCertExpired"),
        ("subject", "CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US"),
        ("serial", "02"),
        ("first", "2024-04-05T18:31:29.268987Z"),
        ("last", "2024-04-05T20:16:44.387952Z"),
        ("cause", "leaf-expired"),
        ("certainty", "proven"),
    ];
    for (field, value) in expected {
        assert_eq!(finding[field], value, "{field}");
    }
    assert_eq!((count(finding, "count"), count(finding, "clients.count")), (2, 1));
    assert_eq!(at(finding, "clients.sample"), &serde_json::json!(["203.0.113.24"]));
    assert!(finding["summary"].as_str().unwrap().contains("2 d 23 h before the first of these 2 handshakes"), "{finding}");
    assert_eq!(finding["evidence"][0]["from"], "log");
    assert_eq!(finding["hypotheses"], serde_json::json!([]));
    assert!(finding["fix"][0]["step"].is_string());
}

#[test]
fn text_and_markdown_tell_proof_from_guess_in_words() {
    let input = folder();
    log(input.path(), &[EXPIRED, NO_CERTIFICATE]);
    let text = diagnose(input.path(), &[]).exits(0).stdout;
    assert!(text.contains("[PROVEN]") && text.contains("[likely]") && text.contains("May also be (not proven)"), "{text}");
    let markdown = diagnose(input.path(), &["--format", "markdown"]).exits(0).stdout;
    assert!(markdown.contains("leaf-expired (PROVEN)") && markdown.contains("no-certificate (likely)"), "{markdown}");
}

#[test]
fn a_strangers_subject_stays_text() {
    let input = folder();
    log(input.path(), &[HOSTILE]);
    for format in ["text", "markdown", "json"] {
        let output = diagnose(input.path(), &["--format", format]).exits(0).stdout;
        assert!(!output.contains('\u{1b}'), "{format}: {output}");
    }
    let markdown = diagnose(input.path(), &["--format", "markdown"]).stdout;
    assert!(markdown.contains("``CN=<script>`x` | [a](http://b)"), "{markdown}");
    let json = findings(input.path(), &[]);
    assert!(json["findings"][0]["subject"].as_str().unwrap().contains('\u{1b}'), "data is data");
}

#[test]
fn nothing_failed() {
    let input = folder();
    log(input.path(), &[logs::SECOND_ERA, logs::PLAIN_HTTP]);
    let text = diagnose(input.path(), &[]).exits(0).stdout;
    assert!(text.contains("None of 2 connections failed: there is nothing to diagnose."), "{text}");
    assert_eq!(findings(input.path(), &[])["findings"], serde_json::json!([]));
}

#[test]
fn the_most_affected_come_first_and_the_rest_is_counted() {
    let input = folder();
    log(input.path(), &[EXPIRED, NO_CERTIFICATE, NO_CERTIFICATE, HOSTILE]);
    let json = findings(input.path(), &["--top", "1"]);
    assert_eq!((count(&json, "failures"), count(&json, "total_findings")), (4, 3));
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json["findings"][0]["reason"], "UnmappedConnectionError");
    let text = diagnose(input.path(), &["--top", "1"]).stdout;
    assert!(text.contains("2 more findings with 2 failed connections not shown"), "{text}");
    assert_eq!(findings(input.path(), &["--top", "all"])["findings"].as_array().unwrap().len(), 3);
    diagnose(input.path(), &["--top", "0"]).exits(2).complains_of("1 or more, or all");
}

#[test]
fn rejected_lines_are_remembered_and_the_answer_is_given() {
    let input = folder();
    log(input.path(), &[EXPIRED, "no log line"]);
    let run = diagnose(input.path(), &["--format", "json"]).exits(3).complains_of("1 line rejected");
    assert_eq!(count(&run.json(), "failures"), 1);
    assert!(run.json()["notes"][0].as_str().unwrap().contains("1 line rejected"));
}

#[test]
fn a_lake_gives_the_same_answer() {
    let (input, out) = (folder(), folder());
    log(input.path(), &[EXPIRED, NO_CERTIFICATE, HOSTILE, logs::SECOND_ERA]);
    let lake = out.path().join("lake");
    crate::support::convert(input.path(), &lake, &[]).exits(0);
    let without_commands = |mut json: Json| {
        json["findings"].as_array_mut().unwrap().iter_mut().for_each(|finding| {
            finding.as_object_mut().unwrap().remove("fix");
            finding.as_object_mut().unwrap().remove("hypotheses");
        });
        json
    };
    assert_eq!(without_commands(findings(&lake, &[])), without_commands(findings(input.path(), &[])));
}

#[test]
fn standard_input() {
    let run = run_with_stdin(["diagnose", "-", "--format", "json"], (EXPIRED.to_owned() + "\n").as_bytes()).exits(0);
    assert_eq!(run.json()["findings"][0]["cause"], "leaf-expired");
}

#[test]
fn passthrough_turns_advice_around() {
    let input = folder();
    log(input.path(), &[HOSTILE]);
    let text = diagnose(input.path(), &["--mode", "passthrough"]).exits(0).stdout;
    assert!(text.contains("in mode passthrough") && !text.contains("modify-trust-store"), "{text}");
}

/// A CA, and a client's certificate that another CA of the same name signed; both as PEM, with the client's line of a log.
struct Given {
    ca: String,
    client: String,
    key: String,
}

fn given() -> Given {
    let ca = || {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "client");
    params.serial_number = Some(SerialNumber::from(0x2a_u64));
    let key = KeyPair::generate().unwrap();
    let client = params.signed_by(&key, &ca()).unwrap().pem();
    Given { ca: ca().pem(), client, key: key.serialize_pem() }
}

const UNTRUSTED: &str = "2026-09-23T07:11:30.000001Z 192.0.2.10 50001 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - \"CN=client\" - 2A \
    Failed:ClientCertUntrusted TID_00000000000000000000000000000003 - app/lb/0123456789abcdef 198.51.100.7";

#[test]
fn files_prove_what_the_log_cannot() {
    let (input, files) = (folder(), folder());
    log(input.path(), &[UNTRUSTED]);
    assert_eq!(findings(input.path(), &[])["findings"][0]["certainty"], "likely");
    let Given { ca, client, .. } = given();
    let bundle = logs::write(files.path(), "the ca.pem", ca.as_bytes());
    let client = logs::write(files.path(), "the client.pem", client.as_bytes());
    let (bundle, client) = (bundle.to_str().unwrap(), client.to_str().unwrap());
    let json = findings(input.path(), &["--ca-bundle", bundle, "--client-cert", client]);
    let finding = &json["findings"][0];
    assert_eq!((&finding["cause"], &finding["certainty"]), (&"issuer-key-mismatch".into(), &"proven".into()), "{finding}");
    assert!(finding["evidence"].as_array().unwrap().iter().any(|one| one["from"] == "ca-bundle"), "{finding}");
    assert!(finding["fix"].to_string().contains(&format!("'{client}'")), "commands name the files as given: {finding}");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let (input, files) = (folder(), folder());
    log(input.path(), &[UNTRUSTED]);
    let missing = files.path().join("missing.pem");
    diagnose(input.path(), &["--ca-bundle", missing.to_str().unwrap()]).exits(1).complains_of("missing.pem");
    let text = logs::write(files.path(), "readme.txt", b"no certificate");
    diagnose(input.path(), &["--client-cert", text.to_str().unwrap()]).exits(1).complains_of("readme.txt");
}

#[test]
fn a_private_key_is_refused_and_nothing_of_it_is_copied() {
    let (input, files) = (folder(), folder());
    log(input.path(), &[NO_CERTIFICATE]);
    let Given { client, key, .. } = given();
    let both = logs::write(files.path(), "both.pem", (client + &key).as_bytes());
    let pack = files.path().join("pack");
    let options = ["--client-cert", both.to_str().unwrap(), "--support-pack", pack.to_str().unwrap()];
    let run = diagnose(input.path(), &options).exits(1).complains_of("private key");
    let secret: Vec<&str> = key.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(secret.iter().all(|line| !run.stderr.contains(line) && !run.stdout.contains(line)));
    assert!(!pack.exists());
}

#[test]
fn the_support_pack_holds_what_aws_asks_for() {
    let (input, files) = (folder(), folder());
    log(input.path(), &[EXPIRED, NO_CERTIFICATE, UNTRUSTED]);
    let client = logs::write(files.path(), "client.pem", given().client.as_bytes());
    let pack = files.path().join("pack");
    let options = ["--client-cert", client.to_str().unwrap(), "--support-pack", pack.to_str().unwrap(), "--top", "1"];
    diagnose(input.path(), &options).exits(0).complains_of("support pack for AWS Support");
    let read = |name: &str| std::fs::read_to_string(pack.join(name)).unwrap();
    assert_eq!(read("connections.log"), format!("{NO_CERTIFICATE}\n"));
    assert!(read("certificates/client-1.pem").starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(read("README.md").contains("curl -v --cert certificates/client-1.pem --key client.key \"https://$HOST/\""));
    let json: Json = serde_json::from_str(&read("findings.json")).unwrap();
    assert_eq!((json["findings"][0]["reason"].as_str(), count(&json, "failures")), (Some("UnmappedConnectionError"), 1));
    // It is full now.
    diagnose(input.path(), &options).exits(1).complains_of("not empty");
}

#[test]
fn no_support_pack_where_there_is_nothing_to_ask() {
    let (input, files) = (folder(), folder());
    log(input.path(), &[EXPIRED]);
    let pack = files.path().join("pack");
    diagnose(input.path(), &["--support-pack", pack.to_str().unwrap()]).exits(0).complains_of("no support pack was written");
    assert!(!pack.exists());
    run_with_stdin(["diagnose", "-", "--support-pack", pack.to_str().unwrap()], b"").exits(2).complains_of("standard input");
}
