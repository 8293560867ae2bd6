//! `tlslake certs`.

use clap::{Args, ValueEnum};

use super::{Format, ProgressMode, ReadFlags, parse};

/// `tlslake certs`.
#[derive(Debug, Args)]
pub(crate) struct CertsFlags {
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) forecast: ForecastFlags,
    #[command(flatten)]
    pub(crate) show: InventoryFlags,
}

/// What is wanted of the certificates.
#[derive(Debug, Args)]
#[command(next_help_heading = "Forecast")]
pub(crate) struct ForecastFlags {
    /// Only certificates that work and expire within this time (30d, 12h or 4w; whole numbers), or have expired and work still, most
    /// connections first; those replaced in time stand apart [default: every certificate]
    #[arg(long, value_name = "TIME", value_parser = parse::time_ahead)]
    pub(crate) expiring: Option<u64>,

    /// The time that days are counted from; written like --since [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    pub(crate) as_of: Option<i64>,
}

/// How the certificates are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct InventoryFlags {
    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = InventoryFormat::Text)]
    pub(crate) format: InventoryFormat,

    /// Progress on stderr: bytes, rows/s and time left. `auto` shows it on a terminal only; `always` writes lines elsewhere
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressMode::Auto)]
    pub(crate) progress: ProgressMode,
}

/// The form of an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InventoryFormat {
    /// Tables for people
    Text,
    /// One JSON document with a versioned schema
    Json,
    /// Comma-separated values (RFC 4180) with a heading, one line per certificate; what is not known is empty
    Csv,
}

impl From<InventoryFormat> for Format {
    fn from(format: InventoryFormat) -> Self {
        match format {
            InventoryFormat::Text => Format::Text,
            InventoryFormat::Json => Format::Json,
            InventoryFormat::Csv => Format::Csv,
        }
    }
}
