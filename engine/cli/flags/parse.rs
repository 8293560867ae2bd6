//! Values of flags: sizes, times, codecs, kernels. A value that cannot be used is refused with the way to write it.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use tlslake_engine::config::Compression;
use tlslake_engine::reasons;
use tlslake_engine::scan::Kernel;

use super::diagnose::Top;

/// [`Compression::default`], as it is typed.
pub(super) const DEFAULT_COMPRESSION: &str = "zstd:1";
/// [`tlslake_engine::config::LakeConfig::DEFAULT_TARGET_FILE_SIZE`], as it is typed.
pub(super) const DEFAULT_TARGET_FILE_SIZE: &str = "256MiB";

/// [`tlslake_engine::run::BenchConfig::DEFAULT_SAMPLE_BYTES`], as it is typed.
pub(super) const DEFAULT_SAMPLE: &str = "256MiB";

/// Suffixes of sizes, as coreutils has them: a bare letter and `iB` count in 1024, `B` in 1000.
const UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("B", 1),
    ("K", 1 << 10),
    ("KIB", 1 << 10),
    ("KB", 1_000),
    ("M", 1 << 20),
    ("MIB", 1 << 20),
    ("MB", 1_000_000),
    ("G", 1 << 30),
    ("GIB", 1 << 30),
    ("GB", 1_000_000_000),
    ("T", 1 << 40),
    ("TIB", 1 << 40),
    ("TB", 1_000_000_000_000),
];

/// Bytes, 1 or more: `256MB`, `256MiB`, `1G`, `4096`. Letters in either case.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_uppercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let bytes = number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    match bytes {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => Err("write a whole number of bytes above 0 and a unit: 256MB (10⁶ bytes), 256MiB or 256M (2²⁰), 1G".to_owned()),
    }
}

/// `zstd:N`, `zstd` (level 1), `snappy`, `lz4` or `none`.
pub(super) fn compression(text: &str) -> Result<Compression, String> {
    match text {
        "zstd" => Ok(Compression::Zstd(1)),
        "snappy" => Ok(Compression::Snappy),
        "lz4" => Ok(Compression::Lz4),
        "none" => Ok(Compression::None),
        _ => zstd_level(text).map(Compression::Zstd).ok_or_else(|| "write zstd:N with N from 1 to 22, snappy, lz4 or none".to_owned()),
    }
}

fn zstd_level(text: &str) -> Option<i32> {
    let level = text.strip_prefix("zstd:")?.parse().ok()?;
    (1..=22).contains(&level).then_some(level)
}

/// A time as microseconds since 1970, UTC.
///
/// Finer digits round up: an event's own time is cut to microseconds, so rounding up keeps `event >= since` and `event < until` true
/// for just the events for which they are true of the time as typed.
pub(super) fn instant(text: &str) -> Result<i64, String> {
    let nanoseconds = timestamp(text).ok_or_else(not_a_time)?.as_nanosecond();
    let microseconds = nanoseconds.div_euclid(1_000) + i128::from(nanoseconds.rem_euclid(1_000) != 0);
    i64::try_from(microseconds).map_err(|_| not_a_time())
}

fn timestamp(text: &str) -> Option<Timestamp> {
    // A zone in brackets ("[Europe/Berlin]") would be read and then ignored where no offset stands before it.
    if text.contains('[') {
        return None;
    }
    text.parse().ok().or_else(|| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

fn not_a_time() -> String {
    "write 2026-01-01T10:00:00Z, with an offset 2026-01-01T12:00:00+02:00, or in UTC 2026-01-01T10:00 or 2026-01-01".to_owned()
}

/// A time ahead in seconds, above 0: `30d`, `12h`, `4w`.
pub(super) fn time_ahead(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    };
    let ahead = number.parse::<u64>().ok().zip(seconds).and_then(|(number, seconds)| number.checked_mul(seconds));
    ahead
        .filter(|ahead| *ahead > 0)
        .ok_or_else(|| "write a whole number above 0 and a unit: 30d (days), 12h (hours), 4w (weeks)".to_owned())
}

/// A count of threads.
pub(super) fn jobs(text: &str) -> Result<usize, String> {
    at_least_one(text, "write 1 or more, or leave it out for one per core")
}

/// A count of rows.
pub(super) fn row_group_rows(text: &str) -> Result<usize, String> {
    at_least_one(text, "write 1 or more; near 400000 suits most readers")
}

fn at_least_one(text: &str, way_out: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| way_out.to_owned())
}

/// A number of findings, or all.
pub(super) fn top(text: &str) -> Result<Top, String> {
    match text {
        "all" => Ok(Top::All),
        number => at_least_one(number, "write 1 or more, or all").map(Top::Most),
    }
}

/// A kernel that this machine can run.
pub(super) fn kernel(text: &str) -> Result<Kernel, String> {
    let problem = match Kernel::from_name(text) {
        Some(kernel) if kernel.is_available() => return Ok(kernel),
        Some(_) => "this machine cannot run it",
        None => "no kernel has that name",
    };
    let available: Vec<&str> = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(Kernel::name).collect();
    Err(format!("{problem}; this machine has: {}", available.join(", ")))
}

/// An address or a network of clients.
pub(super) fn client(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    address()
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "write an address, 203.0.113.7 or 2001:db8::7, or a network, 203.0.113.0/24".to_owned())
}

/// A reason code, with or without `Failed:`; one that is documented may be typed in any letter case.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let code = reasons::find(text).map_or(reasons::bare_code(text), |reason| reason.code);
    if code.is_empty() { Err("write a reason code: ClientCertExpired".to_owned()) } else { Ok(code.to_owned()) }
}

/// A serial number in hex.
pub(super) fn serial(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_hex = digits.contains(|c: char| c.is_ascii_hexdigit()) && digits.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    if is_hex { Ok(digits.to_owned()) } else { Err("write hex digits: FEF257372D5C14D4, or with colons FE:F2:57:…".to_owned()) }
}

/// Part of a subject, or an id: anything but nothing.
pub(super) fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("write something to look for".to_owned()) } else { Ok(text.to_owned()) }
}

/// A count of rows to print.
pub(super) fn limit(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write 1 or more, or leave it out for all".to_owned())
}

/// A share in percent, 0 to 100.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').unwrap_or(text).parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("write a number from 0 to 100".to_owned()),
    }
}

/// A number above 0, whole or not.
pub(super) fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("write a number above 0, such as 10 or 0.5".to_owned()),
    }
}
