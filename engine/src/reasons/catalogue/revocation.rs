//! Codes about revocation.

use super::super::reason::{Check, Commands, LogProof, Reason};
use super::super::shared::{LIST_CRLS, NEW_KEY_AND_REQUEST};
use super::super::{Cause, FixStep};
use super::checks::{CRLS, HANDSHAKE, LEAF, TRUST_STORE_LISTS, diagnose, who};
use super::{SIGNED, SOURCES, TRY_NEW, documented, guess};

pub(super) const CRL_HIT: Reason = Reason {
    code: "ClientCertCrlHit",
    meaning: "revoked: on a revocation list of the trust store",
    about: "The CA has revoked the certificate, and a revocation list of the trust store says so. That may be just as it should be: ask the CA why \
            before you help the client back in. After a key compromise the failures are the protection at work.",
    causes: &[documented(
        Cause::Revoked,
        "The certificate was replaced, its key was lost or stolen, its owner left, or it was revoked by mistake; the list's entry may say which.",
    )],
    checks: &[
        who!("ClientCertCrlHit"),
        LEAF,
        CRLS,
        Check {
            title: "Look the serial number up in the list",
            tells: "The entry with its date and, if the CA gave one, its reason. Serial numbers may differ in leading zeros and letter case.",
            commands: Commands::unix_and_windows(
                "openssl crl -in {crl} -noout -text | grep -i -A 4 {serial}",
                "certutil -dump {crl} | Select-String -Context 0,4 {serial}",
            ),
        },
        diagnose!(
            "Which list names the certificate, since when and for what; or that none of the lists given does.",
            " --crl {crl} --client-cert {client_cert}"
        ),
    ],
    fixes: &[
        FixStep::say("Ask the CA why it was revoked; after a compromise, look at the client first"),
        FixStep::run("Have a new certificate issued, with a new key", NEW_KEY_AND_REQUEST),
        SIGNED,
        TRY_NEW,
        FixStep::say(
            "A revoked certificate cannot be made good again, unless it was only put on hold: then get the CA's next list and replace the old one",
        ),
    ],
    log: LogProof {
        can: &["Which certificate: subject and serial number.", "When it last worked."],
        cannot: &["When and why it was revoked: that stands in the list. `tlslake diagnose --crl` reads it."],
    },
    sources: SOURCES,
};

pub(super) const CRL_PROCESSING_ERROR: Reason = Reason {
    code: "ClientCertCrlProcessingError",
    meaning: "revocation list could not be processed",
    about: "The balancer could not work with a revocation list of the trust store. AWS documents no causes, and sends you to AWS Support with curl's \
            output, the certificate without its key, and the connection logs of the time. The causes below are guesses, each of which can be \
            checked in a minute.",
    causes: &[
        guess(Cause::CrlExpired, "The list is past its nextUpdate: AWS does not say whether that matters to the balancer."),
        guess(Cause::CrlUnparsable, "The file is damaged, or no list in PEM."),
        guess(Cause::CrlWrongIssuer, "The list is of a CA that the bundle does not have."),
        guess(Cause::CrlBadSignature, "The list was signed with another key than the bundle's CA has."),
        guess(Cause::QuotaExceeded, "The lists are over a quota, in size or in entries."),
    ],
    checks: &[
        who!("ClientCertCrlProcessingError"),
        CRLS,
        Check {
            title: "Read the list's issuer and dates",
            tells: "Whether it parses at all, whose it is, and whether nextUpdate is past.",
            commands: Commands::unix_and_windows(
                "openssl crl -in {crl} -noout -issuer -lastupdate -nextupdate",
                "certutil -dump {crl} | Select-String -Context 0,3 'Issuer|ThisUpdate|NextUpdate'",
            ),
        },
        Check {
            title: "Verify the list's signature",
            tells: "`verify OK` if the CA's key in the bundle signed it.",
            commands: Commands::unix_and_windows(
                "openssl crl -in {crl} -noout -CAfile {issuer_cert}",
                "certutil -verify {crl} {issuer_cert}",
            ),
        },
        TRUST_STORE_LISTS,
        Check {
            title: "Let tlslake check bundle and lists together",
            tells: "Which of the guesses holds: parse, issuer, signature, nextUpdate, quotas.",
            commands: Commands::everywhere("tlslake lint-trust-store --ca-bundle {ca_bundle} --crl {crl}"),
        },
        HANDSHAKE,
    ],
    fixes: &[
        FixStep::say("Get the CA's current list, in PEM"),
        FixStep::run("Check it before it is uploaded", "tlslake lint-trust-store --ca-bundle {ca_bundle} --crl {crl}"),
        FixStep::run(
            "Add it to the trust store",
            "aws s3 cp {crl} s3://{bucket}/crl.pem\n\
             aws elbv2 add-trust-store-revocations --trust-store-arn \"{trust_store_arn}\" --revocation-contents S3Bucket={bucket},S3Key=crl.pem,RevocationType=CRL",
        ),
        FixStep::run("Find the number of the old one", LIST_CRLS),
        FixStep::run(
            "Remove the old one",
            "aws elbv2 remove-trust-store-revocations --trust-store-arn \"{trust_store_arn}\" --revocation-ids {revocation_id}",
        ),
        FixStep::run(
            "If that does not help: collect what AWS Support asks for, and send it",
            "tlslake diagnose {logs} --client-cert {client_cert} --support-pack support-pack",
        ),
    ],
    log: LogProof {
        can: &["When it began, and whether it is over: what changed in the trust store at that time is the first suspect."],
        cannot: &["What is wrong with the list, or which list it is."],
    },
    sources: SOURCES,
};
