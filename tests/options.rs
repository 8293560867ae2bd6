//! Options of `convert` that change the files, not the values: codecs, partitions, sizes, provenance; and what the files promise readers.

use std::fs::File;
use std::path::Path;

use parquet::basic::Compression;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::support::expected::Expected;
use crate::support::lake::{Part, assert_holds, table};
use crate::support::values::{CONNECTIONS, connection};
use crate::support::{convert, folder, logs};

fn soiled_logs(folder: &Path) -> Expected {
    logs::generate(folder, 3, 1_500, 2, 71);
    Expected::of_folder(folder)
}

fn open(part: &Part) -> SerializedFileReader<File> {
    SerializedFileReader::new(File::open(&part.path).unwrap()).unwrap()
}

#[test]
fn both_writers_write_the_same_rows() {
    let (input, out) = (folder(), folder());
    let expected = soiled_logs(input.path());
    for writer in ["pages", "arrow"] {
        let lake = out.path().join(writer);
        convert(input.path(), &lake, &["--writer", writer]).exits(3);
        assert_holds(&lake, &expected);
    }
}

#[test]
fn every_codec_is_the_one_asked_for() {
    let (input, out) = (folder(), folder());
    let expected = soiled_logs(input.path());
    type IsIt = fn(Compression) -> bool;
    let codecs: [(&str, IsIt); 6] = [
        ("zstd:1", |codec| matches!(codec, Compression::ZSTD(_))),
        ("zstd:3", |codec| matches!(codec, Compression::ZSTD(_))),
        ("zstd:19", |codec| matches!(codec, Compression::ZSTD(_))),
        ("snappy", |codec| codec == Compression::SNAPPY),
        ("lz4", |codec| codec == Compression::LZ4_RAW),
        ("none", |codec| codec == Compression::UNCOMPRESSED),
    ];
    let mut sizes = Vec::new();
    for (name, is_it) in codecs {
        let lake = out.path().join(name);
        convert(input.path(), &lake, &["--compression", name]).exits(3);
        assert_holds(&lake, &expected);
        let parts = table(&lake, "connections");
        for part in &parts {
            let metadata = open(part);
            let columns = metadata.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
            columns.for_each(|column| assert!(is_it(column.compression()), "{name}: {:?}", column.compression()));
        }
        sizes.push(parts.iter().map(|part| part.path.metadata().unwrap().len()).sum::<u64>());
    }
    assert!(sizes[2] < sizes[0] && sizes[0] < sizes[5], "the level reaches the codec: {sizes:?}");
}

#[test]
fn row_groups_and_files_keep_their_sizes() {
    let (input, out) = (folder(), folder());
    let expected = soiled_logs(input.path());
    let lake = out.path().join("groups");
    convert(input.path(), &lake, &["--row-group-rows", "500", "--partition", "none"]).exits(3);
    assert_holds(&lake, &expected);
    let parts = table(&lake, "connections");
    let rows: Vec<i64> = parts.iter().flat_map(|part| open(part).metadata().row_groups().to_vec()).map(|group| group.num_rows()).collect();
    assert!(rows.iter().all(|rows| *rows <= 500), "{rows:?}");
    assert!(rows.len() >= 3 && rows.len() <= expected.rows().count() / 500 + parts.len(), "groups are filled: {rows:?}");
    let lake = out.path().join("files");
    convert(input.path(), &lake, &["--target-file-size", "64KiB", "--row-group-rows", "500", "--partition", "none"]).exits(3);
    assert_holds(&lake, &expected);
    assert!(table(&lake, "connections").len() > parts.len(), "a small target makes more files");
}

#[test]
fn partitions_are_folders_or_none() {
    let (input, out) = (folder(), folder());
    let expected = soiled_logs(input.path());
    let lake = out.path().join("with");
    convert(input.path(), &lake, &["--partition", "account,region,day"]).exits(3);
    assert_holds(&lake, &expected);
    let parts = table(&lake, "connections");
    assert!(parts.iter().all(|part| part.partition.len() == 3));
    let lake = out.path().join("without");
    convert(input.path(), &lake, &["--partition", "none"]).exits(3);
    assert_holds(&lake, &expected);
    let flat = table(&lake, "connections");
    assert!(flat.iter().all(|part| part.path.parent() == Some(&lake.join("connections"))));
}

#[test]
fn provenance_can_be_left_out() {
    let (input, out) = (folder(), folder());
    let path = logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(300)));
    let lake = out.path().join("lake");
    convert(&path, &lake, &["--no-provenance", "--partition", "none"]).exits(0);
    let parts = table(&lake, "connections");
    let names: Vec<&str> = parts[0].schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, CONNECTIONS[..19].iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let expected = Expected::of_folder(input.path());
    let want: Vec<_> = expected.rows().map(|(object, row)| connection(row, object)[..19].to_vec()).collect();
    let got: Vec<_> = parts.into_iter().flat_map(|part| part.rows).collect();
    assert!(got == want);
}

/// What engines prune by: statistics of every column in every row group, and the page index.
#[test]
fn statistics_and_page_index_are_there() {
    let (input, out) = (folder(), folder());
    soiled_logs(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    for part in table(&lake, "connections") {
        let reader = open(&part);
        for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
            let name = column.column_path().string();
            let statistics = column.statistics().unwrap_or_else(|| panic!("{name} has no statistics"));
            let empty = statistics.null_count_opt() == Some(column.num_values() as u64);
            assert!(statistics.null_count_opt().is_some(), "{name} has no count of NULLs");
            assert!(empty || (statistics.min_bytes_opt().is_some() && statistics.max_bytes_opt().is_some()), "{name} has no bounds");
            assert!(column.column_index_offset().is_some() && column.offset_index_offset().is_some(), "{name} has no page index");
        }
    }
}

/// Nothing is left of how the files were made: no staging, no temporary name.
#[test]
fn a_finished_lake_is_tidy() {
    let (input, out) = (folder(), folder());
    soiled_logs(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    let mut top: Vec<_> = std::fs::read_dir(&lake).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    top.sort();
    assert_eq!(top, ["_SUCCESS", "_tlslake", "connections", "failures_hourly", "latency_hourly", "rejected"]);
    let staging = lake.join("_tlslake/staging");
    assert!(!staging.exists() || std::fs::read_dir(staging).unwrap().next().is_none(), "staging is empty");
    for name in ["connections", "failures_hourly", "latency_hourly", "rejected"] {
        for path in crate::support::expected::files_under(&lake.join(name)) {
            let file = path.file_name().unwrap().to_str().unwrap();
            assert!(file.starts_with("part-") && file.ends_with(".parquet"), "{}", path.display());
        }
    }
}
