//! How each leaf certificate was used: where, when, by whom, and with what verdict.

mod clients;
mod history;

pub use clients::Clients;
pub use history::{CertificateHistory, Certificates, Forgotten, LeafState, Listener, MAX_USES, Use, UseKey, UseVerdict};
