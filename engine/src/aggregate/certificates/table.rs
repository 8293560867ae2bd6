//! The table of certificates: exact while there are few, bounded always.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::super::label;
use super::super::outcome::TlsPorts;
use super::clients::Clients;
use super::history::{CertificateHistory, Certificates, Forgotten, Listener, MAX_USES, Use, UseKey, UseVerdict};
use super::local::{LocalKey, LocalUses};
use crate::columns::{Certificate, ConnectionBatch, Dictionaries, Outcome};
use crate::fields::canonical_serial;

/// Every certificate seen, with its uses.
///
/// Observing two batches and merging is the same as observing one that holds both, as long as no table is full and no certificate has more
/// uses than are told apart. A full table keeps the half that
/// matters most: certificates that failed before those that did not, of these the ones with more connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificateTable {
    entries: HashMap<CertificateKey, CertificateHistory>,
    /// Bytes held by the entries, roughly.
    memory: usize,
    forgotten: Option<Forgotten>,
    time: Option<(i64, i64)>,
    tls_ports: TlsPorts,
}

/// What tells certificates apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct CertificateKey {
    subject: Option<Arc<str>>,
    /// As [`canonical_serial`] has it.
    serial: Option<Arc<str>>,
}

/// Fills tables, batch after batch; holds nothing between batches but memory.
#[derive(Debug, Default)]
pub struct Observer {
    local: LocalUses,
    /// Hash and address of each client of the batch, by id, once it was needed.
    addresses: Vec<Option<(u64, IpAddr)>>,
}

/// A subject's bytes at most; a longer one is cut and gets its hash.
const MAX_SUBJECT: usize = 4096;
/// Another text's bytes at most, likewise.
const MAX_TEXT: usize = label::MAX_BYTES;
/// What a history takes beside its texts and uses, roughly; likewise a use beside its clients, and a client.
const HISTORY_BYTES: usize = 300;
const USE_BYTES: usize = 320;
const CLIENT_BYTES: usize = 32;

impl Observer {
    /// Bytes held, room that is not in use included; roughly.
    pub(crate) fn memory(&self) -> usize {
        self.local.memory() + self.addresses.capacity() * size_of::<Option<(u64, IpAddr)>>()
    }
}

impl CertificateTable {
    /// Bytes that a table's entries take at most, roughly: some 100,000 certificates with a few clients each.
    pub const MAX_MEMORY: usize = 64 << 20;
    /// Likewise, while rows are being observed: many portions are under way at a time, and each has its table.
    const MAX_PORTION_MEMORY: usize = Self::MAX_MEMORY / 2;

    /// Counts the rows of `batch`. `balancers` stand by index of the input: what its name says of the balancer (`app/name/id`), which
    /// counts where a line does not say.
    pub fn observe(&mut self, observer: &mut Observer, batch: &ConnectionBatch, dicts: &Dictionaries, balancers: &[Option<Arc<str>>]) {
        batch.tls_ports_out_of_range.iter().for_each(|&port| self.tls_ports.insert(port));
        let Observer { local, addresses } = observer;
        local.group(batch, dicts, balancers);
        addresses.clear();
        addresses.resize(dicts.clients.len(), None);
        for (rows, clients) in local.iter() {
            self.widen(rows.first, rows.last);
            let mut seen = Clients::default();
            for id in clients {
                if let Some((hash, address)) = address(addresses, dicts, id) {
                    seen.insert(hash, address);
                }
            }
            let key = self.use_key(local, dicts, &rows.key);
            let used = Use { key, count: rows.count, first: rows.first, last: rows.last, clients: seen };
            self.add(dicts, rows.key.certificate, used);
        }
    }

    fn widen(&mut self, first: i64, last: i64) {
        let (earliest, latest) = self.time.unwrap_or((first, last));
        self.time = Some((earliest.min(first), latest.max(last)));
    }

    fn use_key(&mut self, local: &LocalUses, dicts: &Dictionaries, key: &LocalKey) -> UseKey {
        let endpoint = dicts.endpoints.value(key.endpoint);
        let (verdict, route) = (dicts.verdicts.value(key.verdict), dicts.routes.value(key.route));
        if endpoint.tls_protocol.is_some() {
            self.tls_ports.insert(endpoint.listener_port);
        }
        let by_name = || local.balancers.get(key.balancer as usize).cloned().flatten();
        let text = |text: Option<&str>| text.map(|text| Arc::from(label::bounded(text).as_ref()));
        UseKey {
            verdict: match verdict.outcome {
                Outcome::Success => UseVerdict::Success,
                Outcome::Failed => UseVerdict::Failed(label::reason(dicts.verdicts.text(verdict.reason)).as_ref().into()),
                Outcome::NoVerdict => UseVerdict::NoVerdict,
                Outcome::Other => UseVerdict::Other,
            },
            listener: Some(Listener { elb: text(dicts.routes.text(route.elb)).or_else(by_name), port: endpoint.listener_port }),
            tls_protocol: text(dicts.endpoints.text(endpoint.tls_protocol)),
            tls_cipher: text(dicts.endpoints.text(endpoint.tls_cipher)),
            leaf: key.leaf,
        }
    }

    fn add(&mut self, dicts: &Dictionaries, certificate: u32, used: Use) {
        let certificates = &dicts.certificates;
        let &Certificate { subject, validity, serial, not_before, not_after } = certificates.value(certificate);
        let bounded = |text: Option<&str>, most: usize| text.map(|text| Arc::from(label::bounded_to(text, most).as_ref()));
        let serial = certificates.text(serial);
        let key = CertificateKey {
            subject: bounded(certificates.text(subject), MAX_SUBJECT),
            serial: bounded(serial.map(canonical_serial).as_deref(), MAX_TEXT),
        };
        let history = CertificateHistory {
            subject: key.subject.clone(),
            serial: bounded(serial, MAX_TEXT),
            validity: bounded(certificates.text(validity), MAX_TEXT),
            not_before,
            not_after,
            uses: vec![used],
            ..CertificateHistory::default()
        };
        self.take(key, history);
        self.thin(Self::MAX_PORTION_MEMORY);
    }

    /// Adds what is known of one certificate.
    fn take(&mut self, key: CertificateKey, other: CertificateHistory) {
        match self.entries.get_mut(&key) {
            Some(history) => {
                let before = size(history);
                merge(history, other);
                self.memory = (self.memory + size(history)).saturating_sub(before);
            }
            None => {
                self.memory += size(&other);
                let incomplete = other.incomplete || self.forgotten.is_some();
                self.entries.insert(key, CertificateHistory { incomplete, ..other });
            }
        }
    }

    /// Bytes held, roughly.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Adds `other` to this, which was filled before it.
    pub fn merge(&mut self, other: CertificateTable) {
        if other.forgotten.is_some() {
            // Of those that are not in there any more, uses may have been forgotten over there.
            let missing = self.entries.iter_mut().filter(|(key, _)| !other.entries.contains_key(*key));
            missing.for_each(|(_, history)| history.incomplete = true);
        }
        for (key, history) in other.entries {
            self.take(key, history);
        }
        if let Some(forgotten) = other.forgotten {
            let sum = self.forgotten.get_or_insert_default();
            sum.certificates += forgotten.certificates;
            sum.connections += forgotten.connections;
            sum.failures += forgotten.failures;
        }
        if let Some((first, last)) = other.time {
            self.widen(first, last);
        }
        self.tls_ports.merge(&other.tls_ports);
        self.thin(Self::MAX_MEMORY);
    }

    /// Lets go what matters least until half of `most` is free, once all of it is taken. Halving makes the cost per certificate constant.
    pub(in crate::aggregate) fn thin(&mut self, most: usize) {
        if self.memory <= most {
            return;
        }
        let mut order: Vec<(CertificateKey, CertificateHistory)> = self.entries.drain().collect();
        order.sort_by_cached_key(|(key, history)| {
            let (connections, failures) = counts(history);
            (Reverse(failures), Reverse(connections), key.clone())
        });
        self.memory = 0;
        let forgotten = self.forgotten.get_or_insert_default();
        for (key, history) in order {
            let bytes = size(&history);
            if self.memory + bytes <= most / 2 {
                self.memory += bytes;
                self.entries.insert(key, history);
            } else {
                let (connections, failures) = counts(&history);
                forgotten.certificates += 1;
                forgotten.connections += connections;
                forgotten.failures += failures;
            }
        }
    }

    /// The certificates, in order.
    pub fn into_certificates(self) -> Certificates {
        let mut entries: Vec<(CertificateKey, CertificateHistory)> = self.entries.into_iter().collect();
        entries.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        let histories = entries.into_iter().map(|(_, history)| history).collect();
        Certificates { histories, forgotten: self.forgotten, time: self.time, tls_ports: self.tls_ports }
    }
}

/// Adds `other` to `history`, uses in order.
pub(super) fn merge(history: &mut CertificateHistory, other: CertificateHistory) {
    history.validity_differs |= other.validity_differs;
    match (&history.validity, &other.validity) {
        // A line without it takes nothing back.
        (None, Some(_)) => {
            history.validity.clone_from(&other.validity);
            (history.not_before, history.not_after) = (other.not_before, other.not_after);
        }
        (Some(one), Some(two)) => history.validity_differs |= one != two,
        (_, None) => {}
    }
    history.incomplete |= other.incomplete;
    for used in other.uses {
        history.incomplete |= add_use(&mut history.uses, used);
    }
}

/// Adds a use; whether it had to be pooled with others, so that it is not known any more where it was.
fn add_use(uses: &mut Vec<Use>, used: Use) -> bool {
    let Some(used) = add_or_insert(uses, used, MAX_USES) else { return false };
    // Verdict and leaf are kept: what becomes of a certificate must not be lost with where.
    let key = UseKey { listener: None, tls_protocol: None, tls_cipher: None, ..used.key };
    let Some(used) = add_or_insert(uses, Use { key, ..used }, 2 * MAX_USES) else { return true };
    // So many codes for one certificate: at last they are one as well. There are but a few of these.
    let verdict =
        if matches!(used.key.verdict, UseVerdict::Failed(_)) { UseVerdict::Failed(label::OTHER.into()) } else { used.key.verdict };
    let key = UseKey { verdict, ..used.key };
    add_or_insert(uses, Use { key, ..used }, usize::MAX);
    true
}

/// Adds a use to the one of its key, or inserts it where fewer than `most` are told apart; gives it back otherwise.
fn add_or_insert(uses: &mut Vec<Use>, used: Use, most: usize) -> Option<Use> {
    match uses.binary_search_by(|known| known.key.cmp(&used.key)) {
        Ok(index) => merge_use(&mut uses[index], &used),
        Err(index) if uses.len() < most => uses.insert(index, used),
        Err(_) => return Some(used),
    }
    None
}

fn merge_use(known: &mut Use, other: &Use) {
    known.count += other.count;
    known.first = known.first.min(other.first);
    known.last = known.last.max(other.last);
    known.clients.merge(&other.clients);
}

/// Connections, and how many of them failed.
fn counts(history: &CertificateHistory) -> (u64, u64) {
    let failed = history.uses.iter().filter(|used| matches!(used.key.verdict, UseVerdict::Failed(_)));
    (history.uses.iter().map(|used| used.count).sum(), failed.map(|used| used.count).sum())
}

fn size(history: &CertificateHistory) -> usize {
    let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
    let texts = text(&history.subject) + 2 * text(&history.serial) + text(&history.validity);
    let uses: usize = history.uses.iter().map(|used| USE_BYTES + used.clients.kept() * CLIENT_BYTES).sum();
    HISTORY_BYTES + texts + uses
}

/// The client's hash and address, computed once per batch.
fn address(addresses: &mut [Option<(u64, IpAddr)>], dicts: &Dictionaries, id: u32) -> Option<(u64, IpAddr)> {
    let known = addresses.get_mut(id as usize)?;
    if known.is_none() {
        let address: IpAddr = dicts.clients.text(dicts.clients.value(id).text)?.parse().ok()?;
        *known = Some((Clients::hash(&address), address));
    }
    *known
}
