//! Certificates of a form that the balancer refuses: chains, sizes, versions, keys, signatures, purposes.

use std::sync::OnceLock;

use rcgen::{ExtendedKeyUsagePurpose as Purpose, KeyUsagePurpose as Usage};

use super::certificates::{Authority, Identity, authority, leaf, root};
use super::connection::{Connection, Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles, Unknown};
use super::judge::{Certainty, Expected, Scenario, finding, scenario, table};
use super::openssl::{OF_AN_AUTHORITY, Odd, text_of};

table![
    chain_too_deep_by_the_log_alone,
    chain_of_five,
    chain_of_three_among_strangers,
    too_large_by_the_log_alone,
    certificate_of_more_than_16_kb,
    certificate_of_less_than_16_kb,
    intermediate_of_more_than_16_kb,
    not_version_3_by_the_log_alone,
    version_1,
    version_3_after_all,
    invalid_by_the_log_alone,
    rsa_1024,
    p_224,
    secp256k1,
    ed25519,
    ecdsa_with_sha_1,
    rsa_with_md5,
    rsa_1024_and_sha_1,
    invalid_because_of_version_1,
    rsa_pss_is_no_defect,
    rsa_pss_with_sha_1,
    p_521_with_sha_512_is_no_defect,
    purpose_by_the_log_alone,
    server_authentication_only,
    no_digital_signature,
    both_purposes,
    purposes_not_restricted,
    incompatible_by_the_log_alone,
    incompatible_with_a_weak_key,
];

const DEEP: &str = "ClientCertMaxChainDepthExceeded";
const LARGE: &str = "ClientCertMaxSizeExceeded";
const TYPE: &str = "ClientCertTypeUnsupported";
const INVALID: &str = "ClientCertInvalid";
const PURPOSE: &str = "ClientCertPurposeInvalid";
const INCOMPATIBLE: &str = "ClientCertIncompatible";

fn client() -> Shown {
    Shown::new("CN=client,O=Company LLC,C=US", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0D")
}

/// A connection that the certificate's own validity does not stand against.
fn refused(shown: &Shown, reason: &str) -> Connection {
    let validity = shown.validity.as_deref().unwrap_or_default();
    let from = validity.strip_prefix("NotBefore=").and_then(|rest| rest.split(';').next()).unwrap_or("2026-03-16T08:00:00Z");
    let time: jiff::Timestamp = from.parse().unwrap();
    connection(&(time + jiff::SignedDuration::from_hours(30)).to_string(), shown).failed(reason)
}

fn by_the_log(reason: &str, cause: &'static str) -> Scenario {
    scenario([refused(&client(), reason)]).expect(finding(reason, &client(), cause, Likely))
}

/// A client whose chain is complete: the file's form is all that can be wrong.
fn of(client: &Identity, root: &Identity, reason: &str, expected: Expected) -> Scenario {
    scenario([refused(&client.shown, reason)]).bundle(&[&root.pem]).client(&[&client.pem]).expect(expected)
}

fn chain_too_deep_by_the_log_alone() -> Scenario {
    by_the_log(DEEP, "chain-too-deep")
}

fn chain_of_five() -> Scenario {
    let root = root("Root");
    let mut chain = vec![authority("Level 1").under(&root)];
    (2..=4).for_each(|level| chain.push(authority(&format!("Level {level}")).under(chain.last().unwrap())));
    let client = leaf("client-1").signed_by(&chain[3]);
    let sent: Vec<&str> = std::iter::once(client.pem.as_str()).chain(chain.iter().rev().map(Authority::pem)).collect();
    scenario([refused(&client.shown, DEEP)])
        .bundle(&[root.pem()])
        .client(&sent)
        .expect(finding(DEEP, &client.shown, "chain-too-deep", ProvenByFiles).says("client-cert", &["4", "5|6"]))
}

/// Five certificates in the file, of which three make the chain.
fn chain_of_three_among_strangers() -> Scenario {
    let root = root("Root");
    let upper = authority("Upper").under(&root);
    let lower = authority("Lower").under(&upper);
    let client = leaf("client-2").signed_by(&lower);
    let (one, other) = (super::certificates::root("Stranger one"), super::certificates::root("Stranger other"));
    scenario([refused(&client.shown, DEEP)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, lower.pem(), upper.pem(), one.pem(), other.pem()])
        .expect(finding(DEEP, &client.shown, "chain-too-deep", Likely))
}

fn too_large_by_the_log_alone() -> Scenario {
    by_the_log(LARGE, "certificate-too-large")
}

fn of_size(bytes: usize, certainty: Certainty) -> Scenario {
    let root = root("Root");
    let client = leaf("client-3").padded(bytes).signed_by(&root);
    of(&client, &root.identity, LARGE, finding(LARGE, &client.shown, "certificate-too-large", certainty))
}

fn certificate_of_more_than_16_kb() -> Scenario {
    let mut scenario = of_size(16_500, ProvenByFiles);
    scenario.expected = scenario.expected.into_iter().map(|expected| expected.says("client-cert", &["16"])).collect();
    scenario
}

fn certificate_of_less_than_16_kb() -> Scenario {
    of_size(15_000, Likely)
}

fn intermediate_of_more_than_16_kb() -> Scenario {
    let root = root("Root");
    let issuing = authority("Stout issuing authority").padded(17_000).under(&root);
    let client = leaf("client-4").signed_by(&issuing);
    scenario([refused(&client.shown, LARGE)])
        .bundle(&[root.pem()])
        .client(&[&client.pem, issuing.pem()])
        .expect(finding(LARGE, &client.shown, "certificate-too-large", ProvenByFiles).says("client-cert", &["Stout issuing authority"]))
}

fn not_version_3_by_the_log_alone() -> Scenario {
    by_the_log(TYPE, "not-x509v3")
}

fn first_version() -> (Authority, Identity) {
    let root = root("Root");
    let client = Odd { extensions: "", ..Odd::default() }.signed_by("client-5", &root.identity);
    assert!(text_of(&client.pem).contains("Version: 1 "), "openssl makes version 1 where there is no extension");
    (root, client)
}

fn version_1() -> Scenario {
    let (root, client) = first_version();
    of(&client, &root.identity, TYPE, finding(TYPE, &client.shown, "not-x509v3", ProvenByFiles).says("client-cert", &["v1|version 1"]))
}

fn version_3_after_all() -> Scenario {
    let root = root("Root");
    let client = leaf("client-6").signed_by(&root);
    of(&client, &root.identity, TYPE, finding(TYPE, &client.shown, "not-x509v3", Likely))
}

fn invalid_by_the_log_alone() -> Scenario {
    let suspects = ["weak-key", "unsupported-key", "weak-signature"];
    scenario([refused(&client(), INVALID)]).expect(finding(INVALID, &client(), "unknown", Unknown).supposes(&suspects))
}

fn invalid(odd: &Odd<'_>, cause: &'static str, words: &[&str]) -> Scenario {
    let root = root("Root");
    let client = odd.signed_by("client-7", &root.identity);
    of(&client, &root.identity, INVALID, finding(INVALID, &client.shown, cause, ProvenByFiles).says("client-cert", words))
}

const RSA_1024: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];
const RSA_2048: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

fn curve(name: &str) -> [&str; 6] {
    ["-algorithm", "EC", "-pkeyopt", name, "-pkeyopt", "ec_param_enc:named_curve"]
}

fn rsa_1024() -> Scenario {
    invalid(&Odd { key: RSA_1024, ..Odd::default() }, "weak-key", &["1024", "2048"])
}

fn p_224() -> Scenario {
    invalid(&Odd { key: &curve("ec_paramgen_curve:P-224"), ..Odd::default() }, "unsupported-key", &["P-224|secp224r1"])
}

fn secp256k1() -> Scenario {
    invalid(&Odd { key: &curve("ec_paramgen_curve:secp256k1"), ..Odd::default() }, "unsupported-key", &["secp256k1"])
}

fn ed25519() -> Scenario {
    invalid(&Odd { key: &["-algorithm", "ED25519"], ..Odd::default() }, "unsupported-key", &["Ed25519"])
}

fn ecdsa_with_sha_1() -> Scenario {
    invalid(&Odd { signature: &["-sha1"], ..Odd::default() }, "weak-signature", &["SHA-1|SHA1"])
}

/// Signed by an authority with an RSA key, which `rcgen` would have to be given.
fn under_rsa(odd: &Odd<'_>, common_name: &str, expected: impl Fn(&Identity) -> Expected) -> Scenario {
    static ROOT: OnceLock<Identity> = OnceLock::new();
    let make = || Odd { key: RSA_2048, extensions: OF_AN_AUTHORITY, ..Odd::default() }.self_signed("Root with an RSA key");
    let root = ROOT.get_or_init(make);
    let client = odd.signed_by(common_name, root);
    of(&client, root, INVALID, expected(&client))
}

fn rsa_with_md5() -> Scenario {
    under_rsa(&Odd { signature: &["-md5"], ..Odd::default() }, "client-8", |client| {
        assert!(text_of(&client.pem).contains("md5WithRSAEncryption"));
        finding(INVALID, &client.shown, "weak-signature", ProvenByFiles).says("client-cert", &["MD5"])
    })
}

/// Two causes at once: one is named, the other is not kept back.
fn rsa_1024_and_sha_1() -> Scenario {
    let mut scenario = invalid(&Odd { key: RSA_1024, signature: &["-sha1"], ..Odd::default() }, "weak-key", &["1024"]);
    scenario.expected = scenario.expected.into_iter().map(|expected| expected.says("client-cert", &["SHA-1|SHA1"])).collect();
    scenario
}

fn invalid_because_of_version_1() -> Scenario {
    let (root, client) = first_version();
    of(
        &client,
        &root.identity,
        INVALID,
        finding(INVALID, &client.shown, "not-x509v3", ProvenByFiles).says("client-cert", &["v1|version 1"]),
    )
}

/// RSASSA-PSS with SHA-256 is on AWS's list.
fn rsa_pss_is_no_defect() -> Scenario {
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    under_rsa(&Odd { signature: &pss, ..Odd::default() }, "client-9", |client| {
        assert!(text_of(&client.pem).contains("rsassaPss"));
        finding(INVALID, &client.shown, "unknown", Unknown)
    })
}

fn rsa_pss_with_sha_1() -> Scenario {
    let pss = ["-sha1", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"];
    under_rsa(&Odd { signature: &pss, ..Odd::default() }, "client-13", |client| {
        finding(INVALID, &client.shown, "weak-signature", ProvenByFiles).says("client-cert", &["SHA-1|SHA1"])
    })
}

fn p_521_with_sha_512_is_no_defect() -> Scenario {
    let root = root("Root");
    let client =
        Odd { key: &curve("ec_paramgen_curve:P-521"), signature: &["-sha512"], ..Odd::default() }.signed_by("client-10", &root.identity);
    of(&client, &root.identity, INVALID, finding(INVALID, &client.shown, "unknown", Unknown))
}

fn purpose_by_the_log_alone() -> Scenario {
    by_the_log(PURPOSE, "purpose-not-client-auth")
}

fn with(purposes: &[Purpose], usages: &[Usage], certainty: Certainty, words: &[&str]) -> Scenario {
    let root = root("Root");
    let client = leaf("client-11").purposes(purposes).usages(usages).signed_by(&root);
    let expected = finding(PURPOSE, &client.shown, "purpose-not-client-auth", certainty);
    of(&client, &root.identity, PURPOSE, if words.is_empty() { expected } else { expected.says("client-cert", words) })
}

fn server_authentication_only() -> Scenario {
    with(&[Purpose::ServerAuth], &[Usage::DigitalSignature], ProvenByFiles, &["serverAuth|server authentication|clientAuth"])
}

fn no_digital_signature() -> Scenario {
    with(&[Purpose::ClientAuth], &[Usage::KeyEncipherment], ProvenByFiles, &["digitalSignature|digital signature"])
}

fn both_purposes() -> Scenario {
    with(&[Purpose::ServerAuth, Purpose::ClientAuth], &[Usage::DigitalSignature, Usage::KeyEncipherment], Likely, &[])
}

fn purposes_not_restricted() -> Scenario {
    with(&[], &[], Likely, &[])
}

fn incompatible_by_the_log_alone() -> Scenario {
    let connection = refused(&client(), INCOMPATIBLE).over("TLSv1.2", "ECDHE-RSA-AES128-SHA");
    scenario([connection])
        .expect(finding(INCOMPATIBLE, &client(), "policy-incompatible", Likely).says("log", &["TLSv1.2", "ECDHE-RSA-AES128-SHA"]))
}

fn incompatible_with_a_weak_key() -> Scenario {
    let root = root("Root");
    let client = Odd { key: RSA_1024, ..Odd::default() }.signed_by("client-12", &root.identity);
    let expected = finding(INCOMPATIBLE, &client.shown, "policy-incompatible", Likely).says("client-cert", &["1024"]);
    of(&client, &root.identity, INCOMPATIBLE, expected)
}
