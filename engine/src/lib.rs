//! Reads AWS Application Load Balancer connection logs into Arrow batches, aggregates and Parquet.
//!
//! The command line `tlslake` is a thin skin over this crate. These doors lead in:
//!
//! - [`run::batches`]: inputs in, Arrow [`RecordBatch`](arrow::record_batch::RecordBatch)es out, in input order, with the schema of
//!   [`columns::schema`];
//! - [`run::report`]: inputs in, a [`report::Report`] out;
//! - [`run::convert`]: inputs in, a folder of Parquet and a report out;
//! - [`run::search`]: inputs and a [`select::Selection`] in, the rows that match out, one by one;
//! - [`run::certificates`]: inputs in, the history of each client certificate out, from which [`diagnose::diagnose`] tells what is wrong and
//!   [`diagnose::inventory`] what will be;
//! - [`run::iceberg`]: a lake and a catalog in, a snapshot of an Iceberg table out.
//!
//! ```no_run
//! use tlslake_engine::config::ReadConfig;
//! use tlslake_engine::run;
//!
//! for batch in run::batches(&["logs/"], &ReadConfig::default())? {
//!     let batch = batch?;
//!     assert_eq!(batch.schema().field(0).name(), "time");
//! }
//! # Ok::<(), tlslake_engine::Error>(())
//! ```
//!
//! Below them lie the stages, one module each, in the order in which bytes pass them: `store`, [`discover`], `open`, `decompress`, `blocks`,
//! [`scan`], [`fields`], [`columns`], [`select`], then [`aggregate`] and `lake`, [`report`], [`iceberg`], [`reasons`], [`trust`], [`diagnose`], and [`run`], which
//! wires them and alone knows threads.
//! A program with text of its own can use the middle of the chain: [`columns::Parser`] makes batches of any text of whole lines, and
//! [`aggregate::Aggregates`] observes them and merges, across threads or machines.
//!
//! Nothing here prints, and no input makes it panic: a bad line is a [`LineFault`] and is kept, a bad file is a [`FileFault`] and is
//! named, a failed run is an [`Error`].
#![deny(unsafe_code)]

pub mod aggregate;
mod blocks;
mod calendar;
pub mod columns;
pub mod config;
pub mod ddl;
mod decompress;
pub mod diagnose;
pub mod discover;
mod error;
mod failpoint;
pub mod fields;
pub mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod iceberg;
mod lake;
mod open;
pub mod reasons;
pub mod report;
pub mod run;
pub mod scan;
pub mod select;
mod store;
pub mod trust;

pub use error::{Error, FileFault, FileFaultKind, LineFault, LineFaultReason, Result};
