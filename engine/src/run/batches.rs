//! The rows of a run as Arrow record batches, for programs that use the engine as a library.

use std::ffi::OsString;
use std::sync::Arc;
use std::thread::JoinHandle;

use arrow::record_batch::RecordBatch;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::sink::Sink;
use super::write::Outcome;
use super::{Control, Grouping, Plan, pipeline, result};
use crate::aggregate::Hourly;
use crate::columns::{ConnectionBatch, Dictionaries, record_batch};
use crate::config::ReadConfig;
use crate::discover::{InputFile, Lakes};
use crate::error::{Error, FileFault, Result};
use crate::report::Report;

/// Batches that wait for the caller at most.
const QUEUE: usize = 4;

/// Reads `inputs` on threads of its own and hands the rows out in input order, with the schema of [`crate::columns::schema`].
///
/// Batches vary in size; empty ones are left out. Dropping the iterator stops the run. An input that turns out to be damaged *after* rows
/// of it were handed out (a large one, under [`crate::config::OnCorrupt::Skip`]) ends the iteration with [`Error::CorruptInput`]: what was
/// handed out cannot be taken back. Choose `Salvage` to take such rows knowingly.
///
/// # Errors
/// As [`fn@super::report`], at once or from the iterator.
pub fn batches<S: AsRef<std::ffi::OsStr>>(inputs: &[S], read: &ReadConfig) -> Result<Batches> {
    let inputs: Vec<OsString> = inputs.iter().map(|input| input.as_ref().to_owned()).collect();
    let read = read.clone();
    let control = Arc::new(Control::default());
    let (sender, receiver) = bounded(QUEUE);
    let worker = {
        let control = control.clone();
        let run = move || {
            let outcome = run(&inputs, &read, &control, sender.clone());
            match outcome {
                Ok(report) => Some(report),
                Err(error) => {
                    // Nobody may be listening any more.
                    let _ = sender.send(Err(error));
                    None
                }
            }
        };
        let spawned = std::thread::Builder::new().name("tlslake-batches".into()).spawn(run);
        spawned.map_err(|error| Error::Worker(format!("the reading thread could not be started: {error}")))?
    };
    Ok(Batches { receiver: Some(receiver), control, worker: Some(worker) })
}

fn run(inputs: &[OsString], read: &ReadConfig, control: &Control, sender: Sender<Result<RecordBatch>>) -> Result<Report> {
    let mut plan = Plan::new(inputs, Lakes::Refuse, read, control, Grouping::any())?;
    plan.wants.rows = true;
    let mut sink = BatchSink { files: plan.files.clone(), sender, handed_out: false };
    let outcome = pipeline::run(&plan, &mut sink)?;
    Ok(result::report(&plan, &result::Account::of_run(&plan, &outcome), None))
}

/// An iterator over record batches; see [`batches`].
#[derive(Debug)]
pub struct Batches {
    receiver: Option<Receiver<Result<RecordBatch>>>,
    control: Arc<Control>,
    worker: Option<JoinHandle<Option<Report>>>,
}

impl Batches {
    /// The report over everything that was read, once the iterator has ended without an error; `None` before and otherwise.
    pub fn into_report(mut self) -> Option<Report> {
        self.receiver = None;
        self.worker.take()?.join().ok().flatten()
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.as_ref()?.recv().ok()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.control.cancel();
        self.receiver = None;
        if let Some(worker) = self.worker.take() {
            // A panic over there was reported by the thread itself.
            let _ = worker.join();
        }
    }
}

struct BatchSink {
    files: Arc<[InputFile]>,
    sender: Sender<Result<RecordBatch>>,
    /// Whether rows of the current unit were handed out.
    handed_out: bool,
}

impl Sink for BatchSink {
    fn begin_unit(&mut self, _id: &str) -> Result<()> {
        self.handed_out = false;
        Ok(())
    }

    fn rows(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        if batch.rows() == 0 {
            return Ok(());
        }
        self.handed_out = true;
        let batch = record_batch(batch, dictionaries, &self.files, first_lines, true)?;
        self.sender.send(Ok(batch)).map_err(|_| Error::Cancelled)
    }

    fn hourly(&mut self, _hourly: Hourly) -> Result<()> {
        Ok(())
    }

    fn discard_unit(&mut self, faults: &[(u32, FileFault)]) -> Result<()> {
        match faults.first() {
            Some((file, fault)) if self.handed_out => {
                let object = self.files[*file as usize].object.to_string();
                Err(Error::CorruptInput { object, fault: fault.clone() })
            }
            _ => Ok(()),
        }
    }

    fn end_unit(&mut self, _outcome: &Outcome) -> Result<()> {
        Ok(())
    }
}
