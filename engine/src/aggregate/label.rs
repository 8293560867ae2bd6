//! Names under which things are counted; bounded in length, because a log's text is not.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

/// The name of NULL.
pub(crate) const NULL: &str = "-";
/// The name of `Failed:` with nothing after the colon.
pub(crate) const EMPTY_REASON: &str = "(empty)";
/// The name of `Failed` without a colon.
pub(crate) const NO_REASON: &str = "(none)";
/// Where everything beyond a cap is counted.
pub(crate) const OTHER: &str = "(other)";

/// Bytes of a value that is taken as a name whole: several times the longest code, cipher or usual subject.
pub(crate) const MAX_BYTES: usize = 512;

/// `text` itself, or for one longer than [`MAX_BYTES`] its beginning, length and hash: different texts keep different names.
pub(crate) fn bounded(text: &str) -> Cow<'_, str> {
    bounded_to(text, MAX_BYTES)
}

/// Likewise, with a bound of one's own.
pub(crate) fn bounded_to(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let (kept, hash) = (&text[..end], xxh3_64(text.as_bytes()));
    Cow::Owned(format!("{kept}… ({} bytes, xxh3 {hash:016x})", text.len()))
}

/// The name of a reason code as the report counts it.
pub(crate) fn reason(code: Option<&str>) -> Cow<'_, str> {
    match code {
        None => Cow::Borrowed(NO_REASON),
        Some("") => Cow::Borrowed(EMPTY_REASON),
        Some(code) => bounded(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters_and_stay_apart() {
        let short = "é".repeat(MAX_BYTES / 2);
        assert_eq!(bounded(&short), short.as_str());
        let (one, two) = ("€".repeat(400) + "1", "€".repeat(400) + "2");
        assert_ne!(bounded(&one), bounded(&two));
        assert!(bounded(&one).starts_with("€€€") && bounded(&one).len() < MAX_BYTES + 64);
        assert!(bounded(&one).contains("1201 bytes"));
    }

    #[test]
    fn reasons_without_a_code_have_names() {
        assert_eq!(reason(None), "(none)");
        assert_eq!(reason(Some("")), "(empty)");
        assert_eq!(reason(Some("ClientCertExpired")), "ClientCertExpired");
    }
}
