//! Meaning of single fields: raw bytes in, typed values out; one field at a time, no state but a time cache.
//!
//! In: the bytes of a field as the line holds them, quotes and all, from a line that is known to be UTF-8 and well quoted. Out: a value,
//! `None` for NULL, or that it is not valid. Nothing is allocated.

mod latency;
mod serial;
mod time;
pub(crate) mod words;

pub use latency::latency_seconds;
pub use serial::canonical_serial;
pub use time::{TimeReader, timestamp_micros};

use std::net::IpAddr;

/// The field's text without its outer quotes, not unescaped; `None` for `-`, quoted or not.
///
/// `""` is an empty text.
#[inline]
pub fn text(raw: &[u8]) -> Option<&[u8]> {
    let text = unquoted(raw);
    if text == b"-" { None } else { Some(text) }
}

/// The field's text without its outer quotes, `-` included.
#[inline]
pub fn unquoted(raw: &[u8]) -> &[u8] {
    match raw {
        [b'"', text @ .., b'"'] => text,
        _ => raw,
    }
}

/// A port: one to five digits, 0 to 65535.
#[inline]
pub fn port(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 5 {
        return None;
    }
    let mut value: u32 = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    u16::try_from(value).ok()
}

/// Whether the text is an IPv4 or IPv6 address, as [`IpAddr`] reads them.
#[inline]
pub fn is_ip_address(text: &[u8]) -> bool {
    is_plain_ipv4(text) || std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// Whether the text is four numbers up to 255 without leading zeros, with dots between: the usual case, decided fast.
#[inline]
fn is_plain_ipv4(text: &[u8]) -> bool {
    if text.len() < 7 || text.len() > 15 {
        return false;
    }
    let (mut dots, mut digits, mut value) = (0, 0, 0_u32);
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            if digits > 0 && value == 0 {
                return false;
            }
            value = value * 10 + u32::from(digit);
            digits += 1;
            if value > 255 {
                return false;
            }
        } else if byte == b'.' && digits > 0 {
            dots += 1;
            (digits, value) = (0, 0);
        } else {
            return false;
        }
    }
    dots == 3 && digits > 0
}

/// Both ends of `NotBefore=<time>;NotAfter=<time>`, µs since 1970; `None` each where the text is not of that form.
///
/// The certificate's validity is logged for reading; a form unknown to us is no fault of the line.
pub fn validity_micros(text: &[u8]) -> (Option<i64>, Option<i64>) {
    let both = || {
        let rest = text.strip_prefix(b"NotBefore=")?;
        let middle = rest.iter().position(|&byte| byte == b';')?;
        let (not_before, not_after) = (&rest[..middle], rest[middle..].strip_prefix(b";NotAfter=")?);
        Some((timestamp_micros(not_before)?, timestamp_micros(not_after)?))
    };
    both().unzip()
}

/// What `tls_verify_status` says of a failure: `Some(code)` for `Failed:<code>`.
pub fn failure_code(status: &[u8]) -> Option<&[u8]> {
    status.strip_prefix(b"Failed:")
}

#[cfg(test)]
mod tests;
