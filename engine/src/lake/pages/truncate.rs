//! Bounds of long texts: cut to 64 bytes, and still bounds. The same rules as ArrowWriter's, so that statistics are the same.

/// Bytes of a text that statistics keep.
const MOST: usize = 64;

/// A text that is not above `text`, and whether it differs.
pub(super) fn down(text: &[u8]) -> (Vec<u8>, bool) {
    cut(text, 1).map_or_else(|| (text.to_vec(), false), |cut| (cut.as_bytes().to_vec(), true))
}

/// A text that is not below `text`, and whether it differs: cut, with its last character one up.
pub(super) fn up(text: &[u8]) -> (Vec<u8>, bool) {
    cut(text, MOST - 3).and_then(increment).map_or_else(|| (text.to_vec(), false), |cut| (cut, true))
}

/// The longest part of whole characters, from the front, of a text that is too long.
fn cut(text: &[u8], least: usize) -> Option<&str> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() > MOST)?;
    let end = (least..=MOST).rfind(|&end| text.is_char_boundary(end))?;
    Some(&text[..end])
}

/// The text up to the last character that has a next one of the same length, with that one in its place.
fn increment(text: &str) -> Option<Vec<u8>> {
    text.char_indices().rev().find_map(|(at, character)| {
        let next = char::from_u32(character as u32 + 1).filter(|next| next.len_utf8() == character.len_utf8())?;
        let mut up = text[..at].to_owned();
        up.push(next);
        Some(up.into_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::{down, up};

    #[test]
    fn short_texts_stay_whole() {
        let text = "x".repeat(64);
        assert_eq!(down(text.as_bytes()), (text.clone().into_bytes(), false));
        assert_eq!(up(text.as_bytes()), (text.into_bytes(), false));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = format!("{}é{}", "x".repeat(63), "z".repeat(10));
        assert_eq!(down(text.as_bytes()), ("x".repeat(63).into_bytes(), true));
        assert_eq!(up(text.as_bytes()), (format!("{}y", "x".repeat(62)).into_bytes(), true));
    }

    #[test]
    fn a_character_without_a_next_one_goes() {
        let last = '\u{10FFFF}'.to_string();
        let text = format!("a{}", last.repeat(20));
        assert_eq!(up(text.as_bytes()), (b"b".to_vec(), true));
        let nothing_above = last.repeat(20);
        assert_eq!(up(nothing_above.as_bytes()), (nothing_above.clone().into_bytes(), false));
    }
}
