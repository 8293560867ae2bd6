//! From an input to its stored bytes; knows nothing of compression or lines.
//!
//! In: an [`InputFile`]. Out: a reader without a buffer of its own (the next stage brings one), or the whole content at once for a small
//! file. What goes wrong here is the file's fault, never the run's: each error says at which byte, what the system said, and the cure.

mod held;
mod machine;
#[cfg(test)]
mod tests;
mod watched;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::discover::{InputFile, LakeFile, Location, system_fault};
use crate::error::{FileFault, FileFaultKind};
use crate::store::{Arriving, ObjectReader};
use watched::{Watched, grown_past};

pub(crate) use held::Held;

pub(crate) use machine::{available_memory, cpu_name, peak_memory};

/// An input ready to be read from its start.
pub(crate) struct Opened {
    /// Its bytes, unbuffered: each read is a system call, so read in large pieces. For an error it gives, see [`read_fault`].
    pub(crate) reader: Box<dyn Read + Send>,
    /// Stored bytes as of now; `None` for what is no regular file. A hint: a file that is being written changes. If it does, its reader fails at
    /// the end with [`FileFaultKind::Changed`].
    pub(crate) size: Option<u64>,
}

/// Opens an input for reading from its start. Opening a pipe waits for its writer.
///
/// Standard input goes on from wherever it stands: it can be read once. It is read past the standard library's own buffer and lock.
///
/// # Errors
/// [`FileFaultKind::Unreadable`] at byte 0, with the system's words.
pub(crate) fn open(file: &InputFile) -> Result<Opened, FileFault> {
    match &file.location {
        Location::Path(path) | Location::Lake(LakeFile::Path(path), _) => open_path(path, file),
        Location::Object(object) | Location::Lake(LakeFile::Object(object), _) => {
            Ok(Opened { reader: Box::new(ObjectReader::new(object.clone(), file.object.to_string())), size: file.size })
        }
        Location::Stdin => open_stdin().map(|reader| Opened { reader, size: None }),
    }
    .map_err(|error| system_fault("opened", 0, &error))
}

/// The fault of a reader that failed after `offset` bytes.
#[cold]
pub(crate) fn read_fault(offset: u64, error: io::Error) -> FileFault {
    error.downcast().unwrap_or_else(|error| system_fault("read", offset, &error))
}

/// A fault on its way through [`Read`], which knows no others than the system's; [`read_fault`] gives it back.
#[cold]
fn carried(fault: FileFault) -> io::Error {
    io::Error::other(fault)
}

fn open_path(path: &Path, found: &InputFile) -> io::Result<Opened> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        // Some systems open a folder and fail at the first read only.
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !metadata.is_file() {
        return Ok(Opened { reader: Box::new(file), size: None });
    }
    let reader = Watched::new(file, &metadata, found, limit(found));
    Ok(Opened { reader: Box::new(reader), size: Some(metadata.len()) })
}

#[cfg(unix)]
fn open_stdin() -> io::Result<Box<dyn Read + Send>> {
    use std::os::fd::AsFd;
    Ok(Box::new(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
}

#[cfg(not(unix))]
fn open_stdin() -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(io::stdin()))
}

/// By how many bytes a file may have grown since it was found for its end to be looked for still (under `salvage` its lines are wanted): a bound
/// for one that never ends.
const MAX_GROWTH: u64 = 16 << 20;

/// Bytes of `file` that are read at most.
fn limit(file: &InputFile) -> u64 {
    file.size.unwrap_or(0).saturating_add(MAX_GROWTH)
}

/// Reads a whole input into `buf`, in place of what was there; its capacity is reused.
///
/// For small files: `buf` holds the file's size as found plus 16 MiB at most. After an error, `buf` holds the bytes before the fault.
///
/// # Errors
/// [`FileFaultKind::Unreadable`] at the byte where opening or reading failed; [`FileFaultKind::Changed`] where the file is not what it was when
/// it was found; [`FileFaultKind::TooLarge`] where memory for it cannot be had.
pub(crate) fn read_whole(file: &InputFile, buf: &mut Vec<u8>) -> Result<(), FileFault> {
    if let Location::Object(object) = &file.location {
        return take_whole(object.fetch(&file.object.text()), buf);
    }
    let opened = open(file).inspect_err(|_| buf.clear());
    let mut opened = opened?;
    fill(&mut *opened.reader, opened.size.unwrap_or(0), limit(file), buf)
}

/// Waits for a whole object and puts it into `buf`, in place of what was there.
///
/// # Errors
/// As [`read_whole`].
pub(crate) fn take_whole(arriving: Arriving, buf: &mut Vec<u8>) -> Result<(), FileFault> {
    buf.clear();
    let bytes = arriving.wait()?;
    buf.try_reserve_exact(bytes.len()).map_err(|_| no_memory(0, bytes.len() as u64))?;
    buf.extend_from_slice(&bytes);
    Ok(())
}

/// Bytes by which the buffer grows at least when a file turns out larger than expected.
const GROWTH_STEP: u64 = 64 << 10;

/// Reads to the end, `limit` bytes at most, over what `buf` holds: so it is not cleared to zeros each time. `expected` bytes cost one read, and one
/// more that finds the end.
fn fill(reader: &mut dyn Read, expected: u64, limit: u64, buf: &mut Vec<u8>) -> Result<(), FileFault> {
    let mut filled = 0;
    buf.truncate(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
    let outcome = loop {
        if filled == buf.len() {
            if filled as u64 > limit {
                break Err(grown_past(limit));
            }
            if let Err(fault) = extend_to(buf, wanted(filled as u64, expected).min(limit.saturating_add(1))) {
                break Err(fault);
            }
        }
        match reader.read(&mut buf[filled..]) {
            Ok(0) => break Ok(()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(read_fault(filled as u64, error)),
        }
    };
    buf.truncate(filled);
    outcome
}

/// How long a buffer should be in which `filled` bytes are not all. One byte more than expected leaves room for the read that finds the end.
fn wanted(filled: u64, expected: u64) -> u64 {
    if filled <= expected { expected.saturating_add(1) } else { filled.saturating_mul(2).max(filled + GROWTH_STEP) }
}

/// Lengthens the buffer to `len` bytes, with zeros.
fn extend_to(buf: &mut Vec<u8>, len: u64) -> Result<(), FileFault> {
    let held = buf.len();
    let len = usize::try_from(len).map_err(|_| no_memory(held, len))?;
    buf.try_reserve_exact(len.saturating_sub(held)).map_err(|_| no_memory(held, len as u64))?;
    buf.resize(len, 0);
    Ok(())
}

#[cold]
fn no_memory(held: usize, len: u64) -> FileFault {
    FileFault::new(FileFaultKind::TooLarge, held as u64, format!("no memory could be had for its {len} bytes; lower --jobs"))
}
