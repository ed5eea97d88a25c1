//! The screens, and the panes of Play.

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Play,
    Train,
}

/// The panes, in the order in which the focus goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Focus {
    Prompt,
    Text,
    Next,
    Tokens,
    Knobs,
    Why,
}

impl Focus {
    pub const ALL: [Self; 6] = [
        Self::Prompt,
        Self::Text,
        Self::Next,
        Self::Tokens,
        Self::Knobs,
        Self::Why,
    ];

    /// The pane some places further round.
    pub fn moved(self, places: isize) -> Self {
        let count = Self::ALL.len() as isize;
        Self::ALL[(self as isize + places).rem_euclid(count) as usize]
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prompt => "Prompt",
            Self::Text => "Text",
            Self::Next => "Next token",
            Self::Tokens => "Tokens",
            Self::Knobs => "Sampler",
            Self::Why => "Why",
        }
    }
}
