//! Everything that decides a run: what `--recipe FILE` reads, what the run's directory keeps, what flags and form set.

mod changes;
mod keys;
mod layered;
mod notation;
mod table;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::changes::{Change, changes};
pub use self::keys::{Flag, Key, Row, Takes, When, key, keys};
pub use self::layered::LayeredRecipe;
use super::TrainingError;
use super::data::{DataSettings, is_carried};
use super::network::{DropoutRates, Freeze, Initial, LoraSettings};
use super::ops::Kernels;
use super::optimizer::OptimizerSettings;
use super::schedule::Schedule;
use crate::decoding::GenerationSettings;
use crate::model::{Activation, DevicePreference, EMBEDDED, Gpt2Config, disk};
use crate::sampling::SamplerSettings;
use crate::text::TokenizerSettings;
use crate::text::corpus::{Filters, WEATHER};

/// A run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    pub run: RunSettings,
    pub model: ModelSettings,
    pub tokenizer: TokenizerChoice,
    pub data: DataSettings,
    pub optimizer: OptimizerSettings,
    pub schedule: Schedule,
    pub training: LoopSettings,
    pub evaluation: EvaluationSettings,
    pub checkpoints: CheckpointSettings,
}

/// Where a run is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSettings {
    /// The run's name, which is its directory's.
    pub name: String,
    /// The directory of all runs.
    pub directory: PathBuf,
    /// Where encoded corpora are kept; empty for `.cache` in the directory of all runs.
    pub cache: PathBuf,
    /// Seeds first weights, the split, the order and dropout: the same seed, data and machine give the same losses.
    pub seed: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            name: "run1".to_owned(),
            directory: PathBuf::from("runs"),
            cache: PathBuf::new(),
            seed: 1,
        }
    }
}

/// The network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// A model to start from: `embedded`, a directory, a hub id. Empty: from scratch, by the sizes below.
    pub from: String,
    pub layers: Option<usize>,
    pub heads: Option<usize>,
    /// Numbers in a head's query, key or value; `width / heads` when absent.
    pub head_width: Option<usize>,
    pub width: Option<usize>,
    /// Width of the feed-forward layer; four times the width when absent.
    pub feed_forward: Option<usize>,
    /// Positions.
    pub context: Option<usize>,
    /// Tokens that the model has room for; the tokenizer's when absent.
    pub vocabulary: Option<usize>,
    pub post_norm: Option<bool>,
    pub activation: Option<Activation>,
    /// Whether the head is the token embedding.
    pub tied: Option<bool>,
    pub head_bias: Option<bool>,
    pub norm_epsilon: Option<f64>,
    pub initial: Initial,
    pub dropout: DropoutRates,
    pub freeze: Freeze,
    pub lora: LoraSettings,
}

impl ModelSettings {
    /// The shape of a network from scratch, for a tokenizer of `vocabulary` tokens.
    ///
    /// # Errors
    /// When it contradicts itself or has too little room for the tokenizer.
    pub fn shape(&self, vocabulary: usize) -> Result<Gpt2Config, TrainingError> {
        let room = self.vocabulary.unwrap_or(vocabulary);
        if room < vocabulary {
            return Err(TrainingError::Setting(format!(
                "the tokenizer has {vocabulary} tokens, more than the vocabulary of {room}; raise --vocabulary or train a smaller tokenizer"
            )));
        }
        self.shape_for(room)
    }

    /// The shape of a network from scratch with room for so many tokens.
    ///
    /// # Errors
    /// When it contradicts itself.
    pub(super) fn shape_for(&self, room: usize) -> Result<Gpt2Config, TrainingError> {
        let usual = Gpt2Config::default();
        let config = Gpt2Config {
            vocab_size: room,
            n_layer: self.layers.unwrap_or(4),
            n_head: self.heads.unwrap_or(4),
            head_width: self.head_width,
            n_embd: self.width.unwrap_or(256),
            n_inner: self.feed_forward,
            n_positions: self.context.unwrap_or(256),
            post_norm: self.post_norm.unwrap_or(false),
            activation_function: self.activation.unwrap_or(usual.activation_function),
            tie_word_embeddings: self.tied.unwrap_or(true),
            head_bias: self.head_bias.unwrap_or(false),
            layer_norm_epsilon: self.norm_epsilon.unwrap_or(usual.layer_norm_epsilon),
            eos_token_id: None,
            ..usual
        };
        let plain = config.attention_width() == config.n_embd;
        let config = Gpt2Config {
            head_width: config.head_width.filter(|_| !plain),
            ..config
        };
        config
            .check()
            .map_err(|problem| TrainingError::Setting(format!("the model's shape: {problem}")))?;
        Ok(config)
    }
}

/// Which tokenizer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerChoice {
    /// A `tokenizer.json` or a model whose tokenizer is taken. Empty: that of the model one starts from, or a new one
    /// made of the corpus.
    pub from: String,
    pub train: TokenizerSettings,
}

/// The arithmetic of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Float {
    #[default]
    F32,
    /// Mixed: parameters, updates and sums in `f32`; on a GPU products and activations in brain floats, on a CPU the
    /// factors of products, where it multiplies those itself (AVX-512 BF16), and else as `F32`.
    Bf16,
}

/// The loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoopSettings {
    /// Sequences in a batch.
    pub batch: usize,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// How many steps; 0 to count epochs instead.
    pub steps: u64,
    pub epochs: u64,
    /// Stop once the smoothed loss is this low; 0 is off.
    pub stop_loss: f64,
    /// Stop after so many evaluations without a better validation loss; 0 is off.
    pub patience: u64,
    pub device: DevicePreference,
    pub precision: Float,
    /// Keep only each block's input for the backward pass and compute the rest again: less memory, more time.
    pub recompute: bool,
    /// The form of the operations; the device's best when absent.
    pub kernels: Option<Kernels>,
}

impl Default for LoopSettings {
    fn default() -> Self {
        Self {
            batch: 8,
            accumulate: 1,
            steps: 0,
            epochs: 1,
            stop_loss: 0.0,
            patience: 0,
            device: DevicePreference::Auto,
            precision: Float::F32,
            recompute: false,
            kernels: None,
        }
    }
}

/// What is looked at on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationSettings {
    /// Steps between evaluations on the validation set; 0 is once an epoch.
    pub every: u64,
    /// Batches of the validation set that are evaluated; 0 is all.
    pub batches: u64,
    /// Steps between samples; 0 is once an epoch.
    pub sample_every: u64,
    /// Where one of the two is 0: about how often in a run it is done at least, spread over the epochs.
    pub times: u64,
    /// Whether there are samples.
    pub samples: bool,
    /// What samples begin with; without any, one sample begins with the token before each document, or with nothing.
    pub prompts: Vec<String>,
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    /// A prompt whose next-token odds are noted with the samples; empty for none.
    pub probe: String,
    /// How many tokens' odds are noted.
    pub probe_rows: usize,
    /// Length of the n-grams of samples that are looked up in the corpus; 0 is off.
    pub memorised: usize,
}

impl Default for EvaluationSettings {
    fn default() -> Self {
        Self {
            every: 0,
            batches: 64,
            sample_every: 0,
            times: 0,
            samples: true,
            prompts: Vec::new(),
            sampler: SamplerSettings::default(),
            generation: GenerationSettings {
                max_tokens: 60,
                ..GenerationSettings::default()
            },
            probe: String::new(),
            probe_rows: 10,
            memorised: 6,
        }
    }
}

/// What is kept on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointSettings {
    /// Steps between checkpoints; 0 is once an epoch.
    pub every: u64,
    /// How many are kept, the newest; the best by validation is kept besides. 0 keeps all.
    pub keep: usize,
    /// Megabytes for the weights of past epochs, which stay without the optimizer's state; 0 keeps none of them. The
    /// smaller of 2,000 and a tenth of what is free on the disk when absent.
    pub weights: Option<u64>,
}

impl Default for CheckpointSettings {
    fn default() -> Self {
        Self {
            every: 0,
            keep: 2,
            weights: None,
        }
    }
}

impl Recipe {
    /// What contradicts itself, before anything is read.
    ///
    /// # Errors
    /// With the first contradiction.
    pub fn check(&self) -> Result<(), TrainingError> {
        let wrong = |problem: String| Err(TrainingError::Setting(problem));
        let name = &self.run.name;
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return wrong(format!(
                "`{name}` is no name for a run; use letters, digits, `-`, `_` and `.`"
            ));
        }
        if self.data.corpus.files.is_empty() {
            return wrong("there is no corpus: name a file or a directory".to_owned());
        }
        let corpus = &self.data.corpus;
        let changes = corpus.filters != Filters::default() || corpus.wrap.is_some();
        if let Some(path) = corpus.files.iter().find(|path| changes && is_carried(path)) {
            return wrong(format!(
                "{} is encoded already: texts are filtered, changed and wrapped when they are encoded",
                path.display()
            ));
        }
        let training = &self.training;
        if training.batch == 0 || training.accumulate == 0 {
            return wrong("the batch and the accumulation must be at least 1".to_owned());
        }
        if training.steps == 0 && training.epochs == 0 {
            return wrong("there is nothing to do: set --steps or --epochs".to_owned());
        }
        if !(0.0..1.0).contains(&self.data.validation) {
            return wrong(format!(
                "a validation share of {} is none; choose one from 0 to below 1",
                self.data.validation
            ));
        }
        let dropout = self.model.dropout;
        for rate in [dropout.embedding, dropout.attention, dropout.residual] {
            if !(0.0..1.0).contains(&rate) {
                return wrong(format!(
                    "a dropout of {rate} is none; choose one from 0 to below 1"
                ));
            }
        }
        let rate = self.schedule.learning_rate;
        if !(rate > 0.0 && rate.is_finite()) {
            return wrong(format!(
                "a learning rate of {rate} teaches nothing; choose one above 0"
            ));
        }
        if let Some(problem) = self.optimizer.problem() {
            return wrong(format!("optimizer: {problem}"));
        }
        if let Err(error) = self.evaluation.sampler.validate() {
            return wrong(format!("sampler: {error}"));
        }
        if self.model.lora.rank > 0 && self.model.freeze != Freeze::Nothing {
            return wrong("LoRA freezes the whole model itself: drop --freeze".to_owned());
        }
        if self.model.lora.rank > 0 && self.model.from.is_empty() {
            return wrong("LoRA changes a trained model: use it with finetune".to_owned());
        }
        Ok(())
    }

    /// The recipe with its paths as they are from `directory`, so that it holds from any other. What is no path there,
    /// such as a hub id, stays as it is, and so does what is found where the program runs but not there.
    pub fn seen_from(mut self, directory: &Path) -> Self {
        let place = |path: &mut PathBuf| {
            let is_path = !path.as_os_str().is_empty() && path.as_path() != Path::new(WEATHER);
            let there = directory.join(&*path);
            if is_path && (there.exists() || !path.exists()) {
                *path = plain(there);
            }
        };
        self.data.corpus.files.iter_mut().for_each(place);
        self.data.validation_files.iter_mut().for_each(place);
        place(&mut self.run.directory);
        place(&mut self.run.cache);
        for source in [&mut self.model.from, &mut self.tokenizer.from] {
            let path = directory.join(&*source);
            if !source.is_empty() && source != EMBEDDED && path.exists() {
                *source = plain(path).display().to_string();
            }
        }
        self
    }

    /// Bytes for the weights of past epochs, where runs lie.
    pub(super) fn weight_budget(&self) -> u64 {
        self.weight_budget_of(disk::free(&self.run.directory))
    }

    /// The same, where so many bytes are free.
    pub(super) fn weight_budget_of(&self, free: Option<u64>) -> u64 {
        const MOST: u64 = 2_000_000_000;
        match self.checkpoints.weights {
            Some(megabytes) => megabytes.saturating_mul(1_000_000),
            None => free.map_or(MOST, |free| MOST.min(free / 10)),
        }
    }

    /// The directory of encoded corpora.
    pub fn cache(&self) -> PathBuf {
        if self.run.cache.as_os_str().is_empty() {
            self.run.directory.join(".cache")
        } else {
            self.run.cache.clone()
        }
    }
}

/// A path without the dots that lead nowhere.
fn plain(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
