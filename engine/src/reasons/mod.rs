//! The reason catalogue: what each code in `tls_verify_status` means, what usually causes it, how to check, how to mend it.
//!
//! Data and look-ups, nothing else; text, Markdown and JSON are rendered from it elsewhere.

mod cause;
mod evidence;

pub use cause::Cause;
pub use evidence::{Evidence, EvidenceSource};
