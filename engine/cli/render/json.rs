//! One JSON document per outcome, pretty-printed, with a newline at its end. Every document names its schema and version.

use crate::commands::Outcome;

/// The document.
pub(super) fn render(outcome: &Outcome) -> serde_json::Result<String> {
    let mut text = match outcome {
        Outcome::Logs(logs) => serde_json::to_string_pretty(&logs.report),
        // Its rows were a document of their own.
        Outcome::Searched(_) => return Ok(String::new()),
        Outcome::Diagnosis(outcome) => serde_json::to_string_pretty(&outcome.diagnosis),
        Outcome::Certificates(outcome) => serde_json::to_string_pretty(&outcome.inventory),
        Outcome::Explained(explanation) => super::explain::json(*explanation),
        // Statements are in a form of their own.
        Outcome::Statements(sql) => return Ok(sql.clone()),
        Outcome::Appended(appended) => serde_json::to_string_pretty(appended),
        Outcome::Listed(outcome) => serde_json::to_string_pretty(&outcome.listing),
        Outcome::Compacted(done) => serde_json::to_string_pretty(done),
        Outcome::Verified(result) => serde_json::to_string_pretty(result),
        Outcome::Linted(report) => serde_json::to_string_pretty(report),
        Outcome::Generated(made) => serde_json::to_string_pretty(made),
        Outcome::Benchmark(benchmark) => serde_json::to_string_pretty(benchmark),
        Outcome::Kernels(list) => serde_json::to_string_pretty(list),
    }?;
    text.push('\n');
    Ok(text)
}
