//! Finding a code: exactly, as people type it, or what they may have meant.

use super::catalogue::REASONS;
use super::reason::Reason;

/// Every documented code, in the order of AWS's article.
pub fn all() -> &'static [Reason] {
    &REASONS
}

/// The reason of exactly this code.
pub fn reason(code: &str) -> Option<&'static Reason> {
    REASONS.iter().find(|reason| reason.code == code)
}

/// The reason of a code as people type it: in any letter case, with or without `Failed:` and quotes.
pub fn find(text: &str) -> Option<&'static Reason> {
    let code = bare_code(text);
    REASONS.iter().find(|reason| reason.code.eq_ignore_ascii_case(code))
}

/// Suggestions shown for a typo, at most.
const MAX_SUGGESTIONS: usize = 3;

/// Codes that resemble `text`, best first: those that contain it, or that differ in few letters. Empty if nothing does.
pub fn nearest(text: &str) -> Vec<&'static str> {
    let wanted = significant(bare_code(text));
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut ranked: Vec<(usize, &'static str)> =
        REASONS.iter().filter_map(|reason| Some((rank(&wanted, reason.code)?, reason.code))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, code)| code).take(MAX_SUGGESTIONS).collect()
}

/// A code without `Failed:`, in any letter case, and without quotes and space around.
pub fn bare_code(text: &str) -> &str {
    let text = text.trim().trim_matches('"');
    match text.get(..7) {
        Some(prefix) if prefix.eq_ignore_ascii_case("failed:") => text.get(7..).unwrap_or_default().trim(),
        _ => text,
    }
}

/// What tells codes apart: lower-case letters and digits, without the `ClientCert` that most begin with. Cut, so that no text is costly.
fn significant(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).take(64).map(|c| c.to_ascii_lowercase());
    let letters: String = letters.collect();
    letters.strip_prefix("clientcert").map(str::to_owned).unwrap_or(letters)
}

/// 0 where the code contains what was typed, the number of edits where it is less than half the code; `None` beyond.
fn rank(wanted: &str, code: &str) -> Option<usize> {
    let known = significant(code);
    if known.contains(wanted) {
        return Some(0);
    }
    let edits = edits(wanted, &known);
    (edits * 2 < known.len()).then_some(edits)
}

/// Levenshtein's distance: letters to insert, remove or replace.
fn edits(from: &str, to: &str) -> usize {
    let mut distances: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.bytes().enumerate() {
        let mut diagonal = row;
        let mut left = row + 1;
        if let Some(first) = distances.first_mut() {
            *first = left;
        }
        for (above, other) in distances.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *above;
            left = replaced.min(*above + 1).min(left + 1);
            *above = left;
        }
    }
    distances.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_people_type_it() {
        for text in [
            "ClientCertExpired",
            "clientcertexpired",
            "Failed:ClientCertExpired",
            " failed: CLIENTCERTEXPIRED ",
            "\"Failed:ClientCertExpired\"",
        ] {
            assert_eq!(find(text).map(|reason| reason.code), Some("ClientCertExpired"), "{text}");
        }
        assert_eq!(reason("clientcertexpired"), None);
        assert!(find("").is_none() && find("Failed:").is_none() && find("日本語日本").is_none());
    }

    #[test]
    fn a_typo_has_suggestions() {
        assert_eq!(nearest("ClientCertExpird").first(), Some(&"ClientCertExpired"));
        assert_eq!(nearest("expired"), ["ClientCertExpired"]);
        assert_eq!(nearest("crl"), ["ClientCertCrlHit", "ClientCertCrlProcessingError"]);
        assert_eq!(nearest("UnmapedError").first(), Some(&"UnmappedConnectionError"));
        assert!(nearest("").is_empty() && nearest("-").is_empty() && nearest("something else entirely").is_empty());
        assert!(nearest(&"x".repeat(1 << 20)).is_empty());
    }

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("abc", "abc", 0)] {
            assert_eq!(edits(from, to), count, "{from} {to}");
        }
    }
}
