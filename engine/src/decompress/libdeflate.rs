//! libdeflate, wrapped so that nothing outside this module can misuse it.
//!
//! In: deflate data that is all in memory. Out: its text, appended to a vector. What its unsafe code
//! relies on is the contract in `libdeflate.h` (1.26): it reads `in_nbytes` bytes, writes at most `out_nbytes_avail`, and on success says
//! how many of each it used, having written all that it says. On failure the output is undefined, so none of it is ever looked at.

use std::ptr::NonNull;

use libdeflate_sys as sys;

use super::inflated::Inflated;

/// A decompressor with its tables, about 11 KiB; reusable for any number of calls.
pub(super) struct Inflater {
    /// From `libdeflate_alloc_decompressor`, owned by this value alone, freed by its `drop`.
    raw: NonNull<sys::libdeflate_decompressor>,
}

impl Inflater {
    /// A decompressor; `None` if memory ran out.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; it returns null or a decompressor that the caller owns.
        let raw = unsafe { sys::libdeflate_alloc_decompressor() };
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// Inflates the raw deflate data that `stored` begins with into the spare capacity of `out`, of which it uses at most `room` bytes.
    /// Never reallocates.
    pub(super) fn append(&mut self, stored: &[u8], out: &mut Vec<u8>, room: usize) -> Inflated {
        let spare = out.spare_capacity_mut();
        let room = room.min(spare.len());
        let (mut used, mut made) = (0, 0);
        // SAFETY: `raw` is a live decompressor, and `&mut self` means that no other call is using it. `stored` is readable for
        // `stored.len()` bytes. `spare` is writable for at least `room` bytes, need not be initialised (libdeflate reads back only what it
        // wrote), and cannot overlap `stored`, which is borrowed shared. The two counts are valid places for the results.
        let result = unsafe {
            sys::libdeflate_deflate_decompress_ex(
                self.raw.as_ptr(),
                stored.as_ptr().cast(),
                stored.len(),
                spare.as_mut_ptr().cast(),
                room,
                &mut used,
                &mut made,
            )
        };
        match result {
            // Its counts are checked although its contract promises them: the unsafe code below stands on one of them.
            sys::libdeflate_result_LIBDEFLATE_SUCCESS if made <= room && used <= stored.len() => {
                // SAFETY: on success libdeflate has written the `made` bytes that follow `len`, and `made <= room <=` spare capacity.
                unsafe { out.set_len(out.len() + made) };
                Inflated::Done { used, made }
            }
            sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Inflated::NoRoom,
            _ => Inflated::Bad,
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: `raw` came from `libdeflate_alloc_decompressor` and is freed here only.
        unsafe { sys::libdeflate_free_decompressor(self.raw.as_ptr()) };
    }
}

// SAFETY: a decompressor has no ties to the thread that made it; libdeflate only forbids concurrent use of one, and every use needs
// `&mut self`.
unsafe impl Send for Inflater {}
