//! Causes that lie between the client's certificate and the trust store.

use super::super::shared::{FETCH_BUNDLE, JOIN_BUNDLE, LINT_BUNDLE, LISTENER_MODES, REPLACE_BUNDLE, TRY_IT};
use super::validity::IS_IT_PASSTHROUGH;
use super::{Advice, FixStep};

pub(super) const LINT_NEW: FixStep = FixStep::run("Check the new bundle against every rule first", LINT_BUNDLE);
pub(super) const REPLACE: FixStep =
    FixStep::run("Replace the trust store's bundle; the new file replaces the old one as a whole", REPLACE_BUNDLE);
pub(super) const GET: FixStep = FixStep::run("Get the bundle that the trust store has now", FETCH_BUNDLE);
const AGAIN: FixStep = FixStep::run("Try it by hand", TRY_IT);

/// In mode passthrough trust is the target's.
const TRUST_OF_THE_TARGET: &[FixStep] = &[
    IS_IT_PASSTHROUGH,
    FixStep::say(
        "In mode passthrough the target decides whom it trusts: add the issuing CA to the target's own trust store, not to the balancer's",
    ),
    FixStep::say(
        "The target gets the chain in the header X-Amzn-Mtls-Clientcert, URL-encoded PEM: check that it decodes and verifies all of it",
    ),
];

pub(super) static ISSUER_MISSING: Advice = Advice {
    title: "the issuing CA is not in the trust store",
    says: "The certificate's chain leads to no CA certificate of the bundle that this listener's trust store has.",
    check: "Look for the certificate's issuer among the bundle's subjects: `openssl verify -partial_chain -CAfile {ca_bundle} -untrusted {client_cert} {client_cert}` (-partial_chain: any CA of the file is trusted, a root or not; macOS's own openssl, LibreSSL, lacks it).",
    fix: &[
        FixStep::run("See who issued the certificate", "openssl x509 -in {client_cert} -noout -subject -issuer"),
        GET,
        FixStep::run("If that CA is to be trusted, add its certificate to just that bundle", JOIN_BUNDLE),
        LINT_NEW,
        REPLACE,
        FixStep::say("If it is not to be trusted, have the client get a certificate from a CA that is"),
        AGAIN,
    ],
    fix_passthrough: Some(TRUST_OF_THE_TARGET),
};

pub(super) static ISSUER_KEY_MISMATCH: Advice = Advice {
    title: "the bundle has a CA of that name, but with another key",
    says: "The bundle holds a certificate with the issuer's name whose key did not sign this certificate: the CA was renewed with a new key, or two CAs share a name.",
    check: "Verify against the bundle: `openssl verify -partial_chain -CAfile {ca_bundle} -untrusted {client_cert} {client_cert}` fails though the bundle \
            has the issuer's name (-partial_chain: any CA of the file is trusted, a root or not; macOS's own openssl, LibreSSL, lacks it). Where the client sends an intermediate, the one that the bundle has under another key may be that one's issuer, not the client's own.",
    fix: &[
        FixStep::say("Get the CA's certificate with the key that signed the client's, from the CA itself"),
        FixStep::run(
            "Make sure that it is the right one (-partial_chain: it may be an intermediate itself; macOS's own openssl, LibreSSL, lacks that and fails there for want of the root)",
            "openssl verify -partial_chain -CAfile {issuer_cert} -untrusted {client_cert} {client_cert}",
        ),
        GET,
        FixStep::run("Add it beside the old one, as long as certificates of both keys are in use", JOIN_BUNDLE),
        LINT_NEW,
        REPLACE,
        AGAIN,
    ],
    fix_passthrough: Some(TRUST_OF_THE_TARGET),
};

pub(super) static INTERMEDIATE_MISSING: Advice = Advice {
    title: "the client does not send its intermediate certificate",
    says: "The client's certificate was issued by an intermediate CA that is neither in the bundle nor sent by the client, so the chain has a gap.",
    check: "Verify without and with the intermediate: only `openssl verify -partial_chain -CAfile {ca_bundle} -untrusted {intermediates} {client_cert}` succeeds (-partial_chain: any CA of the file is trusted, a root or not; macOS's own openssl, LibreSSL, lacks it).",
    fix: &[
        FixStep::run(
            "Put the intermediate behind the client's certificate in the file that the client sends",
            "awk 1 {client_cert} {intermediates} > client-chain.pem",
        ),
        FixStep::run("Try it by hand", "curl -v --cert client-chain.pem --key {client_key} https://{host}/"),
        FixStep::say("Where clients cannot be changed: add the intermediate to the trust store's bundle instead"),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::run(
            "Put the intermediate behind the client's certificate in the file that the client sends",
            "awk 1 {client_cert} {intermediates} > client-chain.pem",
        ),
        FixStep::say("Where clients cannot be changed: give the intermediate to the target, which builds the chain in mode passthrough"),
    ]),
};

pub(super) static TRUST_STORE_DIFFERS: Advice = Advice {
    title: "the trust stores of two listeners differ",
    says: "The certificate itself is good: another listener, or another trust store, takes it. The one that refuses it trusts other CAs.",
    check: "Compare which trust store each listener has, and their bundles: the listeners' `MutualAuthentication.TrustStoreArn` in `aws elbv2 describe-listeners`.",
    fix: &[
        FixStep::run("See which listener has which trust store", LISTENER_MODES),
        FixStep::run(
            "Compare how many CA certificates each has",
            "aws elbv2 describe-trust-stores --query 'TrustStores[].[Name,TrustStoreArn,Status,NumberOfCaCertificates]' --output table",
        ),
        FixStep::run("Get the bundle that the failing listener's trust store has now", FETCH_BUNDLE),
        FixStep::run(
            "Get the working one's",
            "curl -fsS -o working-ca-bundle.pem \"$(aws elbv2 get-trust-store-ca-certificates-bundle \
             --trust-store-arn \"{working_trust_store_arn}\" --query Location --output text)\"",
        ),
        FixStep::run(
            "Hold both against the certificate: the first lacks the CA that the second has",
            "tlslake diagnose {logs} --ca-bundle current-ca-bundle.pem --client-cert {client_cert}\n\
             tlslake diagnose {logs} --ca-bundle working-ca-bundle.pem --client-cert {client_cert}",
        ),
        FixStep::run("Either add the missing CA to the failing one's bundle", JOIN_BUNDLE),
        LINT_NEW,
        FixStep::run("Replace the failing one's bundle; the new file replaces the old one as a whole", REPLACE_BUNDLE),
        FixStep::run(
            "Or give the failing listener the trust store that the working one has",
            "aws elbv2 modify-listener --listener-arn \"{listener_arn}\" \
             --mutual-authentication \"Mode=verify,TrustStoreArn={working_trust_store_arn}\"",
        ),
    ],
    fix_passthrough: Some(TRUST_OF_THE_TARGET),
};

pub(super) static CHAIN_TOO_DEEP: Advice = Advice {
    title: "the certificate chain is too deep",
    says: "The client sends, or leads to, more certificates above its own than the balancer follows; its limit is a depth of 4.",
    check: "Count the certificates that the client sends: `openssl crl2pkcs7 -nocrl -certfile {client_cert} | openssl pkcs7 -print_certs -noout`.",
    fix: &[
        FixStep::say("Leave the root out of what the client sends: the trust store has it already"),
        FixStep::say(
            "Leave out cross-signed certificates and whatever else does not lead from the client's certificate to a CA of the bundle",
        ),
        FixStep::run("If the path itself is too long: get the bundle that the trust store has now", FETCH_BUNDLE),
        FixStep::run(
            "Trust an intermediate nearer to the client: add it to that bundle",
            "awk 1 current-ca-bundle.pem {intermediates} > new-ca-bundle.pem",
        ),
        LINT_NEW,
        REPLACE,
        FixStep::say("Or have the clients' certificates issued by a CA that is nearer to the root"),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say(
            "Shorten what the client sends: without the root and without cross-signed certificates; the chain goes to the target in a header, whose size is limited too",
        ),
    ]),
};

pub(super) static QUOTA_EXCEEDED: Advice = Advice {
    title: "the trust store is over a quota",
    says: "A trust store takes 25 CA certificates of 16 KB each, 10,000 characters of subjects, 30 revocation lists of 50 MB each and 500,000 revocation entries, unless a quota was raised.",
    check: "Count what the files hold: `tlslake lint-trust-store --ca-bundle {ca_bundle} --crl {crl}`.",
    fix: &[
        FixStep::run("See which quota it is", "tlslake lint-trust-store --ca-bundle {ca_bundle} --crl {crl}"),
        FixStep::say("Remove CA certificates that no client of this listener leads to, duplicates, and expired ones"),
        FixStep::say("Have the CA drop entries of certificates that have expired by now from its revocation list"),
        FixStep::run(
            "Some quotas can be raised: see which",
            "aws service-quotas list-service-quotas --service-code elasticloadbalancing --output table",
        ),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say("The balancer's trust store and its quotas play no part in mode passthrough: look at the target's own limits"),
    ]),
};
