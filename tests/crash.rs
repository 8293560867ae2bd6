//! Runs that die: at every step on the way to a lake, and at any moment. Whatever the moment, readers see nothing that is not whole, and the
//! next run ends with what an undisturbed one makes, byte for byte.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::logs::Dice;
use crate::support::shim::{self, Act};
use crate::support::trial::{Job, Step, Trial, on_all_processors};

/// Kills a run at a step, and lets another one end.
fn kill_at(job: &Job, step: &Step) {
    let (trial, what) = (Trial::new(job), format!("killed at {}:{}", step.0, step.1));
    let run = trial.run_into(step, "abort");
    assert_eq!(run.code, -1, "{}, {what}: not killed: {}", job.name, run.stderr);
    trial.is_sound(&what);
    trial.ends_well(&what);
}

/// 200 kills at least: every step of a new lake, each at its first, middle and last time for the others.
#[test]
fn a_run_that_is_killed_at_any_step_is_gone_on_with() {
    let jobs = Job::every();
    let mut deaths: Vec<(&Job, Step)> = jobs[0].all_steps().into_iter().map(|step| (&jobs[0], step)).collect();
    deaths.extend(jobs[1..].iter().flat_map(|job| job.chosen_steps().into_iter().map(move |step| (job, step))));
    assert!(deaths.len() >= 200, "{} kills", deaths.len());
    on_all_processors(deaths.len(), |number| kill_at(deaths[number].0, &deaths[number].1));
}

/// A run that is to go on may die, too, and the one after it.
#[test]
fn runs_that_are_killed_one_after_the_other_get_there() {
    let jobs = Job::every();
    on_all_processors(jobs.len() * 4, |number| {
        let (job, mut dice) = (&jobs[number % jobs.len()], Dice(number as u64 + 1));
        let trial = Trial::new(job);
        let kills = (0..6).filter(|_| disturb(&trial, &mut dice)).count();
        trial.ends_well(&format!("seed {number}, killed {kills} times"));
    });
}

/// Kills a run at a random step, call or moment, unless it ends before; whether it was killed. What is left must be sound.
fn disturb(trial: &Trial<'_>, dice: &mut Dice) -> bool {
    let job = trial.job;
    let (killed, what) = match (dice.below(3), shim::library()) {
        (0, _) => {
            let delay = Duration::from_micros(dice.below(job.took.as_micros() as usize + 1) as u64);
            (trial.kill_after(delay), format!("killed after {delay:?}"))
        }
        (1, Some(library)) => {
            let at = 1 + dice.below(job.step_count());
            (shim::run(trial, library, at, Act::Tear).code == -1, format!("torn at call {at}"))
        }
        _ => {
            let (name, times) = &job.steps[dice.below(job.steps.len())];
            let step = (name.clone(), 1 + dice.below(*times as usize) as u64);
            (trial.run_into(&step, "abort").code == -1, format!("killed at {}:{}", step.0, step.1))
        }
    };
    trial.is_sound(&what);
    killed
}

/// What `scripts/crash-test N` runs: as many kills as `TLSLAKE_KILLS` asks for.
#[test]
#[ignore = "takes as long as it is asked to: scripts/crash-test N"]
fn as_many_kills_as_asked_for() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let wanted = number("TLSLAKE_KILLS").expect("TLSLAKE_KILLS is a number");
    let seed = number("TLSLAKE_SEED").unwrap_or(1);
    let (jobs, began) = (Job::every(), Instant::now());
    let steps: Vec<(usize, Step)> =
        jobs.iter().enumerate().flat_map(|(index, job)| job.all_steps().into_iter().map(move |step| (index, step))).collect();
    let (kills, at_steps) = (AtomicUsize::new(0), steps.len().min(wanted));
    // Every step first; then lakes that are disturbed up to four times each, until there are as many kills as asked for.
    on_all_processors(steps.len() + wanted, |number| {
        if number < at_steps {
            kill_at(&jobs[steps[number].0], &steps[number].1);
            tell(kills.fetch_add(1, Ordering::Relaxed) + 1, wanted, began);
        } else if number >= steps.len() && kills.load(Ordering::Relaxed) < wanted {
            let mut dice = Dice((seed as u64) << 32 | number as u64);
            let trial = Trial::new(&jobs[number % jobs.len()]);
            for _ in 0..=dice.below(4) {
                if disturb(&trial, &mut dice) {
                    tell(kills.fetch_add(1, Ordering::Relaxed) + 1, wanted, began);
                }
            }
            trial.ends_well(&format!("TLSLAKE_SEED={seed}, lake {number}"));
        }
    });
    let kills = kills.load(Ordering::Relaxed);
    println!("{kills} kills ({at_steps} of them one for each step), {:.0} s, no difference", began.elapsed().as_secs_f64());
    assert!(kills >= wanted, "{kills} kills of {wanted}");
}

fn tell(kills: usize, wanted: usize, began: Instant) {
    if kills.is_multiple_of((wanted / 20).max(1)) {
        println!("{kills} of {wanted} kills, {:.0} s", began.elapsed().as_secs_f64());
    }
}

/// An executable that was built to be used has no such traps.
#[test]
fn only_the_executable_under_test_has_fail_points() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let tables = manifest.split("\n[").filter(|table| table.contains("failpoints"));
    assert_eq!(tables.map(|table| table.lines().next().unwrap()).collect::<Vec<_>>(), ["dev-dependencies]"]);
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build", "--format", "{p} {f}", "--package", "tlslake"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let engine = tree.lines().find(|line| line.contains("tlslake-engine ")).expect("the engine is among what is built");
    assert!(!engine.contains("failpoints"), "{engine}");
}
