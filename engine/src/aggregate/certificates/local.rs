//! Uses within one batch, by id: the pass over the rows. Text is looked at afterwards, once per use.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use super::super::groups::FoldHasher;
use super::history::LeafState;
use crate::columns::{Certificate, ConnectionBatch, Dictionaries};

/// What rows of one use have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalKey {
    pub(super) certificate: u32,
    pub(super) verdict: u32,
    pub(super) endpoint: u32,
    pub(super) route: u32,
    /// Index into [`LocalUses::balancers`]; only where the route names none.
    pub(super) balancer: u32,
    pub(super) leaf: LeafState,
}

impl Hash for LocalKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ids = u128::from(self.certificate) << 96 | u128::from(self.verdict) << 64 | u128::from(self.endpoint) << 32;
        state.write_u128(ids | u128::from(self.route));
        state.write_u64(u64::from(self.balancer) << 8 | self.leaf as u64);
    }
}

/// Rows of a batch that went alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalUse {
    pub(super) key: LocalKey,
    pub(super) count: u64,
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The uses of one batch; keeps its memory from batch to batch.
#[derive(Debug, Default)]
pub(super) struct LocalUses {
    ids: HashMap<LocalKey, u32, BuildHasherDefault<FoldHasher>>,
    uses: Vec<LocalUse>,
    /// Use in the upper half, client in the lower.
    clients: Vec<u64>,
    /// What file names say of balancers, where lines do not.
    pub(super) balancers: Vec<Option<Arc<str>>>,
    balancer_ids: HashMap<Option<Arc<str>>, u32>,
}

impl LocalUses {
    /// Groups the rows of `batch`. `balancers` stand by index of the input.
    pub(super) fn group(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, balancers: &[Option<Arc<str>>]) {
        self.ids.clear();
        self.uses.clear();
        self.clients.clear();
        self.balancers.clear();
        self.balancer_ids.clear();
        for (index, run) in batch.runs.iter().enumerate() {
            let balancer = match &run.origin {
                Some(origin) => origin.balancer.clone(),
                None => balancers.get(run.file as usize).cloned().flatten(),
            };
            let balancer = self.balancer(balancer);
            for row in batch.run_rows(index) {
                self.add(batch, dicts, row, balancer);
            }
        }
        self.clients.sort_unstable();
        self.clients.dedup();
    }

    /// The index of `balancer`.
    fn balancer(&mut self, balancer: Option<Arc<str>>) -> u32 {
        let balancers = &mut self.balancers;
        *self.balancer_ids.entry(balancer).or_insert_with_key(|balancer| {
            balancers.push(balancer.clone());
            balancers.len() as u32 - 1
        })
    }

    fn add(&mut self, batch: &ConnectionBatch, dicts: &Dictionaries, row: usize, balancer: u32) {
        let time = batch.time[row];
        let (certificate, route) = (batch.certificate[row], batch.route[row]);
        let is_named = dicts.routes.value(route).elb.is_some();
        let key = LocalKey {
            certificate,
            verdict: batch.verdict[row],
            endpoint: batch.endpoint[row],
            route,
            balancer: if is_named { 0 } else { balancer },
            leaf: leaf_state(dicts.certificates.value(certificate), time),
        };
        let uses = &mut self.uses;
        let id = *self.ids.entry(key).or_insert_with(|| {
            uses.push(LocalUse { key, count: 0, first: time, last: time });
            uses.len() as u32 - 1
        });
        let entry = &mut self.uses[id as usize];
        entry.count += 1;
        entry.first = entry.first.min(time);
        entry.last = entry.last.max(time);
        self.clients.push(u64::from(id) << 32 | u64::from(batch.client[row]));
    }

    /// Bytes held, room that is not in use included; roughly.
    pub(super) fn memory(&self) -> usize {
        let uses = self.uses.capacity() * size_of::<LocalUse>() + self.ids.capacity() * (size_of::<(LocalKey, u32)>() + 4);
        uses + self.clients.capacity() * 8
    }

    /// Every use with the ids of its clients, each once.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&LocalUse, impl Iterator<Item = u32>)> {
        let mut rest = self.clients.as_slice();
        self.uses.iter().enumerate().map(move |(id, local)| {
            let own = rest.partition_point(|pair| (pair >> 32) as usize <= id);
            let (clients, after) = rest.split_at(own);
            rest = after;
            (local, clients.iter().map(|&pair| pair as u32))
        })
    }
}

/// Both ends of a validity belong to it (RFC 5280, 4.1.2.5). The log has whole seconds for them and microseconds for events.
fn leaf_state(certificate: &Certificate, time: i64) -> LeafState {
    match (certificate.not_before, certificate.not_after) {
        (Some(not_before), Some(not_after)) => {
            if time < not_before {
                LeafState::NotYetValid
            } else if time >= not_after.saturating_add(1_000_000) {
                LeafState::Expired
            } else {
                LeafState::Valid
            }
        }
        _ => LeafState::Unknown,
    }
}
