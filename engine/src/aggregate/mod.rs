//! What is counted about the rows: totals for the report, hours for the lake.
//!
//! In: a [`ConnectionBatch`](crate::columns::ConnectionBatch) with its dictionaries. Out: [`Aggregates`] and [`Hourly`], values that
//! merge: observing two batches and merging is the same as observing one that holds both, in whatever order. The one exception is said
//! where it is made: top lists with more distinct values than are kept apart. Neither type knows threads, files or how it is shown; ids of
//! a dictionary never outlive the batch, so both hold text.
//!
//! A batch has many rows and few distinct combinations of ids, so [`Groups`] counts the combinations first: an array look-up and a few
//! additions a row. Text is touched once per combination. Whoever wants both aggregates groups once and gives both the same [`Groups`].

mod capped;
mod certificates;
mod groups;
mod histogram;
mod hourly;
mod keep;
mod label;
mod outcome;
mod rows;
mod top;
mod totals;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use certificates::{
    CertificateHistory, CertificateTable, Certificates, Clients, Forgotten, LeafState, Listener, MAX_USES, Observer, Use, UseKey,
    UseVerdict,
};
pub use groups::{Grouper, Groups};
pub use histogram::{LatencyCounts, MAX_LATENCY_MS};
pub use hourly::{FailureKey, Hourly, LatencyKey};
pub use outcome::{HourOutcome, ResolvedOutcome, TlsPorts};
pub use rows::{FailureHour, LatencyHour, LatencyHours, resolve_failures};
pub use totals::Aggregates;

pub(crate) use capped::{Capped, Sum};
pub(crate) use keep::Keep;
pub(crate) use label::OTHER;
pub(crate) use top::{TopCount, TopCounts};

/// What the name of an input tells about all its rows; `None` where it tells nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SourceLabels {
    /// The account's twelve digits.
    pub account: Option<Arc<str>>,
    /// `eu-west-1`, …
    pub region: Option<Arc<str>>,
}
