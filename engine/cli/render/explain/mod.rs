//! The reason catalogue as text for the night, Markdown for a wiki, JSON for programs. What is a guess says so in a word, not in a look.

mod markdown;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;
use tlslake_engine::reasons::{self, Basis, Placeholder, Reason, UsualCause};

use crate::commands::Explanation;

pub(super) use markdown::render as markdown;
pub(super) use text::render as text;

/// `tlslake.explanation/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    reasons: &'static [Reason],
}

pub(super) fn json(explanation: Explanation) -> serde_json::Result<String> {
    let document = Document { schema: Explanation::SCHEMA, reasons: explanation.reasons() };
    // Templates are filled in the document's text: no example holds a character that JSON would escape, which a test makes sure of.
    Ok(reasons::example(&serde_json::to_string_pretty(&document)?).into_owned())
}

/// A cause in a line: what it is, how a diagnosis names it, and whether AWS says so.
fn cause(cause: &UsualCause) -> String {
    let basis = match cause.basis {
        Basis::Documented => "",
        Basis::Guess => ", a guess",
    };
    format!("{} ({}{basis})", cause.cause.advice().title, cause.cause.name())
}

/// What the log proves, in a line.
fn log_proves(reason: &Reason) -> String {
    match reason.log.can {
        [] => "nothing beyond the code itself".to_owned(),
        proofs => proofs.join(" "),
    }
}

/// What stands for something in the commands of a reason, each once, in order of appearance.
fn legend(reason: &Reason) -> Vec<&'static Placeholder> {
    let of_checks = reason.checks.iter().flat_map(|check| [check.commands.linux, check.commands.macos, check.commands.windows]);
    let templates = of_checks.chain(reason.fixes.iter().flat_map(|fix| [fix.step, fix.command.unwrap_or_default()]));
    let mut legend: Vec<&'static Placeholder> = Vec::new();
    for placeholder in templates.flat_map(reasons::placeholders) {
        if !legend.contains(&placeholder) {
            legend.push(placeholder);
        }
    }
    legend
}

/// Said above the list.
const LIST_ABOUT: &str = "`tlslake explain CODE` has the usual causes, checks with commands, and fixes";
/// Said of the commands.
const COMMANDS_ABOUT: &str = "replace these; $NAMES can be set as variables of the shell";
