//! Any amount of realistic connection logs: settings in, an archive in AWS's layout out.
//!
//! Every file has a stream of draws of its own, made from the seed and the file's number, and nothing else is shared: the bytes of a file
//! depend neither on how many threads write nor on how many files follow. One file is one five-minute window of one node.

mod faults;
mod file;
mod population;
mod traffic;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::Error;
use crate::calendar::seconds;
use crate::name::Balancer;

pub(crate) use population::Population;
#[cfg(test)]
pub(crate) use population::REASONS;
pub(crate) use traffic::{PROFILES, Site, Traffic};

/// Settings of the generator.
#[derive(Clone, Debug)]
pub struct Generate {
    /// The folder that will hold `AWSLogs/`; made if it is not there. Files of the same name are replaced, others are left alone.
    pub out: PathBuf,
    /// How many files, at least 1.
    pub files: u32,
    /// Lines in each file, blank ones (see `faults`) included. About 370 bytes each.
    pub lines_per_file: u64,
    /// How many clients there are to connect, at least 1. Half of the connections come from any of them alike; the other half follow
    /// Zipf's law, so that a few are seen all the time. Every client has an address of its own up to 16 million of them. Memory does not
    /// depend on it.
    pub clients: u32,
    /// What all draws come from.
    pub seed: u64,
    /// Percent of the lines, 0 to 100, that are made odd: half of them in a way that must be rejected, half in a way that must not.
    pub faults: f64,
    /// The account: twelve digits.
    pub account: String,
    /// The region, such as `us-east-1`.
    pub region: String,
}

impl Generate {
    /// Clients, if nothing else is asked for.
    pub const DEFAULT_CLIENTS: u32 = 5_000;
    /// The seed, if nothing else is asked for.
    pub const DEFAULT_SEED: u64 = 42;
    /// Percent of odd lines, if nothing else is asked for.
    pub const DEFAULT_FAULTS: f64 = 0.0;
    /// The account of AWS's own examples.
    pub const DEFAULT_ACCOUNT: &'static str = "123456789012";
    /// The region, if nothing else is asked for.
    pub const DEFAULT_REGION: &'static str = "us-east-1";
    /// Where the first window begins: 2026-03-16T08:00:00Z, seconds since 1970.
    pub const FIRST_WINDOW: i64 = seconds(2026, 3, 16, 8, 0, 0);
    /// Every eighth file (the 8th, 16th, …) consists of two gzip members, as real ones sometimes do.
    pub const MULTI_MEMBER_EVERY: u32 = 8;

    /// The defaults, for so many files of so many lines.
    pub fn new(out: impl Into<PathBuf>, files: u32, lines_per_file: u64) -> Self {
        Self {
            out: out.into(),
            files,
            lines_per_file,
            clients: Self::DEFAULT_CLIENTS,
            seed: Self::DEFAULT_SEED,
            faults: Self::DEFAULT_FAULTS,
            account: Self::DEFAULT_ACCOUNT.into(),
            region: Self::DEFAULT_REGION.into(),
        }
    }

    /// Writes the files, as many at a time as the current rayon pool has threads, and calls `progress` after each with the number done.
    ///
    /// A file appears under its name only when it is whole. Memory: some 400 KB per thread, whatever the settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range, before anything is written; [`Error::Io`] when a file cannot be written. Files that
    /// were finished by then stay.
    pub fn run(&self, progress: impl Fn(u64) + Sync) -> Result<Generated, Error> {
        self.check()?;
        let done = AtomicU64::new(0);
        let write = |index| {
            let made = file::write(self, index)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(made)
        };
        (0..self.files).into_par_iter().map(write).try_reduce(Generated::default, |a, b| Ok(a.plus(b)))
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |setting, value: String, rule| Err(Error::Setting { setting, value, rule });
        if self.files == 0 {
            return refuse("files", self.files.to_string(), "at least one file has to be made");
        }
        if self.clients == 0 {
            return refuse("clients", self.clients.to_string(), "someone has to connect");
        }
        if !(0.0..=100.0).contains(&self.faults) {
            return refuse("faults", self.faults.to_string(), "a percentage from 0 to 100 is needed");
        }
        if self.account.len() != 12 || !self.account.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse("account", self.account.clone(), "an AWS account has twelve digits");
        }
        let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.region.is_empty() || !self.region.bytes().all(in_region) {
            return refuse("region", self.region.clone(), "lower-case letters, digits and hyphens make a region");
        }
        Ok(())
    }
}

/// What was made. `lines - rejected_lines - blank_lines` is how many rows a reader must find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Files written.
    pub files: u64,
    /// Lines in them, of whatever kind.
    pub lines: u64,
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// Bytes on disk.
    pub compressed_bytes: u64,
    /// Lines that were made odd, whether or not they must be rejected.
    pub faulty_lines: u64,
    /// Those of them that a reader must reject.
    pub rejected_lines: u64,
    /// Those of them that are blank.
    pub blank_lines: u64,
}

impl Generated {
    fn plus(self, other: Generated) -> Generated {
        Generated {
            files: self.files + other.files,
            lines: self.lines + other.lines,
            raw_bytes: self.raw_bytes + other.raw_bytes,
            compressed_bytes: self.compressed_bytes + other.compressed_bytes,
            faulty_lines: self.faulty_lines + other.faulty_lines,
            rejected_lines: self.rejected_lines + other.rejected_lines,
            blank_lines: self.blank_lines + other.blank_lines,
        }
    }
}

/// A balancer and its nodes' addresses.
pub(crate) struct Fleet {
    pub(crate) balancer: Balancer,
    pub(crate) nodes: [&'static str; 2],
}

/// Who writes logs: each window has one file of each node.
pub(crate) const FLEETS: [Fleet; 2] = [
    Fleet { balancer: Balancer { name: "edge-payments-prod", id: "50dc6c495c0c9188" }, nodes: ["10.0.12.31", "10.0.40.118"] },
    Fleet { balancer: Balancer { name: "partner-api-prod", id: "7fd2c9a1b3e4f605" }, nodes: ["10.0.13.77", "10.0.41.9"] },
];
