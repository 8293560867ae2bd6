//! A damaged lake: a fault or lines, never a panic.

use std::fs;
use std::path::Path;

use super::lake::{config, opened, written};
use crate::columns::Parser;
use crate::discover::{LakeFile, LakeTable};
use crate::lake::read::{self, LakeText};
use crate::scan::Kernel;

/// What an edit takes of the input: where in the file (a 32-bit number), and what becomes of the byte there.
const EDIT: usize = 5;
/// Text that a file of a few rows cannot hold, whatever its footer says.
const MAX_TEXT: usize = 64 << 20;

/// A Parquet file of a lake, damaged anywhere, is refused with a fault or gives whole lines, and memory for a few rows is all that it takes.
///
/// The input's first byte chooses the lake's settings, the second how many edits of five bytes follow; the rest is text.
pub fn damaged_lake_is_no_trap(input: &[u8]) {
    let [choice, edits, rest @ ..] = input else { return };
    let Some((edits, text)) = rest.split_at_checked(usize::from(edits & 7) * EDIT) else { return };
    let mut parser = Parser::new(Kernel::best(), None, None);
    parser.parse(0, 0, text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lake = opened(config(*choice, folder.path()));
    let unit = written(&lake, &parser, *choice);
    for file in &unit.files {
        let mut stored = fs::read(&file.staged).expect("a file that was just written");
        edits.chunks_exact(EDIT).for_each(|edit| damage(&mut stored, edit));
        let path = folder.path().join("damaged.parquet");
        fs::write(&path, &stored).expect("a file that was damaged");
        read_all(&path, LakeTable::Connections);
        read_all(&path, LakeTable::Rejected);
    }
}

/// Changes a byte, or cuts the file there; most places are counted from the end, where the footer is.
fn damage(stored: &mut Vec<u8>, edit: &[u8]) {
    let [low, high, from_end, value, cut] = *edit else { return };
    let Some(last) = stored.len().checked_sub(1) else { return };
    let at = (usize::from(low) | usize::from(high) << 8) % stored.len();
    let at = if from_end & 3 == 0 { at } else { last - at };
    if cut == 0xff { stored.truncate(at) } else { stored[at] = value }
}

fn read_all(path: &Path, table: LakeTable) {
    let file = LakeFile::Path(path.to_owned());
    let Ok(slices) = read::slices(&file, "a", 1_000) else { return };
    let mut text = LakeText::default();
    // A forged footer can name more slices than anyone would wait for.
    for slice in slices.take(64) {
        let mut rest = Some(slice);
        while let Some(slice) = rest.take() {
            let Ok(more) = read::read(&file, "a", table, &slice, 1 << 20, &mut text) else { return };
            rest = more;
            assert!(text.text.len() <= MAX_TEXT);
            assert_eq!(memchr::memchr_iter(b'\n', &text.text).count(), text.lines.len(), "lines are whole");
        }
    }
}
