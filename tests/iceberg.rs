//! A lake's files in an Iceberg table, read back with PyIceberg: through a SQLite catalog, and through a server of the REST protocol.

use crate::support::run;

#[cfg(not(feature = "iceberg"))]
#[test]
fn a_build_without_it_says_how_to_get_it() {
    run(["iceberg", "lake", "--table", "logs.connections"]).exits(2).complains_of("--features iceberg");
}

#[test]
fn what_is_typed_is_checked() {
    for (table, catalog) in [("connections", "sqlite:c.db"), ("logs.", "sqlite:c.db"), ("logs.c", "postgres://host"), ("logs.c", "glue")] {
        run(["iceberg", "lake", "--table", table, "--catalog", catalog]).exits(2);
    }
    run(["iceberg", "lake", "--table", "logs.c", "--warehouse", "w", "--property", "scope=all"]).exits(2).complains_of("REST");
}

#[cfg(feature = "iceberg")]
mod appended {
    use std::collections::BTreeSet;
    use std::io::{BufRead, BufReader, Write};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};

    use serde_json::Value as Json;
    use tempfile::TempDir;

    use crate::support::store::{Kind, SECRET, Store, run_at};
    use crate::support::{Run, convert, folder, logs, run, run_with_stdin_and};

    const TABLE: &str = "logs.alb.connections";
    const TOKEN: &str = "a-token-of-the-tests";

    /// Logs, a lake and a warehouse.
    struct Place {
        folder: TempDir,
    }

    impl Place {
        fn new() -> Self {
            let place = Self { folder: folder() };
            logs::generate(&place.logs().join("generated"), 3, 400, 5, 71);
            logs::write(&place.logs(), &logs::name(1), &logs::gzip(&logs::odd_lines(72, 300)));
            logs::write(&place.logs(), "of-no-known-account.log", &logs::odd_lines(73, 200));
            place
        }

        fn logs(&self) -> PathBuf {
            self.folder.path().join("logs")
        }

        fn lake(&self) -> PathBuf {
            self.folder.path().join("lake")
        }

        fn catalog(&self) -> PathBuf {
            self.folder.path().join("ware house/catalog.db")
        }

        fn convert(&self, options: &[&str]) {
            let run = convert(&self.logs(), &self.lake(), options);
            assert!([0, 3].contains(&run.code), "{}", run.stderr);
        }

        /// More logs, of a file that was not there.
        fn grow(&self) {
            logs::write(&self.logs(), &logs::name(2), &logs::gzip(&logs::odd_lines(74, 250)));
        }

        fn append(&self, options: &[&str]) -> Run {
            append_to(&self.lake(), &["--catalog", &format!("sqlite:{}", self.catalog().display())], options)
        }

        /// Data files of the lake.
        fn files(&self) -> BTreeSet<PathBuf> {
            let entries = walkdir::WalkDir::new(self.lake().join("connections")).into_iter().flatten();
            entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
        }

        /// What PyIceberg makes of the table, which has just what the lake has; `None` without it.
        fn read_back(&self) -> Option<Json> {
            read_back(&self.catalog().display().to_string(), &self.lake())
        }
    }

    fn append_to(lake: &Path, catalog: &[&str], options: &[&str]) -> Run {
        let lake = lake.display().to_string();
        let fixed = ["iceberg", &lake, "--table", TABLE, "--format", "json"];
        run(fixed.iter().chain(catalog).chain(options))
    }

    fn python() -> Option<std::ffi::OsString> {
        let python = std::env::var_os("TLSLAKE_PYTHON");
        if python.is_none() {
            eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so PyIceberg has not read the table; `scripts/test` sets it");
        }
        python
    }

    fn script(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers").join(name)
    }

    fn read_back(catalog: &str, lake: &Path) -> Option<Json> {
        let mut command = Command::new(python()?);
        command.arg(script("iceberg_table.py")).args([catalog, TABLE]).arg(lake).env("ICEBERG_TOKEN", TOKEN);
        let output = command.output().expect("python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    #[test]
    fn a_table_gets_what_the_lake_has_and_later_what_it_gained() {
        let place = Place::new();
        place.convert(&["--row-group-rows", "100"]);
        let dry = place.append(&["--dry-run"]).exits(0).json();
        assert!(!place.catalog().exists(), "a dry run creates nothing");
        let first = place.append(&[]).exits(0).json();
        let files = place.files().len();
        assert_eq!((&dry["appended"], &first["created"]), (&first["appended"], &Json::Bool(true)));
        assert_eq!(first["appended"]["files"], files);
        assert_eq!(first["table_rows"], first["appended"]["rows"]);
        let again = place.append(&[]).exits(0).json();
        assert_eq!((&again["appended"]["files"], &again["already"]), (&0.into(), &first["appended"]));
        assert_eq!(again.get("snapshot_id"), None);
        if let Some(facts) = place.read_back() {
            assert_eq!(facts["rows"], first["appended"]["rows"]);
            assert_eq!(facts["partition"], serde_json::json!(["identity:account", "identity:region", "day:day"]));
        }
        place.grow();
        place.convert(&["--row-group-rows", "100"]);
        let gained = place.append(&[]).exits(0).json();
        assert_eq!(gained["appended"]["files"], place.files().len() - files);
        assert_eq!(gained["appended"]["units"], 1);
        assert_eq!(gained["already"], first["appended"]);
        let Some(facts) = place.read_back() else { return };
        let snapshots = facts["snapshots"].as_array().unwrap();
        assert_eq!(snapshots.len(), 2);
        for (snapshot, append) in snapshots.iter().zip([&first, &gained]) {
            assert_eq!(snapshot["operation"], "append");
            assert_eq!(snapshot["tlslake.run"], append["run"]);
            assert_eq!(snapshot["tlslake.units"], append["appended"]["units"].to_string());
            assert_eq!(snapshot["added-records"], append["appended"]["rows"].to_string());
        }
    }

    #[test]
    fn a_lake_without_folders_makes_a_table_without_partitions() {
        let place = Place::new();
        place.convert(&["--partition", "none", "--no-provenance"]);
        place.append(&[]).exits(0);
        if let Some(facts) = place.read_back() {
            assert_eq!(facts["partition"], serde_json::json!([]));
        }
        // What it has is not what a lake of other settings needs.
        let other = Place::new();
        other.convert(&["--partition", "none"]);
        let catalog = format!("sqlite:{}", place.catalog().display());
        append_to(&other.lake(), &["--catalog", &catalog], &[]).exits(1).complains_of("has no column source_object");
    }

    #[test]
    fn a_table_of_another_partition_spec_is_refused() {
        let (place, other) = (Place::new(), Place::new());
        place.convert(&[]);
        other.convert(&["--partition", "none"]);
        place.append(&[]).exits(0);
        let catalog = format!("sqlite:{}", place.catalog().display());
        append_to(&other.lake(), &["--catalog", &catalog], &[]).exits(1).complains_of("partitioned by day(time), identity(account)");
    }

    #[test]
    fn rows_that_were_replaced_are_not_counted_twice() {
        let place = Place::new();
        place.convert(&[]);
        place.append(&[]).exits(0);
        logs::write(&place.logs(), &logs::name(1), &logs::gzip(&logs::odd_lines(75, 320)));
        place.convert(&["--replace-changed"]);
        place.append(&[]).exits(1).complains_of("--rebuild");
        assert_eq!(place.append(&["--rebuild", "--dry-run"]).exits(0).json()["rebuilt"], true);
        place.append(&[]).exits(1);
        let rebuilt = place.append(&["--rebuild"]).exits(0).json();
        assert_eq!(rebuilt["appended"]["files"], place.files().len());
        assert_eq!(rebuilt["table_rows"], rebuilt["appended"]["rows"]);
        place.append(&[]).exits(0);
        place.read_back();
    }

    #[test]
    fn a_lake_that_has_moved_is_known() {
        let place = Place::new();
        place.convert(&[]);
        let first = place.append(&[]).exits(0).json();
        let moved = place.folder.path().join("moved");
        std::fs::rename(place.lake(), &moved).unwrap();
        let catalog = format!("sqlite:{}", place.catalog().display());
        let again = append_to(&moved, &["--catalog", &catalog], &[]).exits(0);
        assert!(again.stderr.contains("--rebuild"), "{}", again.stderr);
        assert_eq!((&again.json()["appended"]["files"], &again.json()["elsewhere"]), (&0.into(), &first["appended"]["files"]));
        append_to(&moved, &["--catalog", &catalog], &["--rebuild"]).exits(0);
        read_back(&place.catalog().display().to_string(), &moved);
    }

    #[test]
    fn lakes_share_a_table_and_none_takes_it_for_its_own() {
        let (place, other) = (Place::new(), folder());
        place.convert(&[]);
        let mine = place.append(&[]).exits(0).json();
        let logs = other.path().join("logs");
        logs::write(&logs, &logs::name(7), &logs::gzip(&logs::odd_lines(76, 150)));
        let lake = other.path().join("lake");
        convert(&logs, &lake, &[]);
        let catalog = format!("sqlite:{}", place.catalog().display());
        let theirs = append_to(&lake, &["--catalog", &catalog], &[]).exits(0).json();
        assert_eq!(theirs["other_files"], mine["appended"]["files"]);
        let both = mine["appended"]["rows"].as_u64().unwrap() + theirs["appended"]["rows"].as_u64().unwrap();
        assert_eq!(theirs["table_rows"], both);
        append_to(&lake, &["--catalog", &catalog], &["--rebuild"]).exits(1).complains_of("would be lost");
        assert_eq!(place.append(&[]).exits(0).json()["appended"]["files"], 0);
    }

    #[test]
    fn what_was_deleted_from_the_table_does_not_come_back() {
        let Some(python) = python() else { return };
        let place = Place::new();
        place.convert(&[]);
        let first = place.append(&[]).exits(0).json();
        let code = "import sys; from pyiceberg.catalog import load_catalog; \
                    load_catalog('default', type='sql', uri='sqlite:///' + sys.argv[1]).load_table(sys.argv[2]).delete('account is null')";
        let deleted = Command::new(python).args(["-c", code]).arg(place.catalog()).arg(TABLE).output().expect("python starts");
        assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
        let after = place.append(&[]).exits(0).json();
        assert_eq!((&after["appended"]["files"], &after["already"]), (&0.into(), &first["appended"]));
        assert!(after["table_rows"].as_u64() < first["table_rows"].as_u64(), "{after}");
        place.grow();
        place.convert(&[]);
        assert_eq!(place.append(&[]).exits(0).json()["appended"]["units"], 1);
    }

    #[test]
    fn only_a_complete_lake_is_taken() {
        let place = Place::new();
        place.append(&[]).exits(1).complains_of("no lake");
        place.convert(&[]);
        std::fs::remove_file(place.lake().join("_SUCCESS")).unwrap();
        place.append(&[]).exits(1).complains_of("not complete");
        assert!(!place.catalog().exists());
        std::fs::write(place.lake().join("_SUCCESS"), b"").unwrap();
        let file = place.files().into_iter().next().unwrap();
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        place.append(&[]).exits(1).complains_of("instead of");
    }

    #[test]
    fn a_lake_and_the_metadata_may_lie_in_a_bucket() {
        let (place, Some(store)) = (Place::new(), Store::of(Kind::Moto)) else { return };
        let (logs, catalog) = (place.logs().display().to_string(), format!("sqlite:{}", place.catalog().display()));
        let converted = run_at(store.address, &["convert", &logs, "--out", "s3://logs/a/lake", "--format", "json"]);
        assert_eq!(converted.code, 3, "{}", converted.stderr);
        let fixed = ["iceberg", "s3://logs/a/lake/", "--table", TABLE, "--warehouse", "s3://logs/warehouse", "--format", "json"];
        let append = || run_at(store.address, &[&fixed[..], &["--catalog", &catalog]].concat()).exits(0).json();
        let first = append();
        assert_eq!(first["appended"]["rows"], converted.json()["rows"]);
        assert!(first["location"].as_str().is_some_and(|location| location.starts_with("s3://logs/warehouse/")), "{first}");
        assert_eq!(append()["appended"]["files"], 0);
        let code = "import sys; from pyiceberg.catalog import load_catalog; \
                    store = {'s3.endpoint': sys.argv[3], 's3.access-key-id': 'AKIATESTTESTTEST', 's3.secret-access-key': sys.argv[4]}; \
                    catalog = load_catalog('default', type='sql', uri='sqlite:///' + sys.argv[1], **store, **{'s3.region': 'eu-west-1'}); \
                    print(len(catalog.load_table(sys.argv[2]).scan().to_arrow()))";
        let mut command = Command::new(python().expect("there is a Python, or there were no store"));
        command.args(["-c", code]).arg(place.catalog()).arg(TABLE).args([&format!("http://{}", store.address), SECRET]);
        let output = command.output().expect("python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), first["appended"]["rows"].to_string());
    }

    /// A server of the REST protocol; it ends with its standard input.
    struct Server {
        process: Child,
        url: String,
    }

    impl Server {
        fn start(folder: &Path) -> Option<Self> {
            let mut command = Command::new(python()?);
            command.arg(script("iceberg_rest.py")).arg(folder).arg(TOKEN).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut process = command.spawn().expect("python starts");
            let mut port = String::new();
            BufReader::new(process.stdout.take().expect("its output")).read_line(&mut port).expect("it tells its port");
            Some(Self { process, url: format!("http://127.0.0.1:{}", port.trim()) })
        }

        fn append(&self, lake: &Path, token: &str) -> Run {
            let (lake, catalog) = (lake.display().to_string(), format!("rest:{}", self.url));
            let arguments = ["iceberg", &lake, "--table", TABLE, "--catalog", &catalog, "--format", "json"];
            run_with_stdin_and(arguments, b"", &[("ICEBERG_TOKEN", token)])
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            if let Some(mut stdin) = self.process.stdin.take() {
                stdin.flush().ok();
            }
            self.process.wait().ok();
        }
    }

    /// The server refuses every second commit as overtaken by another.
    #[test]
    fn a_rest_catalog_is_asked_again_after_a_conflict() {
        let place = Place::new();
        place.convert(&[]);
        let Some(server) = Server::start(place.folder.path()) else { return };
        server.append(&place.lake(), "wrong").exits(1).complains_of("not authorized");
        let first = server.append(&place.lake(), TOKEN).exits(0).json();
        assert_eq!(first["appended"]["files"], place.files().len());
        place.grow();
        place.convert(&[]);
        let gained = server.append(&place.lake(), TOKEN).exits(0).json();
        assert_eq!(gained["appended"]["units"], 1);
        assert_eq!(server.append(&place.lake(), TOKEN).exits(0).json()["appended"]["files"], 0);
        let facts = read_back(&server.url, &place.lake()).expect("there is a Python");
        assert_eq!(facts["snapshots"].as_array().map(Vec::len), Some(2));
        assert_eq!(facts["rows"], gained["table_rows"]);
    }
}
