//! How a sentence across the top is meant, so that news does not look like a failure.

/// How a sentence is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something is as it was asked for.
    Done,
    /// Something that one should know.
    Remark,
    /// Something went wrong; it stays until somebody has seen it.
    Error,
}

impl Tone {
    /// The sign before the sentence.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Remark => "!",
            Self::Error => "✗",
        }
    }
}
