//! Which rows somebody asks for, and how to pass over the rest without parsing it.
//!
//! In: a [`Selection`], text of whole lines, batches. Out: the lines that may match ([`Prefilter`], on bytes alone and never wrong about a line
//! that does), and whether a parsed row does ([`Matcher`]). Knows nothing of files or threads.

mod matcher;
mod prefilter;
#[cfg(test)]
mod tests;

use ipnet::IpNet;

pub use matcher::Matcher;
pub use prefilter::{Candidates, Prefilter};

/// What is asked for. A row matches if it meets each kind of condition that is set; of several values of one kind, any will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Connections that did not fail, too.
    pub all: bool,
    /// Addresses and networks of clients.
    pub clients: Vec<IpNet>,
    /// Reason codes, in any letter case, without `Failed:`.
    pub reasons: Vec<String>,
    /// Part of the subject as logged, in any letter case (of ASCII).
    pub subject: Option<String>,
    /// The serial number in hex; letter case, leading zeros and colons do not count.
    pub serial: Option<String>,
    /// `conn_trace_id`, with or without its `TID_`.
    pub trace_id: Option<String>,
}
