//! The labelled suite for `tlslake diagnose`: what was planted, and what must be found.
//!
//! Every scenario plants causes in connection logs and in certificates with real keys, then asks the executable, on the raw logs and on the
//! lake made of them. What is expected follows from AWS's rules and from the files alone; nothing here calls the engine.

mod certificates;
mod connection;
mod expired;
mod handshakes;

mod judge;
mod names;
mod openssl;
mod packs;

mod processing;
mod revoked;
mod rotated;
mod server;

mod shapes;
mod unmapped;
mod untrusted;

use std::collections::BTreeSet;

use tlslake_engine::reasons::Cause;

use judge::{Scenario, tally};

fn all() -> Vec<(&'static str, Scenario)> {
    let tables =
        [expired::TABLE, names::TABLE, processing::TABLE, revoked::TABLE, rotated::TABLE, shapes::TABLE, unmapped::TABLE, untrusted::TABLE];
    tables.concat().into_iter().map(|(name, make)| (name, make())).collect()
}

/// Causes that no file and no log can prove: only a hint is possible.
const NEVER_PROVEN: [&str; 7] = [
    "clock-skew",
    "trust-store-differs",
    "policy-incompatible",
    "rejected-by-target",
    "no-certificate",
    "tls-negotiation-failed",
    "unknown",
];

#[test]
fn every_cause_is_planted_and_proven_where_it_can_be() {
    let (names, scenarios): (Vec<_>, Vec<_>) = all().into_iter().unzip();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "each scenario has its own name");
    assert!(names.len() >= 45, "{} scenarios", names.len());
    let tally = tally(&scenarios);
    for cause in Cause::ALL.map(Cause::name) {
        let certainties = tally.get(cause).unwrap_or_else(|| panic!("no scenario plants {cause}"));
        assert_eq!(certainties.contains("proven"), !NEVER_PROVEN.contains(&cause), "{cause} is expected as {certainties:?}");
    }
    let with_files = scenarios.iter().filter(|scenario| scenario.has_files()).count();
    assert!(with_files >= 20 && names.len() - with_files >= 20, "with files and without: {with_files} of {}", names.len());
}
