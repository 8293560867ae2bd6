//! A slow and obvious reader of gzip files: what says whether a damaged file is damaged.
//!
//! In: stored bytes. Out: the text, how far it could be read, and whether every byte of the file is accounted for. Written from RFC 1951 and
//! RFC 1952; bit by bit, without tables. It shares no code with the engine or with what the engine uses.

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gunzipped {
    /// Everything that could be decoded before the first fault.
    pub(crate) text: Vec<u8>,
    /// Whether there was none: each member is whole, and nothing but zeros stands between them and behind the last.
    pub(crate) is_whole: bool,
}

/// Reads a file of gzip members.
pub(crate) fn gunzip(stored: &[u8]) -> Gunzipped {
    let mut text = Vec::new();
    let mut rest = Some(stored);
    while let Some(start) = rest.filter(|start| !start.is_empty()) {
        rest = member(start, &mut text).map(without_zeros);
    }
    Gunzipped { text, is_whole: rest.is_some() }
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// Reads one member; gives what stands behind it.
fn member<'a>(stored: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let data = header(stored)?;
    let start = text.len();
    let mut bits = Bits { bytes: data, bit: 0 };
    inflate(&mut bits, text, start)?;
    let trailer = &data[bits.bit.div_ceil(8)..];
    let number = |at: usize| Some(u32::from_le_bytes(trailer.get(at..at + 4)?.try_into().ok()?));
    let is_right = number(0)? == crc32(&text[start..]) && number(4)? == (text.len() - start) as u32;
    is_right.then(|| &trailer[8..])
}

/// Passes over a member's header.
fn header(stored: &[u8]) -> Option<&[u8]> {
    let (fixed, mut rest) = stored.split_at_checked(10)?;
    let flags = fixed[3];
    if fixed[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        let length = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
        rest = rest.get(2 + usize::from(length)..)?;
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 2 != 0 {
        let crc = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
        let header = &stored[..stored.len() - rest.len()];
        if crc != crc32(header) as u16 {
            return None;
        }
        rest = &rest[2..];
    }
    Some(rest)
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

struct Bits<'a> {
    bytes: &'a [u8],
    bit: usize,
}

impl Bits<'_> {
    fn next(&mut self) -> Option<usize> {
        let byte = *self.bytes.get(self.bit / 8)?;
        let bit = byte >> (self.bit % 8) & 1;
        self.bit += 1;
        Some(bit.into())
    }

    /// A number, lowest bit first.
    fn number(&mut self, bits: usize) -> Option<usize> {
        (0..bits).try_fold(0, |number, bit| Some(number | self.next()? << bit))
    }
}

/// A Huffman code: how many codes there are of each length, and the symbols in the order of their codes.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    /// `None` if there are more codes than bits can tell apart, or fewer (but for a single code of one bit).
    fn new(lengths: &[usize]) -> Option<Self> {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[*length] += 1);
        let used = lengths.len() - counts[0];
        let left = (1..16).try_fold(1_usize, |left, length| (2 * left).checked_sub(counts[length]))?;
        if left > 0 && !(used == 0 || used == 1 && counts[1] == 1) {
            return None;
        }
        let of_length = |wanted: usize| lengths.iter().enumerate().filter(move |(_, length)| **length == wanted).map(|(symbol, _)| symbol);
        Some(Self { counts, symbols: (1..16).flat_map(of_length).collect() })
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.next()?;
            if code < first + count {
                return self.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) * 2;
            code *= 2;
        }
        None
    }
}

/// Appends what the blocks hold; the window does not reach back before `start`.
fn inflate(bits: &mut Bits<'_>, text: &mut Vec<u8>, start: usize) -> Option<()> {
    loop {
        let is_last = bits.next()? == 1;
        match bits.number(2)? {
            0 => copy_stored(bits, text)?,
            1 => {
                let literals: Vec<usize> =
                    [(8, 144), (9, 112), (7, 24), (8, 8)].into_iter().flat_map(|(length, n)| vec![length; n]).collect();
                block(bits, text, start, &Code::new(&literals)?, &Code::new(&[5; 32])?)?;
            }
            2 => {
                let (literals, distances) = codes(bits)?;
                block(bits, text, start, &literals, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            return Some(());
        }
    }
}

fn copy_stored(bits: &mut Bits<'_>, text: &mut Vec<u8>) -> Option<()> {
    bits.bit = bits.bit.next_multiple_of(8);
    let (length, complement) = (bits.number(16)?, bits.number(16)?);
    if length != complement ^ 0xffff {
        return None;
    }
    (0..length).try_for_each(|_| {
        text.push(bits.number(8)? as u8);
        Some(())
    })
}

/// The codes of a block that brings its own.
fn codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, lengths) = (bits.number(5)? + 257, bits.number(5)? + 1, bits.number(4)? + 4);
    if literals > 286 || distances > 30 {
        return None;
    }
    let mut of_lengths = [0; 19];
    for place in &ORDER[..lengths] {
        of_lengths[*place] = bits.number(3)?;
    }
    let code = Code::new(&of_lengths)?;
    let mut all = Vec::new();
    while all.len() < literals + distances {
        let (length, times) = match code.symbol(bits)? {
            16 => (*all.last()?, 3 + bits.number(2)?),
            17 => (0, 3 + bits.number(3)?),
            18 => (0, 11 + bits.number(7)?),
            length => (length, 1),
        };
        all.extend(vec![length; times]);
    }
    if all.len() > literals + distances || all[256] == 0 {
        return None;
    }
    Some((Code::new(&all[..literals])?, Code::new(&all[literals..])?))
}

fn block(bits: &mut Bits<'_>, text: &mut Vec<u8>, start: usize, literals: &Code, distances: &Code) -> Option<()> {
    loop {
        match literals.symbol(bits)? {
            256 => return Some(()),
            literal @ 0..256 => text.push(literal as u8),
            symbol => {
                let length = length(symbol - 257, bits)?;
                let distance = distance(distances.symbol(bits)?, bits)?;
                let from = (text.len() - start).checked_sub(distance)? + start;
                for at in from..from + length {
                    text.push(text[at]);
                }
            }
        }
    }
}

fn length(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        0..8 => Some(symbol + 3),
        8..28 => {
            let extra = symbol / 4 - 1;
            Some(((4 + symbol % 4) << extra) + 3 + bits.number(extra)?)
        }
        28 => Some(258),
        _ => None,
    }
}

fn distance(symbol: usize, bits: &mut Bits<'_>) -> Option<usize> {
    match symbol {
        0..4 => Some(symbol + 1),
        4..30 => {
            let extra = symbol / 2 - 1;
            Some(((2 + symbol % 2) << extra) + 1 + bits.number(extra)?)
        }
        _ => None,
    }
}

/// The reader itself, held against compressors that others wrote.
#[cfg(test)]
mod itself {
    use super::{Gunzipped, crc32, gunzip};
    use crate::support::logs;

    #[test]
    fn knows_the_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn reads_what_compressors_write() {
        let texts = [b"".to_vec(), b"a".repeat(1000), logs::lines(200), logs::odd_lines(3, 300)];
        for text in texts {
            let whole = Gunzipped { text: text.clone(), is_whole: true };
            assert_eq!(gunzip(&logs::gzip_with_long_header(&text)), whole);
            for level in 0..10 {
                let stored = logs::gzip_at(&text, level);
                assert_eq!(gunzip(&stored), whole, "level {level}");
                assert_eq!(gunzip(&[&stored[..], &[0; 5], &stored, &[0]].concat()).text, text.repeat(2));
                assert!(!gunzip(&stored[..stored.len() - 1]).is_whole);
                assert!(!gunzip(&[&stored[..], b"x"].concat()).is_whole);
            }
        }
    }
}
