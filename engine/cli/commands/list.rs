//! `tlslake list`: what would be read, and what not.

use std::ffi::OsString;

use tlslake_engine::config::ReadConfig;
use tlslake_engine::report::Listing;
use tlslake_engine::run;

use super::read;
use crate::exit::{Exit, Failure};
use crate::flags::ListFlags;
use crate::render::number::counted;

/// A listing, ready to be made.
#[derive(Debug)]
pub(crate) struct List {
    inputs: Vec<OsString>,
    read: ReadConfig,
}

/// What was found, and the inputs and options as they can be typed again; none where an input cannot be.
#[derive(Debug)]
pub(crate) struct ListOutcome {
    pub(crate) listing: Listing,
    pub(crate) asked: Vec<String>,
}

pub(super) fn resolve(flags: ListFlags) -> Result<List, Failure> {
    let read = read::places(&flags.time, flags.pick, flags.stores, ReadConfig::default())?;
    Ok(List { inputs: flags.inputs, read })
}

impl List {
    pub(super) fn run(self) -> Result<ListOutcome, Failure> {
        let mut asked = super::typeable(&self.inputs);
        if !asked.is_empty() {
            asked.extend(options(&self.read));
        }
        Ok(ListOutcome { listing: run::list(&self.inputs, &self.read)?, asked })
    }
}

/// The options that say which logs, and how their store is reached: whoever goes on means the same ones.
fn options(read: &ReadConfig) -> Vec<String> {
    let ReadConfig { pick, stores, .. } = read;
    let each = |name: &'static str, values: &[String]| values.iter().flat_map(|value| [name.to_owned(), value.clone()]).collect::<Vec<_>>();
    let one = |name: &'static str, value: Option<String>| each(name, value.as_slice());
    let switch = |name: &str, is_on: bool| is_on.then(|| name.to_owned());
    let valued = [
        each("--account", &pick.accounts),
        each("--region", &pick.regions),
        each("--load-balancer", &pick.load_balancers),
        one("--since", read.since.map(read::shown)),
        one("--until", read.until.map(read::shown)),
        one("--endpoint-url", stores.endpoint_url.clone()),
        one("--profile", stores.profile.clone()),
    ];
    let switches = [switch("--anonymous", stores.anonymous), switch("--requester-pays", stores.requester_pays)];
    valued.into_iter().flatten().chain(switches.into_iter().flatten()).collect()
}

/// 0 only when everything could be looked at.
pub(super) fn exit(outcome: &ListOutcome) -> Exit {
    if outcome.listing.unreachable_total == 0 { Exit::Clean } else { Exit::Incomplete }
}

/// Why the exit code is not 0.
pub(super) fn warning(outcome: &ListOutcome) -> Option<String> {
    let first = outcome.listing.unreachable.first()?;
    let count = counted(outcome.listing.unreachable_total, "place");
    Some(format!("{count} could not be looked at; {}: {}; exit code {}", first.object, first.problem, Exit::Incomplete as u8))
}
