//! `tlslake explain`: what a reason code means, how to check, how to mend it.

use tlslake_engine::reasons::{self, Reason};

use crate::exit::Failure;
use crate::flags::ExplainFlags;

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Explanation {
    /// One code, with everything.
    One(&'static Reason),
    /// The list of codes.
    All(&'static [Reason]),
}

impl Explanation {
    /// The schema's name and version.
    pub(crate) const SCHEMA: &'static str = "tlslake.explanation/1";

    /// The reasons in it.
    pub(crate) fn reasons(self) -> &'static [Reason] {
        match self {
            Self::One(reason) => std::slice::from_ref(reason),
            Self::All(reasons) => reasons,
        }
    }
}

pub(super) fn resolve(flags: &ExplainFlags) -> Result<Explanation, Failure> {
    match &flags.code {
        None => Ok(Explanation::All(reasons::all())),
        Some(code) => reasons::find(code).map(Explanation::One).ok_or_else(|| unknown(code)),
    }
}

/// A code that AWS has not documented is none that can be explained: said plainly, with what may have been meant.
fn unknown(code: &str) -> Failure {
    let near = match reasons::nearest(code) {
        near if near.is_empty() => String::new(),
        near => format!("did you mean {}? ", near.join(" or ")),
    };
    Failure::not_found(
        format!(
            "{code:?} is no reason code that AWS documents, so there is nothing to explain; logs may hold new codes, and they are counted all the same"
        ),
        format!("{near}`tlslake explain` lists the codes"),
    )
}
