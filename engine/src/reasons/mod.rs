//! The reason catalogue: what each code in `tls_verify_status` means, what usually causes it, how to check, how to mend it.
//!
//! Data and look-ups, nothing else; text, Markdown and JSON are rendered from it elsewhere. Two tables: a [`Reason`] for each code that AWS
//! documents, and an [`Advice`] for each [`Cause`] that a diagnosis names. Commands in both are templates, see [`fill`].
//!
//! ```
//! use tlslake_engine::reasons::{self, Cause};
//!
//! let reason = reasons::find("failed:clientcertexpired").expect("a documented code, in any letter case");
//! assert_eq!(reason.code, "ClientCertExpired");
//! assert_eq!(reason.causes[0].cause, Cause::LeafExpired);
//! assert!(!Cause::LeafExpired.advice().fix.is_empty());
//! ```

mod advice;
mod catalogue;
mod cause;
mod evidence;
mod lookup;
mod placeholder;
mod reason;
mod shared;
#[cfg(test)]
mod tests;

pub use advice::{Advice, FixStep, ca_not_yet_valid};
pub use cause::Cause;
pub use evidence::{Evidence, EvidenceSource};
pub use lookup::{all, bare_code, find, nearest, reason};
pub use placeholder::{Placeholder, example, fill, placeholders};
pub use reason::{Basis, Check, Commands, LogProof, Reason, Source, UsualCause};
