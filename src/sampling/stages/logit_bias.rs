use super::phrase::Phrase;
use crate::sampling::{
    Candidates, Context, Descriptor, Effect, SamplerSettings, SettingsError, Stage, StageKind,
    Vocabulary,
};

const FIELD: &str = "logit_bias";

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::LogitBias,
    name: "logit-bias",
    short: "bias",
    one_line: "Makes chosen tokens likelier or unlikelier by adding to their logits.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.logit_bias.is_empty(),
    knobs: &[],
    compile: |settings, vocabulary| Ok(Box::new(LogitBias::new(settings, vocabulary)?)),
};

/// l ← l + bias for the last token of each sequence, where the text ends in the tokens before it; a single token is
/// always biased. Biases that meet on one token add up. A bias of −∞ cuts the token, unless this would cut all.
///
/// Source: transformers' `SequenceBiasLogitsProcessor`. (There, a sequence longer than the text is left out; here, a
/// text that is exactly the sequence's beginning counts.)
#[derive(Debug)]
pub(super) struct LogitBias {
    biases: Vec<(Phrase, f32)>,
}

impl LogitBias {
    pub fn new(
        settings: &SamplerSettings,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, SettingsError> {
        let biases = settings
            .logit_bias
            .iter()
            .map(|(key, &bias)| Ok((sequence(key, vocabulary)?, bias)))
            .collect::<Result<_, _>>()?;
        Ok(Self { biases })
    }
}

/// `#` and digits is an id; all else, `#` alone included, is a text.
fn sequence(key: &str, vocabulary: &dyn Vocabulary) -> Result<Phrase, SettingsError> {
    let digits = key
        .strip_prefix('#')
        .filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    let Some(digits) = digits else {
        return Phrase::of_text(FIELD, key, vocabulary);
    };
    match digits.parse::<u32>() {
        Ok(last) if (last as usize) < vocabulary.size() => Ok(Phrase {
            prefix: Vec::new(),
            last,
        }),
        _ => Err(SettingsError {
            field: FIELD,
            value: format!("{key:?}"),
            expected: "the id must be one of the model's vocabulary".into(),
        }),
    }
}

impl Stage for LogitBias {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let due = || {
            self.biases
                .iter()
                .filter(|(sequence, _)| sequence.is_due(context.history))
        };
        let forbidden: Vec<u32> = due()
            .filter(|(_, bias)| *bias == f32::NEG_INFINITY)
            .map(|(sequence, _)| sequence.last)
            .collect();
        candidates.forbid(&forbidden);
        for (sequence, bias) in due().filter(|(_, bias)| bias.is_finite()) {
            candidates.change(sequence.last, |logit| logit + bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Letters, at, chain, probabilities, softmax};
    use super::*;
    use crate::sampling::{Chain, StageKind};

    fn biased(entries: &[(&str, f32)]) -> SamplerSettings {
        SamplerSettings {
            logit_bias: entries
                .iter()
                .map(|&(key, bias)| (key.to_owned(), bias))
                .collect(),
            ..SamplerSettings::neutral()
        }
    }

    const LOGITS: [f32; 4] = [1.0, 2.0, 0.5, -1.0];

    #[test]
    fn texts_and_ids_meet_and_add_up() {
        let result =
            chain(&biased(&[("b", 0.5), ("#1", 0.25), ("d", -2.0)])).run(&LOGITS, &at(&[]));
        assert_eq!(probabilities(&result, 4), softmax(&[1.0, 2.75, 0.5, -3.0]));
    }

    #[test]
    fn a_text_of_several_tokens_is_biased_where_it_would_be_completed() {
        let chain = chain(&biased(&[("abc", 3.0)]));
        let elsewhere = chain.run(&LOGITS, &at(&[0, 1, 1]));
        assert_eq!(probabilities(&elsewhere, 4), softmax(&LOGITS));
        let due = chain.run(&LOGITS, &at(&[3, 0, 1]));
        assert_eq!(probabilities(&due, 4), softmax(&[1.0, 2.0, 3.5, -1.0]));
    }

    #[test]
    fn minus_infinity_cuts_unless_it_would_cut_all() {
        let none = f32::NEG_INFINITY;
        let one = chain(&biased(&[("b", none)])).run_explained(&LOGITS, &at(&[]));
        assert_eq!((one.kept(), one.cut_by(1)), (3, Some(StageKind::LogitBias)));
        let all = [("a", none), ("b", none), ("c", none), ("d", none)];
        assert_eq!(chain(&biased(&all)).run(&LOGITS, &at(&[])).kept(), 4);
    }

    #[test]
    fn keys_that_the_vocabulary_lacks_are_errors() {
        for key in ["#26", "#99999999999999", "É"] {
            let error = Chain::new(&biased(&[(key, 1.0)]), &Letters(26)).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("logit_bias = {key:?}: the ")),
                "{error}"
            );
        }
    }
}
