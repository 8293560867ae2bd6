//! The documented codes, one [`Reason`] each. Source: AWS, "Connection logs for your Application Load Balancer", error reason codes, and the
//! re:Post article on mTLS client connection issues. What neither says is marked a guess.

mod certificate;
mod chain;
mod checks;
mod connection;
mod dates;
mod revocation;

use super::reason::{Basis, Reason, Source, UsualCause};
use super::{Cause, FixStep};

/// Every code, in the order of the article; the two that came later are last.
pub(super) static REASONS: [Reason; 13] = [
    chain::MAX_CHAIN_DEPTH_EXCEEDED,
    certificate::MAX_SIZE_EXCEEDED,
    revocation::CRL_HIT,
    chain::UNTRUSTED,
    dates::NOT_YET_VALID,
    dates::EXPIRED,
    certificate::TYPE_UNSUPPORTED,
    certificate::INVALID,
    connection::REJECTED,
    revocation::CRL_PROCESSING_ERROR,
    connection::UNMAPPED,
    certificate::PURPOSE_INVALID,
    connection::INCOMPATIBLE,
];

const CONNECTION_LOGS: Source = Source {
    title: "AWS: Connection logs for your Application Load Balancer",
    url: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html",
};
const MUTUAL_AUTHENTICATION: Source = Source {
    title: "AWS: Mutual authentication with TLS in Application Load Balancer",
    url: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html",
};
const ARTICLE: Source = Source {
    title: "AWS re:Post: How do I identify and resolve client connection issues when I use mTLS with the Application Load Balancer?",
    url: "https://repost.aws/knowledge-center/elb-alb-mtls-client-connection-errors",
};
const TLS_NEGOTIATION_ARTICLE: Source = Source {
    title: "AWS re:Post: Why do SSL/TLS negotiation errors occur when connecting to an Application Load Balancer over HTTPS, and how can I identify the responsible client IP?",
    url: "https://repost.aws/articles/AR6uOvOqgRSgWLuDRr3FmAnw/why-do-ssl-tls-negotiation-errors-occur-when-connecting-to-an-application-load-balancer-over-https-and-how-can-i-identify-the-responsible-client-ip",
};
const SOURCES: &[Source] = &[CONNECTION_LOGS, MUTUAL_AUTHENTICATION, ARTICLE];
/// Of the codes that came after the article.
const SOURCES_OF_LATER_CODES: &[Source] = &[CONNECTION_LOGS, MUTUAL_AUTHENTICATION];

/// A cause that AWS documents for the code.
const fn documented(cause: Cause, why: &'static str) -> UsualCause {
    UsualCause { cause, why, basis: Basis::Documented }
}

/// A cause that AWS does not document for the code.
const fn guess(cause: Cause, why: &'static str) -> UsualCause {
    UsualCause { cause, why, basis: Basis::Guess }
}

/// What comes after a request.
const SIGNED: FixStep = FixStep::say(super::shared::CA_SIGNS);
const TRY_NEW: FixStep = FixStep::run("Try the new certificate by hand", super::shared::TRY_NEW);
const TRY_IT: FixStep = FixStep::run("Try it by hand", super::shared::TRY_IT);
const WATCH: FixStep = FixStep::run("List what expires next, so that it is renewed in time", "tlslake certs {logs} --expiring 30d");
