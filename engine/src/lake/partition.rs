//! Which folder a row belongs to: the account and region of its file's name, and the day of its event.
//!
//! Account and region come from names that people can change, so their values are escaped the way Hive does; what is not known goes to
//! Hive's default partition. The day is the event's own, in UTC, never the delivery's.

use std::collections::HashMap;
use std::ops::Range;

use crate::config::Partitioning;
use crate::discover::InputFile;

/// The folder for what is not known.
pub(super) const DEFAULT_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A partition of `connections` within one work unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PartitionKey {
    place: u32,
    day: i32,
}

impl PartitionKey {
    /// How many of `times` from the first on fall into this partition's day.
    pub(super) fn rows_of_day(self, times: &[i64], partitioning: Partitioning) -> usize {
        if partitioning == Partitioning::None {
            return times.len();
        }
        let start = i64::from(self.day) * MICROS_PER_DAY;
        let day: Range<i64> = start..start.saturating_add(MICROS_PER_DAY);
        times.iter().position(|time| !day.contains(time)).unwrap_or(times.len())
    }
}

/// The accounts and regions seen so far, in the order of their appearance.
#[derive(Debug, Default)]
pub(super) struct Places {
    ids: HashMap<String, u32>,
    folders: Vec<String>,
}

impl Places {
    /// The place that a file's name tells.
    pub(super) fn of(&mut self, file: &InputFile, partitioning: Partitioning) -> u32 {
        let folder = match partitioning {
            Partitioning::None => String::new(),
            Partitioning::AccountRegionDay => {
                let (account, region) = file.name.as_ref().map_or(("", ""), |name| (&name.account, &name.region));
                format!("/account={}/region={}", escaped(account), escaped(region))
            }
        };
        if let Some(&id) = self.ids.get(&folder) {
            return id;
        }
        let id = self.folders.len() as u32;
        self.folders.push(folder.clone());
        self.ids.insert(folder, id);
        id
    }

    /// The partition of an event at `time` (µs since 1970) in `place`.
    pub(super) fn key(place: u32, time: i64, partitioning: Partitioning) -> PartitionKey {
        let day = match partitioning {
            Partitioning::None => 0,
            // An i64 of microseconds spans less than 2^28 days.
            Partitioning::AccountRegionDay => time.div_euclid(MICROS_PER_DAY) as i32,
        };
        PartitionKey { place, day }
    }

    /// The partition's folder, relative to the lake, parts separated by `/`.
    pub(super) fn folder(&self, key: PartitionKey, partitioning: Partitioning) -> String {
        let place = &self.folders[key.place as usize];
        match partitioning {
            Partitioning::None => "connections".to_owned(),
            Partitioning::AccountRegionDay => format!("connections{place}/day={}", date(key.day)),
        }
    }
}

/// `yyyy-mm-dd` of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days` (howardhinnant.github.io/date_algorithms.html).
pub(super) fn date(day: i32) -> String {
    let shifted = i64::from(day) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

/// A partition value as a folder name: the characters that Hive's `FileUtils.escapePathName` escapes (on Windows, too) and closing braces,
/// as `%` and two hex digits.
pub(super) fn escaped(value: &str) -> String {
    if value.is_empty() {
        return DEFAULT_PARTITION.to_owned();
    }
    let mut name = String::with_capacity(value.len());
    for character in value.chars() {
        if character.is_ascii_control() || "\"#%'*/:=?\\{}[]^<>|".contains(character) {
            name.push_str(&format!("%{:02X}", character as u32));
        } else {
            name.push(character);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_civil_calendar() {
        let known = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (20_088, "2024-12-31"),
            (-719_162, "0001-01-01"),
            (2_932_896, "9999-12-31"),
        ];
        for (day, expected) in known {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn values_are_escaped_as_hive_does() {
        assert_eq!(escaped("eu-west-1"), "eu-west-1");
        assert_eq!(escaped("a/b=c%\n"), "a%2Fb%3Dc%25%0A");
        assert_eq!(escaped("zürich"), "zürich");
        assert_eq!(escaped(""), DEFAULT_PARTITION);
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let partitioning = Partitioning::AccountRegionDay;
        let key = Places::key(0, MICROS_PER_DAY - 1, partitioning);
        assert_eq!(key.rows_of_day(&[0, MICROS_PER_DAY - 1, MICROS_PER_DAY, 5], partitioning), 2);
        assert_eq!(Places::key(0, -1, partitioning).rows_of_day(&[-1, 0], partitioning), 1);
        assert_eq!(key.rows_of_day(&[0, MICROS_PER_DAY], Partitioning::None), 2);
    }
}
