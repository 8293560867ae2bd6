//! Values that repeat, kept once: raw field bytes in, a small id out.
//!
//! A connection log repeats itself: a balancer has few listeners, a client few certificates. Fields that repeat *together* are taken as
//! one tuple (raw bytes, quotes and all), looked up once, and split and checked only when they are new. Ids are dense from 0 and mean
//! something only beside the [`Dictionary`] that gave them; nothing is ever removed but by [`Dictionary::clear`].

use std::convert::Infallible;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// A byte range of a dictionary's arena; `None` stands for NULL.
pub type Span = Option<(u32, u32)>;

/// Distinct raw byte strings, each with a value of type `T` derived from it once.
///
/// Cost: one hash and one comparison per lookup; a new entry copies its bytes once. Memory: the arena, plus about 40 bytes per entry.
#[derive(Debug)]
pub struct Dictionary<T> {
    table: HashTable<u32>,
    arena: Vec<u8>,
    entries: Vec<Entry<T>>,
    /// Bytes of the longest entry.
    longest: u32,
}

#[derive(Debug)]
struct Entry<T> {
    hash: u64,
    start: u32,
    len: u32,
    value: T,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { table: HashTable::new(), arena: Vec::new(), entries: Vec::new(), longest: 0 }
    }
}

impl<T> Dictionary<T> {
    /// The id of `raw`; `derive` makes the value if it is new, given the arena offset at which `raw` will stand.
    ///
    /// An error of `derive` leaves the dictionary as it was.
    #[inline]
    pub fn intern<E>(&mut self, raw: &[u8], derive: impl FnOnce(u32) -> Result<T, E>) -> Result<u32, E> {
        self.intern_hashed(xxh3_64(raw), raw, derive)
    }

    /// [`Dictionary::intern`] of bytes whose XXH3 is known.
    #[inline]
    pub fn intern_hashed<E>(&mut self, hash: u64, raw: &[u8], derive: impl FnOnce(u32) -> Result<T, E>) -> Result<u32, E> {
        match self.find_hashed(hash, raw) {
            Some(id) => Ok(id),
            None => self.insert(hash, raw, derive),
        }
    }

    /// The id of `raw`, if it is there.
    pub fn find(&self, raw: &[u8]) -> Option<u32> {
        self.find_hashed(xxh3_64(raw), raw)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, raw: &[u8]) -> Option<u32> {
        let found = self.table.find(hash, |&id| {
            let entry = &self.entries[id as usize];
            entry.hash == hash && self.bytes((entry.start, entry.len)) == raw
        });
        found.copied()
    }

    /// [`Dictionary::intern`] where nothing can be wrong with a new value.
    #[inline]
    pub fn intern_infallible(&mut self, raw: &[u8], derive: impl FnOnce(u32) -> T) -> u32 {
        let Ok(id) = self.intern(raw, |start| Ok::<T, Infallible>(derive(start)));
        id
    }

    #[inline(never)]
    fn insert<E>(&mut self, hash: u64, raw: &[u8], derive: impl FnOnce(u32) -> Result<T, E>) -> Result<u32, E> {
        let start = self.arena.len() as u32;
        let value = derive(start)?;
        let id = self.entries.len() as u32;
        self.arena.extend_from_slice(raw);
        self.longest = self.longest.max(raw.len() as u32);
        self.entries.push(Entry { hash, start, len: raw.len() as u32, value });
        let entries = &self.entries;
        self.table.insert_unique(hash, id, |&id| entries[id as usize].hash);
        Ok(id)
    }

    /// Whether entry `id` was made from exactly these bytes: the cheap way to confirm a guess.
    #[inline]
    pub fn is(&self, id: u32, raw: &[u8]) -> bool {
        match self.entries.get(id as usize) {
            Some(entry) => self.bytes((entry.start, entry.len)) == raw,
            None => false,
        }
    }

    /// Where the raw bytes of `id` stand, for [`Dictionary::at`].
    pub(super) fn place(&self, id: u32) -> (u32, u32) {
        let entry = &self.entries[id as usize];
        (entry.start, entry.len)
    }

    /// The raw bytes at a place that [`Dictionary::place`] gave.
    #[inline]
    pub(super) fn at(&self, place: (u32, u32)) -> &[u8] {
        self.bytes(place)
    }

    /// The derived value of `id`.
    pub fn value(&self, id: u32) -> &T {
        &self.entries[id as usize].value
    }

    /// The raw bytes of `id`, as logged.
    pub fn raw(&self, id: u32) -> &[u8] {
        let entry = &self.entries[id as usize];
        self.bytes((entry.start, entry.len))
    }

    /// XXH3 of the raw bytes of `id`.
    pub fn hash(&self, id: u32) -> u64 {
        self.entries[id as usize].hash
    }

    /// Length of the longest raw bytes.
    pub fn longest(&self) -> usize {
        self.longest as usize
    }

    /// The text of a span that `derive` recorded. Only UTF-8 is ever interned, so this finds text.
    pub fn text(&self, span: Span) -> Option<&str> {
        span.map(|span| std::str::from_utf8(self.bytes(span)).unwrap_or_default())
    }

    /// Number of distinct values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes in use, roughly.
    pub fn memory(&self) -> usize {
        self.arena.len() + self.entries.len() * (size_of::<Entry<T>>() + 6)
    }

    /// Bytes held, room that is not in use included.
    pub fn held(&self) -> usize {
        self.arena.capacity() + self.entries.capacity() * size_of::<Entry<T>>() + self.table.capacity() * 8
    }

    /// Forgets everything and gives the memory back; ids given before mean nothing afterwards.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn bytes(&self, (start, len): (u32, u32)) -> &[u8] {
        &self.arena[start as usize..(start + len) as usize]
    }
}
