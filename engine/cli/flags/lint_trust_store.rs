//! `tlslake lint-trust-store`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// `tlslake lint-trust-store`.
#[derive(Debug, Args)]
pub(crate) struct LintTrustStoreFlags {
    /// CA bundle to check: PEM, up to 16 MiB. Several may follow, and the flag may be repeated; each is taken for the bundle of a trust
    /// store of its own
    #[arg(long, value_name = "PEM", num_args = 1.., required = true)]
    pub(crate) ca_bundle: Vec<PathBuf>,

    /// Revocation list to check, and to check against the bundles: PEM, up to 64 MiB. Several may follow, and the flag may be repeated
    #[arg(long, value_name = "PEM", num_args = 1..)]
    pub(crate) crl: Vec<PathBuf>,

    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
