//! Decompresses logs and drops the text, in the same way as every command does: the floor that `scripts/bench-search` measures against.
//!
//! `cargo run --release -p tlslake-engine --example decompress -- THREADS datasets/golden`

use tlslake_engine::config::ReadConfig;
use tlslake_engine::run::{self, Control};

/// As in the command line: what is compared must not differ by its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let jobs = arguments.next().and_then(|threads| threads.to_str()?.parse().ok()).ok_or("usage: decompress THREADS INPUT...")?;
    let inputs: Vec<_> = arguments.collect();
    let report = run::decompress(&inputs, &ReadConfig { jobs, ..ReadConfig::default() }, &Control::default())?;
    let told = serde_json::json!({ "raw_bytes": report.input.raw_bytes, "failed": report.failed });
    std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{told}\n"))?;
    Ok(())
}
