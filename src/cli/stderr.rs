//! Standard error: for the user, never for a program. One that is closed or full is passed over, as nobody would read what
//! is written there; the macros of the standard library would panic instead, and lose what is not saved yet.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::text::sanitize;

static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only errors are told, as --quiet has it.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether only errors are told.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Writes a line.
pub fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// Writes a text as it is, such as a question, and hands it on at once.
pub fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Clears the line of a bar that another thread draws, which draws it again below.
pub fn clear_bar() {
    if !is_quiet() && io::stderr().is_terminal() {
        write("\r\x1b[2K");
    }
}

/// Writes a line that says which program speaks, unless it is to be quiet. The text may be untrusted.
pub fn warn(message: &str) {
    if !is_quiet() {
        error(message);
    }
}

/// As [`warn`], of what ends the program.
pub fn error(message: &str) {
    line(&format!("logitscope: {}", sanitize(message)));
}
