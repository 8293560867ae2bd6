//! Runs one scenario through the real executable and holds every finding against what was planted.
//!
//! Counts, clients, listeners and times are worked out here from the planted connections, not taken from the scenario's author.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::connection::{Connection, Shown};
use crate::support::{Run, at, convert, count, folder, logs, run};

/// How sure the diagnosis must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// The log's own values prove it, with or without files.
    ProvenByLog,
    /// The files prove it; without them it must not look proven.
    ProvenByFiles,
    Likely,
    Unknown,
}

impl Certainty {
    fn name(self) -> &'static str {
        match self {
            Certainty::ProvenByLog | Certainty::ProvenByFiles => "proven",
            Certainty::Likely => "likely",
            Certainty::Unknown => "unknown",
        }
    }
}

/// A finding that there must be.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) reason: String,
    pub(crate) shown: Shown,
    pub(crate) cause: &'static str,
    pub(crate) certainty: Certainty,
    /// Where evidence must come from, and what one piece of it must say: words that all must occur, each a choice between `|`.
    says: Vec<(&'static str, Vec<String>)>,
    /// Words of which no evidence may speak.
    silent: Vec<String>,
    supposes: Vec<&'static str>,
    /// Words that the remedy must hold, each a choice between `|`.
    remedy: Vec<String>,
    first_step: Option<String>,
}

/// Expects a finding.
pub(crate) fn finding(reason: &str, shown: &Shown, cause: &'static str, certainty: Certainty) -> Expected {
    let (reason, shown) = (reason.to_owned(), shown.clone());
    Expected { reason, shown, cause, certainty, says: vec![], silent: vec![], supposes: vec![], remedy: vec![], first_step: None }
}

impl Expected {
    /// One piece of evidence from there has all these words.
    pub(crate) fn says(mut self, from: &'static str, words: &[&str]) -> Self {
        self.says.push((from, words.iter().map(|word| (*word).to_owned()).collect()));
        self
    }

    /// No evidence has this word.
    pub(crate) fn never_says(mut self, word: &str) -> Self {
        self.silent.push(word.to_owned());
        self
    }

    /// These causes are among the hypotheses.
    pub(crate) fn supposes(mut self, causes: &[&'static str]) -> Self {
        self.supposes.extend(causes);
        self
    }

    /// What is to be done first speaks of it: the remedy is for this cause, not for its reason code in general.
    pub(crate) fn begins_with(mut self, word: &str) -> Self {
        self.first_step = Some(word.to_owned());
        self
    }

    /// The remedy speaks of it.
    pub(crate) fn remedy(mut self, word: &str) -> Self {
        self.remedy.push(word.to_owned());
        self
    }
}

/// A file that the user gives.
#[derive(Clone)]
struct Given {
    flag: &'static str,
    name: String,
    bytes: Vec<u8>,
}

/// What happened, what the user has, and what must be found.
#[derive(Clone, Default)]
pub(crate) struct Scenario {
    connections: Vec<Connection>,
    files: Vec<Given>,
    options: Vec<&'static str>,
    pub(crate) expected: Vec<Expected>,
}

/// A scenario of these connections.
pub(crate) fn scenario(connections: impl IntoIterator<Item = Connection>) -> Scenario {
    Scenario { connections: connections.into_iter().collect(), ..Scenario::default() }
}

impl Scenario {
    /// A CA bundle of these certificates.
    pub(crate) fn bundle(self, pems: &[&str]) -> Self {
        self.file("--ca-bundle", "bundle.pem", pems.concat().as_bytes())
    }

    /// A revocation list.
    pub(crate) fn crl(self, bytes: impl AsRef<[u8]>) -> Self {
        let name = format!("list-{}.crl", self.files.len());
        self.file("--crl", &name, bytes.as_ref())
    }

    /// A client's certificate, and behind it what the client sends.
    pub(crate) fn client(self, pems: &[&str]) -> Self {
        let name = format!("client-{}.pem", self.files.len());
        self.file("--client-cert", &name, pems.concat().as_bytes())
    }

    pub(crate) fn file(mut self, flag: &'static str, name: &str, bytes: &[u8]) -> Self {
        self.files.push(Given { flag, name: name.to_owned(), bytes: bytes.to_vec() });
        self
    }

    pub(crate) fn option(mut self, options: &[&'static str]) -> Self {
        self.options.extend(options);
        self
    }

    pub(crate) fn expect(mut self, expected: Expected) -> Self {
        self.expected.push(expected);
        self
    }

    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes the log as AWS would, in a folder of its own, and returns that folder.
    pub(crate) fn write_logs(&self, folder: &Path) -> PathBuf {
        let text: String = self.connections.iter().map(|connection| connection.line() + "\n").collect();
        logs::write(folder, &format!("logs/{}", logs::name(1)), &logs::gzip(text.as_bytes()));
        folder.join("logs")
    }

    /// The flags that give the files, which are written on the way.
    pub(crate) fn write_files(&self, folder: &Path) -> Vec<OsString> {
        let give =
            |given: &Given| [given.flag.into(), logs::write(folder, &format!("files/{}", given.name), &given.bytes).into_os_string()];
        self.files.iter().flat_map(give).collect()
    }

    /// Diagnoses, and demands that everything is found as it was planted.
    #[track_caller]
    pub(crate) fn check(&self) {
        self.verdict().unwrap_or_else(|wrong| panic!("{wrong}"));
    }

    /// What is wrong with the diagnoses of the raw log and of the lake made of it, with the files and without.
    fn verdict(&self) -> Result<(), String> {
        let folder = folder();
        let logs = self.write_logs(folder.path());
        let lake = folder.path().join("lake");
        convert(&logs, &lake, &[]).exits(0);
        let files = self.write_files(folder.path());
        self.judge_pages(&logs, &files)?;
        for (input, name) in [(&logs, "log"), (&lake, "lake")] {
            let found = self.diagnose(input, &files);
            self.judge(&found).map_err(|wrong| format!("{wrong}\n--- from the {name}\n{found:#}"))?;
            if self.has_files() {
                let found = self.diagnose(input, &[]);
                self.judge_without_files(&found).map_err(|wrong| format!("{wrong}\n--- from the {name}, without files\n{found:#}"))?;
            }
        }
        Ok(())
    }

    /// The pages for people say the same: how sure a cause is stands beside it.
    fn judge_pages(&self, input: &Path, files: &[OsString]) -> Result<(), String> {
        for format in ["text", "markdown"] {
            let page = self.run(input, files, format).exits(0).stdout;
            for Expected { reason, cause, certainty, .. } in &self.expected {
                let headed = |line: &str| line.contains(reason) && line.contains(cause) && line.to_lowercase().contains(certainty.name());
                demand(page.lines().any(headed), || format!("no heading with {reason}, {cause}, {certainty:?}\n--- as {format}\n{page}"))?;
            }
            // Capitals, so that nobody takes a guess for a proof.
            let proofs = page.matches("PROVEN").count() > 0;
            let wanted = self.expected.iter().any(|expected| expected.certainty.name() == "proven");
            demand(proofs == wanted, || format!("proven and guessed look alike\n--- as {format}\n{page}"))?;
        }
        Ok(())
    }

    fn run(&self, input: &Path, files: &[OsString], format: &str) -> Run {
        let mut arguments = vec!["diagnose".into(), input.into()];
        arguments.extend_from_slice(files);
        arguments.extend(["--top", "all", "--format", format].map(OsString::from));
        arguments.extend(self.options.iter().map(OsString::from));
        run(arguments)
    }

    fn diagnose(&self, input: &Path, files: &[OsString]) -> Json {
        let found = self.run(input, files, "json").exits(0).json();
        assert_eq!(at(&found, "schema"), "tlslake.diagnosis/1");
        found
    }

    /// Everything that was planted, and nothing else.
    fn judge(&self, found: &Json) -> Result<(), String> {
        let findings = self.pair(found)?;
        findings.into_iter().try_for_each(|(expected, finding)| {
            expected.judge(finding)?;
            self.judge_facts(expected, finding)
        })
    }

    fn judge_without_files(&self, found: &Json) -> Result<(), String> {
        self.pair(found)?.into_iter().try_for_each(|(expected, finding)| {
            let certainty = text(finding, "certainty");
            let may_be_proven = expected.certainty == Certainty::ProvenByLog;
            demand(may_be_proven || certainty != "proven", || format!("{}: proven by nothing", expected.reason))?;
            self.judge_facts(expected, finding)
        })
    }

    /// Each expected finding with the one that was made; there must be no others.
    fn pair<'a>(&'a self, found: &'a Json) -> Result<Vec<(&'a Expected, &'a Json)>, String> {
        let findings = at(found, "findings").as_array().ok_or("findings are no list")?;
        let pairs = self.expected.iter().map(|expected| {
            let mine = |finding: &&Json| expected.is_of(finding);
            let mut matching = findings.iter().filter(mine);
            match (matching.next(), matching.next()) {
                (Some(finding), None) => Ok((expected, finding)),
                (None, _) => Err(format!("no finding for {} of {:?}", expected.reason, expected.shown)),
                _ => Err(format!("several findings for {} of {:?}", expected.reason, expected.shown)),
            }
        });
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        demand(findings.len() == pairs.len(), || format!("{} findings instead of {}", findings.len(), pairs.len()))?;
        let failures = self.connections.iter().filter(|connection| connection.reason().is_some()).count() as u64;
        demand(count(found, "failures") == failures, || format!("failures are {failures}"))?;
        let ordered = findings.windows(2).all(|pair| count(&pair[0], "count") >= count(&pair[1], "count"));
        demand(ordered, || "the most affected come first".to_owned())?;
        Ok(pairs)
    }

    /// What follows from the connections alone.
    fn judge_facts(&self, expected: &Expected, finding: &Json) -> Result<(), String> {
        let mine: Vec<&Connection> = self.connections.iter().filter(|connection| expected.covers(connection)).collect();
        let clients: BTreeSet<&str> = mine.iter().map(|connection| connection.client.as_str()).collect();
        let listeners: BTreeSet<String> = mine.iter().map(|connection| connection.listener()).collect();
        let told: BTreeSet<String> = strings(at(finding, "listeners"));
        let sample = strings(at(finding, "clients.sample"));
        demand(count(finding, "count") == mine.len() as u64, || format!("{} connections failed", mine.len()))?;
        demand(count(finding, "clients.count") == clients.len() as u64, || format!("{} clients", clients.len()))?;
        demand(!sample.is_empty() && sample.iter().all(|client| clients.contains(client.as_str())), || format!("clients: {clients:?}"))?;
        demand(told == listeners, || format!("listeners: {listeners:?}"))?;
        let times: BTreeSet<jiff::Timestamp> = mine.iter().map(|connection| connection.time.parse().unwrap()).collect();
        let told = ["first", "last"].map(|name| text(finding, name).parse::<jiff::Timestamp>().ok());
        demand(told == [times.first().copied(), times.last().copied()], || format!("first and last: {times:?}"))
    }
}

impl Expected {
    fn is_of(&self, finding: &Json) -> bool {
        let same = |name: &str, value: &Option<String>| finding.get(name).is_some_and(|told| told.as_str() == value.as_deref());
        text(finding, "reason") == self.reason && same("subject", &self.shown.subject) && same("serial", &self.shown.serial)
    }

    /// Whether a connection belongs to this finding. Serial numbers are numbers.
    fn covers(&self, connection: &Connection) -> bool {
        let number = |serial: &Option<String>| serial.as_ref().map(|serial| serial.trim_start_matches('0').to_ascii_uppercase());
        connection.reason() == Some(&self.reason)
            && connection.shown.subject == self.shown.subject
            && number(&connection.shown.serial) == number(&self.shown.serial)
    }

    fn judge(&self, finding: &Json) -> Result<(), String> {
        let named = (text(finding, "cause"), text(finding, "certainty"));
        let wanted = (self.cause, self.certainty.name());
        demand(named == wanted, || format!("{}: {named:?} instead of {wanted:?}", self.reason))?;
        let evidence: Vec<(&str, String)> =
            list(finding, "evidence").map(|piece| (text(piece, "from"), text(piece, "says").to_lowercase())).collect();
        for (from, words) in &self.says {
            let told = evidence
                .iter()
                .any(|(source, says)| from.split('|').any(|from| from == *source) && words.iter().all(|word| has(says, word)));
            demand(told, || format!("{}: no evidence from {from} with {words:?}", self.reason))?;
        }
        for word in &self.silent {
            demand(!evidence.iter().any(|(_, says)| has(says, word)), || format!("{}: evidence speaks of {word}", self.reason))?;
        }
        let supposed: BTreeSet<&str> = list(finding, "hypotheses").map(|hypothesis| text(hypothesis, "cause")).collect();
        demand(self.supposes.iter().all(|cause| supposed.contains(cause)), || {
            format!("{}: hypotheses are to hold {:?}", self.reason, self.supposes)
        })?;
        demand(!supposed.contains(self.cause) || self.cause == "unknown", || "the cause is its own alternative".to_owned())?;
        self.judge_prose(finding)
    }

    /// Every finding says something to its reader, and tells what to do.
    fn judge_prose(&self, finding: &Json) -> Result<(), String> {
        let complete =
            |items: Vec<&Json>, names: &[&str]| items.iter().all(|item| names.iter().all(|name| !text(item, name).trim().is_empty()));
        demand(!text(finding, "summary").trim().is_empty(), || "no summary".to_owned())?;
        demand(list(finding, "evidence").next().is_some(), || "no evidence".to_owned())?;
        demand(complete(list(finding, "hypotheses").collect(), &["cause", "why", "check"]), || "an empty hypothesis".to_owned())?;
        let fix: Vec<&Json> = list(finding, "fix").collect();
        demand(!fix.is_empty() && complete(fix.clone(), &["step"]), || format!("{}: no remedy", self.reason))?;
        if let Some(word) = &self.first_step {
            let first = text(fix[0], "step").to_lowercase();
            demand(has(&first, word), || format!("{}: the first step says nothing of {word}", self.reason))?;
        }
        let told: String = fix.iter().map(|fix| fix.to_string().to_lowercase()).collect();
        self.remedy.iter().try_for_each(|word| demand(has(&told, word), || format!("{}: the remedy says nothing of {word}", self.reason)))
    }
}

/// Whether a text has one of the choices between `|`.
fn has(text: &str, choices: &str) -> bool {
    choices.split('|').any(|choice| text.contains(&choice.to_lowercase()))
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    json.get(name).and_then(Json::as_array).into_iter().flatten()
}

fn strings(json: &Json) -> BTreeSet<String> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// A scenario's name, and how it is made.
pub(crate) type Entry = (&'static str, fn() -> Scenario);

/// The scenarios of a module: each is a test of its name, and all of them are counted.
macro_rules! table {
    ($($name:ident),+ $(,)?) => {
        /// Every scenario of this module.
        pub(super) const TABLE: &[$crate::scenarios::judge::Entry] = &[$((stringify!($name), $name)),+];

        mod each {
            $(#[test]
            fn $name() {
                super::$name().check();
            })+
        }
    };
}
pub(crate) use table;

/// How often each cause is expected, and how often with each certainty.
pub(crate) fn tally(scenarios: &[Scenario]) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut tally: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for expected in scenarios.iter().flat_map(|scenario| &scenario.expected) {
        tally.entry(expected.cause).or_default().insert(expected.certainty.name());
    }
    tally
}

/// A judge that is pleased by anything would prove nothing.
#[test]
fn the_judge_is_not_pleased_by_anything_else() {
    let shown = Shown::new("CN=client", "2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "01");
    let failure = super::connection::connection("2026-03-16T08:00:00Z", &shown).failed("ClientCertExpired");
    let right = || finding("ClientCertExpired", &shown, "leaf-expired", Certainty::ProvenByLog);
    let planted = |expected: Expected| scenario([failure.clone()]).expect(expected);
    planted(right()).check();
    let wrong = [
        planted(Expected { cause: "not-yet-valid", ..right() }),
        planted(Expected { certainty: Certainty::Likely, ..right() }),
        planted(Expected { reason: "ClientCertUntrusted".to_owned(), ..right() }),
        planted(Expected { shown: shown.clone().with_serial("02"), ..right() }),
        planted(right().says("log", &["words that nobody says"])),
        planted(right().says("crl", &["2026-03-01"])),
        planted(right().never_says("2026-03-01")),
        planted(right().supposes(&["quota-exceeded"])),
        planted(right().begins_with("words that nobody says")),
        planted(right().remedy("words that nobody says")),
        planted(right()).expect(finding("ClientCertUntrusted", &shown, "issuer-missing", Certainty::Likely)),
        scenario([failure.clone(), failure.clone().failed("ClientCertUntrusted")]).expect(right()),
    ];
    for (number, scenario) in wrong.iter().enumerate() {
        assert!(scenario.verdict().is_err(), "number {number} is accepted");
    }
}
