//! Every reason in every form.

use tlslake_engine::reasons;

use super::super::shorten::columns;
use super::*;

fn plain(explanation: Explanation, width: usize) -> String {
    anstream::adapter::strip_str(&text(explanation, width)).to_string()
}

#[test]
fn prose_fits_the_page_and_commands_stay_whole() {
    for reason in reasons::all() {
        // The heading is one line, whatever it takes.
        for line in plain(Explanation::One(reason), 80).lines().skip(1) {
            let may_be_long = line.starts_with("       ") || line.contains("https://");
            assert!(columns(line) <= 80 || may_be_long, "{line}");
        }
    }
    let list = plain(Explanation::All(reasons::all()), 80);
    assert!(list.lines().skip(1).all(|line| columns(line) <= 86), "a code with its meaning may be a little longer");
}

#[test]
fn no_form_leaves_a_placeholder_open() {
    for reason in reasons::all() {
        let one = Explanation::One(reason);
        for text in [plain(one, 80), markdown(one), json(one).unwrap()] {
            assert_eq!(reasons::placeholders(&text).count(), 0, "{}", reason.code);
            assert!(text.contains(reason.code) && text.contains(reason.sources[0].url));
        }
    }
}

#[test]
fn the_document_is_json_with_every_command_in_it() {
    let text = json(Explanation::All(reasons::all())).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "tlslake.explanation/1");
    assert_eq!(document["reasons"].as_array().map(Vec::len), Some(13));
    let expired = &document["reasons"][5];
    assert_eq!(expired["code"], "ClientCertExpired");
    assert_eq!(expired["causes"][0]["cause"], "leaf-expired");
    assert_eq!(expired["causes"][1]["basis"], "guess");
    assert_eq!(expired["checks"][1]["commands"]["linux"], "openssl x509 -in client.pem -noout -subject -issuer -serial -dates");
}

#[test]
fn no_example_needs_escaping_in_json() {
    for placeholder in Placeholder::ALL {
        assert_eq!(serde_json::to_string(placeholder.example).unwrap(), format!("\"{}\"", placeholder.example));
    }
}

/// What Markdown would take for markup stands in commands alone.
#[test]
fn prose_means_itself_in_markdown() {
    for reason in reasons::all() {
        let prose = [reason.meaning, reason.about].into_iter().chain(reason.causes.iter().map(|cause| cause.why));
        let prose =
            prose.chain(reason.checks.iter().flat_map(|check| [check.title, check.tells])).chain(reason.fixes.iter().map(|fix| fix.step));
        for text in prose {
            assert!(!text.contains(['*', '<', '|', '[', '#']), "{text}");
        }
    }
}
