//! Memory that will be read soon.

/// How far ahead in large matrices, in bytes: further than a thread comes while memory answers.
pub(super) const FAR: usize = 4096;
/// In what is read in short runs.
pub(super) const NEAR: usize = 1024;

/// Has the processor fetch what lies so many bytes behind a number, where it can: its own foresight ends with each page
/// of memory. 2 kB were worth 5 to 10 % of decoding in q8_0 with slower kernels (`bench --shape gpt2`, AVX2).
#[inline(always)]
pub(super) fn prefetch<T>(number: &T, bytes: usize) {
    let ahead = std::ptr::from_ref(number).cast::<i8>().wrapping_add(bytes);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: an address that is not there is not fetched; nothing is read.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(ahead);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = ahead;
}
