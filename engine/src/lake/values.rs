//! The values behind a unit's buffered rows, kept once for all of its partitions.
//!
//! A batch's ids mean something only beside the batch's own dictionaries, and rows wait here for longer than a batch lives. So each
//! distinct value is copied once, found again by its raw bytes, and rows carry the unit's ids.

use crate::columns::arrow::{Group, NUMBERS, TEXTS, Tuples};
use crate::columns::{Dictionaries, Dictionary, Span};
use crate::error::{Error, Result};

/// What an entry costs besides its text: hash, spans, numbers.
const ENTRY_BYTES: u64 = 160;

/// A unit's values by group.
#[derive(Debug, Default)]
pub(super) struct UnitValues {
    groups: [Values; Group::ALL.len()],
    held: u64,
}

impl UnitValues {
    /// The values of a group.
    pub(super) fn of(&self, group: Group) -> &dyn Tuples {
        &self.groups[group as usize]
    }

    /// Memory held, in bytes; grows by what each new value adds, so it depends on the rows alone.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Forgets everything: ids given before mean nothing afterwards.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[cold]
    fn copy(&mut self, group: Group, dicts: &Dictionaries, id: u32) -> Result<u32> {
        let (own, added) = self.groups[group as usize].copy(group.of(dicts), id)?;
        self.held += added;
        Ok(own)
    }
}

/// Distinct tuples of one group.
#[derive(Debug, Default)]
struct Values {
    ids: Dictionary<Tuple>,
    text: String,
}

#[derive(Debug)]
struct Tuple {
    texts: [Span; TEXTS],
    numbers: [Option<i64>; NUMBERS],
}

impl Values {
    /// The id of a tuple of `from`, and the bytes that were added for it.
    fn copy(&mut self, from: &dyn Tuples, id: u32) -> Result<(u32, u64)> {
        let (known, text_before) = (self.ids.len(), self.text.len());
        let text = &mut self.text;
        let raw = from.raw(id);
        let own = self.ids.intern(raw, |_| Tuple::copy(from, id, text))?;
        let added = match self.ids.len() == known {
            true => 0,
            false => raw.len() as u64 + (self.text.len() - text_before) as u64 + ENTRY_BYTES,
        };
        Ok((own, added))
    }
}

impl Tuple {
    fn copy(from: &dyn Tuples, id: u32, arena: &mut String) -> Result<Self> {
        let mut texts = [None; TEXTS];
        for (slot, span) in texts.iter_mut().enumerate() {
            if let Some(text) = from.text(id, slot) {
                *span = Some(push(arena, text)?);
            }
        }
        Ok(Self { texts, numbers: std::array::from_fn(|slot| from.number(id, slot)) })
    }
}

fn push(arena: &mut String, text: &str) -> Result<(u32, u32)> {
    let too_long = |_| Error::Config("a field is longer than a column can hold: read with a lower limit on the length of lines".to_owned());
    let span = (u32::try_from(arena.len()).map_err(too_long)?, u32::try_from(text.len()).map_err(too_long)?);
    arena.push_str(text);
    Ok(span)
}

impl Tuples for Values {
    fn len(&self) -> usize {
        self.ids.len()
    }

    fn raw(&self, id: u32) -> &[u8] {
        self.ids.raw(id)
    }

    fn text(&self, id: u32, slot: usize) -> Option<&str> {
        let (start, len) = self.ids.value(id).texts[slot]?;
        self.text.get(start as usize..start as usize + len as usize)
    }

    fn number(&self, id: u32, slot: usize) -> Option<i64> {
        self.ids.value(id).numbers[slot]
    }
}

/// A batch's ids as the unit's; filled as values are met, valid for one batch and until the values are cleared.
#[derive(Debug, Default)]
pub(super) struct Remap {
    maps: [Vec<Mapped>; Group::ALL.len()],
}

/// The unit's id, and the length of the value's raw bytes beside it because both are always wanted together.
#[derive(Clone, Copy, Debug)]
struct Mapped {
    id: u32,
    len: u32,
}

const UNMAPPED: Mapped = Mapped { id: u32::MAX, len: 0 };

impl Remap {
    /// Forgets everything; from now on the ids are those of `dicts`. Cost: 8 bytes cleared for each of its entries.
    pub(super) fn begin(&mut self, dicts: &Dictionaries) {
        for group in Group::ALL {
            let map = &mut self.maps[group as usize];
            map.clear();
            map.resize(group.of(dicts).len(), UNMAPPED);
        }
    }

    /// Forgets everything, for the same dictionaries: the unit's values were cleared.
    pub(super) fn reset(&mut self) {
        self.maps.iter_mut().for_each(|map| map.fill(UNMAPPED));
    }

    /// The unit's id for the batch's `id`, and the length of its raw bytes.
    #[inline]
    pub(super) fn get(&mut self, values: &mut UnitValues, group: Group, dicts: &Dictionaries, id: u32) -> Result<(u32, u32)> {
        let mapped = &mut self.maps[group as usize][id as usize];
        if mapped.id == u32::MAX {
            let len = group.of(dicts).raw(id).len() as u32;
            *mapped = Mapped { id: values.copy(group, dicts, id)?, len };
        }
        Ok((mapped.id, mapped.len))
    }
}
