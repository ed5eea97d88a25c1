//! The chain: settings made ready for a vocabulary, run on the logits of each token.

use super::candidates::Candidates;
use super::stages::{self, Stage};
use super::{Context, Distribution, SamplerSettings, SettingsError, StageKind, Vocabulary};

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
            .chain([StageKind::Mirostat])
            .filter(|&kind| settings.is_active(kind))
            .map(|kind| Ok((kind, stages::compile(kind, settings, vocabulary)?)))
            .collect::<Result<_, SettingsError>>()?;
        Ok(Self {
            settings: settings.clone(),
            stages,
        })
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
