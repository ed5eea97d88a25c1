//! What a key means now: what lies over the panes, the screen and the pane in focus decide.

use super::overlay::Overlay;
use crate::tui::state::State;
use crate::tui::vocabulary::bindings::Scope;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::keys::Key;
use crate::tui::vocabulary::letters::Letters;
use crate::tui::{Action, LearnAction};

impl State {
    /// What letters do on the Play screen while nothing lies over it.
    pub fn letters(&self) -> Letters {
        match self.play.focus {
            Focus::Prompt => Letters::Write,
            _ if self.play.ready => Letters::Begin,
            _ => Letters::Command,
        }
    }

    /// What a key does now. What lies over the panes takes it; on the help page nothing is typed.
    pub fn key_action(&self, key: Key) -> Option<Action> {
        if self.screen.help.is_some() {
            return self.keymap.action(key, Focus::Text);
        }
        if let Some(action) = self.lesson_action(key) {
            return Some(action);
        }
        match &self.screen.overlay {
            Some(overlay) if overlay.takes_text() => self.keymap.action(key, Focus::Prompt),
            Some(Overlay::Branches(_)) => self.keymap.action_in(key, Scope::Branches),
            Some(Overlay::Continuations) => self.keymap.action_in(key, Scope::Tree),
            None if self.screen.page == Page::Train => self.training_action(key),
            None if self.screen.page == Page::Compare => self.keymap.action_in(key, Scope::Compare),
            Some(_) | None => self.play_action(key),
        }
    }

    /// What a key does in a lesson, on every screen, also over what only shows something. Its key to go on is any other
    /// key's until the step is done.
    fn lesson_action(&self, key: Key) -> Option<Action> {
        self.learn.going.as_ref()?;
        if let Some(
            Overlay::Picker(_) | Overlay::Ask(_) | Overlay::Branches(_) | Overlay::Continuations,
        ) = self.screen.overlay
        {
            return None;
        }
        let action = self.keymap.action_of(key, Scope::Lesson)?;
        let goes = *action != Action::Learn(LearnAction::On) || self.learn.is_done();
        goes.then(|| action.clone())
    }

    fn play_action(&self, key: Key) -> Option<Action> {
        if self.letters().takes(key) {
            return key.types().map(Action::Insert);
        }
        let meant = self.keymap.action(key, self.play.focus);
        // A key that edits goes back into the editor that waits.
        let edits = || {
            let edit = self.keymap.action_in(key, Scope::Prompt);
            edit.filter(|action| self.play.ready && matches!(action, Action::Edit(_)))
        };
        meant.or_else(edits)
    }

    fn training_action(&self, key: Key) -> Option<Action> {
        if let (true, Some(c)) = (self.train.is_typed_into(), key.types()) {
            return Some(Action::Insert(c));
        }
        let meant = self.keymap.action_in(key, Scope::Train);
        meant.filter(Action::is_for_training)
    }
}
