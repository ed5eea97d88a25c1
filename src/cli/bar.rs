//! Where a bar is drawn: on standard error, if that is a terminal, and some columns short of its edge. What is typed is
//! echoed behind a bar, such as the `^C` of an interrupt; at the edge that would begin a new line, and the bar stay above it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use crossterm::terminal;
use indicatif::{ProgressDrawTarget, TermLike};

use super::stderr;

/// Columns for what is typed.
const ECHO: u16 = 4;
/// Columns and rows of a terminal that does not say.
const USUAL: (u16, u16) = (80, 24);

/// Where a bar is drawn, so often a second at most; nowhere under --quiet.
pub fn target(hz: u8) -> ProgressDrawTarget {
    if stderr::is_quiet() || !io::stderr().is_terminal() {
        return ProgressDrawTarget::hidden();
    }
    ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::default()), hz)
}

/// Standard error as a terminal that is narrower than it is.
#[derive(Debug, Default)]
struct Narrow {
    /// What is to be written with the next flush.
    waiting: Mutex<String>,
}

impl Narrow {
    fn push(&self, text: &str) -> io::Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_str(text);
        Ok(())
    }

    fn go(&self, cells: usize, sign: char) -> io::Result<()> {
        if cells == 0 {
            return Ok(());
        }
        self.push(&format!("\x1b[{cells}{sign}"))
    }
}

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        let (columns, _) = terminal::size().unwrap_or(USUAL);
        columns.saturating_sub(ECHO).max(1)
    }

    fn height(&self) -> u16 {
        terminal::size().unwrap_or(USUAL).1
    }

    fn move_cursor_up(&self, rows: usize) -> io::Result<()> {
        self.go(rows, 'A')
    }

    fn move_cursor_down(&self, rows: usize) -> io::Result<()> {
        self.go(rows, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.push(line)?;
        self.push("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.push(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let text = std::mem::take(&mut *waiting);
        let mut stderr = io::stderr().lock();
        stderr.write_all(text.as_bytes())?;
        stderr.flush()
    }
}
