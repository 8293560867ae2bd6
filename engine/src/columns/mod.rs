//! Typed values into columns: the engine's own batch, and its Arrow form.
//!
//! In: whole lines and the structure that [`crate::scan`] found in them. Out: a [`ConnectionBatch`] with its [`Dictionaries`].
//! Knows nothing of files beyond their index, of threads, or of what becomes of the columns.

mod anonymous;
pub(crate) mod arrow;
mod batch;
mod clients;
mod dictionary;
mod line;
mod parser;
mod returning;
pub mod schema;

pub use self::arrow::record_batch;
pub(crate) use batch::Identity;
pub use batch::{
    Certificate, Client, ConnectionBatch, Dictionaries, Endpoint, NOBODY, Origin, Outcome, RejectedLine, Route, SourceRun, Tally,
    TextColumn, Verdict,
};
pub use dictionary::{Dictionary, Span};
pub use parser::{Mark, Parser};
