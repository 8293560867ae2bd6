//! Runs the executable and measures the memory it took.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// Bytes of memory in use at its peak, as far as the system tells; 0 where it does not.
    pub(crate) peak_memory: u64,
}

/// Longer than any run of a test takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs `command` to its end. One that does not come to it is ended, and that is a failure.
#[track_caller]
pub(crate) fn run_measured(command: &mut Command) -> Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tlslake starts");
    let (stdout, stderr) = (reading(child.stdout.take()), reading(child.stderr.take()));
    let started = std::time::Instant::now();
    let mut peak_memory = 0;
    let status = loop {
        peak_memory = peak_memory.max(peak(&child));
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().ok();
            panic!("{command:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = |reading: std::thread::JoinHandle<String>| reading.join().expect("output is UTF-8");
    Ended { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr), peak_memory }
}

fn reading(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.expect("output is a pipe").read_to_string(&mut text).expect("output is UTF-8");
        text
    })
}

/// The most memory that the process has had so far (`VmHWM`).
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) << 10
}
