//! Codes about the certificate itself.

use super::super::reason::{Check, Commands, LogProof, Reason};
use super::super::shared::{NEW_KEY_AND_REQUEST, SIGN_FOR_CLIENT_AUTH};
use super::super::{Cause, FixStep};
use super::checks::{CHAIN, MODES, WHOLE, diagnose, who};
use super::{SIGNED, SOURCES, SOURCES_OF_LATER_CODES, TRY_NEW, documented, guess};

const REISSUE: FixStep = FixStep::run("Have a new certificate issued that meets the requirements", NEW_KEY_AND_REQUEST);
const NOTHING_BEYOND_THE_CODE: LogProof = LogProof {
    can: &[],
    cannot: &[
        "What is wrong with the certificate: version, key, signature, size and usages are not logged. `tlslake diagnose --client-cert` reads them.",
    ],
};

pub(super) const MAX_SIZE_EXCEEDED: Reason = Reason {
    code: "ClientCertMaxSizeExceeded",
    meaning: "certificate is too large (limit 16 KB)",
    about: "A certificate is larger than the balancer takes: 16 KB for a certificate, 64 KB for the TLS message that carries all that the client \
            sends. Hundreds of alternative names or large extensions are what makes certificates that big.",
    causes: &[documented(
        Cause::CertificateTooLarge,
        "Too many alternative names, large extensions, or too many certificates sent at once.",
    )],
    checks: &[
        who!("ClientCertMaxSizeExceeded"),
        Check {
            title: "Look at the size",
            tells: "Bytes of the client's own certificate, and of the whole file that it sends.",
            commands: Commands::unix_and_windows(
                "openssl x509 -in {client_cert} -outform DER | wc -c; wc -c {client_cert}",
                "(Get-Item {client_cert}).Length",
            ),
        },
        CHAIN,
        diagnose!("Which certificate is too large, and by how much.", " --client-cert {client_cert}"),
    ],
    fixes: &[
        FixStep::run("Have a smaller certificate issued: fewer alternative names, fewer extensions", NEW_KEY_AND_REQUEST),
        SIGNED,
        FixStep::say("Send only the client's certificate and its intermediates"),
        TRY_NEW,
    ],
    log: NOTHING_BEYOND_THE_CODE,
    sources: SOURCES,
};

pub(super) const TYPE_UNSUPPORTED: Reason = Reason {
    code: "ClientCertTypeUnsupported",
    meaning: "wrong kind of certificate (must be X.509 v3)",
    about: "The balancer takes X.509 certificates of version 3 only. openssl makes version 1 when it signs a request without extensions, which is \
            what many a hand-made CA script does.",
    causes: &[documented(Cause::NotX509v3, "The certificate was signed without extensions, which makes it version 1.")],
    checks: &[
        who!("ClientCertTypeUnsupported"),
        Check {
            title: "Read the version",
            tells: "It must say 3.",
            commands: Commands::unix_and_windows(
                "openssl x509 -in {client_cert} -noout -text | grep Version",
                "certutil -dump {client_cert} | Select-String Version",
            ),
        },
        diagnose!("The version of every certificate in the file.", " --client-cert {client_cert}"),
    ],
    fixes: &[
        FixStep::run("Make a key and a request; openssl asks for the subject", NEW_KEY_AND_REQUEST),
        FixStep::run("With a CA of your own: sign the request with extensions, which make the certificate version 3", SIGN_FOR_CLIENT_AUTH),
        FixStep::say(
            "With a managed CA: send it new-client.csr, choose a template for client certificates, and save what it returns as new-client.pem",
        ),
        TRY_NEW,
    ],
    log: NOTHING_BEYOND_THE_CODE,
    sources: SOURCES,
};

pub(super) const INVALID: Reason = Reason {
    code: "ClientCertInvalid",
    meaning: "does not meet the load balancer's requirements",
    about: "The certificate does not meet what the balancer asks for: X.509v3; an RSA key of 2048 to 8192 bits or an ECDSA key on P-256, P-384 or \
            P-521; a signature with SHA-256, SHA-384 or SHA-512. AWS does not say which of these it was, so the causes below are guesses.",
    causes: &[
        guess(Cause::WeakKey, "An RSA key of 1024 bits, or of more than 8192."),
        guess(Cause::UnsupportedKey, "A key that is neither RSA nor on one of the three curves, such as Ed25519."),
        guess(Cause::WeakSignature, "A signature with SHA-1 or MD5, here or in an intermediate."),
        guess(Cause::NotX509v3, "A version other than 3, though that has a code of its own."),
        guess(Cause::PurposeNotClientAuth, "Usages that do not allow client authentication, though that has a code of its own by now."),
    ],
    checks: &[
        who!("ClientCertInvalid"),
        WHOLE,
        diagnose!("Which requirement the certificate does not meet.", " --client-cert {client_cert}"),
    ],
    fixes: &[REISSUE, SIGNED, TRY_NEW],
    log: NOTHING_BEYOND_THE_CODE,
    sources: SOURCES,
};

pub(super) const PURPOSE_INVALID: Reason = Reason {
    code: "ClientCertPurposeInvalid",
    meaning: "key usage does not allow client authentication",
    about: "The certificate says what it may be used for, and client authentication is not among it: its extended key usage has no clientAuth, or its \
            key usage no digitalSignature. Often it is a server's certificate that a client was given. The code is newer than AWS's article, \
            which has nothing to say about it.",
    causes: &[documented(
        Cause::PurposeNotClientAuth,
        "A server's certificate is used by a client, or the CA's template for clients lacks the usage.",
    )],
    checks: &[
        who!("ClientCertPurposeInvalid"),
        Check {
            title: "Read what the certificate may be used for",
            tells: "`SSL client : Yes` is what is needed; on Windows, Client Authentication (1.3.6.1.5.5.7.3.2) among the enhanced key usages.",
            commands: Commands::unix_and_windows(
                "openssl x509 -in {client_cert} -noout -purpose; openssl x509 -in {client_cert} -noout -text | grep -A 1 'Key Usage'",
                "certutil -dump {client_cert} | Select-String -Context 0,3 'Key Usage'",
            ),
        },
        MODES,
        diagnose!("Which usage is missing, and in which certificate.", " --client-cert {client_cert}"),
    ],
    fixes: &[
        FixStep::run("Make a key and a request for a certificate of its own; openssl asks for the subject", NEW_KEY_AND_REQUEST),
        FixStep::run("With a CA of your own: sign the request with the usages of a client", SIGN_FOR_CLIENT_AUTH),
        FixStep::say(
            "With another CA: send it new-client.csr, ask for extended key usage clientAuth and key usage digitalSignature, and save what it returns as new-client.pem",
        ),
        FixStep::say("Look at the intermediates, too: one with an extended key usage must have clientAuth in it"),
        TRY_NEW,
    ],
    log: NOTHING_BEYOND_THE_CODE,
    sources: SOURCES_OF_LATER_CODES,
};
