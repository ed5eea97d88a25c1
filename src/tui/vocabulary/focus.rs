//! The screens, and the panes of Play.

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Play,
    Train,
    Compare,
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

    /// The same in one word, for files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Text => "text",
            Self::Next => "next-token",
            Self::Tokens => "tokens",
            Self::Knobs => "sampler",
            Self::Why => "why",
        }
    }

    /// The pane that such a word means.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pane| pane.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_s_word_is_its_name() {
        for pane in Focus::ALL {
            let word = pane.name().to_lowercase().replace(' ', "-");
            assert_eq!(pane.word(), word);
            assert_eq!(Focus::of_word(&word), Some(pane));
        }
    }
}
