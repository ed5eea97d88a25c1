//! The values of knobs as typed: written for editing, read back and checked.

use crate::decoding::GenerationSettings;
use crate::sampling::{Method, SamplerSettings, StageKind};
use crate::tui::vocabulary::knob_rows::{KnobRow, MOST_SAMPLES};

/// Stands for the end of a line where one line is written.
const NEW_LINE: &str = "⏎";

/// The settings that the rows of the sampler pane stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    pub samples: usize,
}

impl KnobRow {
    /// What an answer looks like.
    pub fn form(self) -> &'static str {
        match self {
            Self::Method => {
                "sample, greedy, mirostat-v1, mirostat-v2, adaptive-p, beam or contrastive"
            }
            Self::Knob(knob) => knob.accepts,
            Self::Text(knob) => knob.accepts,
            Self::Stage(StageKind::LogitBias) => r#"JSON, such as {" the": -2.5}"#,
            Self::Stage(_) | Self::Stop => r#"JSON, such as ["\n\n", "The end"]"#,
            Self::Seed | Self::MaxTokens => "a whole number from 0",
            Self::Samples => "a whole number from 1 to 16",
        }
    }
}

/// The value of a row, to be edited.
pub fn written(row: KnobRow, settings: &Settings) -> String {
    let json = |texts: &Vec<String>| serde_json::to_string(texts).unwrap_or_default();
    match row {
        KnobRow::Method => settings.sampler.method.name().to_owned(),
        KnobRow::Knob(knob) => knob.get(&settings.sampler).to_string(),
        KnobRow::Text(knob) => knob.get(&settings.sampler).replace('\n', NEW_LINE),
        KnobRow::Stage(StageKind::LogitBias) => {
            serde_json::to_string(&settings.sampler.logit_bias).unwrap_or_default()
        }
        KnobRow::Stage(_) => json(&settings.sampler.banned),
        KnobRow::Stop => json(&settings.generation.stop),
        KnobRow::Seed => settings.generation.seed.to_string(),
        KnobRow::MaxTokens => settings.generation.max_tokens.to_string(),
        KnobRow::Samples => settings.samples.to_string(),
    }
}

/// Sets a row to what was typed.
///
/// # Errors
/// With a sentence that says what would do; nothing is changed then.
pub fn read(row: KnobRow, typed: &str, settings: &mut Settings) -> Result<(), String> {
    // Blanks at the ends of a text are a part of it.
    let typed = match row {
        KnobRow::Text(_) => typed,
        _ => typed.trim(),
    };
    let wrong = || format!("{typed} is not accepted: {}", row.form());
    let mut new = settings.clone();
    match row {
        KnobRow::Method => {
            let named = Method::ALL.into_iter().find(|one| one.name() == typed);
            new.sampler.method = named.ok_or_else(wrong)?;
        }
        KnobRow::Knob(knob) => {
            let value: f64 = typed.parse().map_err(|_| wrong())?;
            if !knob.admits(value) || (knob.whole && value.fract() != 0.0) {
                return Err(wrong());
            }
            knob.set(&mut new.sampler, value);
        }
        KnobRow::Text(knob) => knob.set(&mut new.sampler, typed.replace(NEW_LINE, "\n")),
        KnobRow::Stage(StageKind::LogitBias) => {
            new.sampler.logit_bias = serde_json::from_str(typed).map_err(|_| wrong())?;
        }
        KnobRow::Stage(_) => {
            new.sampler.banned = serde_json::from_str(typed).map_err(|_| wrong())?;
        }
        KnobRow::Stop => new.generation.stop = serde_json::from_str(typed).map_err(|_| wrong())?,
        KnobRow::Seed => new.generation.seed = typed.parse().map_err(|_| wrong())?,
        KnobRow::MaxTokens => new.generation.max_tokens = typed.parse().map_err(|_| wrong())?,
        KnobRow::Samples => {
            let count: usize = typed.parse().map_err(|_| wrong())?;
            new.samples = Some(count)
                .filter(|count| (1..=MOST_SAMPLES).contains(count))
                .ok_or_else(wrong)?;
        }
    }
    let checked = new.sampler.validate();
    let checked = checked.and_then(|()| new.sampler.check_grammar());
    checked.map_err(|error| error.to_string())?;
    *settings = new;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::vocabulary::knob_rows::rows;

    fn settings() -> Settings {
        Settings {
            sampler: SamplerSettings::default(),
            generation: GenerationSettings::default(),
            samples: 1,
        }
    }

    #[test]
    fn what_is_written_is_read_back_unchanged() {
        let mut given = settings();
        given.generation.stop = vec!["\n\n".to_owned(), "„Ende“".to_owned()];
        given.sampler.grammar_lark = "start: \"a\" b\nb: /c+/ ".to_owned();
        given.sampler.negative_prompt = " a line ".to_owned();
        given.sampler.logit_bias.insert(" the".to_owned(), -2.5);
        let rows = rows(&given.sampler);
        assert!(rows.len() > 20);
        for row in rows {
            let mut read_back = given.clone();
            let typed = written(row, &given);
            assert_eq!(read(row, &typed, &mut read_back), Ok(()), "{}", row.name());
            assert_eq!(read_back, given, "{}", row.name());
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_would_do() {
        for (row, typed) in [
            (KnobRow::Samples, "17"),
            (KnobRow::Samples, "0"),
            (KnobRow::Stop, "The end"),
            (KnobRow::Seed, "-1"),
            (KnobRow::Method, "best"),
            (KnobRow::Stage(StageKind::LogitBias), "[]"),
        ] {
            let mut after = settings();
            let error = read(row, typed, &mut after).expect_err(typed);
            assert!(error.contains(row.form()), "{error}");
            assert_eq!(after, settings());
        }
        let top_p = crate::sampling::knob("top_p").map(KnobRow::Knob);
        let mut after = settings();
        assert!(read(top_p.expect("a knob"), "1.5", &mut after).is_err());
    }
}
