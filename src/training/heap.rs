//! The heap, tuned for tensors that come and go.

/// Keeps large blocks that were freed, instead of giving them back to the system and having each page of the next
/// tensor faulted in again, which takes half the time of a training step under glibc's defaults. The price is memory
/// that stays with the process. Does nothing on other systems, nor where address space is limited: what is taken ahead
/// would be missed there.
pub fn tune() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if crate::model::address_space_limit().is_none() {
        // SAFETY: `mallopt` sets numbers of the allocator and may be called at any time.
        unsafe {
            libc::mallopt(libc::M_MMAP_MAX, 0);
            libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
            libc::mallopt(libc::M_TOP_PAD, 64 << 20);
        }
    }
}

/// Has all threads share one part of the heap where address space is limited: glibc sets 64 MB of it aside for each,
/// and a program that is left with little then ends at the next small block. Does nothing elsewhere.
pub fn share_where_space_is_limited() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if crate::model::address_space_limit().is_some() {
        // SAFETY: as in `tune`.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

/// Memory of this process in bytes, where the system says it.
pub(super) fn memory() -> Option<u64> {
    /// Bytes in a page, as Linux has it on all but a few machines.
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
