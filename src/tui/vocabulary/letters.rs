//! What a key that types a character does on the Play screen. The keymap, the footer and the help page share this rule, so
//! that a text that is typed or pasted never starts, ends or overwrites anything.

use super::keys::Key;

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
