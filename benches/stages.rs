//! Bytes of text per second of each stage alone, over generated logs: decompression, scan per kernel, single fields, columns, aggregates, encoding;
//! then whole runs on gzipped files.
//!
//! `cargo bench` runs all; `cargo bench -- scan` one. Every bench checks what it counts first: a fast wrong answer is no result. The tests run each of
//! them once, over few lines. For logs of your own, and without Rust: `tlslake bench`.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tlslake_datasets::Generate;
use tlslake_engine::aggregate::Aggregates;
use tlslake_engine::columns::Parser;
use tlslake_engine::config::{LakeConfig, ReadConfig};
use tlslake_engine::discover::{self, InputFile, Lakes};
use tlslake_engine::fields::{self, TimeReader};
use tlslake_engine::report::Report;
use tlslake_engine::run::{self, Control, Decompressor, Encoder};
use tlslake_engine::scan::{self, Kernel, Structure};

/// Lines in a file: few where it only matters that the benches work.
fn lines() -> u64 {
    let is = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if is("--bench") && !is("--test") { 50_000 } else { 2_000 }
}

/// Generated files in a folder that goes with the value.
fn logs(files: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Generate::new(folder.path(), files, lines()).run(|_| ()).expect("logs are generated");
    folder
}

/// One generated file: as found, as stored, and its text.
fn log() -> (tempfile::TempDir, Arc<[InputFile]>, Vec<u8>, Vec<u8>) {
    let folder = logs(1);
    let files: Arc<[InputFile]> = discover::discover(&[folder.path()], Lakes::Refuse).expect("it is found").files.into();
    let stored = std::fs::read(files[0].object.to_string()).expect("it is read");
    let text = Decompressor::default().whole(&stored).expect("it inflates").to_vec();
    (folder, files, stored, text)
}

fn text() -> Vec<u8> {
    log().3
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

fn group<'a>(bench: &'a mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = bench.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

fn decompress(bench: &mut Criterion) {
    let (_folder, _, gzip, text) = log();
    let zstd = zstd::encode_all(&text[..], 3).expect("memory is written to");
    let mut group = group(bench, "decompress", text.len());
    let mut tools = Decompressor::default();
    for (name, stored) in [("gzip, whole", &gzip), ("zstd, whole", &zstd)] {
        assert!(tools.whole(stored).is_ok_and(|whole| whole == text), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| tools.whole(black_box(stored)).map(<[u8]>::len)));
    }
    for (name, stored) in [("gzip, as a stream", &gzip), ("zstd, as a stream", &zstd)] {
        assert_eq!(tools.stream(stored), Ok(text.len() as u64), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| tools.stream(black_box(stored))));
    }
}

fn scan_text(bench: &mut Criterion) {
    let text = text();
    let mut group = group(bench, "scan", text.len());
    // As the parser does: blocks that stay in the cache.
    let blocks: Vec<&[u8]> =
        text.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>().chunks(700).map(|lines| joined(&text, lines)).collect();
    for kernel in kernels() {
        let mut structure = Structure::default();
        let mut count_lines = || -> usize {
            let count = |block: &&[u8]| {
                scan::scan(kernel, block, &mut structure);
                structure.lines().len()
            };
            blocks.iter().map(count).sum()
        };
        assert_eq!(count_lines(), lines() as usize);
        group.bench_function(kernel.name(), |bencher| bencher.iter(|| black_box(count_lines())));
    }
}

/// The stretch of `text` that consecutive `lines` of it cover.
fn joined<'a>(text: &'a [u8], lines: &[&[u8]]) -> &'a [u8] {
    let start = lines[0].as_ptr() as usize - text.as_ptr() as usize;
    let length: usize = lines.iter().map(|line| line.len()).sum();
    &text[start..start + length]
}

/// Readers of one field, over that field of every line: bytes are the fields' own.
fn single_fields(bench: &mut Criterion) {
    let text = text();
    let mut time = TimeReader::default();
    field(bench, &text, "time", 0, lines(), |field| time.read(field).is_some());
    field(bench, &text, "ip address", 1, lines(), fields::is_ip_address);
    field(bench, &text, "port", 2, lines(), |field| fields::port(field).is_some());
    let has_latency = |line: &&[u8]| line.split(|&byte| byte == b' ').nth(6) != Some(&b"-"[..]);
    let measured = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).filter(has_latency).count();
    field(bench, &text, "latency", 6, measured as u64, |field| fields::latency_seconds(field).is_some_and(|seconds| !seconds.is_nan()));
}

fn field(bench: &mut Criterion, text: &[u8], name: &str, index: usize, expected: u64, mut is_value: impl FnMut(&[u8]) -> bool) {
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let all: Vec<&[u8]> = lines.filter_map(|line| line.split(|&byte| byte == b' ').nth(index)).collect();
    let mut count = || all.iter().filter(|field| is_value(field)).count();
    assert_eq!(count() as u64, expected, "{name}");
    let mut group = group(bench, "fields", all.iter().map(|field| field.len()).sum());
    group.bench_function(name, |bencher| bencher.iter(|| black_box(count())));
}

/// A parser with the text in its batch.
fn parsed(kernel: Kernel, text: &[u8]) -> Parser {
    let mut parser = Parser::new(kernel, None, None);
    parser.begin();
    parser.parse(0, 0, text);
    assert_eq!(parser.batch().rows(), lines() as usize);
    parser
}

fn columns(bench: &mut Criterion) {
    let text = text();
    let mut group = group(bench, "columns", text.len());
    for kernel in kernels() {
        let mut parser = parsed(kernel, &text);
        let mut rows = || {
            parser.begin();
            parser.parse(0, 0, &text);
            parser.batch().rows()
        };
        group.bench_function(kernel.name(), |bencher| bencher.iter(|| black_box(rows())));
    }
}

fn aggregate(bench: &mut Criterion) {
    let text = text();
    let parser = parsed(Kernel::best(), &text);
    let observed = || {
        let mut aggregates = Aggregates::default();
        aggregates.observe(parser.batch(), parser.dictionaries());
        aggregates
    };
    let mut report = Report::default();
    observed().fill(&mut report);
    let outcomes = report.outcomes;
    assert_eq!(outcomes.success + outcomes.failed + outcomes.no_verdict_http + outcomes.no_verdict_tls + outcomes.other, lines());
    let mut group = group(bench, "aggregate", text.len());
    group.bench_function("report", |bencher| bencher.iter(|| black_box(observed())));
}

/// To Parquet, on one core, written to a temporary folder and synced.
fn encode(bench: &mut Criterion) {
    let (_folder, files, _, text) = log();
    let parser = parsed(Kernel::best(), &text);
    let out = tempfile::tempdir().expect("a temporary folder");
    let begin = || Encoder::new(&out.path().join("lake"), files.clone()).expect("a lake is begun");
    let write = |mut encoder: Encoder| {
        encoder.append(parser.batch(), parser.dictionaries(), &[1]).expect("rows are taken");
        encoder.finish().expect("rows are written").rows
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| assert_eq!(write(begin()), lines()));
    let mut group = group(bench, "encode", text.len());
    group.sample_size(20);
    group.bench_function("Parquet", |bencher| pool.install(|| bencher.iter_batched(begin, write, BatchSize::PerIteration)));
}

fn end_to_end(bench: &mut Criterion) {
    let (folder, out) = (logs(8), tempfile::tempdir().expect("a temporary folder"));
    let read = ReadConfig { jobs: 1, ..ReadConfig::default() };
    let inputs: &[&Path] = &[folder.path()];
    let floor = || run::decompress(inputs, &read, &Control::default()).expect("the logs are whole").input.raw_bytes;
    let report = || run::report(inputs, &read, &Control::default()).expect("the logs are whole");
    let lake = LakeConfig::new(out.path().join("lake"));
    let remove = || std::fs::remove_dir_all(&lake.out).unwrap_or(());
    let convert = |()| run::convert(inputs, &read, &lake, &Control::default()).expect("the lake is written");
    let first = report();
    assert_eq!((first.rows, first.rejected, first.input.raw_bytes), (8 * lines(), 0, floor()));
    assert_eq!(convert(()).output.map(|output| output.rows), Some(8 * lines()));
    let mut group = bench.benchmark_group("end to end");
    group.sample_size(10).throughput(Throughput::Bytes(first.input.raw_bytes));
    group.bench_function("decompression alone, one thread", |bencher| bencher.iter(|| black_box(floor())));
    group.bench_function("report, one thread", |bencher| bencher.iter(|| black_box(report().rows)));
    group.bench_function("convert, one thread", |bencher| {
        bencher.iter_batched(remove, convert, BatchSize::PerIteration);
    });
}

criterion_group!(stages, decompress, scan_text, single_fields, columns, aggregate, encode, end_to_end);
criterion_main!(stages);
