//! Serial numbers as numbers: a log writes them in hex, in either case, with or without leading zeros or colons.

/// A serial number: its big-endian bytes without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Serial(Vec<u8>);

impl Serial {
    /// From the content of a DER INTEGER.
    pub(super) fn from_der(content: &[u8]) -> Self {
        Self(significant(content).to_vec())
    }

    /// From hex; `None` if it holds anything but hex digits, colons and spaces, or no digit.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits = text.chars().filter(|c| !matches!(c, ':' | ' '));
        let mut nibbles = digits.map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<Vec<u8>>>()?;
        if nibbles.is_empty() {
            return None;
        }
        if !nibbles.len().is_multiple_of(2) {
            nibbles.insert(0, 0);
        }
        let bytes: Vec<u8> = nibbles.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        Some(Self::from_der(&bytes))
    }

    /// Its bytes, most significant first, without leading zeros.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Upper-case hex with whole bytes, as a balancer logs it.
impl std::fmt::Display for Serial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("00");
        }
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02X}"))
    }
}

/// A number's bytes without leading zeros.
pub(super) fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_equal() {
        let serial = Serial::from_der(&[0x00, 0xfe, 0xf2, 0x01]);
        for text in ["FEF201", "fef201", "00fef201", "fe:f2:01", "0xFEF201", " 0FEF201 ", "00:FE:F2:01"] {
            assert_eq!(Serial::from_hex(text).as_ref(), Some(&serial), "{text}");
        }
        assert_eq!(serial.to_string(), "FEF201");
        assert_eq!(Serial::from_hex("02"), Serial::from_hex("2"));
        assert_ne!(Serial::from_hex("02"), Serial::from_hex("20"));
        assert_eq!(Serial::from_hex("0").map(|serial| serial.to_string()).as_deref(), Some("00"));
    }

    #[test]
    fn what_is_no_hex_is_no_serial() {
        for text in ["", "-", "xyz", "0x", ":", "1-2", "١"] {
            assert_eq!(Serial::from_hex(text), None, "{text}");
        }
    }
}
