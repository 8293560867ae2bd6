//! A file as text: what stands between its blocks, and what its blocks are wrapped in.

use super::super::material::holds_private_key;
use super::super::pem::{BYTE_ORDER_MARK, Block, Part, begins_private_key, parts};
use super::super::text::counted;
use super::Problems;

/// How a rule's fix says that a line must go.
const DELETE: &str = "delete the line";

/// The blocks of a PEM file with this label, decoded, with the line where each begins. All else in the file is a problem.
pub(super) fn blocks(bytes: &[u8], label: &str, problems: &mut Problems<'_>) -> Vec<(usize, Vec<u8>)> {
    let mut found = Vec::new();
    if bytes.starts_with(BYTE_ORDER_MARK) {
        problems.error(1, "byte-order-mark", "the file begins with a byte order mark", "save it as UTF-8 without a byte order mark");
    }
    for part in parts(bytes) {
        match part {
            Part::Block(block) => found.extend(decode(&block, label, problems).map(|der| (block.line, der))),
            // A label with text before it, or in lower case.
            Part::Line { line, text } if begins_private_key(text) => private_key(line, problems),
            Part::Line { .. } => {}
        }
    }
    found
}

fn decode(block: &Block<'_>, label: &str, problems: &mut Problems<'_>) -> Option<Vec<u8>> {
    let der = block.decode();
    if holds_private_key(block) {
        private_key(block.line, problems);
        return None;
    }
    if let Some(line) = block.glued_at {
        let fix = "put a line break between END CERTIFICATE----- and -----BEGIN, as in the rest of the file";
        problems.error(line, "blocks-on-one-line", "one block ends and another begins on the same line", fix);
        return None;
    }
    if block.label != label {
        let says = format!("the block is labelled {:?}; only {label:?} is taken", super::super::text::brief(&shortened(&block.label)));
        problems.error(block.line, "wrong-label", says, wrong_label(&block.label, label));
        return None;
    }
    if !block.is_closed {
        let fix = format!("end the block with a line \"-----END {label}-----\", or copy it again");
        problems.error(block.line, "block-not-closed", "the block has no END line", fix);
        return None;
    }
    match der {
        Ok(der) => Some(der),
        Err(line) => {
            problems.error(line, "not-base64", "the block is not base64", "copy the block again from its source");
            None
        }
    }
}

/// A label as far as it is shown: those that there are are shorter, and what stands in a longer one may be a key's.
fn shortened(label: &str) -> String {
    const LONGEST: usize = 32;
    match label.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &label[..end]),
        None => label.to_owned(),
    }
}

fn private_key(line: usize, problems: &mut Problems<'_>) {
    let fix = "delete the block, and treat the key as known to whoever saw the file";
    problems.error(line, "private-key", "a private key: a balancer refuses it, and it does not belong here", fix);
}

/// Takes every certificate out of a file's text; `openssl x509` takes only the first.
const BLOCKS_ALONE: &str = "awk '/-----BEGIN CERTIFICATE/,/-----END CERTIFICATE/' FILE > FILE.pem";

fn wrong_label(found: &str, wanted: &str) -> String {
    match found {
        "TRUSTED CERTIFICATE" => {
            "convert it alone in a file: openssl x509 -in FILE -out FILE.pem, which keeps only a file's first certificate".to_owned()
        }
        "X509 CRL" | "CERTIFICATE" => give_by(found).to_owned(),
        "X509 CERTIFICATE" => format!("write {wanted} after BEGIN and END"),
        "PKCS7" | "CMS" => format!(
            "take the certificates out of it: openssl pkcs7 -print_certs -in FILE -out TEXT, then {}",
            BLOCKS_ALONE.replacen("FILE >", "TEXT >", 1)
        ),
        _ => "delete the block".to_owned(),
    }
}

/// Where a block belongs that is no mistake by itself.
pub(super) fn give_by(label: &str) -> &'static str {
    if label == "X509 CRL" {
        "a CRL: give it by the other option, --crl"
    } else {
        "a certificate: give it by the other option, --ca-bundle"
    }
}

/// Rules for a bundle's lines: no blank ones, comments begin with `#` and hold no `-`, nothing else outside of blocks.
pub(super) fn lines(bytes: &[u8], problems: &mut Problems<'_>) {
    let mut stray: Vec<(usize, &[u8])> = Vec::new();
    for part in parts(bytes) {
        match part {
            Part::Line { line, text } if text.trim_ascii().is_empty() => {
                problems.error(line, "blank-line", "a blank line", DELETE);
            }
            Part::Line { line, text } if text.starts_with(b"#") => comment(line, text, problems),
            Part::Line { line, text } => {
                // Lines of one piece of text, blank ones and comments between them apart, are one problem.
                if stray.last().is_some_and(|(last, _)| last + 1 != line) {
                    outside(&std::mem::take(&mut stray), problems);
                }
                stray.push((line, text));
            }
            Part::Block(block) => {
                for line in block.blank_lines() {
                    problems.error(line, "blank-line", "a blank line inside a block", DELETE);
                }
            }
        }
    }
    outside(&stray, problems);
    indented(bytes, problems);
}

fn comment(line: usize, text: &[u8], problems: &mut Problems<'_>) {
    if text.contains(&b'-') {
        let fix = "take the hyphens out of the comment, or delete it";
        problems.error(line, "comment-with-hyphen", "a comment that contains \"-\"", fix);
    }
}

/// Consecutive lines outside of any block.
fn outside(stray: &[(usize, &[u8])], problems: &mut Problems<'_>) {
    let Some((line, first)) = stray.first() else { return };
    let (line, lines) = (*line, counted(stray.len(), "line", "lines"));
    let holds = |word: &[u8]| stray.iter().any(|(_, text)| memchr::memmem::find(text, word).is_some());
    if first.trim_ascii_start().starts_with(b"Certificate:") || holds(b"Signature Algorithm:") {
        let fix = format!("delete the text: {BLOCKS_ALONE} writes the blocks alone");
        problems.error(line, "text-preamble", format!("{lines} of text, as `openssl x509 -text` writes them"), fix);
    } else if holds(b"Bag Attributes") || holds(b"subject=") || holds(b"issuer=") {
        let fix = "delete the text, or begin each of its lines with # and take the hyphens out";
        problems.error(line, "text-preamble", format!("{lines} of attributes, as `openssl pkcs12` and `s_client` write them"), fix);
    } else {
        let fix = "delete the text, or begin each of its lines with # and take the hyphens out";
        problems.error(line, "text-outside-block", format!("{lines} outside of any block, without # in front"), fix);
    }
}

/// BEGIN and END lines that do not begin at the line's begin: few readers find those.
fn indented(bytes: &[u8], problems: &mut Problems<'_>) {
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let trimmed = line.trim_ascii_start();
        let is_mark = trimmed.starts_with(b"-----BEGIN ") || trimmed.starts_with(b"-----END ");
        if is_mark && trimmed.len() != line.len() {
            problems.error(index + 1, "indented-line", "spaces before BEGIN or END", "delete the spaces");
        }
    }
}
