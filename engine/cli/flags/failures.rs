//! `tlslake failures`: what is looked for, and how it is shown.

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::{ProgressMode, ReadFlags, parse};

/// `tlslake failures`.
#[derive(Debug, Args)]
pub(crate) struct FailuresFlags {
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) select: SelectFlags,
    #[command(flatten)]
    pub(crate) show: ShowFlags,
}

/// What is looked for. Conditions add up; of several values of one flag, any will do.
#[derive(Debug, Args)]
#[command(next_help_heading = "Looking for")]
pub(crate) struct SelectFlags {
    /// Connections of this client or network; may be given more than once
    #[arg(long, value_name = "IP|CIDR", value_parser = parse::client)]
    pub(crate) client_ip: Vec<IpNet>,

    /// Connections that failed for this reason (`tlslake explain` lists them); may be given more than once
    #[arg(long, value_name = "CODE", value_parser = parse::reason)]
    pub(crate) reason: Vec<String>,

    /// Certificates whose subject, as logged, holds this text; letter case does not count
    #[arg(long, value_name = "TEXT", value_parser = parse::not_empty)]
    pub(crate) subject: Option<String>,

    /// Certificates with this serial number; letter case, leading zeros and colons do not count
    #[arg(long, value_name = "HEX", value_parser = parse::serial)]
    pub(crate) serial: Option<String>,

    /// The connection with this conn_trace_id, which joins the access log
    #[arg(long, value_name = "ID", value_parser = parse::not_empty)]
    pub(crate) trace_id: Option<String>,

    /// Connections that succeeded or have no verdict, too [default: only those that failed]
    #[arg(long)]
    pub(crate) all: bool,
}

/// How rows are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct ShowFlags {
    /// Stop after this many rows [default: all]
    #[arg(long, value_name = "N", value_parser = parse::limit)]
    pub(crate) limit: Option<u64>,

    /// Columns to show, in this order, with commas between [default for text and csv: time, tls_protocol, tls_cipher,
    /// leaf_client_cert_subject, leaf_client_cert_validity, leaf_client_cert_serial_number, tls_verify_status, conn_trace_id; for json: all]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',', hide_possible_values = false)]
    pub(crate) columns: Vec<Column>,

    /// Form of the rows on stdout
    #[arg(long, value_enum, default_value_t = FailuresFormat::Text)]
    pub(crate) format: FailuresFormat,

    /// When to show progress on stderr; never while rows go to the same terminal
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressMode::Auto)]
    pub(crate) progress: ProgressMode,
}

/// The form of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailuresFormat {
    /// A table for people
    Text,
    /// One JSON document with a versioned schema
    Json,
    /// Comma-separated values (RFC 4180) with a heading; NULL is empty
    Csv,
    /// The lines as logged. From a lake: the same values in AWS's own form
    Raw,
}

/// A column of a row: AWS's fields, and where the line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
#[allow(missing_docs)] // each variant is the column of the same name
pub(crate) enum Column {
    Time,
    ClientIp,
    ClientPort,
    ListenerPort,
    TlsProtocol,
    TlsCipher,
    TlsHandshakeLatency,
    LeafClientCertSubject,
    LeafClientCertValidity,
    LeafClientCertSerialNumber,
    TlsVerifyStatus,
    ConnTraceId,
    TlsKeyexchange,
    Elb,
    IpAddress,
    SourceObject,
    SourceLine,
}
