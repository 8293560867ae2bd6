//! Reads AWS Application Load Balancer connection logs into Arrow batches, aggregates and Parquet.
#![deny(unsafe_code)]

pub mod columns;
pub mod config;
pub mod discover;
mod error;
pub mod format;
mod lake;
pub mod report;
pub mod scan;

pub use error::{Error, FileFault, FileFaultKind, LineFault, LineFaultReason, Result};
