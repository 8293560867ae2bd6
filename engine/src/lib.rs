//! Reads AWS Application Load Balancer connection logs into Arrow batches, aggregates and Parquet.
#![deny(unsafe_code)]

pub mod aggregate;
pub mod columns;
pub mod config;
pub mod discover;
mod error;
pub mod format;
pub mod report;
pub mod scan;

pub use error::{Error, FileFault, FileFaultKind, LineFault, LineFaultReason, Result};
