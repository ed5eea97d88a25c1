use super::phrase::Phrase;
use crate::sampling::{
    Candidates, Context, Descriptor, Effect, SamplerSettings, SettingsError, Stage, StageKind,
    Vocabulary,
};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Banned,
    name: "banned",
    short: "banned",
    one_line: "Keeps chosen texts from being completed.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.banned.is_empty(),
    knobs: &[],
    compile: |settings, vocabulary| Ok(Box::new(Banned::new(settings, vocabulary)?)),
};

/// Cuts the last token of each banned sequence, where the text ends in the tokens before it. If this would cut all,
/// it cuts none. Each text is banned as written and with a space before it, since tokenizers like GPT-2's have
/// tokens of their own for a word within a text. It is the tokenizer's way to write the text that is banned: a model
/// may still come to the same text by other tokens.
///
/// Source: transformers' `NoBadWordsLogitsProcessor`, fed as its documentation advises.
#[derive(Debug)]
pub(super) struct Banned {
    sequences: Vec<Phrase>,
}

impl Banned {
    pub fn new(
        settings: &SamplerSettings,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, SettingsError> {
        let mut sequences = Vec::new();
        for text in &settings.banned {
            sequences.push(Phrase::of_text("banned", text, vocabulary)?);
            if !text.starts_with(char::is_whitespace) {
                // A vocabulary without spaces has no such form to ban.
                sequences.extend(Phrase::of_text("banned", &format!(" {text}"), vocabulary).ok());
            }
        }
        sequences.sort_unstable();
        sequences.dedup();
        Ok(Self { sequences })
    }
}

impl Stage for Banned {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let due = self
            .sequences
            .iter()
            .filter(|sequence| sequence.is_due(context.history));
        let forbidden: Vec<u32> = due.map(|sequence| sequence.last).collect();
        candidates.forbid(&forbidden);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use super::*;
    use crate::sampling::StageKind;

    fn banning(texts: &[&str]) -> SamplerSettings {
        SamplerSettings {
            banned: texts.iter().map(|&text| text.to_owned()).collect(),
            ..SamplerSettings::neutral()
        }
    }

    #[test]
    fn a_text_cannot_be_completed() {
        let chain = chain(&banning(&["abc"]));
        let begun = chain.run_explained(&[0.0; 4], &at(&[3, 0, 1]));
        assert_eq!(
            (begun.kept(), begun.cut_by(2)),
            (3, Some(StageKind::Banned))
        );
        assert_eq!(chain.run(&[0.0; 4], &at(&[0, 1, 1])).kept(), 4);
        assert_eq!(chain.run(&[0.0; 4], &at(&[])).kept(), 4);
    }

    #[test]
    fn the_form_with_a_space_is_banned_too() {
        // " ab" is one token of the test vocabulary.
        let result = chain(&banning(&["ab"])).run(&[0.0; 28], &at(&[]));
        assert_eq!((result.kept(), result.probability(27)), (27, 0.0));
    }

    #[test]
    fn banning_everything_bans_nothing() {
        assert_eq!(
            chain(&banning(&["a", "b"])).run(&[0.0; 2], &at(&[])).kept(),
            2
        );
    }
}
