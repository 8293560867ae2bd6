//! Timestamps: ISO 8601 in UTC, as ALB writes them.

use super::words;
use crate::calendar::days_since_1970;

/// Reads `YYYY-MM-DDThh:mm:ss[.f]Z` (1 to 9 fraction digits, cut to microseconds) as µs since 1970.
///
/// Strict: upper-case `T` and `Z`, a date that exists, hours to 23, minutes and seconds to 59. A leap second (`:60`) is refused: no
/// Parquet timestamp can hold it, and AWS smears them. Any year from 0000 to 9999 (proleptic Gregorian).
pub fn timestamp_micros(text: &[u8]) -> Option<i64> {
    let (minute, rest) = text.split_first_chunk::<17>()?;
    Some(minute_micros(minute)? + second_micros(rest)?)
}

/// `YYYY-MM-DDThh:mm:` as µs since 1970.
fn minute_micros(text: &[u8; 17]) -> Option<i64> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':'] = *text else { return None };
    let year = two_digits(y0, y1)? * 100 + two_digits(y2, y3)?;
    let (month, day) = (two_digits(m0, m1)?, two_digits(d0, d1)?);
    let (hour, minute) = (two_digits(h0, h1)?, two_digits(i0, i1)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 {
        return None;
    }
    let days = days_since_1970(i64::from(year), i64::from(month), i64::from(day));
    Some(((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60_000_000)
}

/// `ss[.f]Z` as µs.
#[inline]
fn second_micros(text: &[u8]) -> Option<i64> {
    let &[s0, s1, ref rest @ ..] = text else { return None };
    let second = two_digits(s0, s1).filter(|&second| second <= 59)?;
    let micros = match rest {
        b"Z" => 0,
        &[b'.', f0, f1, f2, f3, f4, f5, b'Z'] => two_digits(f0, f1)? * 10_000 + two_digits(f2, f3)? * 100 + two_digits(f4, f5)?,
        [b'.', fraction @ .., b'Z'] => fraction_micros(fraction)?,
        _ => return None,
    };
    Some(i64::from(second) * 1_000_000 + i64::from(micros))
}

/// 1 to 9 fraction digits as µs, cut.
fn fraction_micros(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    Some(padded.take(6).fold(0, |micros, digit| micros * 10 + u32::from(digit - b'0')))
}

#[inline]
fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads the times of a log, in which one line's minute is nearly always the line's before.
#[derive(Debug)]
pub struct TimeReader {
    minute: [u8; 17],
    micros: i64,
}

impl Default for TimeReader {
    /// Remembers the minute that 0 stands for: what is remembered is always a minute that was read.
    fn default() -> Self {
        Self { minute: *b"1970-01-01T00:00:", micros: 0 }
    }
}

impl TimeReader {
    /// A time within the remembered minute, written with six fraction digits as AWS writes it, and a space behind it; `None` for any other, of
    /// which nothing is known then.
    #[inline(always)]
    pub(crate) fn read_usual(&self, text: &[u8; 28]) -> Option<i64> {
        let (minute, rest) = text.split_first_chunk::<17>()?;
        let &[tens, ones, b'.', .., b'Z', b' '] = rest else { return None };
        let second = two_digits(tens, ones).filter(|&second| second <= 59)?;
        let micros = words::decimal(words::word(rest, 3)?, 6)?;
        (*minute == self.minute).then_some(self.micros + i64::from(second) * 1_000_000 + i64::from(micros))
    }

    /// [`timestamp_micros`], remembering the minute.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<i64> {
        let (minute, rest) = text.split_first_chunk::<17>()?;
        if *minute != self.minute {
            self.micros = minute_micros(minute)?;
            self.minute = *minute;
        }
        Some(self.micros + second_micros(rest)?)
    }
}
