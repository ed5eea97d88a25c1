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
use crate::training::{Layers, Recipe};

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
    let mut layers = Layers::new(base.as_deref()).map_err(CliError::failed)?;
    for name in &args.recipe {
        match preset(name) {
            Some(recipe) => layers.lay_recipe(&recipe).map_err(CliError::failed)?,
            None => layers.lay(read_file(name)?),
        }
    }
    if let Some(base) = &base {
        layers.set("model.from", Value::String(base.clone()));
    }
    flags(args, base.is_some(), &mut layers)?;
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
    let mut layers = Layers::of(text.parse().map_err(wrong)?);
    // Its paths are seen from where it lies, so that it holds wherever one stands.
    let path = std::path::absolute(name).map_err(CliError::failed)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let seen = recipe.seen_from(directory);
    let seen = Layers::of(Table::try_from(seen).map_err(CliError::failed)?);
    for key in PATH_KEYS {
        if let (Some(_), Some(value)) = (layers.get(key), seen.get(key)) {
            layers.set(key, value.clone());
        }
    }
    Ok(layers.into_table())
}

/// The keys of a recipe that may name files.
const PATH_KEYS: [&str; 6] = [
    "data.corpus.files",
    "data.validation_files",
    "run.directory",
    "run.cache",
    "model.from",
    "tokenizer.from",
];

/// A flag's value as TOML has it.
trait Given {
    fn value(&self) -> Option<Value>;
}

impl Given for Option<u32> {
    fn value(&self) -> Option<Value> {
        self.map(|number| Value::Integer(i64::from(number)))
    }
}

impl Given for Option<f64> {
    fn value(&self) -> Option<Value> {
        self.map(Value::Float)
    }
}

impl Given for Option<bool> {
    fn value(&self) -> Option<Value> {
        self.map(Value::Boolean)
    }
}

impl Given for bool {
    fn value(&self) -> Option<Value> {
        self.then_some(Value::Boolean(true))
    }
}

impl Given for Option<String> {
    fn value(&self) -> Option<Value> {
        self.clone().map(Value::String)
    }
}

impl Given for Option<std::path::PathBuf> {
    fn value(&self) -> Option<Value> {
        let path = self.as_ref()?;
        Some(Value::String(path.display().to_string()))
    }
}

impl Given for Vec<std::path::PathBuf> {
    fn value(&self) -> Option<Value> {
        let paths = self
            .iter()
            .map(|path| Value::String(path.display().to_string()));
        (!self.is_empty()).then(|| Value::Array(paths.collect()))
    }
}

impl Given for Vec<String> {
    fn value(&self) -> Option<Value> {
        let texts = self.iter().cloned().map(Value::String);
        (!self.is_empty()).then(|| Value::Array(texts.collect()))
    }
}

fn flags(args: &RunArgs, finetunes: bool, layers: &mut Layers) -> Result<(), CliError> {
    let plain: [(&str, &dyn Given); 53] = [
        ("run.name", &args.run_name),
        ("run.directory", &args.runs),
        ("run.cache", &args.cache),
        ("run.seed", &args.seed),
        ("checkpoints.every", &args.checkpoint_every),
        ("checkpoints.keep", &args.keep),
        ("checkpoints.weights", &args.keep_weights),
        ("data.validation", &args.validation),
        ("data.validation_files", &args.validation_file),
        ("data.packing", &args.packing),
        ("data.context", &args.context),
        ("data.begin", &args.begin),
        ("data.end", &args.end),
        ("data.pad", &args.pad),
        ("data.count_padding", &args.count_padding),
        ("data.take", &args.take),
        ("tokenizer.from", &args.tokenizer),
        ("tokenizer.train.kind", &args.tokenizer_kind),
        ("tokenizer.train.vocabulary", &args.vocabulary),
        ("model.layers", &args.layers),
        ("model.heads", &args.heads),
        ("model.head_width", &args.head_width),
        ("model.width", &args.width),
        ("model.feed_forward", &args.feed_forward),
        ("model.activation", &args.activation),
        ("model.tied", &args.tied),
        ("model.head_bias", &args.head_bias),
        ("model.initial", &args.initial),
        ("model.dropout.embedding", &args.dropout),
        ("model.dropout.attention", &args.dropout),
        ("model.dropout.residual", &args.dropout),
        ("model.lora.rank", &args.lora_rank),
        ("model.lora.alpha", &args.lora_alpha),
        ("model.lora.targets", &args.lora_targets),
        ("optimizer.method", &args.optimizer),
        ("optimizer.beta1", &args.beta1),
        ("optimizer.beta2", &args.beta2),
        ("optimizer.epsilon", &args.epsilon),
        ("optimizer.weight_decay", &args.weight_decay),
        ("optimizer.momentum", &args.momentum),
        ("optimizer.clip", &args.clip),
        ("schedule.learning_rate", &args.learning_rate),
        ("schedule.course", &args.schedule),
        ("schedule.warmup", &args.warmup),
        ("schedule.hold", &args.hold),
        ("schedule.end", &args.end_rate),
        ("schedule.decay_steps", &args.decay_steps),
        ("training.batch", &args.batch),
        ("training.accumulate", &args.accumulate),
        ("training.stop_loss", &args.stop_loss),
        ("training.patience", &args.patience),
        ("training.recompute", &args.recompute),
        ("evaluation.every", &args.evaluate_every),
    ];
    let looking: [(&str, &dyn Given); 7] = [
        ("evaluation.batches", &args.evaluate_batches),
        ("evaluation.sample_every", &args.sample_every),
        ("evaluation.prompts", &args.prompt),
        ("evaluation.generation.max_tokens", &args.max_tokens),
        ("evaluation.generation.seed", &args.sample_seed),
        ("evaluation.probe", &args.probe),
        ("evaluation.memorised", &args.memorised),
    ];
    for (key, given) in plain.into_iter().chain(looking) {
        if let Some(value) = given.value() {
            layers.set(key, value);
        }
    }
    args.corpus.apply(layers)?;
    if !finetunes && args.context.is_some() {
        layers.set(
            "model.context",
            args.context.value().unwrap_or(Value::Integer(0)),
        );
    }
    // One counts and the other does not.
    if let Some(steps) = args.steps.value() {
        layers.set("training.steps", steps);
    }
    if let Some(epochs) = args.epochs.value() {
        layers.set("training.epochs", epochs);
        layers.set("training.steps", Value::Integer(0));
    }
    if args.no_samples {
        layers.set("evaluation.samples", Value::Boolean(false));
    }
    if args.mixed_precision {
        layers.set("training.precision", Value::String("bf16".to_owned()));
    }
    if let Some(norm) = &args.norm {
        layers.set("model.post_norm", Value::Boolean(norm == "post"));
    }
    if let Some(freeze) = &args.freeze {
        layers.set("model.freeze", frozen(freeze)?);
    }
    Ok(())
}

fn frozen(text: &str) -> Result<Value, CliError> {
    let wrong = || {
        CliError::usage(format!(
            "--freeze {text}: use nothing, all_but_layers or first=N"
        ))
    };
    match text.split_once('=') {
        None if matches!(text, "nothing" | "all_but_layers") => Ok(Value::String(text.to_owned())),
        Some(("first", layers)) => {
            let layers: u32 = layers.parse().map_err(|_| wrong())?;
            let first = Value::Integer(i64::from(layers));
            Ok(Value::Table(Table::from_iter([(
                "first".to_owned(),
                first,
            )])))
        }
        _ => Err(wrong()),
    }
}

/// The sampler's flags go to the samples.
fn apply_sampler(args: &SamplerArgs, config: &Config, layers: &mut Layers) -> Result<(), CliError> {
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
