//! What a diagnosis says: one [`Finding`] per reason and certificate. Values only; as they stand here they are `tlslake.diagnosis/1`.

use serde::Serialize;

use crate::reasons::{Cause, Evidence};
use crate::report::FailedFile;

/// A diagnosis of an input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// [`Diagnosis::SCHEMA`].
    pub schema: &'static str,
    /// Connections that failed.
    pub failures: u64,
    /// Those of them that are in no finding, since there were more certificates than are told apart; usually 0.
    pub untold: u64,
    /// Findings in all; `findings` may hold fewer ([`super::Options::top`]).
    pub total_findings: u64,
    /// All findings by reason, those left out of `findings` included; most failures first.
    pub reasons: Vec<ReasonInShort>,
    /// Most affected connections first.
    pub findings: Vec<Finding>,
    /// Lines that were no log lines; 0 unless whoever read the input says so.
    pub rejected: u64,
    /// Files that could not be read to their end, likewise.
    pub failed_files: Vec<FailedFile>,
    /// What limits these answers: tables that were full, files that failed.
    pub notes: Vec<String>,
}

impl Diagnosis {
    /// The schema's name and version.
    pub const SCHEMA: &'static str = "tlslake.diagnosis/1";
}

/// Connections that failed for one reason, whatever the certificate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReasonInShort {
    /// The code after `Failed:`.
    pub reason: String,
    /// Certificates that failed for it.
    pub certificates: u64,
    /// Connections that failed.
    pub failures: u64,
    /// Their part of all failures, 0 to 1.
    pub share: f64,
    /// Different client addresses.
    pub clients: u64,
    /// Whether `clients` is exact; an estimate (±6 %) otherwise.
    pub clients_exact: bool,
    /// `app/name/id:port`, in order.
    pub listeners: Vec<String>,
    /// The earliest, RFC 3339, UTC.
    pub first: String,
    /// The latest, RFC 3339, UTC.
    pub last: String,
}

/// Connections that failed for one reason with one certificate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The code after `Failed:`.
    pub reason: String,
    /// As logged; `None` for `-`.
    pub subject: Option<String>,
    /// As logged; `None` for `-`.
    pub serial: Option<String>,
    /// Connections that failed.
    pub count: u64,
    /// Who they came from.
    pub clients: AffectedClients,
    /// `app/name/id:port`, in order.
    pub listeners: Vec<String>,
    /// The earliest, RFC 3339, UTC.
    pub first: String,
    /// The latest, RFC 3339, UTC.
    pub last: String,
    /// What is wrong.
    pub cause: Cause,
    /// How sure that is.
    pub certainty: Certainty,
    /// One sentence for the reader in a hurry.
    pub summary: String,
    /// What was seen, and where.
    pub evidence: Vec<Evidence>,
    /// What else it may be. Where the cause is proven: only what may lie behind it.
    pub hypotheses: Vec<Hypothesis>,
    /// What to do, in order.
    pub fix: Vec<Fix>,
}

/// The clients of a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AffectedClients {
    /// Different addresses; an estimate (±6 %) above 256.
    pub count: u64,
    /// Some of them.
    pub sample: Vec<String>,
}

/// How sure a cause is. What is proven and what is guessed must never look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It follows from the log or the files given.
    Proven,
    /// What was seen points there; something else is possible.
    Likely,
    /// Neither: the hypotheses are all there is.
    Unknown,
}

/// A cause that is possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hypothesis {
    /// What may be wrong.
    pub cause: Cause,
    /// Why that is possible, and what speaks for it.
    pub why: String,
    /// How to find out.
    pub check: String,
}

/// A step of a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What to do.
    pub step: String,
    /// What to type; `None` where nothing can be typed.
    pub command: Option<String>,
    /// What stands in the command only as an example, to be replaced by one's own.
    pub placeholders: Vec<&'static str>,
}
