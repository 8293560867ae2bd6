//! The system's words for a file that cannot be reached or read, with the fix where one is known.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::names::display_os;
use crate::error::{Error, FileFault, FileFaultKind};
use crate::store::StoreFault;

/// What was being done when the system refused, the system's words, and a hint where the error has a usual cure.
pub(super) fn system_words(action: &str, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "; give this user the right to read it and to enter the folders above it",
        io::ErrorKind::NotFound => "; it was moved or removed while the run was looking at it",
        _ => "",
    };
    format!("cannot be {action}: {error}{hint}")
}

/// A fault at stored byte `offset` out of what the system said. `action` is a participle: "opened", "read", "listed".
#[cold]
pub(crate) fn system_fault(action: &str, offset: u64, error: &io::Error) -> FileFault {
    FileFault::new(FileFaultKind::Unreadable, offset, system_words(action, error))
}

/// The fault of a path that was found but cannot be looked up or listed: a link that leads nowhere is told from other trouble.
#[cold]
pub(super) fn unreachable(path: &Path, action: &str, error: &io::Error) -> FileFault {
    if error.kind() == io::ErrorKind::NotFound && is_link(path) {
        return FileFault::new(FileFaultKind::Unreadable, 0, "is a link to something that does not exist; mend the link or remove it");
    }
    if error.kind() != io::ErrorKind::PermissionDenied && is_link(path) {
        let message = format!("is a link that cannot be followed: {error}; mend the link or remove it");
        return FileFault::new(FileFaultKind::Unreadable, 0, message);
    }
    system_fault(action, 0, error)
}

/// Whether the path itself is a symbolic link, wherever that leads.
pub(super) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_symlink())
}

/// A URL that cannot be looked up or listed.
#[cold]
pub(super) fn store_error(input: &str, fault: StoreFault) -> Error {
    Error::BadInput { input: display_os(OsStr::new(input)), problem: fault.message }
}
