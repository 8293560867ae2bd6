//! Numbers as people read them: thousands separated, shares in percent, bytes and durations in the unit that fits.

/// 1234567 → `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 file`, `2 files`; for nouns that take an s.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// The share of `part` in `whole`: `3.0 %`. What is not nothing never shows as 0.0, and what is not all never as 100.0. Empty without
/// a whole.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    // Tenths of a percent, in integers: exact at any size.
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (u128::from(whole) * 2);
    match tenths {
        0 if part > 0 => "<0.1 %".to_owned(),
        1_000.. if part < whole => ">99.9 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// 1234567 → `1.23 MB`; units of 1000.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1e3;
    let mut unit = 0;
    // 999.5 would show as 1000 of its unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    format!("{} {}", three_digits(value), UNITS[unit])
}

/// Three significant digits: `1.23`, `12.3`, `123`.
pub(super) fn three_digits(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// Seconds: `0.42 s`, `12.3 s`, `2 min 3 s`, `1 h 5 min`, `3 d 4 h`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{} s", three_digits(seconds.max(0.0)));
    }
    let whole = seconds.round() as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match (days, whole / 3_600) {
        (0, 0) => format!("{minutes} min {} s", whole % 60),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Bytes in a time as `456 MB/s`; empty where the time is too short to divide by.
pub(super) fn throughput(bytes: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return String::new();
    }
    format!("{} MB/s", three_digits(bytes as f64 / 1e6 / seconds))
}

/// How `after` compares with `before`: `3.20× smaller`, `1.10× larger`; empty if one of them is 0.
pub(super) fn smaller(before: u64, after: u64) -> String {
    match (before as f64, after as f64) {
        (before, after) if before == 0.0 || after == 0.0 => String::new(),
        (before, after) if after > before => format!("{}× larger", three_digits(after / before)),
        (before, after) => format!("{}× smaller", three_digits(before / after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (u64::MAX, "18,446,744,073,709,551,615")];
        for (number, shown) in cases {
            assert_eq!(count(number), shown);
        }
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(2_000, "file"), "2,000 files");
    }

    #[test]
    fn a_share_never_rounds_to_none_or_all() {
        assert_eq!(share(0, 10), "0.0 %");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(2, 3), "66.7 %");
        assert_eq!(share(10, 10), "100.0 %");
        assert_eq!(share(1, 1_000_000), "<0.1 %");
        assert_eq!(share(999_999, 1_000_000), ">99.9 %");
        assert_eq!(share(u64::MAX, u64::MAX), "100.0 %");
        assert_eq!(share(0, 0), "");
    }

    #[test]
    fn bytes_take_the_unit_that_fits() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (12_345, "12.3 kB"),
            (999_499, "999 kB"),
            (999_999, "1.00 MB"),
            (1_234_567_890, "1.23 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (number, shown) in cases {
            assert_eq!(bytes(number), shown, "{number}");
        }
    }

    #[test]
    fn durations_take_two_units() {
        let cases = [
            (0.0, "0.00 s"),
            (0.421, "0.42 s"),
            (12.34, "12.3 s"),
            (59.99, "1 min 0 s"),
            (123.0, "2 min 3 s"),
            (3_900.0, "1 h 5 min"),
            (273_600.0, "3 d 4 h"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(duration(seconds), shown, "{seconds}");
        }
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        assert_eq!(throughput(1_000_000, 0.0), "");
        assert_eq!(throughput(500_000_000, 2.0), "250 MB/s");
        assert_eq!(smaller(0, 5), "");
        assert_eq!(smaller(10, 4), "2.50× smaller");
        assert_eq!(smaller(4, 10), "2.50× larger");
    }
}
