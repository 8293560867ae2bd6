//! A row group as Arrow arrays, for ArrowWriter: the reference that `pages/` is tested against.
//!
//! In: the rows of a row group and the values behind their ids. Out: the array of each column.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::Utf8Type;
use rayon::prelude::*;

use super::rows::{Objects, RowBuffer, Texts};
use super::values::UnitValues;
use crate::columns::arrow::{self as arrays, Gather, Group, SOURCES, Source};
use crate::columns::schema::CONNECTIONS;
use crate::error::Result;

/// A complete row group, ready to be encoded column by column.
pub(super) struct ArrayColumns<'a> {
    rows: usize,
    time: ArrayRef,
    client_port: ArrayRef,
    latency: ArrayRef,
    trace: ArrayRef,
    line: ArrayRef,
    extra: Texts,
    extra_rows: Vec<u32>,
    /// The key of each row's input, and the inputs by key.
    inputs: (ScalarBuffer<u32>, Vec<u32>),
    gathers: Vec<Gather>,
    values: &'a UnitValues,
    objects: &'a dyn Objects,
}

impl<'a> ArrayColumns<'a> {
    /// The rows of a row group, whose text stands in `values` and whose files in `objects`.
    pub(super) fn new(rows: RowBuffer, values: &'a UnitValues, objects: &'a dyn Objects) -> Result<Self> {
        let (of_row, inputs) = rows.inputs();
        let gathers = Group::ALL.into_par_iter().map(|group| Gather::new(&rows.ids[group as usize], values.of(group).len())).collect();
        Ok(Self {
            rows: rows.rows(),
            inputs: (of_row.into(), inputs),
            time: arrays::timestamps(rows.time.into()),
            client_port: Arc::new(Int32Array::from(rows.client_port)),
            latency: arrays::latencies(rows.latency.into()),
            trace: texts(rows.trace)?,
            line: Arc::new(Int64Array::from(rows.line)),
            extra: rows.extra,
            extra_rows: rows.extra_rows,
            gathers,
            values,
            objects,
        })
    }

    /// The array of the column of that index in [`CONNECTIONS`]. Repeated texts come as dictionary arrays, which Parquet encodes faster.
    pub(super) fn array(&self, index: usize) -> Result<ArrayRef> {
        Ok(match SOURCES[index] {
            Source::Time => self.time.clone(),
            Source::ClientPort => self.client_port.clone(),
            Source::Latency => self.latency.clone(),
            Source::Trace => self.trace.clone(),
            Source::Extra => self.extra()?,
            Source::Object => self.objects()?,
            Source::Line => self.line.clone(),
            Source::Text(group, slot) => Arc::new(self.gathers[group as usize].texts(self.values.of(group), slot)?),
            Source::Number(group, slot) => self.gathers[group as usize].numbers(self.values.of(group), slot, CONNECTIONS[index].kind),
        })
    }

    fn extra(&self) -> Result<ArrayRef> {
        let mut present = self.extra_rows.iter().enumerate().peekable();
        let texts = (0..self.rows).map(|row| present.next_if(|(_, at)| **at as usize == row).map(|(index, _)| self.extra.get(index)));
        Ok(Arc::new(arrays::byte_array::<Utf8Type>(texts)?))
    }

    fn objects(&self) -> Result<ArrayRef> {
        let (of_row, inputs) = &self.inputs;
        let names: Vec<_> = inputs.iter().map(|&file| self.objects.object(file)).collect();
        Ok(Arc::new(arrays::dictionary(of_row.clone(), names.iter().map(Option::as_deref))?))
    }
}

fn texts(texts: Texts) -> Result<ArrayRef> {
    let offsets = std::iter::once(0).chain(texts.ends).collect();
    Ok(Arc::new(arrays::byte_array_from::<Utf8Type>(offsets, texts.bytes, &texts.nulls)?))
}
