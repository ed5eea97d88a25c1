//! Whether the terminal is ours, and what makes it the shell's again.

use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, PopKeyboardEnhancementFlags};
use crossterm::queue;
use crossterm::terminal::LeaveAlternateScreen;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Notes that the terminal is ours.
pub fn take() {
    TAKEN.store(true, Ordering::SeqCst);
}

/// Whether the terminal is ours at the moment.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Notes that the terminal is no longer ours. Returns whether it was.
pub fn let_go() -> bool {
    TAKEN.swap(false, Ordering::SeqCst)
}

/// What makes the terminal's screen the shell's again.
pub fn restoring_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = queue!(
        bytes,
        DisableMouseCapture,
        PopKeyboardEnhancementFlags,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    bytes
}
