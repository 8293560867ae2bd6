//! How each leaf certificate was used: where, when, by whom, and with what verdict.
//!
//! In: batches with their dictionaries. Out: a [`CertificateTable`], which merges, and in the end [`Certificates`]. Memory is bounded: a full
//! table lets the least affected certificates go, says how many, and marks what may be incomplete because of it.

mod clients;
mod history;
mod local;
mod table;
#[cfg(test)]
mod tests;

pub use clients::Clients;
pub use history::{CertificateHistory, Certificates, Forgotten, LeafState, Listener, MAX_USES, Use, UseKey, UseVerdict};
pub use table::{CertificateTable, Observer};
