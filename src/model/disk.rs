//! Room on the disk.

use std::path::Path;

/// Bytes that are free to this user where a path lies or will lie, where the system says it.
pub(crate) fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists());
    let there = there.unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() {
        Path::new(".")
    } else {
        there
    };
    free_at(there)
}

#[cfg(unix)]
fn free_at(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    // File systems that do not know say nothing of their size either.
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_at(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_yet_has_the_room_of_where_it_will_be() {
        let directory = tempfile::tempdir().expect("a directory");
        let inside = free(&directory.path().join("runs/one"));
        assert_eq!(inside.is_some(), cfg!(unix));
        assert!(inside.is_none_or(|bytes| bytes > 0));
        assert_eq!(free(Path::new("no/such")).is_some(), cfg!(unix));
    }
}
