//! `tlslake diagnose`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, ProgressMode, ReadFlags, parse};

/// `tlslake diagnose`.
#[derive(Debug, Args)]
pub(crate) struct DiagnoseFlags {
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) evidence: EvidenceFlags,
    #[command(flatten)]
    pub(crate) answer: AnswerFlags,
}

/// What is known besides the log.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub(crate) struct EvidenceFlags {
    /// CA bundle of the trust store that the listener has: PEM. Several may follow, and the flag may be repeated; so below
    #[arg(long, value_name = "PEM", num_args = 1..)]
    pub(crate) ca_bundle: Vec<PathBuf>,

    /// Revocation list of the trust store: PEM or DER, up to 64 MiB
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) crl: Vec<PathBuf>,

    /// A client's certificate, and behind it the intermediates that the client sends: PEM, or DER. A file that holds a private key is
    /// refused
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) client_cert: Vec<PathBuf>,

    /// How the listeners verify clients: `verify` (against a trust store) or `passthrough` (the target does). Advice differs
    /// [default: taken for verify]
    #[arg(long, value_name = "MODE", value_enum)]
    pub(crate) mode: Option<ModeFlag>,
}

/// What is shown, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct AnswerFlags {
    /// Findings to give, those that hit most connections first: 1 or more, or `all`. The answer says how many there are
    #[arg(long, value_name = "N", value_parser = parse::top, default_value = "10")]
    pub(crate) top: Top,

    /// Write what AWS Support asks for to this folder, new or empty: for UnmappedConnectionError and ClientCertCrlProcessingError the log
    /// lines, the client certificates given (without any key), and the curl command to run. Needs logs that can be read twice
    #[arg(long, value_name = "DIR")]
    pub(crate) support_pack: Option<PathBuf>,

    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub(crate) format: DocumentFormat,

    /// Progress on stderr: bytes, rows/s and time left. `auto` shows it on a terminal only; `always` writes lines elsewhere
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressMode::Auto)]
    pub(crate) progress: ProgressMode,
}

/// `--top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Top {
    /// Every one.
    All,
    /// So many at most.
    Most(usize),
}

/// `--mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeFlag {
    /// The load balancer verifies clients against a trust store
    Verify,
    /// The load balancer hands certificates to the target, which verifies them
    Passthrough,
}

/// The form of an answer that may go into a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// Text for people
    Text,
    /// One JSON document with a versioned schema
    Json,
    /// Markdown, for a ticket
    Markdown,
}

impl From<DocumentFormat> for Format {
    fn from(format: DocumentFormat) -> Self {
        match format {
            DocumentFormat::Text => Format::Text,
            DocumentFormat::Json => Format::Json,
            DocumentFormat::Markdown => Format::Markdown,
        }
    }
}
