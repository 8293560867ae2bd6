//! What became of a connection, before and after it is known which listener ports speak TLS.
//!
//! A connection without verdict and without protocol is plain HTTP on one port and a negotiation that never finished on another. Which it
//! is can only be told at the end, when every row was seen: until then the two stay apart from connections that did speak TLS.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::columns::Outcome;

/// The listener ports on which some row named a TLS protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsPorts(BTreeSet<u16>);

impl TlsPorts {
    /// Takes note that `port` spoke TLS.
    pub fn insert(&mut self, port: u16) {
        self.0.insert(port);
    }

    /// Whether `port` ever spoke TLS.
    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(&port)
    }

    /// Adds the ports of `other`.
    pub fn merge(&mut self, other: &TlsPorts) {
        self.0.extend(&other.0);
    }
}

impl FromIterator<u16> for TlsPorts {
    fn from_iter<I: IntoIterator<Item = u16>>(ports: I) -> Self {
        Self(ports.into_iter().collect())
    }
}

/// An outcome as one row alone tells it.
///
/// The two without a verdict are neighbours in order: entries that fall together when resolved are neighbours too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HourOutcome {
    /// `Success`.
    Success,
    /// `Failed:*`.
    Failed,
    /// No verdict and no TLS protocol.
    NoVerdictPlain,
    /// No verdict, with a TLS protocol.
    NoVerdictTls,
    /// An undocumented status.
    Other,
}

impl HourOutcome {
    /// The outcome of a row with this verdict, with or without a protocol.
    pub fn of(outcome: Outcome, has_protocol: bool) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Failed => Self::Failed,
            Outcome::NoVerdict if has_protocol => Self::NoVerdictTls,
            Outcome::NoVerdict => Self::NoVerdictPlain,
            Outcome::Other => Self::Other,
        }
    }

    /// The outcome as it is shown, given the ports of the whole input that spoke TLS.
    pub fn resolve(self, listener_port: u16, tls_ports: &TlsPorts) -> ResolvedOutcome {
        match self {
            Self::Success => ResolvedOutcome::Success,
            Self::Failed => ResolvedOutcome::Failed,
            Self::NoVerdictPlain if !tls_ports.contains(listener_port) => ResolvedOutcome::NoVerdictHttp,
            Self::NoVerdictPlain | Self::NoVerdictTls => ResolvedOutcome::NoVerdictTls,
            Self::Other => ResolvedOutcome::Other,
        }
    }
}

/// An outcome as tables and the report show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResolvedOutcome {
    /// `Success`.
    Success,
    /// `Failed:*`.
    Failed,
    /// No verdict and no protocol, on a port that never spoke TLS.
    NoVerdictHttp,
    /// No verdict otherwise.
    NoVerdictTls,
    /// An undocumented status.
    Other,
}

impl ResolvedOutcome {
    /// The value of column `outcome`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::NoVerdictHttp => "no_verdict_http",
            Self::NoVerdictTls => "no_verdict_tls",
            Self::Other => "other",
        }
    }
}
