//! Codes about dates.

use super::super::reason::{Check, Commands, LogProof, Reason};
use super::super::shared::NEW_KEY_AND_REQUEST;
use super::super::{Cause, FixStep};
use super::checks::{CHAIN_DATES, LEAF, MODES, diagnose, who};
use super::{SIGNED, SOURCES, TRY_NEW, WATCH, documented, guess};

pub(super) const EXPIRED: Reason = Reason {
    code: "ClientCertExpired",
    meaning: "used after its NotAfter",
    about: "The client showed a certificate that had expired. Usually it is the client's own, and nobody renewed it, or it was renewed and \
            this client still uses the old one. If the logged NotAfter lies after the time of the connection, the client's own certificate was \
            good, and a CA certificate above it must be the one that expired.",
    causes: &[
        documented(Cause::LeafExpired, "The client's certificate was not renewed, or its renewal did not reach this client."),
        guess(
            Cause::IntermediateExpired,
            "The leaf was valid at the time of the connection: then the fault must lie higher in the chain, in what the client sends or in the bundle.",
        ),
    ],
    checks: &[
        who!("ClientCertExpired"),
        LEAF,
        CHAIN_DATES,
        diagnose!(
            "How long before the handshake the certificate had expired, or which CA certificate is the expired one.",
            " --ca-bundle {ca_bundle} --client-cert {client_cert}"
        ),
        MODES,
    ],
    fixes: &[
        FixStep::run("Have a new certificate issued for the same subject, with a new key", NEW_KEY_AND_REQUEST),
        SIGNED,
        TRY_NEW,
        FixStep::say(
            "If a CA certificate is the expired one: get the CA's current one, for the client's chain or for the bundle, wherever the old one stands",
        ),
        WATCH,
    ],
    log: LogProof {
        can: &[
            "How long before the connection the certificate had expired: NotAfter and the time of the connection stand on the same line.",
            "That the leaf was still valid, if NotAfter is later: then it is not the leaf that expired.",
            "Whether a newer certificate of the same subject works already.",
        ],
        cannot: &["Which CA certificate has expired, if it is not the leaf."],
    },
    sources: SOURCES,
};

pub(super) const NOT_YET_VALID: Reason = Reason {
    code: "ClientCertNotYetValid",
    meaning: "used before its NotBefore",
    about: "The client showed a certificate that was not valid yet. A gap of minutes smells of a clock that is wrong where certificates are \
            issued; a longer one of a certificate that was put to use too early. The balancer judges by its own clock, never by the client's.",
    causes: &[
        documented(Cause::NotYetValid, "A certificate for later was handed out, and used, too early."),
        guess(
            Cause::ClockSkew,
            "NotBefore is minutes away: a CA with a fast clock, and clients that use certificates the moment they get them.",
        ),
    ],
    checks: &[
        who!("ClientCertNotYetValid"),
        LEAF,
        Check {
            title: "Compare clocks",
            tells: "Run it where certificates are issued: if it is ahead of the server's Date, that is the fault.",
            commands: Commands::unix_and_windows(
                "date -u; curl -sI https://{host}/ | grep -i '^date:'",
                "(Get-Date).ToUniversalTime(); curl.exe -sI https://{host}/ | Select-String '^date:'",
            ),
        },
        diagnose!(
            "How long before its NotBefore the certificate was used, and whether that smells of a clock.",
            " --client-cert {client_cert}"
        ),
    ],
    fixes: &[
        FixStep::say("Use the certificate only after its NotBefore; until then its predecessor"),
        FixStep::run("Or have one issued that is valid from now on", NEW_KEY_AND_REQUEST),
        SIGNED,
        TRY_NEW,
        FixStep::say("If a clock is wrong: set it by NTP, and let the CA date NotBefore some minutes back"),
    ],
    log: LogProof {
        can: &["How long before its NotBefore the certificate was used: it and the time of the connection stand on the same line."],
        cannot: &["Whose clock is wrong, if one is: a small gap is a hint, no proof."],
    },
    sources: SOURCES,
};
