//! The chain: settings made ready for a vocabulary, run on the logits of each token.

use super::candidates::Candidates;
use super::stage::Stage;
use super::{
    Context, Distribution, OwnName, SamplerSettings, SettingsError, StageKind, Vocabulary,
};

/// Sampler settings compiled for one vocabulary: an ordered list of the stages that act.
///
/// Every stage sees the softmax over the tokens that are left when its turn comes, and none empties the set.
/// NaN logits count as −∞; tokens at −∞ are out from the start. If logits are +∞, only those tokens are in, all
/// alike; if all are −∞, all are in, all alike.
#[derive(Debug)]
pub struct Chain {
    settings: SamplerSettings,
    stages: Vec<(StageKind, Box<dyn Stage>)>,
}

impl Chain {
    /// Compiles the settings.
    ///
    /// # Errors
    /// When a setting is out of its range, or names a text or an id that the vocabulary does not have.
    pub fn new(
        settings: &SamplerSettings,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, SettingsError> {
        settings.validate()?;
        let stages = settings
            .order
            .iter()
            .copied()
            .chain(StageKind::LAST)
            .filter(|&kind| settings.is_active(kind))
            .filter_map(StageKind::descriptor)
            .map(|stage| Ok((stage.kind, (stage.compile)(settings, vocabulary)?)))
            .collect::<Result<_, SettingsError>>()?;
        Ok(Self {
            settings: settings.clone(),
            stages,
        })
    }

    /// The same chain with stages of one's own after it, in this order. Traces and explanations call each by the name
    /// that is given with it.
    #[must_use]
    pub fn with_stages(
        mut self,
        own: impl IntoIterator<Item = (&'static str, Box<dyn Stage>)>,
    ) -> Self {
        let own = own.into_iter();
        self.stages
            .extend(own.map(|(name, stage)| (StageKind::Own(OwnName(name)), stage)));
        self
    }

    /// The settings it was compiled from.
    pub fn settings(&self) -> &SamplerSettings {
        &self.settings
    }

    /// From the logits of a model, one per token of the vocabulary, to the distribution that is drawn from.
    ///
    /// # Panics
    /// If there are no logits.
    pub fn run(&self, logits: &[f32], context: &Context<'_>) -> Distribution {
        self.run_on(Candidates::new(logits, false), context)
    }

    /// As [`Self::run`], remembering for [`Distribution::cut_by`] and [`Distribution::changes`] which stage cut each
    /// token, and which changed its logit.
    ///
    /// # Panics
    /// If there are no logits.
    pub fn run_explained(&self, logits: &[f32], context: &Context<'_>) -> Distribution {
        self.run_on(Candidates::new(logits, true), context)
    }

    /// Why a stage could not do its work when the chain was last run on this text: it has cut nothing then.
    pub fn failure(&self, context: &Context<'_>) -> Option<String> {
        let mut failures = self.stages.iter();
        failures.find_map(|(_, stage)| stage.failure(context))
    }

    /// Whether a stage knows that the text is whole, so that nothing but its end may follow.
    pub fn is_over(&self, context: &Context<'_>) -> bool {
        self.stages.iter().any(|(_, stage)| stage.is_over(context))
    }

    fn run_on(&self, mut candidates: Candidates, context: &Context<'_>) -> Distribution {
        let trace = self
            .stages
            .iter()
            .map(|(kind, stage)| {
                candidates.begin(*kind);
                stage.apply(&mut candidates, context);
                candidates.end()
            })
            .collect();
        Distribution::new(candidates, trace)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stages::testing::{at, chain};
    use super::*;

    /// Keeps the tokens of even ids.
    #[derive(Debug)]
    struct Even;

    impl Stage for Even {
        fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
            candidates.cut(|token| token.id % 2 == 0);
        }
    }

    #[test]
    fn a_stage_of_ones_own_acts_after_the_others_and_is_traced() {
        let settings = SamplerSettings {
            top_k: 3,
            ..SamplerSettings::neutral()
        };
        let chain = chain(&settings).with_stages([("even", Box::new(Even) as Box<dyn Stage>)]);
        let explained = chain.run_explained(&[4.0, 3.0, 2.0, 1.0, 0.0], &at(&[]));
        let trace: Vec<_> = explained
            .trace()
            .iter()
            .map(|stage| (stage.stage.name(), stage.kept))
            .collect();
        assert_eq!(trace, [("top-k", 3), ("even", 2)]);
        assert_eq!(explained.cut_by(1), Some(StageKind::Own(OwnName("even"))));
        assert_eq!(explained.cut_by(4), Some(StageKind::TopK));
    }
}
