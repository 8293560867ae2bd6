//! The lake: what goes in comes out.

use std::sync::Arc;

use super::rows::{Values, values};
use crate::columns::{Parser, RejectedLine};
use crate::config::{Compression, LakeConfig, Partitioning, ReadConfig, StoreConfig};
use crate::discover::{InputFile, LakeFile, LakeTable, Location, LogSource};
use crate::error::LineFault;
use crate::lake::read::{self, LakeText};
use crate::lake::{Lake, LakeSettings, StagedFile, StagedUnit, home};
use crate::scan::Kernel;

/// Lines parsed, written as Parquet, read back as lines and parsed again are the same rows and the same rejected lines, with the same numbers.
///
/// The input's first byte chooses the lake's settings, the rest is text.
pub fn lake_gives_back_what_it_was_given(input: &[u8]) {
    let Some((&choice, text)) = input.split_first() else { return };
    let mut parser = Parser::new(Kernel::best(), None, None);
    parser.parse(0, 0, text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = config(choice, folder.path());
    let provenance = config.provenance;
    let lake = opened(config);
    let unit = written(&lake, &parser, choice);
    let mut given = Seen::default();
    given.take(&parser, |line| u64::from(line) + 1);
    let seen = read_back(&unit, provenance);
    assert_eq!(unit.totals(), (given.rows.len() as u64, given.rejected.len() as u64));
    assert_eq!(seen.sorted(provenance), given.sorted(provenance));
}

pub(super) fn config(choice: u8, folder: &std::path::Path) -> LakeConfig {
    LakeConfig {
        compression: [Compression::Zstd(1), Compression::Snappy, Compression::Lz4, Compression::None][usize::from(choice & 3)],
        partitioning: if choice & 4 == 0 { Partitioning::AccountRegionDay } else { Partitioning::None },
        row_group_rows: if choice & 8 == 0 { 2 } else { 1_000 },
        target_file_size: if choice & 16 == 0 { 1 } else { 1 << 20 },
        sort: choice & 128 != 0,
        provenance: choice & 32 == 0,
        ..LakeConfig::new(folder.join("lake"))
    }
}

/// A lake in an empty folder.
pub(super) fn opened(config: LakeConfig) -> Lake {
    let settings = LakeSettings::new(&ReadConfig::default(), &config);
    let home = home::home(&config.out, &StoreConfig::default(), &Arc::default()).expect("a folder");
    Lake::open(home, config, &settings, &|_| false).expect("a lake in an empty folder")
}

fn input_file(choice: u8) -> InputFile {
    let name = LogSource { account: "123456789012".into(), region: "us-east-1".into(), balancer: "app/x/1".into() };
    let name = (choice & 64 == 0).then(|| Arc::new(name));
    InputFile { object: "a.log".into(), location: Location::Stdin, size: None, modified: None, name, key: 0 }
}

pub(super) fn written(lake: &Lake, parser: &Parser, choice: u8) -> StagedUnit {
    let mut unit = lake.unit("u", Arc::from([input_file(choice)])).expect("a unit");
    unit.append(parser.batch(), parser.dictionaries(), &[1]).expect("rows are taken");
    unit.finish().expect("a unit is written")
}

/// Rows and rejected lines with their numbers.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    rows: Vec<(u64, Values)>,
    rejected: Vec<(u64, LineFault, Box<[u8]>)>,
}

impl Seen {
    fn take(&mut self, parser: &Parser, number: impl Fn(u32) -> u64) {
        let (batch, dicts) = (parser.batch(), parser.dictionaries());
        self.rows.extend((0..batch.rows()).map(|row| (number(batch.line[row]), values(batch, dicts, row))));
        let rejected = |rejected: &RejectedLine| (number(rejected.line), rejected.fault, rejected.raw.clone());
        self.rejected.extend(batch.rejected.iter().map(rejected));
    }

    /// In the order of the lines, where a lake tells it: rows of several days are in several files.
    fn sorted(mut self, provenance: bool) -> Self {
        if !provenance {
            self.rows.iter_mut().for_each(|(number, _)| *number = 0);
        }
        self.rows.sort();
        self
    }
}

fn read_back(unit: &StagedUnit, provenance: bool) -> Seen {
    let mut seen = Seen::default();
    let mut parser = Parser::new(Kernel::best(), None, None);
    for file in &unit.files {
        read_file(file, &mut parser, &mut seen, provenance);
    }
    seen
}

fn read_file(file: &StagedFile, parser: &mut Parser, seen: &mut Seen, provenance: bool) {
    let table = if file.target.starts_with("connections") { LakeTable::Connections } else { LakeTable::Rejected };
    let mut rows = 0;
    for slice in read::slices(&LakeFile::Path(file.staged.clone()), "a", 1_000).expect("a file that was just written") {
        let mut rest = Some(slice);
        while let Some(slice) = rest {
            let mut text = LakeText::default();
            rest = read::read(&LakeFile::Path(file.staged.clone()), "a", table, &slice, 1 << 20, &mut text)
                .expect("rows that were just written");
            rows += take(&text, table, parser, seen);
            assert!(text.stretches.iter().all(|stretch| stretch.object.is_some() || !provenance));
        }
    }
    assert_eq!(rows, file.rows);
}

/// Parses lines of a table and gives their number: all of `connections` are rows, none of `rejected` is.
fn take(text: &LakeText, table: LakeTable, parser: &mut Parser, seen: &mut Seen) -> u64 {
    parser.begin();
    parser.parse(0, 0, &text.text);
    let tally = parser.batch().runs[0].tally;
    let expected = if table == LakeTable::Connections { (tally.lines, 0) } else { (0, tally.lines) };
    assert_eq!((tally.rows, tally.rejected), expected);
    assert_eq!(tally.lines, text.lines.len() as u64);
    seen.take(parser, |line| text.lines[line as usize]);
    tally.lines
}
