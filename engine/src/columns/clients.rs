//! Clients by their address as it stands in a line, each with what its last line said.
//!
//! In: a line. Out: the client, if it was met before, and the ids of what this line will most likely say. A miss costs nothing but time: whoever
//! asks has another way to find out.

use super::{Certificate, Client, Dictionary};
use crate::fields::words::{first, packed_decimals, padded, word};
use crate::scan::prefetch;

/// What a client's last line said: ids of the parser's dictionaries. Two of these are one line of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Habit {
    key: Key,
    pub(super) client: u32,
    pub(super) certificate: u32,
    /// Where the certificate's bytes begin in their dictionary, and how many they are.
    certificate_start: u32,
    certificate_length: u16,
    endpoint: u16,
    verdict: u16,
    route: u16,
}

/// An address of up to 15 digits and dots, four bits each, with their number in the upper bits: no two have the same. Of any other, a hash with
/// zeros there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

const VACANT: Habit =
    Habit { key: Key(0), client: u32::MAX, certificate: 0, certificate_start: 0, certificate_length: 0, endpoint: 0, verdict: 0, route: 0 };

/// Ids of what a line says beside its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) endpoint: u32,
    pub(super) certificate: u32,
    pub(super) verdict: u32,
    pub(super) route: u32,
}

impl Habit {
    /// `None` where the ids or the certificate are larger than what a habit holds: such a client is met anew each time.
    fn new(client: u32, said: Said, (certificate_start, length): (u32, u32)) -> Option<Self> {
        Some(Self {
            key: VACANT.key,
            client,
            certificate: said.certificate,
            certificate_start,
            certificate_length: length.try_into().ok()?,
            endpoint: said.endpoint.try_into().ok()?,
            verdict: said.verdict.try_into().ok()?,
            route: said.route.try_into().ok()?,
        })
    }

    pub(super) fn said(&self) -> Said {
        let Self { certificate, endpoint, verdict, route, .. } = *self;
        Said { endpoint: endpoint.into(), certificate, verdict: verdict.into(), route: route.into() }
    }

    /// The bytes of the certificate.
    #[inline(always)]
    pub(super) fn certificate_in<'d>(&self, certificates: &'d Dictionary<Certificate>) -> &'d [u8] {
        certificates.at(self.certificate_place())
    }

    #[inline(always)]
    fn certificate_place(&self) -> (u32, u32) {
        (self.certificate_start, self.certificate_length.into())
    }
}

/// A client that was met before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub(super) habit: Habit,
    /// Bytes of the address.
    pub(super) length: usize,
    slot: usize,
}

/// A client that is being looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    key: Key,
    length: usize,
    slot: usize,
}

/// The longest address that is looked for: eight groups of four digits, and seven colons between them.
const LONGEST: usize = 39;
/// Where an address begins if the time is as usual: after `YYYY-MM-DDThh:mm:ss.ffffffZ` and a space.
pub(super) const ADDRESS_AT: usize = 28;

/// The field at `at` as a key, and its length; `None` if it does not end within [`LONGEST`] bytes.
#[inline(always)]
pub(super) fn key_at(line: &[u8], at: usize) -> Option<(Key, usize)> {
    let low = word(line, at)?;
    let length = first(b' ', low);
    if length < 8 {
        return short_key(padded(low, length), padded(0, 0), length).or_else(|| long_key(line, at));
    }
    let high = word(line, at + 8)?;
    match first(b' ', high) {
        length @ 0..8 => short_key(low, padded(high, length), 8 + length).or_else(|| long_key(line, at)),
        _ => long_key(line, at),
    }
}

#[inline(always)]
fn short_key(low: u64, high: u64, length: u32) -> Option<(Key, usize)> {
    let packed = packed_decimals(low)? | packed_decimals(high)? << 32 | u64::from(length) << 60;
    Some((Key(packed), length as usize))
}

#[inline(never)]
fn long_key(line: &[u8], at: usize) -> Option<(Key, usize)> {
    let field = line.get(at..)?;
    let length = memchr::memchr(b' ', &field[..field.len().min(LONGEST + 1)])?;
    Some((Key(xxhash_rust::xxh3::xxh3_64(&field[..length]) >> 4), length))
}

impl Key {
    #[inline(always)]
    fn hash(self) -> u64 {
        (self.0 ^ self.0 >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Whether the key is the address itself.
    #[inline(always)]
    pub(super) fn is_exact(self) -> bool {
        self.0 >> 60 != 0
    }

    /// Whether it is an IPv4 address: four numbers up to 255 without leading zeros.
    #[inline(always)]
    pub(super) fn is_ipv4(self) -> bool {
        // A dot is the one character here of which the upper two bits of four are set.
        let dots = self.0 & self.0 << 1 & (0x0888_8888_8888_8888);
        let behind_first = dots & dots.wrapping_sub(1);
        let behind_second = behind_first & behind_first.wrapping_sub(1);
        let [first, second, third] = [dots, behind_first, behind_second].map(|dots| dots.trailing_zeros() / 4);
        let length = (self.0 >> 60) as u32;
        dots.count_ones() == 3
            && self.is_octet(0, first)
            && self.is_octet(first + 1, second)
            && self.is_octet(second + 1, third)
            && self.is_octet(third + 1, length)
    }

    /// Whether the digits from `start` to `end` are such a number.
    #[inline(always)]
    fn is_octet(self, start: u32, end: u32) -> bool {
        let digits = end.wrapping_sub(start);
        if !(1..=3).contains(&digits) {
            return false;
        }
        let from_start = self.0 >> (4 * start);
        let last_three = from_start << (4 * (3 - digits));
        let digit = |place: u32| last_three >> (4 * place) & 15;
        let value = 100 * digit(0) + 10 * digit(1) + digit(2);
        value <= 255 && (digits == 1 || from_start & 15 != 0)
    }
}

/// The habits of all clients in a parser's dictionary: a hash table whose slots hold everything that a line wants to know of its client, so
/// that it costs one line of a cache.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// A power of two of them, or none; half of them vacant at least.
    slots: Vec<Habit>,
    used: usize,
}

impl Habits {
    const FEWEST_SLOTS: usize = 1024;

    /// Clients that are remembered.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Habit>()
    }

    /// Forgets everybody, and gives the memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Begins to look the client of `line` up: its slot is on its way into the cache.
    #[inline(always)]
    pub(super) fn ask(&self, line: &[u8]) -> Option<Asked> {
        let (key, length) = key_at(line, ADDRESS_AT)?;
        let slot = self.first_slot(key)?;
        prefetch(&self.slots[slot].key.0);
        Some(Asked { key, length, slot })
    }

    /// The client that was asked for, if it was met before.
    #[inline(always)]
    pub(super) fn answer(&self, asked: Asked, line: &[u8], clients: &Dictionary<Client>) -> Option<Met> {
        let Asked { key, length, slot } = asked;
        let slot = self.slot_from(slot, key);
        let habit = self.slots[slot];
        let is_it = habit.client != u32::MAX && (key.is_exact() || clients.is(habit.client, &line[ADDRESS_AT..ADDRESS_AT + length]));
        is_it.then_some(Met { habit, length, slot })
    }

    /// Remembers what `client`, whose address stands at `at`, said in `line`.
    pub(super) fn learn(&mut self, (line, at): (&[u8], usize), client: u32, said: Said, certificates: &Dictionary<Certificate>) {
        let Some(((key, _), habit)) = key_at(line, at).zip(Habit::new(client, said, certificates.place(said.certificate))) else { return };
        if self.slots.len() <= 2 * self.used {
            self.grow();
        }
        if let Some(slot) = self.slot(key) {
            self.used += usize::from(self.slots[slot].client == u32::MAX);
            self.slots[slot] = Habit { key, ..habit };
        }
    }

    /// Remembers that a client said something else than usual.
    #[inline(never)]
    pub(super) fn turn(&mut self, met: &Met, said: Said, certificates: &Dictionary<Certificate>) {
        // The table may have grown since the client was looked up.
        let slot = self.slots.get_mut(met.slot).filter(|slot| slot.key == met.habit.key && slot.client == met.habit.client);
        let Some(slot) = slot else { return };
        let same_certificate = said.certificate == met.habit.certificate;
        let place = if same_certificate { met.habit.certificate_place() } else { certificates.place(said.certificate) };
        if let Some(habit) = Habit::new(met.habit.client, said, place) {
            *slot = Habit { key: met.habit.key, ..habit };
        }
    }

    /// Where the search for a key begins; `None` while there are no slots.
    #[inline(always)]
    fn first_slot(&self, key: Key) -> Option<usize> {
        Some((key.hash() >> 32) as usize & self.slots.len().checked_sub(1)?)
    }

    /// The slot of that key, or the vacant one where it would stand.
    #[inline(always)]
    fn slot_from(&self, first: usize, key: Key) -> usize {
        let mut slot = first;
        loop {
            let habit = &self.slots[slot];
            if habit.key == key || habit.client == u32::MAX {
                return slot;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn slot(&self, key: Key) -> Option<usize> {
        Some(self.slot_from(self.first_slot(key)?, key))
    }

    #[cold]
    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(Self::FEWEST_SLOTS);
        let old = std::mem::replace(&mut self.slots, vec![VACANT; size]);
        for habit in old.into_iter().filter(|habit| habit.client != u32::MAX) {
            if let Some(slot) = self.slot(habit.key) {
                self.slots[slot] = habit;
            }
        }
    }
}
