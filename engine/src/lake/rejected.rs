//! The table `rejected`: every line that became no row, whole, with where it stood and what is wrong with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, StringArray};
use arrow::datatypes::Utf8Type;

use super::parts::PartFiles;
use super::staging::StagedFile;
use super::table::Columns;
use crate::columns::arrow::{byte_array, line_number};
use crate::columns::schema::REJECTED;
use crate::columns::{ConnectionBatch, RejectedLine};
use crate::discover::InputFile;
use crate::error::{Error, LineFault, Result};
use crate::format::Field;

/// The table's folder in the lake.
pub(super) const FOLDER: &str = "rejected";
/// Lines in a row group at most.
const ROW_GROUP_LINES: usize = 65_536;
/// Bytes of lines at which a row group is written.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Gathers rejected lines into row groups, in input order.
pub(super) struct RejectedWriter {
    parts: PartFiles,
    lines: Vec<Line>,
    bytes: usize,
}

struct Line {
    file: u32,
    number: i64,
    offset: i64,
    fault: LineFault,
    raw: Box<[u8]>,
}

impl RejectedWriter {
    /// Writes to `parts`.
    pub(super) fn new(parts: PartFiles) -> Self {
        Self { parts, lines: Vec::new(), bytes: 0 }
    }

    /// Adds the rejected lines of a batch whose runs begin at `first_lines` (line numbers from 1) of their files.
    pub(super) fn append(&mut self, batch: &ConnectionBatch, first_lines: &[u64], files: &[InputFile]) -> Result<()> {
        for (index, run) in batch.runs.iter().enumerate() {
            let end = batch.runs.get(index + 1).map_or(batch.rejected.len(), |next| next.first_rejected as usize);
            for rejected in &batch.rejected[run.first_rejected as usize..end] {
                self.push(Line::new(run.file, run.offset, first_lines[index], rejected)?, files)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, line: Line, files: &[InputFile]) -> Result<()> {
        self.bytes += line.raw.len();
        self.lines.push(line);
        if self.lines.len() < ROW_GROUP_LINES && self.bytes < ROW_GROUP_BYTES {
            return Ok(());
        }
        self.flush(files)
    }

    /// Writes what has been gathered.
    fn flush(&mut self, files: &[InputFile]) -> Result<()> {
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        if lines.is_empty() {
            return Ok(());
        }
        self.parts.write(
            FOLDER,
            lines.iter().map(|line| (line.file, 1)),
            lines.len(),
            Columns::Arrays(&|index| COLUMNS[index](&lines, files)),
        )
    }

    /// Writes the rest and gives the files; none if there was no line.
    pub(super) fn finish(mut self, files: &[InputFile]) -> Result<Vec<StagedFile>> {
        self.flush(files)?;
        self.parts.finish()
    }
}

impl Line {
    fn new(file: u32, run_offset: u64, first_line: u64, rejected: &RejectedLine) -> Result<Self> {
        let offset = run_offset.checked_add(rejected.offset).and_then(|offset| i64::try_from(offset).ok());
        Ok(Self {
            file,
            number: line_number(first_line, rejected.line)?,
            offset: offset.ok_or_else(|| Error::Accounting(format!("byte {} after byte {run_offset}", rejected.offset)))?,
            fault: rejected.fault,
            raw: rejected.raw.clone(),
        })
    }
}

/// Gives one column of some lines.
type ColumnOf = fn(&[Line], &[InputFile]) -> Result<ArrayRef>;

/// The arrays of [`REJECTED`], in its order.
const COLUMNS: [ColumnOf; REJECTED.len()] = [
    |lines, files| {
        let of_file: HashMap<u32, Cow<'_, str>> =
            lines.iter().filter_map(|line| Some((line.file, files.get(line.file as usize)?.object.text()))).collect();
        let names = lines.iter().map(|line| of_file.get(&line.file).map(|name| name.as_bytes()));
        Ok(Arc::new(byte_array::<Utf8Type>(names)?))
    },
    |lines, _| Ok(Arc::new(Int64Array::from_iter_values(lines.iter().map(|line| line.number)))),
    |lines, _| Ok(Arc::new(Int64Array::from_iter_values(lines.iter().map(|line| line.offset)))),
    |lines, _| Ok(Arc::new(lines.iter().map(|line| line.fault.field.map(Field::name)).collect::<StringArray>())),
    |lines, _| Ok(Arc::new(StringArray::from_iter_values(lines.iter().map(|line| line.fault.reason.code())))),
    |lines, _| {
        let raw: BinaryArray = byte_array(lines.iter().map(|line| Some(&*line.raw)))?;
        Ok(Arc::new(raw))
    },
];
