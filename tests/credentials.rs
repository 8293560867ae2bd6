//! Whose credentials sign the requests: the environment's, a profile's, a process's, a role's, an SSO session's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;

use crate::support::proxy::{Fate, Proxy};
use crate::support::store::Store;
use crate::support::{Run, run_with_stdin_and};

/// None of these may be seen anywhere.
const SECRETS: [&str; 3] = ["sEcReTofTheProfile", "sEcReTofTheProcess", "sEcReTofTheSession"];

/// A home with `.aws` in it, and a store behind a proxy that sees who signs.
struct Place {
    home: tempfile::TempDir,
    proxy: Proxy,
    store: Store,
}

impl Place {
    /// `config` is the text of `.aws/config`, where `HOME` stands for the folder.
    fn new(config: &str) -> Option<Self> {
        let store = Store::of(Kind::Moto)?;
        store.put("archive/a.log", b"");
        store.put("archive/b.log", b"");
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".aws");
        std::fs::create_dir_all(folder.join("sso/cache")).expect("folders can be made");
        let config = config.replace("HOME", &home.path().display().to_string());
        std::fs::write(folder.join("config"), config).expect("a file can be written");
        let keys = format!("[night]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = {}\n", SECRETS[0]);
        std::fs::write(folder.join("credentials"), keys).expect("a file can be written");
        let proxy = Proxy::before(store.address, |_, _| Fate::Pass);
        Some(Self { home, proxy, store })
    }

    /// A program in the home.
    fn script(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// Lists the bucket with these options and variables beside the home's.
    fn list(&self, options: &[&str], variables: &[(&str, &str)]) -> Run {
        let home = self.home.path().display().to_string();
        let (config, credentials) = (format!("{home}/.aws/config"), format!("{home}/.aws/credentials"));
        let endpoint = format!("http://{}", self.proxy.address);
        let own = [
            ("HOME", home.as_str()),
            ("AWS_CONFIG_FILE", &config),
            ("AWS_SHARED_CREDENTIALS_FILE", &credentials),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_S3", &endpoint),
        ];
        let arguments = [&["list", "s3://logs/archive/", "--format", "json"][..], options].concat();
        let run = run_with_stdin_and(arguments, b"", &[&own[..], variables].concat());
        for secret in SECRETS {
            assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{}", run.stderr);
        }
        run
    }

    /// Lists likewise, and gives `key id/region` of every request's signature, each once.
    fn signers(&self, options: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let before = self.proxy.heads().len();
        assert_eq!(self.list(options, variables).exits(0).json()["all"]["files"], 2);
        let mut signers: Vec<String> = self.proxy.heads()[before..].iter().map(|head| signer(head)).collect();
        signers.dedup();
        signers
    }
}

fn signer(head: &str) -> String {
    let Some((_, scope)) = head.split_once("Credential=") else { return "nobody".to_owned() };
    let parts: Vec<&str> = scope.split('/').collect();
    format!("{}/{}", parts[0], parts[2])
}

const PROFILES: &str = "
[profile night]
region = eu-central-1

[profile process]
region = eu-north-1
credential_process = HOME/give

[profile role]
region = eu-west-3
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = night

[profile broken]
credential_process = HOME/fail

[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.example/start

[profile people]
region = eu-west-2
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Reader
";

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", SECRETS[0])];

#[test]
fn a_profile_gives_keys_and_region() {
    let Some(place) = Place::new(PROFILES) else { return };
    assert_eq!(place.signers(&["--profile", "night"], &[]), ["AKIAPROFILE/eu-central-1"]);
    assert_eq!(place.signers(&[], &[("AWS_PROFILE", "night")]), ["AKIAPROFILE/eu-central-1"]);
    assert_eq!(place.signers(&[], &[("AWS_PROFILE", "night"), ("AWS_REGION", "us-west-2")]), ["AKIAPROFILE/us-west-2"]);
    // As with AWS's own tools: keys in the environment go before its profile, an option before both.
    let both = [&KEYS[..], &[("AWS_PROFILE", "night")]].concat();
    assert_eq!(place.signers(&[], &both), ["AKIAENVIRONMENT/eu-central-1"]);
    assert_eq!(place.signers(&["--profile", "night"], &KEYS), ["AKIAPROFILE/eu-central-1"]);
    assert_eq!(place.signers(&["--anonymous"], &both), ["nobody"]);
    place.list(&["--profile", "night", "--anonymous"], &[]).exits(2).complains_of("cannot be used with");
}

#[test]
fn the_server_is_what_an_option_or_a_variable_or_the_profile_names() {
    let Some(place) = Place::new(PROFILES) else { return };
    let (here, nowhere) = (format!("http://{}", place.proxy.address), "http://127.0.0.1:9");
    let signed = ["AKIAPROFILE/eu-central-1"];
    assert_eq!(place.signers(&["--profile", "night", "--endpoint-url", &here], &[("AWS_ENDPOINT_URL_S3", nowhere)]), signed);
    assert_eq!(place.signers(&["--profile", "night"], &[("AWS_ENDPOINT_URL", nowhere)]), signed);
    assert_eq!(place.signers(&["--profile", "night"], &[("AWS_ENDPOINT_URL", &here), ("AWS_ENDPOINT_URL_S3", "")]), signed);
    let config = format!("[profile night]\nregion = eu-central-1\nendpoint_url = {here}\n");
    std::fs::write(place.home.path().join(".aws/config"), config).expect("a file can be written");
    assert_eq!(place.signers(&["--profile", "night"], &[("AWS_ENDPOINT_URL_S3", "")]), signed);
}

#[test]
fn a_process_is_asked_once() {
    let Some(place) = Place::new(PROFILES) else { return };
    place.script(
        "give",
        &format!(
            "echo once >>\"$HOME/asked\"; echo '{{\"Version\":1,\"AccessKeyId\":\"AKIAPROCESS\",\"SecretAccessKey\":\"{}\",\
             \"Expiration\":\"2999-01-01T00:00:00Z\"}}'",
            SECRETS[1]
        ),
    );
    assert_eq!(place.signers(&["--profile", "process"], &[]), ["AKIAPROCESS/eu-north-1"]);
    assert_eq!(std::fs::read_to_string(place.home.path().join("asked")).expect("it was asked"), "once\n");
    // What it writes may be anything, and is not shown.
    place.script("fail", &format!("echo {} >&2; exit 7", SECRETS[1]));
    let failed = place.list(&["--profile", "broken"], &[]).exits(1).complains_of("profile broken gives no credentials");
    assert!(failed.stderr.contains("exit status: 7"), "{}", failed.stderr);
    place.script("fail", &format!("echo {}", SECRETS[1]));
    place.list(&["--profile", "broken"], &[]).exits(1).complains_of("profile broken gives no credentials");
}

#[test]
fn a_role_is_assumed_with_the_credentials_of_another_profile() {
    let Some(place) = Place::new(PROFILES) else { return };
    let sts = format!("http://{}", place.store.address);
    let signers = place.signers(&["--profile", "role"], &[("AWS_ENDPOINT_URL_STS", &sts)]);
    assert_eq!(signers.len(), 1, "{signers:?}");
    assert!(signers[0].starts_with("ASIA") && signers[0].ends_with("/eu-west-3"), "{signers:?}");
    let refused = Proxy::before(place.store.address, |_, _| Fate::Status(403));
    let sts = format!("http://{}", refused.address);
    place.list(&["--profile", "role"], &[("AWS_ENDPOINT_URL_STS", &sts)]).exits(1).complains_of("profile role gives no credentials");
}

/// Answers every request as AWS's access portal does one for a role's credentials.
fn portal() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 8192];
            let count = client.read(&mut request).unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..count]).to_ascii_lowercase();
            let is_good = asked.starts_with("get /federation/credentials?") && asked.contains("bearer_token: token-of-corp");
            let keys = format!("\"accessKeyId\":\"ASIASESSION\",\"secretAccessKey\":\"{}\"", SECRETS[2]);
            let body = match is_good {
                true => format!("{{\"roleCredentials\":{{{keys},\"sessionToken\":\"t\",\"expiration\":32472144000000}}}}"),
                false => "{\"message\":\"Session token not found or invalid\",\"__type\":\"UnauthorizedException\"}".to_owned(),
            };
            let status = if is_good { "200 OK" } else { "401 Unauthorized" };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = client.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_session_of_sso_is_taken_from_its_cache_and_asked_for_where_there_is_none() {
    let Some(place) = Place::new(PROFILES) else { return };
    let portal = format!("http://{}", portal());
    let variables = [("AWS_ENDPOINT_URL_SSO", portal.as_str())];
    let login = "aws sso login --profile people";
    place.list(&["--profile", "people"], &variables).exits(1).complains_of(login);
    // The file's name is SHA-1 of the session's.
    let cache = place.home.path().join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let session = |token: &str, ends: &str| {
        let text = format!(
            "{{\"startUrl\":\"https://corp.awsapps.example/start\",\"region\":\"eu-west-1\",\"accessToken\":\"{token}\",\"expiresAt\":\"{ends}\"}}"
        );
        std::fs::write(&cache, text).expect("a file can be written");
    };
    session("token-of-corp", "2020-01-01T00:00:00Z");
    place.list(&["--profile", "people"], &variables).exits(1).complains_of(login);
    session("token-of-another", "2999-01-01T00:00:00Z");
    place.list(&["--profile", "people"], &variables).exits(1).complains_of(login);
    session("token-of-corp", "2999-01-01T00:00:00Z");
    assert_eq!(place.signers(&["--profile", "people"], &variables), ["ASIASESSION/eu-west-2"]);
}

#[test]
fn who_has_nothing_is_told_what_was_looked_at() {
    let Some(place) = Place::new(PROFILES) else { return };
    place.list(&[], &[]).exits(1).complains_of("no AWS credentials could be had");
    place.list(&["--profile", "nobody"], &[]).exits(1).complains_of("profile nobody");
    std::fs::remove_file(place.home.path().join(".aws/config")).expect("it is there");
    std::fs::remove_file(place.home.path().join(".aws/credentials")).expect("it is there");
    place.list(&["--profile", "night"], &[]).exits(1).complains_of("profile night gives no credentials");
    assert_eq!(place.signers(&["--endpoint-url", &format!("http://{}", place.proxy.address)], &KEYS), ["AKIAENVIRONMENT/us-east-1"]);
}

#[test]
fn profiles_are_looked_for_in_the_home() {
    let Some(place) = Place::new(PROFILES) else { return };
    let home = place.home.path().display().to_string();
    let endpoint = format!("http://{}", place.proxy.address);
    let variables = [("HOME", home.as_str()), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_ENDPOINT_URL", &endpoint)];
    run_with_stdin_and(["list", "s3://logs/archive/", "--profile", "night"], b"", &variables).exits(0);
    assert!(place.proxy.heads().iter().all(|head| signer(head) == "AKIAPROFILE/eu-central-1"));
}
