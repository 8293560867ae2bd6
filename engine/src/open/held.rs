//! Stored bytes that are in memory already, read as the file that they came from would be.

use std::io::{self, Read};

use super::carried;
use crate::error::FileFault;

/// Gives the bytes, then the end; or, where they are not all of the file, the fault that ended them.
#[derive(Clone, Debug)]
pub(crate) struct Held<'a> {
    stored: &'a [u8],
    fault: Option<FileFault>,
}

impl<'a> Held<'a> {
    /// `fault` is what [`super::read_whole`] ended with, or what is known of the bytes otherwise.
    pub(crate) fn new(stored: &'a [u8], fault: Option<FileFault>) -> Self {
        Self { stored, fault }
    }
}

impl Read for Held<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &self.fault {
            Some(fault) if self.stored.is_empty() => Err(carried(fault.clone())),
            _ => self.stored.read(out),
        }
    }
}
