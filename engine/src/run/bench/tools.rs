//! The stages that have no door of their own, for whoever measures them: decompressing, and encoding a lake's rows.

use std::path::Path;
use std::sync::Arc;

use crate::blocks::LineReader;
use crate::columns::{ConnectionBatch, Dictionaries};
use crate::config::{LakeConfig, ReadConfig, StoreConfig};
use crate::decompress::{StreamDecoder, Whole, WholeDecoder};
use crate::discover::InputFile;
use crate::error::{FileFault, FileFaultKind, Result};
use crate::lake::{self, Lake, LakeSettings, UnitWriter};
use crate::open::Held;

/// Decompresses as runs do, with buffers that it reuses.
pub struct Decompressor {
    whole: WholeDecoder,
    text: Vec<u8>,
}

/// Text in a piece of a large file, as in a run that has 2 GiB or more.
const PIECE_BYTES: usize = 2 << 20;

impl Default for Decompressor {
    fn default() -> Self {
        Self { whole: WholeDecoder::new(), text: Vec::new() }
    }
}

impl Decompressor {
    /// Decompresses a file's stored bytes as a small file's are: all at once. The text lasts until the next call.
    ///
    /// # Errors
    /// The file's fault; [`FileFaultKind::TooLarge`] past 1 GiB of text.
    pub fn whole(&mut self, stored: &[u8]) -> Result<&[u8], FileFault> {
        const LIMIT: usize = 1 << 30;
        self.text.clear();
        match self.whole.decode(stored, &mut self.text, LIMIT)? {
            Whole::Done => Ok(&self.text),
            Whole::OverLimit => Err(FileFault::new(FileFaultKind::TooLarge, 0, format!("the text has more than {LIMIT} bytes"))),
        }
    }

    /// Decompresses a file's stored bytes as a large file's are, in pieces of whole lines; gives the bytes of text.
    ///
    /// # Errors
    /// The file's fault.
    pub fn stream(&mut self, stored: &[u8]) -> Result<u64, FileFault> {
        let decoder = StreamDecoder::new(Held::new(stored, None));
        let mut lines = LineReader::new(decoder, PIECE_BYTES, ReadConfig::DEFAULT_MAX_LINE);
        let mut bytes = 0;
        while lines.next(&mut self.text)?.is_some() {
            bytes += self.text.len() as u64;
        }
        Ok(bytes)
    }
}

/// What an [`Encoder`] has written, as the files' own footers tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows of `connections`.
    pub rows: u64,
    /// Rows of `rejected`.
    pub rejected: u64,
}

/// Writes batches as a lake's Parquet, with the defaults of `convert`; what it wrote goes with it. Columns are encoded in the rayon pool that it is
/// called in.
pub struct Encoder {
    writer: UnitWriter,
    /// After the writer, which writes below it.
    lake: Lake,
}

impl Encoder {
    /// One that writes to the folder `out`, which is absent or empty; `files` are the inputs that batches refer to.
    ///
    /// # Errors
    /// As [`fn@crate::run::convert`].
    pub fn new(out: &Path, files: Arc<[InputFile]>) -> Result<Self> {
        let config = LakeConfig::new(out);
        let home = lake::home::home(out, &StoreConfig::default(), &Arc::default())?;
        let lake = Lake::open(home, config.clone(), &LakeSettings::new(&ReadConfig::default(), &config), &|_| false)?;
        Ok(Self { writer: lake.unit("bench", files)?, lake })
    }

    /// Adds a batch, whose runs begin at `first_lines` of their files (counted from 1).
    ///
    /// # Errors
    /// What the file system or the Parquet writer says; [`crate::Error::Accounting`] if the arguments do not belong together.
    pub fn append(&mut self, batch: &ConnectionBatch, dictionaries: &Dictionaries, first_lines: &[u64]) -> Result<()> {
        self.writer.append(batch, dictionaries, first_lines)
    }

    /// Writes what is left, syncs the files and reads their footers; then all of it is removed.
    ///
    /// # Errors
    /// Likewise.
    pub fn finish(self) -> Result<Written> {
        let staged = self.writer.finish()?;
        let (rows, rejected) = staged.totals();
        drop(staged);
        self.lake.abandon()?;
        Ok(Written { rows, rejected })
    }
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}
