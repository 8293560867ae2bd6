//! The tables `failures_hourly` and `latency_hourly`, streamed from their rows in bounded row groups.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int32Array, Int64Array};
use arrow::datatypes::Utf8Type;

use super::parts::PartFiles;
use super::staging::StagedFile;
use super::table::{Columns, TableSpec};
use crate::columns::arrow::{byte_array, timestamps};
use crate::columns::schema::{self, Column};
use crate::config::Compression;
use crate::error::Result;

/// The folder of `failures_hourly`.
pub(super) const FAILURES: &str = "failures_hourly";
/// The folder of `latency_hourly`.
pub(super) const LATENCY: &str = "latency_hourly";

/// Rows in a row group at most.
const ROW_GROUP_ROWS: usize = 65_536;
/// Bytes of text and histograms at which a row group is written.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// How often connections of one kind came to one end in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // what says nothing more than its name
pub(crate) struct FailureHourRow {
    /// Start of the hour, µs since 1970, UTC.
    pub(crate) hour: i64,
    /// From the file's name; `None` where it follows no pattern. So with `region`.
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// The load balancer; `None` before 2025.
    pub(crate) elb: Option<String>,
    pub(crate) listener_port: u16,
    /// What became of the connections.
    pub(crate) outcome: String,
    /// The code after `Failed:`.
    pub(crate) reason: Option<String>,
    /// Connections.
    pub(crate) count: u64,
}

/// Latency of the successful handshakes of one kind in one hour, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // what says nothing more than its name
pub(crate) struct LatencyHourRow {
    /// Start of the hour, µs since 1970, UTC.
    pub(crate) hour: i64,
    /// From the file's name; `None` where it follows no pattern. So with `region`.
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// The load balancer; `None` before 2025.
    pub(crate) elb: Option<String>,
    pub(crate) listener_port: u16,
    pub(crate) tls_protocol: Option<String>,
    /// Handshakes.
    pub(crate) count: u64,
    pub(crate) min: u64,
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) max: u64,
    /// The HDR histogram in its V2 binary form.
    pub(crate) histogram: Vec<u8>,
}

/// Writes `failures_hourly` below `staging`; always one file, even without rows.
pub(super) fn write_failures(
    staging: &Path,
    compression: Compression,
    job: &str,
    rows: impl Iterator<Item = Result<FailureHourRow>>,
) -> Result<Vec<StagedFile>> {
    let mut table = HourlyTable::new(staging, compression, job, FAILURES, &schema::FAILURES_HOURLY, &FAILURE_COLUMNS)?;
    for row in rows {
        let row = row?;
        let weight = [&row.account, &row.region, &row.elb, &row.reason].into_iter().flatten().map(String::len).sum::<usize>();
        table.push(weight, row)?;
    }
    table.finish()
}

/// Writes `latency_hourly` below `staging`; always one file, even without rows.
pub(super) fn write_latency(
    staging: &Path,
    compression: Compression,
    job: &str,
    rows: impl Iterator<Item = Result<LatencyHourRow>>,
) -> Result<Vec<StagedFile>> {
    let mut table = HourlyTable::new(staging, compression, job, LATENCY, &schema::LATENCY_HOURLY, &LATENCY_COLUMNS)?;
    for row in rows {
        let row = row?;
        let texts = [&row.account, &row.region, &row.elb, &row.tls_protocol].into_iter().flatten().map(String::len).sum::<usize>();
        table.push(texts + row.histogram.len(), row)?;
    }
    table.finish()
}

/// Gives one column of some rows.
type ColumnOf<R> = fn(&[R]) -> Result<ArrayRef>;

struct HourlyTable<R: 'static> {
    parts: PartFiles,
    folder: &'static str,
    columns: &'static [ColumnOf<R>],
    rows: Vec<R>,
    bytes: usize,
}

impl<R: Sync> HourlyTable<R> {
    fn new(
        staging: &Path,
        compression: Compression,
        job: &str,
        folder: &'static str,
        schema: &[Column],
        columns: &'static [ColumnOf<R>],
    ) -> Result<Self> {
        let mut parts = PartFiles::new(TableSpec::new(schema, compression, &[], job)?, staging, job, u64::MAX);
        parts.ensure_open(folder)?;
        Ok(Self { parts, folder, columns, rows: Vec::new(), bytes: 0 })
    }

    fn push(&mut self, weight: usize, row: R) -> Result<()> {
        self.rows.push(row);
        self.bytes += weight;
        if self.rows.len() < ROW_GROUP_ROWS && self.bytes < ROW_GROUP_BYTES {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        self.parts.write(self.folder, std::iter::empty(), rows.len(), Columns::Arrays(&|index| self.columns[index](&rows)))
    }

    fn finish(mut self) -> Result<Vec<StagedFile>> {
        self.flush()?;
        self.parts.finish()
    }
}

/// The arrays of [`schema::FAILURES_HOURLY`], in its order.
const FAILURE_COLUMNS: [ColumnOf<FailureHourRow>; schema::FAILURES_HOURLY.len()] = [
    |rows| Ok(timestamps(rows.iter().map(|row| row.hour).collect())),
    |rows| texts(rows, |row| row.account.as_deref()),
    |rows| texts(rows, |row| row.region.as_deref()),
    |rows| texts(rows, |row| row.elb.as_deref()),
    |rows| ports(rows, |row| row.listener_port),
    |rows| texts(rows, |row| Some(&row.outcome)),
    |rows| texts(rows, |row| row.reason.as_deref()),
    |rows| counts(rows, |row| row.count),
];

/// The arrays of [`schema::LATENCY_HOURLY`], in its order.
const LATENCY_COLUMNS: [ColumnOf<LatencyHourRow>; schema::LATENCY_HOURLY.len()] = [
    |rows| Ok(timestamps(rows.iter().map(|row| row.hour).collect())),
    |rows| texts(rows, |row| row.account.as_deref()),
    |rows| texts(rows, |row| row.region.as_deref()),
    |rows| texts(rows, |row| row.elb.as_deref()),
    |rows| ports(rows, |row| row.listener_port),
    |rows| texts(rows, |row| row.tls_protocol.as_deref()),
    |rows| counts(rows, |row| row.count),
    |rows| counts(rows, |row| row.min),
    |rows| counts(rows, |row| row.p50),
    |rows| counts(rows, |row| row.p90),
    |rows| counts(rows, |row| row.p99),
    |rows| counts(rows, |row| row.p999),
    |rows| counts(rows, |row| row.max),
    |rows| {
        let histograms: BinaryArray = byte_array(rows.iter().map(|row| Some(row.histogram.as_slice())))?;
        Ok(Arc::new(histograms))
    },
];

fn texts<R>(rows: &[R], text: impl Fn(&R) -> Option<&str>) -> Result<ArrayRef> {
    Ok(Arc::new(byte_array::<Utf8Type>(rows.iter().map(|row| text(row).map(str::as_bytes)))?))
}

fn ports<R>(rows: &[R], port: impl Fn(&R) -> u16) -> Result<ArrayRef> {
    Ok(Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| i32::from(port(row))))))
}

/// Counts as Parquet has them: signed. No count of lines comes near the limit.
fn counts<R>(rows: &[R], count: impl Fn(&R) -> u64) -> Result<ArrayRef> {
    Ok(Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| i64::try_from(count(row)).unwrap_or(i64::MAX)))))
}
