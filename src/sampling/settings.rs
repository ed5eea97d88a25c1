//! What a user can set about sampling. Every field's neutral value switches its stage off.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the next token is chosen from the distribution that the chain leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Draw one token by the final probabilities.
    #[default]
    Sample,
    /// Take the most probable token after the chain.
    Greedy,
    /// Mirostat v1: keep as many as Zipf's law allows for a target surprisal.
    MirostatV1,
    /// Mirostat v2: cut by surprisal so that the text keeps a target surprisal.
    MirostatV2,
    /// Favour tokens near a probability that keeps the text at a target mean.
    AdaptiveP,
    /// Keep the `num_beams` most probable continuations.
    Beam,
    /// Contrastive search: probability minus a penalty for likeness to what was said.
    Contrastive,
}

/// One stage of the chain. A stage's settings live in [`SamplerSettings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageKind {
    /// Classifier-free guidance by a negative prompt.
    Guidance,
    /// The difference between the model and its base, turned up or down.
    Difference,
    /// A regular expression, a JSON schema or a grammar.
    Grammar,
    LogitBias,
    Banned,
    MinNewTokens,
    NoRepeatNgram,
    /// Repetition penalty (divides or multiplies).
    Repetition,
    /// Frequency and presence penalty (subtract), one stage as in llama.cpp.
    FrequencyPresence,
    Dry,
    TopNSigma,
    MinK,
    Temperature,
    /// Temperature that follows the entropy; takes the place of [`Self::Temperature`].
    DynamicTemperature,
    /// Quadratic smoothing.
    Smoothing,
    TopH,
    TopK,
    TypicalP,
    TopP,
    MinP,
    PLess,
    EpsilonCutoff,
    EtaCutoff,
    Xtc,
    /// The cut of [`Method::MirostatV1`] and [`Method::MirostatV2`]. It comes last, takes the place of the stages that
    /// truncate, and cannot be listed in an order.
    Mirostat,
    /// The bend of [`Method::AdaptiveP`]. It comes last and cannot be listed in an order.
    AdaptiveP,
    /// One of [`super::Chain::with_stages`], by the name that it was given. Settings cannot ask for it, and no file holds
    /// it.
    #[serde(skip)]
    Own(OwnName),
}

/// What a stage of one's own is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnName(pub &'static str);

/// Everything a user can set about sampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplerSettings {
    pub method: Method,
    /// The order in which stages run. A stage that is not listed does not run.
    pub order: Vec<StageKind>,
    /// Stages switched off while their settings are kept.
    pub disabled: Vec<StageKind>,
    /// Divides the logits. 1 is neutral; 0 means greedy.
    pub temperature: f32,
    /// Dynamic temperature: how far it moves from `temperature` with the entropy. 0 is off.
    pub dynatemp_range: f32,
    /// Dynamic temperature: the normalised entropy is raised to this power.
    pub dynatemp_exponent: f32,
    /// Quadratic smoothing: how steeply logits fall. 0 is off.
    pub smoothing_factor: f32,
    /// Quadratic smoothing: from the square alone (1) to the cube alone (3).
    pub smoothing_curve: f32,
    /// Keep the `top_k` most probable tokens. 0 is off.
    pub top_k: usize,
    /// Keep the smallest set whose mass reaches `top_p`. 1 is off.
    pub top_p: f32,
    /// Keep tokens at least `min_p` times as probable as the best. 0 is off.
    pub min_p: f32,
    /// Keep tokens at least `p_less` times as probable as Σ p². 0 is off.
    pub p_less: f32,
    /// Keep the head whose entropy is at most this share of the whole. 0 is off.
    pub top_h: f32,
    /// Keep the most typical mass. 1 is off.
    pub typical_p: f32,
    /// Cut tokens below this probability. 0 is off.
    pub epsilon_cutoff: f32,
    /// Eta sampling's cutoff. 0 is off.
    pub eta_cutoff: f32,
    /// Keep logits within `top_n_sigma` standard deviations of the best. 0 is off.
    pub top_n_sigma: f32,
    /// Cut at the steepest fall of the sorted logits, but keep this over their range. 0 is off.
    pub min_k: f32,
    /// Chance that XTC acts on a token. 0 is off.
    pub xtc_probability: f32,
    /// XTC: all but the least probable token above this are cut.
    pub xtc_threshold: f32,
    /// DRY: strength. 0 is off.
    pub dry_multiplier: f32,
    /// DRY: the penalty grows by this factor with every token that a repeat is longer.
    pub dry_base: f32,
    /// DRY: repeats shorter than this cost nothing.
    pub dry_allowed_length: usize,
    /// DRY: how many of the last tokens are searched for repeats. 0 is all.
    pub dry_window: usize,
    /// DRY: texts across which no repeat is followed.
    pub dry_breakers: Vec<String>,
    /// Divides positive and multiplies negative logits of tokens already seen. 1 is off.
    pub repetition_penalty: f32,
    /// Subtracted once per occurrence. 0 is off.
    pub frequency_penalty: f32,
    /// Subtracted once if the token occurred. 0 is off.
    pub presence_penalty: f32,
    /// How many of the last tokens the three penalties look at. 0 is all.
    pub penalty_window: usize,
    /// Forbid repeating any n-gram of this length. 0 is off.
    pub no_repeat_ngram: usize,
    /// Added to logits; −∞ forbids. Keys are token texts, or `#` and a token id. A text of several tokens is
    /// biased at its last one.
    pub logit_bias: BTreeMap<String, f32>,
    /// Texts that must not be completed, as written and with a space before them.
    pub banned: Vec<String>,
    /// The end token is forbidden until this many tokens were generated. 0 is off.
    pub min_new_tokens: usize,
    /// How far the prompt is followed against the negative one. 1 is off.
    pub guidance_scale: f32,
    /// What guidance leads away from; empty for the last token of the prompt.
    pub negative_prompt: String,
    /// How much of the way from the base model to this one. 1 is off.
    pub difference_weight: f32,
    /// A regular expression that the text after the prompt must match as a whole; empty is off.
    pub grammar_regex: String,
    /// The JSON schema of a value that it must be; empty is off.
    pub grammar_json_schema: String,
    /// A grammar that it must keep to, in Lark's syntax; empty is off.
    pub grammar_lark: String,
    /// Mirostat: target surprisal in bits.
    pub mirostat_tau: f32,
    /// Mirostat: learning rate.
    pub mirostat_eta: f32,
    /// Adaptive-p: target mean of the drawn tokens' probabilities.
    pub adaptive_target: f32,
    /// Adaptive-p: what is left of a token's weight in the mean after each further one.
    pub adaptive_decay: f32,
    /// Beam search: how many beams.
    pub num_beams: usize,
    /// Beam search: scores are divided by length to this power.
    pub length_penalty: f32,
    /// Contrastive search: how many candidates.
    pub contrastive_k: usize,
    /// Contrastive search: weight of the degeneration penalty.
    pub contrastive_alpha: f32,
}

impl SamplerSettings {
    /// Every stage off: the distribution is the softmax of the logits. Settings that only refine a stage keep the
    /// value that is sensible once the stage is on.
    pub fn neutral() -> Self {
        Self {
            method: Method::Sample,
            order: StageKind::ALL.to_vec(),
            disabled: Vec::new(),
            temperature: 1.0,
            dynatemp_range: 0.0,
            dynatemp_exponent: 1.0,
            smoothing_factor: 0.0,
            smoothing_curve: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            p_less: 0.0,
            top_h: 0.0,
            typical_p: 1.0,
            epsilon_cutoff: 0.0,
            eta_cutoff: 0.0,
            top_n_sigma: 0.0,
            min_k: 0.0,
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            dry_multiplier: 0.0,
            dry_base: 1.75,
            dry_allowed_length: 2,
            dry_window: 0,
            dry_breakers: ["\n", ":", "\"", "*"].map(str::to_owned).to_vec(),
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            penalty_window: 64,
            no_repeat_ngram: 0,
            logit_bias: BTreeMap::new(),
            banned: Vec::new(),
            min_new_tokens: 0,
            guidance_scale: 1.0,
            negative_prompt: String::new(),
            difference_weight: 1.0,
            grammar_regex: String::new(),
            grammar_json_schema: String::new(),
            grammar_lark: String::new(),
            mirostat_tau: 5.0,
            mirostat_eta: 0.1,
            adaptive_target: 0.5,
            adaptive_decay: 0.9,
            num_beams: 5,
            length_penalty: 1.0,
            contrastive_k: 5,
            contrastive_alpha: 0.6,
        }
    }
}

/// A sampler setting out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} = {value}: {expected}")]
pub struct SettingsError {
    /// The setting's name as in the configuration file.
    pub field: &'static str,
    pub value: String,
    /// What would be accepted, as a sentence fragment.
    pub expected: Cow<'static, str>,
}
