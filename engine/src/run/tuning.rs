//! Sizes that decide how inputs are cut into portions. They trade memory against speed, never rows: any values give the same output.

/// See [`Tuning::default`] for the values in use; tests try others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// Stored bytes up to which a file is read and decompressed whole.
    pub(super) small_file: u64,
    /// Stored bytes at which a group of small files is handed out.
    pub(super) group_bytes: u64,
    /// Files in a group at most.
    pub(super) group_files: usize,
    /// Text in a piece of a large file.
    pub(super) piece_bytes: usize,
    /// Decompressed bytes up to which a small file is held whole; a larger one is streamed when it is written.
    pub(super) whole_limit: usize,
    /// Decompressed text of one portion's small files, past which the rest are streamed when they are written.
    pub(super) portion_bytes: u64,
    /// Lines of one portion, past which likewise: short lines take more memory than their text.
    pub(super) portion_lines: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            small_file: 8 << 20,
            group_bytes: 1 << 20,
            group_files: 1024,
            piece_bytes: 2 << 20,
            whole_limit: 64 << 20,
            portion_bytes: 64 << 20,
            portion_lines: 200_000,
        }
    }
}
