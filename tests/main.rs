//! The whole product, driven as a user drives it: the real executable, its files read back, its words looked at.
//!
//! Values are held against an independent reader (`support/oracle.rs`); nothing here calls the engine to find out what is right.
#![allow(missing_docs, clippy::print_stdout)] // tests are read by their names

mod support;

mod archive;
mod article;
mod bench;
mod bloom;
mod bucket_lake;
mod certs;
mod cli;
#[cfg(unix)]
mod compact;
mod corruption;
#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod credentials;
mod ddl;
mod diagnose;
mod explain;
mod failures;
#[cfg(unix)]
mod faults;
mod golden;
mod hostile;
mod iceberg;
mod incident;
mod lake_readers;
mod lint;
mod memory;
mod options;
mod order;
mod report;
#[cfg(unix)]
mod resume;
mod scenarios;
mod snapshots;
#[cfg(unix)]
mod stop;
mod stores;
mod tidy;
mod values;
mod verify;
