//! What a run and its caller share while it goes: progress to look at, and a way to stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::store::Traffic;

/// A handle on a run. Give one to [`super::report`] or [`super::convert`] and look at it from another thread.
#[derive(Debug, Default)]
pub struct Control {
    /// How far the run is.
    pub progress: Progress,
    cancelled: Arc<AtomicBool>,
}

impl Control {
    /// One for a part of the work: stopped with this one, with progress of its own.
    pub(super) fn of_part(&self) -> Self {
        Self { progress: Progress::default(), cancelled: self.cancelled.clone() }
    }

    /// Asks the run to stop; it ends with [`crate::Error::Cancelled`] once no read
    /// of an input blocks: soon for files, and for a pipe with its next bytes.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Control::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// How far a run is. Counters only grow; they are for showing, not for accounting: a file that is read again is counted again.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files to read.
    pub files_total: AtomicU64,
    /// Files read.
    pub files_done: AtomicU64,
    /// Stored bytes to read; 0 where not known.
    pub stored_total: AtomicU64,
    /// Stored bytes read.
    pub stored_done: AtomicU64,
    /// Bytes decompressed.
    pub raw_bytes: AtomicU64,
    /// Rows made.
    pub rows: AtomicU64,
    /// What comes from object stores.
    pub network: Arc<Traffic>,
}

impl Progress {
    pub(super) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}
