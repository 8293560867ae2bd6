//! How much the portions under way hold, and who has to wait.
//!
//! Whoever is about to parse takes what that may cost, and gives back what it did not; a portion goes on being counted by what it holds until it
//! is written. When all of it is taken the next one waits, but never the oldest: everything waits for that one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Takes and gives room for portions; see [`Gate`].
pub(super) trait Room {
    /// Takes `bytes` for portion `sequence`; waits until they can be had.
    fn take(&self, sequence: u64, bytes: usize);

    /// Counts `bytes` that are held.
    fn hold(&self, bytes: usize);

    /// Gives `bytes` back.
    fn give(&self, bytes: usize);
}

/// The account of what portions under way hold.
#[derive(Debug)]
pub(super) struct Gate {
    limit: usize,
    held: AtomicUsize,
    /// The portion that is written next.
    oldest: AtomicU64,
}

impl Gate {
    /// With room for `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: AtomicUsize::new(0), oldest: AtomicU64::new(0) }
    }

    /// Takes `bytes` for portion `sequence`, if they can be had or the portion is the oldest.
    pub(super) fn try_take(&self, sequence: u64, bytes: usize) -> bool {
        if sequence == self.oldest.load(Ordering::Acquire) {
            self.force(bytes);
            return true;
        }
        let fits = |held: usize| held.checked_add(bytes).filter(|&held| held <= self.limit);
        self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok()
    }

    /// Whether portion `sequence` may begin: not while there is no room at all.
    pub(super) fn may_begin(&self, sequence: u64) -> bool {
        sequence == self.oldest.load(Ordering::Acquire) || self.held.load(Ordering::Acquire) < self.limit
    }

    /// Takes `bytes` that are held already.
    pub(super) fn force(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Gives `bytes` back.
    pub(super) fn give(&self, bytes: usize) {
        // What is given was taken; should that ever be wrong, room must not become endless.
        let given = self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| Some(held.saturating_sub(bytes)));
        debug_assert!(given.is_ok_and(|held| held >= bytes));
    }

    /// From now on, portion `sequence` is the oldest.
    pub(super) fn written(&self, sequence: u64) {
        self.oldest.store(sequence, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_never_waits_and_others_wait_for_room() {
        let gate = Gate::new(100);
        assert!(gate.try_take(1, 60));
        assert!(!gate.try_take(2, 60) && gate.try_take(2, 40) && !gate.may_begin(3));
        assert!(gate.try_take(0, 1_000) && gate.may_begin(0));
        gate.give(1_000);
        gate.written(1);
        gate.give(60);
        assert!(gate.may_begin(3) && gate.try_take(3, 60) && !gate.try_take(4, 1));
    }
}
