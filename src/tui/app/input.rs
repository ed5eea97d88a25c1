//! What keys, pastes, the mouse and new sizes mean.

use crossterm::event::{Event as Input, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use super::{App, TuiError};
use crate::tui::app::terminal::bounded;
use crate::tui::vocabulary::keys::Key;
use crate::tui::{Action, EngineLink, Mouse, MouseKind};

impl<L: EngineLink> App<'_, L> {
    pub(super) fn input(&mut self, input: Input) -> Result<(), TuiError> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                match self.state.key_action(Key::from(key)) {
                    Some(action) => self.act(action),
                    None => Ok(()),
                }
            }
            Input::Paste(text) => self.act(Action::Paste(text)),
            Input::Resize(width, height) => self.resize(bounded(width, height)),
            Input::Mouse(event) => match mouse(event) {
                Some(moved) => self.act(Action::Mouse(moved)),
                None => Ok(()),
            },
            Input::Key(_) | Input::FocusGained | Input::FocusLost => Ok(()),
        }
    }
}

/// What a mouse event means; moving without a button means nothing.
fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Mouse {
        kind,
        column: event.column,
        row: event.row,
    })
}
