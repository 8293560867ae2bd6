//! Counts failed handshakes by reason from Arrow record batches: the engine as a library.
//!
//! `cargo run -p tlslake-engine --example batches -- datasets/golden`

use std::collections::BTreeMap;

use arrow::array::AsArray;
use tlslake_engine::config::ReadConfig;
use tlslake_engine::run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs: Vec<_> = std::env::args_os().skip(1).collect();
    let mut failures: BTreeMap<String, u64> = BTreeMap::new();
    let mut batches = run::batches(&inputs, &ReadConfig::default())?;
    for batch in &mut batches {
        let batch = batch?;
        let reasons = batch.column_by_name("tls_failure_reason").ok_or("no such column")?.as_string::<i32>();
        for reason in reasons.iter().flatten() {
            *failures.entry(reason.to_owned()).or_default() += 1;
        }
    }
    let mut out = std::io::stdout().lock();
    for (reason, count) in failures {
        std::io::Write::write_fmt(&mut out, format_args!("{count:>8}  {reason}\n"))?;
    }
    if let Some(report) = batches.into_report() {
        std::io::Write::write_fmt(&mut out, format_args!("{} rows, {} lines rejected\n", report.rows, report.rejected))?;
    }
    Ok(())
}
