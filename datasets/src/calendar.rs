//! Instants as the log and its file names spell them. Proleptic Gregorian, UTC; time zones and leap seconds do not occur.

/// Microseconds in a second.
pub(crate) const MICROS: i64 = 1_000_000;
/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

/// Year, month (1–12) and day (1–31) of a day counted from 1970-01-01.
///
/// Howard Hinnant's `civil_from_days`, <https://howardhinnant.github.io/date_algorithms.html>.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

/// Seconds since 1970 of a date and a time of day; the inverse of [`civil`].
pub(crate) const fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) * DAY + hour * 3_600 + minute * 60 + second
}

/// Appends `2026-03-16T08:00:00`: seconds since 1970, no zone.
fn push_date_time(out: &mut Vec<u8>, seconds: i64) {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY) as u64;
    push_padded(out, year as u64, 4);
    for (separator, value) in
        [(b'-', u64::from(month)), (b'-', u64::from(day)), (b'T', of_day / 3_600), (b':', of_day / 60 % 60), (b':', of_day % 60)]
    {
        out.push(separator);
        push_padded(out, value, 2);
    }
}

/// Appends `2026-03-16T08:00:00Z`: seconds since 1970, as certificates' validity has it.
pub(crate) fn push_seconds(out: &mut Vec<u8>, seconds: i64) {
    push_date_time(out, seconds);
    out.push(b'Z');
}

/// Appends `2026-03-16T08:00:00.000001Z`: microseconds since 1970, as field 1 has it.
pub(crate) fn push_micros(out: &mut Vec<u8>, micros: i64) {
    push_date_time(out, micros.div_euclid(MICROS));
    out.push(b'.');
    push_padded(out, micros.rem_euclid(MICROS) as u64, 6);
    out.push(b'Z');
}

/// Appends `value` with leading zeros to `width` digits (at most 20); higher digits are cut off.
pub(crate) fn push_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let start = out.len();
    let mut rest = value;
    for _ in 0..width {
        out.push(b'0' + (rest % 10) as u8);
        rest /= 10;
    }
    out[start..].reverse();
}

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    let digits = value.checked_ilog10().unwrap_or(0) as usize + 1;
    push_padded(out, value, digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(value: i64) -> String {
        let mut out = Vec::new();
        push_micros(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn instants_are_spelled_as_the_log_spells_them() {
        assert_eq!(micros(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(micros(951_782_399 * MICROS + 7), "2000-02-28T23:59:59.000007Z");
        assert_eq!(micros(seconds(2024, 2, 29, 18, 31, 29) * MICROS + 268_987), "2024-02-29T18:31:29.268987Z");
    }

    #[test]
    fn dates_survive_the_round_trip() {
        for day in (-200_000..200_000).step_by(97) {
            let (year, month, date) = civil(day);
            assert_eq!(seconds(year, i64::from(month), i64::from(date), 0, 0, 0), day * DAY);
        }
    }

    #[test]
    fn numbers_are_padded_and_not() {
        let mut out = Vec::new();
        push_padded(&mut out, 42, 5);
        push_decimal(&mut out, 0);
        push_decimal(&mut out, 65_535);
        assert_eq!(out, b"00042065535");
    }
}
