//! What a name tells: of a connection log, of its siblings in a bucket, and how a path is spelled for people.
//!
//! Names only: nothing here looks at a disk. No name, however odd, is an error.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{MAIN_SEPARATOR, Path};

use super::SkippedFile;
use crate::calendar::days_since_1970;

/// What the name of a connection log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1`, …: lower-case letters, digits and hyphens.
    pub region: String,
    /// `app.name.id`, dots as in the name.
    pub load_balancer: String,
    /// End of the five-minute window as in the name: `20220215T2340Z`.
    pub end_time: String,
    /// The node's address as in the name, which may pad IPv4 with zeros: `172.160.001.192`.
    pub node_ip: String,
}

impl LogName {
    /// Reads a file name (without folders) of the form
    /// `conn_log_<account>_elasticloadbalancing_<region>_app.<lb-name>.<lb-id>_<end-time>_<node-ip>_<random><suffix>`;
    /// `conn_log.` is taken for `conn_log_`, and any suffix will do. `None` for every other name.
    ///
    /// Account and region become folder names of the output, so nothing but their own characters is let through.
    /// Source: AWS, "Connection logs for your Application Load Balancer", "Connection log files".
    pub fn parse(file_name: &str) -> Option<LogName> {
        let mut parts = connection_log_tail(file_name)?.splitn(7, '_');
        let account = parts.next().filter(|text| is_account(text.as_bytes()))?;
        parts.next().filter(|text| *text == SERVICE)?;
        let region = parts.next().filter(|text| is_region(text))?;
        let load_balancer = parts.next().filter(|text| is_load_balancer(text))?;
        let end_time = parts.next().filter(|text| is_end_time(text.as_bytes()))?;
        let node_ip = parts.next().filter(|text| is_node_ip(text))?;
        parts.next().filter(|text| text.starts_with(|first: char| first.is_ascii_alphanumeric()))?;
        Some(LogName {
            account: account.to_owned(),
            region: region.to_owned(),
            load_balancer: load_balancer.to_owned(),
            end_time: end_time.to_owned(),
            node_ip: node_ip.to_owned(),
        })
    }

    /// The balancer as lines spell it: `app/name/id`.
    pub fn balancer(&self) -> String {
        let parts = self.load_balancer.split_once('.').and_then(|(kind, rest)| Some((kind, rest.rsplit_once('.')?)));
        match parts {
            Some((kind, (name, id))) => format!("{kind}/{name}/{id}"),
            None => self.load_balancer.clone(),
        }
    }

    /// End of the window in µs since 1970; `None` where the name's digits are no time.
    pub(crate) fn end_micros(&self) -> Option<i64> {
        let number = |range: std::ops::Range<usize>| self.end_time.get(range)?.parse::<i64>().ok();
        let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
        let (hour, minute) = (number(9..11)?, number(11..13)?);
        let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
        is_time.then(|| ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60_000_000)
    }

    /// Like [`LogName::parse`], from the last component of a path.
    pub(super) fn of_path(path: &Path) -> Option<LogName> {
        Self::parse(path.file_name()?.to_str()?)
    }
}

/// The service's part of every log name.
const SERVICE: &str = "elasticloadbalancing";

fn connection_log_tail(name: &str) -> Option<&str> {
    name.strip_prefix("conn_log_").or_else(|| name.strip_prefix("conn_log."))
}

fn is_account(text: &[u8]) -> bool {
    text.len() == 12 && text.iter().all(u8::is_ascii_digit)
}

fn is_region(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_load_balancer(text: &str) -> bool {
    let Some((name, id)) = text.strip_prefix("app.").and_then(|rest| rest.rsplit_once('.')) else { return false };
    !name.is_empty() && !id.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

fn is_end_time(text: &[u8]) -> bool {
    text.len() == 14
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 => *byte == b'T',
            13 => *byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

/// IPv4, with padding or without, or IPv6; how AWS would spell the colons of IPv6 here is not documented, so hyphens pass as well.
fn is_node_ip(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'-'))
}

/// What a name says of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameVerdict {
    /// A connection log by AWS's name, or a name that ends as logs do.
    Log,
    /// Something else, known by its name.
    Other(&'static str),
    /// The name tells nothing.
    Unknown,
}

/// Why something found is not read.
pub(super) mod reason {
    pub(crate) const HIDDEN: &str = "hidden or marker file";
    pub(crate) const HEALTH_CHECK_LOG: &str = "health check log";
    pub(crate) const ACCESS_LOG: &str = "access log";
    pub(crate) const TEST_FILE: &str = "test file";
    pub(crate) const NOT_A_LOG: &str = "not a log file";
    pub(crate) const GIVEN_TWICE: &str = "given twice";
    pub(crate) const NOT_REGULAR: &str = "not a regular file";
    pub(crate) const LINK_LOOP: &str = "link loop";
    pub(crate) const LAKE: &str = "lake written by convert";
    pub(crate) const OTHER_ACCOUNT: &str = "another account";
    pub(crate) const OTHER_REGION: &str = "another region";
    pub(crate) const OTHER_BALANCER: &str = "another load balancer";
    pub(crate) const OTHER_SERVICE: &str = "logs of another service";
    pub(crate) const OTHER_TIME: &str = "of another time, by its name";
}

/// Judges a file name (without folders).
///
/// The siblings' names: AWS, "Access log files", "Health check log files", and the test files that AWS writes when logging is enabled.
pub(crate) fn judge(name: &OsStr) -> NameVerdict {
    let name = name.as_encoded_bytes();
    if name.starts_with(b"conn_log_") || name.starts_with(b"conn_log.") {
        return NameVerdict::Log;
    }
    if is_hidden(name) {
        return NameVerdict::Other(reason::HIDDEN);
    }
    if name.starts_with(b"health_check_log_") || name.starts_with(b"health_check_log.") {
        return NameVerdict::Other(reason::HEALTH_CHECK_LOG);
    }
    if is_access_log(name) {
        return NameVerdict::Other(reason::ACCESS_LOG);
    }
    if name.starts_with(b"ELBAccessLogTestFile") || name.starts_with(b"ELBConnectionLogTestFile") {
        return NameVerdict::Other(reason::TEST_FILE);
    }
    let log_endings: [&[u8]; 6] = [b".log", b".txt", b".gz", b".gzip", b".zst", b".zstd"];
    if ends_in(name, &log_endings) { NameVerdict::Log } else { NameVerdict::Unknown }
}

/// Names that tools keep for themselves: `.name`, and Hadoop's and our own `_name`.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'.' | b'_'))
}

fn is_access_log(name: &[u8]) -> bool {
    name.split_at_checked(12).is_some_and(|(account, rest)| {
        is_account(account) && rest.strip_prefix(b"_").is_some_and(|tail| tail.starts_with(SERVICE.as_bytes()))
    })
}

/// Whether the name says that the file is compressed. An estimate of sizes may lean on it, and what is to be made of bytes that are no text;
/// how a file is decoded must not.
pub(crate) fn looks_compressed(name: &[u8]) -> bool {
    let endings: [&[u8]; 4] = [b".gz", b".gzip", b".zst", b".zstd"];
    ends_in(name, &endings)
}

fn ends_in(name: &[u8], endings: &[&[u8]]) -> bool {
    endings.iter().any(|ending| {
        name.len().checked_sub(ending.len()).and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    })
}

/// Whether a file that was skipped holds no connection log: it was given twice, its name says what else it is, or says nothing of logs at all
/// (`x.log.1` does, `README.md` does not).
pub(crate) fn is_no_log(file: &SkippedFile) -> bool {
    let name = file.object.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let speaks_of_logs = ["conn_log", ".log", ".gz", ".zst"].iter().any(|part| name.contains(part));
    match file.reason {
        reason::ACCESS_LOG | reason::HEALTH_CHECK_LOG | reason::TEST_FILE | reason::GIVEN_TWICE => true,
        reason::OTHER_ACCOUNT | reason::OTHER_REGION | reason::OTHER_BALANCER | reason::OTHER_SERVICE | reason::OTHER_TIME => true,
        reason::NOT_A_LOG | reason::HIDDEN => !speaks_of_logs,
        _ => false,
    }
}

/// A path for people, spelled as [`super::InputFile::object`] says.
pub(super) fn display(path: &Path) -> String {
    display_os(path.as_os_str())
}

/// Likewise for text that may be no path.
pub fn display_os(text: &OsStr) -> String {
    if let Some(plain) = text.to_str()
        && !plain.contains(needs_escape)
    {
        return plain.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        chunk.valid().chars().for_each(|character| push_char(&mut out, character));
        push_bytes(&mut out, chunk.invalid());
    }
    out
}

fn needs_escape(character: char) -> bool {
    character == '\\' || character.is_control()
}

fn push_char(out: &mut String, character: char) {
    match character {
        // Where the backslash separates folders no name can hold one, and a slash says the same.
        '\\' if MAIN_SEPARATOR == '\\' => out.push('/'),
        '\\' => out.push_str("\\\\"),
        control if control.is_control() => push_bytes(out, control.encode_utf8(&mut [0; 4]).as_bytes()),
        other => out.push(other),
    }
}

fn push_bytes(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests;
