//! Both writers over the same rows: the same rows back, the same statistics, the same pages.

use std::fs::File;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Lake;
use super::super::unit::Limits;
use super::PAGE_ROWS;
use crate::columns::arrow::testing::{self, Row, any_row, row};
use crate::config::{Compression, LakeConfig, Partitioning, WriterKind};

struct Written {
    rows: Vec<Row>,
    footer: ParquetMetaData,
    bytes: u64,
}

/// Writes rows into one file.
fn write(rows: &[Row], config: LakeConfig, row_group_rows: usize) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig { out: folder.path().join("lake"), partitioning: Partitioning::None, ..config };
    let lake = Lake::create(config).unwrap();
    let mut unit = lake.unit_with("u", testing::files().into(), Limits::new(row_group_rows)).unwrap();
    let (batch, dicts, first_lines) = testing::batch(rows);
    unit.append(&batch, &dicts, &first_lines).unwrap();
    let staged = unit.finish().unwrap();
    let path = &staged.files[0].staged;
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.try_clone().unwrap()).unwrap().build().unwrap();
    let rows = reader.flat_map(|batch| testing::read(&batch.unwrap(), &testing::files())).collect();
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required).with_metadata_options(Some(options));
    let footer = reader.parse_and_finish(&file).unwrap();
    Written { rows, footer, bytes: staged.files[0].bytes }
}

fn with(writer: WriterKind, rows: &[Row], compression: Compression, row_group_rows: usize) -> Written {
    write(rows, LakeConfig { writer, compression, ..LakeConfig::new("") }, row_group_rows)
}

/// What a footer says of a chunk, encodings and sizes apart.
fn said(chunk: &ColumnChunkMetaData) -> String {
    format!(
        "{}: {:?} {} values, {:?} bytes, levels {:?} {:?}, codec {:?}",
        chunk.column_path(),
        chunk.statistics(),
        chunk.num_values(),
        chunk.unencoded_byte_array_data_bytes(),
        chunk.definition_level_histogram(),
        chunk.repetition_level_histogram(),
        chunk.compression(),
    )
}

/// Holds one writer's file against the other's. Where texts are long, pages may end elsewhere.
fn compare(rows: &[Row], compression: Compression, row_group_rows: usize, pages_too: bool) -> [Written; 2] {
    let [ours, theirs] = [WriterKind::Pages, WriterKind::Arrow].map(|writer| with(writer, rows, compression, row_group_rows));
    assert!(ours.rows == rows, "rows differ from what was written");
    assert!(theirs.rows == rows, "rows differ from what ArrowWriter was given");
    assert_eq!(ours.footer.num_row_groups(), theirs.footer.num_row_groups());
    for (group, (our_group, their_group)) in ours.footer.row_groups().iter().zip(theirs.footer.row_groups()).enumerate() {
        assert_eq!(our_group.num_rows(), their_group.num_rows());
        for (column, (our, their)) in our_group.columns().iter().zip(their_group.columns()).enumerate() {
            assert_eq!(said(our), said(their));
            assert_sums(our);
            if pages_too {
                let [ours, theirs] = [&ours.footer, &theirs.footer].map(|footer| pages(footer, group, column));
                assert_eq!(ours, theirs, "{}", our.column_path());
            }
        }
    }
    [ours, theirs]
}

/// What is said of a column's pages, places apart.
fn pages(footer: &ParquetMetaData, group: usize, column: usize) -> String {
    let index = footer.page_index_for_row_group(group);
    let (column_index, offset_index) = (index.column_index(column).unwrap(), index.offset_index(column).unwrap());
    let rows: Vec<i64> = offset_index.page_locations().iter().map(|page| page.first_row_index).collect();
    format!("{column_index:?} {rows:?} {:?}", offset_index.unencoded_byte_array_data_bytes())
}

/// The counts of pages by encoding agree with the list of encodings.
fn assert_sums(chunk: &ColumnChunkMetaData) {
    let stats = chunk.page_encoding_stats().unwrap();
    let mut encodings: Vec<Encoding> = stats.iter().map(|stats| stats.encoding).chain([Encoding::RLE]).collect();
    encodings.sort_unstable();
    encodings.dedup();
    let mut listed: Vec<Encoding> = chunk.encodings().collect();
    listed.sort_unstable();
    assert_eq!(encodings, listed);
}

fn encodings(written: &Written, column: &str) -> Vec<Encoding> {
    let columns = written.footer.row_group(0).columns();
    let chunk = columns.iter().find(|chunk| chunk.column_path().string() == column).unwrap();
    chunk.page_encoding_stats().unwrap().iter().map(|stats| stats.encoding).collect()
}

/// Texts at the edges of what statistics do: around 64 bytes, with characters of every length across the cut.
fn any_text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(String::new())),
        2 => "[ab]{1,3}".prop_map(Some),
        2 => "[aé€😀\u{10FFFF}]{10,40}".prop_map(Some),
        2 => ("[xyz\u{7F}]{55,66}", "[é€😀]{0,4}").prop_map(|(one, other)| Some(one + &other)),
        1 => (0..9_000_usize).prop_map(|len| Some("long".repeat(len))),
    ]
}

prop_compose! {
    fn any_edge()(row in any_row(), texts in [any_text(), any_text(), any_text(), any_text()], latency in any::<f64>(), zero: bool, day in 0..3_i64) -> Row {
        let [subject, trace, cipher, extra] = texts;
        let latency = if zero { -0.0 } else { latency };
        let time = if day == 0 { i64::from(u32::MAX) } else { row.time };
        Row { trace, extra, endpoint: [None, cipher], certificate: [subject, None, None], latency: Some(latency).filter(|number| !number.is_nan()), time, ..row }
    }
}

fn any_compression() -> impl Strategy<Value = Compression> {
    proptest::sample::select(vec![Compression::Zstd(1), Compression::Zstd(9), Compression::Snappy, Compression::Lz4, Compression::None])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_rows_are_written_alike(rows in vec(prop_oneof![any_row(), any_edge()], 1..200), compression in any_compression(), row_group_rows in 1..200_usize) {
        compare(&rows, compression, row_group_rows, true);
    }
}

/// Usual rows with NULLs, empty texts and values that differ by a number's bits.
fn usual(count: usize) -> Vec<Row> {
    (0..count as u64)
        .map(|number| {
            let usual = row(number);
            let file = (number / 700 % 5) as u32;
            let line = number % 700 + 1;
            match number % 9 {
                0 => Row { file, line, trace: None, verdict: [None, None], latency: None, ..usual },
                1 => Row { file, line, endpoint: [None, Some(String::new())], validity: [None, None], listener_port: 8443, ..usual },
                2 => Row { file, line, extra: Some(format!("extra {}", number % 4)), ..usual },
                _ => Row { file, line, ..usual },
            }
        })
        .collect()
}

#[test]
fn pages_end_at_the_same_rows() {
    for count in [1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 2 * PAGE_ROWS + 7] {
        compare(&usual(count), Compression::Zstd(1), 400_000, true);
    }
}

#[test]
fn row_groups_end_anywhere() {
    compare(&usual(3 * PAGE_ROWS), Compression::Snappy, PAGE_ROWS + 1, true);
}

#[test]
fn values_that_are_all_equal_cost_next_to_nothing() {
    let rows: Vec<Row> = (0..2 * PAGE_ROWS as u64).map(|number| Row { line: number + 1, ..Row { trace: None, ..row(5) } }).collect();
    let [ours, _] = compare(&rows, Compression::None, 400_000, true);
    assert!(ours.bytes < 20_000, "{} bytes", ours.bytes);
}

#[test]
fn values_that_all_differ_have_no_dictionary() {
    let subject = |number: u64| Some(format!("CN=client-{number},{}", "o".repeat(90)));
    let differ = |number: u64| Row {
        client: format!("2001:db8::{number:x}"),
        latency: Some(number as f64 / 7.0),
        certificate: [subject(number), None, None],
        extra: Some(format!("{number}")),
        ..row(number)
    };
    let rows: Vec<Row> = (0..60_000).map(differ).collect();
    // Subjects fill pages before these have all their rows, and both writers' dictionaries.
    let [ours, theirs] = compare(&rows, Compression::Zstd(1), 400_000, false);
    for column in ["client_ip", "leaf_client_cert_subject", "extra_fields"] {
        assert_eq!(encodings(&ours, column), [Encoding::DELTA_LENGTH_BYTE_ARRAY], "{column}");
    }
    assert_eq!(encodings(&ours, "tls_handshake_latency"), [Encoding::PLAIN]);
    assert!(encodings(&theirs, "leaf_client_cert_subject").len() > 1, "ArrowWriter falls back on the way");
    assert!(ours.bytes < theirs.bytes * 11 / 10, "{} and {} bytes", ours.bytes, theirs.bytes);
}

#[test]
fn long_texts_end_pages_early() {
    let rows: Vec<Row> = (0..50).map(|number| Row { trace: Some("t".repeat(100_000 + number as usize)), ..row(number) }).collect();
    let [ours, _] = compare(&rows, Compression::Lz4, 400_000, false);
    let index = ours.footer.page_index_for_row_group(0);
    let first: Vec<i64> = index.page_locations(11).unwrap().iter().map(|page| page.first_row_index).collect();
    assert_eq!(first, [0, 11, 22, 33, 44]);
}

#[test]
fn dictionaries_are_what_small_files_have() {
    let written = with(WriterKind::Pages, &usual(100), Compression::default(), 400_000);
    for column in ["client_ip", "leaf_client_cert_subject", "source_object", "extra_fields", "tls_handshake_latency"] {
        assert_eq!(encodings(&written, column), [Encoding::PLAIN, Encoding::RLE_DICTIONARY], "{column}");
    }
    assert_eq!(encodings(&written, "conn_trace_id"), [Encoding::DELTA_BYTE_ARRAY]);
    assert_eq!(encodings(&written, "time"), [Encoding::DELTA_BINARY_PACKED]);
}
