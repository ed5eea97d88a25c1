//! Whether a value fits its key: its type, its name if it is one of several, its range.

use super::interface::{FPS, LogSettings, UiSettings};
use super::layer::Setting;
use super::origin::Problem;
use super::schema::{PRESET, Section};
use super::value::{Misfit, settings_with, value_as};
use crate::decoding::GenerationSettings;
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;

/// What is wrong with one setting by itself.
pub(super) fn problem_of(setting: &Setting) -> Option<Problem> {
    let misfit = check(setting).err()?;
    let element = misfit.element.and_then(|index| setting.elements.get(index));
    Some(Problem {
        origin: element.unwrap_or(&setting.origin).clone(),
        message: format!("{}: {}", setting.key(), misfit.message),
    })
}

fn check(setting: &Setting) -> Result<(), Misfit> {
    let (name, value) = (setting.name.as_str(), &setting.value);
    match &setting.section {
        Section::Model => settings_with::<LoadRequest>(name, value).map(drop),
        Section::Generation => check_generation(&settings_with(name, value)?),
        Section::Sampler if name == PRESET => value_as::<String>(value).map(drop),
        // All other fields have their defaults, so that what is out of range is the field in question.
        Section::Sampler | Section::Preset(_) => {
            let settings = settings_with::<SamplerSettings>(name, value)?;
            settings
                .validate()
                .and_then(|()| settings.check_grammar())
                .map_err(|error| refused(&error.value, &error.expected))
        }
        Section::Ui => check_ui(&settings_with(name, value)?),
        Section::Log => settings_with::<LogSettings>(name, value).map(drop),
        Section::Keys => value_as::<Vec<String>>(value).map(drop),
    }
}

fn check_generation(settings: &GenerationSettings) -> Result<(), Misfit> {
    match settings.stop.iter().position(String::is_empty) {
        Some(index) => Err(Misfit {
            element: Some(index),
            ..refused("\"\"", "every text must have at least one character")
        }),
        None => Ok(()),
    }
}

fn check_ui(settings: &UiSettings) -> Result<(), Misfit> {
    if FPS.contains(&settings.fps) {
        Ok(())
    } else {
        Err(refused(
            &settings.fps.to_string(),
            "a whole number from 1 to 60",
        ))
    }
}

fn refused(value: &str, expected: &str) -> Misfit {
    Misfit {
        message: format!("{value} is not accepted: {expected}"),
        element: None,
    }
}
