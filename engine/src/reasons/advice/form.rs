//! Causes that lie in the certificate itself: its size, version, key, signature or purpose.

use super::super::shared::{NEW_KEY_AND_REQUEST, SIGN_FOR_CLIENT_AUTH, TRY_NEW};
use super::validity::IS_IT_PASSTHROUGH;
use super::{Advice, FixStep, SIGNED};

const AGAIN: FixStep = FixStep::run("Try the new certificate by hand", TRY_NEW);
const PROVE: FixStep =
    FixStep::run("Read what the CA returned: version, key, signature and usages", "openssl x509 -in new-client.pem -noout -text");
const SHOW: &str = "openssl x509 -in {client_cert} -noout -text";

/// In mode passthrough the balancer does not judge the certificate.
const THE_TARGET_JUDGES: &[FixStep] = &[
    IS_IT_PASSTHROUGH,
    FixStep::say("In mode passthrough the target judges the certificate, not the balancer: read in the target's log what it demands"),
    FixStep::run(
        "Have a new certificate issued that meets it; as a rule what the balancer asks for in mode verify is a good measure",
        NEW_KEY_AND_REQUEST,
    ),
    SIGNED,
];

pub(super) static CERTIFICATE_TOO_LARGE: Advice = Advice {
    title: "a certificate is too large",
    says: "A certificate is larger than the balancer takes: 16 KB each, and 64 KB for the TLS message that carries them all.",
    check: "Look at its size in bytes as DER: `openssl x509 -in {client_cert} -outform DER | wc -c`.",
    fix: &[
        FixStep::run("See what takes the room: usually hundreds of alternative names, or large extensions", SHOW),
        FixStep::run(
            "Have it issued again with fewer alternative names (one wildcard may replace many) and without extensions that nobody reads",
            NEW_KEY_AND_REQUEST,
        ),
        SIGNED,
        FixStep::say("Send no certificate that is not needed: the root is in the trust store already"),
        AGAIN,
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say(
            "The chain goes to the target in a header: have a smaller certificate issued, and look at the header limits of the target",
        ),
    ]),
};

pub(super) static NOT_X509V3: Advice = Advice {
    title: "the certificate is not X.509 version 3",
    says: "The balancer takes X.509v3 certificates only; openssl makes version 1 when it signs without extensions.",
    check: "Read its version: `openssl x509 -in {client_cert} -noout -text` shows `Version: 3 (0x2)`.",
    fix: &[
        FixStep::run("Make a key and a request; openssl asks for the subject", NEW_KEY_AND_REQUEST),
        FixStep::run("With a CA of your own: sign the request with extensions, which make the certificate version 3", SIGN_FOR_CLIENT_AUTH),
        FixStep::say(
            "With a managed CA: send it new-client.csr, choose a template for client certificates (all of them are version 3), and save what it returns as new-client.pem",
        ),
        PROVE,
        AGAIN,
    ],
    fix_passthrough: Some(THE_TARGET_JUDGES),
};

pub(super) static WEAK_KEY: Advice = Advice {
    title: "the RSA key has a size that the balancer refuses",
    says: "The balancer takes RSA keys of 2048 to 8192 bits.",
    check: "Read the key's size: `openssl x509 -in {client_cert} -noout -text` shows `Public-Key: (2048 bit)`.",
    fix: &[FixStep::run("Make a new key and have a certificate issued for it", NEW_KEY_AND_REQUEST), SIGNED, PROVE, AGAIN],
    fix_passthrough: Some(THE_TARGET_JUDGES),
};

pub(super) static UNSUPPORTED_KEY: Advice = Advice {
    title: "the key is of a kind that the balancer refuses",
    says: "The balancer takes RSA, and ECDSA on the curves P-256, P-384 and P-521: no Ed25519, no DSA, no other curve.",
    check: "Read the key's algorithm and curve: `openssl x509 -in {client_cert} -noout -text` shows `Public Key Algorithm`.",
    fix: &[
        FixStep::run("Make a key of a kind that is taken and have a certificate issued for it", NEW_KEY_AND_REQUEST),
        SIGNED,
        PROVE,
        AGAIN,
    ],
    fix_passthrough: Some(THE_TARGET_JUDGES),
};

pub(super) static WEAK_SIGNATURE: Advice = Advice {
    title: "the certificate's signature uses a hash that the balancer refuses",
    says: "The balancer takes signatures with SHA-256, SHA-384 and SHA-512: no MD5, no SHA-1.",
    check: "Read the signature's algorithm: `openssl x509 -in {client_cert} -noout -text` shows `Signature Algorithm: sha256WithRSAEncryption`.",
    fix: &[
        FixStep::say("Set the CA to sign with SHA-256: with openssl, `-sha256` or `default_md = sha256`"),
        FixStep::run("Have the certificate issued again", NEW_KEY_AND_REQUEST),
        SIGNED,
        FixStep::say("Look at the intermediates too: one that is signed with SHA-1 must be replaced as well"),
        PROVE,
        AGAIN,
    ],
    fix_passthrough: Some(THE_TARGET_JUDGES),
};

pub(super) static PURPOSE_NOT_CLIENT_AUTH: Advice = Advice {
    title: "the certificate is not for client authentication",
    says: "Its extended key usage lacks clientAuth, or its key usage lacks digitalSignature: often a server's certificate that was put to another use.",
    check: "Read its usages: `openssl x509 -in {client_cert} -noout -purpose` shows `SSL client : Yes`.",
    fix: &[
        FixStep::run("See what it is for", SHOW),
        FixStep::run("Make a key and a request for a certificate of its own; openssl asks for the subject", NEW_KEY_AND_REQUEST),
        FixStep::run("With a CA of your own: sign the request with the usages of a client", SIGN_FOR_CLIENT_AUTH),
        FixStep::say(
            "With another CA: send it new-client.csr, ask for extended key usage clientAuth and key usage digitalSignature, and save what it returns as new-client.pem",
        ),
        PROVE,
        FixStep::say("Look at the intermediates too: one that carries an extended key usage must have clientAuth in it as well"),
        FixStep::say("Public CAs are giving up clientAuth in server certificates: use a private CA for clients"),
        AGAIN,
    ],
    fix_passthrough: Some(THE_TARGET_JUDGES),
};
