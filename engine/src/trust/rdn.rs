//! RFC 2253 text, taken apart: `CN=a,O=b\, c` into types and values.
//!
//! Lenient where tools are: `;` separates too (RFC 1779), quotes may surround a value, and a comma or plus sign that no `type=` follows
//! belongs to the value.

use x509_parser::prelude::FromDer;

/// Attributes of one relative name, type and value as text.
type RelativeName = Vec<(String, String)>;

/// The relative names, in the text's order; `None` if an attribute has no `=`.
pub(super) fn relative_names(text: &str) -> Option<Vec<RelativeName>> {
    let mut names: Vec<RelativeName> = Vec::new();
    let mut rest = text.trim();
    let mut same = false;
    while !rest.is_empty() {
        let (kind, after) = rest.split_once('=')?;
        let (value, separator, after) = value(after.trim_start());
        let attribute = (kind.trim().to_owned(), value);
        match names.last_mut().filter(|_| same) {
            Some(name) => name.push(attribute),
            None => names.push(vec![attribute]),
        }
        same = separator == Some('+');
        rest = after.trim_start();
    }
    Some(names)
}

/// A value, the separator behind it, and what follows that.
fn value(text: &str) -> (String, Option<char>, &str) {
    match text.chars().next() {
        Some('"') => quoted(text),
        Some('#') => {
            let (raw, separator, rest) = plain(text);
            (from_hex(&raw).unwrap_or(raw), separator, rest)
        }
        _ => plain(text),
    }
}

/// A value up to a separator.
fn plain(text: &str) -> (String, Option<char>, &str) {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if matches!(c, ',' | ';' | '+') && (after.is_empty() || begins_attribute(after)) {
            return (lossy(bytes), Some(c), after);
        }
        rest = take(rest, &mut bytes);
    }
    (lossy(bytes), None, "")
}

/// A value in quotes; what stands between the closing quote and the separator is dropped.
fn quoted(text: &str) -> (String, Option<char>, &str) {
    let mut bytes = Vec::new();
    let mut rest = text.get(1..).unwrap_or_default();
    while !rest.is_empty() && !rest.starts_with('"') {
        rest = take(rest, &mut bytes);
    }
    let (_, separator, rest) = plain(rest.get(1..).unwrap_or_default());
    (lossy(bytes), separator, rest)
}

/// Moves one character or escape from `text` to `bytes`; gives the rest.
fn take<'a>(text: &'a str, bytes: &mut Vec<u8>) -> &'a str {
    let mut chars = text.chars();
    match chars.next() {
        Some('\\') => {
            if let Some(byte) = text.get(1..3).and_then(|pair| u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))) {
                bytes.push(byte);
                return text.get(3..).unwrap_or_default();
            }
            if let Some(c) = chars.next() {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {}
    }
    chars.as_str()
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Whether `type=` stands at the beginning.
fn begins_attribute(text: &str) -> bool {
    let is_type = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    text.split_once('=').is_some_and(|(kind, _)| !kind.trim().is_empty() && kind.chars().all(is_type))
}

/// `#` and the hex of a DER string.
fn from_hex(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('#')?;
    let der = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    let (rest, any) = x509_parser::asn1_rs::Any::from_der(&der).ok()?;
    rest.is_empty().then(|| super::name::decoded(any.header.tag().0, any.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_escapes_and_quotes() {
        let names = relative_names(r#"CN=a\,b+UID=7 , O="x, y" ; OU=p, q,C=\44E"#).unwrap();
        let expected = [vec![("CN", "a,b"), ("UID", "7 ")], vec![("O", "x, y")], vec![("OU", "p, q")], vec![("C", "DE")]];
        let expected = expected.map(|rdn| rdn.into_iter().map(|(kind, value)| (kind.to_owned(), value.to_owned())).collect::<Vec<_>>());
        assert_eq!(names, expected);
    }

    #[test]
    fn ends_in_mid_escape_do_no_harm() {
        for text in ["CN=a\\", "CN=\"a", "CN=\"", "CN=#", "CN=#0c", "CN=\\C3", "CN=\\+1", "CN=a,", "CN=ü\\ü"] {
            assert!(relative_names(text).is_some(), "{text}");
        }
        assert!(relative_names("no name").is_none());
    }
}
