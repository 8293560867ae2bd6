//! How fast this machine is on these logs: each stage alone on one core, and whole runs beside the floor, which is decompression alone.
//!
//! In: inputs of any size. Out: a [`Benchmark`], over a sample of them that is bounded and lies in the page cache. What is measured takes turns, round by
//! round, so that a busy moment of the machine meets all alike; and everybody must have counted the same, or there is no result.

mod sample;
mod stages;
#[cfg(test)]
mod tests;
mod tools;

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use tools::{Decompressor, Encoder, Written};

use super::control::Progress;
use super::{Control, convert, decompress, kernel, report};
use crate::config::{LakeConfig, ReadConfig};
use crate::error::{Error, Result};
use crate::open;
use crate::report::{Benchmark, Machine, Measured, Report, Spread};
use sample::Chosen;
use stages::{STAGES, Stages};

/// Settings of a benchmark.
#[derive(Clone, Debug)]
pub struct BenchConfig {
    /// Threads, kernel, limits. The time range is left open, and damaged files are left out, whatever it says of these.
    pub read: ReadConfig,
    /// Stored bytes to read in each round at most; of a single file that is larger, the first 16 MiB at least.
    pub sample_bytes: u64,
    /// Rounds.
    pub rounds: u32,
    /// A folder for what is written, which is removed again; the folder itself stays.
    pub scratch: PathBuf,
}

impl BenchConfig {
    /// 256 MiB: well over a gigabyte of text, and a minute or so for three rounds on two cores.
    pub const DEFAULT_SAMPLE_BYTES: u64 = 256 << 20;
    /// Three.
    pub const DEFAULT_ROUNDS: u32 = 3;

    /// The defaults, writing below `scratch`.
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        Self {
            read: ReadConfig::default(),
            sample_bytes: Self::DEFAULT_SAMPLE_BYTES,
            rounds: Self::DEFAULT_ROUNDS,
            scratch: scratch.into(),
        }
    }

    fn validate(&self) -> Result<()> {
        self.read.validate()?;
        match (self.sample_bytes, self.rounds) {
            (0, _) => Err(Error::Config("a sample of 0 bytes measures nothing".into())),
            (_, 0) => Err(Error::Config("0 rounds measure nothing".into())),
            _ => Ok(()),
        }
    }
}

/// The whole runs, in the order in which they are shown; the first is the floor.
const RUNS: [&str; 3] = ["decompression", "report", "convert"];
/// What takes turns in a round: those, and the stages.
const TURNS: usize = RUNS.len() + 1;
/// Text below which a figure is mostly the cost of starting.
const SMALL_SAMPLE: u64 = 64 << 20;
/// How many times the fastest round's time the slowest may take before that is worth a word.
const STEADY: f64 = 1.25;

/// What everybody has to agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    raw_bytes: u64,
    lines: u64,
    rows: u64,
    rejected: u64,
    blank: u64,
}

impl Counts {
    fn of(report: &Report) -> Self {
        let &Report { rows, rejected, blank, ref input, .. } = report;
        Self { raw_bytes: input.raw_bytes, lines: input.lines, rows, rejected, blank }
    }
}

/// What a round came to: seconds of each stage and of each whole run.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    stages: [f64; STAGES.len()],
    runs: [f64; RUNS.len()],
}

/// Measures how fast `inputs` are read, parsed, reported on and converted here.
///
/// Cost: the sample is decompressed once to find damaged files and to bring it into the page cache, then in every round once for the stages, once for
/// the floor, once for the report and once for the lake, which is written to `config.scratch` and removed.
///
/// # Errors
/// As [`fn@super::convert`]; where an input can be read once only (standard input, pipes); where no file of the sample is whole, or all are empty;
/// [`Error::Accounting`] where two stages count differently.
pub fn bench<S: AsRef<std::ffi::OsStr>>(inputs: &[S], config: &BenchConfig, control: &Control) -> Result<Benchmark> {
    let started = Instant::now();
    config.validate()?;
    let kernel = kernel(&config.read)?;
    let (chosen, read) = sample::choose(inputs, config)?;
    let progress = &control.progress;
    let turns = 1 + u64::from(config.rounds) * TURNS as u64;
    Progress::add(&progress.files_total, chosen.paths.len() as u64 * turns);
    Progress::add(&progress.stored_total, chosen.stored_bytes * turns);
    let chosen = chosen.check(&read, control)?;
    chosen.announce(progress);
    let mut course = Course { inputs: &chosen.paths, config, read: &read, control, counts: None, output_bytes: 0 };
    let mut rounds = Vec::new();
    for number in 0..config.rounds as usize {
        let mut round = Round::default();
        // Each round begins with another one, so that none always follows the same.
        for turn in (0..TURNS).map(|turn| (turn + number) % TURNS) {
            course.take_turn(turn, &mut round)?;
            chosen.announce(progress);
        }
        rounds.push(round);
    }
    let counts = course.counts.unwrap_or_default();
    let mut benchmark = figures(&rounds, counts, read.threads(), course.output_bytes);
    benchmark.machine =
        Machine { cpu: open::cpu_name(), cores: ReadConfig::default().threads() as u64, memory_bytes: open::available_memory() };
    kernel.name().clone_into(&mut benchmark.kernel);
    benchmark.notes = notes(&benchmark, &chosen);
    chosen.describe(&mut benchmark, config.sample_bytes);
    benchmark.peak_memory_bytes = open::peak_memory();
    benchmark.elapsed_s = started.elapsed().as_secs_f64();
    Ok(benchmark)
}

/// The rounds while they go on.
struct Course<'a> {
    inputs: &'a [OsString],
    config: &'a BenchConfig,
    read: &'a ReadConfig,
    control: &'a Control,
    counts: Option<Counts>,
    output_bytes: u64,
}

impl Course<'_> {
    /// One turn: 0 are the stages, the others the whole runs.
    fn take_turn(&mut self, turn: usize, round: &mut Round) -> Result<()> {
        let Some(run) = turn.checked_sub(1) else {
            let Stages { seconds, counts } = stages::measure(self.inputs, self.read, &self.folder("stages"), &self.control.of_part())?;
            round.stages = seconds;
            return self.agree("the stages", counts);
        };
        let control = self.control.of_part();
        let lake = LakeConfig::new(self.folder("lake"));
        let started = Instant::now();
        let report = match run {
            0 => decompress(self.inputs, self.read, &control),
            1 => report(self.inputs, self.read, &control),
            _ => convert(self.inputs, self.read, &lake, &control),
        };
        round.runs[run] = started.elapsed().as_secs_f64();
        let report = report.map_err(plain);
        if run == 2 {
            remove(&lake.out)?;
        }
        self.account(run, &report?)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.config.scratch.join(name)
    }

    /// Checks what a whole run has counted.
    fn account(&mut self, run: usize, report: &Report) -> Result<()> {
        if run == 0 {
            // It counts nothing but bytes.
            let known = self.counts.map_or(report.input.raw_bytes, |counts| counts.raw_bytes);
            return if report.input.raw_bytes == known { Ok(()) } else { Err(disagree(RUNS[0], &known, &report.input.raw_bytes)) };
        }
        if let Some(output) = &report.output {
            if output.rows != report.rows {
                return Err(disagree("the lake", &report.rows, &output.rows));
            }
            self.output_bytes = output.bytes;
        }
        self.agree(RUNS[run], Counts::of(report))
    }

    fn agree(&mut self, who: &str, counts: Counts) -> Result<()> {
        let known = *self.counts.get_or_insert(counts);
        if known == counts { Ok(()) } else { Err(disagree(who, &known, &counts)) }
    }
}

#[cold]
fn disagree(who: &str, known: &dyn std::fmt::Debug, counted: &dyn std::fmt::Debug) -> Error {
    Error::Accounting(format!("{who} counted {counted:?} where another stage counted {known:?}"))
}

/// The cause of what ended a run: nothing of it is kept, so there is nothing to go on with.
fn plain(error: Error) -> Error {
    match error {
        Error::Unfinished { cause, .. } => *cause,
        error => error,
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(folder, "removing", error)),
        _ => Ok(()),
    }
}

/// The rounds as figures.
fn figures(rounds: &[Round], counts: Counts, jobs: usize, output_bytes: u64) -> Benchmark {
    let measured = |name: &str, threads: usize, seconds: Spread| Measured {
        name: name.to_owned(),
        threads: threads as u64,
        seconds,
        raw_bytes_per_s: rate(counts.raw_bytes, seconds),
        rows_per_s: rate(counts.rows, seconds),
        ..Measured::default()
    };
    let stage = |(index, name): (usize, &&str)| measured(name, 1, Spread::of(rounds.iter().map(|round| round.stages[index])));
    let run = |(index, name): (usize, &&str)| Measured {
        next_to_floor: Some(Spread::of(rounds.iter().map(|round| round.runs[index] / round.runs[0].max(f64::MIN_POSITIVE)))),
        output_bytes: (index == 2).then_some(output_bytes),
        ..measured(name, jobs, Spread::of(rounds.iter().map(|round| round.runs[index])))
    };
    let mut benchmark = Benchmark {
        schema: Benchmark::SCHEMA.to_owned(),
        jobs: jobs as u64,
        rounds: rounds.len() as u64,
        stages: STAGES.iter().enumerate().map(stage).collect(),
        whole: RUNS.iter().enumerate().map(run).collect(),
        ..Benchmark::default()
    };
    let Counts { raw_bytes, lines, rows, rejected, blank } = counts;
    benchmark.sample = crate::report::Sample { raw_bytes, lines, rows, rejected, blank, ..benchmark.sample };
    benchmark
}

fn rate(amount: u64, seconds: Spread) -> f64 {
    if seconds.median > 0.0 { amount as f64 / seconds.median } else { 0.0 }
}

/// What somebody who reads the figures should know.
fn notes(benchmark: &Benchmark, chosen: &Chosen) -> Vec<String> {
    let sample = &benchmark.sample;
    let small = (sample.raw_bytes < SMALL_SAMPLE).then(|| {
        format!(
            "the sample has less than {} MiB of text: much of what is measured is the start of a run; give more logs",
            SMALL_SAMPLE >> 20
        )
    });
    let worst = benchmark.whole.iter().map(|run| run.seconds.max / run.seconds.min.max(f64::MIN_POSITIVE)).fold(1.0, f64::max);
    let unsteady = (worst > STEADY).then(|| {
        format!("the slowest round of a run took {worst:.2} times as long as its fastest: other work was going on; the fastest is nearer the truth")
    });
    let cut = chosen.cut.as_ref().map(|_| "the sample is the beginning of one file: more of a file, or more files, may differ".to_owned());
    [small, unsteady, cut].into_iter().flatten().collect()
}
