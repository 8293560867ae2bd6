//! The page that goes with a support pack: what is in it, what to add, and the findings.

use std::fmt::Write;

use super::super::number::{count, counted};
use super::super::text::shell;
use super::markdown::{code, escaped};
use super::{certainty, clients, when};
use crate::commands::Pack;

/// `README.md` of the pack.
pub(crate) fn support_readme(pack: &Pack) -> String {
    let mut page = String::from("# Connections that AWS Support has to explain\n\n");
    // Writing to a String cannot fail; so below.
    let _ = writeln!(page, "{}\n", counted(pack.diagnosis.failures, "failed connection"));
    for finding in &pack.diagnosis.findings {
        let subject = finding.subject.as_deref().map_or_else(|| "no certificate logged".to_owned(), code);
        let listeners: Vec<String> = finding.listeners.iter().map(|listener| code(listener)).collect();
        let _ = writeln!(
            page,
            "- {}: {} of {} on {}, {}, clients {}. {} ({}): {}",
            code(&finding.reason),
            count(finding.count),
            subject,
            listeners.join(", "),
            when(finding),
            clients(finding),
            finding.cause.name(),
            certainty(finding.certainty),
            escaped(&finding.summary),
        );
    }
    contents(&mut page, pack);
    to_add(&mut page, pack);
    page
}

fn contents(page: &mut String, pack: &Pack) {
    page.push_str("\n## In this folder\n\n");
    let cut = if pack.cut { "; there are more of them in the logs: narrow the time with `--since` and `--until`" } else { "" };
    let _ = writeln!(page, "- `connections.log`: the {} that failed for these reasons, as logged{cut}", counted(pack.lines, "connection"));
    page.push_str("- `findings.json`: what was found out about them, and the hypotheses\n");
    for file in &pack.certificates {
        let what = if file.is_logged { "the client's certificate" } else { "a certificate that matches none logged with these failures" };
        let _ = writeln!(page, "- {}: {what}, from {}, without any key", code(&file.name), code(&file.given));
    }
    if pack.certificates.is_empty() {
        page.push_str("- no client certificate: none was given. Add one by `--client-cert`\n");
    }
}

fn to_add(page: &mut String, pack: &Pack) {
    let certificate = pack.certificates.first().map_or("client.pem", |file| file.name.as_str());
    page.push_str("\n## To add\n\nWhat curl says of one attempt. Run it where the client runs, in this folder, with the client's key and the name that it connects to:\n\n");
    let _ = writeln!(
        page,
        "```sh\nHOST=api.example.com\ncurl -v --cert {} --key client.key \"https://$HOST/\" > curl-output.txt 2>&1\n```\n",
        shell::word(certificate)
    );
    page.push_str("The key stays with you: `curl-output.txt` does not hold it, and it must never be sent to anybody.\n");
    page.push_str("Also tell AWS Support the load balancer's ARN, the listener's ARN, and the trust store's ARN.\n");
}
