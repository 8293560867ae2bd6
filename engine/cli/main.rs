//! The `tlslake` command: parse → resolve → run → render → exit.
//!
//! In: the command line. Out: data on stdout, talk on stderr, a documented exit code. All work on logs is `tlslake-engine`'s; nothing
//! here reads one.

mod commands;
mod exit;
mod flags;
mod render;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use commands::Job;
use exit::{Exit, Failure};
use flags::Flags;

/// Measured to matter: the system's allocator gives large buffers back to the kernel at once, and the page faults of getting them
/// again cost more than the parse. Keep.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let exit = match Flags::try_parse() {
        Ok(flags) => pipeline(flags).unwrap_or_else(Failure::tell),
        Err(answer) => exit::answered_by_clap(&answer),
    };
    exit.into()
}

/// One run, from what was typed to how it went.
fn pipeline(flags: Flags) -> Result<Exit, Failure> {
    let format = flags.command.format();
    let job = Job::resolve(flags.command)?;
    let outcome = job.run()?;
    let text = render::render(&outcome, format)?;
    render::print(&text, format)?;
    if let Some(warning) = outcome.warning() {
        exit::warn(&warning);
    }
    Ok(outcome.exit())
}
