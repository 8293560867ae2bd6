//! A lake's files in an Iceberg table: appended where they lie, each once.
//!
//! In: what a complete lake holds, and a catalog's place. Out: one snapshot with what the table did not have yet. Files are not read but for
//! their footers, nor copied or changed; what Iceberg wants to know of them (rows, sizes, bounds) follows from the footers and the folders.
//! The protocol, metadata and catalogs are crate `iceberg`'s, whose types stay in here: it brings an Arrow and a Parquet of its own.
//!
//! Only there with feature `iceberg`; without it, [`crate::run::iceberg`] says so.

mod config;

#[cfg(feature = "iceberg")]
mod append;
#[cfg(feature = "iceberg")]
mod catalog;
#[cfg(feature = "iceberg")]
mod compare;
#[cfg(feature = "iceberg")]
mod metrics;
#[cfg(feature = "iceberg")]
mod schema;
#[cfg(feature = "iceberg")]
mod storage;

#[cfg(feature = "iceberg")]
pub(crate) use append::append;
pub use config::{CatalogPlace, IcebergConfig};
