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
use super::{InputFile, LakeFile, LakeTable, Lakes, Location, SkippedFile, pattern};
use crate::error::{Error, Result};
use crate::store::{Bucket, Found, Object, ObjectUrl};

/// `*` stays within a part of the key, as it does in paths.
const OPTIONS: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Search {
    /// An object, everything below a prefix, or what a pattern matches.
    pub(super) fn take_url(&mut self, url: &ObjectUrl) -> Result<()> {
        let input = format!("{}{}", url.root(), url.key());
        let refused = |fault| store_error(&input, fault);
        let bucket = self.stores.bucket(url).map_err(refused)?;
        let before = (self.found.files.len(), self.found.skipped.len());
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
        if !self.took_lake && before == (self.found.files.len(), self.found.skipped.len()) { Err(nothing(&input)) } else { Ok(()) }
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
        for (folder, table) in LAKE_TABLES {
            self.take_table_of(bucket, &at(folder), table, input)?;
        }
        Ok(())
    }

    fn take_table_of(&mut self, bucket: &Arc<Bucket>, prefix: &str, table: LakeTable, input: &str) -> Result<()> {
        let first = self.found.files.len();
        let listed = bucket.all_below(prefix, |found| {
            if found.key.ends_with(".parquet") {
                self.add_object(bucket, found);
            }
        });
        for file in &mut self.found.files[first..] {
            if let Location::Object(object) = &file.location {
                file.location = Location::Lake(LakeFile::Object(object.clone()), table);
            }
        }
        listed.map_err(|fault| store_error(input, fault))
    }

    /// Objects whose keys match.
    fn take_key_pattern(&mut self, bucket: &Arc<Bucket>, key: &str, input: &str) -> Result<()> {
        let wrong =
            |error: glob::PatternError| Error::BadInput { input: input.to_owned(), problem: format!("the pattern is malformed: {error}") };
        let matcher = Pattern::new(key).map_err(wrong)?;
        let literal = &key[..key.find(['*', '?', '[']).unwrap_or(key.len())];
        let prefix = literal.rsplit_once('/').map_or("", |(folder, _)| folder);
        let listed = bucket.all_below(prefix, |found| {
            if matcher.matches_with(&found.key, OPTIONS) {
                self.take_object(bucket, prefix, found);
            }
        });
        listed.map_err(|fault| store_error(input, fault))
    }

    /// Everything below a prefix that names do not rule out.
    fn walk(&mut self, bucket: &Arc<Bucket>, prefix: &str, input: &str) -> Result<()> {
        if self.picker.takes_all() || is_day(prefix) {
            let listed = bucket.all_below(prefix, |found| self.take_object(bucket, prefix, found));
            return listed.map_err(|fault| store_error(input, fault));
        }
        let folder = bucket.folder(prefix).map_err(|fault| store_error(input, fault))?;
        for found in folder.objects {
            self.take_object(bucket, prefix, found);
        }
        for folder in folder.folders {
            let is_hidden = is_hidden(folder.rsplit('/').next().unwrap_or_default().as_bytes());
            match self.picker.refuses_folder(&folder).or(is_hidden.then_some(reason::HIDDEN)) {
                Some(why) => self.skip_key(bucket, &format!("{folder}/"), why),
                None => self.walk(bucket, &folder, input)?,
            }
        }
        Ok(())
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
        let url = format!("{}{}", bucket.root(), found.key);
        let key = xxh3_128(url.as_bytes());
        if !self.files_seen.insert(key) {
            return self.skip_key(bucket, &found.key, reason::GIVEN_TWICE);
        }
        self.found.files.push(InputFile {
            object: display_os(OsStr::new(&url)),
            size: Some(found.size),
            modified: found.modified,
            name: LogName::parse(found.key.rsplit('/').next().unwrap_or_default()),
            location: Location::Object(Object::new(bucket.clone(), found)),
            key,
        });
    }

    fn skip_key(&mut self, bucket: &Bucket, key: &str, reason: &'static str) {
        self.found.skipped.push(SkippedFile { object: display_os(OsStr::new(&format!("{}{key}", bucket.root()))), reason });
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
