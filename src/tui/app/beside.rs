//! Files that never take the place of others: where the name is taken, the next number is put behind it.

use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

/// Numbers that are tried before it is given up.
const MOST: usize = 1000;

/// Writes a file, aside first, so that it is there whole or not at all. Returns its whole path.
///
/// # Errors
/// When it cannot be written, or when too many names are taken.
pub fn write(path: &Path, text: &str) -> io::Result<PathBuf> {
    let path = absolute(path)?;
    let mut aside = tempfile::Builder::new();
    // To be handed on: as readable as any file that its owner makes.
    #[cfg(unix)]
    aside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut aside = aside.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    aside.write_all(text.as_bytes())?;
    for number in 1..=MOST {
        let free = numbered(&path, number);
        match aside.persist_noclobber(&free) {
            Ok(_) => return Ok(free),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => aside = taken.file,
            Err(refused) => return Err(refused.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// `story.html`, `story-2.html`, `story-3.html`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    let mut numbered = path.with_file_name(name);
    if let Some(end) = path.extension() {
        numbered.add_extension(end);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_the_next_one_has_a_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.story.html");
        let names: Vec<PathBuf> = ["one", "two", "three"]
            .iter()
            .map(|text| write(&path, text).expect("written"))
            .collect();
        let name = |path: &Path| path.file_name().map(|name| name.to_owned());
        let names: Vec<_> = names.iter().filter_map(|path| name(path)).collect();
        assert_eq!(names, ["a.story.html", "a.story-2.html", "a.story-3.html"]);
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "one");
        assert!(write(&folder.path().join("no/such.html"), "").is_err());
    }
}
