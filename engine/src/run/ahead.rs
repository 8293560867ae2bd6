//! Small objects of stores, fetched before a worker asks for them.
//!
//! In: the plan's order. Out: for each small object, bytes that are on their way or there. Many requests are under way at a time, and what they have
//! fetched and nobody has read yet is bounded in bytes; so a worker that parses seldom waits for the network, however long an answer takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::Plan;
use crate::discover::{InputFile, Location};
use crate::store::Arriving;

/// Requests under way, and objects fetched and not read, at most.
const OBJECTS: usize = 128;

/// The objects that are being fetched.
pub(super) struct Ahead {
    limit: usize,
    files: Arc<[InputFile]>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What comes next, in the plan's order.
    queue: VecDeque<u32>,
    coming: HashMap<u32, (Arriving, usize)>,
    /// Bytes of those.
    bytes: usize,
}

impl Ahead {
    /// Begins to fetch what `plan` reads whole; `None` if it reads nothing of the kind.
    pub(super) fn begin(plan: &Plan<'_>) -> Option<Self> {
        let files = plan.units.iter().flat_map(|unit| &unit.files);
        let small = files.filter_map(|&file| match &plan.files[file as usize].location {
            Location::Object(object) if object.size() <= plan.tuning.small_file => Some(file),
            _ => None,
        });
        let queue: VecDeque<_> = small.collect();
        if queue.is_empty() {
            return None;
        }
        let ahead =
            Self { limit: plan.tuning.fetch_bytes, files: plan.files.clone(), state: Mutex::new(State { queue, ..State::default() }) };
        ahead.with_state(|state| state.ask(&ahead.files, ahead.limit));
        Some(ahead)
    }

    /// The bytes of `file`, if they are coming; they are the caller's then, and others are asked for instead.
    pub(super) fn take(&self, file: u32) -> Option<Arriving> {
        self.with_state(|state| {
            let taken = match state.coming.remove(&file) {
                Some((arriving, size)) => {
                    state.bytes -= size;
                    Some(arriving)
                }
                // It is asked for by whoever reads it: not again.
                None => {
                    let queued = state.queue.iter().position(|queued| *queued == file);
                    queued.and_then(|at| state.queue.remove(at));
                    None
                }
            };
            state.ask(&self.files, self.limit);
            taken
        })
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Asks for as much as there is room for; for one object in any case.
    fn ask(&mut self, files: &[InputFile], limit: usize) {
        while self.coming.len() < OBJECTS
            && let Some(&file) = self.queue.front()
            && let InputFile { object: name, location: Location::Object(object), .. } = &files[file as usize]
        {
            let size = usize::try_from(object.size()).unwrap_or(usize::MAX);
            if self.bytes.saturating_add(size) > limit && !self.coming.is_empty() {
                return;
            }
            self.queue.pop_front();
            self.bytes += size;
            self.coming.insert(file, (object.fetch(&name.text()), size));
        }
    }
}
