//! Ctrl-C, SIGTERM and the file-size limit while files are being written.
//!
//! The first Ctrl-C or SIGTERM asks the run to stop and leaves it a moment; if a read that does not return holds it up, the process ends all the
//! same: whatever the moment, a lake stays whole, and the next run goes on; a folder of temporary files goes. A second one ends it at once. SIGXFSZ is
//! caught so that a write over the limit fails with an error instead of ending the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use tlslake_engine::Error;
use tlslake_engine::run::Control;

use crate::exit::{Exit, Failure};

/// How long a run may take to stop by itself.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The signal that stopped the run, once there was one.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    received: Arc<AtomicI32>,
}

impl Signals {
    /// The error as it is told: a run that was stopped says by what, and exits as shells expect.
    pub(crate) fn explain(&self, error: Error) -> Failure {
        let cause = if let Error::Unfinished { cause, .. } = &error { cause } else { &error };
        match stopped_by(self.received.load(Ordering::SeqCst)).filter(|_| matches!(cause, Error::Cancelled)) {
            Some((exit, _)) => Failure::from(error).exiting(exit),
            None => error.into(),
        }
    }
}

#[cfg(unix)]
impl Signals {
    /// Watches for signals on behalf of the run that `control` stops, and that can be gone on with.
    pub(crate) fn watch(control: Arc<Control>) -> Result<Self, Failure> {
        Self::watch_with(control, "stopped before the run came to a point of rest; the same command goes on from what is finished", || ())
    }

    /// Likewise; all that the run has written is in the folder `temporary`, and goes with it.
    pub(crate) fn watch_temporary(control: Arc<Control>, temporary: PathBuf) -> Result<Self, Failure> {
        Self::watch_with(control, "stopped before the run came to a point of rest", move || remove(&temporary))
    }

    fn watch_with(control: Arc<Control>, late: &'static str, clear: impl Fn() + Send + Sync + 'static) -> Result<Self, Failure> {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
        let failed = |error: std::io::Error| Failure::run(format!("signals cannot be watched: {error}"));
        // Only that it is caught matters: the write then fails with an error.
        signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let watched = Self::default();
        let received = watched.received.clone();
        let clear = Arc::new(clear);
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if received.swap(signal, Ordering::SeqCst) != 0 {
                    clear();
                    end(signal, "stopped at once");
                }
                control.cancel();
                let clear = clear.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(PATIENCE);
                    clear();
                    end(signal, late);
                });
            }
        });
        Ok(watched)
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Nothing is watched here: the process ends at once, and the lake stays whole as after a power cut.
    pub(crate) fn watch(_control: Arc<Control>) -> Result<Self, Failure> {
        Ok(Self::default())
    }

    /// Likewise; temporary files stay.
    pub(crate) fn watch_temporary(_control: Arc<Control>, _temporary: PathBuf) -> Result<Self, Failure> {
        Ok(Self::default())
    }
}

/// Removes a folder that may still be written to.
#[cfg(unix)]
fn remove(folder: &Path) {
    for _ in 0..20 {
        // What was written meanwhile is met the next time.
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

/// Ends the process without another word of the run.
#[cfg(unix)]
fn end(signal: i32, how: &str) -> ! {
    let (exit, name) = stopped_by(signal).unwrap_or((Exit::Failed, "a signal"));
    crate::exit::warn(&format!("{how} ({name})"));
    std::process::exit(i32::from(exit as u8));
}

/// How a run exits that this signal stopped, and the signal's name.
fn stopped_by(signal: i32) -> Option<(Exit, &'static str)> {
    match signal {
        2 => Some((Exit::Interrupted, "Ctrl-C")),
        15 => Some((Exit::Terminated, "SIGTERM")),
        _ => None,
    }
}
