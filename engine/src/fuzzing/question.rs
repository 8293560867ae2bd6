//! The search: lines that are passed over could not have matched.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::columns::{ConnectionBatch, Dictionaries, Parser};
use crate::scan::Kernel;
use crate::select::{Candidates, Matcher, Prefilter, Selection};

/// Looking only at the lines that the prefilter finds gives what parsing everything gives, at the same places.
///
/// The input's first line is the question: words `all`, `client=`, `reason=`, `subject=`, `serial=` and `trace=`, with tabs between them.
pub fn prefilter_misses_nothing(input: &[u8]) {
    let (question, text) = split_first_line(input);
    let selection = selection(&String::from_utf8_lossy(question));
    let mut parser = Parser::new(Kernel::best(), None, None);
    parser.parse(0, 0, text);
    let expected = found(&selection, parser.batch(), parser.dictionaries(), |line| line);

    let mut candidates = Candidates::default();
    Prefilter::new(&selection).find(text, &mut candidates);
    assert_eq!(candidates.lines, parser.batch().runs[0].tally.lines);
    assert_candidates(&candidates, text);
    let mut again = Parser::new(Kernel::best(), None, None);
    again.parse(0, 0, &candidates.text);
    let seen = found(&selection, again.batch(), again.dictionaries(), |line| candidates.places[line as usize].0);
    assert_eq!(seen, expected, "{selection:?}");
}

/// The first line, and what follows it.
fn split_first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', input) {
        Some(newline) => (&input[..newline], &input[newline + 1..]),
        None => (input, &[]),
    }
}

fn selection(question: &str) -> Selection {
    let mut selection = Selection::default();
    for word in question.split('\t') {
        match word.split_once('=') {
            None => selection.all |= word == "all",
            Some(("client", text)) => {
                selection.clients.extend(text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(Into::into)));
            }
            Some(("reason", text)) => selection.reasons.push(text.to_owned()),
            Some(("subject", text)) => selection.subject = Some(text.to_owned()),
            Some(("serial", text)) => selection.serial = Some(text.to_owned()),
            Some(("trace", text)) => selection.trace_id = Some(text.to_owned()),
            Some(_) => {}
        }
    }
    selection
}

/// Lines (by `place`) and times of the rows that match.
fn found(selection: &Selection, batch: &ConnectionBatch, dicts: &Dictionaries, place: impl Fn(u32) -> u32) -> Vec<(u32, i64)> {
    let rows: Vec<usize> = Matcher::new(selection).matching(batch, dicts).collect();
    rows.into_iter().map(|row| (place(batch.line[row]), batch.time[row])).collect()
}

/// Each candidate is the line that it says it is.
fn assert_candidates(candidates: &Candidates, text: &[u8]) {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let found: Vec<&[u8]> = candidates.text.split_inclusive(|&byte| byte == b'\n').collect();
    assert_eq!(found.len(), candidates.places.len());
    for (line, (number, offset)) in found.into_iter().zip(&candidates.places) {
        assert_eq!(line, lines[*number as usize]);
        assert!(text[*offset as usize..].starts_with(line));
    }
}
