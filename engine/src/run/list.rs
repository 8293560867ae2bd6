//! What a run would read: nothing is opened.

use std::collections::BTreeMap;

use crate::config::{ReadConfig, StoreConfig};
use crate::ddl::LakeShape;
use crate::discover::{self, Discovery, InputFile, Lakes};
use crate::error::Result;
use crate::lake;
use crate::report::{ListedBalancer, ListedFiles, ListedSkips, Listing, UnreachableEntry, rfc3339};

/// Lists what a run with these inputs and settings would read, and what it would skip and why.
///
/// Cost: a listing per folder, or per page of a store's keys.
///
/// # Errors
/// As [`discover::discover`].
pub fn list<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig) -> Result<Listing> {
    read.validate()?;
    let Discovery { files, skipped, unreachable } = discover::discover_as(inputs, Lakes::Read, read)?;
    let mut listing = Listing { schema: Listing::SCHEMA.to_owned(), ..Listing::default() };
    let mut balancers: BTreeMap<(&str, &str, String), (ListedFiles, Span)> = BTreeMap::new();
    for file in &files {
        listing.all.add(file.size);
        match &file.name {
            None => listing.other_names.add(file.size),
            Some(name) => {
                let (sum, span) = balancers.entry((&name.account, &name.region, name.balancer())).or_default();
                sum.add(file.size);
                span.add(file);
            }
        }
    }
    listing.load_balancers = balancers
        .into_iter()
        .map(|((account, region, balancer), (files, span))| ListedBalancer {
            account: account.to_owned(),
            region: region.to_owned(),
            load_balancer: balancer,
            files,
            first_window_end: span.0.map(|(first, _)| rfc3339(first)),
            last_window_end: span.0.map(|(_, last)| rfc3339(last)),
        })
        .collect();
    for file in &skipped {
        let skips = listing.skipped.entry(file.reason.to_owned()).or_insert_with(|| ListedSkips { count: 0, first: file.object.clone() });
        skips.count += 1;
    }
    listing.unreachable_total = unreachable.len() as u64;
    listing.unreachable = unreachable
        .into_iter()
        .take(Listing::MAX_UNREACHABLE)
        .map(|file| UnreachableEntry { object: file.object, problem: file.fault.message })
        .collect();
    Ok(listing)
}

/// What the lake at `out` has, a folder or a URL whose store is reached as `stores` says; for [`crate::ddl::statements`].
///
/// # Errors
/// [`crate::Error::NoLake`] where there is none.
pub fn lake_shape(out: &std::path::Path, stores: &StoreConfig) -> Result<LakeShape> {
    lake::shape(&*lake::home::home(out, stores)?)
}

/// The first and the last end of a window, µs since 1970.
#[derive(Default)]
struct Span(Option<(i64, i64)>);

impl Span {
    fn add(&mut self, file: &InputFile) {
        let Some(end) = file.name.as_ref().and_then(|name| name.end_micros()) else { return };
        let (first, last) = self.0.unwrap_or((end, end));
        self.0 = Some((first.min(end), last.max(end)));
    }
}
