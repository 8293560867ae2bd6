//! Which certificates that work today will fail, and when the first one does.

use std::cmp::Reverse;

use serde::Serialize;

use super::row::{CertificateRow, CertificateState, Past};
use crate::aggregate::Clients;
use crate::report::rfc3339;

/// What will fail within the time asked for. Connections are counted as they were in the input: a measure, not a prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// How far it looks, in seconds from [`super::CertificateInventory::as_of`].
    pub within_s: u64,
    /// Its end, RFC 3339.
    pub until: String,
    /// Certificates that work and expire by then, or expired and work still: those of `certificates`.
    pub certificates: u64,
    /// Connections that succeeded with them.
    pub connections: u64,
    /// Different client addresses that made them.
    pub clients: u64,
    /// Whether `clients` is exact; an estimate (±6 %) otherwise.
    pub clients_exact: bool,
    /// The first NotAfter that is still to come, RFC 3339; `None` if there is none.
    pub first_failure: Option<String>,
    /// Of `certificates`, those that succeeded after their NotAfter: their listener ignores expiry, and they go on as long as it does.
    pub worked_after_expiry: u64,
    /// Certificates that expire by then but were replaced in time, those of `replaced`.
    pub replaced: u64,
    /// Certificates that worked when they were last seen and have expired since, those of `expired_unseen`. Not in `certificates`: nothing
    /// shows that they are in use still.
    pub expired_unseen: u64,
}

/// The forecast, and its rows: those that will fail (most connections first), those that were replaced, those that expired unseen.
pub(super) struct Forecasted {
    pub(super) forecast: Forecast,
    pub(super) failing: Vec<CertificateRow>,
    pub(super) replaced: Vec<CertificateRow>,
    pub(super) expired_unseen: Vec<CertificateRow>,
}

pub(super) fn forecast(rows: Vec<(&Past<'_>, CertificateRow)>, as_of: i64, within_s: u64) -> Forecasted {
    let until = as_of.saturating_add(i64::try_from(within_s).unwrap_or(i64::MAX).saturating_mul(1_000_000));
    let expires = |past: &Past<'_>| past.history.not_after.is_some_and(|not_after| not_after <= until);
    let is_unseen = |past: &Past<'_>, row: &CertificateRow| past.history.not_after.is_some_and(|at| at < as_of) && !row.worked_after_expiry;
    let expiring = rows.into_iter().filter(|(past, row)| row.state == CertificateState::Working && expires(past));
    let (unseen, expiring): (Vec<_>, Vec<_>) = expiring.partition(|(past, row)| is_unseen(past, row));
    let (replaced, mut failing): (Vec<_>, Vec<_>) = expiring.into_iter().partition(|(_, row)| row.replaced);
    failing.sort_by_key(|(past, row)| (Reverse(row.successes), past.history.not_after));
    // What has expired and was replaced is history.
    let unseen: Vec<_> = unseen.into_iter().filter(|(_, row)| !row.replaced).collect();

    let mut clients = Clients::default();
    failing.iter().for_each(|(past, _)| clients.merge(&past.successful_clients()));
    let to_come = failing.iter().filter_map(|(past, _)| past.history.not_after).filter(|not_after| *not_after >= as_of);
    let forecast = Forecast {
        within_s,
        until: rfc3339(until),
        certificates: failing.len() as u64,
        connections: failing.iter().map(|(_, row)| row.successes).sum(),
        clients: clients.count(),
        clients_exact: clients.is_exact(),
        first_failure: to_come.min().map(rfc3339),
        worked_after_expiry: failing.iter().filter(|(_, row)| row.worked_after_expiry).count() as u64,
        replaced: replaced.len() as u64,
        expired_unseen: unseen.len() as u64,
    };
    let rows = |rows: Vec<(&Past<'_>, CertificateRow)>| rows.into_iter().map(|(_, row)| row).collect();
    Forecasted { forecast, failing: rows(failing), replaced: rows(replaced), expired_unseen: rows(unseen) }
}
