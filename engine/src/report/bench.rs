//! What `bench` measures: how fast each stage is on this machine, and what that comes to for an archive.

use serde::{Deserialize, Serialize};

use super::FailedFile;

/// The result of a benchmark. The JSON form is versioned like [`Report`](super::Report)'s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// [`Benchmark::SCHEMA`].
    pub schema: String,
    /// What it ran on.
    pub machine: Machine,
    /// The scan kernel that ran.
    pub kernel: String,
    /// Threads of the whole runs; every stage alone has one.
    pub jobs: u64,
    /// Rounds measured, after one that is not.
    pub rounds: u64,
    /// What was read, in each of them.
    pub sample: Sample,
    /// How many files of the sample are damaged; they are no part of it.
    pub failed: u64,
    /// The first [`Report::MAX_LISTED_FILES`](super::Report::MAX_LISTED_FILES) of them by name.
    pub failed_files: Vec<FailedFile>,
    /// Each stage alone, on one core, in the order of the flow.
    pub stages: Vec<Measured>,
    /// Whole runs with [`Benchmark::jobs`] threads: decompression alone first, which is the floor, then `report` and `convert`.
    pub whole: Vec<Measured>,
    /// What the whole runs come to for an archive.
    pub projection: Projection,
    /// What limits the figures, each in a sentence; usually empty.
    pub notes: Vec<String>,
    /// The most memory that the process held at one time, in bytes; `None` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
    /// Wall-clock seconds of it all.
    pub elapsed_s: f64,
}

impl Benchmark {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.bench/1";

    /// Whether every file of the sample could be read.
    pub fn is_clean(&self) -> bool {
        self.failed == 0
    }

    /// Sets what the whole runs come to for `stored_bytes` of an archive like the sample, and what that costs where an hour of the machine costs
    /// `price_per_hour`.
    pub fn project(&mut self, stored_bytes: f64, price_per_hour: Option<f64>) {
        let times = if self.sample.stored_bytes == 0 { 0.0 } else { stored_bytes / self.sample.stored_bytes as f64 };
        let run = |measured: &Measured| {
            let seconds = measured.seconds.median * times;
            ProjectedRun { name: measured.name.clone(), seconds, cost_usd: price_per_hour.map(|price| price * seconds / 3_600.0) }
        };
        let runs = self.whole.iter().map(run).collect();
        self.projection = Projection { stored_bytes, raw_bytes: self.sample.raw_bytes as f64 * times, price_per_hour, runs };
    }
}

/// A machine, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name; `None` where the system does not say.
    pub cpu: Option<String>,
    /// Cores that the process may use.
    pub cores: u64,
    /// Bytes of memory that it may use; likewise.
    pub memory_bytes: Option<u64>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Stored bytes that a sample may have.
    pub limit_bytes: u64,
    /// Files read.
    pub files: u64,
    /// Their bytes as stored.
    pub stored_bytes: u64,
    /// Of so many files that the inputs hold.
    pub of_files: u64,
    /// And so many bytes.
    pub of_stored_bytes: u64,
    /// The one file of which only the beginning is read, since it is larger than the sample may be.
    pub cut: Option<String>,
    /// Bytes of their text.
    pub raw_bytes: u64,
    /// Lines in it: `lines = rows + rejected + blank`.
    pub lines: u64,
    /// Lines that became rows.
    pub rows: u64,
    /// Lines that were rejected.
    pub rejected: u64,
    /// Blank lines.
    pub blank: u64,
}

/// One stage, or one whole run, over the sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// `decompress`, `scan`, `parse`, `aggregate`, `encode`; `decompression`, `report`, `convert`.
    pub name: String,
    /// Threads.
    pub threads: u64,
    /// How long it took.
    pub seconds: Spread,
    /// Bytes of text in a second, by the median.
    pub raw_bytes_per_s: f64,
    /// Rows in a second, likewise.
    pub rows_per_s: f64,
    /// How many times as long as the floor in the same round; `None` for a stage, and 1 for the floor itself.
    pub next_to_floor: Option<Spread>,
    /// Bytes of Parquet written, where it writes any.
    pub output_bytes: Option<u64>,
}

/// A figure over the rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The one in the middle; of an even number of rounds, the mean of the two there.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of these figures; all 0 without any.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (figures.first(), figures.last()) else { return Self::default() };
        let median = (figures[(figures.len() - 1) / 2] + figures[figures.len() / 2]) / 2.0;
        Self { median, min, max }
    }
}

/// What the whole runs come to for an archive of which the sample is typical.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The archive's bytes as stored.
    pub stored_bytes: f64,
    /// Bytes of its text, if it compresses as the sample does.
    pub raw_bytes: f64,
    /// What an hour of the machine costs in US dollars; `None` where that was not given.
    pub price_per_hour: Option<f64>,
    /// Each whole run.
    pub runs: Vec<ProjectedRun>,
}

/// A whole run over the archive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectedRun {
    /// As in [`Benchmark::whole`].
    pub name: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// What they cost in US dollars; `None` without a price.
    pub cost_usd: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(Spread::of([4.0, 1.0]), Spread { median: 2.5, min: 1.0, max: 4.0 });
        assert_eq!(Spread::of([]), Spread::default());
    }

    #[test]
    fn a_projection_is_in_proportion() {
        let seconds = Spread { median: 2.0, min: 1.0, max: 3.0 };
        let mut benchmark = Benchmark {
            sample: Sample { stored_bytes: 500, raw_bytes: 2_500, ..Sample::default() },
            whole: vec![Measured { name: "report".into(), seconds, ..Measured::default() }],
            ..Benchmark::default()
        };
        benchmark.project(1_800_000.0, Some(0.5));
        let Projection { raw_bytes, runs, .. } = &benchmark.projection;
        assert_eq!((*raw_bytes, runs[0].seconds, runs[0].cost_usd), (9_000_000.0, 7_200.0, Some(1.0)));
        benchmark.project(0.0, None);
        assert_eq!(benchmark.projection.runs[0].cost_usd, None);
    }
}
