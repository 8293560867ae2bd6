//! Bytes per second of each stage alone, over generated text: scan per kernel, columns, aggregates, and the whole run on gzipped files.
//!
//! `cargo bench` runs all; `cargo bench -- scan` one. Every bench checks its line count first: a fast wrong answer is no result.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tlslake_datasets::Generate;
use tlslake_engine::aggregate::Aggregates;
use tlslake_engine::columns::Parser;
use tlslake_engine::config::ReadConfig;
use tlslake_engine::run::{self, Control};
use tlslake_engine::scan::{self, Kernel, Structure};

const LINES: u64 = 50_000;

/// Generated files in a folder that goes with the value.
fn logs(files: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Generate::new(folder.path(), files, LINES).run(|_| ()).expect("logs are generated");
    folder
}

/// The text of one generated file.
fn text() -> Vec<u8> {
    let folder = logs(1);
    let file = walkdir::WalkDir::new(folder.path()).into_iter().flatten().find(|entry| entry.file_type().is_file());
    let stored = std::fs::File::open(file.expect("one file").path()).expect("it opens");
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(stored), &mut text).expect("it inflates");
    text
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

fn scan_text(bench: &mut Criterion) {
    let text = text();
    let mut group = bench.benchmark_group("scan");
    group.throughput(Throughput::Bytes(text.len() as u64));
    // As the parser does: blocks that stay in the cache.
    let blocks: Vec<&[u8]> =
        text.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>().chunks(700).map(|lines| joined(&text, lines)).collect();
    for kernel in kernels() {
        let mut structure = Structure::default();
        let mut lines = || -> usize {
            let count = |block: &&[u8]| {
                scan::scan(kernel, block, &mut structure);
                structure.lines().len()
            };
            blocks.iter().map(count).sum()
        };
        assert_eq!(lines(), LINES as usize);
        group.bench_function(kernel.name(), |bencher| bencher.iter(|| black_box(lines())));
    }
}

/// The stretch of `text` that consecutive `lines` of it cover.
fn joined<'a>(text: &'a [u8], lines: &[&[u8]]) -> &'a [u8] {
    let start = lines[0].as_ptr() as usize - text.as_ptr() as usize;
    let length: usize = lines.iter().map(|line| line.len()).sum();
    &text[start..start + length]
}

fn columns(bench: &mut Criterion) {
    let text = text();
    let mut group = bench.benchmark_group("columns");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for kernel in kernels() {
        let mut parser = Parser::new(kernel, None, None);
        let mut rows = || {
            parser.begin();
            parser.parse(0, 0, &text);
            parser.batch().rows()
        };
        assert_eq!(rows(), LINES as usize);
        group.bench_function(kernel.name(), |bencher| bencher.iter(|| black_box(rows())));
    }
}

fn aggregates(bench: &mut Criterion) {
    let text = text();
    let mut parser = Parser::new(Kernel::best(), None, None);
    parser.begin();
    parser.parse(0, 0, &text);
    let mut group = bench.benchmark_group("aggregates");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("report", |bencher| {
        bencher.iter(|| {
            let mut aggregates = Aggregates::default();
            aggregates.observe(parser.batch(), parser.dictionaries());
            black_box(aggregates)
        });
    });
}

fn end_to_end(bench: &mut Criterion) {
    let folder = logs(8);
    let read = ReadConfig { jobs: 1, ..ReadConfig::default() };
    let report = || run::report(&[folder.path()], &read, &Control::default()).expect("the logs are whole");
    let first = report();
    assert_eq!((first.rows, first.rejected), (8 * LINES, 0));
    let mut group = bench.benchmark_group("end to end");
    group.sample_size(10).throughput(Throughput::Bytes(first.input.raw_bytes));
    group.bench_function("report, one thread", |bencher| bencher.iter(|| black_box(report().rows)));
}

criterion_group!(stages, scan_text, columns, aggregates, end_to_end);
criterion_main!(stages);
