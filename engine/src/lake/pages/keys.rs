//! Rows by key: which of the distinct values each has, numbered as they first occur, and how often each page uses which.
//!
//! Everything that is said of a page (NULLs, bytes, minimum and maximum) follows from the few keys that it uses, not from its rows; and
//! all columns of a group share one count.

use hashbrown::HashTable;

use super::PAGE_ROWS;

/// One key for each row.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// By row.
    pub(super) of_row: Vec<u32>,
    /// By page of [`PAGE_ROWS`]: the keys in use, in order of their first use there, and the rows of each.
    pub(super) pages: Vec<Vec<(u32, u32)>>,
}

impl Keys {
    /// Of rows that have keys below `count`.
    pub(super) fn new(of_row: Vec<u32>, count: usize) -> Self {
        let mut counts = vec![0; count];
        let pages = of_row.chunks(PAGE_ROWS).map(|page| uses(page, &mut counts)).collect();
        Self { of_row, pages }
    }

    /// Of rows that have ids below `len`, made dense; with the id of each key. Cost: a pass over the rows, and `len` words cleared.
    pub(super) fn dense(mut ids: Vec<u32>, len: usize) -> (Self, Vec<u32>) {
        const UNSEEN: u32 = u32::MAX;
        let mut dense = vec![UNSEEN; len];
        let mut used = Vec::new();
        for id in &mut ids {
            let key = &mut dense[*id as usize];
            if *key == UNSEEN {
                *key = used.len() as u32;
                used.push(*id);
            }
            *id = *key;
        }
        (Self::new(ids, used.len()), used)
    }

    /// Of rows with a value each, and the value of each key; `None` if more than `most` are distinct.
    pub(super) fn of_values<V: Copy + PartialEq>(
        rows: impl ExactSizeIterator<Item = V>,
        most: usize,
        hash: impl Fn(&V) -> u64,
    ) -> Option<(Self, Vec<V>)> {
        let mut table: HashTable<u32> = HashTable::new();
        let mut values: Vec<V> = Vec::new();
        let mut of_row = Vec::with_capacity(rows.len());
        for value in rows {
            let entry = table.entry(hash(&value), |&key| values[key as usize] == value, |&key| hash(&values[key as usize]));
            let key = *entry.or_insert(values.len() as u32).get();
            if key as usize == values.len() {
                if values.len() == most {
                    return None;
                }
                values.push(value);
            }
            of_row.push(key);
        }
        Some((Self::new(of_row, values.len()), values))
    }
}

/// The keys in a page with the rows of each. `counts` is zero for every key, before and after.
fn uses(page: &[u32], counts: &mut [u32]) -> Vec<(u32, u32)> {
    let mut used = Vec::new();
    let mut add = |key: u32, rows: u32| {
        let count = &mut counts[key as usize];
        if *count == 0 {
            used.push((key, 0));
        }
        *count += rows;
    };
    let Some(&first) = page.first() else { return used };
    // Rows of one key often stand together; adding them up in a register spares a chain of writes to one place.
    let (mut key, mut rows) = (first, 0);
    for &next in page {
        if next != key {
            add(key, rows);
            (key, rows) = (next, 0);
        }
        rows += 1;
    }
    add(key, rows);
    for (key, rows) in &mut used {
        *rows = std::mem::take(&mut counts[*key as usize]);
    }
    used
}

#[cfg(test)]
mod tests {
    use super::{Keys, PAGE_ROWS};

    #[test]
    fn keys_are_numbered_as_they_occur_and_counted_by_page() {
        let ids: Vec<u32> = (0..PAGE_ROWS as u32 + 3).map(|row| [7, 7, 2][row as usize % 3]).collect();
        let (keys, used) = Keys::dense(ids, 9);
        assert_eq!(used, [7, 2]);
        assert_eq!(keys.of_row[..4], [0, 0, 1, 0]);
        assert_eq!(keys.pages, [vec![(0, 13_334), (1, 6_666)], vec![(1, 1), (0, 2)]]);
    }

    #[test]
    fn too_many_distinct_values_have_no_keys() {
        let hash = |value: &u64| *value;
        let (keys, values) = Keys::of_values([5u64, 6, 5].into_iter(), 2, hash).unwrap();
        assert_eq!((keys.of_row, values), (vec![0, 1, 0], vec![5, 6]));
        assert!(Keys::of_values([5u64, 6, 7].into_iter(), 2, hash).is_none());
        assert!(Keys::dense(Vec::new(), 0).0.pages.is_empty());
    }
}
