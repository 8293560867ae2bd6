//! Codes about the way from the client's certificate to the trust store.

use super::super::reason::{Check, Commands, LogProof, Reason};
use super::super::shared::{FETCH_BUNDLE, JOIN_BUNDLE, LINT_BUNDLE, REPLACE_BUNDLE};
use super::super::{Cause, FixStep};
use super::checks::{BUNDLE, CHAIN, LEAF, MODES, VERIFY, diagnose, who};
use super::{SOURCES, TRY_IT, documented, guess};

pub(super) const UNTRUSTED: Reason = Reason {
    code: "ClientCertUntrusted",
    meaning: "issuer is not in the trust store",
    about: "The balancer could not lead the client's certificate to any CA certificate in the bundle of this listener's trust store. AWS has you \
            compare the leaf's issuer with the subjects in the bundle. A name that is there proves little: the key must have signed the \
            certificate, too.",
    causes: &[
        documented(Cause::IssuerMissing, "The CA was never in the bundle, or a new bundle left it out: a bundle is replaced as a whole."),
        guess(
            Cause::IntermediateMissing,
            "The client sends its own certificate alone, and the bundle has only the root: the chain has a gap.",
        ),
        guess(Cause::TrustStoreDiffers, "The same certificate works on another listener: that one has another trust store."),
        guess(Cause::IssuerKeyMismatch, "The CA was renewed with a new key under its old name, and the bundle has the old one."),
        guess(Cause::QuotaExceeded, "The bundle is over a quota, so that it is not the one in use."),
    ],
    checks: &[
        who!("ClientCertUntrusted"),
        MODES,
        BUNDLE,
        LEAF,
        Check {
            title: "List the subjects in the bundle",
            tells: "Whether the leaf's issuer is among them.",
            commands: Commands::unix_and_windows(
                "openssl crl2pkcs7 -nocrl -certfile current-ca-bundle.pem | openssl pkcs7 -print_certs -noout | grep subject",
                "$bundle = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new()\n\
                 $bundle.ImportFromPemFile(\"$PWD/current-ca-bundle.pem\")\n\
                 $bundle | Format-Table Subject, NotAfter",
            ),
        },
        VERIFY,
        diagnose!(
            "Which issuer is missing, or that one of its name is there with another key, or which intermediate is not sent.",
            " --ca-bundle current-ca-bundle.pem --client-cert {client_cert}"
        ),
    ],
    fixes: &[
        FixStep::run("Get the bundle that the trust store has now", FETCH_BUNDLE),
        FixStep::run("If the CA is to be trusted, add its certificate to just that bundle", JOIN_BUNDLE),
        FixStep::run("Check the new bundle against every rule first", LINT_BUNDLE),
        FixStep::run("Replace the trust store's bundle; the new file replaces the old one as a whole", REPLACE_BUNDLE),
        FixStep::say("If an intermediate is missing: put it behind the client's certificate in the file that the client sends"),
        TRY_IT,
    ],
    log: LogProof {
        can: &[
            "Whether this very certificate (subject and serial number) worked before, and until when: then the trust store has changed since.",
            "Whether it still works on another listener: then the trust stores differ.",
        ],
        cannot: &[
            "Who issued the certificate: the issuer is not logged. With the bundle and the certificate, `tlslake diagnose` names it.",
        ],
    },
    sources: SOURCES,
};

pub(super) const MAX_CHAIN_DEPTH_EXCEEDED: Reason = Reason {
    code: "ClientCertMaxChainDepthExceeded",
    meaning: "certificate chain is too deep (limit 4)",
    about: "More certificates lie between the client's own and the trust store than the balancer follows: its limit is a depth of 4. Often the \
            chain is not deep but padded: with the root, with cross-signed certificates, with leftovers of a former CA.",
    causes: &[documented(Cause::ChainTooDeep, "The client sends too many certificates, or its CA is too far from the root.")],
    checks: &[
        who!("ClientCertMaxChainDepthExceeded"),
        Check {
            title: "Count the certificates that the client sends",
            tells: "Shorten the chain if there are more than 4.",
            commands: Commands::unix_and_windows(
                "grep -c 'BEGIN CERTIFICATE' {client_cert}",
                "(Select-String 'BEGIN CERTIFICATE' {client_cert}).Count",
            ),
        },
        CHAIN,
        diagnose!("How deep the chain is, and which certificate is one too many.", " --client-cert {client_cert}"),
    ],
    fixes: &[
        FixStep::say("Let the client send its own certificate and the intermediates alone, in order, without the root"),
        FixStep::say(
            "If the path itself is too long: add an intermediate nearer to the client to the bundle, or issue from a CA nearer to the root",
        ),
        FixStep::run("To add it: get the bundle that the trust store has now", FETCH_BUNDLE),
        FixStep::run("Put the intermediate behind it", "awk 1 current-ca-bundle.pem {intermediates} > new-ca-bundle.pem"),
        FixStep::run("Check the new bundle against every rule first", LINT_BUNDLE),
        FixStep::run("Replace the trust store's bundle; the new file replaces the old one as a whole", REPLACE_BUNDLE),
        TRY_IT,
    ],
    log: LogProof {
        can: &[],
        cannot: &["How many certificates the client sent: only the leaf's subject, dates and serial number are logged."],
    },
    sources: SOURCES,
};
