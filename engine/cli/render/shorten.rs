//! Text from logs and file systems, made fit for a terminal: nothing in it can move the cursor, change colours or reorder what stands
//! around it, and none of it is wider than its column.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` with control and direction characters spelled as `\u{…}`: a client chooses its certificate's subject, and must not be
/// able to write to an operator's terminal with it.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) { clean.extend(c.escape_unicode()) } else { clean.push(c) }
    }
    Cow::Owned(clean)
}

/// Control characters, and the invisible ones that change the order of text (Unicode's Bidi_Control) or break lines.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Columns that `text` takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// `text` in at most `width` columns, its middle replaced by `…` if need be: both ends of a subject or a path tell the most.
pub(super) fn shorten_middle(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let tail_room = room / 2;
    let head = fitting(text.chars(), room - tail_room);
    let tail = fitting(text.chars().rev(), tail_room);
    let from = text.len() - tail;
    Cow::Owned(format!("{}…{}", &text[..head], &text[from..]))
}

/// `text` in lines of at most `width` columns, broken at spaces; a word that is wider has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split(' ') {
        let wide = columns(word);
        match lines.last_mut() {
            Some(line) if used + 1 + wide <= width => {
                line.push(' ');
                line.push_str(word);
                used += 1 + wide;
            }
            _ => {
                lines.push(word.to_owned());
                used = wide;
            }
        }
    }
    lines
}

/// Bytes of the leading `chars` that fit into `room` columns.
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> usize {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .map(char::len_utf8)
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_text_stays() {
        assert_eq!(shorten_middle("CN=a", 4), "CN=a");
        assert_eq!(shorten_middle("", 0), "");
    }

    #[test]
    fn the_middle_goes() {
        assert_eq!(shorten_middle("CN=client-0001,O=Company LLC,C=DE", 15), "CN=clie…LC,C=DE");
        assert_eq!(shorten_middle("abcdef", 2), "a…");
        assert_eq!(shorten_middle("abcdef", 1), "…");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(columns("日本"), 4);
        assert_eq!(shorten_middle("日本語日本語", 7), "日…語");
    }

    #[test]
    fn a_subject_cannot_write_to_the_terminal() {
        assert_eq!(printable("CN=\u{1b}[2Jx\n"), "CN=\\u{1b}[2Jx\\u{a}");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert!(matches!(printable("CN=Zoë, O=日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_paragraph_is_broken_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", " three"]);
        assert_eq!(wrapped("incomprehensibilities a b", 3), ["incomprehensibilities", "a b"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    proptest! {
        #[test]
        fn no_text_is_wider_than_its_column(text in "\\PC*", width in 1_usize..40) {
            prop_assert!(columns(&shorten_middle(&text, width)) <= width);
        }
    }
}
