//! Writes `golden/` and `hostile/` beside this crate, or below the folder that is named.
//!
//! `cargo run -p tlslake-datasets --example make-fixtures [FOLDER]`

use std::path::PathBuf;
use std::process::ExitCode;

use tlslake_datasets::fixtures::write_fixtures;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    match write_fixtures(&folder) {
        Ok(()) => {
            eprintln!("wrote golden/ and hostile/ in {}", folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
