use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{FROM_0, whole};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::MinNewTokens,
    name: "min-new-tokens",
    short: "min-new-tokens",
    one_line: "Forbids the end token until enough was generated.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.min_new_tokens == 0,
    knobs: &[
        whole!(min_new_tokens, In(StageKind::MinNewTokens), from 0, slider to 200 step 1,
            neutral 0, FROM_0,
            "The end token is forbidden until this many tokens were generated; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(MinNewTokens(settings.min_new_tokens))),
};

/// Cuts the end tokens while fewer tokens than this were generated. A model without end tokens, or with no other
/// token left, is not touched.
///
/// Source: transformers' `MinNewTokensLengthLogitsProcessor`.
#[derive(Debug)]
pub(super) struct MinNewTokens(pub usize);

impl Stage for MinNewTokens {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        if context.generated() < self.0 {
            candidates.forbid(context.end_tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::{Context, SamplerSettings};

    #[test]
    fn the_end_token_is_out_until_enough_was_generated() {
        let chain = chain(&SamplerSettings {
            min_new_tokens: 2,
            ..SamplerSettings::neutral()
        });
        let kept = |history: &[u32], end_tokens: &[u32]| {
            let context = Context {
                second: None,
                prompt_len: 3,
                end_tokens,
                ..at(history)
            };
            chain.run(&[0.0, 9.0, 0.0], &context).kept()
        };
        assert_eq!(kept(&[0, 0, 0], &[1]), 2);
        assert_eq!(kept(&[0, 0, 0, 2], &[1]), 2);
        assert_eq!(kept(&[0, 0, 0, 2, 2], &[1]), 3);
        assert_eq!(kept(&[0, 0, 0], &[]), 3);
        // An end token beyond the vocabulary forbids nothing.
        assert_eq!(kept(&[0, 0, 0], &[99]), 3);
    }
}
