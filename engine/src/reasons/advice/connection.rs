//! Causes that lie in the connection, in the target, or nowhere that is known.

use super::super::shared::{LISTENER_MODES, LISTENER_POLICIES, NEW_KEY_AND_REQUEST, SSL_POLICIES, TRY_IT, TRY_NEW, who_fails};
use super::validity::IS_IT_PASSTHROUGH;
use super::{Advice, FixStep, SIGNED};

const HANDSHAKE: &str = "openssl s_client -connect {host}:443 -servername {host} -cert {client_cert} -key {client_key}";
const JOIN: FixStep = FixStep::run(
    "Take the trace ids and look them up in the load balancer's access log: there is the target, and its status code",
    "tlslake failures {logs} --reason {reason} --format csv",
);

pub(super) static POLICY_INCOMPATIBLE: Advice = Advice {
    title: "the certificate does not fit the listener's security policy",
    says: "The security policy of the listener forbids what this certificate needs: its key, its signature algorithm, or the protocol that it was used with.",
    check: "Compare the policy with the certificate's key and signature: `aws elbv2 describe-listeners` names the policy, `openssl x509 -in {client_cert} -noout -text` shows the rest.",
    fix: &[
        FixStep::run("See which security policy the listener has", LISTENER_POLICIES),
        FixStep::run("See what that policy allows", SSL_POLICIES),
        FixStep::run("Check the certificate's key and signature", "tlslake diagnose {logs} --client-cert {client_cert}"),
        FixStep::run(
            "Have a certificate issued that the policy allows (RSA 2048 or more, or ECDSA P-256 or P-384, signed with SHA-256 or better)",
            NEW_KEY_AND_REQUEST,
        ),
        SIGNED,
        FixStep::run("Try the new certificate by hand", TRY_NEW),
        FixStep::run(
            "Or choose another policy, if security allows it",
            "aws elbv2 modify-listener --listener-arn \"{listener_arn}\" --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06",
        ),
        FixStep::run("Try the former certificate under the new policy by hand", TRY_IT),
    ],
    fix_passthrough: None,
};

pub(super) static REJECTED_BY_TARGET: Advice = Advice {
    title: "custom validation behind the balancer refused the certificate",
    says: "The certificate was refused by validation of your own, not by the balancer's: why is written where that validation runs.",
    check: "Find the connection in the target's log and in the access log, by conn_trace_id: `tlslake failures {logs} --trace-id {trace_id}`.",
    fix: &[
        JOIN,
        FixStep::say("Read the target's log at that time: it knows which of its rules was broken"),
        FixStep::run("See which mode the listener is in", LISTENER_MODES),
        FixStep::say(
            "If the listener is in mode passthrough and the target only checks the chain: prefer mode verify, where the balancer does that and says what is wrong",
        ),
    ],
    fix_passthrough: Some(&[
        JOIN,
        FixStep::say(
            "Read the target's log at that time: in mode passthrough the target decides alone, and it knows which of its rules was broken",
        ),
        FixStep::say(
            "Check that the target reads the whole chain from the header X-Amzn-Mtls-Clientcert, URL-encoded PEM, and that its header limit is large enough",
        ),
        FixStep::say("If the target only checks the chain: prefer mode verify, where the balancer does that and says what is wrong"),
    ]),
};

pub(super) static NO_CERTIFICATE: Advice = Advice {
    title: "the client sent no certificate",
    says: "TLS was agreed on, but no certificate was logged, as when a client that has none meets a listener in mode verify.",
    check: "See whether the client sends one: `openssl s_client -connect {host}:443 -servername {host} -cert {client_cert} -key {client_key}`.",
    fix: &[
        FixStep::run(
            "See who it is: browsers, health checks and scanners have no certificate, and need none",
            who_fails!(" --reason {reason}"),
        ),
        FixStep::run("Try it with the certificate by hand", HANDSHAKE),
        FixStep::say("In the client: check that certificate and key are configured, can be read by its user, and belong together"),
        FixStep::say(
            "A client that picks its certificate by the CA names that a server sends finds none if they are not advertised, or if its CA is not among them",
        ),
        FixStep::run(
            "If clients pick by CA names: advertise those of the trust store",
            "aws elbv2 modify-listener --listener-arn \"{listener_arn}\" \
             --mutual-authentication \"Mode=verify,TrustStoreArn={trust_store_arn},AdvertiseTrustStoreCaNames=on\"",
        ),
        FixStep::say("A proxy that ends TLS between client and balancer never passes the client's certificate on"),
    ],
    fix_passthrough: Some(&[
        IS_IT_PASSTHROUGH,
        FixStep::say(
            "In mode passthrough a client without a certificate reaches the target: whether that is refused is the target's decision",
        ),
        FixStep::run("Try it with the certificate by hand", HANDSHAKE),
    ]),
};

pub(super) static TLS_NEGOTIATION_FAILED: Advice = Advice {
    title: "client and balancer did not agree on TLS",
    says: "No protocol was logged: the handshake broke off before any certificate mattered.",
    check: "Try the protocols one by one: `openssl s_client -connect {host}:443 -servername {host} -tls1_2`, then `-tls1_3`.",
    fix: &[
        FixStep::run("See who it is: scanners and very old clients fail like this all the time", who_fails!(" --reason {reason}")),
        FixStep::run("See what else one of them does", who_fails!(" --client-ip {client_ip} --all")),
        FixStep::run("See which protocols and ciphers the listener allows", LISTENER_POLICIES),
        FixStep::run("Try it by hand", "openssl s_client -connect {host}:443 -servername {host} -tls1_2"),
        FixStep::say("Bring the client up to TLS 1.2 or 1.3; choose an older policy for the listener only if the client cannot be changed"),
        FixStep::say("If the client breaks off: it may not trust the server's certificate; its own log says so"),
    ],
    fix_passthrough: None,
};

pub(super) static UNKNOWN: Advice = Advice {
    title: "the cause is not known",
    says: "Neither the log nor the files given tell what is wrong.",
    check: "Give the files that decide it: `tlslake diagnose {logs} --ca-bundle {ca_bundle} --crl {crl} --client-cert {client_cert}`.",
    fix: &[
        FixStep::run(
            "Give the files that decide it: the trust store's bundle and lists, and the client's certificate (never its key)",
            "tlslake diagnose {logs} --ca-bundle {ca_bundle} --crl {crl} --client-cert {client_cert}",
        ),
        FixStep::run("Try it by hand", HANDSHAKE),
        FixStep::run(
            "If that does not tell either: collect what AWS Support asks for",
            "tlslake diagnose {logs} --client-cert {client_cert} --support-pack support-pack",
        ),
    ],
    fix_passthrough: None,
};
