//! The streaming inflater behind [`super::gzip`]: raw deflate data in, text out, a step at a time.
//!
//! By default it is zlib-rs, which needs nothing but Rust. With the feature `isal` it is ISA-L, nearly twice as fast, which needs an assembler and
//! the autotools to be built.

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Bytes of input that it took.
    pub(super) used: usize,
    /// Bytes of text that it made.
    pub(super) made: usize,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is more to come, given more input or more room.
    Going,
    /// The data has ended.
    Ended,
    /// The data is corrupt.
    Bad,
}

/// Bytes behind the end of the data that were taken with it: they belong to what follows. At most eight, so never more than a member's trailer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Surplus {
    bytes: [u8; 8],
    count: usize,
}

impl Surplus {
    #[cfg(feature = "isal")]
    pub(super) fn new(bytes: u64, count: usize) -> Self {
        Self { bytes: bytes.to_le_bytes(), count: count.min(8) }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

#[cfg(feature = "isal")]
pub(super) use super::isal::Inflate;
#[cfg(not(feature = "isal"))]
pub(super) use zlib::Inflate;

#[cfg(not(feature = "isal"))]
mod zlib {
    use flate2::{Decompress, FlushDecompress, Status};

    use super::{State, Step, Surplus};

    /// zlib-rs, through flate2.
    pub(in crate::decompress) struct Inflate(Decompress);

    impl Inflate {
        pub(in crate::decompress) fn new() -> Self {
            Self(Decompress::new(false))
        }

        /// Back to the beginning of a stream.
        pub(in crate::decompress) fn reset(&mut self) {
            self.0.reset(false);
        }

        /// Inflates as much of `input` as fits into `out`.
        pub(in crate::decompress) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
            let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
            let status = self.0.decompress(input, out, FlushDecompress::None);
            // Both are differences of two positions in slices.
            let used = (self.0.total_in() - in_before) as usize;
            let made = (self.0.total_out() - out_before) as usize;
            let state = match status {
                Ok(Status::StreamEnd) => State::Ended,
                Ok(Status::Ok | Status::BufError) => State::Going,
                // zlib-rs has a reason at times, but which one depends on how the input was cut.
                Err(_) => State::Bad,
            };
            Step { used, made, state }
        }

        /// What was taken behind the end: nothing.
        pub(in crate::decompress) fn surplus(&self) -> Surplus {
            Surplus::default()
        }
    }
}
