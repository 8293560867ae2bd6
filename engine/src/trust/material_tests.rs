//! What files are taken, and what keys are refused.

use super::Material;
use super::pem;
use super::testing::root;

fn der(text: &str) -> Vec<u8> {
    pem::blocks(text.as_bytes()).next().unwrap().decode().unwrap()
}

/// What `openssl` writes for these arguments.
fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = std::process::Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn private_keys_are_refused_in_every_wrapping() {
    let root = root("Root");
    let key = root.key.serialize_pem();
    let pkcs1 = openssl(&["genrsa", "-traditional", "2048"]);
    let sec1 = openssl(&["ecparam", "-genkey", "-noout", "-name", "prime256v1"]);
    let encrypted = openssl(&["genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:secret"]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut files: Vec<Vec<u8>> = [&key, &text(&pkcs1), &text(&sec1), &text(&encrypted)].map(|pem| pem.as_bytes().to_vec()).to_vec();
    let bare: Vec<Vec<u8>> = files.iter().map(|pem| der(&text(pem))).collect();
    files.extend(bare);
    files.push(format!("{}{key}", root.pem).into_bytes());
    files.push(key.replace("PRIVATE KEY", "CERTIFICATE").into_bytes());
    files.push(format!("{}  {}", root.pem, key.replace('\n', "\n  ")).into_bytes());
    files.push(format!("\"-----BEGIN EC PRIVATE KEY-----\\nAAAA\"\n{}", root.pem).into_bytes());
    let labelled = |begin: &str, end: &str| key.replace("-----BEGIN PRIVATE KEY-----", begin).replace("-----END PRIVATE KEY-----", end);
    for label in ["private key", "PGP PRIVATE KEY BLOCK", "RSA PRIVATE-KEY", "RSA  Private_Key", "UNKNOWN THING", "X509 CRL"] {
        let text = labelled(&format!("-----BEGIN {label}-----"), &format!("-----END {label}-----"));
        files.push(format!("{}{text}", root.pem).into_bytes());
    }
    files.push(format!("{}{}", root.pem, labelled("-----begin private key-----", "-----end private key-----")).into_bytes());
    files.push(format!("{}{}", root.pem, labelled("----- BEGIN PRIVATE KEY -----", "----- END PRIVATE KEY -----")).into_bytes());
    let headed = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,CLEAR\nX-Note: a\n\n";
    files.push(labelled(headed, "-----END CERTIFICATE-----").into_bytes());
    files.push(labelled(headed.trim_end(), "-----END CERTIFICATE-----").into_bytes());
    files.push(labelled("-----BEGIN CERTIFICATE-----\n\n", "\n-----END CERTIFICATE-----").into_bytes());
    files.push(format!("{}-----BEGIN DATA-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END DATA-----\n", root.pem).into_bytes());
    files.push(format!("{}-----BEGIN DATA-----\n!!not base64!!\n-----END DATA-----\n", root.pem).into_bytes());
    files.push(format!("{}{{\"kty\": \"EC\", \"d\" : \"AAAA\"}}\n", root.pem).into_bytes());
    for file in files {
        let mut material = Material::default();
        let errors = [
            material.add_client_cert("client.pem", &file).unwrap_err(),
            material.add_bundle("client.pem", &file).unwrap_err(),
            material.add_crl("client.pem", &file).unwrap_err(),
        ];
        assert!(material.is_empty());
        for error in errors {
            assert!(error.to_string().contains("private key"), "{error}");
            assert!(error.hint.contains("remove the key"), "{error}");
            let debug = format!("{error:?}");
            assert!(text(&file).lines().filter(|line| line.len() > 40 && !line.contains("---")).all(|line| !debug.contains(line)));
        }
    }
}

#[test]
fn files_that_are_something_else() {
    let root = root("Root");
    let mut material = Material::default();
    let mut client = |bytes: &[u8]| material.add_client_cert("client.pem", bytes).unwrap_err().to_string();
    assert!(client(b"").contains("no X.509 certificate"));
    assert!(client(b"hello").contains("no X.509 certificate"));
    assert_eq!(client(root.crl(&[1]).as_bytes()), "client.pem: no certificate in it");
    assert!(client(root.pem.replacen("MII", "M*I", 1).as_bytes()).contains("line 2: not base64"));
    assert!(client(root.pem.replace("-----END", "-----FIN").as_bytes()).contains("line 1: the certificate has no END line"));
    let trailing = [der(&root.pem), vec![0, 0]].concat();
    assert!(client(&trailing).contains("2 bytes follow the certificate"));
    assert!(material.is_empty());
    let error = material.add_bundle("bundle.der", &der(&root.pem)).unwrap_err();
    assert!(error.problem.contains("must be PEM") && error.hint.contains("-inform der"), "{error:?}");
    material.add_client_cert("client.der", &der(&root.pem)).unwrap();
    assert!(material.has_client_cert() && !material.has_bundle() && !material.has_crl());
}

#[test]
fn other_labels_and_text_around_certificates_are_passed_over() {
    let root = root("Root");
    let text = format!("Certificate:\n  Data\n\n{}\n{}", root.pem.replace("CERTIFICATE", "X509 CERTIFICATE"), root.crl(&[1]));
    let mut material = Material::default();
    material.add_bundle("bundle.pem", text.as_bytes()).unwrap();
    assert!(material.has_bundle());
}

/// What only `openssl` makes: old versions, short keys, weak hashes, odd curves.
mod odd {
    use super::super::testing::{Files, kinds, says};
    use super::super::{FactKind, LoggedLeaf};
    use super::openssl;

    /// A self-signed certificate.
    fn certificate(arguments: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem").display().to_string();
        let common = ["req", "-x509", "-nodes", "-subj", "/CN=odd", "-days", "3650", "-keyout", key.as_str(), "-set_serial", "1"];
        String::from_utf8(openssl(&[&common, arguments].concat())).unwrap()
    }

    fn facts(certificate: &str) -> Vec<crate::trust::Fact> {
        let leaf = LoggedLeaf { subject: Some("CN=odd"), serial: Some("1"), ..LoggedLeaf::default() };
        let files = Files::default().bundle("bundle.pem", &[certificate]).client("odd.pem", &[certificate]);
        super::super::examine(&files.0, &leaf, 2_000_000_000_000_000, 2_000_000_000_000_000)
    }

    #[test]
    fn short_keys_and_odd_curves() {
        let short = facts(&certificate(&["-newkey", "rsa:1024"]));
        assert!(says(&short, FactKind::WeakKey).contains("RSA of 1024 bits; a balancer takes RSA from 2048 to 8192 bits"), "{short:?}");
        let curve = facts(&certificate(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]));
        assert!(says(&curve, FactKind::UnsupportedKey).contains("ECDSA secp256k1"), "{curve:?}");
    }

    #[test]
    fn weak_hashes_under_a_root() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (key, root, leaf_key, request) = (path("root.key"), path("root.pem"), path("leaf.key"), path("leaf.csr"));
        openssl(&["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=root", "-days", "3650", "-keyout", &key, "-out", &root]);
        openssl(&["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=odd", "-keyout", &leaf_key, "-out", &request]);
        let signed = |options: &[&str]| {
            let common = ["x509", "-req", "-in", &request, "-CA", &root, "-CAkey", &key, "-set_serial", "1", "-days", "3650"];
            let leaf = String::from_utf8(openssl(&[&common, options].concat())).unwrap();
            let bundle = std::fs::read_to_string(&root).unwrap();
            let files = Files::default().bundle("bundle.pem", &[&bundle]).client("odd.pem", &[&leaf]);
            let logged = LoggedLeaf { subject: Some("CN=odd"), serial: Some("1"), ..LoggedLeaf::default() };
            super::super::examine(&files.0, &logged, 1_900_000_000_000_000, 1_900_000_000_000_000)
        };
        // Without extensions, openssl writes X.509v1.
        let sha1 = signed(&["-sha1"]);
        assert_eq!(kinds(&sha1), [FactKind::LeafGiven, FactKind::ChainComplete, FactKind::NotX509v3, FactKind::WeakSignature]);
        assert!(says(&sha1, FactKind::WeakSignature).contains("SHA-1 with RSA"), "{sha1:?}");
        assert!(says(&sha1, FactKind::NotX509v3).contains("X.509v1"), "{sha1:?}");
        let md5 = signed(&["-md5"]);
        assert!(says(&md5, FactKind::ChainComplete).contains("not every signature could be checked"), "{md5:?}");
        let pss = signed(&["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]);
        assert!(says(&pss, FactKind::ChainComplete).ends_with("every signature verifies"), "{pss:?}");
        let salted = signed(&["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"]);
        assert!(says(&salted, FactKind::ChainComplete).contains("not every signature could be checked"), "{salted:?}");
    }
}

#[test]
fn nothing_but_certificates_is_written_again() {
    let (issuer, other) = (root("Root"), root("Other"));
    let leaf = issuer.leaf("client", 0x17);
    let text = format!("subject=CN=a\n{}password: hunter2\n-----BEGIN EC PARAMETERS-----\nBBBB\n-----END EC PARAMETERS-----\n", leaf.pem);
    let mut material = Material::default();
    material.add_client_cert("client.pem", text.as_bytes()).unwrap();
    material.add_client_cert("other.der", &der(&other.pem)).unwrap();
    let files = material.client_files(&[("CN=client,O=Company LLC", "17"), ("CN=Other,O=Company LLC", "17")]);
    let plain = |pem: &str| pem.replace("\r\n", "\n");
    assert_eq!((files[0].pem.clone(), files[0].is_logged), (plain(&leaf.pem), true));
    assert_eq!((files[1].pem.clone(), files[1].is_logged), (plain(&other.pem), false));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let root = root("Root");
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    let mut material = Material::default();
    material.add_bundle("bundle.pem", &marked(&root.pem)).unwrap();
    material.add_client_cert("client.pem", &marked(&root.pem)).unwrap();
    material.add_crl("root.crl", &marked(&root.crl(&[1]))).unwrap();
    assert!(material.add_client_cert("key.pem", &marked(&root.key.serialize_pem())).unwrap_err().problem.contains("private key"));
    assert!(material.has_bundle() && material.has_client_cert() && material.crls.iter().all(|file| file.faults.is_empty()));
}
