//! Rows of a row group in order of time. Rows of one time keep theirs.
//!
//! In and out: a [`RowBuffer`]. Cost: a sort of row numbers and a copy of every column, unless the rows ascend already.

use super::rows::{RowBuffer, Texts};
use crate::error::Result;

impl RowBuffer {
    /// Puts the rows in order of time.
    pub(super) fn sort_by_time(&mut self) -> Result<()> {
        if self.time.is_sorted() {
            return Ok(());
        }
        let time = &self.time;
        let mut order: Vec<u32> = (0..self.rows() as u32).collect();
        order.sort_by_key(|&row| time[row as usize]);
        self.sort_inputs(&order);
        self.sort_extra(&order)?;
        self.trace = self.trace.in_order(&order)?;
        self.ids.iter_mut().for_each(|ids| *ids = permuted(ids, &order));
        self.client_port = permuted(&self.client_port, &order);
        self.latency = permuted(&self.latency, &order);
        self.line = permuted(&self.line, &order);
        self.time = permuted(&self.time, &order);
        Ok(())
    }

    fn sort_inputs(&mut self, order: &[u32]) {
        let (of_row, inputs) = self.inputs();
        self.files.clear();
        for (row, &from) in (0..).zip(order) {
            let file = inputs[of_row[from as usize] as usize];
            if self.files.last().is_none_or(|&(_, last)| last != file) {
                self.files.push((row, file));
            }
        }
    }

    fn sort_extra(&mut self, order: &[u32]) -> Result<()> {
        if self.extra_rows.is_empty() {
            return Ok(());
        }
        let (rows, texts) = (std::mem::take(&mut self.extra_rows), std::mem::take(&mut self.extra));
        for (row, from) in (0..).zip(order) {
            if let Ok(index) = rows.binary_search(from) {
                self.extra_rows.push(row);
                self.extra.push(texts.get(index))?;
            }
        }
        Ok(())
    }
}

impl Texts {
    fn in_order(&self, order: &[u32]) -> Result<Self> {
        let bytes = Vec::with_capacity(self.bytes.len());
        let mut sorted = Self { ends: Vec::with_capacity(order.len()), bytes, nulls: Vec::with_capacity(self.nulls.len()) };
        for (row, from) in (0..).zip(order) {
            if self.nulls.binary_search(from).is_ok() {
                sorted.nulls.push(row);
            }
            sorted.push(self.get(*from as usize))?;
        }
        Ok(sorted)
    }
}

fn permuted<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&row| values[row as usize]).collect()
}
