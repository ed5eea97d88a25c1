//! What a picture's caption says of what made it.

use super::Run;
use crate::model::ModelInfo;
use crate::sampling::SamplerSettings;
use crate::text::numbers::thousands;

/// The end of a text for a title: so many characters, said to be the end where there are more, line breaks as one sign.
pub fn end_of(text: &str, most: usize) -> String {
    let end = match text.char_indices().rev().nth(most - 1) {
        Some((at, _)) if at > 0 => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    };
    end.replace('\n', "¶")
}

/// A model.
pub fn of_model(info: &ModelInfo) -> String {
    format!(
        "{}, {} parameters, {}",
        info.name,
        thousands(info.parameters),
        info.precision.name()
    )
}

/// A model and what of the sampler's settings is not neutral.
pub fn of_model_and_sampler(info: &ModelInfo, sampler: &SamplerSettings) -> String {
    format!("{} · {}", of_model(info), of_sampler(sampler))
}

/// What of the sampler's settings is not neutral.
pub fn of_sampler(sampler: &SamplerSettings) -> String {
    of_sampler_but(sampler, "")
}

/// [`of_sampler`] without a setting.
pub fn of_sampler_but(sampler: &SamplerSettings, left_out: &str) -> String {
    let value = |settings: &SamplerSettings| serde_json::to_value(settings).unwrap_or_default();
    let (own, neutral) = (value(sampler), value(&SamplerSettings::neutral()));
    let fields = own.as_object().into_iter().flatten();
    let changed =
        fields.filter(|(name, value)| *name != left_out && neutral[name.as_str()] != **value);
    let settings = changed.map(|(name, value)| {
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            // As a person would write it: settings are single precision in places.
            serde_json::Value::Number(number) => number
                .as_f64()
                .map_or_else(|| number.to_string(), |number| (number as f32).to_string()),
            other => other.to_string(),
        };
        format!("{} {value}", name.replace('_', "-"))
    });
    let settings: Vec<String> = settings.collect();
    if settings.is_empty() {
        "neutral sampler".to_owned()
    } else {
        settings.join(", ")
    }
}

/// What made a run.
pub fn of_run(run: &Run<'_>) -> String {
    let Some(started) = run.history.started() else {
        return run.name.to_owned();
    };
    format!(
        "{}: {} parameters, {} of them trained, on {} tokens, context {}, {}",
        run.name,
        thousands(started.parameters),
        thousands(started.trainable),
        thousands(started.training.tokens as usize),
        started.context,
        started.device
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_says_what_is_not_neutral() {
        assert_eq!(of_sampler(&SamplerSettings::neutral()), "neutral sampler");
        let settings = SamplerSettings {
            temperature: 0.8,
            top_k: 40,
            ..SamplerSettings::neutral()
        };
        let said = of_sampler(&settings);
        assert!(
            said.contains("temperature 0.8") && said.contains("top-k 40"),
            "{said}"
        );
        assert_eq!(said.matches(',').count(), 1, "{said}");
    }

    #[test]
    fn the_end_of_a_text_says_that_it_is_one() {
        assert_eq!(end_of("one\ntwo", 20), "one¶two");
        assert_eq!(end_of("one two", 3), "…two");
        assert_eq!(end_of("two", 3), "two");
        assert_eq!(end_of("", 3), "");
    }
}
