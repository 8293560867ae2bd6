//! What to do about a cause, and how to find out whether it is the one: the catalogue's advice with what is known of the case put in.
//!
//! A subject is chosen by whoever connects, and ends up in a command that somebody pastes: every value is quoted as one word of a POSIX shell.

use std::borrow::Cow;

use super::case::Case;
use super::finding::Fix;
use super::verdict::{ShownBy, Verdict};
use super::{Mode, Options};
use crate::aggregate::LeafState;
use crate::reasons::{self, Cause, FixStep};

/// What to do in a case; never empty.
pub(super) fn steps(case: &Case<'_>, verdict: &Verdict, options: &Options) -> Vec<Fix> {
    let known = |name: &str| value(name, case, &verdict.files, options);
    let put_in = |template: &str| reasons::fill(template, |name| quoted(name, case, &verdict.files, options)).into_owned();
    let steps = advised(case, verdict.cause, options.mode).iter();
    steps
        .filter_map(|one| Some((one.step, searchable(one, case)?)))
        .map(|(step, command)| Fix {
            step: reasons::fill(step, |name| known(name).map(|value| printable(&value))).into_owned(),
            command: command.as_deref().map(put_in),
            placeholders: command
                .as_deref()
                .map(|template| open(template, |name| quoted(name, case, &verdict.files, options).is_some()))
                .unwrap_or_default(),
        })
        .collect()
}

/// The command of a step. A serial number that is none cannot be searched for: the subject is then, and without one there is no such step.
fn searchable(step: &FixStep, case: &Case<'_>) -> Option<Option<Cow<'static, str>>> {
    let is_hex = |serial: &str| !serial.is_empty() && serial.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    let Some(command) = step.command else { return Some(None) };
    let is_searched = command.contains("{serial}") && case.history.serial.as_deref().is_some_and(|serial| !is_hex(serial));
    match is_searched {
        false => Some(Some(Cow::Borrowed(command))),
        true if command.contains("--serial {serial}") && case.history.subject.is_some() => {
            Some(Some(Cow::Owned(command.replace("--serial {serial}", "--subject {subject}"))))
        }
        true => None,
    }
}

/// The examples that stay in a template, each once.
fn open(template: &str, is_known: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut open = Vec::new();
    for placeholder in reasons::placeholders(template).filter(|placeholder| !is_known(placeholder.name)) {
        if !open.contains(&placeholder.example) {
            open.push(placeholder.example);
        }
    }
    open
}

/// The cause's own steps; the reason's where the cause is not known.
fn advised(case: &Case<'_>, cause: Cause, mode: Option<Mode>) -> &'static [FixStep] {
    let advice = cause.advice();
    let is_valid_itself = || case.while_leaf_was(&[LeafState::Valid]).is_some();
    match (cause, mode, reasons::reason(case.reason)) {
        (_, Some(Mode::Passthrough), _) if advice.fix_passthrough.is_some() => advice.passthrough_steps(),
        (Cause::NotYetValid, ..) if is_valid_itself() => reasons::ca_not_yet_valid(),
        (Cause::Unknown, _, Some(reason)) if !reason.fixes.is_empty() => reason.fixes,
        _ => advice.fix,
    }
}

/// Puts what is known into the checks of hypotheses.
pub(super) fn fill_checks(verdict: &mut Verdict, case: &Case<'_>, options: &Options) {
    let files = &verdict.files;
    for one in &mut verdict.hypotheses {
        let fill = |template: &str| reasons::fill(template, |name| quoted(name, case, files, options)).into_owned();
        let check = one.cause.advice().check;
        one.check = fill(&fenced(check, &fill(&check.replace('`', ""))));
    }
}

/// What is known of a placeholder, as words of a shell.
fn quoted(placeholder: &str, case: &Case<'_>, files: &ShownBy, options: &Options) -> Option<String> {
    match placeholder {
        "logs" => {
            let inputs = &options.given.inputs;
            let words: Vec<String> = inputs.iter().map(|input| word(input)).collect();
            (!words.is_empty() && !inputs.iter().any(|input| input == "-")).then(|| words.join(" "))
        }
        other => value(other, case, files, options).map(|value| word(&value)),
    }
}

/// What is known of a placeholder: of files, the one that the case is about, never simply the first.
fn value(placeholder: &str, case: &Case<'_>, files: &ShownBy, options: &Options) -> Option<String> {
    let given = &options.given;
    match placeholder {
        "reason" => Some(case.reason.to_owned()),
        "subject" => case.history.subject.as_deref().map(str::to_owned),
        "serial" => case.history.serial.as_deref().map(str::to_owned),
        "client_ip" => case.clients().sample(1).first().map(ToString::to_string),
        "client_cert" => files.client_cert.clone(),
        "ca_bundle" => files.ca_bundle.clone().or_else(|| only(&given.ca_bundles)),
        "crl" => files.crl.clone().or_else(|| only(&given.crls)),
        _ => None,
    }
}

/// A template whose backticks are so many that none of those in `filled`, its text with values, ends what they enclose.
fn fenced(template: &str, filled: &str) -> String {
    let longest = filled.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    template.replace('`', &"`".repeat(longest + 1))
}

/// The name of the only file.
fn only(names: &[String]) -> Option<String> {
    match names {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// One word of a POSIX shell, whatever `text` is.
fn word(text: &str) -> String {
    let text = printable(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// `text` with control characters, and those that change the order of text, spelled as `\u{…}`.
fn printable(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { clean.extend(c.escape_unicode()) } else { clean.push(c) }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word_of_a_shell() {
        assert_eq!(word("logs/2026"), "logs/2026");
        assert_eq!(word("CN=a"), "'CN=a'");
        assert_eq!(word("O=it's $(id) `id`"), r"'O=it'\''s $(id) `id`'");
        assert_eq!(word("a\u{1b}[2J\nb"), r"'a\u{1b}[2J\u{a}b'");
        assert_eq!(word("~"), "'~'");
        assert_eq!(word(""), "''");
    }
}
