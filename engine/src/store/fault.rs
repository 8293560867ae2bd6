//! What a store refused, in words for people: no address with a signature in it, no answer's full text, and the cure where there is one.

use std::error::Error as StdError;

use object_store::Error;
use object_store::client::HttpError;

use crate::error::{FileFault, FileFaultKind};

/// Why a request to a store came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreFault {
    pub(crate) kind: StoreFaultKind,
    /// One sentence without the object's name.
    pub(crate) message: String,
    /// Whether asking again may help, where nobody has yet.
    pub(super) may_pass: bool,
}

/// What sort of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFaultKind {
    /// There is no such object, or no such bucket.
    Missing,
    /// The object is not what it was when it was listed.
    Changed,
    /// The store cannot be reached with these settings, or did not answer in the end.
    Other,
}

/// Words of an answer that are shown at most.
const MOST_WORDS: usize = 300;

impl StoreFault {
    /// Trouble with the settings.
    #[cold]
    pub(super) fn setting(message: String) -> Self {
        Self { kind: StoreFaultKind::Other, message, may_pass: false }
    }

    /// What a client's builder refused.
    #[cold]
    pub(super) fn of_settings(error: Error) -> Self {
        Self::setting(format!("cannot be reached with these settings: {}", told(&error)))
    }

    /// What a request came to. `action` is a participle: "read", "listed".
    #[cold]
    pub(super) fn of(action: &str, error: &Error) -> Self {
        let error = wrapped(error);
        let told_code = code(&told(error));
        let may_pass = may_pass(error, told_code.as_deref());
        let (kind, message) = match error {
            // A listing's answer comes as nothing in particular.
            Error::Generic { .. } if told_code.as_deref() == Some("NoSuchBucket") => {
                (StoreFaultKind::Missing, format!("cannot be {action}: there is no such bucket"))
            }
            Error::Generic { .. } if told_code.as_deref() == Some("AccessDenied") => (StoreFaultKind::Other, denied(action, error)),
            Error::NotFound { .. } => {
                let why = code(&told(error)).filter(|code| code == "NoSuchBucket");
                let what = if why.is_some() { "there is no such bucket" } else { "there is no such object" };
                (StoreFaultKind::Missing, format!("cannot be {action}: {what}"))
            }
            Error::Precondition { .. } => {
                (StoreFaultKind::Changed, "was written to after it was found; run again when nothing writes to it".to_owned())
            }
            Error::PermissionDenied { .. } => (StoreFaultKind::Other, denied(action, error)),
            Error::Unauthenticated { .. } => {
                (StoreFaultKind::Other, format!("cannot be {action}: the credentials are not accepted ({})", told(error)))
            }
            _ if told(error).contains("redirect") => (StoreFaultKind::Other, elsewhere(action)),
            _ => (StoreFaultKind::Other, format!("cannot be {action}: {}", told(error))),
        };
        Self { kind, message, may_pass }
    }

    /// The object is not what it was when it was listed.
    #[cold]
    pub(super) fn changed(message: String) -> Self {
        Self { kind: StoreFaultKind::Changed, message, may_pass: false }
    }

    /// An answer ended before its end.
    #[cold]
    pub(super) fn short(came: u64, length: u64) -> Self {
        let message = format!("cannot be read: answers end early, the last one after {came} of {length} bytes");
        Self { kind: StoreFaultKind::Other, message, may_pass: true }
    }

    /// As a fault of an input that was found before, at stored byte `offset`.
    #[cold]
    pub(crate) fn at(self, offset: u64) -> FileFault {
        let kind = if self.kind == StoreFaultKind::Changed { FileFaultKind::Changed } else { FileFaultKind::Unreadable };
        FileFault::new(kind, offset, self.message)
    }
}

/// The error of a request that was made in the middle of another one's body.
fn wrapped(mut error: &Error) -> &Error {
    while let Error::Generic { source, .. } = error
        && let Some(inner) = source.downcast_ref::<Error>()
    {
        error = inner;
    }
    error
}

/// Whether the trouble is one of the network, or of credentials that ended while a request was tried: not an answer that means what it says.
fn may_pass(error: &Error, code: Option<&str>) -> bool {
    let Error::Generic { source, .. } = error else { return false };
    code == Some("ExpiredToken") || causes(&**source).any(<dyn StdError>::is::<HttpError>)
}

fn elsewhere(action: &str) -> String {
    format!("cannot be {action}: the bucket is in another region; name it in AWS_REGION, or name none to have it looked up")
}

fn denied(action: &str, error: &Error) -> String {
    format!("cannot be {action}: access is denied ({}); allow these credentials to list the bucket and to get its objects", told(error))
}

/// What the innermost of an error's causes says, and the code and message of a store's answer instead of the answer.
fn told(error: &Error) -> String {
    innermost(error)
}

/// Likewise of any error.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut texts = texts(error);
    let answer = texts.iter().find_map(|text| answer(text));
    let text = answer.unwrap_or_else(|| texts.pop().unwrap_or_default());
    shortened(&without_queries(&text))
}

/// What an error and its causes say, the innermost last.
pub(super) fn texts(error: &(dyn StdError + 'static)) -> Vec<String> {
    causes(error).map(ToString::to_string).collect()
}

/// An error, its cause, and so on.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        error.source()
    })
}

/// `Code: Message` of an answer in XML.
fn answer(text: &str) -> Option<String> {
    let code = code(text)?;
    Some(match element(text, "Message") {
        Some(message) => format!("{code}: {message}"),
        None => code,
    })
}

fn code(text: &str) -> Option<String> {
    element(text, "Code").or_else(|| text.split_once(": ").map(|(code, _)| code.to_owned()).filter(|code| !code.contains(' ')))
}

fn element(text: &str, name: &str) -> Option<String> {
    let rest = &text[text.find(&format!("<{name}>"))? + name.len() + 2..];
    Some(rest[..rest.find(&format!("</{name}>"))?].to_owned())
}

/// Takes away what follows `?` in addresses: signatures stand there.
fn without_queries(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
