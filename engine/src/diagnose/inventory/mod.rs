//! The inventory: every certificate that was shown, whether it works, and when it stops to.
//!
//! In: [`Certificates`]. Out: a [`CertificateInventory`], which as it stands is `tlslake.certificates/1`. Reads no clock: the time that days
//! are counted from is asked for.
//!
//! A certificate *works* if on some listener its last verdict was `Success`. One that works and expires within the time asked for will fail,
//! and so may one that worked even after its NotAfter, where a listener ignores expiry: that is the forecast. It is *rotated* if a certificate of the same subject that became
//! valid later succeeded since the old one was first seen, and *replaced* if besides the old one was not seen since the new one first
//! succeeded, and all its clients are known and use the new one.

mod forecast;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::aggregate::{CertificateHistory, Certificates, Forgotten, UseVerdict};
use crate::report::{FailedFile, TimeSpan, rfc3339};
use forecast::Forecasted;
use row::{Past, row};

pub use forecast::Forecast;
pub use row::{CertificateRow, CertificateState};

/// What is asked of an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InventoryOptions {
    /// The time that days are counted from, µs since 1970, UTC.
    pub as_of: i64,
    /// Forecast: only certificates that work and expire within this many seconds of `as_of`. `None`: every certificate.
    pub expiring_s: Option<u64>,
}

/// The certificates of an input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CertificateInventory {
    /// [`CertificateInventory::SCHEMA`].
    pub schema: &'static str,
    /// The time that days are counted from, RFC 3339.
    pub as_of: String,
    /// First and last event of the input.
    pub time: TimeSpan,
    /// Certificates that were seen, those not listed included.
    pub total_certificates: u64,
    /// What will fail; `None` unless it was asked for.
    pub forecast: Option<Forecast>,
    /// Every certificate, by subject and serial number. In a forecast: the ones that will fail, most connections first.
    pub certificates: Vec<CertificateRow>,
    /// In a forecast: certificates that expire but were replaced in time. Empty otherwise.
    pub replaced: Vec<CertificateRow>,
    /// In a forecast: certificates that worked when they were last seen and have expired since. Empty otherwise.
    pub expired_unseen: Vec<CertificateRow>,
    /// Connections that showed no certificate.
    pub without_certificate: WithoutCertificate,
    /// What was let go because there were more certificates than are told apart; it is in no row.
    pub forgotten: Option<ForgottenCertificates>,
    /// Lines that were no log lines; 0 unless whoever read the input says so.
    pub rejected: u64,
    /// Files that could not be read to their end, likewise.
    pub failed_files: Vec<FailedFile>,
    /// What limits these answers.
    pub notes: Vec<String>,
}

impl CertificateInventory {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.certificates/1";
}

/// Connections without a certificate: plain HTTP, TLS that asks for none, clients that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WithoutCertificate {
    /// In all.
    pub connections: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed, by reason.
    pub failures: BTreeMap<String, u64>,
}

/// Certificates that no row tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ForgottenCertificates {
    /// How many; one that came back and went again counts twice.
    pub certificates: u64,
    /// Their connections.
    pub connections: u64,
    /// Those of them that failed.
    pub failures: u64,
}

impl From<Forgotten> for ForgottenCertificates {
    fn from(forgotten: Forgotten) -> Self {
        let Forgotten { certificates, connections, failures } = forgotten;
        Self { certificates, connections, failures }
    }
}

/// Lists the certificates; with [`InventoryOptions::expiring_s`], those that will fail.
pub fn inventory(certificates: &Certificates, options: &InventoryOptions) -> CertificateInventory {
    let pasts: Vec<Past<'_>> = certificates.histories.iter().filter(|history| is_certificate(history)).map(Past::new).collect();
    let rotations = row::rotations(&pasts);
    let rows = pasts.iter().zip(&rotations).map(|(past, rotation)| (past, row(past, *rotation, options.as_of)));
    let (forecast, listed, replaced, expired_unseen) = match options.expiring_s {
        None => (None, rows.map(|(_, row)| row).collect(), Vec::new(), Vec::new()),
        Some(seconds) => {
            let Forecasted { forecast, failing, replaced, expired_unseen } = forecast::forecast(rows.collect(), options.as_of, seconds);
            (Some(forecast), failing, replaced, expired_unseen)
        }
    };
    let forgotten = certificates.forgotten.filter(|forgotten| forgotten.certificates > 0).map(ForgottenCertificates::from);
    CertificateInventory {
        schema: CertificateInventory::SCHEMA,
        as_of: rfc3339(options.as_of),
        time: TimeSpan {
            first: certificates.time.map(|(first, _)| rfc3339(first)),
            last: certificates.time.map(|(_, last)| rfc3339(last)),
        },
        total_certificates: pasts.len() as u64,
        forecast,
        certificates: listed,
        replaced,
        expired_unseen,
        without_certificate: without_certificate(&certificates.histories),
        notes: forgotten.iter().map(note).chain(later_events(certificates, options.as_of)).collect(),
        forgotten,
        rejected: 0,
        failed_files: Vec::new(),
    }
}

/// Subject and serial number `-`: no certificate was shown.
fn is_certificate(history: &CertificateHistory) -> bool {
    history.subject.is_some() || history.serial.is_some()
}

fn without_certificate(histories: &[CertificateHistory]) -> WithoutCertificate {
    let mut sum = WithoutCertificate::default();
    for used in histories.iter().filter(|history| !is_certificate(history)).flat_map(|history| &history.uses) {
        sum.connections += used.count;
        match &used.key.verdict {
            UseVerdict::Success => sum.successes += used.count,
            UseVerdict::Failed(reason) => *sum.failures.entry(reason.to_string()).or_default() += used.count,
            UseVerdict::NoVerdict | UseVerdict::Other => {}
        }
    }
    sum
}

/// That the input goes on after the time that days are counted from.
fn later_events(certificates: &Certificates, as_of: i64) -> Option<String> {
    let last = certificates.time.map(|(_, last)| last).filter(|last| *last > as_of)?;
    Some(format!(
        "the last event of the input ({}) is later than the time that days are counted from ({}): states and counts are those of the whole \
         input",
        rfc3339(last),
        rfc3339(as_of)
    ))
}

fn note(forgotten: &ForgottenCertificates) -> String {
    let ForgottenCertificates { certificates, connections, failures } = forgotten;
    format!(
        "more certificates than are told apart: {certificates} of the least used ones with {connections} connections ({failures} failed) were \
         let go and are in no row; rows marked incomplete may lack earlier connections. Read less at a time (--since, --until) for all of them"
    )
}
