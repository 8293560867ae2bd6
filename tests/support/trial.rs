//! Conversions that are disturbed, again and again, and have to come to what an undisturbed one comes to.
//!
//! A [`Job`] is a conversion from a known start: an empty place, a lake that grows, one whose inputs have changed, one that a run was cut
//! off in. A [`Trial`] is one attempt at it, in a folder of its own, which is kept where the attempt shows a fault.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::expected::files_under;
use super::{Run, folder, lake, logs, tlslake};

/// Files of a lake by their paths in it.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// Options that make many units, files and row groups out of few lines.
pub(crate) const SMALL: [&str; 6] = ["--target-file-size", "1500", "--row-group-rows", "24", "--jobs", "2"];

/// A step that a run takes, and how many times.
pub(crate) type Step = (String, u64);

/// A conversion from a known start.
pub(crate) struct Job {
    /// What it is.
    pub(crate) name: &'static str,
    /// Where its inputs are.
    pub(crate) input: TempDir,
    /// What is there before it.
    pub(crate) before: Tree,
    /// What an undisturbed run makes of it.
    pub(crate) after: Tree,
    /// The steps that an undisturbed run takes, in order of their names.
    pub(crate) steps: Vec<Step>,
    /// How long an undisturbed run takes.
    pub(crate) took: Duration,
    start: TempDir,
    /// What is run on the lake: `convert`, or `compact`.
    verb: &'static str,
    options: Vec<OsString>,
    code: i32,
    report: Json,
    rows: u64,
}

impl Job {
    /// A conversion of `input` into what `start` holds.
    fn new(name: &'static str, input: TempDir, start: TempDir, options: &[&str]) -> Self {
        let options: Vec<&str> = SMALL.iter().chain(options).copied().collect();
        Self::of("convert", name, input, start, &options)
    }

    fn of(verb: &'static str, name: &'static str, input: TempDir, start: TempDir, options: &[&str]) -> Self {
        let options = options.iter().map(OsString::from).collect();
        let (before, after, report) = (visible(start.path()), Tree::new(), Json::Null);
        let (steps, took, code, rows) = (Vec::new(), Duration::ZERO, 0, 0);
        let mut job = Self { name, input, before, after, steps, took, start, verb, options, code, report, rows };
        job.measure();
        job
    }

    /// Runs it undisturbed.
    fn measure(&mut self) {
        let (trial, log) = (Trial::new(self), folder());
        let log = log.path().join("steps");
        let began = Instant::now();
        let run = trial.run(&[("TLSLAKE_FAILPOINT_LOG", log.to_str().unwrap())]);
        let took = began.elapsed();
        assert!([0, 3].contains(&run.code), "{}: {}", self.name, run.stderr);
        let mut steps = BTreeMap::new();
        for name in std::fs::read_to_string(&log).expect("the executable under test has fail points").lines() {
            *steps.entry(name.to_owned()).or_insert(0) += 1;
        }
        let seen = (lake::tree(&trial.out), report(&trial.out), rows(&trial.out));
        drop(trial);
        (self.after, self.report, self.rows) = seen;
        (self.steps, self.took, self.code) = (steps.into_iter().collect(), took, run.code);
    }

    /// Into an empty place: six files of two accounts and three days, in four units, one file cut short, with lines that are rejected.
    pub(crate) fn fresh() -> Self {
        let input = folder();
        write_inputs(input.path(), 0..6);
        Self::new("a new lake", input, folder(), &[])
    }

    /// Into what a run has left that died with its second unit's files in place.
    pub(crate) fn cut_off() -> Self {
        let (input, start) = (folder(), folder());
        write_inputs(input.path(), 0..6);
        let run = finish(convert(input.path(), start.path()).env("TLSLAKE_FAILPOINT", "commit.placed:2=abort"));
        assert_eq!(run.code, -1, "{}", run.stderr);
        Self::new("a run that was cut off", input, start, &[])
    }

    /// Into a lake of half of the inputs.
    pub(crate) fn grown() -> Self {
        let (input, start) = (folder(), folder());
        write_inputs(input.path(), 0..3);
        finish(&mut convert(input.path(), start.path())).exits(3);
        write_inputs(input.path(), 3..6);
        Self::new("a lake that grows", input, start, &[])
    }

    /// Into a lake one of whose inputs has changed.
    pub(crate) fn replaced() -> Self {
        let (input, start) = (folder(), folder());
        write_inputs(input.path(), 0..6);
        finish(&mut convert(input.path(), start.path())).exits(3);
        logs::write(input.path(), &input_name(1), &logs::gzip(&[logs::lines(41), b"no line\n".to_vec()].concat()));
        Self::new("an input that has changed", input, start, &["--replace-changed"])
    }

    /// A lake of one run for each input, whose files are merged.
    pub(crate) fn compacted() -> Self {
        let (input, start) = (folder(), folder());
        write_inputs(input.path(), 0..6);
        for number in 0..6 {
            let run = finish(&mut convert(&input.path().join(input_name(number)), start.path()));
            assert!([0, 3].contains(&run.code), "{}", run.stderr);
        }
        let options = ["--target-file-size", "40000", "--row-group-rows", "24", "--jobs", "2", "--sort"];
        let job = Self::of("compact", "a lake whose files are merged", input, start, &options);
        assert!(job.after.len() + 10 < job.before.len(), "{} files of {}", job.after.len(), job.before.len());
        job
    }

    /// Each kind.
    pub(crate) fn every() -> Vec<Self> {
        vec![Self::fresh(), Self::cut_off(), Self::grown(), Self::replaced(), Self::compacted()]
    }

    /// How many steps it takes in all; there are somewhat more calls.
    pub(crate) fn step_count(&self) -> usize {
        self.steps.iter().map(|(_, times)| *times as usize).sum()
    }

    /// The first, the middle and the last time that each step is taken.
    pub(crate) fn chosen_steps(&self) -> Vec<Step> {
        let chosen = self.steps.iter().flat_map(|(name, times)| [1, times.div_ceil(2), *times].map(|nth| (name.clone(), nth)));
        let mut chosen: Vec<Step> = chosen.collect();
        chosen.dedup();
        chosen
    }

    /// Every time that each step is taken.
    pub(crate) fn all_steps(&self) -> Vec<Step> {
        self.steps.iter().flat_map(|(name, times)| (1..=*times).map(|nth| (name.clone(), nth))).collect()
    }
}

fn input_name(number: u32) -> String {
    if number < 3 { logs::name(number) } else { logs::name(number).replace("123456789012", "210987654321") }
}

fn write_inputs(folder: &Path, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let lines = [logs::lines(30 + number as usize), logs::odd_lines(u64::from(number) + 7, 9)].concat();
        let mut stored = logs::gzip(&lines);
        if number == 2 {
            stored.truncate(stored.len() / 2);
        }
        logs::write(folder, &input_name(number), &stored);
    }
}

/// `tlslake convert` with the options that all jobs share.
fn convert(input: &Path, out: &Path) -> Command {
    let mut command = without_core(&tlslake());
    command.arg("convert").arg(input).arg("--out").arg(out).args(["--format", "json"]).args(SMALL);
    command
}

/// The command in a shell that lets it leave no image of its memory when it dies.
fn without_core(command: &Command) -> Command {
    in_shell("ulimit -c 0", command)
}

/// The command, started by a shell that does something before.
pub(crate) fn in_shell(before: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}; exec \"$@\""), "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null());
    shell
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts"))
}

/// What a started command leaves behind.
pub(crate) fn ended(child: Child) -> Run {
    let output = child.wait_with_output().expect("the command ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Run { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// One attempt at a job.
pub(crate) struct Trial<'a> {
    /// The job.
    pub(crate) job: &'a Job,
    /// The lake's folder.
    pub(crate) out: PathBuf,
    folder: Option<TempDir>,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kept = self.folder.take().map(TempDir::keep);
            println!("kept for inspection: {}", kept.unwrap_or_default().display());
            println!("its inputs, while the test runs: {}", self.job.input.path().display());
        }
    }
}

impl<'a> Trial<'a> {
    /// A copy of the job's start.
    pub(crate) fn new(job: &'a Job) -> Self {
        let folder = folder();
        let out = folder.path().join("lake");
        Self::in_folder(job, out, Some(folder))
    }

    /// Likewise, at a place that is given and stays.
    pub(crate) fn at(job: &'a Job, out: PathBuf) -> Self {
        Self::in_folder(job, out, None)
    }

    fn in_folder(job: &'a Job, out: PathBuf, folder: Option<TempDir>) -> Self {
        for path in files_under(job.start.path()) {
            let target = out.join(path.strip_prefix(job.start.path()).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(path, target).unwrap();
        }
        Self { job, out, folder }
    }

    /// The command.
    pub(crate) fn command(&self) -> Command {
        let mut command = tlslake();
        command.arg(self.job.verb);
        match self.job.verb {
            "compact" => command.arg(&self.out),
            _ => command.arg(self.job.input.path()).arg("--out").arg(&self.out),
        };
        without_core(command.args(["--format", "json"]).args(&self.job.options))
    }

    /// Runs it with these variables.
    pub(crate) fn run(&self, variables: &[(&str, &str)]) -> Run {
        finish(self.command().envs(variables.iter().copied()))
    }

    /// Runs it with a trap at a step.
    pub(crate) fn run_into(&self, step: &Step, action: &str) -> Run {
        self.run(&[("TLSLAKE_FAILPOINT", &format!("{}:{}={action}", step.0, step.1))])
    }

    /// Starts it and kills it after a while; whether it was still running.
    pub(crate) fn kill_after(&self, delay: Duration) -> bool {
        let mut child = self.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command starts");
        std::thread::sleep(delay);
        child.kill().expect("a child can be killed");
        child.wait().expect("a child ends").signal() == Some(9)
    }

    /// Demands what readers rely on at any moment: each file is whole, `_SUCCESS` stands beside a whole lake alone, and manifests name
    /// nothing that is not there.
    #[track_caller]
    pub(crate) fn is_sound(&self, what: &str) {
        let (seen, before, after) = (visible(&self.out), &self.job.before, &self.job.after);
        let what = format!("{}, {what}", self.job.name);
        for (name, bytes) in &seen {
            let is_same = |known: &Vec<u8>| known == bytes || name.ends_with(".jsonl") && *known == without_replaced(bytes);
            let is_known = [before, after].iter().any(|tree| tree.get(name).is_some_and(is_same));
            assert!(is_known, "{what}: {name} is neither what was there nor what is to be");
        }
        if seen.contains_key("_SUCCESS") {
            assert!(seen == *before || seen == without_lock(after), "{what}: _SUCCESS beside a lake that is not whole: {:?}", seen.keys());
        }
        assert_manifests(&seen, &what);
    }

    /// Runs it to the end and demands what an undisturbed run makes: each file, each row, the report; and that `verify` agrees.
    #[track_caller]
    pub(crate) fn ends_well(&self, what: &str) {
        let what = format!("{}, {what}", self.job.name);
        let run = self.run(&[]);
        assert_eq!(run.code, self.job.code, "{what}: {}", run.stderr);
        self.is_as_undisturbed(&what);
        let verified = finish(tlslake().arg("verify").arg(&self.out));
        assert_eq!(verified.code, 0, "{what}: {}{}", verified.stdout, verified.stderr);
        self.holds_its_logs(&what);
    }

    /// Demands that `verify` finds every input in the lake, but for those that cannot be read.
    #[track_caller]
    fn holds_its_logs(&self, what: &str) {
        let verified = finish(tlslake().args(["verify", "--format", "json"]).arg(&self.out).arg(self.job.input.path()));
        let result = verified.json();
        let differences = result["differences"].as_array().unwrap();
        let is_unreadable = |difference: &&Json| difference["problem"].as_str().unwrap().contains("nothing of it is in the lake");
        assert_eq!(differences.iter().filter(is_unreadable).count(), differences.len(), "{what}: {}", verified.stdout);
        assert_eq!(Some(differences.len() as u64), result["inputs_failed"].as_u64(), "{what}: {}", verified.stdout);
        assert_eq!(verified.code, if differences.is_empty() { 0 } else { 3 }, "{what}: {}", verified.stderr);
    }

    /// Demands that readers see what an undisturbed run makes; something of the run itself may be left.
    #[track_caller]
    pub(crate) fn is_as_undisturbed_but_for_staging(&self, what: &str) {
        lake::assert_same_tree(&visible(&self.out), &without_lock(&self.job.after), what);
    }

    /// Demands that the lake is what an undisturbed run makes.
    #[track_caller]
    pub(crate) fn is_as_undisturbed(&self, what: &str) {
        lake::assert_same_tree(&lake::tree(&self.out), &self.job.after, what);
        assert_eq!(report(&self.out), self.job.report, "{what}: report");
        assert_eq!(rows(&self.out), self.job.rows, "{what}: rows");
    }
}

/// Units whose place another has taken are on their way out.
#[track_caller]
fn assert_manifests(seen: &Tree, what: &str) {
    let manifests: Vec<(&String, Vec<Json>)> =
        seen.iter().filter(|(name, _)| name.starts_with("_tlslake/manifest/")).map(|(name, bytes)| (name, json_lines(bytes))).collect();
    let names = |replaces: &'_ Json| match replaces {
        Json::Array(units) => units.iter().filter_map(|unit| unit.as_str().map(str::to_owned)).collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect::<Vec<String>>(),
    };
    let replaced: Vec<String> = manifests.iter().flat_map(|(_, lines)| names(&lines[0]["replaces"])).collect();
    for (name, lines) in &manifests {
        let is_of_lake = lines[0]["kind"] == "lake";
        if is_of_lake && !seen.contains_key("_SUCCESS")
            || lines[0]["unit"].as_str().is_some_and(|unit| replaced.iter().any(|old| old == unit))
        {
            continue;
        }
        for output in lines.iter().filter(|line| line["kind"] == "output") {
            let size = seen.get(output["path"].as_str().unwrap()).map(|bytes| bytes.len() as u64);
            assert_eq!(size, output["bytes"].as_u64(), "{what}: {name} names {}", output["path"]);
        }
    }
}

/// The lines of a manifest.
pub(crate) fn json_lines(bytes: &[u8]) -> Vec<Json> {
    let text = std::str::from_utf8(bytes).expect("a manifest is text");
    text.lines().map(|line| serde_json::from_str(line).expect("a manifest's line is JSON")).collect()
}

/// What readers see of a lake, `report.json` apart.
pub(crate) fn visible(out: &Path) -> Tree {
    if !out.exists() {
        return Tree::new();
    }
    let is_hidden = |name: &str| name.starts_with("_tlslake/staging/") || name.ends_with(".tmp");
    without_lock(&lake::tree(out)).into_iter().filter(|(name, _)| !is_hidden(name)).collect()
}

/// A manifest as it is once the unit that it replaces is gone.
fn without_replaced(manifest: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(manifest);
    let Some((before, rest)) = text.split_once("\"replaces\":") else { return manifest.to_vec() };
    let end = if rest.starts_with('[') { "]," } else { "," };
    [before, rest.split_once(end).map_or("", |(_, after)| after)].concat().into_bytes()
}

fn without_lock(tree: &Tree) -> Tree {
    tree.iter().filter(|(name, _)| *name != "_tlslake/lock").map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

/// The report in a lake, without what may differ from run to run.
pub(crate) fn report(out: &Path) -> Json {
    let mut report: Json = serde_json::from_slice(&std::fs::read(out.join("_tlslake/report.json")).unwrap()).unwrap();
    report["elapsed_s"] = Json::Null;
    report["peak_memory_bytes"] = Json::Null;
    for key in ["path", "inputs_read", "inputs_held", "inputs_replaced", "leftovers_removed"] {
        report["output"][key] = Json::Null;
    }
    report
}

/// A checksum over all rows of all tables, as a reader of Parquet gives them.
pub(crate) fn rows(out: &Path) -> u64 {
    let mut hash = DefaultHasher::new();
    for name in ["connections", "rejected", "failures_hourly", "latency_hourly"] {
        for part in lake::table(out, name) {
            format!("{:?} {:?}", part.partition, part.rows).hash(&mut hash);
        }
    }
    hash.finish()
}

/// Hands the numbers below `count` to as many threads as there are processors, and gives what each came to, in order.
pub(crate) fn on_all_processors<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let numbers = || std::iter::from_fn(|| Some(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).filter(|number| *number < count));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| numbers().map(|number| (number, work(number))).collect::<Vec<_>>());
        let workers: Vec<_> = (0..threads).map(start).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
