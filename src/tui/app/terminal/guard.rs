//! Takes the terminal over, and gives it back whatever happens.

use std::cell::Cell;
use std::io;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{
    DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, KeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::terminal::{EnterAlternateScreen, disable_raw_mode, enable_raw_mode};

use super::{fatal, taken, writer};

/// Longest wait until the terminal has taken what gives it back.
const LAST_BYTES: Duration = Duration::from_millis(500);

/// Whether the mouse is, while the terminal is.
static MOUSE: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread draws. A panic elsewhere leaves the screen alone: the engine's own is reported and the
    /// playground goes on.
    static DRAWS: Cell<bool> = const { Cell::new(false) };
}

/// Holds the terminal: raw mode, the alternate screen, bracketed paste. Gives it back when dropped, before a panic of
/// this thread is printed, and before a signal such as that of an abort kills the process.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be put into raw mode.
    pub fn take(mouse: bool) -> io::Result<Self> {
        hook_panics();
        MOUSE.store(mouse, Ordering::SeqCst);
        DRAWS.set(true);
        take()?;
        Ok(Self(()))
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// Never, on systems with escape sequences.
    pub fn take_mouse(&self, take: bool) -> io::Result<()> {
        MOUSE.store(take, Ordering::SeqCst);
        let mut bytes = Vec::new();
        if take {
            queue!(bytes, EnableMouseCapture)?
        } else {
            queue!(bytes, DisableMouseCapture)?
        }
        writer::send(bytes);
        Ok(())
    }

    /// Gives the terminal back for a while.
    pub fn lend(&self) {
        give_back();
    }

    /// Takes it again, whether or not it was given back: after the process was stopped from outside, the shell may
    /// have changed its modes.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_again(&self) -> io::Result<()> {
        give_back();
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        DRAWS.set(false);
    }
}

fn take() -> io::Result<()> {
    // Before raw mode: what is noted here is what an abort goes back to.
    fatal::watch();
    enable_raw_mode()?;
    taken::take();
    // With the flags, terminals that know them tell Shift-Enter and Ctrl-Enter from Enter; others ignore the request.
    let mut bytes = Vec::new();
    queue!(
        bytes,
        EnterAlternateScreen,
        EnableBracketedPaste,
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
    )?;
    if MOUSE.load(Ordering::SeqCst) {
        queue!(bytes, EnableMouseCapture)?;
    }
    writer::send(bytes);
    Ok(())
}

/// Errors are passed over: after a hang-up there is no terminal to give back, and one that takes nothing keeps nobody
/// waiting.
fn give_back() {
    if taken::let_go() {
        writer::send(taken::restoring_bytes());
        writer::settle(LAST_BYTES);
        let _ = disable_raw_mode();
    }
}

fn hook_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DRAWS.get() {
                give_back();
            }
            if taken::is_taken() {
                tracing::error!("{info}");
            } else {
                before(info);
            }
        }));
    });
}
