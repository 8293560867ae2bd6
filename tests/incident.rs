//! The incident that the README walks through: what it says there must be what the product says.

use std::path::PathBuf;

use serde_json::Value as Json;

use crate::support::run;

fn incident(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets/incident").join(name).display().to_string()
}

/// Reason, connections, cause and certainty of each finding.
fn findings(options: &[&str]) -> Vec<(String, u64, String, String)> {
    let json: Json = run([&["diagnose", &incident(""), "--format", "json"], options].concat()).exits(0).json();
    let text = |finding: &Json, key: &str| finding[key].as_str().unwrap().to_owned();
    let told =
        |finding: &Json| (text(finding, "reason"), finding["count"].as_u64().unwrap(), text(finding, "cause"), text(finding, "certainty"));
    json["findings"].as_array().unwrap().iter().map(told).collect()
}

fn expected(certainties: [&str; 3]) -> Vec<(String, u64, String, String)> {
    let causes =
        [("ClientCertUntrusted", 12, "issuer-missing"), ("ClientCertExpired", 7, "leaf-expired"), ("ClientCertCrlHit", 3, "revoked")];
    let told = causes.iter().zip(certainties);
    told.map(|(&(reason, count, cause), certainty)| (reason.to_owned(), count, cause.to_owned(), certainty.to_owned())).collect()
}

#[test]
fn files_turn_likely_into_proven() {
    assert_eq!(findings(&[]), expected(["likely", "proven", "likely"]));
    let (bundle, list, client) = (incident("ca-bundle.pem"), incident("northwind.crl.pem"), incident("gateway.pem"));
    let files = ["--ca-bundle", &bundle, "--crl", &list, "--client-cert", &client];
    assert_eq!(findings(&files), expected(["proven", "proven", "proven"]));
}

#[test]
fn its_trust_store_could_be_uploaded() {
    run(["lint-trust-store", "--ca-bundle", &incident("ca-bundle.pem"), "--crl", &incident("northwind.crl.pem")]).exits(0);
}
