//! ISA-L's inflate, wrapped so that nothing outside this module can misuse it: what feature `isal` has in libdeflate's place.
//!
//! In: deflate data that is all in memory. Out: its text, appended to a vector. What the unsafe code here relies on is the contract of
//! `isal_inflate_stateless` in `igzip_lib.h` (2.31): it reads `avail_in` bytes, writes at most `avail_out`, moves both pointers by what it used, having
//! given back what it had only looked ahead at, and says with 0 that the last block has ended. Of data that it does not like, nothing that it made is
//! ever looked at: the verdict is that of the decoder for streams.

use std::alloc::{Layout, alloc_zeroed};

use isal_sys::igzip_lib as sys;

use super::inflated::Inflated;

/// A decompressor with its tables, some 100 KiB; reusable for any number of calls.
pub(super) struct Inflater {
    state: Box<sys::inflate_state>,
}

/// `ISAL_DECOMP_OK` and `ISAL_OUT_OVERFLOW` of `igzip_lib.h`; every other result is a complaint.
const OK: i32 = 0;
const OUT_OVERFLOW: i32 = 2;

impl Inflater {
    /// A decompressor; `None` if memory ran out.
    pub(super) fn new() -> Option<Self> {
        let layout = Layout::new::<sys::inflate_state>();
        // SAFETY: the layout is that of a structure that has a size. If the pointer is not null, it is to memory of that layout from the global
        // allocator, as a box wants it, and zeros are a value of every field: numbers, arrays of numbers, and pointers that may be null.
        let mut state = unsafe {
            let memory = alloc_zeroed(layout).cast::<sys::inflate_state>();
            if memory.is_null() {
                return None;
            }
            Box::from_raw(memory)
        };
        // SAFETY: the state is writable and nobody else's.
        unsafe { sys::isal_inflate_init(&raw mut *state) };
        Some(Self { state })
    }

    /// Inflates the raw deflate data that `stored` begins with into the spare capacity of `out`, of which it uses at most `room` bytes.
    /// Never reallocates.
    pub(super) fn append(&mut self, stored: &[u8], out: &mut Vec<u8>, room: usize) -> Inflated {
        let spare = out.spare_capacity_mut();
        let room = room.min(spare.len()).min(u32::MAX as usize);
        let Ok(available) = u32::try_from(stored.len()) else { return Inflated::Bad };
        let state = &mut *self.state;
        state.next_in = stored.as_ptr().cast_mut();
        state.avail_in = available;
        state.next_out = spare.as_mut_ptr().cast();
        state.avail_out = room as u32;
        // SAFETY: `state` was initialised and `&mut self` means that no other call is using it. `next_in` is readable for `avail_in` bytes, and never
        // written through. `next_out` is writable for `avail_out` bytes, need not be initialised (only what was written is read back), and
        // cannot overlap `stored`, which is borrowed shared.
        let result = unsafe { sys::isal_inflate_stateless(state) };
        let (left_in, left_out) = (state.avail_in as usize, state.avail_out as usize);
        match result {
            // Its counts are checked although its contract promises them: the unsafe code below stands on one of them.
            OK if left_in <= stored.len() && left_out <= room => {
                let made = room - left_out;
                // SAFETY: on success the `made` bytes that follow `len` were written, and `made <= room <=` spare capacity.
                unsafe { out.set_len(out.len() + made) };
                Inflated::Done { used: stored.len() - left_in, made }
            }
            OUT_OVERFLOW => Inflated::NoRoom,
            _ => Inflated::Bad,
        }
    }
}

// SAFETY: the state's pointers are set before each call and mean nothing between calls; it has no ties to a thread.
unsafe impl Send for Inflater {}
