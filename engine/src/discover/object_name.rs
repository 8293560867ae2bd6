//! Names of inputs, of which there may be millions: what neighbours have in common is kept once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::names::LogName;

/// The name that reports and `source_object` show.
///
/// In two parts, of which the first is shared with the names found beside it: of an AWS log that is all up to the end of its window.
#[derive(Clone)]
pub struct ObjectName {
    stem: Arc<str>,
    rest: Box<str>,
}

impl ObjectName {
    /// The whole name.
    pub fn text(&self) -> Cow<'_, str> {
        if self.stem.is_empty() { Cow::Borrowed(&self.rest) } else { Cow::Owned(self.to_string()) }
    }

    /// What it ends in: enough to tell what the name says of the content.
    pub(crate) fn ending(&self) -> &str {
        &self.rest
    }

    /// Bytes that it holds beside itself and what it shares.
    pub(super) fn held(&self) -> usize {
        self.rest.len()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.stem)?;
        out.write_str(&self.rest)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), out)
    }
}

/// Wherever they are divided.
impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for ObjectName {}

impl From<&str> for ObjectName {
    fn from(text: &str) -> Self {
        Self { stem: "".into(), rest: text.into() }
    }
}

/// Whose logs a file holds, as its name tells: shared by all files of the balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogSource {
    /// Twelve digits.
    pub account: Arc<str>,
    /// `eu-west-1`, …
    pub region: Arc<str>,
    /// As lines spell it: `app/name/id`.
    pub balancer: Arc<str>,
}

impl From<&LogName> for LogSource {
    fn from(name: &LogName) -> Self {
        Self { account: name.account.as_str().into(), region: name.region.as_str().into(), balancer: name.balancer().into() }
    }
}

/// What the names so far have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    stem: Arc<str>,
    sources: HashSet<Arc<LogSource>>,
}

impl Shared {
    /// The name `text`, its beginning shared with the one before if that had the same.
    pub(super) fn name(&mut self, text: &str) -> ObjectName {
        let (stem, rest) = text.split_at(end_of_stem(text));
        if *self.stem != *stem {
            self.stem = stem.into();
        }
        ObjectName { stem: self.stem.clone(), rest: rest.into() }
    }

    /// What a file's name tells.
    pub(super) fn source(&mut self, name: &LogName) -> Arc<LogSource> {
        let source = LogSource::from(name);
        if let Some(known) = self.sources.get(&source) {
            return known.clone();
        }
        let source = Arc::new(source);
        self.sources.insert(source.clone());
        source
    }
}

/// Behind the folder; in a log's own name, behind the balancer's id.
fn end_of_stem(text: &str) -> usize {
    let file = text.rfind('/').map_or(0, |at| at + 1);
    match text[file..].strip_prefix("conn_log").and_then(|tail| tail.rmatch_indices('_').nth(2)) {
        Some((at, _)) => file + "conn_log".len() + at + 1,
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str =
        "s3://b/AWSLogs/1/x/conn_log_123456789012_elasticloadbalancing_eu-west-1_app.edge.50dc_20260110T1200Z_10.0.0.1_0abc.log.gz";

    #[test]
    fn neighbours_share_what_comes_before_the_window() {
        let mut shared = Shared::default();
        let names = [LOG, &LOG.replace("T1200Z", "T1205Z"), "s3://b/AWSLogs/1/x/other.log", "-", "é/ü_1_2_3.log"];
        let made: Vec<ObjectName> = names.iter().map(|name| shared.name(name)).collect();
        assert_eq!(made.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
        assert_eq!(made[0].ending(), "20260110T1200Z_10.0.0.1_0abc.log.gz");
        assert!(Arc::ptr_eq(&made[0].stem, &made[1].stem) && made[3].text() == "-");
    }

    #[test]
    fn a_balancers_files_share_what_their_names_tell() {
        let mut shared = Shared::default();
        let name = LogName::parse(LOG.rsplit('/').next().unwrap_or_default()).expect("a log's name");
        let (one, other) = (shared.source(&name), shared.source(&name));
        assert!(Arc::ptr_eq(&one, &other));
        assert_eq!((&*one.account, &*one.balancer), ("123456789012", "app/edge/50dc"));
    }
}
