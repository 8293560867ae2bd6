//! What comes from stores, counted for those who look on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counters of what stores sent and of what is waited for. For showing, not for accounting: what is asked for again is counted again.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes of objects that came.
    pub bytes: AtomicU64,
    /// Requests for objects under way.
    pub in_flight: AtomicU64,
    /// Time that threads which parse stood still until bytes came, added up over them; ns.
    pub waited_ns: AtomicU64,
}

/// A request under way, until it is dropped.
pub(super) struct UnderWay(Arc<Traffic>);

impl Traffic {
    pub(super) fn came(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn waited(&self, since: Instant) {
        let waited = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited_ns.fetch_add(waited, Ordering::Relaxed);
    }
}

impl UnderWay {
    pub(super) fn new(traffic: &Arc<Traffic>) -> Self {
        traffic.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(traffic.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
