//! From what the log tells of certificates, and what files prove of them, to findings: what is wrong, how sure that is, and the remedy.
//!
//! In: [`Certificates`](crate::aggregate::Certificates), and what [`crate::trust`] read from CA bundles, revocation lists and client
//! certificates. Out: a [`Diagnosis`]. Reads no file and prints nothing.

mod finding;

pub use crate::reasons::{Evidence, EvidenceSource};
pub use finding::{AffectedClients, Certainty, Diagnosis, Finding, Fix, Hypothesis};
