//! What files do not prove: where the certificate may be another one, where the files are not what fails, where the balancer verifies nothing.

use rcgen::{CertifiedIssuer, CustomExtension, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

use super::files::*;
use super::*;
use crate::diagnose::{Given, Mode};

type Named<'a> = &'a [(&'a str, String)];

fn with_named(history: CertificateHistory, bundles: Named<'_>, clients: Named<'_>, crls: Named<'_>, mode: Option<Mode>) -> Finding {
    let mut material = Material::default();
    bundles.iter().for_each(|(name, text)| material.add_bundle(name, text.as_bytes()).unwrap());
    clients.iter().for_each(|(name, text)| material.add_client_cert(name, text.as_bytes()).unwrap());
    crls.iter().for_each(|(name, text)| material.add_crl(name, text.as_bytes()).unwrap());
    let names = |files: Named<'_>| files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let given = Given { inputs: vec!["logs".into()], client_certs: names(clients), ca_bundles: names(bundles), crls: names(crls) };
    let certificates = Certificates { histories: vec![history], ..Certificates::default() };
    diagnose(&certificates, &material, &Options { mode, given, ..Options::default() }).findings.remove(0)
}

fn commands(finding: &Finding) -> String {
    finding.fix.iter().filter_map(|one| one.command.as_deref()).chain(finding.hypotheses.iter().map(|one| one.check.as_str())).collect()
}

#[test]
fn a_file_that_may_be_of_another_certificate_proves_nothing() {
    let root = root("A", LONG);
    let server = leaf(&root, ExtendedKeyUsagePurpose::ServerAuth);
    let find = |change: &dyn Fn(&mut CertificateHistory)| {
        let mut history = failing("ClientCertPurposeInvalid");
        change(&mut history);
        with_named(history, &[], &[("leaf.pem", server.clone())], &[], None)
    };
    assert_cause(&find(&|_| ()), Cause::PurposeNotClientAuth, Certainty::Proven);
    let finding = find(&|history| history.validity_differs = true);
    assert_cause(&finding, Cause::PurposeNotClientAuth, Certainty::Likely);
    assert_says(&finding, "Several certificates");
    let unlogged = |history: &mut CertificateHistory| (history.not_before, history.not_after, history.validity) = (None, None, None);
    for blank in [(|one| one.subject = None) as fn(&mut CertificateHistory), |one| one.serial = None] {
        let finding = find(&|history| {
            unlogged(history);
            blank(history);
        });
        assert_eq!(finding.certainty, Certainty::Likely, "{finding:#?}");
    }
}

#[test]
fn what_stands_in_the_bundle_is_not_what_the_client_sends() {
    let mut params = ca_params("Root", LONG);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0; 16 * 1024])];
    let big = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = ca_params("Root", LONG);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let for_servers = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    for (reason, root) in [("ClientCertMaxSizeExceeded", &big), ("ClientCertPurposeInvalid", &for_servers)] {
        let finding = with_named(failing(reason), &[("ca.pem", root.pem())], &[("leaf.pem", for_clients(root))], &[], None);
        assert_ne!(finding.certainty, Certainty::Proven, "{finding:#?}");
    }
}

#[test]
fn a_quota_of_another_bundle_proves_nothing() {
    let root = root("A", LONG);
    let many: String = (0..26).map(|number| self::root(&format!("X{number}"), LONG).pem()).collect();
    let bundles = [("good.pem", root.pem()), ("big.pem", many)];
    let finding = with_named(failing("ClientCertUntrusted"), &bundles, &[("leaf.pem", for_clients(&root))], &[], None);
    assert_cause(&finding, Cause::TrustStoreDiffers, Certainty::Likely);
}

#[test]
fn a_ca_that_was_valid_at_the_last_failure_explains_only_a_part() {
    let root = root("A", LONG);
    let between = intermediate("M", (-10, 100), &root);
    let history = logged().with(failed("ClientCertNotYetValid", NOW - 20 * DAY, NOW));
    let client = for_clients(&between) + &between.pem();
    let finding = with_named(history, &[("ca.pem", root.pem())], &[("leaf.pem", client)], &[], None);
    assert_cause(&finding, Cause::NotYetValid, Certainty::Likely);
}

#[test]
fn a_bundle_proves_nothing_where_the_certificate_works_at_times_or_nothing_is_verified() {
    let (ours, other) = (root("A", LONG), root("B", LONG));
    let (bundle, client) = ([("ca.pem", other.pem())], [("leaf.pem", for_clients(&ours))]);
    let history = failing("ClientCertUntrusted").with(succeeded(NOW - DAY, NOW + 2 * HOUR));
    let finding = with_named(history, &bundle, &client, &[], None);
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_says(&finding, "succeeds on the same listener between failures");
    let finding = with_named(failing("ClientCertUntrusted"), &bundle, &client, &[], Some(Mode::Passthrough));
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_says(&finding, "In passthrough mode");
}

#[test]
fn commands_name_the_files_that_the_case_is_about() {
    let (a, b) = (root("A", LONG), root("B", LONG));
    let mut params = named("neighbour", 7, (-90, 90));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let neighbour = params.signed_by(&KeyPair::generate().unwrap(), &a).unwrap().pem();
    let bundle = [("ca.pem", a.pem())];
    let clients = [("neighbour.pem", neighbour), ("own.pem", for_clients(&b))];
    let finding = with_named(failing("ClientCertUntrusted"), &bundle, &clients, &[], None);
    assert!(commands(&finding).contains("own.pem") && !commands(&finding).contains("neighbour.pem"), "{finding:#?}");
    let finding = with_named(failing("ClientCertUntrusted"), &bundle, &clients[..1], &[], None);
    assert!(!commands(&finding).contains("neighbour.pem"), "{finding:#?}");
    let lists = [("good.crl", crl(&a, &[9], (-10, 10))), ("expired.crl", crl(&b, &[9], (-10, -2)))];
    let finding = with_named(failing("ClientCertCrlProcessingError"), &[("ca.pem", [a.pem(), b.pem()].concat())], &[], &lists, None);
    assert_cause(&finding, Cause::CrlExpired, Certainty::Proven);
    assert!(!commands(&finding).contains("good.crl"), "{finding:#?}");
}

#[test]
fn files_that_contradict_the_balancer_are_said_to() {
    let root = root("A", LONG);
    for (reason, says) in [("ClientCertExpired", "had expired: other files"), ("ClientCertPurposeInvalid", "other files may be in use")] {
        let finding = with_named(failing(reason), &[("ca.pem", root.pem())], &[("leaf.pem", for_clients(&root))], &[], None);
        assert_eq!(finding.certainty, Certainty::Likely);
        assert_says(&finding, says);
    }
}
