//! A map with a bound on its keys that still does not depend on the order in which they came.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Something that can be added up.
pub(crate) trait Sum: Default {
    /// Adds `other` to this.
    fn add(&mut self, other: Self);

    /// Bytes held beside its own size.
    fn memory(&self) -> usize {
        0
    }
}

impl Sum for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }
}

/// Sums by key for the first `cap` keys *in key order*; all others go into one sum.
///
/// "First in order" rather than "first to come" makes the result exact and independent of order and split: a key among the first of the
/// whole is among the first of every part, so no part has given any of it away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Capped<K: Ord, V> {
    cap: usize,
    kept: BTreeMap<K, V>,
    other: Option<V>,
}

impl<K: Ord, V: Sum> Capped<K, V> {
    /// An empty map that keeps at most `cap` keys apart.
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap, kept: BTreeMap::new(), other: None }
    }

    /// The sum that `key` belongs to; the key is copied only if it is new.
    pub(crate) fn slot<Q>(&mut self, key: &Q) -> &mut V
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if !self.kept.contains_key(key) {
            if !self.make_room(key) {
                return self.other.get_or_insert_default();
            }
            self.kept.insert(key.to_owned(), V::default());
        }
        match self.kept.get_mut(key) {
            Some(sum) => sum,
            None => self.other.get_or_insert_default(),
        }
    }

    /// Whether new `key` is to be kept; if so and the map is full, its last key has been given away.
    fn make_room<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        if self.kept.len() < self.cap {
            return true;
        }
        if self.kept.last_key_value().is_none_or(|(last, _)| last.borrow() < key) {
            return false;
        }
        self.give_last_away();
        true
    }

    /// The last key is kept apart no longer; gives the bytes that its sum held, `None` if there is no key.
    pub(crate) fn give_last_away(&mut self) -> Option<usize> {
        let (_, sum) = self.kept.pop_last()?;
        let held = sum.memory();
        self.other.get_or_insert_default().add(sum);
        Some(held)
    }

    /// Adds `other` to this.
    pub(crate) fn merge(&mut self, other: Self)
    where
        K: Clone,
    {
        for (key, sum) in other.kept {
            self.slot(&key).add(sum);
        }
        if let Some(sum) = other.other {
            self.other.get_or_insert_default().add(sum);
        }
    }

    /// The keys kept apart with their sums, in order.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&K, &V)> {
        self.kept.iter()
    }

    /// The sum of all other keys; `None` if there are none.
    pub(crate) fn other(&self) -> Option<&V> {
        self.other.as_ref()
    }
}
