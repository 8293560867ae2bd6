//! Causes that lie in revocation, or in a revocation list.

use super::super::shared::{LIST_CRLS, NEW_KEY_AND_REQUEST, TRY_IT, TRY_NEW, who_fails};
use super::validity::IS_IT_PASSTHROUGH;
use super::{Advice, FixStep, SIGNED};

const REMOVE_CRL: &str =
    "aws elbv2 remove-trust-store-revocations --trust-store-arn \"{trust_store_arn}\" --revocation-ids {revocation_id}";
const ADD_CRL: &str = "aws s3 cp new-crl.pem s3://{bucket}/new-crl.pem\n\
     aws elbv2 add-trust-store-revocations --trust-store-arn \"{trust_store_arn}\" \
     --revocation-contents S3Bucket={bucket},S3Key=new-crl.pem,RevocationType=CRL";

const FETCH_NEW: FixStep = FixStep::say("Get the CA's current revocation list");
const TO_PEM: FixStep =
    FixStep::run("Turn it into PEM if it is DER", "openssl crl -inform DER -in new-crl.crl -outform PEM -out new-crl.pem");
const LINT: FixStep = FixStep::run("Check it before it is uploaded", "tlslake lint-trust-store --ca-bundle {ca_bundle} --crl new-crl.pem");
const ADD: FixStep = FixStep::run("Add it to the trust store", ADD_CRL);
const WHICH: FixStep = FixStep::run("Find the number of the old one", LIST_CRLS);
const REMOVE: FixStep = FixStep::run("Remove the old one, after the new one is in place", REMOVE_CRL);
const AGAIN: FixStep = FixStep::run("Try it by hand", TRY_IT);

/// In mode passthrough the trust store and its lists play no part.
const PASSTHROUGH: &[FixStep] = &[
    IS_IT_PASSTHROUGH,
    FixStep::say(
        "The balancer's revocation lists play no part in mode passthrough: check the list that the target uses, and how old its copy is",
    ),
];

pub(super) static REVOKED: Advice = Advice {
    title: "the certificate is revoked",
    says: "A revocation list of the trust store names the certificate, or a CA certificate above it.",
    check: "Look the serial number up in every revocation list of the trust store: `tlslake diagnose {logs} --crl {crl} --client-cert {client_cert}`.",
    fix: &[
        FixStep::say(
            "Ask the CA why it was revoked: after a key compromise the failures are wanted, and the client must be looked at before it gets anything new",
        ),
        FixStep::run("Have a new certificate issued for {subject}, with a new key", NEW_KEY_AND_REQUEST),
        SIGNED,
        FixStep::run("Try the new certificate by hand before the client gets it", TRY_NEW),
        FixStep::run("See which clients still use serial {serial}", who_fails!(" --serial {serial} --all")),
        FixStep::say(
            "If it was revoked by mistake: have a new one issued all the same; only a certificate on hold can be taken off a list again",
        ),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say(
            "The balancer's revocation lists play no part in mode passthrough: if the target refuses the certificate, look it up in the list that the target uses",
        ),
        FixStep::run("Have a new certificate issued for {subject}, with a new key", NEW_KEY_AND_REQUEST),
        SIGNED,
    ]),
};

pub(super) static CRL_EXPIRED: Advice = Advice {
    title: "a revocation list is past its nextUpdate",
    says: "The CA promised a newer list by nextUpdate, and the trust store still has the old one.",
    check: "Read nextUpdate: `openssl crl -in {crl} -noout -issuer -lastupdate -nextupdate`.",
    fix: &[
        FETCH_NEW,
        TO_PEM,
        LINT,
        ADD,
        WHICH,
        REMOVE,
        FixStep::say("Renew it on a schedule well within its lifetime: the balancer does not fetch lists by itself"),
    ],
    fix_passthrough: Some(PASSTHROUGH),
};

pub(super) static CRL_UNPARSABLE: Advice = Advice {
    title: "a revocation list cannot be read",
    says: "The file is no revocation list in PEM: damaged, cut short, DER, or something else.",
    check: "Parse it: `openssl crl -in {crl} -noout -text`.",
    fix: &[FETCH_NEW, TO_PEM, LINT, ADD, WHICH, REMOVE, AGAIN],
    fix_passthrough: Some(PASSTHROUGH),
};

pub(super) static CRL_WRONG_ISSUER: Advice = Advice {
    title: "a revocation list is of a CA that the bundle does not have",
    says: "The list's issuer is none of the CA certificates of the trust store, so nothing can vouch for it.",
    check: "Compare `openssl crl -in {crl} -noout -issuer` with the subjects in the bundle.",
    fix: &[
        FixStep::run("See which CA issued the list", "openssl crl -in {crl} -noout -issuer"),
        FixStep::say("If clients of that CA are to be let in, add its certificate to the bundle; otherwise remove the list"),
        FixStep::run(
            "Check bundle and list together before they are uploaded",
            "tlslake lint-trust-store --ca-bundle {ca_bundle} --crl {crl}",
        ),
        WHICH,
        FixStep::run("Remove the list if it does not belong there", REMOVE_CRL),
    ],
    fix_passthrough: Some(PASSTHROUGH),
};

pub(super) static CRL_BAD_SIGNATURE: Advice = Advice {
    title: "a revocation list's signature does not verify",
    says: "The list carries the CA's name, but the CA's key in the bundle did not sign it: another key of the same CA did, or the file was changed.",
    check: "Verify it with the CA's certificate: `openssl crl -in {crl} -noout -CAfile {issuer_cert}` says `verify OK`.",
    fix: &[
        FixStep::say(
            "If the CA has a new key: put its new certificate into the bundle beside the old one, as long as certificates of both are in use",
        ),
        FixStep::say("Otherwise get the list again, from the CA itself"),
        TO_PEM,
        LINT,
        ADD,
        WHICH,
        REMOVE,
    ],
    fix_passthrough: Some(PASSTHROUGH),
};
