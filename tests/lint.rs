//! `tlslake lint-trust-store`: exit codes, both forms, and the line that is at fault.

use rcgen::{BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair, SerialNumber};
use time::{Duration, OffsetDateTime};

use crate::support::{folder, run};

/// A CA, valid from yesterday on.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
}

impl Ca {
    fn new(common_name: &str, days: i64) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) = (now - Duration::days(400), now + Duration::days(days));
        Self { params, key: KeyPair::generate().unwrap() }
    }

    fn pem(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem().replace("\r\n", "\n")
    }

    fn crl(&self, days: i64) -> String {
        let now = OffsetDateTime::now_utc();
        let list = CertificateRevocationListParams {
            this_update: now - Duration::days(30),
            next_update: now + Duration::days(days),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().pem().unwrap()
    }
}

/// A folder with these files, and the paths to them.
fn files<const N: usize>(contents: [&str; N]) -> (tempfile::TempDir, [String; N]) {
    let folder = folder();
    let mut number = 0;
    let paths = contents.map(|content| {
        number += 1;
        let path = folder.path().join(format!("{number}.pem"));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    });
    (folder, paths)
}

#[test]
fn a_clean_trust_store_exits_0() {
    let (one, other) = (Ca::new("One", 400), Ca::new("Other", 400));
    let (_folder, [a, b, crl]) = files([&one.pem(), &other.pem(), &one.crl(30)]);
    let text = run(["lint-trust-store", "--ca-bundle", &a, &b, "--crl", &crl]).exits(0).stdout;
    assert!(text.contains("CA bundle, 1 CA certificate") && text.contains("clean: nothing that a load balancer refuses"), "{text}");
    let json = run(["lint-trust-store", "--ca-bundle", &a, "--ca-bundle", &b, "--crl", &crl, "--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "tlslake.trust-store-lint/1");
    assert_eq!((json["counts"]["bundles"].as_u64(), json["counts"]["ca_certificates"].as_u64()), (Some(2), Some(2)));
    assert_eq!(json["problems"], serde_json::json!([]));
}

#[test]
fn warnings_alone_exit_0() {
    let (_folder, [bundle]) = files([&Ca::new("Soon", 10).pem()]);
    let run = run(["lint-trust-store", "--ca-bundle", &bundle]).exits(0);
    assert!(run.stdout.contains(&format!("{bundle}:1  warning  CN=Soon")), "{}", run.stdout);
    assert!(run.stdout.contains("[expires-soon]") && run.stdout.contains("usable, with 1 warning"), "{}", run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn errors_exit_3_with_their_lines_and_fixes() {
    let (expired, stranger) = (Ca::new("Expired", -1), Ca::new("Stranger", 400));
    let text = format!("# well-known roots\n\n{}", expired.pem());
    let (_folder, [bundle, crl]) = files([&text, &stranger.crl(-1)]);
    let seen = run(["lint-trust-store", "--ca-bundle", &bundle, "--crl", &crl]).exits(3).complains_of("5 errors; exit code 3");
    for line in [
        format!("{bundle}:1  error    a comment that contains \"-\" [comment-with-hyphen]"),
        format!("{bundle}:2  error    a blank line [blank-line]"),
        format!("{bundle}:3  error    CN=Expired: expired at "),
        format!("{crl}:1  error    no bundle holds the issuer of this CRL, CN=Stranger [crl-without-issuer]"),
    ] {
        assert!(seen.stdout.contains(&line), "{line}\n{}", seen.stdout);
    }
    assert!(
        seen.stdout.contains("fix      delete the line\n") && seen.stdout.contains("do not upload it: 5 errors, 0 warnings"),
        "{}",
        seen.stdout
    );
    let json = run(["lint-trust-store", "--ca-bundle", &bundle, "--crl", &crl, "--format", "json"]).exits(3).json();
    let problems: Vec<_> =
        json["problems"].as_array().unwrap().iter().map(|problem| (problem["line"].as_u64(), problem["rule"].as_str().unwrap())).collect();
    assert_eq!(
        problems,
        [
            (Some(1), "comment-with-hyphen"),
            (Some(2), "blank-line"),
            (Some(3), "expired"),
            (Some(1), "crl-without-issuer"),
            (Some(1), "crl-expired")
        ]
    );
    assert_eq!(json["problems"][0]["severity"], "error");
    assert_eq!(json["problems"][4]["file"], crl.as_str());
}

#[test]
fn a_bundle_that_is_no_pem_has_no_line() {
    let (_folder, [bundle]) = files(["hello"]);
    let json = run(["lint-trust-store", "--ca-bundle", &bundle, "--format", "json"]).exits(3).json();
    assert_eq!((&json["problems"][0]["rule"], &json["problems"][0]["line"]), (&serde_json::json!("not-pem"), &serde_json::Value::Null));
}

#[test]
fn a_private_key_is_not_repeated() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let (_folder, [bundle]) = files([&key]);
    let seen = run(["lint-trust-store", "--ca-bundle", &bundle]).exits(3);
    assert!(seen.stdout.contains("[private-key]"));
    let secret = key.lines().nth(1).unwrap();
    assert!(!seen.stdout.contains(secret) && !seen.stderr.contains(secret));
}

#[test]
fn a_name_cannot_write_to_the_terminal() {
    let (_folder, [bundle]) = files([&Ca::new("\u{1b}[2Jevil", -1).pem()]);
    let seen = run(["lint-trust-store", "--ca-bundle", &bundle]).exits(3);
    assert!(seen.stdout.contains("\\u{1b}[2Jevil") && !seen.stdout.contains('\u{1b}'), "{}", seen.stdout);
}

#[test]
fn unreadable_files_exit_1_and_bad_command_lines_2() {
    let (folder, [bundle]) = files([&Ca::new("Root", 400).pem()]);
    let missing = folder.path().join("missing.pem");
    run(["lint-trust-store", "--ca-bundle", missing.to_str().unwrap()]).exits(1).complains_of("missing.pem");
    run(["lint-trust-store", "--ca-bundle", &bundle, "--crl", missing.to_str().unwrap()]).exits(1).complains_of("missing.pem");
    run(["lint-trust-store"]).exits(2).complains_of("--ca-bundle");
    run(["lint-trust-store", "--crl", &bundle]).exits(2).complains_of("--ca-bundle");
    run(["lint-trust-store", "--ca-bundle", &bundle, "--format", "yaml"]).exits(2);
}
