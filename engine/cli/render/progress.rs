//! Progress on stderr while a job runs.
//!
//! In: counters that the job's threads raise. Out: a bar on a terminal, or one line every few seconds elsewhere. The job is never
//! slowed down: the counters are read from a thread of their own, a few times a second.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tlslake_engine::run::Progress;

use super::number::{bytes, count, duration, share};
use crate::flags::ProgressMode;

/// How often the bar is drawn anew.
const BAR_EVERY: Duration = Duration::from_millis(120);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Estimates made earlier than this jump about.
const ESTIMATE_AFTER: Duration = Duration::from_secs(1);
/// The network's speed is that of so long.
const SPEED_OVER: Duration = Duration::from_secs(1);

/// Something whose progress can be read at any time.
pub(crate) trait Gauge: Sync {
    /// How far it is now.
    fn read(&self) -> Reading;
}

/// A moment of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Stored bytes read, and of how many; `None` where bytes are not counted, 0 of them where the total is not known.
    bytes: Option<(u64, u64)>,
    /// Files done, and of how many.
    files: (u64, u64),
    /// Rows so far; `None` where rows are not counted.
    rows: Option<u64>,
    /// What came from object stores.
    network: Network,
}

/// A moment of what comes from object stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Network {
    /// Bytes so far.
    bytes: u64,
    /// Requests under way.
    in_flight: u64,
    /// What threads that parse have waited for bytes, added up.
    waited: Duration,
}

impl Reading {
    /// Work done, and all of it (0: not known).
    fn position(&self) -> (u64, u64) {
        self.bytes.unwrap_or(self.files)
    }
}

impl Gauge for Progress {
    fn read(&self) -> Reading {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Reading {
            bytes: Some((now(&self.stored_done), now(&self.stored_total))),
            files: (now(&self.files_done), now(&self.files_total)),
            rows: Some(now(&self.rows)),
            network: Network {
                bytes: now(&self.network.bytes),
                in_flight: now(&self.network.in_flight),
                waited: Duration::from_nanos(now(&self.network.waited_ns)),
            },
        }
    }
}

/// Progress over files that are read several times: rows that are counted each time tell nothing.
#[derive(Debug)]
pub(crate) struct Passes<'a>(pub(crate) &'a Progress);

impl Gauge for Passes<'_> {
    fn read(&self) -> Reading {
        Reading { rows: None, ..self.0.read() }
    }
}

/// Progress that counts files alone.
#[derive(Debug)]
pub(crate) struct FilesDone {
    /// Files done.
    pub(crate) done: AtomicU64,
    /// Of how many.
    pub(crate) total: u64,
}

impl Gauge for FilesDone {
    fn read(&self) -> Reading {
        Reading { files: (self.done.load(Ordering::Relaxed), self.total), ..Reading::default() }
    }
}

/// Does `work` and shows meanwhile what `gauge` reads.
pub(crate) fn watch<T>(mode: ProgressMode, gauge: &impl Gauge, work: impl FnOnce() -> T) -> T {
    let Some(display) = Display::choose(mode, io::stderr().is_terminal()) else { return work() };
    thread::scope(|scope| {
        let (working, finished) = mpsc::channel::<()>();
        // Without a thread to spare the job runs unwatched.
        let _ = thread::Builder::new().name("progress".to_owned()).spawn_scoped(scope, move || follow(&display, gauge, &finished));
        let result = work();
        drop(working);
        result
    })
}

/// Shows readings until the job's end of the channel is dropped.
fn follow(display: &Display, gauge: &impl Gauge, finished: &Receiver<()>) {
    let (start, mut speed) = (Instant::now(), Speed::default());
    while finished.recv_timeout(display.interval()) == Err(RecvTimeoutError::Timeout) {
        let (reading, elapsed) = (gauge.read(), start.elapsed());
        display.show(reading, speed.at(reading.network.bytes, elapsed), elapsed);
    }
    display.close(gauge.read(), start.elapsed());
}

/// Bytes a second of late: over a second at least, for bytes come in bursts.
#[derive(Debug, Default)]
struct Speed {
    /// The moment before, and what had come by then.
    before: (Duration, u64),
    bytes_per_second: f64,
}

impl Speed {
    fn at(&mut self, bytes: u64, elapsed: Duration) -> f64 {
        let span = elapsed.saturating_sub(self.before.0);
        if span >= SPEED_OVER {
            self.bytes_per_second = bytes.saturating_sub(self.before.1) as f64 / span.as_secs_f64();
            self.before = (elapsed, bytes);
        }
        self.bytes_per_second
    }
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines,
}

impl Display {
    fn choose(mode: ProgressMode, is_terminal: bool) -> Option<Self> {
        match (mode, is_terminal) {
            (ProgressMode::Never, _) | (ProgressMode::Auto, false) => None,
            (_, true) => Some(Self::Bar(bar())),
            (ProgressMode::Always, false) => Some(Self::Lines),
        }
    }

    fn interval(&self) -> Duration {
        match self {
            Self::Bar(_) => BAR_EVERY,
            Self::Lines => LINE_EVERY,
        }
    }

    fn show(&self, reading: Reading, speed: f64, elapsed: Duration) {
        match self {
            Self::Bar(bar) => {
                let (done, total) = reading.position();
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(sentence(&reading, network_now(&reading.network, speed), elapsed));
                bar.tick();
            }
            Self::Lines => write_line(&sentence(&reading, network_now(&reading.network, speed), elapsed)),
        }
    }

    /// The bar goes, so that the report stands alone; of lines, the last one tells the whole. What the network took is said in any case: whether more
    /// cores or a faster line would help.
    fn close(&self, reading: Reading, elapsed: Duration) {
        let network = network_in_all(&reading.network, elapsed);
        match self {
            Self::Bar(bar) => {
                bar.finish_and_clear();
                network.iter().for_each(|network| write_line(network));
            }
            Self::Lines => write_line(&sentence(&reading, network, elapsed)),
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:24.cyan} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style.progress_chars("━╸ "))
}

fn write_line(line: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// `net 84.0 MB/s · 12 in flight`; nothing where no store is read.
fn network_now(network: &Network, speed: f64) -> Option<String> {
    let is_used = network.bytes > 0 || network.in_flight > 0;
    is_used.then(|| format!("net {}/s · {} in flight", bytes(speed as u64), count(network.in_flight)))
}

/// `net 1.20 GB at 84.0 MB/s, workers waited 3.50 s for it in all`.
fn network_in_all(network: &Network, elapsed: Duration) -> Option<String> {
    let speed = network.bytes as f64 / elapsed.as_secs_f64().max(1e-3);
    let waited = duration(network.waited.as_secs_f64());
    (network.bytes > 0).then(|| format!("net {} at {}/s, workers waited {waited} for it in all", bytes(network.bytes), bytes(speed as u64)))
}

/// `1.20 GB of 3.40 GB (35.3 %), 12 of 64 files, 1,234,567 rows, 456,789 rows/s, net 84.0 MB/s · 12 in flight, 12.3 s left`.
fn sentence(reading: &Reading, network: Option<String>, elapsed: Duration) -> String {
    let files = format!("{} of {} files", count(reading.files.0), count(reading.files.1));
    let parts = [
        reading.bytes.map(bytes_read),
        Some(files),
        reading.rows.map(|rows| rows_read(rows, elapsed)),
        network,
        time_left(reading, elapsed),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn bytes_read((done, total): (u64, u64)) -> String {
    match total {
        0 => bytes(done),
        _ => format!("{} of {} ({})", bytes(done), bytes(total), share(done.min(total), total)),
    }
}

fn rows_read(rows: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(1e-3);
    format!("{} rows, {} rows/s", count(rows), count((rows as f64 / seconds) as u64))
}

/// As if the rest went as the whole did so far.
fn time_left(reading: &Reading, elapsed: Duration) -> Option<String> {
    let (done, total) = reading.position();
    if done == 0 || done >= total || elapsed < ESTIMATE_AFTER {
        return None;
    }
    let seconds = elapsed.as_secs_f64() * (total - done) as f64 / done as f64;
    Some(format!("{} left", duration(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_tells_bytes_files_rows_and_the_time_left() {
        let reading = Reading { bytes: Some((1_200_000_000, 3_400_000_000)), files: (12, 64), rows: Some(1_000_000), ..Reading::default() };
        assert_eq!(
            sentence(&reading, None, Duration::from_secs(4)),
            "1.20 GB of 3.40 GB (35.3 %), 12 of 64 files, 1,000,000 rows, 250,000 rows/s, 7.33 s left"
        );
    }

    #[test]
    fn an_unknown_total_gives_no_estimate() {
        let reading = Reading { bytes: Some((5_000, 0)), files: (0, 1), rows: Some(10), ..Reading::default() };
        assert_eq!(sentence(&reading, None, Duration::from_secs(2)), "5.00 kB, 0 of 1 files, 10 rows, 5 rows/s");
    }

    #[test]
    fn the_network_is_told_apart_where_it_is_used() {
        assert_eq!((network_now(&Network::default(), 0.0), network_in_all(&Network::default(), Duration::ZERO)), (None, None));
        let network = Network { bytes: 168_000_000, in_flight: 12, waited: Duration::from_millis(3_500) };
        assert_eq!(network_now(&network, 84e6).as_deref(), Some("net 84.0 MB/s · 12 in flight"));
        let whole = network_in_all(&network, Duration::from_secs(2));
        assert_eq!(whole.as_deref(), Some("net 168 MB at 84.0 MB/s, workers waited 3.50 s for it in all"));
    }

    #[test]
    fn speed_is_that_of_the_last_second() {
        let mut speed = Speed::default();
        let at = |speed: &mut Speed, bytes, millis| speed.at(bytes, Duration::from_millis(millis)) as u64;
        assert_eq!((at(&mut speed, 500, 500), at(&mut speed, 1_000, 1_000), at(&mut speed, 1_000, 1_900)), (0, 1_000, 1_000));
        assert_eq!(at(&mut speed, 1_000, 2_000), 0);
    }

    #[test]
    fn files_alone() {
        let gauge = FilesDone { done: AtomicU64::new(3), total: 4 };
        assert_eq!(sentence(&gauge.read(), None, Duration::from_secs(3)), "3 of 4 files, 1.00 s left");
    }

    #[test]
    fn silent_unless_asked_for_or_on_a_terminal() {
        assert!(Display::choose(ProgressMode::Auto, false).is_none());
        assert!(Display::choose(ProgressMode::Never, true).is_none());
        assert!(matches!(Display::choose(ProgressMode::Always, false), Some(Display::Lines)));
        assert!(matches!(Display::choose(ProgressMode::Auto, true), Some(Display::Bar(_))));
    }

    #[test]
    fn the_work_is_done_whether_watched_or_not() {
        let gauge = Progress::default();
        assert_eq!(watch(ProgressMode::Never, &gauge, || 7), 7);
    }
}
