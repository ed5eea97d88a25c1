//! A regular expression, a JSON schema or a grammar that the text keeps to.

#[cfg(feature = "grammar")]
mod guided;
#[cfg(feature = "grammar")]
mod reading;
#[cfg(feature = "grammar")]
mod sentence;
#[cfg(all(test, feature = "grammar"))]
mod tests;
#[cfg(feature = "grammar")]
mod words;

use std::borrow::Cow;

use crate::sampling::{Descriptor, Effect, SamplerSettings, SettingsError, StageKind, Vocabulary};
#[cfg(feature = "grammar")]
use guided::compile;

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Grammar,
    name: "grammar",
    short: "grammar",
    one_line: "Forbids what leads out of a regular expression, a JSON schema or a Lark grammar.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| Source::of(settings).is_none(),
    knobs: &[],
    compile,
};

/// What the text after the prompt must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    Regex(&'a str),
    JsonSchema(&'a str),
    Lark(&'a str),
}

impl<'a> Source<'a> {
    /// Those that are set; [`SamplerSettings::validate`] sees to it that there is no second one.
    pub fn all(settings: &'a SamplerSettings) -> impl Iterator<Item = Self> {
        [
            Self::Regex(&settings.grammar_regex),
            Self::JsonSchema(&settings.grammar_json_schema),
            Self::Lark(&settings.grammar_lark),
        ]
        .into_iter()
        .filter(|source| !source.text().is_empty())
    }

    /// The one that is set.
    pub fn of(settings: &'a SamplerSettings) -> Option<Self> {
        Self::all(settings).next()
    }

    /// The setting that it comes from.
    pub fn field(self) -> &'static str {
        match self {
            Self::Regex(_) => "grammar_regex",
            Self::JsonSchema(_) => "grammar_json_schema",
            Self::Lark(_) => "grammar_lark",
        }
    }

    /// As it was written.
    pub fn text(self) -> &'a str {
        match self {
            Self::Regex(text) | Self::JsonSchema(text) | Self::Lark(text) => text,
        }
    }

    /// An error that names it.
    pub fn refused(self, expected: String) -> SettingsError {
        // A schema can be long, and the sentence says where in it.
        let text = self.text();
        let shown: String = text.chars().take(MOST_SHOWN).collect();
        let more = if shown.len() < text.len() { "…" } else { "" };
        SettingsError {
            field: self.field(),
            value: format!("{:?}", shown + more),
            expected: expected.into(),
        }
    }
}

impl SamplerSettings {
    /// Whether the grammar is one, as far as can be said without a vocabulary.
    ///
    /// # Errors
    /// With what is wrong with it, and where.
    pub fn check_grammar(&self) -> Result<(), SettingsError> {
        match Source::of(self) {
            Some(_) => compile(self, &Bytes).map(drop),
            None => Ok(()),
        }
    }
}

/// The vocabulary that can write every text: a token a byte.
struct Bytes;

impl Vocabulary for Bytes {
    fn size(&self) -> usize {
        256
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        char::from(id as u8).to_string().into()
    }

    fn bytes(&self, id: u32) -> Cow<'_, [u8]> {
        vec![id as u8].into()
    }
}

/// Characters of a grammar that an error repeats.
const MOST_SHOWN: usize = 40;

#[cfg(not(feature = "grammar"))]
fn compile(
    settings: &SamplerSettings,
    _: &dyn Vocabulary,
) -> Result<Box<dyn crate::sampling::Stage>, SettingsError> {
    let message = "this build has no grammars: build it with the feature `grammar`".to_owned();
    let source = Source::of(settings).unwrap_or(Source::Lark(""));
    Err(source.refused(message))
}
