//! How numbers, times and names stand in sentences about files.

use crate::report::rfc3339;

/// Characters of a name or a serial number shown at most: a stranger chose it, and a certificate may hold megabytes of it.
const MAX_SHOWN: usize = 200;
const DAY_SECONDS: i64 = 86_400;

/// µs since 1970 as `2026-06-17T22:43:21Z`: certificates know whole seconds.
pub(super) fn time(micros: i64) -> String {
    let text = rfc3339(micros);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// A span of µs in words: `3 d 4 h`, `2 h 5 min`, `14 s`.
pub(super) fn span(micros: i64) -> String {
    let seconds = micros.saturating_abs() / 1_000_000;
    let (days, hours, minutes) = (seconds / DAY_SECONDS, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (1..60, _, _) => format!("{days} d {hours} h"),
        _ => format!("{days} d"),
    }
}

/// `text` with its middle left out if it is long.
pub(super) fn brief(text: &str) -> String {
    if text.chars().count() <= MAX_SHOWN {
        return text.to_owned();
    }
    let half = MAX_SHOWN / 2;
    let head: String = text.chars().take(half).collect();
    let mut tail: Vec<char> = text.chars().rev().take(half).collect();
    tail.reverse();
    format!("{head}…{}", tail.into_iter().collect::<String>())
}

/// `1 entry`, `2 entries`; thousands separated.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// 1234567 → `1,234,567`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `a`, `a and b`, `a, b and c`; of more than five, the number of the others.
pub(super) fn list<S: AsRef<str>>(items: &[S]) -> String {
    const MOST: usize = 5;
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] if items.len() <= MOST => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
        _ => {
            let head: Vec<&str> = items.iter().take(MOST - 1).map(AsRef::as_ref).collect();
            format!("{} and {} others", head.join(", "), items.len() - head.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_take_the_unit_that_fits() {
        let second = 1_000_000;
        let cases = [(0, "0 s"), (59, "59 s"), (60, "1 min"), (-7_500, "2 h 5 min"), (86_400 * 3, "3 d 0 h"), (86_400 * 400, "400 d")];
        for (seconds, shown) in cases {
            assert_eq!(span(seconds * second), shown);
        }
        assert!(span(i64::MIN).ends_with(" d"));
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(brief("CN=a"), "CN=a");
        assert_eq!(brief(&"ü".repeat(10_000)).chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d and 3 others");
    }
}
