//! Layers into one set of settings.

use std::collections::BTreeMap;

use toml::Value;

use super::layer::Setting;
use super::nearest::did_you_mean;
use super::origin::{Origin, Problem};
use super::schema::{PRESET, Section};

/// The preset that every other one begins from.
const NEUTRAL: &str = "neutral";

/// The presets of all layers, in the order in which they were first named.
#[derive(Debug, Default)]
pub(super) struct Presets(Vec<(String, BTreeMap<String, Value>)>);

impl Presets {
    /// Collects them; later layers win, key by key.
    pub(super) fn of(layers: &[Vec<Setting>]) -> Self {
        let mut presets = Self::default();
        for setting in layers.iter().flatten() {
            if let Section::Preset(name) = &setting.section {
                let values = presets.entry(name);
                values.insert(setting.name.clone(), setting.value.clone());
            }
        }
        presets
    }

    fn entry(&mut self, name: &str) -> &mut BTreeMap<String, Value> {
        let index = self
            .0
            .iter()
            .position(|(known, _)| known == name)
            .unwrap_or_else(|| {
                self.0.push((name.to_owned(), BTreeMap::new()));
                self.0.len() - 1
            });
        &mut self.0[index].1
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The sampler's settings that a preset makes: those of `neutral`, and its own on top.
    pub(super) fn get(&self, name: &str) -> Option<BTreeMap<&str, &Value>> {
        let own = |name: &str| {
            self.0
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, values)| values)
        };
        let chosen = own(name)?;
        let values = own(NEUTRAL).into_iter().flatten().chain(chosen);
        Some(values.map(|(key, value)| (key.as_str(), value)).collect())
    }

    /// What is wrong if there is no preset of a name.
    fn unknown(&self, name: &str) -> Option<String> {
        let known = name.is_empty() || self.names().any(|known| known == name);
        (!known).then(|| {
            format!(
                "there is no preset {name}{}",
                did_you_mean(name, self.names())
            )
        })
    }
}

/// A value that holds, and where it is from.
#[derive(Debug, Clone)]
pub(super) struct Effective {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Every setting but those of presets, by table and name.
pub(super) type Merged = BTreeMap<(Section, String), Effective>;

/// Lays the layers over each other.
pub(super) fn merge(
    layers: &[Vec<Setting>],
    presets: &Presets,
    problems: &mut Vec<Problem>,
) -> Merged {
    let mut merged = Merged::new();
    for layer in layers {
        let chosen = layer
            .iter()
            .find(|setting| setting.section == Section::Sampler && setting.name == PRESET);
        if let Some(setting) = chosen
            && let Value::String(name) = &setting.value
        {
            if let Some(message) = presets.unknown(name) {
                problems.push(Problem {
                    origin: setting.origin.clone(),
                    message,
                });
            }
            let origin = Origin::Preset {
                name: name.clone(),
                chosen: Box::new(setting.origin.clone()),
            };
            for (key, value) in presets.get(name).unwrap_or_default() {
                let effective = Effective {
                    value: value.clone(),
                    origin: origin.clone(),
                };
                merged.insert((Section::Sampler, key.to_owned()), effective);
            }
        }
        for Setting {
            section,
            name,
            value,
            origin,
            ..
        } in layer
        {
            if !matches!(section, Section::Preset(_)) {
                let effective = Effective {
                    value: value.clone(),
                    origin: origin.clone(),
                };
                merged.insert((section.clone(), name.clone()), effective);
            }
        }
    }
    merged
}
