//! From presets, files and flags to one recipe; what comes later wins, key by key.

use std::path::Path;

use toml::{Table, Value};

use super::args::RunArgs;
use crate::cli::CliError;
use crate::cli::sampler_args::SamplerArgs;
use crate::config::Config;
use crate::sampling::SamplerSettings;
use crate::text::read_text;
use crate::training::presets::{PRESETS, preset};
use crate::training::recipe::{Key, Takes, keys};
use crate::training::{LayeredRecipe, Recipe};

/// Larger files are no recipes.
const LARGEST_RECIPE: u64 = 16_000_000;

/// The recipe that results. `base` is the model to finetune, none to train from scratch.
///
/// # Errors
/// When a file cannot be read, or a key or value is none of a recipe's.
pub fn recipe(
    args: &RunArgs,
    sampler: &SamplerArgs,
    config: &Config,
    base: Option<String>,
) -> Result<Recipe, CliError> {
    let mut layers = LayeredRecipe::new(base.as_deref()).map_err(CliError::failed)?;
    for name in &args.recipe {
        match preset(name) {
            Some(recipe) => layers.lay_recipe(&recipe).map_err(CliError::failed)?,
            None => layers.lay(read_file(name)?),
        }
    }
    if let Some(base) = &base {
        layers.set("model.from", Value::String(base.clone()));
    }
    args.keys.apply(&mut layers)?;
    // A model from scratch has as many positions as it learns on.
    if let (None, true) = (&base, args.keys.has("data.context"))
        && let Some(context) = layers.get("data.context").cloned()
    {
        layers.set("model.context", context);
    }
    layers.set(
        "training.device",
        Value::try_from(config.model.device).map_err(CliError::failed)?,
    );
    apply_sampler(sampler, config, &mut layers)?;
    layers
        .recipe()
        .map_err(|error| CliError::usage(error.to_string()))
}

fn read_file(name: &str) -> Result<Table, CliError> {
    let text = read_text(Path::new(name), LARGEST_RECIPE).map_err(|error| {
        let presets = PRESETS.join(", ");
        CliError::usage(format!(
            "--recipe {name}: {error}; it is a TOML file or one of {presets}"
        ))
    })?;
    let wrong = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text[..at].matches('\n').count() + 1;
        CliError::usage(format!("{name}:{line}: {}", error.message()))
    };
    // Held against the schema by itself, so that an error has its line.
    let recipe = toml::from_str::<Recipe>(&text).map_err(wrong)?;
    let mut layers = LayeredRecipe::of(text.parse().map_err(wrong)?);
    // Its paths are seen from where it lies, so that it holds wherever one stands.
    let path = std::path::absolute(name).map_err(CliError::failed)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let seen = recipe.seen_from(directory);
    let seen = LayeredRecipe::of(Table::try_from(seen).map_err(CliError::failed)?);
    for (_, key) in keys().filter(|(_, key)| names_files(key)) {
        if let (Some(_), Some(value)) = (layers.get(key.path), seen.get(key.path)) {
            layers.set(key.path, value.clone());
        }
    }
    Ok(layers.into_table())
}

/// Whether a key may name files. A model and a tokenizer are named by a path or otherwise.
fn names_files(key: &Key) -> bool {
    matches!(key.takes, Takes::Path | Takes::Paths)
        || ["model.from", "tokenizer.from"].contains(&key.path)
}

/// The sampler's flags go to the samples.
fn apply_sampler(
    args: &SamplerArgs,
    config: &Config,
    layers: &mut LayeredRecipe,
) -> Result<(), CliError> {
    for (field, value) in &args.settings {
        if let ("preset", Value::String(name)) = (field.as_str(), value) {
            let neutral = SamplerSettings::default();
            let settings = config.preset(name, &neutral).ok_or_else(|| {
                let names: Vec<&str> = config.preset_names().collect();
                CliError::usage(format!(
                    "there is no preset `{name}`; there are {}",
                    names.join(", ")
                ))
            })?;
            let settings = Value::try_from(settings).map_err(CliError::failed)?;
            layers.set("evaluation.sampler", settings);
        }
    }
    for (field, value) in &args.settings {
        if field != "preset" {
            layers.set(&format!("evaluation.sampler.{field}"), value.clone());
        }
    }
    Ok(())
}
