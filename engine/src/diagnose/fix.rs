//! What to do, and how to find out.

use super::Options;
use super::case::Case;
use super::finding::Fix;
use super::verdict::Verdict;
use crate::reasons::Cause;

/// What to do in a case; never empty.
pub(super) fn steps(_case: &Case<'_>, verdict: &Verdict, _options: &Options) -> Vec<Fix> {
    vec![Fix { step: check(verdict.cause).to_owned(), command: None }]
}

/// How to find out whether it is this cause.
pub(super) fn check(cause: Cause) -> &'static str {
    cause.name()
}
