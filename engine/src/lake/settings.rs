//! The settings that all units of a lake share, in `_tlslake/settings.json`: what a later run has to agree with.
//!
//! They decide which rows there are and where. What decides only how rows are stored (writer, compression, sizes) may differ from run to run.

use serde::{Deserialize, Serialize};

use super::home::Home;
use crate::columns::schema::SCHEMA_VERSION;
use crate::config::{LakeConfig, Partitioning, ReadConfig};
use crate::error::{Error, Result};
use crate::fields::timestamp_micros;
use crate::report::rfc3339;

/// The file's name.
pub(super) const SETTINGS: &str = "_tlslake/settings.json";
/// The version of its form.
const SCHEMA: &str = "tlslake.settings/1";

/// [`Partitioning::AccountRegionDay`].
const BY_PLACE_AND_DAY: &str = "account,region,day";

/// What every run into a lake has to agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LakeSettings {
    schema: String,
    /// Version of the tables' columns.
    columns: u32,
    /// `account,region,day` or `none`.
    partition: String,
    /// Whether `source_object` and `source_line` are written.
    provenance: bool,
    /// First instant kept, RFC 3339.
    since: Option<String>,
    /// First instant no longer kept.
    until: Option<String>,
}

impl LakeSettings {
    /// Those of a run.
    pub(crate) fn new(read: &ReadConfig, lake: &LakeConfig) -> Self {
        let partition = match lake.partitioning {
            Partitioning::AccountRegionDay => BY_PLACE_AND_DAY,
            Partitioning::None => "none",
        };
        Self {
            schema: SCHEMA.to_owned(),
            columns: SCHEMA_VERSION,
            partition: partition.to_owned(),
            provenance: lake.provenance,
            since: read.since.map(rfc3339),
            until: read.until.map(rfc3339),
        }
    }

    /// Whether `source_object` and `source_line` are written.
    pub(super) fn provenance(&self) -> bool {
        self.provenance
    }

    /// Whether `connections` lies in folders by account, region and day.
    pub(super) fn is_partitioned(&self) -> bool {
        self.partition == BY_PLACE_AND_DAY
    }

    /// `--since` and `--until`, µs since 1970.
    pub(super) fn time_range(&self) -> (Option<i64>, Option<i64>) {
        let micros = |bound: &Option<String>| bound.as_ref().and_then(|text| timestamp_micros(text.as_bytes()));
        (micros(&self.since), micros(&self.until))
    }

    /// What differs, a sentence for each: what the lake has and what is asked for.
    fn differences(&self, asked: &Self) -> Vec<String> {
        let bound = |bound: &Option<String>| bound.as_deref().unwrap_or("no bound").to_owned();
        let kept = |kept: bool| if kept { "written" } else { "left out (--no-provenance)" }.to_owned();
        let pairs = [
            ("version of the tables", self.columns.to_string(), asked.columns.to_string()),
            ("--partition", self.partition.clone(), asked.partition.clone()),
            ("source_object and source_line", kept(self.provenance), kept(asked.provenance)),
            ("--since", bound(&self.since), bound(&asked.since)),
            ("--until", bound(&self.until), bound(&asked.until)),
        ];
        let differ = pairs.into_iter().filter(|(_, has, wanted)| has != wanted);
        differ.map(|(name, has, wanted)| format!("{name}: the lake has {has}, this run {wanted}")).collect()
    }
}

/// Writes a new lake's settings.
pub(super) fn write(home: &dyn Home, settings: &LakeSettings) -> Result<()> {
    let json =
        serde_json::to_vec_pretty(settings).map_err(|error| Error::Accounting(format!("the settings cannot be written: {error}")))?;
    home.write(SETTINGS, &json)
}

/// The settings of a lake; `None` where there are none.
pub(crate) fn read(home: &dyn Home) -> Result<Option<LakeSettings>> {
    let Some(bytes) = home.read(SETTINGS)? else { return Ok(None) };
    let unreadable = |error| {
        let problem = format!("cannot be understood: {error}; another version wrote it");
        Error::Output { path: home.path().join(SETTINGS), problem }
    };
    serde_json::from_slice(&bytes).map(Some).map_err(unreadable)
}

/// Refuses a run whose settings differ from those of the lake.
pub(super) fn compare(home: &dyn Home, asked: &LakeSettings) -> Result<()> {
    let Some(has) = read(home)? else { return Ok(()) };
    let differences = has.differences(asked);
    if differences.is_empty() {
        return Ok(());
    }
    let problem = format!("holds a lake of other settings; {}", differences.join("; "));
    Err(Error::Settings { path: home.path().to_owned(), problem })
}
