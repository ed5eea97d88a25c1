//! Files and directories that only their owner may read: what somebody wrote, and what a log tells of it, is nobody
//! else's business.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a directory and those above it. What is there already stays as it is.
///
/// # Errors
/// When one cannot be made.
pub fn directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file to be written anew.
///
/// # Errors
/// When it cannot be opened.
pub fn create(path: &Path) -> io::Result<File> {
    open(
        path,
        OpenOptions::new().create(true).write(true).truncate(true),
    )
}

/// A file to be written on.
///
/// # Errors
/// When it cannot be opened.
pub fn append(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().create(true).append(true))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.open(path)?;
    // One that an earlier version left may be open to all. A device is left alone.
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt;
        // On a file system without permissions there are none to change.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
    }
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        let metadata = std::fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_reads_what_is_written() {
        let home = tempfile::tempdir().expect("a directory");
        let (deep, deeper) = (home.path().join("a"), home.path().join("a/b"));
        directory(&deeper).expect("made");
        assert_eq!((mode(&deep), mode(&deeper)), (0o700, 0o700));
        let file = deeper.join("file");
        create(&file).expect("created");
        assert_eq!(mode(&file), 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("opened up");
        append(&file).expect("opened");
        assert_eq!(mode(&file), 0o600);
    }
}
