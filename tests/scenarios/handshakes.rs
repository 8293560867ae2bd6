//! Causes planted in real handshakes: a server refuses a client, its verdict becomes a line of the log, and the diagnosis must come back
//! to what was planted.

use jiff::{SignedDuration, Timestamp};
use rcgen::{ExtendedKeyUsagePurpose as Purpose, RevocationReason};

use super::certificates::{Authority, CrlRecipe, Identity, Recipe, authority, crl, leaf, root};
use super::connection::{Connection, Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles, ProvenByLog};
use super::judge::{Scenario, finding, scenario};
use super::openssl::{Odd, shown};
use super::server::handshake;
use crate::support::{folder, logs};

/// What the server's verify error is called by a load balancer.
///
/// The numbers are `openssl`'s (`X509_V_ERR_…`), which `s_server` prints. A balancer says less than a server does: several errors share a code.
const REASONS: &[(u32, &str, &str)] = &[
    (3, "unable to get certificate CRL", "ClientCertCrlProcessingError"),
    (7, "certificate signature failure", "ClientCertUntrusted"),
    (8, "CRL signature failure", "ClientCertCrlProcessingError"),
    (9, "certificate is not yet valid", "ClientCertNotYetValid"),
    (10, "certificate has expired", "ClientCertExpired"),
    (12, "CRL has expired", "ClientCertCrlProcessingError"),
    (18, "self-signed certificate", "ClientCertUntrusted"),
    (19, "self-signed certificate in certificate chain", "ClientCertUntrusted"),
    (20, "unable to get local issuer certificate", "ClientCertUntrusted"),
    (21, "unable to verify the first certificate", "ClientCertUntrusted"),
    (22, "certificate chain too long", "ClientCertMaxChainDepthExceeded"),
    (23, "certificate revoked", "ClientCertCrlHit"),
    (26, "unsuitable certificate purpose", "ClientCertPurposeInvalid"),
    (66, "EE certificate key too weak", "ClientCertInvalid"),
    (68, "CA signature digest algorithm too weak", "ClientCertInvalid"),
];

/// What a server made of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// The handshake succeeded.
    Accepted,
    /// The number of the verify error.
    Refused(u32),
    /// The server asked for a certificate and got none.
    NoCertificate,
    /// They had no version of TLS in common.
    NoProtocol,
}

impl Verdict {
    /// From what the server said.
    fn read(said: &[String]) -> Self {
        let number = |line: &String| line.split("verify error:num=").nth(1)?.split(':').next()?.parse().ok();
        let says = |words: &str| said.iter().any(|line| line.contains(words));
        match said.iter().find_map(number) {
            Some(number) => Verdict::Refused(number),
            None if says("peer did not return a certificate") => Verdict::NoCertificate,
            None if says("unsupported protocol") || says("no protocols available") => Verdict::NoProtocol,
            None if says("CIPHER is ") => Verdict::Accepted,
            None => panic!("the server gives no verdict:\n{}", said.join("\n")),
        }
    }

    /// `tls_verify_status`.
    fn status(&self) -> String {
        match self {
            Verdict::Accepted => "Success".to_owned(),
            Verdict::NoCertificate | Verdict::NoProtocol => "Failed:UnmappedConnectionError".to_owned(),
            Verdict::Refused(number) => {
                let reason = REASONS.iter().find(|(known, _, _)| known == number);
                format!("Failed:{}", reason.unwrap_or_else(|| panic!("verify error {number} has no reason code")).2)
            }
        }
    }
}

/// A server, a client, and what they know.
#[derive(Default)]
struct Meeting<'a> {
    /// The server's trust store.
    bundle: Vec<&'a str>,
    crl: Option<String>,
    /// Who connects.
    client: Option<&'a Identity>,
    /// What is sent behind the client's certificate.
    sent: Vec<&'a str>,
    server_options: Vec<&'a str>,
    client_options: Vec<&'a str>,
}

const BOTH: [(&str, &str, &str); 2] =
    [("-tls1_2", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"), ("-tls1_3", "TLSv1.3", "TLS_AES_128_GCM_SHA256")];

impl Meeting<'_> {
    /// Meets over each version of TLS. Every server must give this verdict; each becomes a line.
    #[track_caller]
    fn lines(&self, verdict: &Verdict) -> Vec<Connection> {
        let line = |(option, protocol, cipher): (&str, &str, &str)| {
            let (said, time) = (self.hold(option), Timestamp::now());
            assert_eq!(Verdict::read(&said), *verdict, "over {protocol}:\n{}", said.join("\n"));
            let logged = self.client.map_or_else(Shown::nothing, |client| shown(&client.pem));
            let (protocol, cipher) = if *verdict == Verdict::NoProtocol { ("-", "-") } else { (protocol, cipher) };
            connection(&format!("{time:.6}"), &logged).status(&verdict.status()).over(protocol, cipher)
        };
        BOTH.map(line).into()
    }

    /// What the server said.
    fn hold(&self, version: &str) -> Vec<String> {
        let folder = folder();
        let put = |name: &str, text: &str| logs::write(folder.path(), name, text.as_bytes());
        let server = leaf("server").purposes(&[Purpose::ServerAuth]).valid_now().self_signed().identity;
        put("server.pem", &server.pem);
        put("server.key", &server.key);
        put("bundle.pem", &self.bundle.concat());
        let mut server_options = vec!["-CAfile", "bundle.pem", "-Verify", "4", "-verify_depth", "4", "-verify_return_error", version];
        if let Some(crl) = &self.crl {
            put("list.crl", crl);
            server_options.extend(["-CRL", "list.crl", "-crl_check"]);
        }
        server_options.extend(&self.server_options);
        let mut client_options = self.client_options.clone();
        if let Some(client) = self.client {
            put("client.pem", &client.pem);
            put("client.key", &client.key);
            client_options.extend(["-cert", "client.pem", "-key", "client.key"]);
        }
        if !self.sent.is_empty() {
            put("chain.pem", &self.sent.concat());
            client_options.extend(["-cert_chain", "chain.pem"]);
        }
        handshake(folder.path(), &server_options, &client_options)
    }

    /// What the user has: the trust store's files and the client's, which holds what the client sends.
    fn scenario(&self, lines: Vec<Connection>) -> Scenario {
        let mut scenario = scenario(lines).bundle(&self.bundle);
        if let Some(client) = self.client {
            let file: Vec<&str> = std::iter::once(client.pem.as_str()).chain(self.sent.iter().copied()).collect();
            scenario = scenario.client(&file);
        }
        match &self.crl {
            Some(crl) => scenario.crl(crl),
            None => scenario,
        }
    }

    /// Meets, and hands out the scenario that came of it and the client as it was logged.
    #[track_caller]
    fn refused(&self, error: u32) -> (Scenario, Shown) {
        let lines = self.lines(&Verdict::Refused(error));
        let logged = lines[0].shown.clone();
        (self.scenario(lines), logged)
    }
}

/// So many hours from now; before, if negative.
fn hours(hours: i64) -> String {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    (now + SignedDuration::from_hours(hours)).to_string()
}

impl Recipe {
    /// From yesterday until next month.
    fn valid_now(self) -> Self {
        self.valid(&hours(-24), &hours(30 * 24))
    }
}

impl CrlRecipe {
    /// From yesterday until next month.
    fn in_force_now(self) -> Self {
        self.in_force(&hours(-24), &hours(30 * 24))
    }
}

#[test]
fn a_client_that_is_accepted_is_no_finding() {
    let root = root("Root");
    let issuing = authority("Issuing").under(&root);
    let client = leaf("client").valid_now().signed_by(&issuing);
    let list = crl().in_force_now().revoking(&[0x77], &hours(-30), None).pem(&issuing);
    let meeting =
        Meeting { bundle: vec![root.pem()], client: Some(&client), sent: vec![issuing.pem()], crl: Some(list), ..Meeting::default() };
    meeting.scenario(meeting.lines(&Verdict::Accepted)).check();
}

#[test]
fn leaf_expired() {
    let root = root("Root");
    let client = leaf("client").valid(&hours(-90 * 24), &hours(-48)).signed_by(&root);
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), ..Meeting::default() }.refused(10);
    scenario.expect(finding("ClientCertExpired", &logged, "leaf-expired", ProvenByLog).says("log", &["2 d|48 h|2.0 d"])).check();
}

#[test]
fn intermediate_expired() {
    let root = root("Root");
    let old = authority("Issuing").valid(&hours(-90 * 24), &hours(-2)).under(&root);
    let client = leaf("client").valid_now().signed_by(&old);
    let meeting = Meeting { bundle: vec![root.pem()], client: Some(&client), sent: vec![old.pem()], ..Meeting::default() };
    let (scenario, logged) = meeting.refused(10);
    let expected = finding("ClientCertExpired", &logged, "intermediate-expired", ProvenByFiles);
    scenario.expect(expected.says("client-cert", &["Issuing"])).check();
}

#[test]
fn not_yet_valid() {
    let root = root("Root");
    let client = leaf("client").valid(&hours(72), &hours(90 * 24)).signed_by(&root);
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), ..Meeting::default() }.refused(9);
    scenario.expect(finding("ClientCertNotYetValid", &logged, "not-yet-valid", ProvenByLog)).check();
}

#[test]
fn clock_skew() {
    let root = root("Root");
    let soon = Timestamp::from_second(Timestamp::now().as_second() + 600).unwrap().to_string();
    let client = leaf("client").valid(&soon, &hours(90 * 24)).signed_by(&root);
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), ..Meeting::default() }.refused(9);
    scenario.expect(finding("ClientCertNotYetValid", &logged, "clock-skew", Likely).supposes(&["not-yet-valid"])).check();
}

#[test]
fn revoked() {
    let root = root("Root");
    let client = leaf("client").serial(&[0xab, 0xcd, 0x01]).valid_now().signed_by(&root);
    let list = crl().in_force_now().revoking(&[0xab, 0xcd, 0x01], &hours(-20), Some(RevocationReason::KeyCompromise)).pem(&root);
    let meeting = Meeting { bundle: vec![root.pem()], client: Some(&client), crl: Some(list), ..Meeting::default() };
    let (scenario, logged) = meeting.refused(23);
    let expected = finding("ClientCertCrlHit", &logged, "revoked", ProvenByFiles);
    scenario.expect(expected.says("crl", &["keyCompromise|key compromise|key-compromise"])).check();
}

#[test]
fn issuer_missing() {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let client = leaf("client").valid_now().signed_by(&theirs);
    let (scenario, logged) = Meeting { bundle: vec![ours.pem()], client: Some(&client), ..Meeting::default() }.refused(20);
    let expected = finding("ClientCertUntrusted", &logged, "issuer-missing", ProvenByFiles);
    scenario.expect(expected.says("client-cert|ca-bundle", &["Root of theirs"])).check();
}

#[test]
fn issuer_key_mismatch() {
    let make = || authority("Root renewed").without_key_identifier().self_signed();
    let (old, renewed) = (make(), make());
    let client = leaf("client").without_key_identifier().valid_now().signed_by(&old);
    let (scenario, logged) = Meeting { bundle: vec![renewed.pem()], client: Some(&client), ..Meeting::default() }.refused(7);
    scenario.expect(finding("ClientCertUntrusted", &logged, "issuer-key-mismatch", ProvenByFiles)).check();
}

/// The client forgets to send the intermediate, which another client's file holds.
#[test]
fn intermediate_missing() {
    let root = root("Root");
    let issuing = authority("Issuing").under(&root);
    let client = leaf("client").valid_now().signed_by(&issuing);
    let neighbour = leaf("neighbour").valid_now().signed_by(&issuing);
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), ..Meeting::default() }.refused(20);
    let expected = finding("ClientCertUntrusted", &logged, "intermediate-missing", ProvenByFiles);
    scenario.client(&[&neighbour.pem, issuing.pem()]).expect(expected.says("client-cert", &["Issuing"])).check();
}

/// Two listeners, two trust stores, one certificate.
#[test]
fn trust_store_differs() {
    let (old, new) = (root("Root, old"), root("Root, new"));
    let client = leaf("client").valid_now().signed_by(&new);
    let behind = Meeting { bundle: vec![old.pem()], client: Some(&client), ..Meeting::default() };
    let current = Meeting { bundle: vec![old.pem(), new.pem()], client: Some(&client), ..Meeting::default() };
    let mut lines = behind.lines(&Verdict::Refused(20));
    let logged = lines[0].shown.clone();
    lines.extend(current.lines(&Verdict::Accepted).into_iter().map(|line| line.port(8443)));
    scenario(lines).expect(finding("ClientCertUntrusted", &logged, "trust-store-differs", Likely).says("log", &["8443"])).check();
}

#[test]
fn purpose_not_client_auth() {
    let root = root("Root");
    let client = leaf("client").purposes(&[Purpose::ServerAuth]).valid_now().signed_by(&root);
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), ..Meeting::default() }.refused(26);
    scenario.expect(finding("ClientCertPurposeInvalid", &logged, "purpose-not-client-auth", ProvenByFiles)).check();
}

/// A client with this list in the server's way.
fn with_list(root: &Authority, list: String, error: u32, cause: &'static str) {
    let client = leaf("client").valid_now().signed_by(root);
    let meeting = Meeting { bundle: vec![root.pem()], client: Some(&client), crl: Some(list), ..Meeting::default() };
    let (scenario, logged) = meeting.refused(error);
    scenario.expect(finding("ClientCertCrlProcessingError", &logged, cause, ProvenByFiles)).check();
}

#[test]
fn crl_expired() {
    let root = root("Root");
    let list = crl().in_force(&hours(-72), &hours(-24)).pem(&root);
    with_list(&root, list, 12, "crl-expired");
}

#[test]
fn crl_wrong_issuer() {
    with_list(&root("Root of ours"), crl().in_force_now().pem(&root("Root of theirs")), 3, "crl-wrong-issuer");
}

/// One byte of a listed serial number was changed after the list was signed.
#[test]
fn crl_bad_signature() {
    let root = root("Root");
    let signed = crl().in_force_now().revoking(b"ABCD", &hours(-20), None).der(&root);
    let at = signed.windows(4).position(|bytes| bytes == b"ABCD").unwrap();
    let mut list = signed;
    list[at] ^= 1;
    with_list(&root, super::openssl::crl_as_pem(&list), 8, "crl-bad-signature");
}

#[test]
fn chain_too_deep() {
    let root = root("Root");
    let mut chain = vec![authority("Level 1").under(&root)];
    (2..=5).for_each(|level| chain.push(authority(&format!("Level {level}")).under(chain.last().unwrap())));
    let client = leaf("client").valid_now().signed_by(&chain[4]);
    let sent: Vec<&str> = chain.iter().rev().map(Authority::pem).collect();
    let (scenario, logged) = Meeting { bundle: vec![root.pem()], client: Some(&client), sent, ..Meeting::default() }.refused(22);
    scenario.expect(finding("ClientCertMaxChainDepthExceeded", &logged, "chain-too-deep", ProvenByFiles)).check();
}

/// A certificate that only a careless client would use, before a server that is not careless.
fn careless(odd: &Odd<'_>, error: u32, cause: &'static str) {
    let root = root("Root");
    let client = odd.signed_by("client", &root.identity);
    let meeting = Meeting {
        bundle: vec![root.pem()],
        client: Some(&client),
        server_options: vec!["-cipher", "DEFAULT@SECLEVEL=2"],
        client_options: vec!["-cipher", "DEFAULT@SECLEVEL=0"],
        ..Meeting::default()
    };
    let (scenario, logged) = meeting.refused(error);
    scenario.expect(finding("ClientCertInvalid", &logged, cause, ProvenByFiles)).check();
}

#[test]
fn weak_key() {
    careless(&Odd { key: &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], ..Odd::default() }, 66, "weak-key");
}

#[test]
fn weak_signature() {
    careless(&Odd { signature: &["-sha1"], ..Odd::default() }, 68, "weak-signature");
}

#[test]
fn no_certificate() {
    let root = root("Root");
    let meeting = Meeting { bundle: vec![root.pem()], ..Meeting::default() };
    let lines = meeting.lines(&Verdict::NoCertificate);
    meeting.scenario(lines).expect(finding("UnmappedConnectionError", &Shown::nothing(), "no-certificate", Likely)).check();
}

/// The client insists on a version that the server does not speak.
#[test]
fn tls_negotiation_failed() {
    let root = root("Root");
    let meeting = Meeting { bundle: vec![root.pem()], client_options: vec!["-no_tls1_2", "-no_tls1_3"], ..Meeting::default() };
    let lines = meeting.lines(&Verdict::NoProtocol);
    meeting.scenario(lines).expect(finding("UnmappedConnectionError", &Shown::nothing(), "tls-negotiation-failed", Likely)).check();
}
