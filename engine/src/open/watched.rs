//! A regular file that is held to what it was when it was found, until its last byte is read.
//!
//! Rows of a file that is still being written are a guess: lines may be cut, or of two versions, and whoever deletes the original afterwards
//! loses the rest. So size and time of change must be at the end what they were when the run found the file. It costs one `fstat` per file.

use std::fs::{File, Metadata};
use std::io::{self, Read};

use super::carried;
use crate::discover::{InputFile, modified_ns};
use crate::error::{FileFault, FileFaultKind};

/// Reads a file; at its end, or where it has grown beyond all measure, fails if it changed.
#[derive(Debug)]
pub(super) struct Watched {
    file: File,
    found: Found,
    read: u64,
    limit: u64,
}

/// What a file was when the run found it.
#[derive(Clone, Copy, Debug)]
struct Found {
    size: u64,
    modified: Option<i64>,
}

impl Watched {
    /// Watches `file`, which is `metadata` now and was `found` before. Past `limit` bytes it is not read on.
    pub(super) fn new(file: File, metadata: &Metadata, found: &InputFile, limit: u64) -> Self {
        let found = match found.size {
            Some(size) => Found { size, modified: found.modified },
            None => Found { size: metadata.len(), modified: modified_ns(metadata) },
        };
        Self { file, found, read: 0, limit }
    }
}

impl Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read > self.limit {
            return Err(carried(grown_past(self.limit)));
        }
        let count = self.file.read(out)?;
        self.read += count as u64;
        if count == 0 && !out.is_empty() {
            let now = self.file.metadata()?;
            self.found.change(&now, self.read).map_or(Ok(0), |how| Err(carried(changed(self.read, &how))))
        } else {
            Ok(count)
        }
    }
}

impl Found {
    /// In which way the file is another one `now`, if it is; `read` bytes of it could be read.
    fn change(&self, now: &Metadata, read: u64) -> Option<String> {
        let is_other = |found| modified_ns(now).is_some_and(|now| now != found);
        if now.len() != self.size {
            Some(format!("had {} bytes when it was found and has {} now", self.size, now.len()))
        } else if self.modified.is_some_and(is_other) {
            Some("was written to after it was found (its size is the same)".to_owned())
        } else {
            // Files that the kernel makes up have no size beforehand.
            (read != self.size && self.size > 0).then(|| format!("only {read} of its {} bytes could be read", self.size))
        }
    }
}

#[cold]
fn changed(read: u64, how: &str) -> FileFault {
    FileFault::new(FileFaultKind::Changed, read, format!("{how}; run again when nothing writes to it"))
}

/// The fault of a file that grew to more than `limit` bytes.
#[cold]
pub(super) fn grown_past(limit: u64) -> FileFault {
    let message = format!("has grown past {limit} bytes since it was found; run again when nothing writes to it");
    FileFault::new(FileFaultKind::Changed, limit, message)
}
