use std::collections::BTreeMap as Map;
use std::fs::{self, File};
use std::path::PathBuf;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression as Codec, Encoding};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::{Lake, StagedFile, staging};
use super::*;
use crate::columns::arrow::testing::{self, Row, any_row, cut, row};
use crate::columns::{RejectedLine, SourceRun};
use crate::config::{Compression, Partitioning};
use crate::error::{LineFault, LineFaultReason};
use crate::format::Field;

/// Limits that are never reached.
fn wide(row_group_rows: usize) -> Limits {
    Limits::new(row_group_rows)
}

fn config(folder: &TempDir) -> LakeConfig {
    LakeConfig::new(folder.path().join("lake"))
}

/// Writes rows, cut into batches, as the unit `u`; the files stay staged.
fn write(lake: &Lake, rows: &[Row], cuts: &[usize], limits: Limits) -> StagedUnit {
    let mut unit = lake.unit_with("u", testing::files().into(), limits).unwrap();
    for range in cut(rows, cuts) {
        let (batch, dicts, first_lines) = testing::batch(&rows[range]);
        unit.append(&batch, &dicts, &first_lines).unwrap();
    }
    unit.finish().unwrap()
}

fn read(file: &StagedFile) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file.staged).unwrap()).unwrap().build().unwrap();
    let rows: Vec<Row> = reader.flat_map(|batch| testing::read(&batch.unwrap(), &testing::files())).collect();
    assert_eq!(rows.len() as u64, file.rows);
    assert_eq!(fs::metadata(&file.staged).unwrap().len(), file.bytes);
    rows
}

fn folder_of(row: &Row) -> String {
    let place = match row.file {
        0 | 1 => "account=111111111111/region=eu-west-1",
        2 => "account=222222222222/region=us-east-1",
        3 => "account=__HIVE_DEFAULT_PARTITION__/region=__HIVE_DEFAULT_PARTITION__",
        _ => "account=3%2F3/region=__HIVE_DEFAULT_PARTITION__",
    };
    // The generator's days: 2023-12-31 to 2024-01-02.
    let day = ["2023-12-31", "2024-01-01", "2024-01-02"][(row.time.div_euclid(86_400_000_000) - 19_722) as usize];
    format!("connections/{place}/day={day}")
}

fn by_folder(rows: &[Row], folder: impl Fn(&Row) -> String) -> Map<String, Vec<Row>> {
    let mut folders = Map::<String, Vec<Row>>::new();
    for row in rows {
        folders.entry(folder(row)).or_default().push(row.clone());
    }
    folders
}

/// What the files of each folder hold, in the order of their names.
fn contents(unit: &StagedUnit) -> Map<String, Vec<Row>> {
    let mut files: Vec<&StagedFile> = unit.files.iter().collect();
    // `part-u.parquet` comes before `part-u-0001.parquet`.
    files.sort_by_key(|file| (file.target.parent().unwrap().to_owned(), file.target.as_os_str().len(), file.target.clone()));
    let mut folders = Map::<String, Vec<Row>>::new();
    for file in files {
        folders.entry(file.target.parent().unwrap().to_str().unwrap().to_owned()).or_default().extend(read(file));
    }
    folders
}

fn bytes(unit: &StagedUnit) -> Map<PathBuf, Vec<u8>> {
    unit.files.iter().map(|file| (file.target.clone(), fs::read(&file.staged).unwrap())).collect()
}

/// Limits so small that all of them are reached.
fn any_limits() -> impl Strategy<Value = Limits> {
    (1..60_usize, 1..4000_u64, 1..90_usize, 1..400_u64, 1..9000_u64, 1..6_usize).prop_map(
        |(row_group_rows, row_group_text, rows, own, values, partitions)| Limits {
            row_group_rows,
            row_group_text,
            rows,
            own,
            values,
            partitions,
        },
    )
}

fn any_compression() -> impl Strategy<Value = Compression> {
    proptest::sample::select(vec![Compression::Zstd(1), Compression::Snappy, Compression::Lz4, Compression::None])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_put_in_is_read_back(
        rows in vec(any_row(), 1..150), cuts in vec(any::<usize>(), 0..4), limits in any_limits(), compression in any_compression(),
        partitioned: bool, provenance: bool, target_file_size in 1..40_000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let partitioning = if partitioned { Partitioning::AccountRegionDay } else { Partitioning::None };
        let config = LakeConfig { compression, partitioning, provenance, target_file_size, ..config(&folder) };
        let lake = Lake::create(config).unwrap();
        let unit = write(&lake, &rows, &cuts, limits);
        let mut expected = by_folder(&rows, |row| if partitioned { folder_of(row) } else { "connections".to_owned() });
        if !provenance {
            expected.values_mut().flatten().for_each(|row| (row.file, row.line) = (0, 0));
        }
        prop_assert_eq!(contents(&unit), expected);
    }

    #[test]
    fn bytes_depend_neither_on_how_rows_were_cut_nor_on_threads(
        rows in vec(any_row(), 1..60), cuts in vec(any::<usize>(), 1..30), limits in any_limits(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::create(config(&folder)).unwrap();
        let whole = bytes(&write(&lake, &rows, &[], limits));
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let cut = bytes(&one_thread.install(|| write(&lake, &rows, &cuts, limits)));
        prop_assert!(whole == cut, "{:?} and {:?}", whole.keys(), cut.keys());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Row groups so small that far more of them overlap than are merged at a time; times so few that many rows share one.
    #[test]
    fn rows_in_order_of_time_are_the_same_rows(
        rows in vec(any_row(), 1..150), cuts in vec(any::<usize>(), 0..4), limits in any_limits(), partitioned: bool, provenance: bool,
        arrow: bool, times in 1..40_i64,
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|row| Row { time: row.time / 1_000_000 % times * 3_600_000_000 + DAY_ONE, ..row }).collect();
        let folder = tempfile::tempdir().unwrap();
        let partitioning = if partitioned { Partitioning::AccountRegionDay } else { Partitioning::None };
        let writer = if arrow { WriterKind::Arrow } else { WriterKind::Pages };
        let lake = Lake::create(LakeConfig { partitioning, provenance, writer, sort: true, ..config(&folder) }).unwrap();
        let unit = write(&lake, &rows, &cuts, limits);
        let mut expected = by_folder(&rows, |row| if partitioned { folder_of(row) } else { "connections".to_owned() });
        expected.values_mut().for_each(|rows| rows.sort_by_key(|row| row.time));
        if !provenance {
            expected.values_mut().flatten().for_each(|row| (row.file, row.line) = (0, 0));
        }
        for file in &unit.files {
            let sources: u64 = file.sources.iter().map(|(_, rows)| rows).sum();
            prop_assert_eq!(sources, file.rows);
            prop_assert_eq!(staging::checksum(&file.staged).unwrap(), file.checksum);
        }
        prop_assert_eq!(contents(&unit), expected);
        let left = walkdir::WalkDir::new(&lake.staging).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file());
        prop_assert_eq!(left.count(), unit.files.len(), "nothing is left of what was merged");
    }

    #[test]
    fn bytes_in_order_of_time_depend_on_rows_alone(
        rows in vec(any_row(), 1..60), cuts in vec(any::<usize>(), 1..30), limits in any_limits(), target_file_size in 1..40_000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::create(LakeConfig { sort: true, target_file_size, ..config(&folder) }).unwrap();
        let whole = bytes(&write(&lake, &rows, &[], limits));
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let cut = bytes(&one_thread.install(|| write(&lake, &rows, &cuts, limits)));
        prop_assert!(whole == cut, "{:?} and {:?}", whole.keys(), cut.keys());
    }
}

/// 2023-12-31.
const DAY_ONE: i64 = 19_722 * 86_400_000_000;

#[test]
fn files_in_order_of_time_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(LakeConfig { sort: true, bloom: vec!["source_object".to_owned()], ..config(&folder) }).unwrap();
    let backwards: Vec<Row> = (0..2_500).rev().map(row).collect();
    let unit = write(&lake, &backwards, &[700], wide(1_000));
    assert_eq!(contents(&unit).into_values().collect::<Vec<_>>(), [(0..2_500).map(row).collect::<Vec<_>>()]);
    let metadata = metadata(&unit.files[0]);
    assert_eq!(metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    for group in metadata.row_groups() {
        let sorting: Vec<_> = group.sorting_columns().unwrap().iter().map(|column| (column.column_idx, column.descending)).collect();
        assert_eq!(sorting, [(0, false)]);
        assert!(group.column(19).bloom_filter_offset().is_some());
    }
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    assert!(pairs.iter().any(|pair| pair.key == "tlslake.unit"), "{pairs:?}");
    drop(unit);
    let usual = Lake::create(LakeConfig { out: folder.path().join("usual"), ..config(&folder) }).unwrap();
    let unit = write(&usual, &backwards, &[], wide(1_000));
    assert!(self::metadata(&unit.files[0]).row_groups().iter().all(|group| group.sorting_columns().is_none()));
}

fn metadata(file: &StagedFile) -> ParquetMetaData {
    let mut reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    reader.try_parse(&File::open(&file.staged).unwrap()).unwrap();
    reader.finish().unwrap()
}

#[test]
fn row_groups_are_cut_at_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let rows: Vec<Row> = (0..2_500).map(row).collect();
    let unit = write(&lake, &rows, &[700, 1_500], wide(1_000));
    let metadata = metadata(&unit.files[0]);
    let sizes: Vec<i64> = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(sizes, [1_000, 1_000, 500]);
    assert_eq!(contents(&unit).into_values().collect::<Vec<_>>(), [rows]);
}

#[test]
fn files_tell_readers_what_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(LakeConfig { compression: Compression::Lz4, ..config(&folder) }).unwrap();
    let unit = write(&lake, &(0..50_000).map(row).collect::<Vec<_>>(), &[], wide(100_000));
    let metadata = metadata(&unit.files[0]);
    let file = metadata.file_metadata();
    assert_eq!(file.created_by(), Some(concat!("tlslake version ", env!("CARGO_PKG_VERSION"))));
    let pairs: Vec<_> = file.key_value_metadata().unwrap().iter().map(|pair| (pair.key.as_str(), pair.value.clone())).collect();
    assert!(pairs.contains(&("tlslake.unit", Some("u".to_owned()))), "{pairs:?}");
    assert!(pairs.contains(&("tlslake.schema_version", Some(schema::SCHEMA_VERSION.to_string()))), "{pairs:?}");
    let index = metadata.page_index_for_row_group(0);
    for (at, column) in metadata.row_group(0).columns().iter().enumerate() {
        let name = column.column_path().string();
        assert_eq!(column.compression(), Codec::LZ4_RAW, "{name}");
        assert!(column.statistics().is_some_and(|statistics| statistics.null_count_opt().is_some()), "{name}");
        let pages = index.offset_index(at).unwrap().page_locations();
        assert!(pages.len() >= 2, "{name} has {} pages", pages.len());
        assert!(index.column_index(at).is_some(), "{name}");
        let encodings: Vec<Encoding> = column.encodings().collect();
        let expected = match name.as_str() {
            "time" | "client_port" | "source_line" => Encoding::DELTA_BINARY_PACKED,
            "conn_trace_id" => Encoding::DELTA_BYTE_ARRAY,
            // All differ here.
            "tls_handshake_latency" => Encoding::PLAIN,
            _ => Encoding::RLE_DICTIONARY,
        };
        assert!(encodings.contains(&expected), "{name}: {encodings:?}");
        assert_eq!(column.dictionary_page_offset().is_some(), expected == Encoding::RLE_DICTIONARY, "{name}");
    }
}

#[test]
fn the_embedded_schema_is_plain() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let unit = write(&lake, &[row(0)], &[], wide(10));
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&unit.files[0].staged).unwrap()).unwrap();
    assert_eq!(reader.schema().fields(), schema::arrow_schema(&schema::CONNECTIONS).fields());
    for field in reader.schema().fields() {
        assert!(!matches!(field.data_type(), DataType::Dictionary(..) | DataType::Utf8View | DataType::LargeUtf8), "{field}");
    }
}

#[test]
fn a_large_file_is_followed_by_a_numbered_one() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(LakeConfig { target_file_size: 1, ..config(&folder) }).unwrap();
    let rows: Vec<Row> = (0..25).map(row).collect();
    let unit = write(&lake, &rows, &[], wide(10));
    let names: Vec<_> = unit.files.iter().map(|file| file.target.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["part-u.parquet", "part-u-0001.parquet", "part-u-0002.parquet"]);
    assert_eq!(contents(&unit).into_values().collect::<Vec<_>>(), [rows]);
}

#[test]
fn many_partitions_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let days = 3 * super::super::parts::MAX_OPEN_FILES as u64;
    let day = |row: &Row| row.time.div_euclid(86_400_000_000).to_string();
    let rows: Vec<Row> =
        (0..days * 8).map(|number| Row { time: (number % days) as i64 * 86_400_000_000 + number as i64, ..row(number) }).collect();
    let unit = write(&lake, &rows, &[], Limits { rows: days as usize * 3, partitions: days as usize / 2, ..wide(1_000) });
    let mut read: Vec<Vec<Row>> = contents(&unit).into_values().collect();
    read.sort_by_key(|rows| rows[0].time);
    let mut expected: Vec<Vec<Row>> = by_folder(&rows, day).into_values().collect();
    expected.sort_by_key(|rows| rows[0].time);
    assert_eq!(read, expected);
}

#[test]
fn long_values_that_repeat_end_a_row_group_early() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let subject = Some("x".repeat(100_000));
    let rows: Vec<Row> = (0..40)
        .map(|number| {
            let mut row = row(number);
            row.certificate[0] = subject.clone();
            row
        })
        .collect();
    let unit = write(&lake, &rows, &[], Limits { row_group_text: 1 << 20, ..wide(1_000) });
    let sizes: Vec<i64> = metadata(&unit.files[0]).row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(sizes, [11, 11, 11, 7]);
    assert_eq!(contents(&unit).into_values().collect::<Vec<_>>(), [rows]);
}

#[test]
fn a_unit_can_be_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(LakeConfig { target_file_size: 1, ..config(&folder) }).unwrap();
    let rows: Vec<Row> = (0..50).map(row).collect();
    let mut first = lake.unit_with("u", testing::files().into(), wide(10)).unwrap();
    let (batch, dicts, first_lines) = testing::batch(&rows);
    first.append(&batch, &dicts, &first_lines).unwrap();
    let staging = lake.staging.join("u");
    assert!(staging.join("connections").exists());
    drop(first);
    assert!(!staging.exists());
    let unit = write(&lake, &rows[..10], &[], wide(10));
    assert_eq!(unit.files.len(), 1);
    assert_eq!(contents(&unit).into_values().collect::<Vec<_>>(), [&rows[..10]]);
    drop(unit);
    assert!(!staging.exists());
}

#[test]
fn rejected_lines_are_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let mut unit = lake.unit("u", testing::files().into()).unwrap();
    let fault = |field, reason| LineFault { field, reason };
    let rejected = |line, offset, fault, raw: &[u8]| RejectedLine { line, offset, fault, raw: raw.into() };
    let batch = ConnectionBatch {
        runs: vec![
            SourceRun { file: 2, offset: 1_000, ..SourceRun::default() },
            SourceRun { file: 3, first_rejected: 1, ..SourceRun::default() },
        ],
        rejected: vec![
            rejected(4, 70, fault(None, LineFaultReason::NotUtf8), b"\xff\x00"),
            rejected(0, 0, fault(Some(Field::ClientIp), LineFaultReason::InvalidIpAddress), b"x y"),
        ],
        ..ConnectionBatch::default()
    };
    unit.append(&batch, &Dictionaries::default(), &[11, 1]).unwrap();
    let unit = unit.finish().unwrap();
    assert_eq!(unit.files[0].target, PathBuf::from("rejected/part-u.parquet"));
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&unit.files[0].staged).unwrap()).unwrap().build().unwrap();
    let read = reader.next().unwrap().unwrap();
    assert_eq!(read.schema().fields(), schema::arrow_schema(&schema::REJECTED).fields());
    let text = |index: usize| read.column(index).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(text(0), [some("logs/2.log.gz"), some("logs/3.log.gz")]);
    assert_eq!(read.column(1).as_primitive::<Int64Type>().values(), &[15, 1]);
    assert_eq!(read.column(2).as_primitive::<Int64Type>().values(), &[1_070, 0]);
    assert_eq!(text(3), [None, some("client_ip")]);
    assert_eq!(text(4), [some("not-utf8"), some("invalid-ip-address")]);
    assert_eq!(read.column(5).as_binary::<i32>().iter().collect::<Vec<_>>(), [Some(&b"\xff\x00"[..]), Some(&b"x y"[..])]);
    assert_eq!(read.column(3).null_count(), 1);
}

#[test]
fn a_batch_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(config(&folder)).unwrap();
    let mut unit = lake.unit("u", testing::files().into()).unwrap();
    let (batch, dicts, _) = testing::batch(&[row(0)]);
    assert!(unit.append(&batch, &dicts, &[]).is_err());
    assert!(lake.unit("../u", testing::files().into()).is_err());
}
