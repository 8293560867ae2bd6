//! Codes about the connection or what lies behind the balancer.

use super::super::reason::{Check, Commands, LogProof, Reason};
use super::super::shared::{LISTENER_MODES, LISTENER_POLICIES, NEW_KEY_AND_REQUEST, SSL_POLICIES};
use super::super::{Cause, FixStep};
use super::checks::{HANDSHAKE, MODES, POLICIES, WHOLE, diagnose, who};
use super::{
    ARTICLE, CONNECTION_LOGS, MUTUAL_AUTHENTICATION, SIGNED, SOURCES, SOURCES_OF_LATER_CODES, TLS_NEGOTIATION_ARTICLE, TRY_IT, TRY_NEW,
    documented, guess,
};

pub(super) const REJECTED: Reason = Reason {
    code: "ClientCertRejected",
    meaning: "refused by custom validation on the target",
    about: "Custom validation of the server refused the certificate: not the balancer's rules, but yours. Why stands in the target's logs, not in \
            this one. AWS has you find out whether the listener is in mode passthrough or verify, and advises mode verify.",
    causes: &[documented(
        Cause::RejectedByTarget,
        "A rule of the target: an allow list, a name or an organisation that it expects, its own trust store.",
    )],
    checks: &[
        who!("ClientCertRejected"),
        MODES,
        Check {
            title: "Take the trace ids to the access log",
            tells: "conn_trace_id stands in the access log, too: there are the target's address and its answer.",
            commands: Commands::everywhere("tlslake failures {logs} --reason ClientCertRejected --format csv"),
        },
    ],
    fixes: &[
        FixStep::say("Read the target's log at the time of the failure: it knows which of its rules was broken"),
        FixStep::run("See which mode the listener is in", LISTENER_MODES),
        FixStep::say("If the target only checks the chain: prefer mode verify, where the balancer does that and says what is wrong"),
        TRY_IT,
    ],
    log: LogProof {
        can: &["Which connections: conn_trace_id leads to the same connection in the access log."],
        cannot: &["Which rule of the target was broken."],
    },
    sources: SOURCES,
};

pub(super) const UNMAPPED: Reason = Reason {
    code: "UnmappedConnectionError",
    meaning: "anything else; often no certificate, or no TLS agreement",
    about: "The balancer's name for whatever has no name of its own. Two kinds have been seen: clients that present no certificate to a listener in \
            mode verify, and TLS negotiations that failed. Whether it was one of these is a guess, which the rest of the line makes more or less \
            likely. AWS sends you to AWS Support with curl's output, the certificate without its key, and the connection logs of the time.",
    causes: &[
        guess(
            Cause::NoCertificate,
            "No subject was logged, but a protocol was: a client without a certificate, in mode verify; it fits well.",
        ),
        guess(
            Cause::TlsNegotiationFailed,
            "No protocol was logged: scanners, old clients, or one that does not trust the server's certificate.",
        ),
        guess(Cause::Unknown, "A subject was logged: then neither of the two fits."),
    ],
    checks: &[
        who!("UnmappedConnectionError"),
        HANDSHAKE,
        Check {
            title: "Try without a certificate, and try the protocols",
            tells: "Whether the failure in the log looks like one of these.",
            commands: Commands::unix_and_windows(
                "openssl s_client -connect {host}:443 -servername {host} -tls1_2 < /dev/null\n\
                 openssl s_client -connect {host}:443 -servername {host} -tls1_3 < /dev/null",
                "curl.exe -v --tlsv1.2 --tls-max 1.2 https://{host}/\n\
                 curl.exe -v --tlsv1.3 https://{host}/",
            ),
        },
        POLICIES,
        diagnose!(
            "Which of the causes fits each certificate, and what speaks for it.",
            " --ca-bundle {ca_bundle} --client-cert {client_cert}"
        ),
    ],
    fixes: &[
        FixStep::say("In the client: check that certificate and key are configured, can be read by its user, and belong together"),
        FixStep::say("Bring the client up to TLS 1.2 or 1.3 and a cipher of the listener's security policy"),
        FixStep::run("See what the listener allows", LISTENER_POLICIES),
        FixStep::run(
            "If that does not help: collect what AWS Support asks for, and send it",
            "tlslake diagnose {logs} --client-cert {client_cert} --support-pack support-pack",
        ),
    ],
    log: LogProof {
        can: &[
            "What got as far as being logged: protocol, cipher, the certificate's subject. What is missing hints at where the handshake broke off.",
        ],
        cannot: &["Why it failed: several causes share this code. They can be ranked, not told apart for certain."],
    },
    sources: &[CONNECTION_LOGS, MUTUAL_AUTHENTICATION, ARTICLE, TLS_NEGOTIATION_ARTICLE],
};

pub(super) const INCOMPATIBLE: Reason = Reason {
    code: "ClientCertIncompatible",
    meaning: "incompatible with the listener's security policy",
    about: "The certificate does not fit the security policy of the listener. AWS says no more than that. What a policy decides is protocols, \
            ciphers and signature algorithms, so a key or a signature that the policy forbids is the likely cause. The code is newer than AWS's \
            article, which has nothing to say about it.",
    causes: &[
        documented(
            Cause::PolicyIncompatible,
            "The listener's security policy forbids what the certificate needs; often the policy was changed lately.",
        ),
        guess(Cause::WeakSignature, "A signature with an old hash, which strict policies forbid."),
        guess(Cause::UnsupportedKey, "A key or curve that the policy does not have, as with policies for FIPS."),
    ],
    checks: &[
        who!("ClientCertIncompatible"),
        POLICIES,
        WHOLE,
        diagnose!("The protocol and cipher as logged, and what in the certificate may not fit.", " --client-cert {client_cert}"),
    ],
    fixes: &[
        FixStep::run("See what the policy allows", SSL_POLICIES),
        FixStep::run("Have a certificate issued that fits it", NEW_KEY_AND_REQUEST),
        SIGNED,
        TRY_NEW,
        FixStep::say("Or choose another policy for the listener, if security allows it"),
    ],
    log: LogProof {
        can: &["Protocol and cipher of the connection, as logged."],
        cannot: &["The listener's policy, and the certificate's key and signature."],
    },
    sources: SOURCES_OF_LATER_CODES,
};
