//! The append itself: look at the table, compare, describe what is new, commit, and look again.

use std::collections::{BTreeSet, HashMap};

use ::iceberg::spec::DataFile;
use ::iceberg::table::Table;
use ::iceberg::transaction::{ApplyTransactionAction, Transaction};
use ::iceberg::{ErrorKind, NamespaceIdent, Runtime, TableCreation, TableIdent};
use parquet::file::metadata::ParquetMetaData;
use tokio::task::block_in_place;

use super::catalog::{self, Connected};
use super::compare::{self, Comparison, Held};
use super::config::IcebergConfig;
use super::metrics::Target;
use super::schema;
use super::storage::MetadataStorage;
use crate::error::{Error, Result};
use crate::lake::{LakeFile, LakeFiles};
use crate::report::{Appended, TableFiles};

/// How often an append is begun again because others have committed to the table meanwhile; the crate tries as often each time.
const ATTEMPTS: usize = 5;
/// Threads for what the catalog's client does at once.
const THREADS: usize = 2;

/// Reads the footers of files, in their order.
pub(crate) type Footers<'a> = &'a dyn Fn(&[&LakeFile]) -> Result<Vec<ParquetMetaData>>;

/// Appends what the table does not have of the lake.
///
/// # Errors
/// [`Error::Table`] where the catalog cannot be asked, or the table cannot take the files; nothing is changed then, but for `--rebuild` as it says.
pub(crate) fn append(lake: &LakeFiles, config: &IcebergConfig, footers: Footers<'_>) -> Result<Appended> {
    // Goes last: the store's threads must not end among futures.
    let storage = MetadataStorage::new(config.stores.clone());
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(THREADS).thread_name("tlslake-iceberg").enable_all().build();
    let runtime = built.map_err(|error| Error::Worker(format!("the threads for the catalog could not be started: {error}")))?;
    let ident = TableIdent::from_strs(config.table_parts()?).map_err(|error| Error::Config(error.to_string()))?;
    runtime.block_on(async {
        let mut append = Append { lake, config, footers, ident, created: false, rebuilt: false };
        match catalog::connect(config, &storage, Runtime::new(&runtime)).await? {
            Some(catalog) => append.run(&catalog).await,
            None => Ok(append.told(None, &Comparison { gain: lake.files.iter().collect(), ..Comparison::default() })),
        }
    })
}

struct Append<'a> {
    lake: &'a LakeFiles,
    config: &'a IcebergConfig,
    footers: Footers<'a>,
    ident: TableIdent,
    created: bool,
    rebuilt: bool,
}

impl Append<'_> {
    async fn run(&mut self, catalog: &Connected) -> Result<Appended> {
        for _ in 0..ATTEMPTS {
            if let Some(appended) = self.attempt(catalog).await? {
                return Ok(appended);
            }
        }
        Err(self.problem(format!("others commit to it all the time: {ATTEMPTS} attempts were overtaken; nothing was appended, run again")))
    }

    /// `None` where others have changed the table meanwhile.
    async fn attempt(&mut self, catalog: &Connected) -> Result<Option<Appended>> {
        let Some(table) = self.load(catalog).await? else { return self.begin(catalog).await };
        let held = Held::read(&table).await.map_err(|error| self.fault("reading its manifests", &error))?;
        let comparison = held.compare(self.lake);
        if self.config.rebuild && !self.rebuilt {
            return self.rebuild(catalog, &held, &comparison).await;
        }
        schema::check(table.metadata(), self.lake).map_err(|problem| self.problem(problem))?;
        self.refuse_gone(&comparison)?;
        if self.config.dry_run || comparison.gain.is_empty() {
            return Ok(Some(self.told(Some(&table), &comparison)));
        }
        self.commit(catalog, &table, &comparison).await
    }

    async fn load(&self, catalog: &Connected) -> Result<Option<Table>> {
        match catalog.load_table(&self.ident).await {
            Ok(table) => Ok(Some(table)),
            Err(error) if matches!(error.kind(), ErrorKind::TableNotFound | ErrorKind::NamespaceNotFound) => Ok(None),
            Err(error) => Err(self.fault("asking the catalog for it", &error)),
        }
    }

    /// The table is not there.
    async fn begin(&mut self, catalog: &Connected) -> Result<Option<Appended>> {
        if self.config.dry_run {
            let comparison = Comparison { gain: self.lake.files.iter().collect(), ..Comparison::default() };
            return Ok(Some(self.told(None, &comparison)));
        }
        self.create_namespaces(catalog).await?;
        let schema = schema::new_schema(self.lake).map_err(|error| self.fault("making its schema", &error))?;
        let spec = schema::new_spec(self.lake, &schema).map_err(|error| self.fault("making its partition spec", &error))?;
        let properties = [schema::name_mapping(&schema)];
        let creation = TableCreation::builder().name(self.ident.name().to_owned()).properties(properties).partition_spec_opt(spec);
        let created = catalog.create_table(self.ident.namespace(), creation.schema(schema).build()).await;
        match created {
            Ok(_) => self.created = true,
            Err(error) if error.kind() == ErrorKind::TableAlreadyExists => {}
            Err(error) => return Err(self.fault("creating it", &error)),
        }
        Ok(None)
    }

    async fn create_namespaces(&self, catalog: &Connected) -> Result<()> {
        let levels = self.ident.namespace();
        for end in 1..=levels.len() {
            let level = NamespaceIdent::from_strs(&levels[..end]).map_err(|error| self.fault("naming its namespace", &error))?;
            let exists = catalog.namespace_exists(&level).await.map_err(|error| self.fault("asking for its namespace", &error))?;
            if exists {
                continue;
            }
            match catalog.create_namespace(&level, HashMap::new()).await {
                Err(error) if error.kind() != ErrorKind::NamespaceAlreadyExists => return Err(self.fault("creating its namespace", &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the table out of the catalog, so that the next attempt makes it anew.
    async fn rebuild(&mut self, catalog: &Connected, held: &Held, comparison: &Comparison<'_>) -> Result<Option<Appended>> {
        if let Some(loss) = held.not_to_lose(self.lake, comparison) {
            return Err(self.problem(format!("cannot be made anew from this lake: {loss}; append to a new table instead")));
        }
        self.rebuilt = true;
        if self.config.dry_run {
            let comparison = Comparison { gain: self.lake.files.iter().collect(), ..Comparison::default() };
            return Ok(Some(self.told(None, &comparison)));
        }
        catalog.drop_table(&self.ident).await.map_err(|error| self.fault("taking it out of the catalog", &error))?;
        Ok(None)
    }

    fn refuse_gone(&self, comparison: &Comparison<'_>) -> Result<()> {
        let Some(first) = comparison.gone.first() else { return Ok(()) };
        Err(self.problem(format!(
            "was given rows of {} work unit(s) that this lake does not have (the first: {first}): they were replaced, as by `convert \
             --replace-changed`, or came from another lake with some of the same logs. An append can take no files out of a table, and would count \
             rows twice; `--rebuild` makes the table anew from this lake",
            comparison.gone.len()
        )))
    }

    async fn commit(&mut self, catalog: &Connected, table: &Table, comparison: &Comparison<'_>) -> Result<Option<Appended>> {
        let files = self.describe(table, &comparison.gain)?;
        let transaction = self.transaction(table, comparison, files)?;
        block_in_place(|| self.lake.check_quiet())?;
        let committed = match transaction.commit(&**catalog).await {
            Ok(table) => table,
            Err(error) if is_conflict(&error) => return Ok(None),
            Err(error) => return Err(self.fault("committing; run again, what it has is not appended twice", &error)),
        };
        let snapshot = committed.metadata().current_snapshot_id();
        // A database may have refused what its client took for done.
        let again = self.load(catalog).await?;
        let is_there = again.as_ref().zip(snapshot).is_some_and(|(table, id)| table.metadata().snapshot_by_id(id).is_some());
        if !is_there {
            return Err(self.problem("the catalog took the snapshot and does not show it: run again".to_owned()));
        }
        Ok(Some(Appended { snapshot_id: snapshot.map(|id| id.to_string()), ..self.told(Some(&committed), comparison) }))
    }

    fn describe(&self, table: &Table, gain: &[&LakeFile]) -> Result<Vec<DataFile>> {
        let metadata = table.metadata();
        let target = Target { schema: metadata.current_schema(), spec: metadata.default_partition_spec(), columns: self.lake.columns };
        let footers = block_in_place(|| (self.footers)(gain))?;
        let entry = |(file, footer): (&&LakeFile, &ParquetMetaData)| {
            let described = target.describe(file, footer, compare::location(self.lake, &file.path));
            described.map_err(|problem| self.problem(format!("{}: {problem}", file.path)))
        };
        gain.iter().zip(&footers).map(entry).collect()
    }

    /// The files and what is remembered of them, in one commit.
    fn transaction(&self, table: &Table, comparison: &Comparison<'_>, files: Vec<DataFile>) -> Result<Transaction> {
        let failed = |error: ::iceberg::Error| self.fault("preparing the commit", &error);
        let has_mapping = schema::has_name_mapping(table.metadata(), self.lake).map_err(|problem| self.problem(problem))?;
        let transaction = Transaction::new(table);
        let mut properties = transaction.update_table_properties().set(compare::property(self.lake), compare::list(self.lake.units.iter()));
        if !has_mapping {
            let (key, value) = schema::name_mapping(table.metadata().current_schema());
            properties = properties.set(key, value);
        }
        let transaction = properties.apply(transaction).map_err(failed)?;
        let append = transaction.fast_append().set_snapshot_properties(self.summary(comparison)).add_data_files(files);
        append.apply(transaction).map_err(failed)
    }

    /// What the snapshot says of where it comes from.
    fn summary(&self, comparison: &Comparison<'_>) -> HashMap<String, String> {
        let pairs = [
            ("tlslake.run", self.lake.job.clone()),
            ("tlslake.units", count_units(&comparison.gain).to_string()),
            ("tlslake.version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        pairs.map(|(key, value)| (key.to_owned(), value)).into()
    }

    fn told(&self, table: Option<&Table>, comparison: &Comparison<'_>) -> Appended {
        let snapshot = table.and_then(|table| table.metadata().current_snapshot());
        let total = |key: &str| snapshot.and_then(|snapshot| snapshot.summary().additional_properties.get(key)?.parse().ok());
        let partitions: BTreeSet<_> = comparison.gain.iter().map(|file| &file.partition).collect();
        Appended {
            schema: Appended::SCHEMA.to_owned(),
            lake: self.lake.location.clone(),
            run: self.lake.job.clone(),
            catalog: catalog::name(self.config),
            table: self.config.table.clone(),
            location: table.map(|table| table.metadata().location().to_owned()),
            dry_run: self.config.dry_run,
            created: !self.rebuilt && (table.is_none() || self.created),
            rebuilt: self.rebuilt,
            snapshot_id: None,
            appended: extent(&comparison.gain),
            partitions: partitions.len() as u64,
            already: extent(&comparison.already),
            elsewhere: comparison.elsewhere.len() as u64,
            elsewhere_first: comparison.elsewhere.iter().min().cloned(),
            other_files: comparison.others,
            table_rows: total("total-records"),
            table_files: total("total-data-files"),
            elapsed_s: 0.0,
        }
    }

    fn problem(&self, problem: String) -> Error {
        Error::Table { table: self.ident.to_string(), problem }
    }

    #[cold]
    fn fault(&self, action: &str, error: &::iceberg::Error) -> Error {
        self.problem(format!("{action}: {}", error.to_string().replace(['\n', '\r'], " ")))
    }
}

/// Whether somebody else was faster.
fn is_conflict(error: &::iceberg::Error) -> bool {
    error.kind() == ErrorKind::CatalogCommitConflicts || error.message().starts_with("Cannot add files that are already referenced")
}

fn count_units(files: &[&LakeFile]) -> u64 {
    files.iter().map(|file| file.unit.as_str()).collect::<BTreeSet<_>>().len() as u64
}

fn extent(files: &[&LakeFile]) -> TableFiles {
    TableFiles {
        units: count_units(files),
        files: files.len() as u64,
        rows: files.iter().map(|file| file.rows).sum(),
        bytes: files.iter().map(|file| file.bytes).sum(),
    }
}
