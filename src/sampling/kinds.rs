//! Names and explanations of stages and methods, for help, flags and lists.

use super::descriptor::{Descriptor, Effect};
use super::stages::DESCRIPTORS;
use super::{Method, StageKind};

impl StageKind {
    /// Every stage that can stand in [`super::SamplerSettings::order`], in the order of the default.
    pub const ALL: [Self; 24] = [
        Self::Guidance,
        Self::Difference,
        Self::Grammar,
        Self::LogitBias,
        Self::Banned,
        Self::MinNewTokens,
        Self::NoRepeatNgram,
        Self::Repetition,
        Self::FrequencyPresence,
        Self::Dry,
        Self::TopNSigma,
        Self::MinK,
        Self::Temperature,
        Self::DynamicTemperature,
        Self::Smoothing,
        Self::TopH,
        Self::TopK,
        Self::TypicalP,
        Self::TopP,
        Self::MinP,
        Self::PLess,
        Self::EpsilonCutoff,
        Self::EtaCutoff,
        Self::Xtc,
    ];

    /// The stages of methods. They come after all others and cannot stand in an order.
    pub const LAST: [Self; 2] = [Self::Mirostat, Self::AdaptiveP];

    /// What the stage says of itself; none for one that is not ours.
    pub fn descriptor(self) -> Option<&'static Descriptor> {
        DESCRIPTORS
            .into_iter()
            .find(|descriptor| descriptor.kind == self)
    }

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own(name) => name.0,
            kind => kind.descriptor().map_or("", |descriptor| descriptor.name),
        }
    }

    /// The name where there is little room.
    pub fn short(self) -> &'static str {
        match self {
            Self::Own(name) => name.0,
            kind => kind.descriptor().map_or("", |descriptor| descriptor.short),
        }
    }

    /// Why one would use it, in one sentence.
    pub fn one_line(self) -> &'static str {
        let descriptor = self.descriptor();
        descriptor.map_or("A stage of your own.", |descriptor| descriptor.one_line)
    }

    /// Whether it changes the logits of all tokens by one rule, and not those of tokens that it picks out.
    pub fn changes_all(self) -> bool {
        self.has(Effect::ChangesAll)
    }

    /// Whether it changes the logits of all tokens, each by its own amount.
    pub fn mixes(self) -> bool {
        self.has(Effect::Mixes)
    }

    /// Whether it cuts tokens by their odds, so that mirostat takes its place.
    pub fn truncates(self) -> bool {
        self.has(Effect::Cuts)
    }

    fn has(self, effect: Effect) -> bool {
        self.descriptor()
            .is_some_and(|descriptor| descriptor.effect == effect)
    }
}

impl Method {
    pub const ALL: [Self; 7] = [
        Self::Sample,
        Self::Greedy,
        Self::MirostatV1,
        Self::MirostatV2,
        Self::AdaptiveP,
        Self::Beam,
        Self::Contrastive,
    ];

    /// Whether it is one of the two versions of mirostat.
    pub const fn is_mirostat(self) -> bool {
        matches!(self, Self::MirostatV1 | Self::MirostatV2)
    }

    /// Whether it draws a token by the final odds.
    pub const fn draws(self) -> bool {
        matches!(
            self,
            Self::Sample | Self::MirostatV1 | Self::MirostatV2 | Self::AdaptiveP
        )
    }

    /// The name in the configuration file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Greedy => "greedy",
            Self::MirostatV1 => "mirostat-v1",
            Self::MirostatV2 => "mirostat-v2",
            Self::AdaptiveP => "adaptive-p",
            Self::Beam => "beam",
            Self::Contrastive => "contrastive",
        }
    }

    /// What it does, in one sentence.
    pub const fn one_line(self) -> &'static str {
        match self {
            Self::Sample => "Draws one token by the odds that the chain leaves.",
            Self::Greedy => "Takes the most probable token after the chain.",
            Self::MirostatV1 => {
                "Draws among as many tokens as a level of surprise allows by Zipf's law."
            }
            Self::MirostatV2 => {
                "Draws like sample, with cuts that steer towards a level of surprise."
            }
            Self::AdaptiveP => {
                "Draws tokens near a probability that steers the text towards a chosen mean."
            }
            Self::Beam => "Follows several continuations at once and keeps the most probable ones.",
            Self::Contrastive => {
                "Takes the token that is probable and unlike what was said before."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::OwnName;
    use super::*;

    #[test]
    fn names_are_those_of_the_configuration_file() {
        for stage in StageKind::ALL.into_iter().chain(StageKind::LAST) {
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.name());
        }
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
        }
    }

    #[test]
    fn every_stage_describes_itself() {
        let all = StageKind::ALL.into_iter().chain(StageKind::LAST);
        assert_eq!(all.clone().count(), DESCRIPTORS.len());
        assert!(all.clone().all(|kind| kind.descriptor().is_some()));
        let own = StageKind::Own(OwnName("mine"));
        assert_eq!((own.name(), own.short()), ("mine", "mine"));
        assert!(own.descriptor().is_none() && !own.truncates());
    }

    #[test]
    fn explanations_are_one_sentence_each() {
        let stages = StageKind::ALL.map(StageKind::one_line);
        for line in stages.into_iter().chain(Method::ALL.map(Method::one_line)) {
            assert!(
                line.ends_with('.') && line.matches(". ").count() == 0,
                "{line}"
            );
        }
    }
}
