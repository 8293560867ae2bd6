//! The values behind a unit's buffered rows, kept once for all of its partitions.
//!
//! A batch's ids mean something only beside the batch's own dictionaries, and rows wait here for longer than a batch lives. So each
//! distinct value is copied once, found again by its raw bytes, and rows carry the unit's ids.

use xxhash_rust::xxh3::xxh3_64;

use crate::columns::arrow::{Group, NUMBERS, TEXTS, Tuples};
use crate::columns::{Dictionaries, Dictionary, Identity, Span};
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

    /// What a row can add to [`UnitValues::held`] at most, and to the text that it stands for.
    pub(super) fn most_of_a_row(dicts: &Dictionaries) -> (u64, u64) {
        let longest: u64 = Group::ALL.iter().map(|group| group.of(dicts).longest() as u64).sum();
        // Its raw bytes, and each of its texts, which are parts of them.
        ((1 + TEXTS as u64) * longest + Group::ALL.len() as u64 * ENTRY_BYTES, longest)
    }

    /// The id of a tuple that is known by its values, not by what was logged, and the bytes of its texts. `key` is scratch.
    pub(super) fn intern(
        &mut self,
        group: Group,
        texts: &[Option<&str>; TEXTS],
        numbers: &[Option<i64>; NUMBERS],
        key: &mut Vec<u8>,
    ) -> Result<(u32, u64)> {
        key_of(texts, numbers, key);
        let (id, added) = self.groups[group as usize].intern(key, texts, numbers)?;
        self.held += added;
        Ok((id, texts.iter().flatten().map(|text| text.len() as u64).sum()))
    }

    #[cold]
    fn map(&mut self, group: Group, dicts: &Dictionaries, id: u32) -> Result<Mapped> {
        let tuples = group.of(dicts);
        let (own, added) = self.groups[group as usize].copy(tuples, id)?;
        self.held += added;
        Ok(Mapped { id: own, len: tuples.raw(id).len() as u32 })
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
        self.add(from.hash(id), from.raw(id), |text| Tuple::copy(from, id, text))
    }

    /// Likewise of a tuple that has this key.
    fn intern(&mut self, key: &[u8], texts: &[Option<&str>; TEXTS], numbers: &[Option<i64>; NUMBERS]) -> Result<(u32, u64)> {
        self.add(xxh3_64(key), key, |text| Tuple::of(texts, *numbers, text))
    }

    fn add(&mut self, hash: u64, raw: &[u8], tuple: impl FnOnce(&mut String) -> Result<Tuple>) -> Result<(u32, u64)> {
        let (known, text_before) = (self.ids.len(), self.text.len());
        let text = &mut self.text;
        let own = self.ids.intern_hashed(hash, raw, |_| tuple(text))?;
        let added = match self.ids.len() == known {
            true => 0,
            false => raw.len() as u64 + (self.text.len() - text_before) as u64 + ENTRY_BYTES,
        };
        Ok((own, added))
    }
}

/// Bytes that tell a tuple from every other: of each text whether there is one, its length and the text; likewise of the numbers.
fn key_of(texts: &[Option<&str>; TEXTS], numbers: &[Option<i64>; NUMBERS], key: &mut Vec<u8>) {
    key.clear();
    for text in texts {
        key.extend_from_slice(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        key.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
    for number in numbers {
        key.push(u8::from(number.is_some()));
        key.extend_from_slice(&number.unwrap_or(0).to_le_bytes());
    }
}

impl Tuple {
    fn of(texts: &[Option<&str>; TEXTS], numbers: [Option<i64>; NUMBERS], arena: &mut String) -> Result<Self> {
        let mut spans = [None; TEXTS];
        for (span, text) in spans.iter_mut().zip(texts) {
            *span = text.map(|text| push(arena, text)).transpose()?;
        }
        Ok(Self { texts: spans, numbers })
    }

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

    fn hash(&self, id: u32) -> u64 {
        self.ids.hash(id)
    }

    fn longest(&self) -> usize {
        self.ids.longest()
    }

    fn text(&self, id: u32, slot: usize) -> Option<&str> {
        let (start, len) = self.ids.value(id).texts[slot]?;
        self.text.get(start as usize..start as usize + len as usize)
    }

    fn number(&self, id: u32, slot: usize) -> Option<i64> {
        self.ids.value(id).numbers[slot]
    }
}

/// Ids of batches as the unit's; filled as values are met, valid until the unit's values are cleared.
///
/// Batches come from a few parsers in turn, each with dictionaries that last for many batches: so ids are remembered for several at a time.
#[derive(Debug, Default)]
pub(super) struct Remap {
    /// The one in use is the last.
    tables: Vec<Table>,
}

/// The ids of one set of dictionaries.
#[derive(Debug, Default)]
struct Table {
    of: Identity,
    maps: [Vec<Mapped>; Group::ALL.len()],
}

impl Table {
    fn entries(&self) -> usize {
        self.maps.iter().map(Vec::len).sum()
    }
}

/// The unit's id, and the length of the value's raw bytes beside it because both are always wanted together.
#[derive(Clone, Copy, Debug)]
struct Mapped {
    id: u32,
    len: u32,
}

const UNMAPPED: Mapped = Mapped { id: u32::MAX, len: 0 };
/// Ids that are remembered beside those of the batch at hand; 8 bytes each.
const REMEMBERED: usize = 1 << 18;

impl Remap {
    /// From now on the ids are those of `dicts`. Cost: 8 bytes cleared for each entry that is new.
    pub(super) fn begin(&mut self, dicts: &Dictionaries) {
        let known = self.tables.iter().position(|table| table.of == *dicts.identity());
        let mut table = known.map_or_else(|| Table { of: dicts.identity().clone(), ..Table::default() }, |index| self.tables.remove(index));
        while self.tables.iter().map(Table::entries).sum::<usize>() > REMEMBERED {
            self.tables.remove(0);
        }
        for (map, group) in table.maps.iter_mut().zip(Group::ALL) {
            map.resize(group.of(dicts).len(), UNMAPPED);
        }
        self.tables.push(table);
    }

    /// Forgets everything: the unit's values were cleared.
    pub(super) fn reset(&mut self) {
        self.tables.iter_mut().flat_map(|table| &mut table.maps).for_each(|map| map.fill(UNMAPPED));
    }

    /// The unit's ids for those of a batch in `ids`, appended to `own`. Returns the bytes of all their values, repeated ones counted each time.
    pub(super) fn extend(
        &mut self,
        values: &mut UnitValues,
        group: Group,
        dicts: &Dictionaries,
        ids: &[u32],
        own: &mut Vec<u32>,
    ) -> Result<u64> {
        let table = self.tables.last_mut().ok_or_else(|| Error::Accounting("ids without dictionaries".to_owned()))?;
        let map = &mut table.maps[group as usize][..];
        let start = own.len();
        own.resize(start + ids.len(), 0);
        let mut bytes = 0;
        for (own, &id) in own[start..].iter_mut().zip(ids) {
            let mapped = &mut map[id as usize];
            if mapped.id == u32::MAX {
                *mapped = values.map(group, dicts, id)?;
            }
            *own = mapped.id;
            bytes += u64::from(mapped.len);
        }
        Ok(bytes)
    }
}
