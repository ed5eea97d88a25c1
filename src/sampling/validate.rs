//! Whether settings make sense.

use super::stages::grammar::Source;
use super::{KNOBS, Method, SamplerSettings, SettingsError, StageKind};

impl SamplerSettings {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range, and what would be accepted.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for knob in KNOBS {
            let value = knob.get(self);
            check(
                knob.admits(value),
                knob.field,
                || value.to_string(),
                knob.accepts,
            )?;
        }
        self.validate_stages("order", &self.order)?;
        self.validate_stages("disabled", &self.disabled)?;
        for (key, bias) in &self.logit_bias {
            let entry = || format!("{{{key:?} = {bias}}}");
            check(
                !key.is_empty(),
                "logit_bias",
                entry,
                "a token's text, or # and its id, must be the key",
            )?;
            let usable = *bias < f32::INFINITY;
            check(
                usable,
                "logit_bias",
                entry,
                "the bias must be a number, or -inf to forbid the token",
            )?;
        }
        self.validate_second()?;
        self.validate_grammar()?;
        validate_texts("dry_breakers", &self.dry_breakers)?;
        validate_texts("banned", &self.banned)
    }

    /// What reads a second context does so for one stage, and along one text.
    fn validate_second(&self) -> Result<(), SettingsError> {
        let [guidance, difference] =
            [StageKind::Guidance, StageKind::Difference].map(|stage| self.is_active(stage));
        check(
            !(guidance && difference),
            "difference_weight",
            || self.difference_weight.to_string(),
            "guidance reads the second context already: one of guidance_scale and difference_weight must be 1",
        )?;
        let searches = matches!(self.method, Method::Beam | Method::Contrastive);
        let (field, value) = if guidance {
            ("guidance_scale", self.guidance_scale)
        } else {
            ("difference_weight", self.difference_weight)
        };
        check(
            !(searches && (guidance || difference)),
            field,
            || value.to_string(),
            "beam and contrastive search read no second context: 1 is possible with them",
        )
    }

    /// A text keeps to one grammar.
    fn validate_grammar(&self) -> Result<(), SettingsError> {
        let mut grammars = Source::all(self);
        let first = grammars.next();
        // An order that was written before there were grammars would leave the text free.
        if let Some(grammar) = first.filter(|_| !self.order.contains(&StageKind::Grammar))
            && !self.disabled.contains(&StageKind::Grammar)
        {
            return Err(grammar.refused(
                "the order of stages does not list grammar, so it would not run: add grammar to order, or to disabled"
                    .to_owned(),
            ));
        }
        match grammars.next() {
            Some(second) if self.is_active(StageKind::Grammar) => Err(second.refused(format!(
                "{} is set already: a text keeps to one of them",
                first.map_or("", Source::field)
            ))),
            _ => Ok(()),
        }
    }

    fn validate_stages(
        &self,
        field: &'static str,
        stages: &[StageKind],
    ) -> Result<(), SettingsError> {
        for (place, stage) in stages.iter().enumerate() {
            let name = || stage.name().to_owned();
            check(
                !stages[..place].contains(stage),
                field,
                name,
                "each stage may be listed once",
            )?;
            let of_method = match stage {
                StageKind::Mirostat => {
                    "mirostat is switched by method = \"mirostat-v2\" and always runs last"
                }
                StageKind::AdaptiveP => {
                    "adaptive-p is switched by method = \"adaptive-p\" and always runs last"
                }
                _ => continue,
            };
            check(false, field, name, of_method)?;
        }
        Ok(())
    }
}

fn validate_texts(field: &'static str, texts: &[String]) -> Result<(), SettingsError> {
    let filled = texts.iter().all(|text| !text.is_empty());
    check(
        filled,
        field,
        || format!("{texts:?}"),
        "every text must have at least one character",
    )
}

fn check(
    holds: bool,
    field: &'static str,
    value: impl FnOnce() -> String,
    expected: &'static str,
) -> Result<(), SettingsError> {
    if holds {
        Ok(())
    } else {
        Err(SettingsError {
            field,
            value: value(),
            expected: expected.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut SamplerSettings)) -> String {
        let mut settings = SamplerSettings::default();
        change(&mut settings);
        settings
            .validate()
            .expect_err("settings were accepted")
            .to_string()
    }

    #[test]
    fn every_knob_is_checked_at_both_ends() {
        for knob in KNOBS {
            for value in [knob.min, knob.max] {
                let mut settings = SamplerSettings::default();
                knob.set(&mut settings, value);
                assert_eq!(settings.validate(), Ok(()), "{} = {value}", knob.field);
            }
            let beyond = if knob.whole {
                vec![knob.max * 2.0]
            } else {
                vec![knob.min - 1.0, knob.max + 1.0, f64::NAN]
            };
            for value in beyond {
                assert!(refused(|settings| knob.set(settings, value)).starts_with(knob.field));
            }
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_would_do() {
        assert_eq!(
            refused(|s| s.top_p = 1.5),
            "top_p = 1.5: a number from 0 to 1"
        );
        assert_eq!(
            refused(|s| s.order.push(StageKind::TopK)),
            "order = top-k: each stage may be listed once"
        );
        assert!(refused(|s| s.order.push(StageKind::Mirostat)).contains("always runs last"));
        assert!(
            refused(|s| s.order.push(StageKind::AdaptiveP)).contains("method = \"adaptive-p\"")
        );
        assert!(refused(|s| s.disabled = vec![StageKind::Xtc; 2]).starts_with("disabled = xtc"));
        assert!(refused(|s| s.banned.push(String::new())).starts_with("banned = [\"\"]"));
        assert!(refused(|s| s.dry_breakers.push(String::new())).starts_with("dry_breakers"));
    }

    #[test]
    fn a_second_context_serves_one_stage_and_no_search() {
        let both = refused(|s| (s.guidance_scale, s.difference_weight) = (2.0, 2.0));
        assert!(
            both.starts_with("difference_weight = 2: guidance"),
            "{both}"
        );
        let beam = refused(|s| (s.guidance_scale, s.method) = (2.0, Method::Beam));
        assert!(beam.starts_with("guidance_scale = 2: beam"), "{beam}");
        let contrastive = refused(|s| (s.difference_weight, s.method) = (0.5, Method::Contrastive));
        assert!(
            contrastive.starts_with("difference_weight = 0.5"),
            "{contrastive}"
        );
    }

    #[test]
    fn a_bias_is_a_number_or_minus_infinity() {
        let biased = |bias| SamplerSettings {
            logit_bias: [("#3".to_owned(), bias)].into(),
            ..SamplerSettings::default()
        };
        assert_eq!(biased(-3.5).validate(), Ok(()));
        assert_eq!(biased(f32::NEG_INFINITY).validate(), Ok(()));
        assert!(biased(f32::INFINITY).validate().is_err());
        assert!(biased(f32::NAN).validate().is_err());
        assert!(
            refused(|s| _ = s.logit_bias.insert(String::new(), 1.0))
                .starts_with("logit_bias = {\"\" = 1}")
        );
    }
}
