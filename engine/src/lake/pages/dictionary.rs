//! Columns with a dictionary (the Parquet format's RLE_DICTIONARY, Encodings, 8): distinct values once, rows as indices.
//!
//! Rows come as keys, so that only distinct values are looked at, each once. Different keys may have the same value (two listeners on one
//! port), and one key at least may be NULL.

use std::sync::{Arc, Mutex};

use hashbrown::HashTable;
use parquet::basic::Encoding;

use super::chunk::{Body, ChunkWriter, EncodedChunk};
use super::keys::Keys;
use super::statistics::PageFacts;
use super::value::{Value, widen};
use super::{PAGE_ROWS, bits, hybrid};
use crate::error::Result;

/// The index of a key without a value.
const NULL: u32 = u32::MAX;

/// The distinct values of a column.
pub(super) struct Distinct<V> {
    /// In the order in which they first occur.
    values: Vec<V>,
    /// By key.
    indices: Vec<u32>,
    /// Every key is its own index.
    is_identity: bool,
}

impl<V: Value> Distinct<V> {
    /// Of keys that have these values.
    pub(super) fn new(of_key: &[Option<V>]) -> Self {
        let mut table: HashTable<u32> = HashTable::with_capacity(of_key.len());
        let mut values: Vec<V> = Vec::with_capacity(of_key.len());
        let mut index = |value: V| {
            let hash = |index: &u32| values[*index as usize].hash();
            let entry = table.entry(value.hash(), |index| values[*index as usize] == value, hash);
            let index = *entry.or_insert(values.len() as u32).get();
            if index as usize == values.len() {
                values.push(value);
            }
            index
        };
        let indices: Vec<u32> = of_key.iter().map(|value| value.map_or(NULL, &mut index)).collect();
        let is_identity = indices.iter().enumerate().all(|(key, index)| key as u32 == *index);
        Self { values, indices, is_identity }
    }

    /// Bits of an index.
    fn width(&self) -> u32 {
        bits::width_of(self.values.len().saturating_sub(1) as u64)
    }

    /// Bytes of the dictionary page.
    pub(super) fn dictionary_len(&self) -> usize {
        self.values.iter().map(|value| value.plain_len()).sum()
    }

    /// Bytes of the indices of all rows, before runs and compression.
    pub(super) fn indices_len(&self, keys: &Keys) -> usize {
        keys.of_row.len() * self.width() as usize / 8
    }

    /// What is to be said of a page, from the keys that it uses.
    fn facts(&self, uses: &[(u32, u32)]) -> PageFacts<V> {
        let mut facts = PageFacts { rows: 0, nulls: 0, text: 0, bounds: None };
        for &(key, rows) in uses {
            facts.rows += rows as usize;
            match self.values.get(self.indices[key as usize] as usize) {
                None => facts.nulls += rows as usize,
                Some(&value) => {
                    facts.text += rows as usize * value.text_len().unwrap_or(0);
                    widen(&mut facts.bounds, value);
                }
            }
        }
        facts
    }
}

/// Encodes the column whose rows have `keys`; `twins` are the pages of other columns with these keys.
pub(super) fn encode<V: Value>(mut writer: ChunkWriter<'_, V>, keys: &Keys, distinct: &Distinct<V>, twins: &Twins) -> Result<EncodedChunk> {
    writer.dictionary(&distinct.values)?;
    if let Some(twin) = twins.of(&distinct.indices, writer.is_nullable()) {
        for (uses, body) in keys.pages.iter().zip(&twin.pages) {
            writer.same_page(&distinct.facts(uses), Encoding::RLE_DICTIONARY, body)?;
        }
        return writer.finish();
    }
    let width = distinct.width();
    let mut scratch = Scratch::default();
    let mut pages = Vec::new();
    for (page, uses) in keys.of_row.chunks(PAGE_ROWS).zip(&keys.pages) {
        let facts = distinct.facts(uses);
        let indices = scratch.indices(page, distinct, facts.nulls);
        let put = |out: &mut Vec<u8>| {
            out.push(width as u8);
            hybrid::encode(indices, width, out);
        };
        let put_levels = |out: &mut Vec<u8>| levels_of(page, distinct, facts.nulls, out);
        writer.page(&facts, Encoding::RLE_DICTIONARY, put_levels, put)?;
        pages.push(writer.last_body());
    }
    twins.add(Twin { indices: distinct.indices.clone(), nullable: writer.is_nullable(), pages });
    writer.finish()
}

/// The data pages of columns whose rows have the same keys. A certificate's subject, serial number and dates differ together, so that
/// their indices are the same, and their pages, which are encoded once. Who comes first makes no difference to the bytes.
#[derive(Debug, Default)]
pub(super) struct Twins(Mutex<Vec<Arc<Twin>>>);

#[derive(Debug)]
struct Twin {
    /// By key.
    indices: Vec<u32>,
    nullable: bool,
    pages: Vec<Body>,
}

impl Twins {
    fn of(&self, indices: &[u32], nullable: bool) -> Option<Arc<Twin>> {
        let twins = self.0.lock().ok()?;
        twins.iter().find(|twin| twin.nullable == nullable && twin.indices == indices).cloned()
    }

    fn add(&self, twin: Twin) {
        if let Ok(mut twins) = self.0.lock() {
            twins.push(Arc::new(twin));
        }
    }
}

/// Room for a page's indices.
#[derive(Default)]
struct Scratch(Vec<u32>);

impl Scratch {
    /// The indices of the rows that are not NULL.
    fn indices<'a, V>(&'a mut self, page: &'a [u32], distinct: &Distinct<V>, nulls: usize) -> &'a [u32] {
        if distinct.is_identity {
            return page;
        }
        let indices = &distinct.indices[..];
        self.0.clear();
        self.0.resize(page.len(), 0);
        if nulls == 0 {
            self.0.iter_mut().zip(page).for_each(|(index, &key)| *index = indices[key as usize]);
            return &self.0;
        }
        // Every row is written, and the next one over it if it was NULL: no branch that cannot be foreseen.
        let mut end = 0;
        for &key in page {
            let index = indices[key as usize];
            self.0[end] = index;
            end += usize::from(index != NULL);
        }
        &self.0[..end]
    }
}

/// Appends the definition levels of a page of keys.
fn levels_of<V>(page: &[u32], distinct: &Distinct<V>, nulls: usize, out: &mut Vec<u8>) {
    if nulls == 0 || nulls == page.len() {
        return hybrid::repeated(u32::from(nulls == 0), page.len(), 1, out);
    }
    let present: Vec<u32> = page.iter().map(|&key| u32::from(distinct.indices[key as usize] != NULL)).collect();
    levels(&present, nulls, out);
}

/// Appends definition levels: 1 for a value, 0 for NULL, of which there are so many.
pub(super) fn levels(present: &[u32], nulls: usize, out: &mut Vec<u8>) {
    if nulls == 0 {
        return hybrid::repeated(1, present.len(), 1, out);
    }
    hybrid::encode(present, 1, out);
}
