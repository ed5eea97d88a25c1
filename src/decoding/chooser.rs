//! Chooses a token from logits by the sampler chain and a seeded draw.

use super::sequence::token_odds_of;
use super::vocabulary::ModelVocabulary;
use super::{Adaptive, DecodingError, TokenDraw, TokenOdds, encode_prompt};
use crate::model::LoadedModel;
use crate::sampling::{
    Chain, Context, Distribution, Method, RawOdds, Running, SamplerSettings, StageKind, Uniforms,
};

/// A token that was chosen, with its odds and how it was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub id: u32,
    pub odds: TokenOdds,
    pub draw: TokenDraw,
}

/// The chain compiled for a model, and the uniform numbers of a seed.
pub struct Chooser {
    chain: Chain,
    uniforms: Uniforms,
    seed: u64,
    end_tokens: Vec<u32>,
    asked: Option<Asked>,
}

/// The second context that a chain goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// The model's own, after these tokens in place of the prompt; those of no negative prompt are none.
    Negative(Vec<u32>),
    /// The base model's, after the same text.
    Base,
}

/// The logits that predict a token.
#[derive(Debug, Clone, Copy)]
pub struct Logits<'a> {
    /// The model's own.
    pub own: &'a [f32],
    /// Those of [`super::Second`], where the chain asks for them.
    pub second: Option<&'a [f32]>,
}

impl<'a> From<&'a [f32]> for Logits<'a> {
    fn from(own: &'a [f32]) -> Self {
        Self { own, second: None }
    }
}

impl Chooser {
    /// Compiles `settings` for a model.
    ///
    /// # Errors
    /// When a setting is out of range, the negative prompt cannot be encoded, or there is no base model to take the
    /// difference from.
    pub fn new(
        loaded: &LoadedModel,
        settings: &SamplerSettings,
        seed: u64,
    ) -> Result<Self, DecodingError> {
        let asked = if settings.is_active(StageKind::Guidance) {
            let prompt = &settings.negative_prompt;
            let ids = if prompt.is_empty() {
                Vec::new()
            } else {
                encode_prompt(loaded, prompt)?
            };
            Some(Asked::Negative(ids))
        } else if settings.is_active(StageKind::Difference) {
            loaded.base.as_ref().ok_or(DecodingError::NoBase)?;
            Some(Asked::Base)
        } else {
            None
        };
        Ok(Self {
            asked,
            chain: Chain::new(settings, &ModelVocabulary(loaded))?,
            uniforms: Uniforms::new(seed),
            seed,
            end_tokens: loaded.model.info().end_tokens.clone(),
        })
    }

    /// The second context that the chain goes by.
    pub(super) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether the chain goes by a second context, which [`super::Second`] reads.
    pub fn needs_second(&self) -> bool {
        self.asked.is_some()
    }

    /// The settings that were compiled.
    pub fn settings(&self) -> &SamplerSettings {
        self.chain.settings()
    }

    /// The seed of the draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What a method that steers knows before the first token.
    pub fn start(&self) -> Running {
        Running::start(self.settings())
    }

    /// What it knows after a token was drawn.
    pub fn after(&self, running: Running, draw: &TokenDraw) -> Running {
        let before = draw.adaptive.map_or(draw.probability, |it| it.probability);
        running.after(self.settings(), draw.probability, before)
    }

    /// The uniform number for the token at `position`.
    pub fn uniform(&self, position: usize) -> f64 {
        self.uniforms.token(position)
    }

    /// Runs the chain on the logits that predict the token after `history`.
    ///
    /// # Errors
    /// When a stage could not do its work.
    pub fn distribution<'a>(
        &self,
        logits: impl Into<Logits<'a>>,
        history: &[u32],
        prompt_len: usize,
        running: Running,
        explain: bool,
    ) -> Result<Distribution, DecodingError> {
        let logits = logits.into();
        debug_assert_eq!(logits.second.is_some(), self.needs_second());
        let context = Context {
            second: logits.second,
            history,
            prompt_len,
            end_tokens: &self.end_tokens,
            xtc_u: self.uniforms.xtc(history.len()),
            running,
        };
        let distribution = if explain {
            self.chain.run_explained(logits.own, &context)
        } else {
            self.chain.run(logits.own, &context)
        };
        match self.chain.failure(&context) {
            Some(why) => Err(DecodingError::Grammar {
                position: history.len(),
                why,
            }),
            None => Ok(distribution),
        }
    }

    /// Whether the chain knows that the text is whole, so that nothing but its end may follow.
    pub fn is_over(&self, history: &[u32], prompt_len: usize) -> bool {
        self.chain.is_over(&Context {
            second: None,
            history,
            prompt_len,
            end_tokens: &self.end_tokens,
            xtc_u: 0.0,
            running: self.start(),
        })
    }

    /// The token that `u` picks, or the best one where the method does not draw.
    pub fn pick(&self, distribution: &Distribution, u: f64) -> u32 {
        if self.draws() {
            distribution.draw(u)
        } else {
            distribution.best()
        }
    }

    /// Chooses the token after `history`.
    ///
    /// # Errors
    /// When a stage could not do its work.
    pub fn choose<'a>(
        &self,
        logits: impl Into<Logits<'a>>,
        history: &[u32],
        prompt_len: usize,
        running: Running,
    ) -> Result<Choice, DecodingError> {
        let logits = logits.into();
        let distribution = self.distribution(logits, history, prompt_len, running, false)?;
        Ok(self.choose_from(&distribution, logits.own, history.len(), running))
    }

    /// Chooses the token at `position` from the distribution that the chain made of `logits`.
    pub(super) fn choose_from(
        &self,
        distribution: &Distribution,
        logits: &[f32],
        position: usize,
        running: Running,
    ) -> Choice {
        let u = self.uniform(position);
        let id = self.pick(distribution, u);
        Choice {
            id,
            odds: token_odds_of(&RawOdds::new(logits), logits, id),
            draw: self.draw_of(distribution, id, self.draws().then_some(u), running),
        }
    }

    /// The record of a draw from `distribution`.
    pub(super) fn draw_of(
        &self,
        distribution: &Distribution,
        id: u32,
        u: Option<f64>,
        running: Running,
    ) -> TokenDraw {
        TokenDraw {
            probability: distribution.probability(id),
            entropy: distribution.entropy(),
            u,
            mu: self.settings().method.is_mirostat().then_some(running.mu),
            adaptive: self.mean_of(running).map(|mean| Adaptive {
                mean,
                probability: distribution.probability_before(id).unwrap_or(0.0),
            }),
            candidates: Vec::new(),
            trace: distribution.trace().to_vec(),
        }
    }

    fn draws(&self) -> bool {
        self.settings().method.draws()
    }

    /// The mean, where the method goes by it.
    pub(super) fn mean_of(&self, running: Running) -> Option<f32> {
        (self.settings().method == Method::AdaptiveP).then_some(running.mean)
    }
}
