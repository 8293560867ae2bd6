//! What lies in object stores: the same lists as of folders, made of keys.
//!
//! Where names decide (accounts, regions, times), prefixes are listed level by level down to the day, and those that cannot hold anything wanted
//! are passed over unlisted; otherwise all keys below the prefix are listed, a page at a time.

use std::ffi::OsStr;
use std::sync::Arc;

use glob::{MatchOptions, Pattern};
use xxhash_rust::xxh3::xxh3_128;

use super::fault::store_error;
use super::names::{LogName, NameVerdict, display_os, is_hidden, judge, reason};
use super::search::{LAKE_TABLES, Search, UNFINISHED_LAKE, UNWANTED_LAKE, bad};
use super::{InputFile, LakeFile, Lakes, Location, SkippedFile, pattern};
use crate::error::{Error, Result};
use crate::store::{Bucket, Folder, Found, Object, ObjectUrl, StoreFault};

/// `*` stays within a part of the key, as it does in paths.
const OPTIONS: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// A place on the way down from a prefix.
enum Step {
    /// To be listed level by level.
    Open(String),
    /// To be listed with everything below it.
    All(String),
    /// Objects directly below a prefix.
    Here(String, Vec<Found>),
    /// Not looked at.
    Skip(String, &'static str),
}

/// The folder below which AWS lays out logs by account, region and day, so that listing them apart is of use.
const LOGS: &str = "AWSLogs";

impl Search<'_> {
    /// An object, everything below a prefix, or what a pattern matches.
    pub(super) fn take_url(&mut self, url: &ObjectUrl) -> Result<()> {
        let input = format!("{}{}", url.root(), url.key());
        let refused = |fault| store_error(&input, fault);
        let bucket = self.stores.bucket(url).map_err(refused)?;
        let before = (self.count, self.found.skipped.total());
        if !url.key().is_empty() && !url.key().ends_with('/') {
            let is_pattern = pattern::is_pattern(url.key());
            let found = bucket.find(url.key());
            // Not every pattern can be asked for as a key.
            let found = if is_pattern { found.unwrap_or(None) } else { found.map_err(refused)? };
            match found {
                Some(found) => self.add_object(&bucket, found),
                None if is_pattern => self.take_key_pattern(&bucket, url.key(), &input)?,
                None => self.take_prefix(&bucket, url.key(), &input)?,
            }
        } else {
            self.take_prefix(&bucket, url.key().trim_end_matches('/'), &input)?;
        }
        if !self.took_lake && before == (self.count, self.found.skipped.total()) { Err(nothing(&input)) } else { Ok(()) }
    }

    /// Logs, or a lake, below a prefix.
    fn take_prefix(&mut self, bucket: &Arc<Bucket>, prefix: &str, input: &str) -> Result<()> {
        let at = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let is_there = |name: &str| Ok(bucket.find(&at(name)).map_err(|fault| store_error(input, fault))?.is_some());
        if !is_there("_tlslake/settings.json")? {
            return self.walk(bucket, prefix, input);
        }
        if self.lakes == Lakes::Refuse {
            return Err(bad(OsStr::new(input), UNWANTED_LAKE));
        }
        if !is_there("_SUCCESS")? {
            return Err(bad(OsStr::new(input), UNFINISHED_LAKE));
        }
        self.took_lake = true;
        let folders = LAKE_TABLES.map(|(folder, _)| at(folder));
        let listed = bucket.all_below(&folders, |number, found| {
            if found.key.ends_with(".parquet") {
                self.add_at(bucket, found, |object| Location::Lake(LakeFile::Object(object), LAKE_TABLES[number].1));
            }
        });
        listed.map_err(|fault| store_error(input, fault))
    }

    /// Objects whose keys match.
    fn take_key_pattern(&mut self, bucket: &Arc<Bucket>, key: &str, input: &str) -> Result<()> {
        let wrong =
            |error: glob::PatternError| Error::BadInput { input: input.to_owned(), problem: format!("the pattern is malformed: {error}") };
        let matcher = Pattern::new(key).map_err(wrong)?;
        let literal = &key[..key.find(['*', '?', '[']).unwrap_or(key.len())];
        let prefix = literal.rsplit_once('/').map_or("", |(folder, _)| folder);
        let listed = bucket.all_below(&[prefix.to_owned()], |_, found| {
            if matcher.matches_with(&found.key, OPTIONS) {
                self.take_object(bucket, prefix, found);
            }
        });
        listed.map_err(|fault| store_error(input, fault))
    }

    /// Everything below a prefix that names do not rule out, in the order of folders and keys.
    fn walk(&mut self, bucket: &Arc<Bucket>, prefix: &str, input: &str) -> Result<()> {
        let refused = |fault| store_error(input, fault);
        let steps = self.steps(bucket, self.way(prefix.to_owned())).map_err(refused)?;
        let prefixes: Vec<String> =
            steps.iter().filter_map(|step| if let Step::All(prefix) = step { Some(prefix.clone()) } else { None }).collect();
        let (mut steps, mut passed) = (steps.into_iter(), 0);
        let listed = bucket.all_below(&prefixes, |number, found| {
            // What comes before this prefix goes first.
            while passed <= number {
                match steps.next() {
                    Some(Step::All(_)) => passed += 1,
                    Some(step) => self.take_step(bucket, step),
                    None => break,
                }
            }
            self.take_object(bucket, &prefixes[number], found);
        });
        listed.map_err(refused)?;
        steps.for_each(|step| self.take_step(bucket, step));
        Ok(())
    }

    /// Goes down from `first` as far as names may rule something out; folders of one depth are listed together.
    fn steps(&self, bucket: &Bucket, first: Step) -> std::result::Result<Vec<Step>, StoreFault> {
        let mut steps = vec![first];
        loop {
            let open: Vec<String> =
                steps.iter().filter_map(|step| if let Step::Open(prefix) = step { Some(prefix.clone()) } else { None }).collect();
            if open.is_empty() {
                return Ok(steps);
            }
            let mut folders = bucket.folders(&open)?.into_iter();
            steps = steps.into_iter().flat_map(|step| self.step_down(step, &mut folders)).collect();
        }
    }

    /// What a folder's listing makes of it; other steps stay as they are.
    fn step_down(&self, step: Step, folders: &mut impl Iterator<Item = Folder>) -> Vec<Step> {
        let Step::Open(prefix) = step else { return vec![step] };
        let Folder { folders, objects } = folders.next().unwrap_or_default();
        let mut steps = vec![Step::Here(prefix, objects)];
        steps.extend(folders.into_iter().map(|folder| self.step(folder)));
        steps
    }

    /// How to go on with a prefix that was named, or is wanted.
    fn way(&self, prefix: String) -> Step {
        let has_parts = prefix.split('/').any(|part| part == LOGS);
        if is_day(&prefix) || self.picker.takes_all() && !has_parts { Step::All(prefix) } else { Step::Open(prefix) }
    }

    /// How to go on with a prefix that was found.
    fn step(&self, prefix: String) -> Step {
        let is_hidden = is_hidden(prefix.rsplit('/').next().unwrap_or_default().as_bytes());
        let refused = if self.picker.takes_all() { None } else { self.picker.refuses_folder(&prefix) };
        match refused.or(is_hidden.then_some(reason::HIDDEN)) {
            Some(why) => Step::Skip(prefix, why),
            None => self.way(prefix),
        }
    }

    fn take_step(&mut self, bucket: &Arc<Bucket>, step: Step) {
        match step {
            Step::Here(prefix, objects) => objects.into_iter().for_each(|found| self.take_object(bucket, &prefix, found)),
            Step::Skip(prefix, why) => self.skip_key(bucket, &format!("{prefix}/"), why),
            Step::Open(_) | Step::All(_) => {}
        }
    }

    /// An object that was found below `prefix`: its name decides.
    fn take_object(&mut self, bucket: &Arc<Bucket>, prefix: &str, found: Found) {
        let below = found.key.strip_prefix(prefix).unwrap_or(&found.key);
        let name = found.key.rsplit('/').next().unwrap_or_default();
        let verdict = match judge(OsStr::new(name)) {
            // What is hidden is so with everything in it: a lake's own files end as logs do.
            _ if below.split('/').any(|part| is_hidden(part.as_bytes())) => Some(reason::HIDDEN),
            NameVerdict::Other(why) => Some(why),
            NameVerdict::Unknown => Some(reason::NOT_A_LOG),
            NameVerdict::Log => LogName::parse(name).and_then(|name| self.picker.refuses(&name)),
        };
        match verdict {
            Some(why) => self.skip_key(bucket, &found.key, why),
            None => self.add_object(bucket, found),
        }
    }

    fn add_object(&mut self, bucket: &Arc<Bucket>, found: Found) {
        self.add_at(bucket, found, Location::Object);
    }

    fn add_at(&mut self, bucket: &Arc<Bucket>, found: Found, location: impl FnOnce(Object) -> Location) {
        let url = format!("{}{}", bucket.root(), found.key);
        let key = xxh3_128(url.as_bytes());
        if !self.has_one_input && !self.files_seen.insert(key) {
            return self.skip_key(bucket, &found.key, reason::GIVEN_TWICE);
        }
        let shown = display_os(OsStr::new(&url));
        let name = LogName::parse(found.key.rsplit('/').next().unwrap_or_default());
        let file = InputFile {
            object: self.shared.name(&shown),
            size: Some(found.size),
            modified: found.modified,
            name: name.map(|name| self.shared.source(&name)),
            location: location(Object::new(bucket.clone(), &found, &shown)),
            key,
        };
        self.give(file);
    }

    fn skip_key(&mut self, bucket: &Bucket, key: &str, reason: &'static str) {
        self.found.skipped.add(SkippedFile { object: display_os(OsStr::new(&format!("{}{key}", bucket.root()))), reason });
    }
}

/// Whether a prefix ends in `yyyy/mm/dd`: below a day, nothing is ruled out by folders.
fn is_day(prefix: &str) -> bool {
    let mut parts = prefix.rsplit('/');
    [2, 2, 4]
        .into_iter()
        .all(|digits| parts.next().is_some_and(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())))
}

#[cold]
fn nothing(input: &str) -> Error {
    let problem = "there is nothing; check bucket and prefix (a prefix ends where a / stands in the keys)";
    Error::BadInput { input: display_os(OsStr::new(input)), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::pick::Picker;
    use super::super::{Discovery, Lakes};
    use super::*;
    use crate::config::{ReadConfig, StoreConfig};
    use crate::store::Stores;

    /// A million keys as AWS makes them: of two balancers, 288 windows a day.
    #[test]
    fn a_key_of_a_million_takes_less_than_200_bytes() {
        const KEYS: usize = 1_000_000;
        let config = StoreConfig { endpoint_url: Some("http://127.0.0.1:9".into()), anonymous: true, ..StoreConfig::default() };
        let stores = Stores::new(config, Arc::default());
        let url = ObjectUrl::parse("s3://logs/").and_then(std::result::Result::ok).expect("a URL");
        let bucket = stores.bucket(&url).expect("settings that do");
        let mut files = Vec::with_capacity(KEYS);
        let mut give = |file| files.push(file);
        let mut search = Search::new(Lakes::Refuse, Picker::new(&ReadConfig::default()), stores, &mut give);
        search.has_one_input = true;
        for number in 0..KEYS {
            let (day, balancer, window) = (number / 40_000 + 1, number / 20_000 % 2, number % 288);
            let key = format!(
                "archive/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/01/{day:02}/conn_log_123456789012_elasticloadbalancing_eu-west-1_\
                 app.edge-payments-{balancer}.50dc6c495c0c9188_202601{day:02}T{:02}{:02}Z_172.160.001.192_{number:08}.log.gz",
                window / 12,
                window % 12 * 5
            );
            let e_tag = Some(format!("\"{:032x}\"", xxh3_128(key.as_bytes())));
            search.take_object(&bucket, "", Found { key, size: 1 << 16, modified: Some(1), e_tag });
        }
        assert_eq!(search.into_discovery(), Discovery::default());
        let held: usize = files.iter().map(InputFile::held).sum();
        assert!(held / KEYS <= 200, "{} bytes a key", held / KEYS);
        assert_eq!(files[0].name, files[19_999].name);
        let Location::Object(object) = &files[0].location else { panic!("an object") };
        assert_eq!(object.held(), 0);
    }
}
