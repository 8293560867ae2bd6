//! Counts a batch's rows by their combination of ids, and sorts latencies by it: the only pass over rows that aggregation makes.
//!
//! In: a batch with its dictionaries and the labels of its inputs. Out: [`Groups`], in order of first appearance. Costs a few nanoseconds
//! a row while there are fewer combinations than a cache has lines, a hash look-up a row beyond; memory is proportional to the batch.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Range;

use super::SourceLabels;
use super::histogram::{Extent, LatencyCounts, Tally, bucket_of, whole_ms};
use crate::columns::{ConnectionBatch, Dictionaries, Endpoint, Outcome, Route, Verdict};

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

static NO_LABELS: SourceLabels = SourceLabels { account: None, region: None };

/// Where and when rows happened, as far as hours are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// Start of the hour, µs since 1970.
    pub(crate) hour: i64,
    label: u32,
}

impl Hash for Context {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from(self.label) << 64 | u128::from(self.hour as u64));
    }
}

/// Rows that share context, endpoint, route and verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) rows: u64,
    pub(crate) latency: Extent,
    pub(crate) context: u32,
    pub(crate) endpoint: u32,
    pub(crate) route: u32,
    pub(crate) verdict: u32,
    /// Where its latencies end.
    end: u32,
    failed: bool,
}

/// Groups rows, batch after batch; holds nothing between batches but memory.
#[derive(Debug, Default)]
pub struct Grouper {
    index: GroupIndex,
    contexts: Vec<Context>,
    context_ids: HashMap<Context, u32, BuildHasherDefault<FoldHasher>>,
    groups: Vec<Group>,
    /// Group and bucket of each row with a latency, in row order.
    timed: Vec<(u32, u16)>,
    /// The buckets of `timed`, group by group.
    buckets: Vec<u16>,
    failed_rows: Vec<u32>,
}

/// A batch's rows by combination of ids, with what the ids stand for.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    pub(crate) batch: &'a ConnectionBatch,
    pub(crate) dicts: &'a Dictionaries,
    grouper: &'a Grouper,
    labels: &'a [SourceLabels],
}

impl Grouper {
    /// Groups the rows of `batch`. `labels` stand by index of the input ([`SourceRun::file`](crate::columns::SourceRun)); an input
    /// beyond them has none, so `&[]` will do where they do not matter.
    pub fn group<'a>(&'a mut self, batch: &'a ConnectionBatch, dicts: &'a Dictionaries, labels: &'a [SourceLabels]) -> Groups<'a> {
        self.clear();
        let mut label_ids = LabelIds::default();
        for (rows, file) in segments(batch) {
            let label = label_ids.id(file, labels);
            self.assign(batch, dicts, label, rows);
        }
        self.sort_latencies();
        Groups { batch, dicts, grouper: self, labels }
    }

    /// Bytes held, room that is not in use included; roughly.
    pub(crate) fn memory(&self) -> usize {
        let rows = self.timed.capacity() * 8 + self.buckets.capacity() * 2 + self.failed_rows.capacity() * 4;
        let ids = self.index.cache.capacity() * 20 + self.index.table.capacity() * 36;
        rows + ids + self.groups.capacity() * size_of::<Group>() + (self.contexts.capacity() + self.context_ids.capacity()) * 24
    }

    fn clear(&mut self) {
        self.index.clear();
        self.contexts.clear();
        self.context_ids.clear();
        self.groups.clear();
        self.timed.clear();
        self.buckets.clear();
        self.failed_rows.clear();
    }

    fn assign(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, label: u32, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        self.timed.reserve(rows.len());
        let mut hour = hour_of(batch.time[rows.start]);
        let mut context = self.context(Context { hour, label });
        let first_row = rows.start;
        let ids = batch.endpoint[rows.clone()].iter().zip(&batch.route[rows.clone()]).zip(&batch.verdict[rows.clone()]);
        let values = batch.time[rows.clone()].iter().zip(&batch.latency[rows]);
        for (index, (((&endpoint, &route), &verdict), (&time, &seconds))) in ids.zip(values).enumerate() {
            if time.wrapping_sub(hour) as u64 >= HOUR as u64 {
                hour = hour_of(time);
                context = self.context(Context { hour, label });
            }
            let groups = &mut self.groups;
            let id = self.index.id([context, endpoint, route, verdict], || {
                let failed = dicts.verdicts.value(verdict).outcome == Outcome::Failed;
                groups.push(Group { rows: 0, latency: Extent::default(), context, endpoint, route, verdict, end: 0, failed });
                groups.len() as u32 - 1
            });
            let group = &mut self.groups[id as usize];
            group.rows += 1;
            if group.failed {
                self.failed_rows.push((first_row + index) as u32);
            }
            if !seconds.is_nan() {
                let ms = whole_ms(seconds);
                group.latency.add(ms);
                self.timed.push((id, bucket_of(ms)));
            }
        }
    }

    fn context(&mut self, context: Context) -> u32 {
        *self.context_ids.entry(context).or_insert_with(|| {
            self.contexts.push(context);
            self.contexts.len() as u32 - 1
        })
    }

    /// A counting sort: every group's latencies come to stand together.
    fn sort_latencies(&mut self) {
        let mut next = 0;
        for group in &mut self.groups {
            group.end = next;
            next += group.latency.count as u32;
        }
        self.buckets.resize(next as usize, 0);
        for &(group, bucket) in &self.timed {
            let end = &mut self.groups[group as usize].end;
            self.buckets[*end as usize] = bucket;
            *end += 1;
        }
    }
}

impl<'a> Groups<'a> {
    /// The groups, in order of first appearance.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a Group> {
        self.grouper.groups.iter()
    }

    /// The rows whose outcome is [`Outcome::Failed`], ascending.
    pub(crate) fn failed_rows(&self) -> impl Iterator<Item = usize> {
        self.grouper.failed_rows.iter().map(|&row| row as usize)
    }

    pub(crate) fn endpoint(&self, group: &Group) -> &'a Endpoint {
        self.dicts.endpoints.value(group.endpoint)
    }

    pub(crate) fn route(&self, group: &Group) -> &'a Route {
        self.dicts.routes.value(group.route)
    }

    pub(crate) fn verdict(&self, group: &Group) -> &'a Verdict {
        self.dicts.verdicts.value(group.verdict)
    }

    /// Hour and labels of a group's context.
    pub(crate) fn context(&self, context: u32) -> (i64, &'a SourceLabels) {
        let Context { hour, label } = self.grouper.contexts[context as usize];
        (hour, self.labels.get(label as usize).unwrap_or(&NO_LABELS))
    }

    /// Calls `visit` with every distinct key, ascending, and its groups. Costs a sort of the groups.
    pub(crate) fn by_key<K: Ord>(&self, key: impl Fn(&'a Group) -> K, mut visit: impl FnMut(&K, &[(K, &'a Group)])) {
        let mut keyed: Vec<(K, &Group)> = self.iter().map(|group| (key(group), group)).collect();
        keyed.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        for members in keyed.chunk_by(|(one, _), (two, _)| one == two) {
            visit(&members[0].0, members);
        }
    }

    /// Like [`Self::by_key`], with the latencies of the key's groups; keys without any are left out.
    pub(crate) fn latency_by_key<K: Ord>(&self, key: impl Fn(&'a Group) -> K, mut visit: impl FnMut(&K, &LatencyCounts)) {
        let mut tally = Tally::default();
        self.by_key(key, |key, members| {
            let mut extent = Extent::default();
            members.iter().for_each(|(_, group)| extent.merge(group.latency));
            if extent.count > 0 {
                visit(key, tally.collect(members.iter().map(|(_, group)| self.buckets(group)), extent));
            }
        });
    }

    fn buckets(&self, group: &Group) -> &'a [u16] {
        let end = group.end as usize;
        &self.grouper.buckets[end - group.latency.count as usize..end]
    }
}

fn hour_of(time: i64) -> i64 {
    time.saturating_sub(time.rem_euclid(HOUR))
}

/// Stretches of rows by input; rows before the first run have no input.
fn segments(batch: &ConnectionBatch) -> impl Iterator<Item = (Range<usize>, Option<u32>)> {
    let rows = batch.time.len();
    let start = move |index: usize| batch.runs.get(index).map_or(rows, |run| rows.min(run.first_row as usize));
    let unnamed = (0..start(0), None);
    let runs = batch.runs.iter().enumerate().map(move |(index, run)| (start(index)..start(index + 1), Some(run.file)));
    std::iter::once(unnamed).chain(runs)
}

/// Gives inputs with equal labels the same id: the index of the first of them. Without labels it is `u32::MAX`.
#[derive(Default)]
struct LabelIds<'a> {
    ids: HashMap<&'a SourceLabels, u32>,
    last: Option<(u32, u32)>,
}

impl<'a> LabelIds<'a> {
    fn id(&mut self, file: Option<u32>, labels: &'a [SourceLabels]) -> u32 {
        let Some((file, label)) = file.and_then(|file| Some((file, labels.get(file as usize)?))) else { return u32::MAX };
        match self.last {
            Some((last, id)) if last == file => id,
            _ => {
                let id = *self.ids.entry(label).or_insert(file);
                self.last = Some((file, id));
                id
            }
        }
    }
}

/// Ids of combinations: a direct-mapped cache in front of a hash table.
#[derive(Debug, Default)]
struct GroupIndex {
    cache: Vec<([u32; 4], u32)>,
    table: HashMap<u128, u32, BuildHasherDefault<FoldHasher>>,
}

impl GroupIndex {
    /// Twenty kilobytes of lines, a power of two: near the processor's first cache, and room for a usual batch.
    const LINES: usize = 1024;
    /// No context has this id: a batch has fewer rows.
    const VACANT: [u32; 4] = [u32::MAX; 4];

    fn clear(&mut self) {
        self.cache.clear();
        self.cache.resize(Self::LINES, (Self::VACANT, 0));
        self.table.clear();
    }

    /// Where a combination goes in the cache: independent multiplications, the upper bits of their sum.
    #[inline]
    fn line([context, endpoint, route, verdict]: [u32; 4]) -> usize {
        let endpoints = endpoint.wrapping_mul(0x9e37_79b1).wrapping_add(route.wrapping_mul(0x85eb_ca6b));
        let others = verdict.wrapping_mul(0xc2b2_ae35).wrapping_add(context.wrapping_mul(0x27d4_eb2f));
        (endpoints.wrapping_add(others) >> (u32::BITS - Self::LINES.ilog2())) as usize
    }

    #[inline]
    fn id(&mut self, key: [u32; 4], make: impl FnOnce() -> u32) -> u32 {
        let line = &mut self.cache[Self::line(key)];
        if line.0 != key {
            let packed = key.iter().fold(0, |packed, &part| packed << 32 | u128::from(part));
            *line = (key, *self.table.entry(packed).or_insert_with(make));
        }
        line.1
    }
}

/// Hashes ids and hours by multiplication. They are ours, small and bounded by the batch, so nobody gains by making them collide.
#[derive(Debug, Default)]
pub(crate) struct FoldHasher(u64);

#[inline]
fn fold(key: u128) -> u64 {
    let mixed = (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((key >> 64) as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let product = u128::from(mixed) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    product as u64 ^ (product >> 64) as u64
}

impl Hasher for FoldHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, part: u64) {
        self.write_u128(u128::from(part));
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = fold(key ^ u128::from(self.0));
    }
}
