use super::*;

fn input(object: &str) -> InputEntry {
    InputEntry {
        object: object.to_owned(),
        key: key_text(7),
        size: Some(10),
        modified_ns: Some(5),
        tally: LineCounts { raw_bytes: 30, lines: 3, rows: 2, rejected: 1, ..LineCounts::default() },
        checksum: Some(checksum_text(1)),
        outputs: vec![Share { path: "connections/part-u1.parquet".to_owned(), rows: 2 }],
        ..InputEntry::default()
    }
}

fn unit() -> UnitManifest {
    let output =
        OutputEntry { path: "connections/part-u1.parquet".to_owned(), table: "connections".to_owned(), rows: 2, ..OutputEntry::default() };
    UnitManifest {
        head: UnitEntry { schema: MANIFEST_SCHEMA.to_owned(), unit: "u1".to_owned(), replaces: Vec::new(), outputs: 1, inputs: 2 },
        outputs: vec![output],
        inputs: vec![input("a.gz"), input("b\\xff.gz")],
    }
}

fn home(folder: &tempfile::TempDir) -> std::sync::Arc<dyn Home> {
    crate::lake::home::home(folder.path(), &crate::config::StoreConfig::default(), &std::sync::Arc::default()).unwrap()
}

#[test]
fn what_was_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    unit().create(&*home(&folder)).unwrap();
    assert_eq!(units(&*home(&folder)).unwrap(), ["u1"]);
    assert_eq!(UnitManifest::read(&*home(&folder), "u1").unwrap(), unit());
    assert!(unit().create(&*home(&folder)).is_err(), "there is one");
    unit().write(&*home(&folder)).unwrap();
}

#[test]
fn a_line_too_few_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = String::from_utf8(unit().to_bytes().unwrap()).unwrap();
    let is_damaged = |unit: &str| matches!(UnitManifest::read(&*home(&folder), unit), Err(Error::DamagedLake { .. }));
    for cut in [whole.len() / 2, whole.trim_end().rfind('\n').unwrap() + 1, 0] {
        home(&folder).write(&name("u1"), &whole.as_bytes()[..cut]).unwrap();
        assert!(is_damaged("u1"), "{cut} bytes");
    }
    home(&folder).write(&name("u2"), whole.as_bytes()).unwrap();
    assert!(is_damaged("u2"), "of another unit");
}

#[test]
fn lines_are_flat_and_named() {
    let bytes = unit().to_bytes().unwrap();
    let lines: Vec<serde_json::Value> = bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["kind"], "unit");
    assert_eq!(lines[1]["kind"], "output");
    assert_eq!((&lines[2]["kind"], &lines[2]["rows"], &lines[2]["status"]), (&"input".into(), &2.into(), &"converted".into()));
}

#[test]
fn accounting_that_does_not_add_up_is_seen() {
    assert!(input("a").tally.balances());
    assert!(!LineCounts { lines: 1, ..LineCounts::default() }.balances());
    assert!(!LineCounts { lines: 1, rows: u64::MAX, blank: 2, ..LineCounts::default() }.balances());
}

/// One unit is named as it was before there could be several, so that either is understood.
#[test]
fn what_is_replaced_is_a_text_or_a_list() {
    let head = |replaces: &[&str]| UnitEntry { replaces: replaces.iter().map(|unit| (*unit).to_owned()).collect(), ..unit().head };
    for (replaces, json) in [(&[][..], None), (&["a"][..], Some(r#""replaces":"a""#)), (&["a", "b"][..], Some(r#""replaces":["a","b"]"#))] {
        let line = serde_json::to_string(&Entry::Unit(head(replaces))).unwrap();
        assert_eq!(line.contains("replaces"), json.is_some(), "{line}");
        assert!(line.contains(json.unwrap_or_default()), "{line}");
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), Entry::Unit(head(replaces)));
    }
}
