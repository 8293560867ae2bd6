//! The rules of reading, slow and obvious, for the tests of what is written here. Shares nothing with the engine, on purpose.

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Its fields, without outer quotes.
    Row(Vec<String>),
    /// Why not.
    Rejected(&'static str),
    Blank,
}

/// Lines of a text, without their ends; the last may lack its newline.
pub(crate) fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect()
}

/// Reads one line.
pub(crate) fn classify(line: &[u8]) -> Class {
    if line.is_empty() {
        return Class::Blank;
    }
    match row(line) {
        Ok(fields) => Class::Row(fields),
        Err(reason) => Class::Rejected(reason),
    }
}

/// Rows, rejected lines and blank lines of a text.
pub(crate) fn count(text: &[u8]) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for line in lines(text) {
        match classify(line) {
            Class::Row(_) => counts.0 += 1,
            Class::Rejected(_) => counts.1 += 1,
            Class::Blank => counts.2 += 1,
        }
    }
    counts
}

fn row(line: &[u8]) -> Result<Vec<String>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not-utf8")?;
    let fields = split(line)?;
    if fields.len() < 11 {
        return Err("too-few-fields");
    }
    if !is_time(&fields[0]) {
        return Err("invalid-time");
    }
    if fields[1].parse::<std::net::IpAddr>().is_err() {
        return Err("invalid-ip-address");
    }
    if fields[2..4].iter().any(|port| !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_err()) {
        return Err("invalid-port");
    }
    if fields[6] != "-" && !is_decimal(&fields[6]) {
        return Err("invalid-latency");
    }
    Ok(fields)
}

fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            None => match text.split_once(' ') {
                Some((field, after)) => (field, Some(after)),
                None => (text, None),
            },
            Some(quoted) => {
                let end = closing_quote(quoted).ok_or("quote-not-closed")?;
                let after = &quoted[end + 1..];
                let after = if after.is_empty() { None } else { Some(after.strip_prefix(' ').ok_or("text-after-quote")?) };
                (&quoted[..end], after)
            }
        };
        fields.push(field.to_owned());
        rest = after;
    }
    Ok(fields)
}

/// The first quote without an odd number of backslashes before it.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(at),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.strip_suffix('Z').and_then(|text| text.split_once('T')) else { return false };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let number = |text: &str, width| (text.len() == width).then(|| text.parse::<i64>().ok()).flatten();
    let parts: Option<Vec<i64>> =
        date.split('-').zip([4, 2, 2]).chain(time.split(':').zip([2, 2, 2])).map(|(part, width)| number(part, width)).collect();
    let Some([year, month, day, hour, minute, second]) = parts.as_deref() else { return false };
    // A date exists if it survives the round trip.
    let seconds = crate::calendar::seconds(*year, *month, *day, *hour, *minute, *second);
    let (y, m, d) = crate::calendar::civil(seconds.div_euclid(crate::calendar::DAY));
    (y, i64::from(m), i64::from(d)) == (*year, *month, *day)
        && (1..=12).contains(month)
        && *hour < 24
        && *minute < 60
        && *second < 60
        && fraction.len() <= 9
        && is_decimal(fraction)
}

#[test]
fn it_tells_rows_from_rejects() {
    let tail = "1 2 - - - - - - - -";
    let reason = |line: &str| match classify(line.as_bytes()) {
        Class::Rejected(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason("2026-02-29T00:00:00Z ::1 1 2 - - - - - - -"), "invalid-time");
    assert_eq!(reason("2024-02-29T00:00:00Z ::1 1 2 - - - - - -"), "too-few-fields");
    assert_eq!(reason("2024-02-29T00:00:00Z ::1 1 2 - - - \"a\"b - - -"), "text-after-quote");
    assert_eq!(reason("2024-02-29T00:00:00Z ::1 1 2 - - - \"a\\\" - - -"), "quote-not-closed");
    assert_eq!(reason(&format!("2024-02-29T00:00:00Z 1.2.3 {tail}")), "invalid-ip-address");
    assert_eq!(reason("2024-02-29T00:00:00Z ::1 1 70000 - - - - - - -"), "invalid-port");
    assert_eq!(reason("2024-02-29T00:00:00Z ::1 1 2 - - -1 - - - -"), "invalid-latency");
    match classify(b"2024-02-29T00:00:00.123456789Z ::1 1 2 - - 0.1 \"a\\\" b\\\\\" - - \"Success\"") {
        Class::Row(fields) => assert_eq!((fields[7].as_str(), fields[10].as_str()), ("a\\\" b\\\\", "Success")),
        other => panic!("{other:?}"),
    }
    assert_eq!(count(b"\n\r\nx"), (0, 1, 2));
}
