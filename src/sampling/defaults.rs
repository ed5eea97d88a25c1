//! The settings that a playground opens with, and which stages act.

use super::{SamplerSettings, StageKind};

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
    /// Whether a stage acts: it is in the order, not disabled, not neutral, and none that another one replaces:
    /// mirostat those that truncate, dynamic temperature the temperature.
    pub fn is_active(&self, stage: StageKind) -> bool {
        if StageKind::LAST.contains(&stage) {
            return !self.is_neutral(stage);
        }
        let listed = self.order.contains(&stage) && !self.disabled.contains(&stage);
        let replaced = (self.method.is_mirostat() && stage.truncates())
            || (stage == StageKind::Temperature && self.is_active(StageKind::DynamicTemperature));
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
    use super::super::Method;
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
