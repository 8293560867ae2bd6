//! The command line's words: every flag once, with its help, unit and default. Declares only; `commands` gives it meaning.

mod bench;
mod certs;
mod compact;
mod ddl;
mod diagnose;
mod explain;
mod failures;
mod help;
mod iceberg;
mod lint_trust_store;
mod list;
mod parse;
#[cfg(test)]
mod tests;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tlslake_datasets::Generate;
use tlslake_engine::config::{Compression, LakeConfig};
use tlslake_engine::scan::Kernel;

pub(crate) use bench::BenchFlags;
pub(crate) use certs::CertsFlags;
pub(crate) use compact::CompactFlags;
pub(crate) use ddl::{DdlFlags, EngineFlag};
pub(crate) use diagnose::{DiagnoseFlags, EvidenceFlags, ModeFlag, Top};
pub(crate) use explain::ExplainFlags;
pub(crate) use failures::{Column, FailuresFlags, FailuresFormat};
pub(crate) use iceberg::IcebergFlags;
pub(crate) use lint_trust_store::LintTrustStoreFlags;
pub(crate) use list::ListFlags;
pub(crate) use verify::VerifyFlags;

/// AWS load balancer connection logs into Parquet, with a report of which clients could not connect and why
#[derive(Debug, Parser)]
#[command(name = "tlslake", version, after_help = help::TOP, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn connection logs into Parquet, and report who failed and why
    #[command(after_help = help::CONVERT)]
    Convert(ConvertFlags),
    /// Show what would be read: files, bytes, balancers, times; and what is skipped and why. Nothing is opened
    #[command(after_help = help::LIST)]
    List(ListFlags),
    /// Prove that a lake holds what its logs hold, line for line
    #[command(after_help = help::VERIFY)]
    Verify(VerifyFlags),
    /// Merge the small files of a lake that has grown by small runs; rows stay the same
    #[command(after_help = help::COMPACT)]
    Compact(CompactFlags),
    /// Report who failed and why; write nothing
    #[command(after_help = help::REPORT)]
    Report(ReportFlags),
    /// Print the connections of failed clients: `zcat | awk`, done right
    #[command(after_help = help::FAILURES)]
    Failures(FailuresFlags),
    /// Say what is wrong with the clients that cannot connect, what proves it, and what to type
    #[command(after_help = help::DIAGNOSE)]
    Diagnose(DiagnoseFlags),
    /// List the client certificates, whether they work, and with --expiring which will fail
    #[command(after_help = help::CERTS)]
    Certs(CertsFlags),
    /// Explain a reason code: what it means, how to check, how to mend it. Without a code: list them
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainFlags),
    /// Check a trust store's CA bundle and CRLs against a load balancer's rules before they are uploaded
    #[command(after_help = help::LINT_TRUST_STORE)]
    LintTrustStore(LintTrustStoreFlags),
    /// Print the statements with which an engine takes the lake's tables
    #[command(after_help = help::DDL)]
    Ddl(DdlFlags),
    /// Append what a lake gained to an Iceberg table
    #[command(after_help = help::ICEBERG)]
    Iceberg(IcebergFlags),
    /// Generate realistic connection logs; the same seed gives the same bytes
    #[command(after_help = help::GENERATE)]
    Generate(GenerateFlags),
    /// Measure how fast each stage is on this machine and these logs, and what that comes to for an archive
    #[command(after_help = help::BENCH)]
    Bench(BenchFlags),
    /// List the SIMD kernels, which of them this machine has, and which one is used
    #[command(after_help = help::KERNELS)]
    Kernels(KernelsFlags),
}

impl Command {
    /// The form in which the answer is wanted.
    pub(crate) fn format(&self) -> Format {
        match self {
            Command::Convert(flags) => flags.display.format,
            Command::List(flags) => flags.format,
            Command::Ddl(_) => Format::Text,
            Command::Compact(flags) => flags.display.format,
            Command::Iceberg(flags) => flags.format,
            Command::Verify(flags) => flags.display.format,
            Command::Report(flags) => flags.display.format,
            // Its rows are on stdout before there is an outcome to render.
            Command::Failures(_) => Format::Text,
            Command::Diagnose(flags) => flags.answer.format.into(),
            Command::Certs(flags) => flags.show.format.into(),
            Command::Explain(flags) => flags.format.into(),
            Command::LintTrustStore(flags) => flags.format,
            Command::Generate(flags) => flags.display.format,
            Command::Bench(flags) => flags.display.format,
            Command::Kernels(flags) => flags.format,
        }
    }
}

/// `tlslake convert`.
#[derive(Debug, Args)]
pub(crate) struct ConvertFlags {
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) lake: LakeFlags,
    #[command(flatten)]
    pub(crate) strict: StrictFlag,
    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}

/// `tlslake report`.
#[derive(Debug, Args)]
pub(crate) struct ReportFlags {
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) strict: StrictFlag,
    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}

/// What is read, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadFlags {
    /// Logs to read: a file, a folder (searched recursively), a glob in quotes, the URL of an object or a prefix (s3://BUCKET/PREFIX/, gs://,
    /// az://), or `-` for standard input; any mix. Compression (gzip, zstd or none) is told from the bytes, not from the name. A folder that
    /// `convert` wrote will do for all but `convert`
    #[arg(value_name = "INPUT", required = true, help_heading = "Arguments")]
    pub(crate) inputs: Vec<OsString>,

    #[command(flatten)]
    pub(crate) time: TimeFlags,

    #[command(flatten)]
    pub(crate) pick: PickFlags,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,

    /// What to do with a damaged file (truncated, corrupt, wrong checksum, unreadable)
    #[arg(long, value_name = "CHOICE", value_enum, default_value_t = OnCorruptFlag::Skip)]
    pub(crate) on_corrupt: OnCorruptFlag,

    #[command(flatten)]
    pub(crate) limits: LimitFlags,

    /// Force one scan kernel; `tlslake kernels` lists them, and all give the same answer [default: the fastest this machine has]
    #[arg(long, value_name = "NAME", value_parser = parse::kernel)]
    pub(crate) kernel: Option<Kernel>,
}

/// The time asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct TimeFlags {
    /// Keep events at or after this time: 2026-01-01T10:00:00Z (or with an offset), 2026-01-01T10:00 or 2026-01-01 (both UTC). Files and
    /// folders that by AWS's names hold none are not read [default: no bound]
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    pub(crate) since: Option<i64>,

    /// Keep events before this time, itself excluded; written like --since [default: no bound]
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    pub(crate) until: Option<i64>,
}

/// Which logs are read, by their names.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct PickFlags {
    /// Read logs of this account alone, going by AWS's names of files; may be given several times. So may the next two [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Vec<String>,

    /// Read logs of this region alone: eu-west-1 [default: all]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// Read logs of this load balancer alone: its name, or app/NAME/ID [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) load_balancer: Vec<String>,
}

/// How object stores are reached.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Object stores")]
pub(crate) struct StoreFlags {
    /// Server of S3-compatible (or other) stores: http://127.0.0.1:9000 [default: the provider's own, or AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Do not sign requests: for public buckets
    #[arg(long)]
    pub(crate) anonymous: bool,

    /// AWS profile to take credentials and region from: keys, an SSO session, a role, a process [default: the environment's, then AWS_PROFILE]
    #[arg(long, value_name = "NAME", conflicts_with = "anonymous")]
    pub(crate) profile: Option<String>,

    /// Pay for the requests yourself (S3)
    #[arg(long)]
    pub(crate) requester_pays: bool,
}

/// What reading may take, whatever is made of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct LimitFlags {
    /// The longest line taken, 1KiB to 1GiB; a file with a longer one fails. Memory grows with it
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = "16MiB")]
    pub(crate) max_line: u64,

    /// The most memory that the process holds, however much is read: fewer threads work at once if need be. What it must have is said if it
    /// is too little [default: a quarter of what the process may use, 320MiB to 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub(crate) memory: Option<u64>,

    /// Worker threads, 1 or more [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse::jobs)]
    pub(crate) jobs: Option<usize>,
}

/// `--strict`, of the commands that account for every line.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct StrictFlag {
    /// Commit nothing if a line is rejected or a file fails (exit code 3). `report` writes nothing in any case, and exits the same
    #[arg(long)]
    pub(crate) strict: bool,
}

/// What `convert` writes, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Lake")]
pub(crate) struct LakeFlags {
    /// The lake: a folder, created if absent, or a URL (s3://BUCKET/PREFIX, gs://, az://). One that is there already is gone on with: only what
    /// it does not hold yet is converted
    #[arg(long, value_name = "PLACE")]
    pub(crate) out: PathBuf,

    /// Write anew the rows of inputs that have changed since they were converted, instead of refusing
    #[arg(long)]
    pub(crate) replace_changed: bool,

    /// Wait while another run is writing to the lake, instead of refusing
    #[arg(long)]
    pub(crate) wait: bool,

    /// Compression of Parquet pages: zstd:N (N from 1, fast, to 22, small), snappy, lz4 or none
    #[arg(long, value_name = "CODEC", value_parser = parse::compression, default_value = parse::DEFAULT_COMPRESSION)]
    pub(crate) compression: Compression,

    /// Columns of `connections` with bloom filters, divided by commas, so that engines skip row groups that cannot hold a value: client_ip,
    /// leaf_client_cert_subject, leaf_client_cert_serial_number, conn_trace_id, elb, source_object [default: none]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) bloom: Vec<String>,

    /// What encodes `connections`: pages, made for these columns, or arrow, the parquet crate's own writer. Rows and statistics are the same
    #[arg(long, value_name = "WRITER", value_enum, default_value_t = WriterFlag::Pages)]
    pub(crate) writer: WriterFlag,

    /// Folders of `connections`: account,region,day (the event's day, UTC) or none
    #[arg(long, value_name = "KEYS", value_enum, default_value_t = PartitionFlag::AccountRegionDay)]
    pub(crate) partition: PartitionFlag,

    /// Rows in a Parquet row group at most, 1 or more
    #[arg(long, value_name = "N", value_parser = parse::row_group_rows, default_value_t = LakeConfig::DEFAULT_ROW_GROUP_ROWS)]
    pub(crate) row_group_rows: usize,

    /// Compressed bytes at which a Parquet file is closed and the next begun: 256MB (10⁶), 256MiB or 256M (2²⁰), 1GB, 1GiB, 1G
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = parse::DEFAULT_TARGET_FILE_SIZE)]
    pub(crate) target_file_size: u64,

    /// Put the rows of each file of `connections` in order of time, so that a row group covers a narrow span of it and engines pass over more
    /// of them [default: the order of the inputs]
    #[arg(long)]
    pub(crate) sort: bool,

    /// Leave out the columns source_object and source_line [default: written]
    #[arg(long)]
    pub(crate) no_provenance: bool,
}

/// How the answer is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct DisplayFlags {
    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Progress on stderr: bytes, rows/s and time left. `auto` shows it on a terminal only; `always` writes lines elsewhere
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressMode::Auto)]
    pub(crate) progress: ProgressMode,
}

/// `tlslake generate`.
#[derive(Debug, Args)]
pub(crate) struct GenerateFlags {
    /// Folder to write to; created if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Files to write, 1 or more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) files: u32,

    /// Lines in each file, some 370 bytes each
    #[arg(long, value_name = "N")]
    pub(crate) lines: u64,

    /// Distinct clients, 1 or more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value_t = Generate::DEFAULT_CLIENTS)]
    pub(crate) clients: u32,

    /// Seed: the same one gives the same bytes
    #[arg(long, value_name = "S", default_value_t = Generate::DEFAULT_SEED)]
    pub(crate) seed: u64,

    /// Share of lines to make odd, in percent from 0 to 100: half of them so that they must be rejected, half so that they must not
    #[arg(long, value_name = "PERCENT", value_parser = parse::percent, default_value_t = Generate::DEFAULT_FAULTS)]
    pub(crate) faults: f64,

    #[command(flatten)]
    pub(crate) display: DisplayFlags,
}

/// `tlslake kernels`.
#[derive(Debug, Args)]
pub(crate) struct KernelsFlags {
    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people
    Text,
    /// One JSON document with a versioned schema
    Json,
    /// Markdown, of the commands whose own flag offers it
    #[value(skip)]
    Markdown,
    /// Comma-separated values, likewise
    #[value(skip)]
    Csv,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// On a terminal only
    Auto,
    /// A bar on a terminal, lines elsewhere
    Always,
    /// Not at all
    Never,
}

/// `--on-corrupt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnCorruptFlag {
    /// Name it in the report and use none of its rows: a repaired copy can be converted later without doubling
    Skip,
    /// Keep the whole lines before the fault and say how many
    Salvage,
    /// Stop the run
    Fail,
}

/// `--writer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WriterFlag {
    /// Made for these columns
    Pages,
    /// ArrowWriter: slower, and the reference
    Arrow,
}

/// `--partition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartitionFlag {
    /// account=…/region=…/day=yyyy-mm-dd
    #[value(name = "account,region,day")]
    AccountRegionDay,
    /// No folders
    None,
}
