//! Issuers that the trust store does not know, or knows differently.

use super::certificates::{authority, leaf, root};
use super::connection::{Shown, connection};
use super::judge::Certainty::{Likely, ProvenByFiles};
use super::judge::{Scenario, finding, scenario, table};

table![
    untrusted_by_the_log_alone,
    works_on_another_port,
    works_on_another_balancer,
    worked_elsewhere_only_before,
    worked_here_until_the_bundle_changed,
    a_fleet_of_one_issuer,
    issuer_not_in_the_bundle,
    self_signed_leaf,
    issuer_of_the_same_name_with_another_key,
    issuer_of_the_same_name_without_key_identifiers,
    two_issuers_of_one_name_of_which_one_signed,
    clients_file_in_der,
    clients_file_as_people_have_it,
    intermediate_not_sent,
    intermediate_not_sent_and_nowhere_to_be_found,
    intermediate_in_another_file_that_leads_elsewhere,
    chain_in_the_wrong_order,
    chain_completes_in_this_bundle,
    intermediate_itself_is_trusted,
    bundle_over_its_quota,
    bundle_at_its_quota,
    somebody_elses_certificate,
    bundle_without_the_clients_file,
];

const REASON: &str = "ClientCertUntrusted";

fn client() -> Shown {
    Shown::new("CN=client,O=Company LLC,C=US", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0C0FFEE0")
}

fn refused(shown: &Shown) -> Scenario {
    scenario(["2026-03-16T08:00:00Z", "2026-03-16T08:10:00Z"].map(|time| connection(time, shown).failed(REASON)))
}

fn untrusted_by_the_log_alone() -> Scenario {
    refused(&client()).expect(finding(REASON, &client(), "issuer-missing", Likely).supposes(&["intermediate-missing"]))
}

fn works_on_another_port() -> Scenario {
    scenario([
        connection("2026-03-16T07:00:00Z", &client()).port(8443),
        connection("2026-03-16T08:00:00Z", &client()).failed(REASON),
        connection("2026-03-16T08:30:00Z", &client()).port(8443),
    ])
    .expect(finding(REASON, &client(), "trust-store-differs", Likely).says("log", &["app/lb/0123456789abcdef:8443|port 8443"]))
}

fn works_on_another_balancer() -> Scenario {
    scenario([
        connection("2026-03-16T08:00:00Z", &client()).failed(REASON),
        connection("2026-03-16T08:30:00Z", &client()).balancer("app/other/fedcba9876543210"),
    ])
    .expect(finding(REASON, &client(), "trust-store-differs", Likely).says("log", &["app/other/fedcba9876543210"]))
}

/// A success before the first failure says nothing of today's trust stores.
fn worked_elsewhere_only_before() -> Scenario {
    scenario([
        connection("2026-03-15T08:30:00Z", &client()).balancer("app/other/fedcba9876543210"),
        connection("2026-03-16T08:00:00Z", &client()).failed(REASON),
    ])
    .expect(finding(REASON, &client(), "issuer-missing", Likely))
}

fn worked_here_until_the_bundle_changed() -> Scenario {
    scenario([
        connection("2026-03-15T08:30:00Z", &client()),
        connection("2026-03-16T07:59:58Z", &client()),
        connection("2026-03-16T08:00:00Z", &client()).failed(REASON),
        connection("2026-03-16T08:00:02Z", &client()).failed(REASON),
    ])
    .expect(
        finding(REASON, &client(), "issuer-missing", Likely)
            .says("log", &["2026-03-16T07:59:58|2026-03-16 07:59:58"])
            .remedy("bundle|trust store"),
    )
}

fn a_fleet_of_one_issuer() -> Scenario {
    let clients = (1..=40).map(|number| format!("198.51.100.{number}"));
    scenario(clients.map(|address| connection("2026-03-16T08:00:00Z", &client()).failed(REASON).from(&address)))
        .expect(finding(REASON, &client(), "issuer-missing", Likely).says("log", &["40"]))
}

fn issuer_not_in_the_bundle() -> Scenario {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let client = leaf("client-1").signed_by(&theirs);
    refused(&client.shown).bundle(&[ours.pem()]).client(&[&client.pem]).expect(
        finding(REASON, &client.shown, "issuer-missing", ProvenByFiles)
            .says("client-cert|ca-bundle", &["Root of theirs"])
            .supposes(&["intermediate-missing"]),
    )
}

fn self_signed_leaf() -> Scenario {
    let ours = root("Root of ours");
    let client = leaf("client-2").self_signed().identity;
    refused(&client.shown).bundle(&[ours.pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &client.shown,
        "issuer-missing",
        ProvenByFiles,
    ))
}

fn issuer_of_the_same_name_with_another_key() -> Scenario {
    let (old, renewed) = (root("Root renewed"), root("Root renewed"));
    let client = leaf("client-3").signed_by(&old);
    refused(&client.shown).bundle(&[renewed.pem()]).client(&[&client.pem]).expect(
        finding(REASON, &client.shown, "issuer-key-mismatch", ProvenByFiles).says("client-cert|ca-bundle", &["Root renewed", "key"]),
    )
}

fn issuer_of_the_same_name_without_key_identifiers() -> Scenario {
    let make = || authority("Root, old school").without_key_identifier().self_signed();
    let (old, renewed) = (make(), make());
    let client = leaf("client-4").without_key_identifier().signed_by(&old);
    refused(&client.shown).bundle(&[renewed.pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &client.shown,
        "issuer-key-mismatch",
        ProvenByFiles,
    ))
}

/// The wrong one comes first in the bundle; the right one is there too.
fn two_issuers_of_one_name_of_which_one_signed() -> Scenario {
    let (right, wrong) = (root("Root, twice"), root("Root, twice"));
    let client = leaf("client-5").signed_by(&right);
    refused(&client.shown).bundle(&[wrong.pem(), right.pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &client.shown,
        "trust-store-differs",
        Likely,
    ))
}

fn clients_file_in_der() -> Scenario {
    let client = leaf("client-13").signed_by(&root("Root of theirs"));
    refused(&client.shown).bundle(&[root("Root of ours").pem()]).file("--client-cert", "client.der", &client.der).expect(finding(
        REASON,
        &client.shown,
        "issuer-missing",
        ProvenByFiles,
    ))
}

/// Out of a browser or a mail: a preamble, and line ends of Windows.
fn clients_file_as_people_have_it() -> Scenario {
    let client = leaf("client-14").signed_by(&root("Root of theirs"));
    let pem = format!("Bag Attributes\n    friendlyName: client\nsubject=CN = client-14\n\n{}\n", client.pem).replace('\n', "\r\n");
    refused(&client.shown).bundle(&[root("Root of ours").pem()]).client(&[&pem]).expect(finding(
        REASON,
        &client.shown,
        "issuer-missing",
        ProvenByFiles,
    ))
}

fn intermediate_not_sent() -> Scenario {
    let root = root("Root F");
    let issuing = authority("Issuing F").under(&root);
    let (client, neighbour) = (leaf("client-6").signed_by(&issuing), leaf("neighbour").signed_by(&issuing));
    refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem]).client(&[&neighbour.pem, issuing.pem()]).expect(
        finding(REASON, &client.shown, "intermediate-missing", ProvenByFiles)
            .says("client-cert", &["Issuing F"])
            .remedy("intermediate|chain"),
    )
}

fn intermediate_not_sent_and_nowhere_to_be_found() -> Scenario {
    let root = root("Root G");
    let issuing = authority("Issuing G").under(&root);
    let client = leaf("client-7").signed_by(&issuing);
    refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem]).expect(
        finding(REASON, &client.shown, "issuer-missing", ProvenByFiles)
            .says("client-cert|ca-bundle", &["Issuing G"])
            .supposes(&["intermediate-missing"]),
    )
}

/// Sending it would not help: nobody in the bundle vouches for it.
fn intermediate_in_another_file_that_leads_elsewhere() -> Scenario {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let issuing = authority("Issuing H").under(&theirs);
    let client = leaf("client-8").signed_by(&issuing);
    refused(&client.shown).bundle(&[ours.pem()]).client(&[&client.pem]).client(&[issuing.pem()]).expect(finding(
        REASON,
        &client.shown,
        "issuer-missing",
        ProvenByFiles,
    ))
}

/// All of it is sent: the order decides nothing here.
fn chain_in_the_wrong_order() -> Scenario {
    let root = root("Root I");
    let upper = authority("Upper I").under(&root);
    let lower = authority("Lower I").under(&upper);
    let client = leaf("client-9").signed_by(&lower);
    refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem, upper.pem(), lower.pem()]).expect(finding(
        REASON,
        &client.shown,
        "trust-store-differs",
        Likely,
    ))
}

fn chain_completes_in_this_bundle() -> Scenario {
    let root = root("Root J");
    let issuing = authority("Issuing J").under(&root);
    let client = leaf("client-10").signed_by(&issuing);
    refused(&client.shown).bundle(&[root.pem()]).client(&[&client.pem, issuing.pem()]).expect(
        finding(REASON, &client.shown, "trust-store-differs", Likely)
            .says("ca-bundle|client-cert", &["Root J|bundle"])
            .remedy("bundle|trust store"),
    )
}

/// A bundle of the issuing authority, without its root.
fn intermediate_itself_is_trusted() -> Scenario {
    let issuing = authority("Issuing K").under(&root("Root K"));
    let client = leaf("client-11").signed_by(&issuing);
    refused(&client.shown).bundle(&[issuing.pem()]).client(&[&client.pem]).expect(finding(
        REASON,
        &client.shown,
        "trust-store-differs",
        Likely,
    ))
}

fn bundle_of(authorities: u32) -> Scenario {
    let root = root("Root L");
    let client = leaf("client-12").signed_by(&root);
    let others: Vec<_> = (1..authorities).map(|number| super::certificates::root(&format!("Root {number}"))).collect();
    let mut pems: Vec<&str> = others.iter().map(super::certificates::Authority::pem).collect();
    pems.push(root.pem());
    let expected = match authorities > 25 {
        true => finding(REASON, &client.shown, "quota-exceeded", ProvenByFiles).says("ca-bundle", &["26", "25"]),
        false => finding(REASON, &client.shown, "trust-store-differs", Likely),
    };
    refused(&client.shown).bundle(&pems).client(&[&client.pem]).expect(expected)
}

fn bundle_over_its_quota() -> Scenario {
    bundle_of(26)
}

fn bundle_at_its_quota() -> Scenario {
    bundle_of(25)
}

/// The file given belongs to another client: it proves nothing of this one.
fn somebody_elses_certificate() -> Scenario {
    let (ours, theirs) = (root("Root of ours"), root("Root of theirs"));
    let other = leaf("somebody-else").signed_by(&theirs);
    refused(&client()).bundle(&[ours.pem()]).client(&[&other.pem]).expect(finding(REASON, &client(), "issuer-missing", Likely))
}

fn bundle_without_the_clients_file() -> Scenario {
    refused(&client()).bundle(&[root("Root of ours").pem()]).expect(finding(REASON, &client(), "issuer-missing", Likely))
}
