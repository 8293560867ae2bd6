//! ISA-L's inflater, wrapped so that nothing outside this module can misuse it; only with the feature `isal`.
//!
//! In: deflate data, a slice at a time. Out: its text. What the unsafe code relies on is the contract in `igzip_lib.h` (2.31): a call reads at
//! most `avail_in` bytes from `next_in` on, writes at most `avail_out` bytes from `next_out` on, moves both pointers and counts by what it
//! did, and keeps what it needs of earlier text in the state itself, so that neither slice has to outlive the call.

use std::mem::MaybeUninit;

use isal_sys::igzip_lib as sys;

use super::inflate::{State, Step, Surplus};

/// The state of one stream: about 90 KiB, which must not move through the stack for each input.
pub(super) struct Inflate {
    state: Box<sys::inflate_state>,
}

impl Inflate {
    pub(super) fn new() -> Self {
        let mut state: Box<MaybeUninit<sys::inflate_state>> = Box::new(MaybeUninit::zeroed());
        // SAFETY: the structure holds integers, arrays of them, unions of integers and pointers, for all of which zeros are valid, and the
        // function makes a new stream of whatever is there.
        let state = unsafe {
            sys::isal_inflate_init(state.as_mut_ptr());
            state.assume_init()
        };
        Self { state }
    }

    /// Back to the beginning of a stream.
    pub(super) fn reset(&mut self) {
        // SAFETY: the state was initialised, and `&mut self` means that no other call is using it.
        unsafe { sys::isal_inflate_reset(&mut *self.state) }
    }

    /// Inflates as much of `input` as fits into `out`.
    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        // Counts are 32 bits wide; a step that does less is only followed by another.
        let (available, room) = (count(input.len()), count(out.len()));
        let state = &mut *self.state;
        state.next_in = input.as_ptr().cast_mut();
        state.avail_in = available;
        state.next_out = out.as_mut_ptr();
        state.avail_out = room;
        // SAFETY: the state was initialised; `input` is readable for `available` bytes and only read, `out` is writable for `room` bytes, and
        // both outlive the call.
        let result = unsafe { sys::isal_inflate(state) };
        let (used, made) = ((available - state.avail_in) as usize, (room - state.avail_out) as usize);
        state.next_in = std::ptr::null_mut();
        state.next_out = std::ptr::null_mut();
        let ended = state.block_state == sys::isal_block_state_ISAL_BLOCK_FINISH;
        let state = match result {
            0 if ended => State::Ended,
            0 | sys::ISAL_END_INPUT | sys::ISAL_OUT_OVERFLOW => State::Going,
            _ => State::Bad,
        };
        Step { used, made, state }
    }

    /// What was taken behind the end of the data: it reads eight bytes ahead.
    pub(super) fn surplus(&self) -> Surplus {
        let bits = self.state.read_in_length.max(0) as u32;
        // What is left of the last byte of the data comes first.
        Surplus::new(self.state.read_in.checked_shr(bits % 8).unwrap_or(0), (bits / 8) as usize)
    }
}

fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

// SAFETY: a state has no ties to the thread that made it: its only pointers are those that a call sets and takes back.
unsafe impl Send for Inflate {}
