//! Something that was seen, and where.

use serde::Serialize;

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where.
    pub from: EvidenceSource,
    /// What, in one sentence.
    pub says: String,
}

/// Where evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceSource {
    /// The connection log.
    Log,
    /// A CA bundle.
    CaBundle,
    /// A certificate revocation list.
    Crl,
    /// A client's certificate.
    ClientCert,
}
