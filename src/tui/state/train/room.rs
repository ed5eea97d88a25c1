//! Where a demonstration is kept: where runs are, or where nothing can be written there, aside.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};

use super::runs;

/// A place that runs can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The directory, if it is not the one that was asked for.
    pub elsewhere: Option<PathBuf>,
    /// The names of the runs in it.
    pub names: BTreeSet<String>,
}

/// The directory of runs if it can be written to, else one of this process in `aside`, which is made if need be.
///
/// # Errors
/// With a sentence, when nothing can be written there either.
pub fn find(directory: &Path, aside: &Path) -> Result<Room, String> {
    let Err(error) = try_out(directory) else {
        return Ok(Room {
            elsewhere: None,
            names: runs::names(directory),
        });
    };
    let elsewhere = aside.join(format!("logitscope-runs-{}", std::process::id()));
    let made = make_private(&elsewhere).and_then(|()| try_out(&elsewhere));
    match made {
        Ok(()) => Ok(Room {
            names: runs::names(&elsewhere),
            elsewhere: Some(elsewhere),
        }),
        Err(_) => Err(format!(
            "A demonstration needs a directory that it can write to: {} cannot be written to ({error}), nor can {}.",
            directory.display(),
            aside.display()
        )),
    }
}

/// Writes a file into a directory, which is made if need be, and takes it away again.
fn try_out(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let file = directory.join(format!(".room-{}", std::process::id()));
    File::create(&file)?;
    fs::remove_file(&file)
}

/// Makes a directory that no one else can look into. One that is there already is taken if that holds for it too: others
/// may write beside it, and its name can be guessed.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path)?;
            let is_private = found.is_dir() && is_private(&found);
            if is_private { Ok(()) } else { Err(error) }
        }
        made => made,
    }
}

#[cfg(unix)]
fn is_private(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_to_is_passed_over_for_a_directory_aside() {
        let home = tempfile::tempdir().expect("a directory");
        let (runs, aside) = (home.path().join("runs"), home.path().join("aside"));
        fs::create_dir(&aside).expect("a directory");
        let here = find(&runs, &aside).expect("room");
        assert_eq!((here.elsewhere, here.names.len()), (None, 0));
        assert_eq!(fs::read_dir(&runs).expect("made").count(), 0);
        // A file of that name: nothing can be written below it, whoever asks.
        let file = home.path().join("file");
        fs::write(&file, "").expect("a file");
        let elsewhere = find(&file, &aside).expect("room").elsewhere;
        let elsewhere = elsewhere.expect("a directory aside");
        assert!(elsewhere.starts_with(&aside) && elsewhere.is_dir());
        // Twice is the same place.
        let again = find(&file, &aside).expect("room").elsewhere;
        assert_eq!(again, Some(elsewhere));
        let why = find(&file, &file).expect_err("no room");
        assert!(why.contains("A demonstration needs a directory"), "{why}");
    }
}
