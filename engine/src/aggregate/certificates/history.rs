//! What a log tells of one leaf certificate: who showed it where, when, and how it went.

use std::sync::Arc;

use super::clients::Clients;

/// One certificate, as far as the log can tell certificates apart: by subject and serial number.
///
/// Connections without a certificate (`-` for both) are one history too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificateHistory {
    /// As logged, without the outer quotes, not unescaped; `None` for `-`.
    pub subject: Option<Arc<str>>,
    /// As first logged. Serials that differ in letter case or leading zeros alone are the same certificate.
    pub serial: Option<Arc<str>>,
    /// `NotBefore=…;NotAfter=…` as logged.
    pub validity: Option<Arc<str>>,
    /// µs since 1970, UTC.
    pub not_before: Option<i64>,
    /// Likewise.
    pub not_after: Option<i64>,
    /// Whether another validity was logged under the same subject and serial: two issuers, then, and not one certificate.
    pub validity_differs: bool,
    /// How it was used; each combination once, in the order of the fields of [`UseKey`].
    pub uses: Vec<Use>,
    /// Whether earlier uses may have been forgotten, since there were more certificates than are told apart. What is here did happen;
    /// what is not here may have.
    pub incomplete: bool,
}

/// Connections of one certificate that went alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// What they have in common.
    pub key: UseKey,
    /// How many.
    pub count: u64,
    /// The earliest, µs since 1970, UTC.
    pub first: i64,
    /// The latest.
    pub last: i64,
    /// Who made them.
    pub clients: Clients,
}

/// What connections of one [`Use`] have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UseKey {
    /// The balancer's verdict.
    pub verdict: UseVerdict,
    /// Where; `None` for combinations past [`MAX_USES`].
    pub listener: Option<Listener>,
    /// `TLSv1.3`, …; `None` for `-`.
    pub tls_protocol: Option<Arc<str>>,
    /// Likewise.
    pub tls_cipher: Option<Arc<str>>,
    /// Whether the leaf certificate was within its validity at the time of the event.
    pub leaf: LeafState,
}

/// Combinations that are told apart for one certificate.
pub const MAX_USES: usize = 256;

/// A balancer's verdict on a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseVerdict {
    /// `Success`.
    Success,
    /// `Failed:<code>`; `(none)` for `Failed` alone, `(empty)` for `Failed:`.
    Failed(Arc<str>),
    /// `-`.
    NoVerdict,
    /// A status that AWS has not documented.
    Other,
}

/// A listener: a port of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// `app/name/id`, from the line or, where the line is older than that field, from its file's name. `None` where neither tells.
    pub elb: Option<Arc<str>>,
    /// 0–65535.
    pub port: u16,
}

impl std::fmt::Display for Listener {
    /// `app/name/id:443`; `:443` where the balancer is not known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.elb.as_deref().unwrap_or_default(), self.port)
    }
}

/// The leaf certificate's own validity at the time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeafState {
    /// Before its NotBefore.
    NotYetValid,
    /// Within.
    Valid,
    /// After its NotAfter.
    Expired,
    /// No validity was logged, or one of a form that is not known.
    Unknown,
}

/// All certificates of an input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Certificates {
    /// Ordered by subject, then serial.
    pub histories: Vec<CertificateHistory>,
    /// What was forgotten, since there were more certificates than are told apart.
    pub forgotten: Option<Forgotten>,
    /// First and last event of the input, µs since 1970, UTC.
    pub time: Option<(i64, i64)>,
    /// Listener ports that spoke TLS anywhere in the input: elsewhere, `-` is plain HTTP.
    pub tls_ports: crate::aggregate::TlsPorts,
}

/// What a full table let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Certificates let go, those counted twice that came back and were let go again.
    pub certificates: u64,
    /// Their connections.
    pub connections: u64,
    /// Those of them that failed.
    pub failures: u64,
}
