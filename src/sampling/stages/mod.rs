//! The stages of the chain, one file each. A doc comment names the source and the formula.
//!
//! In the formulas l is a token's logit and p its probability, both among the tokens that are left when the stage's
//! turn comes.

mod adaptive_p;
mod banned;
mod difference;
mod dry;
mod dry_breakers;
mod dynamic_temperature;
mod epsilon_cutoff;
mod eta_cutoff;
mod frequency_presence;
pub(super) mod grammar;
mod guidance;
mod logit_bias;
mod min_k;
mod min_new_tokens;
mod min_p;
mod mirostat;
mod no_repeat_ngram;
mod p_less;
mod phrase;
mod repetition;
mod smoothing;
mod temperature;
mod top_h;
mod top_k;
mod top_n_sigma;
mod top_p;
mod typical_p;
mod xtc;

#[cfg(test)]
pub(super) mod testing;

use super::descriptor::Descriptor;

/// Every stage that settings can ask for, in the order in which help and lists name them. The chain's own order is that
/// of [`StageKind::ALL`].
pub(super) const DESCRIPTORS: [&Descriptor; 26] = [
    &temperature::DESCRIPTOR,
    &dynamic_temperature::DESCRIPTOR,
    &smoothing::DESCRIPTOR,
    &top_k::DESCRIPTOR,
    &top_p::DESCRIPTOR,
    &min_p::DESCRIPTOR,
    &p_less::DESCRIPTOR,
    &top_h::DESCRIPTOR,
    &typical_p::DESCRIPTOR,
    &epsilon_cutoff::DESCRIPTOR,
    &eta_cutoff::DESCRIPTOR,
    &top_n_sigma::DESCRIPTOR,
    &min_k::DESCRIPTOR,
    &xtc::DESCRIPTOR,
    &dry::DESCRIPTOR,
    &repetition::DESCRIPTOR,
    &frequency_presence::DESCRIPTOR,
    &no_repeat_ngram::DESCRIPTOR,
    &guidance::DESCRIPTOR,
    &difference::DESCRIPTOR,
    &grammar::DESCRIPTOR,
    &logit_bias::DESCRIPTOR,
    &banned::DESCRIPTOR,
    &min_new_tokens::DESCRIPTOR,
    &mirostat::DESCRIPTOR,
    &adaptive_p::DESCRIPTOR,
];
