//! How inflating data that is all in memory ends, whatever does it.

/// What became of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inflated {
    /// The data ended.
    Done {
        /// Bytes of input that it took, up to a byte boundary.
        used: usize,
        /// Bytes appended.
        made: usize,
    },
    /// The text has more bytes than there was room for. Nothing was appended.
    NoRoom,
    /// The data is corrupt or ends too early. Nothing was appended.
    Bad,
}
