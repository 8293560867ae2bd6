//! An explanation as Markdown. All text is the catalogue's own; nothing in it comes from a log.

use std::fmt::Write;

use tlslake_engine::reasons::{Check, Reason, example};

use super::{COMMANDS_ABOUT, LIST_ABOUT, cause, legend, log_proves};
use crate::commands::Explanation;

pub(in crate::render) fn render(explanation: Explanation) -> String {
    let page = match explanation {
        Explanation::One(reason) => one(reason),
        Explanation::All(reasons) => list(reasons),
    };
    format!("{}\n", page.trim_end())
}

fn list(reasons: &[Reason]) -> String {
    let mut page = format!("# Reason codes\n\n{LIST_ABOUT}.\n\n| code | meaning | the log alone proves |\n|---|---|---|\n");
    for reason in reasons {
        // Writing to a String cannot fail; so below.
        let _ = writeln!(page, "| `{}` | {} | {} |", reason.code, reason.meaning, log_proves(reason));
    }
    page
}

fn one(reason: &Reason) -> String {
    let mut page = format!("# {}\n\n_{}_\n\n{}\n", reason.code, reason.meaning, reason.about);
    page.push_str("\n## Usual causes, most usual first\n\n");
    for (index, usual) in reason.causes.iter().enumerate() {
        let _ = writeln!(page, "{}. **{}**: {}", index + 1, cause(usual), usual.why);
    }
    page.push_str("\n## Check, in this order\n\n");
    for (index, one) in reason.checks.iter().enumerate() {
        check(&mut page, index + 1, one);
    }
    page.push_str("## Fix\n\n");
    for (index, fix) in reason.fixes.iter().enumerate() {
        let _ = writeln!(page, "{}. {}", index + 1, example(fix.step));
        block(&mut page, "sh", fix.command.unwrap_or_default());
    }
    log(&mut page, reason);
    let _ = writeln!(page, "\n## In these commands\n\n{COMMANDS_ABOUT}:\n");
    for placeholder in legend(reason) {
        let _ = writeln!(page, "- `{}`: {}", placeholder.example, placeholder.meaning);
    }
    page.push_str("\n## Sources\n\n");
    for source in reason.sources {
        let _ = writeln!(page, "- [{}]({})", source.title, source.url);
    }
    page
}

fn check(page: &mut String, number: usize, check: &Check) {
    let _ = writeln!(page, "{number}. **{}**: {}", check.title, check.tells);
    let groups = check.commands.by_system();
    for (systems, command) in &groups {
        if groups.len() > 1 {
            let _ = writeln!(page, "\n   {}:", systems.join(", "));
        }
        block(page, if *systems == ["Windows"] { "powershell" } else { "sh" }, command);
    }
}

/// Commands inside an item of a list; nothing where there are none.
fn block(page: &mut String, language: &str, template: &str) {
    if template.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n   ```{language}");
    for line in example(template).lines() {
        let _ = writeln!(page, "   {line}");
    }
    page.push_str("   ```\n\n");
}

fn log(page: &mut String, reason: &Reason) {
    page.push_str("\n## The log alone\n\n");
    if reason.log.can.is_empty() {
        page.push_str("- proves nothing beyond the code itself\n");
    }
    for proof in reason.log.can {
        let _ = writeln!(page, "- proves: {proof}");
    }
    for open in reason.log.cannot {
        let _ = writeln!(page, "- can't prove: {open}");
    }
}
