//! A large object as a reader: ranges of it are fetched ahead, several at a time.

use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::{Buf, Bytes};

use super::object::{Arriving, Object};
use crate::error::FileFault;

/// Bytes of a range. Twice as many take as long to come as a request takes to be answered, on a fast line.
const RANGE_BYTES: u64 = 4 << 20;
/// Ranges under way at a time.
const RANGES: usize = 4;
/// Bytes that a reader holds at most.
pub(crate) const AHEAD_BYTES: usize = (RANGES + 1) * RANGE_BYTES as usize;

/// Reads an object from its start. A fault travels as an [`io::Error`]'s inner error.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    object: Object,
    /// The name that it is shown by.
    shown: String,
    /// Bytes that were asked for.
    asked: u64,
    coming: VecDeque<Arriving>,
    current: Bytes,
}

impl ObjectReader {
    /// Begins to fetch.
    pub(crate) fn new(object: Object, shown: String) -> Self {
        let mut reader = Self { object, shown, asked: 0, coming: VecDeque::new(), current: Bytes::new() };
        reader.ask();
        reader
    }

    fn ask(&mut self) {
        while self.coming.len() < RANGES && self.asked < self.object.size() {
            let end = self.object.size().min(self.asked + RANGE_BYTES);
            self.coming.push_back(self.object.fetch_range(&self.shown, self.asked..end));
            self.asked = end;
        }
    }

    /// The next range, once it is there; none at the end.
    fn next(&mut self) -> Result<Bytes, FileFault> {
        let Some(arriving) = self.coming.pop_front() else { return Ok(Bytes::new()) };
        let bytes = arriving.wait()?;
        self.ask();
        Ok(bytes)
    }
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() && !out.is_empty() {
            self.current = self.next().map_err(io::Error::other)?;
        }
        let count = self.current.len().min(out.len());
        self.current.copy_to_slice(&mut out[..count]);
        Ok(count)
    }
}
