//! Certificates, CA bundles and revocation lists as files: what they hold, what they prove of a client, and what a balancer would refuse.
//!
//! In: bytes of files. Out: [facts](Fact) about one client's certificate, and the [problems](lint()) of a trust store. Parsing is
//! `x509-parser`'s, signatures are checked by `aws-lc-rs`; what is here are AWS's rules. Knows nothing of logs but the four things that a
//! log tells of a leaf certificate, reads no file, and keeps no private key.

mod certificate;
mod crl;
mod examine;
mod fact;
mod limits;
mod links;
mod lint;
mod material;
#[cfg(test)]
mod material_tests;
mod name;
mod path;
mod pem;
mod rdn;
mod serial;
mod signature;
#[cfg(test)]
mod testing;
mod text;

pub use examine::{LoggedLeaf, examine};
pub use fact::{Fact, FactKind};
pub use lint::{LintCounts, LintFile, LintFileKind, LintProblem, LintReport, LintSeverity, lint};
pub use material::{ClientFile, Material, TrustError};
