use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{FROM_0, whole};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::NoRepeatNgram,
    name: "no-repeat-ngram",
    short: "no-repeat-ngram",
    one_line: "Forbids any run of n tokens that the text already holds.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.no_repeat_ngram == 0,
    knobs: &[
        whole!(no_repeat_ngram, In(StageKind::NoRepeatNgram), from 0, slider to 10 step 1,
            neutral 0, FROM_0,
            "No run of this many tokens may come twice; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(NoRepeatNgram(settings.no_repeat_ngram))),
};

/// Cuts every token that would complete a run of n tokens which the text, prompt included, already holds. If this
/// would cut all, it cuts none.
///
/// Source: transformers' `NoRepeatNGramLogitsProcessor`.
#[derive(Debug)]
pub(super) struct NoRepeatNgram(pub usize);

impl Stage for NoRepeatNgram {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let Some(start) = (context.history.len() + 1).checked_sub(self.0) else {
            return;
        };
        let begun = &context.history[start..];
        let repeats = context
            .history
            .windows(self.0)
            .filter(|ngram| ngram.starts_with(begun));
        let forbidden: Vec<u32> = repeats.filter_map(|ngram| ngram.last().copied()).collect();
        candidates.forbid(&forbidden);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    fn cut(n: usize, history: &[u32]) -> Vec<u32> {
        let chain = chain(&SamplerSettings {
            no_repeat_ngram: n,
            ..SamplerSettings::neutral()
        });
        let result = chain.run(&[0.0; 6], &at(history));
        (0..6).filter(|&id| result.probability(id) == 0.0).collect()
    }

    #[test]
    fn what_would_repeat_is_cut() {
        assert_eq!(cut(2, &[0, 1, 2, 0, 3, 0]), [1, 3]);
        assert_eq!(cut(3, &[0, 1, 2, 0, 1]), [2]);
        assert!(cut(3, &[0, 1, 2, 0, 0]).is_empty());
        assert_eq!(cut(1, &[4, 4, 2]), [2, 4]);
        assert_eq!(cut(2, &[5, 5]), [5]);
    }

    #[test]
    fn a_text_too_short_cuts_nothing() {
        assert!(cut(4, &[]).is_empty());
        assert!(cut(4, &[1, 2]).is_empty());
        assert!(cut(4, &[1, 1, 1]).is_empty());
    }

    #[test]
    fn forbidding_all_forbids_none() {
        assert!(cut(1, &[0, 1, 2, 3, 4, 5]).is_empty());
    }
}
