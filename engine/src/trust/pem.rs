//! PEM as lines: which blocks a file holds, where, and what stands outside of them.
//!
//! In: bytes. Out: [`Block`]s and stray lines, in order, with line numbers. Says nothing about what is right; `lint` and `material` do.

use data_encoding::BASE64;

/// What editors of one system put before UTF-8 text. No part of the first line.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A part of a PEM file.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// From a BEGIN line to its END line.
    Block(Block<'a>),
    /// A line outside of any block, without its line end.
    Line {
        /// Counts from 1.
        line: usize,
        /// As it stands.
        text: &'a [u8],
    },
}

/// A PEM block.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The line of BEGIN; counts from 1.
    pub(super) line: usize,
    /// What stands after BEGIN.
    pub(super) label: String,
    /// The lines between BEGIN and END.
    body: Vec<&'a [u8]>,
    /// Whether an END line with the same label closes it.
    pub(super) is_closed: bool,
    /// The line that ends it and begins another as well: files that were joined without a newline between them.
    pub(super) glued_at: Option<usize>,
}

/// What stands between the labels of two blocks on one line.
const GLUE: &str = "----------BEGIN ";

impl Block<'_> {
    fn begin(line: usize, label: String) -> Self {
        Block { line, label, body: Vec::new(), is_closed: false, glued_at: None }
    }

    /// Whether its label or its headers say that it holds a private key of any kind, encrypted or not.
    pub(super) fn says_private_key(&self) -> bool {
        let is_encrypted =
            |line: &&[u8]| line.trim_ascii().starts_with(b"Proc-Type:") && memchr::memmem::find(line, b"ENCRYPTED").is_some();
        says_private_key(self.label.as_bytes()) || self.body.iter().any(|line| is_encrypted(line) || begins_private_key(line))
    }

    /// The bytes that it stands for, read as leniently as any reader may: without headers (RFC 1421), blank lines and spaces.
    pub(super) fn decode_leniently(&self) -> Option<Vec<u8>> {
        let is_header = |line: &&&[u8]| line.contains(&b':');
        let headers = if self.body.iter().any(|line| line.contains(&b':')) {
            // Headers end with a blank line; without one, with the last that has a colon.
            let blank = self.body.iter().position(|line| line.trim_ascii().is_empty()).filter(|blank| *blank > 0);
            blank.unwrap_or_else(|| self.body.len() - self.body.iter().rev().take_while(|line| !is_header(line)).count())
        } else {
            0
        };
        let lines = self.body.iter().skip(headers);
        let is_text = |byte: &&u8| !byte.is_ascii_whitespace() && **byte != b'=';
        let joined: Vec<u8> = lines.flat_map(|line| line.iter()).filter(is_text).copied().collect();
        data_encoding::BASE64_NOPAD.decode(&joined).ok()
    }

    /// Whether the label is of something known that is no private key, so that a body that cannot be read is only damaged.
    pub(super) fn is_of_known_kind(&self) -> bool {
        const KNOWN: [&str; 12] = [
            "CERTIFICATE",
            "X509 CERTIFICATE",
            "TRUSTED CERTIFICATE",
            "X509 CRL",
            "PKCS7",
            "CMS",
            "CERTIFICATE REQUEST",
            "NEW CERTIFICATE REQUEST",
            "PUBLIC KEY",
            "RSA PUBLIC KEY",
            "EC PARAMETERS",
            "DH PARAMETERS",
        ];
        KNOWN.contains(&self.label.as_str())
    }

    /// The bytes that it stands for; `Err` names the line that is no base64.
    pub(super) fn decode(&self) -> Result<Vec<u8>, usize> {
        let joined: Vec<u8> = self.body.iter().flat_map(|line| line.trim_ascii()).copied().collect();
        BASE64.decode(&joined).map_err(|_| self.line + 1 + self.first_odd_line())
    }

    /// Lines between BEGIN and the first character that is not base64's; the last line if there is none.
    fn first_odd_line(&self) -> usize {
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let odd = self.body.iter().position(|line| !line.trim_ascii().iter().all(is_base64));
        odd.unwrap_or(self.body.len().saturating_sub(1))
    }

    /// Numbers of the blank lines in it.
    pub(super) fn blank_lines(&self) -> impl Iterator<Item = usize> {
        let blank = self.body.iter().enumerate().filter(|(_, line)| line.trim_ascii().is_empty());
        blank.map(|(index, _)| self.line + 1 + index)
    }
}

/// The parts of a file, in order. Any bytes will do.
pub(super) fn parts(bytes: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (index, line) in lines(bytes).enumerate() {
        let number = index + 1;
        if let Some(label) = label(line, b"-----BEGIN ") {
            // A block that begins inside another ends that one, unclosed.
            parts.extend(open.take().map(Part::Block));
            open = Some(Block::begin(number, label));
        } else if let Some(mut block) = open.take() {
            match label(line, b"-----END ") {
                Some(label) => {
                    let (end, begin) = label.split_once(GLUE).map_or((label.as_str(), None), |(end, begin)| (end, Some(begin)));
                    block.is_closed = end == block.label;
                    block.glued_at = begin.map(|_| number);
                    parts.push(Part::Block(block));
                    open = begin.map(|label| Block::begin(number, label.to_owned()));
                }
                None => {
                    block.body.push(line);
                    open = Some(block);
                }
            }
        } else {
            parts.push(Part::Line { line: number, text: line });
        }
    }
    parts.extend(open.map(Part::Block));
    parts
}

/// The blocks alone.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    parts(bytes).into_iter().filter_map(|part| match part {
        Part::Block(block) => Some(block),
        Part::Line { .. } => None,
    })
}

/// `der` as a block, in lines of 64 characters.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut block = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        block.push_str(line);
        block.push('\n');
        rest = after;
    }
    block.push_str(&format!("-----END {label}-----\n"));
    block
}

/// Whether the text claims to be PEM.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

/// Whether a private key is announced anywhere, be it indented, quoted, in the middle of a line, or as a JSON web key.
pub(super) fn announces_private_key(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"PRIVATE KEY-----").is_some() || lines(bytes).any(begins_private_key) || is_secret_jwk(bytes)
}

/// Whether a line has BEGIN or END, in either case, and a private key's label behind it.
pub(super) fn begins_private_key(line: &[u8]) -> bool {
    let words = squeezed(line);
    ["BEGIN ", "END "].iter().filter_map(|mark| words.find(mark).and_then(|at| words.get(at..))).any(|label| label.contains("PRIVATE KEY"))
}

/// Whether a label is a private key's: `RSA PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`, `private-key`.
fn says_private_key(label: &[u8]) -> bool {
    squeezed(label).contains("PRIVATE KEY")
}

/// In upper case, with one space for whatever is between words.
fn squeezed(text: &[u8]) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphabetic() {
            squeezed.push(char::from(byte.to_ascii_uppercase()));
        } else if !squeezed.ends_with(' ') {
            squeezed.push(' ');
        }
    }
    squeezed
}

/// Whether a JSON web key with its private part is in the text: a member `kty`, and one `d`.
fn is_secret_jwk(bytes: &[u8]) -> bool {
    let is_member = |name: &[u8]| {
        let ends = memchr::memmem::find_iter(bytes, name).map(|at| at + name.len());
        ends.filter_map(|end| bytes.get(end..)).any(|rest| rest.trim_ascii_start().starts_with(b":"))
    };
    is_member(br#""kty""#) && is_member(br#""d""#)
}

/// The lines of a text, without their ends; what follows the last newline is a line unless it is empty.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = (!bytes.is_empty()).then(|| text.split(|byte| *byte == b'\n'));
    lines.into_iter().flatten().map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The label of a BEGIN or END line; spaces around the line are taken as most readers take them.
fn label(line: &[u8], prefix: &[u8]) -> Option<String> {
    let label = line.trim_ascii().strip_prefix(prefix)?.strip_suffix(b"-----")?;
    Some(String::from_utf8_lossy(label).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_know_their_lines() {
        let text = b"# a\r\n-----BEGIN X-----\r\nAQID\r\n-----END X-----\r\nstray\n-----BEGIN Y-----\nAQ\n\n!!\n-----END Y-----\n-----BEGIN Z-----\nAQ==";
        let parts = parts(text);
        let seen: Vec<_> = parts
            .iter()
            .map(|part| match part {
                Part::Block(block) => (block.line, block.label.clone(), block.is_closed),
                Part::Line { line, text } => (*line, String::from_utf8_lossy(text).into_owned(), true),
            })
            .collect();
        let expected = [(1, "# a", true), (2, "X", true), (5, "stray", true), (6, "Y", true), (11, "Z", false)];
        assert_eq!(seen, expected.map(|(line, text, closed)| (line, text.to_owned(), closed)));
        let blocks: Vec<_> = blocks(text).collect();
        assert_eq!(blocks[0].decode(), Ok(vec![1, 2, 3]));
        assert_eq!(blocks[1].decode(), Err(9));
        assert_eq!(blocks[1].blank_lines().collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn a_block_inside_a_block_leaves_the_first_open() {
        let blocks: Vec<_> = blocks(b"-----BEGIN A-----\nAQID\n-----BEGIN B-----\nAQID\n-----END B-----\n").collect();
        assert!(!blocks[0].is_closed && blocks[1].is_closed);
    }

    proptest! {
        #[test]
        fn any_bytes_have_parts(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            parts(&bytes);
        }
    }
}
