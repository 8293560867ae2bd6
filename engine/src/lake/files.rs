//! The files of `connections` that a complete lake holds, for catalogs that take them as they are.
//!
//! In: a lake's home. Out: each file's place, rows, bytes, unit and partition, as the manifests and folders say; and footers on request.
//! Nothing is changed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::Length;

use super::home::{Home, Quiet};
use super::inventory::Inventory;
use super::manifest::{self, OutputEntry, UnitManifest};
use super::partition::{self, DEFAULT_PARTITION};
use super::{CONNECTIONS, SUCCESS, damaged, settings};
use crate::calendar::days_since_1970;
use crate::columns::schema::{self, Column};
use crate::error::{Error, Result};
use crate::store::ObjectUrl;

/// Bytes at a file's end that are fetched in one request: most footers are within.
const TAIL: u64 = 64 << 10;

/// What a complete lake holds of `connections`.
#[derive(Debug)]
pub(crate) struct LakeFiles {
    home: Arc<dyn Home>,
    /// The lake as other programs name it: a URL, `file:///…` for a folder, without links and without a `/` at its end.
    pub(crate) location: String,
    /// A hash of the ids of its units.
    pub(crate) job: String,
    /// Ids of its units.
    pub(crate) units: BTreeSet<String>,
    /// The columns in its files.
    pub(crate) columns: &'static [Column],
    /// Whether they lie in folders by account, region and day.
    pub(crate) is_partitioned: bool,
    /// The files, by unit and place.
    pub(crate) files: Vec<LakeFile>,
    /// Tells whether a run began to write meanwhile; on a disk, keeps it from that.
    quiet: Quiet,
}

/// A file of `connections`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LakeFile {
    /// Its place in the lake, parts separated by `/`.
    pub(crate) path: String,
    /// Its unit.
    pub(crate) unit: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// `None` in a lake without folders.
    pub(crate) partition: Option<PartitionValues>,
}

/// Lists the files of a lake.
///
/// # Errors
/// [`Error::NoLake`] where there is none, [`Error::Locked`] while a run is writing it, [`Error::Output`] where it is not complete,
/// [`Error::DamagedLake`] where its manifests cannot be understood.
pub(crate) fn files(home: Arc<dyn Home>) -> Result<LakeFiles> {
    let Some(settings) = settings::read(&*home)? else { return Err(Error::NoLake { path: home.path().to_owned() }) };
    let quiet = home.quiet()?;
    if home.size(SUCCESS)?.is_none() {
        let problem = "is not complete: a run was cut off; convert again to complete it, then go on".to_owned();
        return Err(Error::Output { path: home.path().to_owned(), problem });
    }
    let inventory = Inventory::read(&*home)?;
    super::check_complete(&*home, &inventory)?;
    let mut files = Vec::new();
    for unit in manifest::units(&*home)? {
        let manifest = UnitManifest::read(&*home, &unit)?;
        for output in manifest.outputs.iter().filter(|output| output.table == CONNECTIONS) {
            files.push(LakeFile::new(home.path(), &unit, output, settings.is_partitioned())?);
        }
    }
    Ok(LakeFiles {
        location: location(home.path())?,
        home,
        job: inventory.job_id(),
        units: inventory.units.into_iter().collect(),
        columns: schema::connections(settings.provenance()),
        is_partitioned: settings.is_partitioned(),
        files,
        quiet,
    })
}

/// A lake's path or URL as other programs name it.
fn location(path: &Path) -> Result<String> {
    let not_text = || Error::Config(format!("{}: is not UTF-8, so no table can name it", path.display()));
    if let Some(Ok(url)) = path.to_str().and_then(ObjectUrl::parse) {
        let url = format!("{}{}", url.root(), url.key().trim_matches('/'));
        let url = url.trim_end_matches('/');
        return Ok(url.strip_prefix("s3a://").map_or_else(|| url.to_owned(), |rest| format!("s3://{rest}")));
    }
    let whole = path.canonicalize().map_err(|error| Error::io(path, "looking up", error))?;
    // Names stand as they are: that is how readers of tables take them.
    whole.to_str().map(|text| format!("file://{text}")).ok_or_else(not_text)
}

impl LakeFile {
    fn new(lake: &Path, unit: &str, output: &OutputEntry, is_partitioned: bool) -> Result<Self> {
        let partition = is_partitioned.then(|| {
            let values = PartitionValues::of(&output.path);
            values.ok_or_else(|| damaged(&lake.join(&output.path), "lies in no folder of account, region and day"))
        });
        let OutputEntry { path, rows, bytes, .. } = output.clone();
        Ok(Self { path, unit: unit.to_owned(), rows, bytes, partition: partition.transpose()? })
    }
}

impl LakeFiles {
    /// Fails where a run has begun to write the lake meanwhile: files of the list may be gone.
    pub(crate) fn check_quiet(&self) -> Result<()> {
        self.quiet.check()
    }

    /// The footer of one of its files.
    ///
    /// # Errors
    /// [`Error::DamagedLake`] where the file is not the one that was written, as far as its size and its count of rows tell.
    pub(crate) fn footer(&self, file: &LakeFile) -> Result<ParquetMetaData> {
        let path = self.home.path().join(&file.path);
        let mut bytes = self.home.bytes(&file.path)?;
        if bytes.len() != file.bytes {
            return Err(damaged(&path, &format!("has {} bytes instead of {}", bytes.len(), file.bytes)));
        }
        let tail = file.bytes.saturating_sub(TAIL)..file.bytes;
        bytes.prepare(|| vec![tail]).map_err(|fault| Error::DamagedLake { object: path.display().to_string(), fault })?;
        let footer = ParquetMetaDataReader::new().parse_and_finish(&bytes);
        let footer = footer.map_err(|error| damaged(&path, &format!("is no whole Parquet file: {error}")))?;
        let rows = footer.file_metadata().num_rows();
        if u64::try_from(rows) == Ok(file.rows) {
            return Ok(footer);
        }
        Err(damaged(&path, &format!("has {rows} rows by its footer instead of {}", file.rows)))
    }
}

/// What a file's folders say; `None` stands for what is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartitionValues {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// Days since 1970-01-01.
    pub(crate) day: i32,
}

impl PartitionValues {
    /// Those of a file at that place of a lake; `None` where its folders are not such.
    fn of(path: &str) -> Option<Self> {
        let mut folders = path.strip_prefix(CONNECTIONS)?.strip_prefix('/')?.split('/');
        let mut value = |key| folders.next()?.strip_prefix(key);
        let (account, region, day) = (value("account=")?, value("region=")?, value("day=")?);
        Some(Self { account: unescaped(account)?, region: unescaped(region)?, day: day_of(day)? })
    }
}

/// The day of a `yyyy-mm-dd`.
fn day_of(text: &str) -> Option<i32> {
    // From the right: a year may have a sign.
    let mut parts = text.rsplitn(3, '-').map(str::parse::<i64>);
    let (day, month, year) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let number = i32::try_from(days_since_1970(year, month, day)).ok()?;
    (partition::date(number) == text).then_some(number)
}

/// The value that a folder's name stands for: [`partition::escaped`] undone.
fn unescaped(name: &str) -> Option<Option<String>> {
    if name == DEFAULT_PARTITION {
        return Some(None);
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_values_back() {
        for value in ["eu-west-1", "a/b=c%\n", "zürich"] {
            assert_eq!(unescaped(&partition::escaped(value)), Some(Some(value.to_owned())));
        }
        assert_eq!(unescaped(&partition::escaped("")), Some(None));
        assert_eq!(unescaped("%4"), None);
        let path = "connections/account=123456789012/region=__HIVE_DEFAULT_PARTITION__/day=2024-02-29/part-1.parquet";
        let values = PartitionValues { account: Some("123456789012".to_owned()), region: None, day: 19_782 };
        assert_eq!(PartitionValues::of(path), Some(values));
        assert_eq!(PartitionValues::of("connections/part-1.parquet"), None);
    }

    #[test]
    fn a_lake_in_a_bucket_is_named_by_its_url() {
        for url in ["s3://bucket/a/lake", "s3://bucket/a/lake/", "s3a://bucket/a/lake/"] {
            assert_eq!(location(Path::new(url)).unwrap(), "s3://bucket/a/lake");
        }
        assert_eq!(location(Path::new("s3://bucket")).unwrap(), "s3://bucket");
    }

    #[test]
    fn days_are_told_from_dates() {
        for number in [-719_162, -1, 0, 19_782, 2_932_896] {
            assert_eq!(day_of(&partition::date(number)), Some(number));
        }
        assert_eq!(day_of("2024-02-30"), None);
        assert_eq!(day_of("today"), None);
    }
}
