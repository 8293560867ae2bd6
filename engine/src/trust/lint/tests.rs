//! Each rule with a file that breaks it, and one that does not.

use proptest::prelude::*;
use rcgen::{IsCa, KeyPair, KeyUsagePurpose, SerialNumber};

use super::super::pem;
use super::super::testing::{DAY, Identity, NOW, at, ca_params, encode, leaf_params, micros, root, root_from};
use super::{LintProblem, LintReport, LintSeverity, lint};

fn report(bundles: &[&str], crls: &[&str]) -> LintReport {
    let names = |kind: &str| -> Vec<String> { (1..40).map(|number| format!("{number}.{kind}")).collect() };
    let (pem, crl) = (names("pem"), names("crl"));
    let bundles: Vec<(&str, &[u8])> = pem.iter().map(String::as_str).zip(bundles.iter().map(|text| text.as_bytes())).collect();
    let crls: Vec<(&str, &[u8])> = crl.iter().map(String::as_str).zip(crls.iter().map(|text| text.as_bytes())).collect();
    lint(&bundles, &crls, micros(NOW))
}

/// `line:rule` of each problem; a warning has a `?` behind it.
fn rules(problems: &[LintProblem]) -> Vec<String> {
    let shown = |problem: &LintProblem| {
        let line = problem.line.map_or("-".to_owned(), |line| line.to_string());
        format!("{line}:{}{}", problem.rule, if problem.severity == LintSeverity::Warning { "?" } else { "" })
    };
    problems.iter().map(shown).collect()
}

#[track_caller]
fn assert_bundle(text: &str, expected: &[&str]) {
    let report = report(&[text], &[]);
    assert_eq!(rules(&report.problems), expected, "{:#?}", report.problems);
    assert!(report.problems.iter().all(|problem| !problem.says.is_empty() && !problem.fix.is_empty() && problem.file == "1.pem"));
}

#[track_caller]
fn assert_crls(bundle: &str, crls: &[&str], expected: &[&str]) {
    let report = report(&[bundle], crls);
    assert_eq!(rules(&report.problems), expected, "{:#?}", report.problems);
}

fn changed(change: impl Fn(&mut rcgen::CertificateParams)) -> Identity {
    let mut params = ca_params("Root");
    change(&mut params);
    root_from(params, KeyPair::generate().unwrap())
}

#[test]
fn a_good_trust_store_is_clean() {
    let root = root("Root");
    let middle = root.ca("Middle");
    let text = format!("# Root of Company LLC\n{}# Middle\n{}", root.pem, middle.pem);
    let report = report(&[&text], &[&root.crl(&[1, 2]), &middle.crl(&[])]);
    assert_eq!(report.problems, []);
    assert_eq!((report.counts.ca_certificates, report.counts.crl_entries, report.counts.errors), (2, 2, 0));
    assert_eq!(report.files.iter().map(|file| file.holds.as_str()).collect::<Vec<_>>(), ["2 CA certificates", "2 entries", "0 entries"]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema"], "tlslake.trust-store-lint/1");
    assert_eq!(json["files"][1]["kind"], "crl");
}

#[test]
fn windows_line_ends_are_fine() {
    assert_bundle(&root("Root").pem.replace("\r\n", "\n").replace('\n', "\r\n"), &[]);
}

#[test]
fn lines_around_blocks() {
    let pem = root("Root").pem.replace("\r\n", "\n");
    let lines = pem.lines().count();
    assert_bundle(&format!("\n{pem}\n"), &["1:blank-line", &format!("{}:blank-line", lines + 2)]);
    assert_bundle(&pem.replacen("-----\n", "-----\n\n", 1), &["2:blank-line"]);
    assert_bundle(&format!("# a-b\n{pem}"), &["1:comment-with-hyphen"]);
    assert_bundle(&format!("# a b\n{pem}"), &[]);
    assert_bundle(&format!("Root of the company\nvalid\n{pem}"), &["1:text-outside-block"]);
    assert_bundle(&format!("Certificate:\n    Data:\n        Version: 3\n{pem}"), &["1:text-preamble"]);
    assert_bundle(&format!("Bag Attributes\n    friendlyName: x\nsubject=CN = x\n{pem}"), &["1:text-preamble"]);
    assert_bundle(&format!("\u{feff}{pem}"), &["1:byte-order-mark"]);
}

#[test]
fn blocks_that_cannot_be_taken() {
    let pem = root("Root").pem.replace("\r\n", "\n");
    let other = root("Other").pem.replace("\r\n", "\n");
    let key = KeyPair::generate().unwrap().serialize_pem().replace("\r\n", "\n");
    let lines = pem.lines().count();
    assert_bundle(&format!("{pem}{key}"), &[&format!("{}:private-key", lines + 1)]);
    assert_bundle(&key.replace("PRIVATE KEY", "CERTIFICATE"), &["1:private-key"]);
    assert_bundle(&key.replace("PRIVATE KEY", "private-key"), &["1:private-key"]);
    let secret = pem::blocks(key.as_bytes()).next().unwrap().decode().unwrap();
    assert_eq!(rules(&lint(&[("key.der", &secret)], &[], micros(NOW)).problems), ["-:private-key"]);
    assert_bundle(&pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), &["1:wrong-label"]);
    assert_bundle(&format!("{}{other}", pem.lines().take(lines - 1).collect::<Vec<_>>().join("\n") + "\n"), &["1:block-not-closed"]);
    assert_bundle(&pem.replacen("MII", "M*I", 1), &["2:not-base64"]);
    assert_bundle("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", &["1:not-a-certificate"]);
    assert_bundle(&format!(" {pem}"), &["1:indented-line"]);
}

#[test]
fn blocks_joined_without_a_newline() {
    let [one, other] = ["One", "Other"].map(|name| root(name).pem.replace("\r\n", "\n"));
    let lines = one.lines().count();
    let text = format!("{}{other}", one.trim_end());
    let report = report(&[&text], &[]);
    assert_eq!(rules(&report.problems), [format!("{lines}:blocks-on-one-line")]);
    assert!(report.problems[0].fix.contains("line break"));
    let key = KeyPair::generate().unwrap().serialize_pem().replace("\r\n", "\n");
    let expected = [format!("{lines}:blocks-on-one-line"), format!("{lines}:private-key")];
    assert_bundle(&format!("{}{key}", one.trim_end()), &expected.each_ref().map(String::as_str));
}

#[test]
fn files_given_by_the_wrong_option() {
    let root = root("Root");
    let (pem, crl) = (root.pem.replace("\r\n", "\n"), root.crl(&[1]));
    let report = report(&[&pem, &crl], &[&pem]);
    assert_eq!(rules(&report.problems), ["1:wrong-label", "1:wrong-label"]);
    assert!(report.problems.iter().all(|problem| problem.fix.contains("the other option")), "{:?}", report.problems);
}

#[test]
fn bundles_that_are_no_pem() {
    assert_bundle("", &["-:not-pem"]);
    assert_bundle("hello", &["-:not-pem"]);
    assert_bundle("# -----BEGIN nothing\n", &["1:comment-with-hyphen"]);
    let der = pem::blocks(root("Root").pem.as_bytes()).next().unwrap().decode().unwrap();
    let report = lint(&[("root.der", &der)], &[], micros(NOW));
    assert_eq!(rules(&report.problems), ["-:not-pem"]);
    assert!(report.problems[0].fix.contains("-inform der"));
}

#[test]
fn certificates_out_of_their_time() {
    assert_bundle(&changed(|params| params.not_after = at(NOW - DAY)).pem, &["1:expired"]);
    assert_bundle(&changed(|params| params.not_before = at(NOW + DAY)).pem, &["1:not-yet-valid"]);
    assert_bundle(&changed(|params| params.not_after = at(NOW + 29 * DAY)).pem, &["1:expires-soon?"]);
    assert_bundle(&changed(|params| params.not_after = at(NOW + 31 * DAY)).pem, &[]);
}

#[test]
fn a_renewed_certificate_stands_in_for_the_expired_one() {
    let old = changed(|params| params.not_after = at(NOW - DAY));
    let renewed = root_from(ca_params("Root"), KeyPair::from_pem(&old.key.serialize_pem()).unwrap());
    assert_bundle(&format!("{}{}", old.pem, renewed.pem), &["1:expired?"]);
}

#[test]
fn certificates_that_are_no_cas() {
    let root = root("Root");
    assert_bundle(&root.leaf("client", 1).pem, &["1:not-a-ca"]);
    assert_bundle(&changed(|params| params.is_ca = IsCa::ExplicitNoCa).pem, &["1:not-a-ca"]);
    assert_bundle(&changed(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]).pem, &["1:not-a-ca"]);
    assert_bundle(&changed(|params| params.key_usages = vec![]).pem, &[]);
}

#[test]
fn keys_sizes_and_signatures() {
    let ed25519 = root_from(ca_params("Root"), KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap());
    assert_bundle(&ed25519.pem, &["1:unsupported-key", "1:weak-signature?"]);
    let below = ed25519.ca("Middle");
    assert_bundle(&below.pem, &["1:weak-signature"]);
    let large = changed(|params| {
        params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0; 16 * 1024])];
    });
    assert_bundle(&large.pem, &["1:certificate-too-large"]);
}

#[test]
fn duplicates() {
    let (one, namesake) = (root("Root"), root("Root"));
    let lines = one.pem.lines().count();
    assert_bundle(&format!("{0}{0}", one.pem), &[&format!("{}:duplicate-certificate?", lines + 1)]);
    assert_bundle(&format!("{}{}", one.pem, namesake.pem), &[&format!("{}:duplicate-subject?", lines + 1)]);
}

#[test]
fn quotas_of_a_bundle() {
    let cas: Vec<String> = (0..26).map(|number| root(&format!("Root {number:02} {}", "x".repeat(365))).pem).collect();
    let line = 1 + cas[..25].iter().map(|pem| pem.lines().count()).sum::<usize>();
    assert_bundle(&cas.concat(), &[&format!("{line}:too-many-certificates"), "-:subjects-too-long"]);
    assert_bundle(&cas[..25].concat(), &[]);
    // Two bundles are two trust stores.
    assert_eq!(report(&[&cas[..20].concat(), &cas[20..].concat()], &[]).problems, []);
}

#[test]
fn lists_without_a_use() {
    let (root_ca, namesake, stranger) = (root("Root"), root("Root"), root("Stranger"));
    assert_crls(&root_ca.pem, &[&stranger.crl(&[1])], &["1:crl-without-issuer"]);
    assert_crls(&root_ca.pem, &[&namesake.crl(&[1])], &["1:crl-bad-signature"]);
    assert_crls(&root_ca.pem, &[&root_ca.crl(&[1]), &root_ca.crl(&[2])], &["1:duplicate-crl-issuer?"]);
    assert_crls(&root_ca.pem, &[&root_ca.crl_until(&[1], NOW - DAY)], &["1:crl-expired"]);
    assert_crls(&root_ca.pem, &[&root_ca.crl_until(&[1], NOW + DAY)], &["1:crl-expires-soon?"]);
    assert_crls(&root_ca.pem, &[&root_ca.crl_until(&[1], NOW + 4 * DAY)], &[]);
}

#[test]
fn lists_that_cannot_be_read() {
    let root = root("Root");
    let crl = root.crl(&[1]);
    assert_crls(&root.pem, &[""], &["-:crl-unparsable"]);
    assert_crls(&root.pem, &[&root.pem], &["1:wrong-label"]);
    assert_crls(&root.pem, &[&crl.replacen("MII", "M*I", 1)], &["2:not-base64"]);
    assert_crls(&root.pem, &["-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"], &["1:crl-unparsable"]);
    assert_crls(&root.pem, &["-----BEGIN nothing"], &["-:no-crl"]);
    assert_crls(&root.pem, &[&format!("{crl}{}", root.key.serialize_pem())], &[&format!("{}:private-key", crl.lines().count() + 1)]);
    let der = pem::blocks(crl.as_bytes()).next().unwrap().decode().unwrap();
    let report = lint(&[("root.pem", root.pem.as_bytes())], &[("root.crl", &der)], micros(NOW));
    assert_eq!(rules(&report.problems), ["-:crl-not-pem"]);
}

#[test]
fn quotas_of_lists() {
    let cas: Vec<Identity> = (0..31).map(|number| root(&format!("Root {number}"))).collect();
    let (first, second): (Vec<&Identity>, Vec<&Identity>) = (cas.iter().take(20).collect(), cas.iter().skip(20).collect());
    let bundle = |cas: &[&Identity]| cas.iter().map(|ca| ca.pem.as_str()).collect::<String>();
    let crls: Vec<String> = cas.iter().map(|ca| ca.crl(&[1])).collect();
    let crls: Vec<&str> = crls.iter().map(String::as_str).collect();
    let report = |crls: &[&str]| report(&[&bundle(&first), &bundle(&second)], crls).problems;
    assert_eq!(rules(&report(&crls)), ["-:too-many-crls"]);
    assert_eq!(report(&crls)[0].file, "31.crl");
    assert_eq!(report(&crls[..30]), []);
}

#[test]
fn quotas_of_entries_and_bytes() {
    let root = root("Root");
    let serials: Vec<u64> = (0..500_001).collect();
    let crl = root.crl(&serials);
    assert_crls(&root.pem, &[&crl], &["-:too-many-crl-entries"]);
    let padded = format!("{crl}{}", "\n".repeat(50 * 1024 * 1024));
    assert_crls(&root.pem, &[&padded], &["-:crl-too-large", "-:too-many-crl-entries"]);
}

#[test]
fn nothing_of_a_private_key_is_repeated() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let report = report(&[&key, &key.replace("PRIVATE KEY", "CERTIFICATE")], &[&key]);
    let json = serde_json::to_string(&report).unwrap();
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!json.contains(line));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), now in any::<i64>()) {
        lint(&[("a", &bytes)], &[("b", &bytes)], now);
    }

    /// Bytes of a real certificate and a real list, each with a few of them changed.
    #[test]
    fn no_damage_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let (certificate, crl) = real();
        for (label, der) in [("CERTIFICATE", certificate), ("X509 CRL", crl)] {
            let mut der = der.clone();
            for (place, byte) in &changes {
                let place = place.index(der.len());
                der[place] = *byte;
            }
            let text = encode(label, &der);
            lint(&[("a", text.as_bytes())], &[("b", text.as_bytes())], micros(NOW));
            let mut material = crate::trust::Material::default();
            let _ = (material.add_client_cert("a", &der), material.add_bundle("a", text.as_bytes()), material.add_crl("b", &der));
            let leaf = crate::trust::LoggedLeaf { serial: Some("1"), ..Default::default() };
            crate::trust::examine(&material, &leaf, micros(NOW), micros(NOW));
        }
    }
}

/// A certificate and a list in DER, made once.
fn real() -> &'static (Vec<u8>, Vec<u8>) {
    static REAL: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
    REAL.get_or_init(|| {
        let root = root("Root");
        let mut params = leaf_params("client", 1);
        params.serial_number = Some(SerialNumber::from(1_u64));
        let leaf = root.issue(params, KeyPair::generate().unwrap());
        let der = |text: &str| pem::blocks(text.as_bytes()).next().unwrap().decode().unwrap();
        (der(&leaf.pem), der(&root.crl(&[1, 2, 3])))
    })
}
