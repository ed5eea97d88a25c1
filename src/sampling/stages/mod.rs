//! The stages of the chain, one file each. A doc comment names the source and the formula.
//!
//! In the formulas l is a token's logit and p its probability, both among the tokens that are left when the stage's
//! turn comes.

mod banned;
mod dry;
mod dry_breakers;
mod epsilon_cutoff;
mod eta_cutoff;
mod frequency_presence;
mod logit_bias;
mod min_new_tokens;
mod min_p;
mod mirostat;
mod no_repeat_ngram;
mod repetition;
mod sequence;
mod temperature;
mod top_k;
mod top_n_sigma;
mod top_p;
mod typical_p;
mod xtc;

#[cfg(test)]
mod testing;

use super::candidates::Candidates;
use super::{Context, SamplerSettings, SettingsError, StageKind, Vocabulary};

pub use mirostat::{initial_mu, next_mu};

/// One stage with its settings.
pub(super) trait Stage: std::fmt::Debug + Send + Sync {
    /// Changes logits, or cuts tokens, but never all.
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>);
}

/// A stage made ready.
pub(super) fn compile(
    kind: StageKind,
    settings: &SamplerSettings,
    vocabulary: &dyn Vocabulary,
) -> Result<Box<dyn Stage>, SettingsError> {
    Ok(match kind {
        StageKind::LogitBias => Box::new(logit_bias::LogitBias::new(settings, vocabulary)?),
        StageKind::Banned => Box::new(banned::Banned::new(settings, vocabulary)?),
        StageKind::MinNewTokens => Box::new(min_new_tokens::MinNewTokens(settings.min_new_tokens)),
        StageKind::NoRepeatNgram => {
            Box::new(no_repeat_ngram::NoRepeatNgram(settings.no_repeat_ngram))
        }
        StageKind::Repetition => Box::new(repetition::Repetition {
            penalty: settings.repetition_penalty,
            window: settings.penalty_window,
        }),
        StageKind::FrequencyPresence => Box::new(frequency_presence::FrequencyPresence {
            frequency: settings.frequency_penalty,
            presence: settings.presence_penalty,
            window: settings.penalty_window,
        }),
        StageKind::Dry => Box::new(dry::Dry::new(settings, vocabulary)),
        StageKind::TopNSigma => Box::new(top_n_sigma::TopNSigma(settings.top_n_sigma)),
        StageKind::Temperature => Box::new(temperature::Temperature(settings.temperature)),
        StageKind::TopK => Box::new(top_k::TopK(settings.top_k)),
        StageKind::TypicalP => Box::new(typical_p::TypicalP(settings.typical_p)),
        StageKind::TopP => Box::new(top_p::TopP(settings.top_p)),
        StageKind::MinP => Box::new(min_p::MinP(settings.min_p)),
        StageKind::EpsilonCutoff => {
            Box::new(epsilon_cutoff::EpsilonCutoff(settings.epsilon_cutoff))
        }
        StageKind::EtaCutoff => Box::new(eta_cutoff::EtaCutoff(settings.eta_cutoff)),
        StageKind::Xtc => Box::new(xtc::Xtc {
            probability: settings.xtc_probability,
            threshold: settings.xtc_threshold,
        }),
        StageKind::Mirostat => Box::new(mirostat::MirostatV2),
    })
}
