//! The settings that a playground opens with, those that change nothing, and which stages act.

use std::collections::BTreeMap;

use super::{Method, SamplerSettings, StageKind};

impl Default for SamplerSettings {
    /// A balanced start: a little repetition penalty, a lowered temperature, the head of the distribution.
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: 40,
            top_p: 0.95,
            repetition_penalty: 1.1,
            ..Self::neutral()
        }
    }
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
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            typical_p: 1.0,
            epsilon_cutoff: 0.0,
            eta_cutoff: 0.0,
            top_n_sigma: 0.0,
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
            mirostat_tau: 5.0,
            mirostat_eta: 0.1,
            num_beams: 5,
            length_penalty: 1.0,
            contrastive_k: 5,
            contrastive_alpha: 0.6,
        }
    }

    /// Whether a stage acts: it is in the order, not disabled, not neutral, and not one that mirostat replaces.
    pub fn is_active(&self, stage: StageKind) -> bool {
        if stage == StageKind::Mirostat {
            return !self.is_neutral(stage);
        }
        let listed = self.order.contains(&stage) && !self.disabled.contains(&stage);
        let replaced = self.method == Method::MirostatV2 && stage.truncates();
        listed && !replaced && !self.is_neutral(stage)
    }

    /// Whether a stage's settings are such that it would change nothing.
    pub fn is_neutral(&self, stage: StageKind) -> bool {
        let descriptor = stage.descriptor();
        descriptor.is_none_or(|descriptor| (descriptor.is_neutral)(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_settings_leave_no_stage_active() {
        let neutral = SamplerSettings::neutral();
        assert!(
            StageKind::ALL
                .iter()
                .all(|&stage| neutral.is_neutral(stage) && !neutral.is_active(stage))
        );
    }

    #[test]
    fn the_default_is_valid_and_runs_four_stages() {
        let settings = SamplerSettings::default();
        assert_eq!(settings.validate(), Ok(()));
        let active: Vec<_> = StageKind::ALL
            .into_iter()
            .filter(|&stage| settings.is_active(stage))
            .collect();
        let expected = [
            StageKind::Repetition,
            StageKind::Temperature,
            StageKind::TopK,
            StageKind::TopP,
        ];
        assert_eq!(active, expected);
    }

    #[test]
    fn a_stage_is_switched_off_by_the_order_and_by_being_disabled() {
        let mut settings = SamplerSettings::default();
        settings.disabled.push(StageKind::TopK);
        settings.order.retain(|&stage| stage != StageKind::TopP);
        assert!(!settings.is_active(StageKind::TopK));
        assert!(!settings.is_active(StageKind::TopP));
        assert!(settings.is_active(StageKind::Temperature));
    }

    #[test]
    fn mirostat_replaces_the_truncating_stages() {
        let settings = SamplerSettings {
            method: Method::MirostatV2,
            ..SamplerSettings::default()
        };
        assert!(settings.is_active(StageKind::Mirostat));
        assert!(
            settings.is_active(StageKind::Repetition) && settings.is_active(StageKind::Temperature)
        );
        assert!(!settings.is_active(StageKind::TopK) && !settings.is_active(StageKind::TopP));
    }
}
