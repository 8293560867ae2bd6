//! `tlslake explain`.

use clap::Args;

use super::diagnose::DocumentFormat;

/// `tlslake explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The reason code to explain, in any letter case, with or without `Failed:` [default: list them all]
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,

    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub(crate) format: DocumentFormat,
}
