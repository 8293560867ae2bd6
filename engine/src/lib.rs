//! Reads AWS Application Load Balancer connection logs into Arrow batches, aggregates and Parquet.
#![deny(unsafe_code)]

pub mod aggregate;
mod blocks;
pub mod columns;
pub mod config;
mod decompress;
pub mod discover;
mod error;
pub mod fields;
pub mod format;
mod lake;
mod open;
pub mod report;
pub mod run;
pub mod scan;

pub use error::{Error, FileFault, FileFaultKind, LineFault, LineFaultReason, Result};
