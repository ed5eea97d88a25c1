use std::collections::HashMap;

use super::dry_breakers::Breakers;
use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{FROM_0, real, whole};
use crate::sampling::{
    Candidates, Context, Descriptor, Effect, SamplerSettings, Stage, StageKind, Vocabulary,
};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Dry,
    name: "dry",
    short: "dry",
    one_line: "Lowers tokens that would prolong a repeat, more the longer it is.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.dry_multiplier == 0.0,
    knobs: &[
        real!(dry_multiplier, In(StageKind::Dry), 0.0 ..= 100.0, slider 0.0 ..= 5.0 step 0.1,
            neutral 0.0, "a number from 0 to 100",
            "How hard tokens that prolong a repeat are lowered; 0 is off."),
        real!(dry_base, In(StageKind::Dry), 1.0 ..= 100.0, slider 1.0 ..= 4.0 step 0.05,
            neutral 1.75, "a number from 1 to 100",
            "By what factor the penalty grows with each token that a repeat is longer."),
        whole!(dry_allowed_length, In(StageKind::Dry), from 0, slider to 20 step 1,
            neutral 2, FROM_0,
            "Repeats shorter than this cost nothing."),
        whole!(dry_window, In(StageKind::Dry), from 0, slider to 1024 step 16,
            neutral 0, FROM_0,
            "How many of the last tokens are searched for repeats; 0 is all."),
    ],
    compile: |settings, vocabulary| Ok(Box::new(Dry::new(settings, vocabulary))),
};

/// "Don't repeat yourself": l ← l − multiplier · base^(n − allowed) for each token that would prolong a repeat. n is
/// the length of the longest run of tokens at the end of the text that also stands earlier in the last `window`
/// tokens, where that token follows it; runs shorter than `allowed` cost nothing.
///
/// A run does not reach back across a breaker. A token that itself holds a breaker is not penalised.
///
/// Source: llama.cpp's `dry` sampler, after p-e-w's DRY for text-generation-webui.
#[derive(Debug)]
pub(super) struct Dry {
    multiplier: f32,
    base: f32,
    allowed: usize,
    /// 0 is the whole text.
    window: usize,
    breakers: Breakers,
}

impl Dry {
    pub fn new(settings: &SamplerSettings, vocabulary: &dyn Vocabulary) -> Self {
        Self {
            multiplier: settings.dry_multiplier,
            base: settings.dry_base,
            allowed: settings.dry_allowed_length,
            window: settings.dry_window,
            breakers: Breakers::new(&settings.dry_breakers, vocabulary),
        }
    }

    /// Length of the longest run that each token would prolong.
    fn runs(&self, recent: &[u32]) -> HashMap<u32, usize> {
        let mut longest = HashMap::new();
        let limit = self.breakers.tokens_since(recent);
        if recent.len() <= self.allowed || limit < self.allowed {
            return longest;
        }
        let backwards: Vec<u32> = recent.iter().rev().copied().collect();
        for (back, length) in common_prefixes(&backwards).into_iter().enumerate().skip(1) {
            let length = length.min(limit);
            if length >= self.allowed {
                let run = longest.entry(backwards[back - 1]).or_insert(length);
                *run = length.max(*run);
            }
        }
        longest
    }
}

impl Stage for Dry {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        for (id, length) in self.runs(context.recent(self.window)) {
            if !self.breakers.holds_one(id) {
                let penalty = self.multiplier * self.base.powf((length - self.allowed) as f32);
                candidates.change(id, |logit| logit - penalty);
            }
        }
    }
}

/// For every place the length of the longest common prefix of the text from there on with the whole text (the
/// Z-function). Linear time: `[left, right)` is the match reaching furthest, within which lengths are known already.
fn common_prefixes(text: &[u32]) -> Vec<usize> {
    let mut lengths = vec![0; text.len()];
    let (mut left, mut right) = (0, 0);
    for start in 1..text.len() {
        let mut length = if start < right {
            lengths[start - left].min(right - start)
        } else {
            0
        };
        while start + length < text.len() && text[length] == text[start + length] {
            length += 1;
        }
        lengths[start] = length;
        if start + length > right {
            (left, right) = (start, start + length);
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use super::*;
    use crate::sampling::StageKind;

    fn settings() -> SamplerSettings {
        SamplerSettings {
            dry_multiplier: 0.5,
            dry_base: 2.0,
            dry_allowed_length: 2,
            dry_breakers: vec!["f".to_owned()],
            ..SamplerSettings::neutral()
        }
    }

    /// What is taken from each of 6 logits.
    fn penalties(settings: &SamplerSettings, history: &[u32]) -> Vec<f32> {
        let result = chain(settings).run(&[0.0; 6], &at(history));
        let probabilities = probabilities(&result, 6);
        let unpenalised = probabilities.iter().copied().fold(0.0, f32::max);
        probabilities
            .iter()
            .map(|p| ((unpenalised / p).ln() * 1e4).round() / 1e4)
            .collect()
    }

    #[test]
    fn prefixes_are_those_found_by_comparing() {
        let text: Vec<u32> = (0..200).map(|i| (i * i % 7 + i / 50) % 3).collect();
        for (start, length) in common_prefixes(&text).into_iter().enumerate().skip(1) {
            let expected = text
                .iter()
                .zip(&text[start..])
                .take_while(|(a, b)| a == b)
                .count();
            assert_eq!(length, expected, "{start}");
        }
        assert!(common_prefixes(&[]).is_empty());
    }

    #[test]
    fn longer_repeats_cost_more() {
        assert_eq!(
            penalties(&settings(), &[0, 1, 4, 2, 0, 1]),
            [0.0, 0.0, 0.0, 0.0, 0.5, 0.0]
        );
        assert_eq!(
            penalties(&settings(), &[3, 0, 1, 4, 2, 3, 0, 1]),
            [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        );
        assert_eq!(penalties(&settings(), &[1, 4, 2, 1]), [0.0; 6]);
    }

    #[test]
    fn the_longest_of_several_repeats_counts() {
        let history = [0, 1, 4, 3, 0, 1, 4, 2, 3, 0, 1];
        assert_eq!(
            penalties(&settings(), &history),
            [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        );
    }

    #[test]
    fn breakers_end_a_run_and_go_free() {
        // The run 5 0 1 reaches over the breaker f = 5: only 0 1 counts.
        assert_eq!(
            penalties(&settings(), &[5, 0, 1, 4, 2, 5, 0, 1]),
            [0.0, 0.0, 0.0, 0.0, 0.5, 0.0]
        );
        assert_eq!(penalties(&settings(), &[5, 1, 4, 2, 5, 1]), [0.0; 6]);
        assert_eq!(penalties(&settings(), &[0, 1, 5, 2, 0, 1]), [0.0; 6]);
    }

    #[test]
    fn only_the_window_is_searched() {
        let windowed = SamplerSettings {
            dry_window: 4,
            ..settings()
        };
        assert_eq!(penalties(&windowed, &[0, 1, 4, 2, 0, 1]), [0.0; 6]);
        let wider = SamplerSettings {
            dry_window: 6,
            ..settings()
        };
        assert_ne!(penalties(&wider, &[0, 1, 4, 2, 0, 1]), [0.0; 6]);
    }

    #[test]
    fn what_it_takes_is_told_with_the_odds_before_and_after() {
        let settings = SamplerSettings {
            temperature: 0.5,
            ..settings()
        };
        let logits = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let result = chain(&settings).run_explained(&logits, &at(&[0, 1, 4, 2, 0, 1]));
        let changes = result.changes(4);
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.stage, change.before, change.after))
            .collect();
        assert_eq!(
            told,
            [
                (StageKind::Dry, 1.0, 0.5),
                (StageKind::Temperature, 0.5, 1.0)
            ]
        );
        let odds = |logit: f32| logit.exp() / (logit.exp() + 5.0);
        assert!((changes[0].probability_before - odds(1.0)).abs() < 1e-6);
        assert!((changes[0].probability_after - odds(0.5)).abs() < 1e-6);
        assert_eq!(changes[0].amount(), -0.5);
        assert_eq!(result.changes(0), [], "0 divided by anything is 0");
    }

    #[test]
    fn an_endless_repeat_stays_a_number() {
        let result = chain(&settings()).run(&[9.0, 0.0], &at(&[0; 3000]));
        assert_eq!(probabilities(&result, 2), softmax(&[f32::MIN, 0.0]));
    }
}
