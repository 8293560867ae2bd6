//! What was counted in a unit, as its state keeps it; and the sums over all units of a lake.
//!
//! A lake's report and hourly tables come from the states of its units alone, in the order of their ids: so it makes no difference whether one
//! run converted everything or many did, nor in which order.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::tuning::Tuning;
use super::write::Outcome;
use crate::aggregate::{Aggregates, FailureKey, Keep, LatencyCounts, LatencyKey};
use crate::error::Result;
use crate::lake::home::Home;
use crate::lake::{StateWriter, state};

/// An entry of a state.
#[derive(Debug, Serialize, Deserialize)]
enum StateEntry {
    /// Rejected lines by reason code.
    Rejected(BTreeMap<String, u64>),
    /// What the report says of rows.
    Aggregates(Box<Aggregates>),
    /// An hour's connections of one kind and end.
    Failure(FailureKey, u64),
    /// An hour's latencies of one kind.
    Latency(LatencyKey, LatencyCounts),
}

/// Writes the state of a unit.
pub(super) fn write(state: &mut StateWriter, outcome: &Outcome, hours: Hours) -> Result<()> {
    let rejected = outcome.rejected.iter().map(|(reason, &count)| (reason.code().to_owned(), count)).collect();
    write_parts(state, rejected, outcome.aggregates.clone(), hours)
}

fn write_parts(state: &mut StateWriter, rejected: BTreeMap<String, u64>, aggregates: Aggregates, hours: Hours) -> Result<()> {
    state.push(&StateEntry::Rejected(rejected))?;
    state.push(&StateEntry::Aggregates(Box::new(aggregates)))?;
    let (mut failures, mut latency) = hours.into_entries()?;
    failures.try_for_each(|entry| entry.and_then(|(key, rows)| state.push(&StateEntry::Failure(key, rows))))?;
    latency.try_for_each(|entry| entry.and_then(|(key, counts)| state.push(&StateEntry::Latency(key, counts))))
}

/// The sums over the units of a lake.
pub(super) struct Sums {
    pub(super) rejected: BTreeMap<String, u64>,
    pub(super) aggregates: Aggregates,
    pub(super) hours: Hours,
}

impl Sums {
    /// Reads the states of `units` of a lake; hours that outgrow their share of memory go to files in `temporary`.
    ///
    /// # Errors
    /// [`crate::Error::DamagedLake`] where a state is missing or cannot be understood.
    pub(super) fn read(home: &dyn Home, units: &[String], temporary: &Path, tuning: &Tuning) -> Result<Self> {
        let hours = Hours::new(temporary, tuning.hours);
        let mut sums = Self { rejected: BTreeMap::new(), aggregates: Aggregates::default(), hours };
        for unit in units {
            for entry in state::read(home, unit)? {
                sums.add(entry?, &tuning.keep)?;
            }
        }
        Ok(sums)
    }

    /// Writes them as the state of one unit that stands for all of these.
    pub(super) fn write(self, state: &mut StateWriter) -> Result<()> {
        write_parts(state, self.rejected, self.aggregates, self.hours)
    }

    fn add(&mut self, entry: StateEntry, keep: &Keep) -> Result<()> {
        match entry {
            StateEntry::Rejected(rejected) => {
                rejected.into_iter().for_each(|(reason, count)| *self.rejected.entry(reason).or_default() += count);
                Ok(())
            }
            StateEntry::Aggregates(aggregates) => {
                self.aggregates.merge(*aggregates);
                self.aggregates.keep_within(keep);
                Ok(())
            }
            StateEntry::Failure(key, rows) => self.hours.add_failure(key, rows),
            StateEntry::Latency(key, counts) => self.hours.add_latency(key, counts),
        }
    }
}
