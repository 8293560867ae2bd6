//! Rows as they are compared: the value of every column as text, whatever dictionary it came through.

use crate::columns::arrow::{SOURCES, Source};
use crate::columns::{ConnectionBatch, Dictionaries};

/// A row's values in the order of the schema; `None` is NULL.
pub(super) type Values = Vec<Option<String>>;

/// The values of row `row`, provenance left out.
pub(super) fn values(batch: &ConnectionBatch, dicts: &Dictionaries, row: usize) -> Values {
    SOURCES
        .iter()
        .filter(|source| !matches!(source, Source::Object | Source::Line))
        .map(|source| value(*source, batch, dicts, row))
        .collect()
}

fn value(source: Source, batch: &ConnectionBatch, dicts: &Dictionaries, row: usize) -> Option<String> {
    match source {
        Source::Time => Some(batch.time[row].to_string()),
        Source::ClientPort => Some(batch.client_port[row].to_string()),
        Source::Latency => Some(batch.latency[row]).filter(|seconds| !seconds.is_nan()).map(|seconds| format!("{seconds:?}")),
        Source::Trace => (!batch.trace.nulls.contains(&(row as u32))).then(|| text(batch.trace.bytes_at(row))),
        Source::Extra => batch.extra.iter().find(|(at, _)| *at as usize == row).map(|(_, text)| text.to_string()),
        Source::Text(group, slot) => group.of(dicts).text(group.ids(batch)[row], slot).map(str::to_owned),
        Source::Number(group, slot) => group.of(dicts).number(group.ids(batch)[row], slot).map(|number| number.to_string()),
        Source::Object | Source::Line => None,
    }
}

/// What a column holds is UTF-8.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).expect("only UTF-8 reaches a column").to_owned()
}
