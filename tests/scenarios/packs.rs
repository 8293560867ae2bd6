//! What is written for AWS Support, and what must never be: a private key.

use std::ffi::OsString;
use std::path::Path;

use super::certificates::{Identity, crl, leaf, root};
use super::connection::{Connection, Shown, connection};
use super::judge::{Scenario, scenario};
use super::openssl::openssl;
use crate::support::{Run, convert, folder, logs, run};

const TIME: &str = "2026-03-16T08:00:00.123456Z";

/// The lines of one incident: what AWS Support may see, and what is nobody's business there.
fn incident(client: &Shown) -> [Connection; 4] {
    [
        connection(TIME, client).failed("UnmappedConnectionError"),
        connection("2026-03-16T08:00:07Z", client).failed("ClientCertCrlProcessingError"),
        connection("2026-03-16T08:00:08Z", client).failed("UnmappedConnectionError").from("2001:db8::7"),
        connection("2026-03-10T08:00:00Z", client).from("203.0.113.200"),
    ]
}

fn diagnose(input: &Path, files: &[OsString], pack: &Path) -> Run {
    let mut arguments = vec!["diagnose".into(), input.into()];
    arguments.extend_from_slice(files);
    arguments.extend(["--format".into(), "json".into(), "--support-pack".into(), pack.into()]);
    run(arguments)
}

/// Everything that a folder holds, names included.
fn content(folder: &Path) -> String {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let bytes = logs::decompress(&std::fs::read(entry.path()).unwrap());
        format!("{}\n{}\n", entry.path().display(), String::from_utf8_lossy(&bytes))
    };
    files.map(read).collect()
}

/// Nothing of a key in any form: no stretch of its text, none of its bytes.
#[track_caller]
fn assert_keeps(key: &str, der: &[u8], places: &[(&str, &str)]) {
    let secrets =
        key.lines().filter(|line| !line.starts_with("-----") && line.len() >= 20).flat_map(|line| [&line[..20], &line[line.len() - 20..]]);
    let secrets: Vec<String> = secrets.map(str::to_owned).chain([hex_of(&der[der.len() / 2..][..8])]).collect();
    assert!(secrets.len() >= 3, "there is a key to look for");
    for (name, place) in places {
        assert!(
            !secrets.iter().any(|secret| place.to_lowercase().contains(&secret.to_lowercase())),
            "a part of the key is in {name}:\n{place}"
        );
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The private key of a client in every form in which people keep it: a name for each, and the file.
fn keys(client: &Identity) -> Vec<(&'static str, Vec<u8>)> {
    let folder = folder();
    let path = folder.path();
    logs::write(path, "key.pem", client.key.as_bytes());
    logs::write(path, "client.pem", client.pem.as_bytes());
    let make = |arguments: &[&str]| {
        openssl(path, &[&arguments[..1], &["-out", "made"], &arguments[1..]].concat());
        std::fs::read(path.join("made")).unwrap()
    };
    vec![
        ("PKCS #8", client.key.clone().into_bytes()),
        ("SEC 1", make(&["ec", "-in", "key.pem"])),
        ("encrypted PKCS #8", make(&["pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:secret"])),
        ("encrypted SEC 1", make(&["ec", "-in", "key.pem", "-aes128", "-passout", "pass:secret"])),
        ("RSA", make(&["genrsa", "-traditional", "2048"])),
        ("PKCS #8 in DER", make(&["pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER"])),
        ("PKCS #8 with line ends of Windows", client.key.replace('\n', "\r\n").into_bytes()),
        ("PKCS #12", make(&["pkcs12", "-export", "-inkey", "key.pem", "-in", "client.pem", "-passout", "pass:secret"])),
        ("SEC 1 in DER", make(&["ec", "-in", "key.pem", "-outform", "DER"])),
    ]
}

/// Runs with a file that holds a key, and finds nothing of the key anywhere.
#[track_caller]
fn assert_refused(name: &str, flag: &'static str, file: &[u8], key: &[u8], scenario: &Scenario) {
    let folder = folder();
    let logs = scenario.write_logs(folder.path());
    let files = scenario.clone().file(flag, "secret.pem", file).write_files(folder.path());
    let pack = folder.path().join("pack");
    let run = diagnose(&logs, &files, &pack);
    assert_ne!(run.code, 0, "{name} as {flag} is refused");
    assert!(run.stderr.contains("secret.pem"), "{name} as {flag}: the file is named:\n{}", run.stderr);
    let text = String::from_utf8_lossy(key);
    let is_pem = text.contains("-----BEGIN");
    assert!(!is_pem || run.stderr.contains("private key"), "{name} as {flag}: why is said:\n{}", run.stderr);
    let text = if is_pem { text.into_owned() } else { base64_of(key) };
    assert_keeps(&text, key, &[("stdout", &run.stdout), ("stderr", &run.stderr), ("the pack", &content(&pack))]);
    assert!(!content(&pack).contains("PRIVATE KEY"), "{name} as {flag}: the pack holds a key");
}

/// In lines of 64 characters, as in PEM.
fn base64_of(bytes: &[u8]) -> String {
    let folder = folder();
    logs::write(folder.path(), "bytes", bytes);
    openssl(folder.path(), &["base64", "-in", "bytes"])
}

#[test]
fn a_clients_file_with_a_private_key_is_refused() {
    let root = root("Root");
    let client = leaf("client").signed_by(&root);
    let scenario = scenario(incident(&client.shown)).bundle(&[root.pem()]);
    for (name, key) in keys(&client) {
        let is_pem = key.starts_with(b"-----");
        assert_refused(name, "--client-cert", &key, &key, &scenario);
        if is_pem {
            assert_refused(name, "--client-cert", &[client.pem.as_bytes(), &key].concat(), &key, &scenario);
            assert_refused(name, "--client-cert", &[&key, client.pem.as_bytes()].concat(), &key, &scenario);
        }
    }
}

#[test]
fn a_private_key_in_any_other_file_stays_there() {
    let root = root("Root");
    let client = leaf("client").signed_by(&root);
    let scenario = scenario(incident(&client.shown)).client(&[&client.pem]);
    let key = client.key.as_bytes();
    for (flag, rest) in [("--ca-bundle", root.pem().to_owned()), ("--crl", crl().pem(&root))] {
        let folder = folder();
        let logs = scenario.write_logs(folder.path());
        let files = scenario.clone().file(flag, "secret.pem", &[rest.as_bytes(), key].concat()).write_files(folder.path());
        let pack = folder.path().join("pack");
        let run = diagnose(&logs, &files, &pack);
        let der = logs::write(folder.path(), "key.pem", key);
        openssl(der.parent().unwrap(), &["pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]);
        let der = std::fs::read(folder.path().join("key.der")).unwrap();
        assert_keeps(&client.key, &der, &[("stdout", &run.stdout), ("stderr", &run.stderr), ("the pack", &content(&pack))]);
    }
}

#[test]
fn the_pack_holds_what_support_asks_for() {
    let root = root("Root");
    let client = leaf("client").signed_by(&root);
    let connections = incident(&client.shown);
    let scenario = scenario(connections.clone()).bundle(&[root.pem()]).client(&[&client.pem]);
    let folder = folder();
    let logs = scenario.write_logs(folder.path());
    let lake = folder.path().join("lake");
    convert(&logs, &lake, &[]).exits(0);
    let files = scenario.write_files(folder.path());
    for input in [&logs, &lake] {
        let pack = folder.path().join("pack").join(input.file_name().unwrap());
        diagnose(input, &files, &pack).exits(0).json();
        let held = content(&pack);
        let certificate: String = client.pem.lines().collect();
        assert!(held.lines().collect::<String>().contains(&certificate), "the client's certificate");
        assert!(held.contains("curl "), "the command to run");
        for connection in &connections[..3] {
            assert!(held.contains(&connection.trace), "the line of {}:\n{held}", connection.trace);
        }
        assert!(!held.contains("203.0.113.200"), "nothing of six days before:\n{held}");
        assert!(!held.contains("PRIVATE KEY"), "no key");
    }
    let raw = content(&folder.path().join("pack/logs"));
    connections[..3].iter().for_each(|connection| assert!(raw.contains(&connection.line()), "lines as they were logged:\n{raw}"));
}

/// A pack is for two reasons only; elsewhere the answer is here already.
#[test]
fn a_pack_is_not_made_where_nobody_asks_support() {
    let client = Shown::new("CN=client", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "01");
    let scenario = scenario([connection(TIME, &client).failed("ClientCertExpired")]);
    let folder = folder();
    let logs = scenario.write_logs(folder.path());
    let pack = folder.path().join("pack");
    let run = diagnose(&logs, &[], &pack);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let line = scenario.clone().write_logs(folder.path());
    assert!(line.exists() && !content(&pack).contains("TID_"), "no line of a reason that needs no support:\n{}", content(&pack));
}
