//! Takes the terminal over, and gives it back whatever happens.

use std::cell::Cell;
use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is, while the terminal is.
static MOUSE: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread draws. A panic elsewhere leaves the screen alone: the engine's own is reported and the
    /// playground goes on.
    static DRAWS: Cell<bool> = const { Cell::new(false) };
}

/// Holds the terminal: raw mode, the alternate screen, bracketed paste. Gives it back when dropped, and before a
/// panic of this thread is printed.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be put into raw mode or written to.
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
    /// When the terminal cannot be written to.
    pub fn take_mouse(&self, take: bool) -> io::Result<()> {
        MOUSE.store(take, Ordering::SeqCst);
        if take {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
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
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    // With the flags, terminals that know them tell Shift-Enter and Ctrl-Enter from Enter; others ignore the request.
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
    )
    .and_then(|()| {
        if MOUSE.load(Ordering::SeqCst) {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            Ok(())
        }
    })
    .inspect_err(|_| give_back())
}

/// Errors are passed over: after a hang-up there is no terminal to give back.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            DisableMouseCapture,
            PopKeyboardEnhancementFlags,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
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
            if TAKEN.load(Ordering::SeqCst) {
                tracing::error!("{info}");
            } else {
                before(info);
            }
        }));
    });
}

/// Collects a frame and writes it at once when flushed. What was not flushed when the terminal is given back, such as
/// half a frame after a panic, is never written.
#[derive(Debug)]
pub struct Screen {
    frame: Vec<u8>,
    out: Stdout,
}

impl Screen {
    pub fn new() -> Self {
        Self {
            frame: Vec::with_capacity(1 << 16),
            out: io::stdout(),
        }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.frame);
        let written = if TAKEN.load(Ordering::SeqCst) {
            self.out.write_all(&frame).and_then(|()| self.out.flush())
        } else {
            Ok(())
        };
        self.frame = frame;
        self.frame.clear();
        written
    }
}
