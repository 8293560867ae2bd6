//! One stage at a time, so many times over: what `scripts/instructions` counts the processor's instructions of.
//!
//! `instructions generate FOLDER` writes the logs; `instructions STAGE TIMES FOLDER` sends them through a stage. The difference between two runs of
//! which one goes through it once more is what the stage costs, whatever went before it. So that it is the same every time, all is done on one
//! thread, with a kernel and a memory ceiling that do not depend on the machine, with the system's allocator, and in order of the names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlslake_datasets::Generate;
use tlslake_engine::aggregate::Aggregates;
use tlslake_engine::columns::Parser;
use tlslake_engine::config::{LakeConfig, ReadConfig};
use tlslake_engine::discover::{self, InputFile, Lakes};
use tlslake_engine::run::{self, Control, Decompressor, Encoder};
use tlslake_engine::scan::{self, Kernel, Structure};

const FILES: u32 = 4;
const LINES: u64 = 6_000;
/// What can be counted.
const STAGES: [&str; 7] = ["decompress", "scan", "parse", "aggregate", "encode", "report", "convert"];
/// The best that valgrind knows.
const KERNEL: Kernel = Kernel::Avx2;
const USAGE: &str = "usage: instructions generate FOLDER | instructions STAGE TIMES FOLDER | instructions stages";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["stages"] => say(&STAGES.join("\n")),
        ["generate", folder] => Generate::new(folder, FILES, LINES).run(|_| ()).map(|_| ()).map_err(Into::into),
        [stage, times, folder] => {
            // A pool of this thread alone: columns are encoded in whatever pool there is.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build()?;
            let (stage, times, folder) = (stage.to_owned(), times.parse()?, folder.to_owned());
            pool.install(|| count(&stage, times, Path::new(&folder)).map_err(|error| error.to_string()))?;
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

fn say(text: &str) -> Outcome<()> {
    Ok(std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{text}\n"))?)
}

/// Goes through `stage` so many times, and checks each time that no row is missing.
fn count(stage: &str, times: usize, folder: &Path) -> Outcome<()> {
    let rows = u64::from(FILES) * LINES;
    let mut stage = Stage::prepare(stage, folder)?;
    for number in 0..times {
        let counted = stage.go_through(number)?;
        if counted != rows {
            return Err(format!("{counted} rows of {rows}").into());
        }
    }
    Ok(())
}

/// A stage with what comes before it done.
struct Stage {
    name: String,
    folder: PathBuf,
    files: Arc<[InputFile]>,
    stored: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
    decompressor: Decompressor,
    structure: Structure,
    parsers: Vec<Parser>,
}

impl Stage {
    fn prepare(name: &str, folder: &Path) -> Outcome<Self> {
        if !KERNEL.is_available() {
            return Err(format!("this processor has no {}", KERNEL.name()).into());
        }
        let files: Arc<[InputFile]> = discover::discover(&[folder], Lakes::Refuse)?.files.into();
        let stored = files.iter().map(|file| std::fs::read(file.object.to_string())).collect::<Result<Vec<_>, _>>()?;
        let mut decompressor = Decompressor::default();
        let texts = stored.iter().map(|stored| decompressor.whole(stored).map(<[u8]>::to_vec)).collect::<Result<Vec<_>, _>>()?;
        let parsers = texts.iter().enumerate().map(|(file, text)| parsed(file as u32, text)).collect();
        let structure = Structure::default();
        Ok(Self { name: name.to_owned(), folder: folder.to_owned(), files, stored, texts, decompressor, structure, parsers })
    }

    /// Gives the rows that were counted.
    fn go_through(&mut self, number: usize) -> Outcome<u64> {
        let read = ReadConfig { jobs: 1, kernel: Some(KERNEL), memory: 1 << 30, ..ReadConfig::default() };
        match self.name.as_str() {
            "decompress" => self.decompress(),
            "scan" => Ok(self.texts.iter().map(|text| scanned(text, &mut self.structure)).sum()),
            "parse" => Ok(self.parse()),
            "aggregate" => Ok(self.aggregate()),
            "encode" => self.encode(&self.folder.with_file_name(format!("encoded-{number}"))),
            "report" => Ok(run::report(&[&self.folder], &read, &Control::default())?.rows),
            "convert" => {
                let lake = LakeConfig::new(self.folder.with_file_name(format!("lake-{number}")));
                Ok(run::convert(&[&self.folder], &read, &lake, &Control::default())?.output.map_or(0, |output| output.rows))
            }
            other => Err(format!("{other} is no stage: {}", STAGES.join(", ")).into()),
        }
    }

    fn decompress(&mut self) -> Outcome<u64> {
        let mut bytes = 0;
        for stored in &self.stored {
            bytes += self.decompressor.whole(stored)?.len();
        }
        let is_whole = bytes == self.texts.iter().map(Vec::len).sum::<usize>();
        Ok(if is_whole { u64::from(FILES) * LINES } else { 0 })
    }

    fn parse(&mut self) -> u64 {
        let parse = |(file, (parser, text)): (usize, (&mut Parser, &Vec<u8>))| {
            parser.begin();
            parser.parse(file as u32, 0, text);
            parser.batch().rows() as u64
        };
        self.parsers.iter_mut().zip(&self.texts).enumerate().map(parse).sum()
    }

    fn aggregate(&self) -> u64 {
        let mut aggregates = Aggregates::default();
        self.parsers.iter().for_each(|parser| aggregates.observe(parser.batch(), parser.dictionaries()));
        let mut report = tlslake_engine::report::Report::default();
        aggregates.fill(&mut report);
        let outcomes = report.outcomes;
        outcomes.success + outcomes.failed + outcomes.no_verdict_http + outcomes.no_verdict_tls + outcomes.other
    }

    fn encode(&self, out: &Path) -> Outcome<u64> {
        let mut encoder = Encoder::new(out, self.files.clone())?;
        for parser in &self.parsers {
            encoder.append(parser.batch(), parser.dictionaries(), &[1])?;
        }
        Ok(encoder.finish()?.rows)
    }
}

fn parsed(file: u32, text: &[u8]) -> Parser {
    let mut parser = Parser::new(KERNEL, None, None);
    parser.begin();
    parser.parse(file, 0, text);
    parser
}

/// Scans block by block, as the parser does; gives the lines.
fn scanned(text: &[u8], structure: &mut Structure) -> u64 {
    const BLOCK: usize = 256 << 10;
    let (mut lines, mut rest) = (0, text);
    while !rest.is_empty() {
        let end = rest.get(BLOCK..).and_then(|more| more.iter().position(|&byte| byte == b'\n')).map_or(rest.len(), |at| BLOCK + at + 1);
        scan::scan(KERNEL, &rest[..end], structure);
        lines += structure.lines().len() as u64;
        rest = &rest[end..];
    }
    lines
}
