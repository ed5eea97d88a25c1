//! What a stage says of itself: everything that help, lists, sliders and the chain need to know of it, in its own file.

use super::knob::Knob;
use super::stage::Stage;
use super::{SamplerSettings, SettingsError, StageKind, Vocabulary};

/// What a stage does to the tokens in the running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes the logits of all tokens by one rule.
    ChangesAll,
    /// It changes the logits of all tokens, each by its own amount, and by no scale that would mean something.
    Mixes,
    /// It changes the logits of tokens that it picks out, or forbids them.
    ChangesSome,
    /// It cuts tokens by their odds, so that mirostat takes its place.
    Cuts,
}

/// A stage that [`SamplerSettings`] can ask for.
pub struct Descriptor {
    pub kind: StageKind,
    /// The name in the configuration file.
    pub name: &'static str,
    /// The same where there is little room.
    pub short: &'static str,
    /// Why one would use it, in one sentence.
    pub one_line: &'static str,
    pub effect: Effect,
    /// The scalar settings that are its own.
    pub knobs: &'static [Knob],
    /// Whether settings are such that it would change nothing.
    pub(super) is_neutral: fn(&SamplerSettings) -> bool,
    /// The stage made ready for a vocabulary.
    pub(super) compile: Compile,
}

/// Makes a stage of settings; an error where they name a text or an id that the vocabulary lacks.
pub(super) type Compile =
    fn(&SamplerSettings, &dyn Vocabulary) -> Result<Box<dyn Stage>, SettingsError>;
