//! The shape of the catalogue: one [`Reason`] per documented code.

use serde::Serialize;

use super::{Cause, FixStep};

/// A code that AWS writes after `Failed:`, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `ClientCertExpired`, …
    pub code: &'static str,
    /// In a few words, without a full stop: a table's cell.
    pub meaning: &'static str,
    /// In a paragraph.
    pub about: &'static str,
    /// What it usually comes from, most usual first.
    pub causes: &'static [UsualCause],
    /// How to find out which it is, in the order in which to try.
    pub checks: &'static [Check],
    /// How to mend it, whichever it is. A cause's own steps are in its [`super::Advice`].
    pub fixes: &'static [FixStep],
    /// What the log can prove, and what it can't.
    pub log: LogProof,
    /// Where this is from.
    pub sources: &'static [Source],
}

/// A cause that a code usually comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsualCause {
    /// The cause.
    pub cause: Cause,
    /// How it comes about, in a sentence.
    pub why: &'static str,
    /// Who says that this code has that cause.
    pub basis: Basis,
}

/// How well something is founded. A guess must never look like a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// AWS documents it, or it follows from what AWS documents.
    Documented,
    /// It fits what was seen or how TLS works; AWS does not say so.
    Guess,
}

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What to look at, in a few words.
    pub title: &'static str,
    /// What the answer tells.
    pub tells: &'static str,
    /// What to type; templates, see [`super::fill`].
    pub commands: Commands,
}

/// What to type, by operating system. Empty where nothing can be typed; several lines where several commands are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Commands {
    /// A POSIX shell on Linux.
    pub linux: &'static str,
    /// zsh on macOS. Its own `openssl` is LibreSSL: only options that it has are used.
    pub macos: &'static str,
    /// PowerShell on Windows, with `certutil` where openssl is not native.
    pub windows: &'static str,
}

impl Commands {
    /// Nothing to type.
    pub const NONE: Self = Self::everywhere("");

    /// The same on every system.
    pub const fn everywhere(command: &'static str) -> Self {
        Self { linux: command, macos: command, windows: command }
    }

    /// The same on Linux and macOS.
    pub const fn unix_and_windows(unix: &'static str, windows: &'static str) -> Self {
        Self { linux: unix, macos: unix, windows }
    }

    /// What there is to type, each different text once with the systems that it is for.
    pub fn by_system(self) -> Vec<(Vec<&'static str>, &'static str)> {
        let mut groups: Vec<(Vec<&'static str>, &'static str)> = Vec::new();
        for (system, command) in [("Linux", self.linux), ("macOS", self.macos), ("Windows", self.windows)] {
            match groups.iter_mut().find(|(_, known)| *known == command) {
                _ if command.is_empty() => {}
                Some((systems, _)) => systems.push(system),
                None => groups.push((vec![system], command)),
            }
        }
        groups
    }
}

/// What the log alone can prove of a failure with this code, and what it can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LogProof {
    /// Sentences; empty where the log proves nothing beyond the code.
    pub can: &'static [&'static str],
    /// Sentences.
    pub cannot: &'static [&'static str],
}

/// A page to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its title.
    pub title: &'static str,
    /// Its address.
    pub url: &'static str,
}
