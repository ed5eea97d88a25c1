//! A directory with a first lesson, to be changed into one's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a new lesson says.
const TEMPLATE: &str = include_str!("../../assets/lessons/new.md");
const NAME: &str = "01-my-lesson.md";

/// Why no lesson could be made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    #[error("{}: there is something in it; name a directory that is new or empty", .0.display())]
    Taken(PathBuf),
    #[error("{}: {error}", .path.display())]
    Unwritten { path: PathBuf, error: io::Error },
}

/// Makes a directory with a lesson in it. Returns the lesson's file.
///
/// # Errors
/// When there is something in the directory, or it cannot be written.
pub fn new(directory: &Path) -> Result<PathBuf, NewError> {
    let unwritten = |path: &Path| {
        let path = path.to_owned();
        move |error| NewError::Unwritten { path, error }
    };
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(NewError::Taken(directory.to_owned()));
    }
    fs::create_dir_all(directory).map_err(unwritten(directory))?;
    let file = directory.join(NAME);
    fs::write(&file, TEMPLATE).map_err(unwritten(&file))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::Course;
    use super::*;

    #[test]
    fn what_is_made_can_be_read_and_nothing_is_written_over() {
        let home = tempfile::tempdir().expect("a directory");
        let directory = home.path().join("mine");
        let file = new(&directory).expect("made");
        assert!(file.is_file());
        let course = Course::read(&directory, "en").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(course.lessons.len(), 1);
        assert!(matches!(new(&directory), Err(NewError::Taken(_))));
    }
}
