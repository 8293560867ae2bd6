//! ETags, kept small: most are MD5 in hex between quotes.

/// What a store says of an object's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ETag {
    /// Nothing.
    None,
    /// Thirty-two lower-case hex digits between quotes.
    Hex([u8; 16]),
    /// Anything else.
    Text(Box<str>),
}

impl ETag {
    pub(super) fn of(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::None };
        match hex(text) {
            Some(bytes) => Self::Hex(bytes),
            None => Self::Text(text.into()),
        }
    }

    /// As the store spells it.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Hex(bytes) => Some(format!("\"{:032x}\"", u128::from_be_bytes(*bytes))),
            Self::Text(text) => Some(text.to_string()),
        }
    }

    /// Bytes that it holds beside itself.
    pub(super) fn held(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

fn hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_hex = digits.len() == 32 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_comes_back_as_it_was() {
        let md5 = "\"00112233445566778899aabbccddeeff\"";
        assert!(matches!(ETag::of(Some(md5)), ETag::Hex(_)));
        for tag in [md5, "\"00112233445566778899AABBCCDDEEFF\"", "\"00112233445566778899aabbccddeeff-12\"", "W/\"1\"", "", "\""] {
            assert_eq!(ETag::of(Some(tag)).text().as_deref(), Some(tag));
        }
        assert_eq!(ETag::of(None).text(), None);
    }
}
