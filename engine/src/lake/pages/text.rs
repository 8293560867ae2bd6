//! Texts without a dictionary: the Parquet format's DELTA_LENGTH_BYTE_ARRAY (Encodings, 6) and DELTA_BYTE_ARRAY (7), in pages of their own
//! length.

use parquet::basic::Encoding;

use super::chunk::{ChunkWriter, EncodedChunk};
use super::dictionary::levels;
use super::statistics::PageFacts;
use super::value::{Value, widen};
use super::{PAGE_BYTES, PAGE_ROWS, delta};
use crate::error::Result;

/// How texts are written one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All lengths, then all texts.
    Lengths,
    /// What each shares with the one before it is left out.
    Prefixes,
}

impl Form {
    fn encoding(self) -> Encoding {
        match self {
            Form::Lengths => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            Form::Prefixes => Encoding::DELTA_BYTE_ARRAY,
        }
    }
}

/// Encodes a column of texts, given by row; `None` is NULL.
pub(super) fn encode<'a>(
    mut writer: ChunkWriter<'_, &'a [u8]>,
    form: Form,
    mut rows: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<EncodedChunk> {
    let mut page = Page::default();
    while page.fill(&mut rows) {
        let Page { facts, present, values, lengths } = &mut page;
        writer.page(
            facts,
            form.encoding(),
            |out| levels(present, facts.nulls, out),
            |out| match form {
                Form::Lengths => put_lengths(values, lengths, out),
                Form::Prefixes => put_prefixes(values, lengths, out),
            },
        )?;
    }
    writer.finish()
}

/// The rows of one page.
#[derive(Default)]
struct Page<'a> {
    facts: PageFacts<&'a [u8]>,
    /// 1 for each row with a text, 0 for NULL.
    present: Vec<u32>,
    values: Vec<&'a [u8]>,
    /// Used again and again.
    lengths: Vec<i64>,
}

impl<'a> Page<'a> {
    /// Takes rows until the page is full; whether there were any. That depends on the rows alone.
    fn fill(&mut self, rows: &mut impl Iterator<Item = Option<&'a [u8]>>) -> bool {
        self.present.clear();
        self.values.clear();
        let mut bytes = 0;
        for text in rows.take(PAGE_ROWS) {
            self.present.push(u32::from(text.is_some()));
            if let Some(text) = text {
                self.values.push(text);
                bytes += text.plain_len();
                if bytes >= PAGE_BYTES {
                    break;
                }
            }
        }
        let nulls = self.present.len() - self.values.len();
        self.facts = PageFacts { rows: self.present.len(), nulls, text: bytes - 4 * self.values.len(), bounds: bounds(&self.values) };
        self.facts.rows > 0
    }
}

/// Least and largest of texts. Compares numbers where the texts are as long as a number at least, as most differ there.
fn bounds<'a>(texts: &[&'a [u8]]) -> Option<(&'a [u8], &'a [u8])> {
    let mut bounds = texts.first().map(|&first| (first, first));
    let (mut low, mut high) = (u128::MAX, 0);
    for &text in texts {
        let key = text.first_chunk::<16>().map_or(0, |start| u128::from_be_bytes(*start));
        if key <= low || key >= high || text.len() < 16 {
            widen(&mut bounds, text);
            let (least, most) = bounds?;
            // A shorter one has no key; until there is one of full length, everything is compared.
            low = least.first_chunk().map_or(u128::MAX, |start| u128::from_be_bytes(*start));
            high = most.first_chunk().map_or(0, |start| u128::from_be_bytes(*start));
        }
    }
    bounds
}

/// The lengths, then the bytes.
fn put_lengths(texts: &[&[u8]], lengths: &mut Vec<i64>, out: &mut Vec<u8>) {
    lengths.clear();
    lengths.extend(texts.iter().map(|text| text.len() as i64));
    delta::encode(lengths, out);
    texts.iter().for_each(|text| out.extend_from_slice(text));
}

/// How much each text shares with the one before it, then the rest of each as [`put_lengths`].
fn put_prefixes(texts: &[&[u8]], lengths: &mut Vec<i64>, out: &mut Vec<u8>) {
    if texts.iter().all(|text| is_usual(text)) {
        return put_usual(texts, lengths, out);
    }
    let mut previous: &[u8] = &[];
    lengths.clear();
    lengths.extend(texts.iter().map(|&text| shared(std::mem::replace(&mut previous, text), text) as i64));
    delta::encode(lengths, out);
    let rest = texts.iter().zip(lengths.iter()).map(|(text, shared)| &text[*shared as usize..]).collect::<Vec<&[u8]>>();
    put_lengths(&rest, lengths, out);
}

/// How many bytes two texts have in common at their beginning.
fn shared(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// What a trace id begins with.
const USUAL_START: &[u8; 4] = b"TID_";
/// The hexadecimal digits of one.
const USUAL_REST: usize = 32;

fn is_usual(text: &[u8]) -> bool {
    text.len() == USUAL_START.len() + USUAL_REST && text.starts_with(USUAL_START)
}

/// The same for trace ids as they are today: what they share beyond `TID_` is left to chance, so that all lengths are the same.
fn put_usual(texts: &[&[u8]], lengths: &mut Vec<i64>, out: &mut Vec<u8>) {
    let mut put = |first: usize, others: usize| {
        lengths.clear();
        lengths.resize(texts.len(), others as i64);
        lengths.iter_mut().take(1).for_each(|length| *length = first as i64);
        delta::encode(lengths, out);
    };
    put(0, USUAL_START.len());
    put(USUAL_START.len() + USUAL_REST, USUAL_REST);
    let Some((first, others)) = texts.split_first() else { return };
    out.extend_from_slice(first);
    out.reserve(others.len() * USUAL_REST);
    for rest in others.iter().filter_map(|text| text.last_chunk::<USUAL_REST>()) {
        out.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::bounds;

    proptest! {
        #[test]
        fn bounds_are_least_and_largest(texts in prop::collection::vec("[ab]{0,3}(aaaaaaaaaaaaaaaa)?[abé]{0,2}", 0..40)) {
            let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
            let expected = texts.iter().min().map(|least| (*least, *texts.iter().max().unwrap()));
            prop_assert_eq!(bounds(&texts), expected);
        }
    }
}
