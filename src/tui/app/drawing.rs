//! Frames, and the part of the terminal that they fill.

use std::io::Write;

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::layout::{Position, Rect, Size};
use tokio::time::Instant;

use super::{App, TuiError};
use crate::tui::app::{ascii, terminal};
use crate::tui::state::seen::Seen;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::{EngineLink, News, hear, view};

impl<L: EngineLink> App<'_, L> {
    /// After the process was stopped and continued.
    pub(super) fn return_to_terminal(&mut self) -> Result<(), TuiError> {
        self.guard.take_again()?;
        self.clear()
    }

    /// Forgets what is on screen, so that the next frame is drawn whole.
    pub(super) fn clear(&mut self) -> Result<(), TuiError> {
        self.resize(terminal::size()?)
    }

    /// Takes a new size; the next frame is drawn whole.
    pub(super) fn resize(&mut self, size: Size) -> Result<(), TuiError> {
        self.area = Rect::from((Position::ORIGIN, size));
        queue!(self.terminal.backend_mut(), Clear(ClearType::All))?;
        // Not `Terminal::clear`, which asks the terminal where its cursor is and waits for the answer.
        self.terminal.resize(self.area)?;
        self.hear(News::Resize(size.width, size.height))
    }

    pub(super) fn draw(&mut self) -> Result<(), TuiError> {
        let now = Instant::now();
        let size = terminal::size()?;
        if size != self.area.as_size() {
            self.resize(size)?;
        }
        self.changed = false;
        let effects = hear(&mut self.state, News::Frame(now - self.start));
        self.perform(effects)?;
        self.theme = Theme::new(self.state.screen.theme, self.colours);
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let mut seen = Seen::default();
        self.terminal.draw(|frame| {
            seen = view(&self.state, &self.theme, frame);
            if self.ascii {
                ascii::replace(frame.buffer_mut());
            }
            self.clusters.refresh(frame.buffer_mut());
        })?;
        self.state.screen.seen = seen;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        // A frame that comes late, as beside a busy model they do, is made up for by the next.
        let steady = self.due + self.between_frames;
        self.due = steady.max(now + self.between_frames / 2);
        Ok(())
    }
}
