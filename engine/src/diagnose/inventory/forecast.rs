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
    /// Certificates that work and expire by then, those of `certificates`.
    pub certificates: u64,
    /// Connections that succeeded with them.
    pub connections: u64,
    /// Different client addresses that made them.
    pub clients: u64,
    /// Whether `clients` is exact; an estimate (±6 %) otherwise.
    pub clients_exact: bool,
    /// The first NotAfter that is still to come, RFC 3339; `None` if there is none.
    pub first_failure: Option<String>,
    /// Of `certificates`, those whose NotAfter is past already.
    pub already_expired: u64,
    /// Of these, those that succeeded after it: their listener ignores expiry, as long as that is so they go on.
    pub worked_after_expiry: u64,
    /// Certificates that expire by then but were replaced in time, those of `replaced`.
    pub replaced: u64,
}

/// The forecast, the rows that will fail (most connections first), and those that were replaced.
pub(super) fn forecast(
    rows: Vec<(&Past<'_>, CertificateRow)>,
    as_of: i64,
    within_s: u64,
) -> (Option<Forecast>, Vec<CertificateRow>, Vec<CertificateRow>) {
    let until = as_of.saturating_add(i64::try_from(within_s).unwrap_or(i64::MAX).saturating_mul(1_000_000));
    let expires = |past: &Past<'_>| past.history.not_after.is_some_and(|not_after| not_after <= until);
    let expiring = rows.into_iter().filter(|(past, row)| row.state == CertificateState::Working && expires(past));
    let (replaced, mut failing): (Vec<_>, Vec<_>) = expiring.partition(|(_, row)| row.replaced);
    failing.sort_by_key(|(past, row)| (Reverse(row.successes), past.history.not_after));

    let mut clients = Clients::default();
    failing.iter().for_each(|(past, _)| clients.merge(&past.successful_clients()));
    let not_afters = || failing.iter().filter_map(|(past, _)| past.history.not_after);
    let forecast = Forecast {
        within_s,
        until: rfc3339(until),
        certificates: failing.len() as u64,
        connections: failing.iter().map(|(_, row)| row.successes).sum(),
        clients: clients.count(),
        clients_exact: clients.is_exact(),
        first_failure: not_afters().filter(|not_after| *not_after >= as_of).min().map(rfc3339),
        already_expired: not_afters().filter(|not_after| *not_after < as_of).count() as u64,
        worked_after_expiry: failing.iter().filter(|(_, row)| row.worked_after_expiry).count() as u64,
        replaced: replaced.len() as u64,
    };
    let rows = |rows: Vec<(&Past<'_>, CertificateRow)>| rows.into_iter().map(|(_, row)| row).collect();
    (Some(forecast), rows(failing), rows(replaced))
}
