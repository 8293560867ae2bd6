//! Durations, instants, numbers and lists, as sentences have them.

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The time between two instants (µs), rounded down to two units: `2 d 23 h`, `3 h 12 min`, `5 min 3 s`, `12 s`; `less than 1 s`.
pub(super) fn between(from: i64, to: i64) -> String {
    let micros = to.abs_diff(from);
    match micros {
        DAY.. => format!("{} d {} h", number(micros / DAY), micros % DAY / HOUR),
        HOUR.. => format!("{} h {} min", micros / HOUR, micros % HOUR / MINUTE),
        MINUTE.. => format!("{} min {} s", micros / MINUTE, micros % MINUTE / SECOND),
        SECOND.. => format!("{} s", micros / SECOND),
        _ => "less than 1 s".to_owned(),
    }
}

/// An instant (µs since 1970) to the second: `2024-04-02T19:17:20Z`.
pub(super) fn instant(micros: i64) -> String {
    let text = crate::report::rfc3339(micros);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// `12,345`.
pub(super) fn number(number: u64) -> String {
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

/// `1 client`, `2 clients`; for nouns that take an s.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// `once`, `2 times`.
pub(super) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        more => format!("{} times", number(more)),
    }
}

/// `a`, `a and b`, `a, b and 7 more`: three by name at most.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, more @ ..] => format!("{one}, {two} and {} more", number(more.len() as u64)),
    }
}

/// `the handshake` of one connection, `the first of these 12 handshakes` of more.
pub(super) fn first_handshake(count: u64) -> String {
    match count {
        1 => "the handshake".to_owned(),
        more => format!("the first of these {} handshakes", number(more)),
    }
}
