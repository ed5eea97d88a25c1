//! All layers read, checked, and made into settings.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::check::problem_of;
use super::in_force::InForce;
use super::interface::{LogSettings, UiSettings};
use super::layer::{self, Setting};
use super::merge::{Effective, Merged, Presets, merge};
use super::origin::{ConfigErrors, Origin, Problem};
use super::places::PRESETS_FILE;
use super::schema::{DEFAULT_TOML, PRESET, Section};
use super::sources::{KeyProblem, Sources};
use super::value::settings_from;
use crate::decoding::GenerationSettings;
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;
use crate::text::read_text;

/// Larger files are no configuration: the documented default has a thousandth of it.
const LARGEST: u64 = 16_000_000;

/// The settings that hold, checked.
#[derive(Debug)]
pub struct Config {
    pub model: LoadRequest,
    pub generation: GenerationSettings,
    pub sampler: SamplerSettings,
    /// The preset that the sampler's settings began from, if one was named.
    pub preset: Option<String>,
    pub ui: UiSettings,
    /// Actions whose keys differ from the default, and the keys that do them.
    pub keys: BTreeMap<String, Vec<String>>,
    pub log: LogSettings,
    presets: Presets,
    merged: BTreeMap<String, Effective>,
}

impl Config {
    /// Reads the layers.
    ///
    /// # Errors
    /// Everything that is wrong in any of them: files that cannot be read, unknown keys, values that do not fit.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let layers = read_layers(sources, &mut problems);
        problems.extend(layers.iter().flatten().filter_map(problem_of));
        let presets = Presets::of(&layers);
        let merged = merge(&layers, &presets, &mut problems);
        none_of(problems)?;
        let config = Self::from_merged(&merged, presets)?;
        none_of(config.problems(sources))?;
        Ok(config)
    }

    /// Where a setting, such as `sampler.top_k`, was set. None if there is no such key.
    pub fn provenance(&self, key: &str) -> Option<&Origin> {
        self.merged.get(key).map(|effective| &effective.origin)
    }

    /// Every setting in force, by key.
    pub fn settings(&self) -> impl Iterator<Item = InForce<'_>> {
        self.merged
            .iter()
            .map(|(key, Effective { value, origin })| InForce { key, value, origin })
    }

    /// The presets with the settings that each makes of this configuration's, in the order of
    /// [`Config::preset_names`].
    pub fn presets(&self) -> Vec<(String, SamplerSettings)> {
        let made = |name: &str| Some((name.to_owned(), self.preset(name, &self.sampler)?));
        self.preset_names().filter_map(made).collect()
    }

    /// The names of the presets: those of the documented default in its order, then the user's own.
    pub fn preset_names(&self) -> impl Iterator<Item = &str> {
        self.presets.names()
    }

    /// The sampler's settings under a preset. What presets leave alone (order, biases, bans, and whatever the preset
    /// `neutral` does not name) stays as in `base`. None if there is no such preset.
    pub fn preset(&self, name: &str, base: &SamplerSettings) -> Option<SamplerSettings> {
        let base = Table::try_from(base).ok()?;
        let mut values: BTreeMap<&str, &Value> = base
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        values.extend(self.presets.get(name)?);
        settings_from(values.into_iter()).ok()
    }

    fn from_merged(merged: &Merged, presets: Presets) -> Result<Self, ConfigErrors> {
        let preset = merged.get(&(Section::Sampler, PRESET.to_owned()));
        let mut changed = merged.clone();
        changed.retain(|_, effective| effective.origin != Origin::Default);
        Ok(Self {
            model: section(merged, &Section::Model)?,
            generation: section(merged, &Section::Generation)?,
            sampler: section(merged, &Section::Sampler)?,
            preset: preset
                .and_then(|preset| preset.value.as_str())
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            ui: section(merged, &Section::Ui)?,
            keys: section(&changed, &Section::Keys)?,
            log: section(merged, &Section::Log)?,
            presets,
            merged: merged
                .iter()
                .map(|((section, name), effective)| {
                    (format!("{section}.{name}"), effective.clone())
                })
                .collect(),
        })
    }

    /// What is wrong with the settings as a whole.
    fn problems(&self, sources: &Sources) -> Vec<Problem> {
        let at = |key: String, message| Problem {
            origin: self.provenance(&key).cloned().unwrap_or(Origin::Default),
            message,
        };
        let mut problems = Vec::new();
        if let Err(error) = self.sampler.validate() {
            let key = format!("sampler.{}", error.field);
            let message = format!("{key}: {} is not accepted: {}", error.value, error.expected);
            problems.push(at(key, message));
        }
        for KeyProblem { action, message } in (sources.check_keys)(&self.keys) {
            problems.push(at(format!("keys.{action}"), message));
        }
        problems
    }
}

fn none_of(mut problems: Vec<Problem>) -> Result<(), ConfigErrors> {
    problems.sort_by(|left, right| left.origin.cmp(&right.origin));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ConfigErrors(problems))
    }
}

/// The settings of one table.
fn section<T: DeserializeOwned>(merged: &Merged, section: &Section) -> Result<T, ConfigErrors> {
    let entries = merged
        .iter()
        .filter(|((found, name), _)| {
            found == section && !(*section == Section::Sampler && name == PRESET)
        })
        .map(|((_, name), effective)| (name.as_str(), &effective.value));
    settings_from(entries).map_err(|misfit| {
        ConfigErrors(vec![Problem {
            origin: Origin::Default,
            message: format!("[{section}]: {}", misfit.message),
        }])
    })
}

fn read_layers(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Vec<Setting>> {
    let mut layers = vec![layer::from_text(
        DEFAULT_TOML,
        &|_| Origin::Default,
        problems,
    )];
    if let Some(path) = &sources.user_file {
        // Presets saved from the playground, so that the user's own file is never written to.
        let presets = path.with_file_name(PRESETS_FILE);
        layers.push(read_file(&presets, MayBeMissing::Yes, problems));
        layers.push(read_file(path, MayBeMissing::Yes, problems));
    }
    if let Some(path) = sources.named_file() {
        layers.push(read_file(&path, MayBeMissing::No, problems));
    }
    layers.push(layer::from_environment(&sources.environment, problems));
    layers.push(layer::from_flags(&sources.overrides, problems));
    layers
}

/// Whether there is no such file, nor can be: what should be its directory may be a file, as where `HOME=/dev/null`.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[derive(Clone, Copy, PartialEq)]
enum MayBeMissing {
    Yes,
    No,
}

fn read_file(
    path: &Path,
    may_be_missing: MayBeMissing,
    problems: &mut Vec<Problem>,
) -> Vec<Setting> {
    let origin = |position| Origin::File {
        path: path.to_owned(),
        position,
    };
    match read_text(path, LARGEST) {
        Ok(text) => layer::from_text(&text, &|position| origin(Some(position)), problems),
        Err(error) if may_be_missing == MayBeMissing::Yes && is_missing(&error) => Vec::new(),
        Err(error) => {
            problems.push(Problem {
                origin: origin(None),
                message: format!("the file cannot be read: {error}"),
            });
            Vec::new()
        }
    }
}
