//! Files of a new commit that came with an earlier one.

use std::path::Path;

/// Makes `path` lead to a file of the same content that came with an earlier commit. False when there is none: the
/// library would fetch it again.
pub(super) fn link_existing(blob: &Path, size: usize, path: &Path) -> bool {
    if path.is_symlink() {
        // It leads nowhere, and would be in the way.
        let _ = std::fs::remove_file(path);
    }
    let whole =
        std::fs::metadata(blob).is_ok_and(|found| found.is_file() && found.len() == size as u64);
    whole && link(blob, path).is_ok()
}

#[cfg(unix)]
fn link(blob: &Path, path: &Path) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    // From `snapshots/<commit>/` to `blobs/`, as a relative link, so that the cache can be moved.
    let blobs = folder
        .ancestors()
        .nth(2)
        .map(|model| model.join("blobs"))
        .unwrap_or_default();
    let name = blob.strip_prefix(blobs).map_err(std::io::Error::other)?;
    std::os::unix::fs::symlink(Path::new("../../blobs").join(name), path)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    // Links need rights that few have.
    Err(std::io::ErrorKind::Unsupported.into())
}
