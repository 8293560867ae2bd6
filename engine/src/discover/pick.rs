//! Which logs a run is about, as far as names tell: accounts, regions, balancers, and the time asked for.
//!
//! Layout: `AWSLogs/[org-id/]<account>/elasticloadbalancing/<region>/yyyy/mm/dd/` (AWS, "Connection log files"). The date is that of delivery, and
//! nobody says how late a file may come; what is read for nothing costs time, what is not read is lost. So a folder is passed over only if it
//! ends more than an hour before the time asked for, or begins more than two days after it, and a file likewise by an hour.

use super::names::{LogName, reason};
use crate::calendar::days_since_1970;
use crate::config::{Pick, ReadConfig};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The clocks of nodes may differ, and a window's last events may come in its next file.
const SLACK: i64 = HOUR;
/// A file may be delivered so long after its events.
const LATE: i64 = 2 * DAY;
/// A file's window.
const WINDOW: i64 = 5 * MINUTE;

/// What is wanted of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Picker {
    pick: Pick,
    since: Option<i64>,
    until: Option<i64>,
}

impl Picker {
    pub(super) fn new(read: &ReadConfig) -> Self {
        Self { pick: read.pick.clone(), since: read.since, until: read.until }
    }

    /// Whether every name will do.
    pub(super) fn takes_all(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.pick == Pick::default()
    }

    /// Why a log of that name is not wanted, if so.
    pub(super) fn refuses(&self, name: &LogName) -> Option<&'static str> {
        let Pick { accounts, regions, load_balancers } = &self.pick;
        if !accounts.is_empty() && !accounts.contains(&name.account) {
            return Some(reason::OTHER_ACCOUNT);
        }
        if !regions.is_empty() && !regions.contains(&name.region) {
            return Some(reason::OTHER_REGION);
        }
        if !load_balancers.is_empty() && !load_balancers.iter().any(|wanted| is_balancer(wanted, name)) {
            return Some(reason::OTHER_BALANCER);
        }
        let end = name.end_micros()?;
        self.lies_outside(end - WINDOW - SLACK, end + SLACK).then_some(reason::OTHER_TIME)
    }

    /// Why nothing below a folder is wanted, if so; `folder` as far as it goes, parts divided by `/`.
    pub(super) fn refuses_folder(&self, folder: &str) -> Option<&'static str> {
        let parts: Vec<&str> = folder.trim_end_matches('/').split('/').collect();
        let logs = parts.iter().rposition(|part| *part == "AWSLogs")?;
        let below = &parts[logs + 1..];
        // An organization's trail puts its id before the account.
        let below = if below.first().is_some_and(|part| part.starts_with("o-")) { &below[1..] } else { below };
        let Pick { accounts, regions, .. } = &self.pick;
        let is_other =
            |wanted: &[String], part: Option<&&str>| part.is_some_and(|part| !wanted.is_empty() && !wanted.iter().any(|one| one == part));
        if is_other(accounts, below.first()) {
            return Some(reason::OTHER_ACCOUNT);
        }
        if below.get(1).is_some_and(|service| *service != "elasticloadbalancing") {
            return Some(reason::OTHER_SERVICE);
        }
        if is_other(regions, below.get(2)) {
            return Some(reason::OTHER_REGION);
        }
        let (start, end) = span_of_date(below.get(3..)?)?;
        self.lies_outside(start - LATE, end + SLACK).then_some(reason::OTHER_TIME)
    }

    /// Whether no event from `start` to `end` can be wanted.
    fn lies_outside(&self, start: i64, end: i64) -> bool {
        self.since.is_some_and(|since| end < since) || self.until.is_some_and(|until| start >= until)
    }
}

/// Whether a balancer is meant by its name, or by `app/name/id`.
fn is_balancer(wanted: &str, name: &LogName) -> bool {
    let own = name.balancer();
    own == wanted || own.split('/').nth(1) == Some(wanted)
}

/// The span of `yyyy`, `yyyy/mm` or `yyyy/mm/dd`, µs since 1970.
fn span_of_date(parts: &[&str]) -> Option<(i64, i64)> {
    let number = |at: usize| parts.get(at).map(|part| part.parse::<i64>().ok());
    let year = number(0)??;
    let (first, behind) = match (number(1), number(2)) {
        (None, _) => ((year, 1, 1), (year + 1, 1, 1)),
        (Some(month), None) => {
            let month = month.filter(|month| (1..=12).contains(month))?;
            ((year, month, 1), (year + month / 12, month % 12 + 1, 1))
        }
        (Some(month), Some(day)) => {
            let (month, day) = (month.filter(|month| (1..=12).contains(month))?, day.filter(|day| (1..=31).contains(day))?);
            ((year, month, day), (year, month, day + 1))
        }
    };
    let start = |(year, month, day)| days_since_1970(year, month, day) * DAY;
    (0..=9999).contains(&year).then(|| (start(first), start(behind)))
}

#[cfg(test)]
mod tests;
