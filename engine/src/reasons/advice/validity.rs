//! Causes that lie in a certificate's dates.

use super::super::shared::{LISTENER_MODES, NEW_KEY_AND_REQUEST, TRY_IT, TRY_NEW, who_fails};
use super::chain::{GET, LINT_NEW, REPLACE};
use super::{Advice, FixStep, SIGNED};

/// The step that mode passthrough always begins with.
pub(super) const IS_IT_PASSTHROUGH: FixStep = FixStep::run(
    "Check that the listener is in mode passthrough: there the balancer verifies no certificate, so this verdict rather points to a listener in mode verify",
    LISTENER_MODES,
);

const REISSUE: FixStep = FixStep::run("Have a new certificate issued for the same subject, {subject}, with a new key", NEW_KEY_AND_REQUEST);
const TEST: FixStep = FixStep::run("Try the new certificate by hand before the client gets it", TRY_NEW);
const WATCH: FixStep = FixStep::run("List what expires next, so that it is renewed in time", "tlslake certs {logs} --expiring 30d");
const STRAGGLERS: FixStep = FixStep::run("Look for clients that still use the old certificate", who_fails!(" --serial {serial} --all"));
const LENIENT: FixStep = FixStep::run(
    "If clients must get in before that: the listener can ignore expiry, for every client; turn it off again afterwards",
    "aws elbv2 modify-listener --listener-arn \"{listener_arn}\" \
     --mutual-authentication \"Mode=verify,TrustStoreArn={trust_store_arn},IgnoreClientCertificateExpiry=true\"",
);

pub(super) static LEAF_EXPIRED: Advice = Advice {
    title: "the client's certificate has expired",
    says: "The client used its certificate after the NotAfter that stands in it.",
    check: "Compare NotAfter with the time of the connection: `openssl x509 -in {client_cert} -noout -dates`.",
    fix: &[REISSUE, SIGNED, TEST, LENIENT, STRAGGLERS, WATCH],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say("The target judges expiry: if it refuses the certificate, its log says so"),
        REISSUE,
        SIGNED,
        TEST,
        WATCH,
    ]),
};

pub(super) static INTERMEDIATE_EXPIRED: Advice = Advice {
    title: "a CA certificate above the client's has expired",
    says: "The client's own certificate was valid; one that it leads to, an intermediate or the root, was not.",
    check: "Read the dates of every certificate that the client sends, and of every one in the bundle: \
            `tlslake diagnose {logs} --ca-bundle {ca_bundle} --client-cert {client_cert}`.",
    fix: &[
        FixStep::run("Find out which one has expired, in the chain or in the bundle", "tlslake lint-trust-store --ca-bundle {ca_bundle}"),
        FixStep::say(
            "If the client sends it: get the CA's current intermediate and put it behind the client's certificate in the file that the client sends",
        ),
        FixStep::say("If it stands in the bundle: go on with the next steps"),
        GET,
        FixStep::say("Save it as new-ca-bundle.pem with the CA's current certificate in place of the expired one, all others kept"),
        LINT_NEW,
        REPLACE,
        FixStep::say("If the CA has no newer certificate for the same key: have the clients' certificates issued by its successor"),
        FixStep::run("Try it by hand", TRY_IT),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say(
            "Find the expired certificate in the chain that the client sends or in the target's own trust store, and put the CA's current one there",
        ),
        FixStep::run("Try it by hand", TRY_IT),
    ]),
};

pub(super) static NOT_YET_VALID: Advice = Advice {
    title: "a certificate is not valid yet",
    says: "The certificate, or one above it, was used before the NotBefore that stands in it.",
    check: "Compare NotBefore with the time of the connection: `openssl x509 -in {client_cert} -noout -dates`.",
    fix: &[
        FixStep::say("Let the client go on using its former certificate until NotBefore, if that one is still valid"),
        FixStep::run("Otherwise have a certificate issued that is valid from now on", NEW_KEY_AND_REQUEST),
        SIGNED,
        TEST,
        FixStep::run(
            "If the client's own certificate was valid: look for a CA certificate that is not yet",
            "tlslake lint-trust-store --ca-bundle {ca_bundle}",
        ),
        FixStep::run("Try it by hand", TRY_IT),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say("Let the client use its former certificate until NotBefore, or have one issued that is valid from now on"),
    ]),
};

/// What to do instead where the client's own certificate was valid: a CA certificate above it is the one that is not.
pub(super) static CA_NOT_YET_VALID: [FixStep; 8] = [
    FixStep::run(
        "Find the CA certificate that is not valid yet: an intermediate in the chain that the client sends, or one in the bundle",
        "tlslake lint-trust-store --ca-bundle {ca_bundle}",
    ),
    FixStep::say("If the client sends it: go back to the CA's former intermediate until its NotBefore"),
    FixStep::say("If it stands in the bundle: go on with the next steps"),
    GET,
    FixStep::say("Save it as new-ca-bundle.pem with the CA's former certificate in place of that one, all others kept"),
    LINT_NEW,
    REPLACE,
    FixStep::run("Try it by hand", TRY_IT),
];

pub(super) static CLOCK_SKEW: Advice = Advice {
    title: "a clock is wrong, probably the CA's",
    says: "A certificate was used minutes before its NotBefore, which fits a CA whose clock is ahead and clients that use certificates the moment they get them.",
    check: "Compare the clock of the machine that issues certificates with the time: `date -u` there, and the server's `Date` in `curl -sI https://{host}/`.",
    fix: &[
        FixStep::run("Set the issuing machine's clock, and keep it so by NTP", "timedatectl set-ntp true"),
        FixStep::say("Have the CA date NotBefore some minutes back, as public CAs do, so that small differences do no harm"),
        FixStep::say(
            "Until then, let clients wait some minutes before they use a new certificate; the failures end by themselves at NotBefore",
        ),
    ],
    fix_passthrough: None,
};
