//! The line parser: nothing is lost, nothing is made up.

use super::rows::{Values, values};
use crate::aggregate::Aggregates;
use crate::columns::{Parser, RejectedLine, Tally};
use crate::scan::Kernel;

/// Every line is accounted for and can be told from the batch, whichever kernel runs; what is taken back or asked for by time leaves
/// everything else as it was.
pub fn parser_accounts(text: &[u8]) {
    let mut parser = Parser::new(Kernel::Scalar, None, None);
    parser.keep_lines(true);
    parser.parse(0, 0, text);
    let expected = Seen::of(&parser);
    assert!(expected.tally.balances());
    assert_eq!(expected.tally.raw_bytes, text.len() as u64);
    expected.assert_is(text);
    for kernel in Kernel::ALL.into_iter().filter(|kernel| *kernel != Kernel::Scalar) {
        let mut other = Parser::new(kernel, None, None);
        other.keep_lines(true);
        other.parse(0, 0, text);
        assert_eq!(Seen::of(&other), expected, "{}", kernel.name());
    }
    assert_identities_make_no_difference(&parser, text);
    assert_rollback_leaves_nothing(&mut parser, text, &expected);
    assert_range_divides(text, &expected);
}

/// What is counted is the same where clients and certificates are kept of failed rows alone.
fn assert_identities_make_no_difference(with: &Parser, text: &[u8]) {
    let mut without = Parser::new(Kernel::best(), None, None);
    without.keep_identities(0);
    without.parse(0, 0, text);
    assert_eq!(without.batch().runs, with.batch().runs);
    assert_eq!(without.batch().rejected, with.batch().rejected);
    assert_eq!(counted(&without), counted(with));
}

fn counted(parser: &Parser) -> Aggregates {
    let mut counted = Aggregates::default();
    counted.observe(parser.batch(), parser.dictionaries());
    counted
}

/// What a batch of one run says of its text.
#[derive(Debug, PartialEq)]
struct Seen {
    tally: Tally,
    rows: Vec<Row>,
    rejected: Vec<RejectedLine>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    line: u32,
    time: i64,
    values: Values,
    raw: Vec<u8>,
}

impl Seen {
    fn of(parser: &Parser) -> Self {
        let (batch, dicts) = (parser.batch(), parser.dictionaries());
        assert_eq!(batch.runs.len(), 1);
        let row = |row| Row {
            line: batch.line[row],
            time: batch.time[row],
            values: values(batch, dicts, row),
            raw: batch.raw.bytes_at(row).to_vec(),
        };
        Self { tally: batch.runs[0].tally, rows: (0..batch.rows()).map(row).collect(), rejected: batch.rejected.clone() }
    }

    /// Every line of `text` is a row with that line, or rejected and kept whole, or blank; the rows and rejected lines are all of them.
    fn assert_is(&self, text: &[u8]) {
        let (mut rows, mut rejected) = (self.rows.iter().peekable(), self.rejected.iter().peekable());
        let (mut offset, mut tally) = (0, Tally { raw_bytes: text.len() as u64, ..Tally::default() });
        for (number, stored) in (0..).zip(text.split_inclusive(|&byte| byte == b'\n')) {
            let (kept, line) = without_end(stored);
            if let Some(row) = rows.next_if(|row| row.line == number) {
                assert_eq!(row.raw, line);
                tally.rows += 1;
            } else if let Some(rejected) = rejected.next_if(|rejected| rejected.line == number) {
                assert_eq!((&*rejected.raw, rejected.offset), (kept, offset));
                tally.rejected += 1;
            } else {
                assert!(line.is_empty(), "line {number} is lost");
                tally.blank += 1;
            }
            offset += stored.len() as u64;
            tally.lines += 1;
        }
        assert_eq!((rows.next(), rejected.next(), tally), (None, None, self.tally));
    }
}

/// A line without its newline, and without a carriage return before that, too.
fn without_end(stored: &[u8]) -> (&[u8], &[u8]) {
    match stored.strip_suffix(b"\n") {
        Some(line) => (line, line.strip_suffix(b"\r").unwrap_or(line)),
        None => (stored, stored),
    }
}

/// `parser` holds `text` once.
fn assert_rollback_leaves_nothing(parser: &mut Parser, text: &[u8], expected: &Seen) {
    let mark = parser.mark();
    parser.parse(1, 7, text);
    parser.rollback(mark);
    assert_eq!(Seen::of(parser), *expected);
    parser.begin();
    parser.parse(0, 0, text);
    assert_eq!(Seen::of(parser), *expected, "dictionaries that were kept change nothing");
}

/// Rows from the middle one's time on are those that `since` keeps.
fn assert_range_divides(text: &[u8], expected: &Seen) {
    let Some(since) = expected.rows.get(expected.rows.len() / 2).map(|row| row.time) else { return };
    let mut parser = Parser::new(Kernel::best(), Some(since), None);
    parser.keep_lines(true);
    parser.parse(0, 0, text);
    let seen = Seen::of(&parser);
    let rows: Vec<Row> = expected.rows.iter().filter(|row| row.time >= since).cloned().collect();
    assert!(seen.tally.balances());
    assert_eq!((seen.tally.blank, seen.tally.rows), (expected.tally.blank, rows.len() as u64));
    assert_eq!((seen.rows, seen.rejected), (rows, expected.rejected.clone()));
}
