//! The threads: every worker does whatever is next, and order is restored where it matters.
//!
//! A fixed number of slots goes round. A worker takes a free one, has the reader fill it (one worker at a time), parses it (any number at
//! once) and hands it over as parsed. Whoever finds the next portion in order among the parsed ones, and the writer free, writes it; the
//! columns of a row group are encoded in parallel, and a worker with nothing else to do steals some of that. Memory is bounded by the
//! slots and by the gate, which keeps account of what they hold; no worker waits while there is work, and the output knows nothing of any of it: portions are cut by the reader, in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Plan;
use super::gate::{Gate, Room};
use super::parse::{self, ScratchPool};
use super::reader::Reader;
use super::sink::Sink;
use super::slot::Slot;
use super::write::{Outcome, Writer};
use crate::columns::Parser;
use crate::error::{Error, Result};

/// Clients of which more is remembered than is wanted, since that makes their lines cheaper: as many as a cache has room for.
const FAMILIAR_CLIENTS: usize = 1 << 13;

/// A parser with the plan's settings.
pub(super) fn parser(plan: &Plan<'_>) -> Parser {
    let mut parser = Parser::new(plan.kernel, plan.read.since, plan.read.until);
    parser.keep_lines(plan.wants.lines);
    parser.keep_traces(plan.wants.rows);
    if !plan.wants.identities() {
        parser.keep_identities(FAMILIAR_CLIENTS);
    }
    parser.limit_dictionaries(plan.tuning.dictionary_bytes);
    parser
}

/// A pool of `jobs` threads.
pub(super) fn pool(jobs: usize) -> Result<rayon::ThreadPool> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs).thread_name(|index| format!("tlslake-{index}"));
    builder.build().map_err(|error| Error::Worker(format!("the worker threads could not be started: {error}")))
}

/// Runs the whole job on `plan.jobs` threads; rows go to `sink`.
pub(super) fn run<'a>(plan: &'a Plan<'a>, sink: &'a mut dyn Sink) -> Result<Outcome> {
    let (outcome, error) = run_as_far_as_wanted(plan, sink)?;
    error.map_or(Ok(outcome), Err)
}

/// Likewise; what stopped the job stands beside what it came to until then.
pub(super) fn run_as_far_as_wanted<'a>(plan: &'a Plan<'a>, sink: &'a mut dyn Sink) -> Result<(Outcome, Option<Error>)> {
    let pool = pool(plan.tuning.workers)?;
    let shared = Shared::new(plan, sink);
    pool.broadcast(|_| shared.work());
    Ok(shared.into_result())
}

/// What the workers share.
struct Shared<'a> {
    plan: &'a Plan<'a>,
    scratch: ScratchPool,
    gate: Gate,
    reader: Mutex<Reader<'a>>,
    writer: Mutex<Ordered<'a>>,
    /// The one used last is used next: its memory and dictionaries are in a cache.
    free: Mutex<Vec<Slot>>,
    parsed: (Sender<Slot>, Receiver<Slot>),
    /// Set when there is nothing more to do, or no use in doing it.
    stop: AtomicBool,
    error: Mutex<Option<Error>>,
    /// Wakes those that found nothing to do.
    change: (Mutex<()>, Condvar),
}

/// The writer, and the portions that came too early.
struct Ordered<'a> {
    writer: Writer<'a>,
    early: Vec<Slot>,
    /// How many portions there are in all, once the reader has handed out the last.
    total: Option<u64>,
}

impl<'a> Shared<'a> {
    fn new(plan: &'a Plan<'a>, sink: &'a mut dyn Sink) -> Self {
        let count = plan.tuning.slots;
        let free = (0..count).map(|_| Slot::new(parser(plan))).collect();
        Self {
            plan,
            scratch: ScratchPool::new(plan),
            gate: Gate::new(plan.tuning.under_way),
            reader: Mutex::new(Reader::new(plan)),
            writer: Mutex::new(Ordered { writer: Writer::new(plan, sink), early: Vec::new(), total: plan.units.is_empty().then_some(0) }),
            free: Mutex::new(free),
            parsed: bounded(count),
            stop: AtomicBool::new(false),
            error: Mutex::new(None),
            change: (Mutex::new(()), Condvar::new()),
        }
    }

    fn into_result(self) -> (Outcome, Option<Error>) {
        let error = self.error.into_inner().unwrap_or_else(PoisonError::into_inner);
        // What was cancelled is never whole, however far it got.
        let error = error.or_else(|| self.plan.control.is_cancelled().then_some(Error::Cancelled));
        (self.writer.into_inner().unwrap_or_else(PoisonError::into_inner).writer.into_outcome(), error)
    }

    /// One worker, until the job is done.
    fn work(&self) {
        let _stop_on_panic = StopOnPanic(self);
        while !self.stop.load(Ordering::Relaxed) {
            if self.plan.control.is_cancelled() {
                self.fail(Error::Cancelled);
                break;
            }
            if !self.write_some() && !self.parse_one() {
                self.help_or_wait();
            }
        }
    }

    /// Writes the parsed portions that are next in order; whether there were any.
    fn write_some(&self) -> bool {
        let mut ordered = match self.writer.try_lock() {
            Ok(ordered) => ordered,
            Err(TryLockError::WouldBlock) => return false,
            Err(TryLockError::Poisoned(_)) => return self.done(),
        };
        let mut wrote = false;
        while let Some(mut slot) = ordered.take_next(&self.parsed.1) {
            wrote = true;
            if let Err(error) = ordered.writer.write(&mut slot) {
                self.fail(error);
                return true;
            }
            self.gate.written(ordered.writer.next());
            self.put_back(slot);
            self.notify();
            if self.stop.load(Ordering::Relaxed) {
                return true;
            }
        }
        if ordered.total == Some(ordered.writer.next()) {
            return self.done();
        }
        wrote
    }

    /// Takes the next portion and parses it; whether there was one, and a free slot for it.
    fn parse_one(&self) -> bool {
        let Some(mut slot) = self.read_one() else { return false };
        parse::parse(self.plan, &self.scratch, self, &mut slot);
        // The channel has room for every slot there is.
        let _ = self.parsed.0.send(slot);
        self.notify();
        true
    }

    /// The next portion. The free slot is taken while the reader is held: so the oldest portion under way always has one.
    fn read_one(&self) -> Option<Slot> {
        let mut reader = self.reader.try_lock().ok()?;
        if reader.is_done() {
            return None;
        }
        if !self.gate.may_begin(reader.next()) {
            return None;
        }
        let mut slot = self.free.lock().ok()?.pop()?;
        reader.fill(&mut slot);
        if reader.is_done() {
            let total = slot.sequence + 1;
            drop(reader);
            self.set_total(total);
        } else {
            drop(reader);
            self.notify();
        }
        Some(slot)
    }

    /// A slot is free again; one that has grown large begins anew.
    fn put_back(&self, mut slot: Slot) {
        let held = slot.memory();
        self.gate.give(slot.charged);
        if held > self.plan.tuning.keep_slot {
            slot = Slot::new(parser(self.plan));
        } else {
            slot.charged = held;
            self.gate.force(held);
        }
        if let Ok(mut free) = self.free.lock() {
            free.push(slot);
        }
    }

    fn set_total(&self, total: u64) {
        if let Ok(mut ordered) = self.writer.lock() {
            ordered.total = Some(total);
        }
    }

    /// Nothing to read, parse or write: encode a column for the writer, or sleep until something changes.
    fn help_or_wait(&self) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            return;
        }
        if let Ok(guard) = self.change.0.lock() {
            // The time-out covers a change between looking and sleeping, and columns to encode, of which nobody tells.
            let _ = self.change.1.wait_timeout(guard, Duration::from_millis(1));
        }
    }

    fn notify(&self) {
        self.change.1.notify_all();
    }

    fn done(&self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.notify();
        true
    }

    /// Keeps the first error and stops everybody.
    fn fail(&self, error: Error) {
        if let Ok(mut first) = self.error.lock() {
            first.get_or_insert(error);
        }
        self.done();
    }
}

impl Room for Shared<'_> {
    fn take(&self, sequence: u64, bytes: usize) {
        while !self.gate.try_take(sequence, bytes) {
            if self.stop.load(Ordering::Relaxed) {
                return self.gate.force(bytes);
            }
            // Whoever waits for room makes some.
            if !self.write_some() {
                self.help_or_wait();
            }
        }
    }

    fn hold(&self, bytes: usize) {
        self.gate.force(bytes);
    }

    fn give(&self, bytes: usize) {
        self.gate.give(bytes);
        self.notify();
    }
}

impl Ordered<'_> {
    /// The portion that comes next, if it has been parsed.
    fn take_next(&mut self, parsed: &Receiver<Slot>) -> Option<Slot> {
        self.early.extend(parsed.try_iter());
        let next = self.writer.next();
        let found = self.early.iter().position(|slot| slot.sequence == next)?;
        Some(self.early.swap_remove(found))
    }
}

/// A worker that panics must not leave the others waiting for its portion.
struct StopOnPanic<'a, 'b>(&'a Shared<'b>);

impl Drop for StopOnPanic<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.done();
        }
    }
}
