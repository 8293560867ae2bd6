//! The house's rules, made executable: what a file may import, how long it is, where `unsafe` stands, what the pages point at.
//!
//! Read as text, line by line: rough, but a rule that a person can check at a glance needs no parser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The stages in the order in which data flows through them. One imports only those before it.
const STAGES: [&str; 18] = [
    "store",
    "discover",
    "open",
    "decompress",
    "blocks",
    "scan",
    "fields",
    "columns",
    "select",
    "aggregate",
    "ddl",
    "lake",
    "report",
    "iceberg",
    "reasons",
    "trust",
    "diagnose",
    "run",
];

/// Imports against the flow that are meant: the report's form is plain values, which the aggregates fill and the lake keeps beside its tables.
const AGAINST_THE_FLOW: [(&str, &str); 2] = [("aggregate", "report"), ("lake", "report")];

/// Imports along the flow that are not: both are fed the same batches and know nothing of one another.
const STRANGERS: [(&str, &str); 1] = [("lake", "aggregate")];

/// Where `unsafe` may stand: SIMD instructions and the C decoders, nowhere else.
const UNSAFE_ALLOWED: [&str; 3] = ["engine/src/scan/", "engine/src/decompress/libdeflate", "engine/src/decompress/isal"];

const MAX_LINES: usize = 500;
const MAX_TEST_LINES: usize = 700;

struct Source {
    /// From the repository's root.
    path: String,
    text: String,
}

impl Source {
    /// Whether the file holds tests and nothing else.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/") || self.path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
    }

    /// Numbered lines of code: comments are cut off, and so is the test module at the file's end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        self.text[..end].lines().enumerate().map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_ours(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_clutter = ["target", "lake", "generated", "node_modules", "__pycache__", "corpus", "artifacts"].contains(&&*name);
    let is_stage = entry.path().ends_with("engine/src/lake");
    entry.depth() == 0 || (!name.starts_with('.') || name == ".ci") && (!is_clutter || is_stage || entry.file_type().is_file())
}

fn paths() -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root()).sort_by_file_name().into_iter().filter_entry(is_ours);
    let files = entries.map(|entry| entry.expect("the repository can be listed")).filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

fn sources(extensions: &[&str]) -> Vec<Source> {
    let wanted = paths().into_iter().filter(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        extensions.contains(&extension)
    });
    let read = wanted.filter_map(|path| Some((path.strip_prefix(root()).ok()?.to_str()?.to_owned(), std::fs::read_to_string(&path).ok()?)));
    let sources: Vec<Source> = read.map(|(path, text)| Source { path, text }).collect();
    assert!(!sources.is_empty(), "no file ends in {extensions:?}");
    sources
}

#[track_caller]
fn assert_none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_are_short_enough_to_be_read() {
    let limit = |source: &Source| if source.is_test() { MAX_TEST_LINES } else { MAX_LINES };
    let long = sources(&["rs"]).into_iter().map(|source| (source.text.lines().count(), source));
    let long = long.filter(|(lines, source)| *lines >= limit(source));
    assert_none("files of too many lines", long.map(|(lines, source)| format!("{}: {lines}", source.path)).collect());
}

/// The modules of the crate that a line of code names, by `crate::name` or by `crate::{…, name, …}`.
fn crate_modules(code: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    for (at, pattern) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before == '$' || before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + pattern.len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(group_heads(group)),
            None => modules.push(head(rest)),
        }
    }
    modules
}

fn head(path: &str) -> &str {
    let path = path.trim_start();
    &path[..path.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(path.len())]
}

/// The first segments of the paths between braces, whatever is nested in them.
fn group_heads(group: &str) -> Vec<&str> {
    let (mut heads, mut depth) = (vec![head(group)], 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(head(&group[at + 1..])),
            _ => {}
        }
    }
    heads
}

#[test]
fn the_import_reader_reads_imports() {
    assert_eq!(crate_modules("use crate::scan::{Kernel, lake};"), ["scan"]);
    assert_eq!(crate_modules("use crate::{fields::{a, b}, lake, Error};"), ["fields", "lake", "Error"]);
    assert_eq!(crate_modules("fn f(a: crate::run::Job, b: crate::open::Input)"), ["run", "open"]);
    assert_eq!(crate_modules("$crate::run::x(); my_crate::lake"), Vec::<&str>::new());
}

fn position(stage: &str) -> Option<usize> {
    STAGES.iter().position(|name| *name == stage)
}

/// The stage that a file belongs to: its folder, or the file of that name, in the engine's source.
fn stage_of(path: &str) -> Option<&str> {
    let first = path.strip_prefix("engine/src/")?.split('/').next()?;
    let stage = first.strip_suffix(".rs").unwrap_or(first);
    position(stage).map(|_| stage)
}

fn may_import(from: &str, to: &str) -> bool {
    let (Some(own), Some(other)) = (position(from), position(to)) else { return true };
    let is_exception = |list: &[(&str, &str)]| list.contains(&(from, to));
    if other <= own { !is_exception(&STRANGERS) } else { is_exception(&AGAINST_THE_FLOW) }
}

#[test]
fn stages_import_only_what_lies_upstream() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources(&["rs"]).iter().filter(|source| !source.is_test()) {
        let Some(stage) = stage_of(&source.path) else { continue };
        seen.insert(stage.to_owned());
        // As one text: a group of imports may be spread over lines.
        let code: String = source.code().map(|(_, code)| format!("{code} ")).collect();
        let imports: BTreeSet<&str> = crate_modules(&code).into_iter().filter(|module| !may_import(stage, module)).collect();
        wrong.extend(imports.iter().map(|module| format!("{}: imports {module}", source.path)));
    }
    assert_none("imports against the flow", wrong);
    assert_eq!(seen.len(), STAGES.len(), "every stage has its folder: {seen:?}");
}

/// Whether a word stands in code on its own, not as part of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part))
}

#[test]
fn unsafe_stands_where_it_may_and_says_why() {
    let mut wrong = Vec::new();
    for source in sources(&["rs"]).iter().filter(|source| source.path != "tests/tidy.rs") {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !has_word(code, "unsafe") {
                continue;
            }
            let place = format!("{}:{}", source.path, index + 1);
            if !UNSAFE_ALLOWED.iter().any(|allowed| source.path.starts_with(allowed)) {
                wrong.push(format!("{place}: no place for unsafe"));
            }
            let is_block = code.contains("unsafe {") || code.contains("unsafe impl");
            if is_block && !lines[index.saturating_sub(4)..=index].iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{place}: no SAFETY comment above"));
            }
        }
    }
    assert_none("unsafe code", wrong);
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimplemen", "ted!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("HA", "CK:"),
    ];
    let mut found = Vec::new();
    for source in sources(&["rs", "py", "sh", "toml", "md"]) {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{}: {mark}", source.path, number + 1));
            }
        }
    }
    assert_none("marks of unfinished work", found);
}

#[test]
fn the_engine_never_prints() {
    let mut found = Vec::new();
    for source in sources(&["rs"]).iter().filter(|source| source.path.starts_with("engine/src/") && !source.is_test()) {
        for (number, code) in source.code() {
            let prints = ["println!", "print!", "eprintln!", "eprint!", "dbg!", "process::exit"].iter().any(|print| code.contains(print));
            if prints {
                found.push(format!("{}:{number}", source.path));
            }
        }
    }
    assert_none("the library prints or exits", found);
}

#[test]
fn every_module_of_the_engine_says_what_it_is() {
    let silent = sources(&["rs"]).into_iter().filter(|source| !source.is_test() && !source.text.starts_with("//!"));
    assert_none("files that do not open with what they are", silent.map(|source| source.path).collect());
}

/// `[text](target)` in a Markdown page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split(')').next()).map(|target| target.split(' ').next().unwrap_or(target))
}

#[test]
fn local_links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in sources(&["md"]) {
        let folder = root().join(&page.path).parent().unwrap().to_path_buf();
        for link in links(&page.text) {
            let target = link.split('#').next().unwrap_or_default();
            let is_local = !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:");
            if is_local && !folder.join(target).exists() {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert_none("links to nothing", broken);
}

/// Every path `scripts/…` that a page names, in prose or in a command.
#[test]
fn scripts_that_pages_mention_exist_and_can_be_run() {
    let mut wrong = Vec::new();
    let mut mentioned = BTreeSet::new();
    for page in sources(&["md"]) {
        for (at, _) in page.text.match_indices("scripts/") {
            let is_part = |character: char| character.is_alphanumeric() || "-_/.".contains(character);
            let rest = &page.text[at..];
            let script = rest[..rest.find(|character| !is_part(character)).unwrap_or(rest.len())].trim_end_matches(['.', '/']);
            mentioned.insert(script.to_owned());
            if !root().join(script).exists() {
                wrong.push(format!("{}: {script}", page.path));
            }
        }
    }
    assert_none("scripts that do not exist", wrong);
    assert!(mentioned.contains("scripts/test"), "a page says how to run the tests");
    let scripts = paths()
        .into_iter()
        .filter(|path| path.parent().is_some_and(|folder| *folder == root().join("scripts") || *folder == root().join(".ci")));
    assert_none("scripts that cannot be run", scripts.filter(|path| !is_executable(path)).map(|path| path.display().to_string()).collect());
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

#[test]
fn pages_that_people_look_for_are_there() {
    let pages = ["README.md", "CHANGELOG.md", "LICENSE", "engine/ARCHITECTURE.md", "engine/DESIGN.md", ".ci/run", "scripts/test"];
    assert_none("missing", pages.into_iter().filter(|page| !root().join(page).is_file()).map(str::to_owned).collect());
}

/// What is committed must mean the same on any machine.
#[test]
fn no_path_of_one_machine() {
    let homes = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];
    let mut found = Vec::new();
    for source in sources(&["rs", "md", "toml", "py", "json", "snap"]) {
        for (number, line) in source.text.lines().enumerate().filter(|(_, line)| homes.iter().any(|home| line.contains(home))) {
            found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
        }
    }
    assert_none("paths of one machine", found);
}
