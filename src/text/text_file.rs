//! Text files of which nothing is known but a name: they may be larger than memory, or pipes that nobody writes to.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::encoding::decode;

/// Longest wait for a file to be read: a pipe may never be written to.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads a text of at most `largest` bytes, by its mark in whatever encoding.
///
/// # Errors
/// When it cannot be read within seconds, is larger, or is no text.
pub fn read_text(path: &Path, largest: u64) -> io::Result<String> {
    if std::fs::metadata(path)?.is_file() {
        return read_at_most(path, largest);
    }
    // In a thread, which is left behind where it is kept waiting.
    let (sender, receiver) = mpsc::channel();
    let named = path.to_owned();
    thread::Builder::new().spawn(move || sender.send(read_at_most(&named, largest)))?;
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let problem =
            "nothing was written to it within seconds: it is a pipe that nobody writes to";
        Err(io::Error::new(ErrorKind::TimedOut, problem))
    })
}

fn read_at_most(path: &Path, largest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(largest + 1);
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let problem = format!("it is larger than {} MB", largest / 1_000_000);
        return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    decode(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("text");
        std::fs::write(&path, "five.").expect("written");
        assert_eq!(read_text(&path, 5).expect("read"), "five.");
        let error = read_text(&path, 4).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let directory = read_text(directory.path(), 5);
        assert_eq!(
            directory.expect_err("no file").kind(),
            ErrorKind::IsADirectory
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_not_read_for_ever() {
        let endless = read_text(Path::new("/dev/zero"), 1000).expect_err("no end");
        assert_eq!(endless.kind(), ErrorKind::FileTooLarge);
    }
}
