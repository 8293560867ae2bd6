//! One portion of work on its way through the run, with everything it needs: the memory of a run is its slots.

use super::Plan;
use crate::aggregate::{Aggregates, CertificateTable, Grouper, Hourly, Observer};
use crate::columns::{ConnectionBatch, Dictionaries, Parser};
use crate::error::FileFault;
use crate::lake::read::Slice;

/// What there is to do for a portion.
#[derive(Debug, Default)]
pub(super) enum Work {
    /// Nothing: the portion only carries faults, or ends its unit.
    #[default]
    Nothing,
    /// Small files, by index, to read and decompress whole.
    Files(Vec<u32>),
    /// A piece of a large file; its text is in [`Slot::text`].
    Piece {
        /// The file's index.
        file: u32,
        /// Decompressed byte at which the piece begins.
        offset: u64,
    },
    /// Rows of a file of a lake.
    Lake {
        /// The file's index.
        file: u32,
        /// The rows.
        slice: Slice,
    },
}

/// How much was read for a portion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amount {
    /// Stored bytes.
    pub(super) stored: u64,
    /// Decompressed bytes.
    pub(super) raw: u64,
    /// Files that were read to their end.
    pub(super) files: u64,
    /// Stored bytes of inputs whose size is not known beforehand.
    pub(super) unsized_stored: u64,
}

/// A portion: filled by the reader, parsed by any worker, written in order, used again.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its place in the order of portions.
    pub(super) sequence: u64,
    /// The unit that it belongs to.
    pub(super) unit: usize,
    /// Whether everything of the unit that came before is void: a file of which rows were written turned out to be damaged.
    pub(super) restarts_unit: bool,
    /// Whether it is the unit's last.
    pub(super) ends_unit: bool,
    /// What there is to do.
    pub(super) work: Work,
    /// The text of a piece.
    pub(super) text: Vec<u8>,
    /// Whether that is what there is.
    pub(super) is_piece: bool,
    /// How much of the input it stands for.
    pub(super) amount: Amount,
    /// Parser and batch.
    pub(super) parser: Parser,
    /// Inputs that failed.
    pub(super) faults: Vec<(u32, FileFault)>,
    /// Small files that turned out to be too large when decompressed; to be streamed after the rows of this portion, in this order.
    pub(super) oversize: Vec<u32>,
    /// What is left of a lake's rows whose lines turned out to be long; to be read after the rows of this portion.
    pub(super) rest: Option<(u32, Slice)>,
    /// What was observed in the batch.
    pub(super) observed: Observed,
    /// What it is counted for by the [`Gate`](super::gate::Gate).
    pub(super) charged: usize,
}

/// What was observed in a batch.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) aggregates: Aggregates,
    /// Left empty where nobody wants it; so are the certificates.
    pub(super) hourly: Hourly,
    pub(super) certificates: CertificateTable,
    grouper: Grouper,
    observer: Observer,
}

impl Observed {
    fn memory(&self) -> usize {
        let tables = self.aggregates.memory() + self.hourly.memory() + self.certificates.memory();
        tables + self.grouper.memory() + self.observer.memory()
    }

    /// Observes the rows of `batch`.
    pub(super) fn observe(&mut self, plan: &Plan<'_>, batch: &ConnectionBatch, dictionaries: &Dictionaries) {
        if plan.wants.lines || plan.wants.nothing_else {
            return;
        }
        let groups = self.grouper.group(batch, dictionaries, &plan.labels);
        self.aggregates.observe_groups(&groups);
        if plan.wants.hourly {
            self.hourly.observe_groups(&groups);
        }
        if plan.wants.certificates {
            self.certificates.observe(&mut self.observer, batch, dictionaries, &plan.balancers);
        }
    }
}

impl Slot {
    pub(super) fn new(parser: Parser) -> Self {
        Self {
            sequence: 0,
            unit: 0,
            restarts_unit: false,
            ends_unit: false,
            work: Work::Nothing,
            text: Vec::new(),
            is_piece: false,
            amount: Amount::default(),
            parser,
            faults: Vec::new(),
            oversize: Vec::new(),
            rest: None,
            observed: Observed::default(),
            charged: 0,
        }
    }

    /// Bytes held, room that is not in use included; roughly.
    pub(super) fn memory(&self) -> usize {
        self.text.capacity() + self.parser.memory() + self.observed.memory()
    }

    /// Makes the slot ready for another portion; its memory stays.
    pub(super) fn reset(&mut self, sequence: u64, unit: usize) {
        self.sequence = sequence;
        self.unit = unit;
        self.restarts_unit = false;
        self.ends_unit = false;
        self.work = Work::Nothing;
        self.is_piece = false;
        self.amount = Amount::default();
        self.faults.clear();
        self.oversize.clear();
        self.rest = None;
        self.parser.begin();
    }
}
