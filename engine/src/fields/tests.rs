use proptest::prelude::*;

use super::*;

#[test]
fn times() {
    let at = |text: &str| timestamp_micros(text.as_bytes());
    assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(at("2024-04-05T18:31:29.268987Z"), Some(1_712_341_889_268_987));
    assert_eq!(at("2024-02-29T23:59:59.9999999Z"), Some(1_709_251_199_999_999));
    assert_eq!(at("2000-02-29T00:00:00.5Z"), Some(951_782_400_500_000));
    assert_eq!(at("0000-01-01T00:00:00Z"), Some(-62_167_219_200_000_000));
    assert_eq!(at("9999-12-31T23:59:59.123456789Z"), Some(253_402_300_799_123_456));
    for bad in [
        "",
        "-",
        "2024-04-05",
        "2024-04-05T18:31:29",
        "2024-04-05T18:31:29.Z",
        "2024-04-05T18:31:29.1234567890Z",
        "2024-04-05T18:31:29.26898Z ",
        "2024-04-05t18:31:29Z",
        "2024-04-05T18:31:29z",
        "2024-04-05T18:31:60Z",
        "2024-04-05T24:00:00Z",
        "2024-13-05T18:31:29Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-04-00T00:00:00Z",
        "2024-04-05T18:31:29+00:00",
        "2024-04-05T18:31:2x.268987Z",
        "2024-04-05T18:31:29.26a987Z",
        "2024-04-05T18:60:00Z",
        "+024-04-05T18:31:29Z",
    ] {
        assert_eq!(at(bad), None, "{bad:?}");
        assert_eq!(TimeReader::default().read(bad.as_bytes()), None, "{bad:?}");
    }
}

#[test]
fn the_empty_time_cache_matches_no_text() {
    let text = [&[0; 17][..], b"00Z"].concat();
    assert_eq!(TimeReader::default().read(&text), None);
}

#[test]
fn validity() {
    let text = b"NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z";
    assert_eq!(validity_micros(text), (Some(1_704_223_040_000_000), Some(1_712_085_440_000_000)));
    for bad in ["", "NotBefore=2024-01-02T19:17:20Z", "NotBefore=x;NotAfter=2024-04-02T19:17:20Z", "NotAfter=2024-04-02T19:17:20Z"] {
        assert_eq!(validity_micros(bad.as_bytes()), (None, None), "{bad}");
    }
}

#[test]
fn nulls_and_quotes() {
    assert_eq!(text(b"-"), None);
    assert_eq!(text(b"\"-\""), None);
    assert_eq!(text(b"\"\""), Some(&b""[..]));
    assert_eq!(text(b""), Some(&b""[..]));
    assert_eq!(text(b"\"a \\\" b\""), Some(&b"a \\\" b"[..]));
    assert_eq!(text(b"a\"b\""), Some(&b"a\"b\""[..]));
}

#[test]
fn ports() {
    for (text, value) in [("0", Some(0)), ("443", Some(443)), ("65535", Some(65535)), ("00080", Some(80))] {
        assert_eq!(port(text.as_bytes()), value);
    }
    for bad in ["", "-", "65536", "70000", "000080", "+80", "8o", " 80", "99999"] {
        assert_eq!(port(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn latencies() {
    for (text, value) in
        [("0.337", 0.337), ("4", 4.0), ("0.0", 0.0), ("123456789012345", 123_456_789_012_345.0), ("0.30000000000000004", 0.1 + 0.2)]
    {
        assert_eq!(latency_seconds(text.as_bytes()), Some(value));
    }
    let huge = "9".repeat(400);
    for bad in ["", "-", "-0.1", "+1", "1.", ".5", "1e3", "nan", "inf", "1.2.3", "0x1", "1 ", &huge] {
        assert_eq!(latency_seconds(bad.as_bytes()), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn latency_is_the_nearest_double(text in "[0-9]{1,20}(\\.[0-9]{1,20})?") {
        prop_assert_eq!(latency_seconds(text.as_bytes()), text.parse::<f64>().ok());
    }

    #[test]
    fn ip_addresses_are_those_of_the_standard_library(text in "([0-9]{0,3}\\.){2,4}[0-9]{0,3}|[0-9a-f:.]{0,20}|\\PC{0,12}") {
        prop_assert_eq!(is_ip_address(text.as_bytes()), text.parse::<IpAddr>().is_ok());
    }

    #[test]
    fn the_time_cache_changes_nothing(texts in prop::collection::vec("202[34]-0[0-3]-[0-3][0-9]T1[0-9]:0[0-1]:[0-6][0-9](\\.[0-9]{0,10})?Z?", 1..20)) {
        let mut reader = TimeReader::default();
        for text in texts {
            prop_assert_eq!(reader.read(text.as_bytes()), timestamp_micros(text.as_bytes()));
        }
    }

    #[test]
    fn days_count_up(day in 0_i64..3_650_000) {
        let micros = (day - 719_528) * 86_400_000_000;
        let text = civil(day - 719_528);
        prop_assume!(text.len() == 20);
        prop_assert_eq!(timestamp_micros(text.as_bytes()), Some(micros));
    }
}

/// The date of a day since 1970, found by counting: slow and obvious.
fn civil(days: i64) -> String {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let (mut year, mut left) = (0_i64, days + 719_528);
    while left >= if leap(year) { 366 } else { 365 } {
        left -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    for length in [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}T00:00:00Z", left + 1)
}

#[test]
fn serials_are_numbers() {
    for (logged, number) in [("00fe:0A", "FE0A"), ("FE0A", "FE0A"), ("00", "0"), ("10", "10"), ("", "")] {
        assert_eq!(canonical_serial(logged), number);
    }
}
