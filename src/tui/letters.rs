//! What a key that types a character does on the Play screen. The keymap, the footer and the help page share this rule, so
//! that a text that is typed or pasted never starts, ends or overwrites anything.

use super::Action;
use super::bindings::Scope;
use super::keys::Key;
use super::overlay::Overlay;
use super::state::{Focus, Page, State};

/// What letters do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// The editor has the focus: they are typed at its cursor.
    Write,
    /// The prompt was run and no pane was entered since: they begin the next prompt. Arrows, Space and Enter act on the
    /// text.
    Begin,
    /// A pane was entered, with Tab, Esc or a click: they are commands.
    Command,
}

impl Letters {
    pub const ALL: [Self; 3] = [Self::Write, Self::Begin, Self::Command];

    /// The rule in a sentence, for the help page.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Write => {
                "in the prompt they are typed; a selected prompt is replaced, arrows keep and edit it"
            }
            Self::Begin => {
                "after Enter, and while the text streams, they begin the next prompt; arrows, Space and Enter act on the text"
            }
            Self::Command => {
                "in a pane that was entered with Tab, Esc or a click they are commands, as below"
            }
        }
    }

    /// Whether a key would type something here.
    pub fn takes(self, key: Key) -> bool {
        match self {
            Self::Write => key.types().is_some(),
            Self::Begin => key.types().is_some_and(|c| c != ' '),
            Self::Command => false,
        }
    }
}

impl State {
    /// What letters do on the Play screen while nothing lies over it.
    pub fn letters(&self) -> Letters {
        match self.focus {
            Focus::Prompt => Letters::Write,
            _ if self.ready => Letters::Begin,
            _ => Letters::Command,
        }
    }

    /// What a key does now. What lies over the panes takes it; on the help page nothing is typed.
    pub fn key_action(&self, key: Key) -> Option<Action> {
        if self.help.is_some() {
            return self.keymap.action(key, Focus::Text);
        }
        match &self.overlay {
            Some(overlay) if overlay.takes_text() => self.keymap.action(key, Focus::Prompt),
            Some(Overlay::Branches(_)) => self.keymap.action_in(key, Scope::Branches),
            None if self.page == Page::Train => self.training_action(key),
            Some(_) | None => self.play_action(key),
        }
    }

    fn play_action(&self, key: Key) -> Option<Action> {
        if self.letters().takes(key) {
            return key.types().map(Action::Insert);
        }
        let meant = self.keymap.action(key, self.focus);
        // A key that edits goes back into the editor that waits.
        let edits = || {
            let edit = self.keymap.action_in(key, Scope::Prompt);
            edit.filter(|action| self.ready && matches!(action, Action::Edit(_)))
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
