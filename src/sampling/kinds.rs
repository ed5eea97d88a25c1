//! Names and explanations of stages and methods, for help, flags and lists.

use super::{Method, StageKind};

impl StageKind {
    /// Every stage that can stand in [`super::SamplerSettings::order`], in the order of the default.
    pub const ALL: [Self; 16] = [
        Self::LogitBias,
        Self::Banned,
        Self::MinNewTokens,
        Self::NoRepeatNgram,
        Self::Repetition,
        Self::FrequencyPresence,
        Self::Dry,
        Self::TopNSigma,
        Self::Temperature,
        Self::TopK,
        Self::TypicalP,
        Self::TopP,
        Self::MinP,
        Self::EpsilonCutoff,
        Self::EtaCutoff,
        Self::Xtc,
    ];

    /// The name in the configuration file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogitBias => "logit-bias",
            Self::Banned => "banned",
            Self::MinNewTokens => "min-new-tokens",
            Self::NoRepeatNgram => "no-repeat-ngram",
            Self::Repetition => "repetition",
            Self::FrequencyPresence => "frequency-presence",
            Self::Dry => "dry",
            Self::TopNSigma => "top-n-sigma",
            Self::Temperature => "temperature",
            Self::TopK => "top-k",
            Self::TypicalP => "typical-p",
            Self::TopP => "top-p",
            Self::MinP => "min-p",
            Self::EpsilonCutoff => "epsilon-cutoff",
            Self::EtaCutoff => "eta-cutoff",
            Self::Xtc => "xtc",
            Self::Mirostat => "mirostat",
        }
    }

    /// The stage of a name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .chain([Self::Mirostat])
            .find(|stage| stage.name() == name)
    }

    /// Why one would use it, in one sentence.
    pub const fn one_line(self) -> &'static str {
        match self {
            Self::LogitBias => {
                "Makes chosen tokens likelier or unlikelier by adding to their logits."
            }
            Self::Banned => "Keeps chosen texts from being completed.",
            Self::MinNewTokens => "Forbids the end token until enough was generated.",
            Self::NoRepeatNgram => "Forbids any run of n tokens that the text already holds.",
            Self::Repetition => "Makes every token that was seen less likely, to break loops.",
            Self::FrequencyPresence => {
                "Lowers tokens for every time, or for the first time, that they occurred."
            }
            Self::Dry => "Lowers tokens that would prolong a repeat, more the longer it is.",
            Self::TopNSigma => {
                "Keeps logits within a few standard deviations of the best, whatever the temperature."
            }
            Self::Temperature => {
                "Sharpens the odds below 1, flattens them above, takes the best at 0."
            }
            Self::TopK => "Keeps a fixed number of the most probable tokens.",
            Self::TypicalP => {
                "Keeps the tokens whose surprisal is nearest to what the model expects on average."
            }
            Self::TopP => "Keeps the fewest tokens that together reach a probability.",
            Self::MinP => "Keeps tokens that are not too improbable next to the best.",
            Self::EpsilonCutoff => "Cuts tokens below a fixed probability.",
            Self::EtaCutoff => {
                "Cuts tokens below a probability that falls when the model is unsure."
            }
            Self::Xtc => {
                "Sometimes cuts the most obvious tokens, to surprise without losing sense."
            }
            Self::Mirostat => {
                "Cuts by surprisal so that the text keeps a chosen level of surprise."
            }
        }
    }

    /// Whether it changes the logits of all tokens by one rule, and not those of tokens that it picks out.
    pub const fn changes_all(self) -> bool {
        matches!(self, Self::Temperature)
    }

    /// Whether it cuts tokens by their odds, so that [`Method::MirostatV2`] takes its place.
    pub const fn truncates(self) -> bool {
        matches!(
            self,
            Self::TopNSigma
                | Self::TopK
                | Self::TypicalP
                | Self::TopP
                | Self::MinP
                | Self::EpsilonCutoff
                | Self::EtaCutoff
                | Self::Xtc
                | Self::Mirostat
        )
    }
}

impl Method {
    pub const ALL: [Self; 5] = [
        Self::Sample,
        Self::Greedy,
        Self::MirostatV2,
        Self::Beam,
        Self::Contrastive,
    ];

    /// The name in the configuration file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Greedy => "greedy",
            Self::MirostatV2 => "mirostat-v2",
            Self::Beam => "beam",
            Self::Contrastive => "contrastive",
        }
    }

    /// The method of a name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// What it does, in one sentence.
    pub const fn one_line(self) -> &'static str {
        match self {
            Self::Sample => "Draws one token by the odds that the chain leaves.",
            Self::Greedy => "Takes the most probable token after the chain.",
            Self::MirostatV2 => {
                "Draws like sample, with cuts that steer towards a level of surprise."
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
    use super::*;

    #[test]
    fn names_are_those_of_the_configuration_file() {
        for stage in StageKind::ALL.into_iter().chain([StageKind::Mirostat]) {
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.name());
            assert_eq!(StageKind::from_name(stage.name()), Some(stage));
        }
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
            assert_eq!(Method::from_name(method.name()), Some(method));
        }
        assert_eq!(StageKind::from_name("top_k"), None);
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
