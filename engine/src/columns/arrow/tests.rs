use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{any_row, batch, files, read, row};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_record_batch_holds_the_rows_in_plain_types(rows in vec(any_row(), 0..60), provenance: bool) {
        let (batch, dicts, first_lines) = batch(&rows);
        let made = record_batch(&batch, &dicts, &files(), &first_lines, provenance).unwrap();
        prop_assert_eq!(made.schema(), schema::arrow_schema(schema::connections(provenance)));
        let expected: Vec<_> = rows
            .into_iter()
            .map(|row| if provenance { row } else { testing::Row { file: 0, line: 0, ..row } })
            .collect();
        prop_assert_eq!(read(&made, &files()), expected);
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (rows, dicts, first_lines) = batch(&[row(0), row(1)]);
    assert!(record_batch(&rows, &dicts, &files(), &first_lines, true).is_ok());
    assert!(record_batch(&rows, &dicts, &[], &first_lines, true).is_err());
    assert!(record_batch(&rows, &dicts, &files(), &[], true).is_err());
    assert!(record_batch(&rows, &dicts, &files(), &[u64::MAX], true).is_err());
    let (mut rows, dicts, first_lines) = batch(&[row(0), row(1)]);
    rows.runs[0].first_row = 1;
    assert!(record_batch(&rows, &dicts, &files(), &first_lines, true).is_err());
}

#[test]
fn every_column_has_a_source_of_its_type() {
    for (column, source) in CONNECTIONS.iter().zip(SOURCES) {
        let fits = match source {
            Source::Time => column.kind == ColumnKind::TimestampMicros,
            Source::ClientPort => column.kind == ColumnKind::Int32,
            Source::Latency => column.kind == ColumnKind::Double,
            Source::Line => column.kind == ColumnKind::Int64,
            Source::Number(..) => matches!(column.kind, ColumnKind::Int32 | ColumnKind::TimestampMicros),
            Source::Trace | Source::Extra | Source::Object | Source::Text(..) => column.kind == ColumnKind::Text,
        };
        assert!(fits, "{}", column.name);
    }
}
