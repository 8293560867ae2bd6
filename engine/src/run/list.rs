//! What a run would read: nothing is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{ReadConfig, StoreConfig};
use crate::ddl::LakeShape;
use crate::discover::{self, InputFile, Lakes, LogName, LogSource};
use crate::error::Result;
use crate::lake;
use crate::report::{ListedBalancer, ListedFiles, ListedSkips, Listing, UnreachableEntry, rfc3339};

/// Lists what a run with these inputs and settings would read, and what it would skip and why.
///
/// Cost: a listing per folder, or per page of a store's keys; files are added up, not kept.
///
/// # Errors
/// As [`discover::discover`].
pub fn list<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig) -> Result<Listing> {
    read.validate()?;
    let mut listing = Listing { schema: Listing::SCHEMA.to_owned(), ..Listing::default() };
    let mut balancers: BTreeMap<Arc<LogSource>, (ListedFiles, Span)> = BTreeMap::new();
    let found = discover::visit(inputs, Lakes::Read, read, &Arc::default(), &mut |file| {
        listing.all.add(file.size);
        match &file.name {
            None => listing.other_names.add(file.size),
            Some(source) => {
                let (sum, span) = balancers.entry(source.clone()).or_default();
                sum.add(file.size);
                span.add(&file);
            }
        }
    })?;
    listing.load_balancers = balancers.into_iter().map(|(source, (files, span))| listed(&source, files, &span)).collect();
    for (reason, count) in found.skipped.by_reason() {
        let first = found.skipped.named().iter().find(|file| file.reason == reason).map_or_else(String::new, |file| file.object.clone());
        listing.skipped.insert(reason.to_owned(), ListedSkips { count, first });
    }
    let unreachable = found.unreachable;
    listing.unreachable_total = unreachable.len() as u64;
    listing.unreachable = unreachable
        .into_iter()
        .take(Listing::MAX_UNREACHABLE)
        .map(|file| UnreachableEntry { object: file.object, problem: file.fault.message })
        .collect();
    Ok(listing)
}

fn listed(source: &LogSource, files: ListedFiles, span: &Span) -> ListedBalancer {
    ListedBalancer {
        account: source.account.to_string(),
        region: source.region.to_string(),
        load_balancer: source.balancer.to_string(),
        files,
        first_window_end: span.0.map(|(first, _)| rfc3339(first)),
        last_window_end: span.0.map(|(_, last)| rfc3339(last)),
    }
}

/// What the lake at `out` has, a folder or a URL whose store is reached as `stores` says; for [`crate::ddl::statements`].
///
/// # Errors
/// [`crate::Error::NoLake`] where there is none.
pub fn lake_shape(out: &std::path::Path, stores: &StoreConfig) -> Result<LakeShape> {
    lake::shape(&*lake::home::home(out, stores, &Arc::default())?)
}

/// The first and the last end of a window, µs since 1970.
#[derive(Default)]
struct Span(Option<(i64, i64)>);

impl Span {
    fn add(&mut self, file: &InputFile) {
        let name = file.object.text();
        let Some(end) = name.rsplit('/').next().and_then(LogName::parse).and_then(|name| name.end_micros()) else { return };
        let (first, last) = self.0.unwrap_or((end, end));
        self.0 = Some((first.min(end), last.max(end)));
    }
}
