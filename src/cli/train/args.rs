//! The flags of a run: one for everything that a recipe can say.

use std::path::PathBuf;

use crate::cli::corpus_args::CorpusArgs;
use crate::training::Restore;

/// Flags of `train` and `finetune`. What is not given stays as the recipe has it.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub corpus: CorpusArgs,
    /// Start from a recipe: demo, gpt2, gpt2-medium, gpt2-large, gpt2-xl, mini-imdb, mini-books, or a TOML file;
    /// of several, later ones win
    #[arg(long, value_name = "NAME|FILE")]
    pub recipe: Vec<String>,
    /// Print the recipe that results, as TOML, and do nothing
    #[arg(long)]
    pub print_recipe: bool,
    /// Print what happens as lines of JSON on standard output
    #[arg(long)]
    pub json: bool,

    /// The run's name
    #[arg(long, value_name = "NAME", help_heading = "Run")]
    pub run_name: Option<String>,
    /// The directory of all runs [default: runs]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub runs: Option<PathBuf>,
    /// Where encoded corpora are kept [default: .cache in the directory of all runs]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub cache: Option<PathBuf>,
    /// Seeds first weights, split, order and dropout
    #[arg(long, value_name = "SEED", help_heading = "Run")]
    pub seed: Option<u32>,
    /// Begin anew (fresh), after the run's newest checkpoint (latest), or after the checkpoint in a directory
    #[arg(
        long,
        alias = "restore-from",
        value_name = "fresh|latest|DIR",
        default_value = "fresh",
        help_heading = "Run"
    )]
    pub restore: String,
    /// Delete a run of the same name, or the later checkpoints of one that goes on from an earlier
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,
    /// Go on although the corpus, the validation set, the tokenizer or the model that the run started from has changed
    #[arg(long, help_heading = "Run")]
    pub accept_changes: bool,
    /// Steps between checkpoints; 0 is once an epoch
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub checkpoint_every: Option<u32>,
    /// How many checkpoints are kept, and the best besides; 0 keeps all
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub keep: Option<u32>,
    /// Megabytes for the weights of past epochs, kept to look back at without the optimizer's state; 0 keeps none
    /// [default: the smaller of 2000 and a tenth of what is free on the disk]
    #[arg(long, value_name = "MB", help_heading = "Run")]
    pub keep_weights: Option<u32>,

    /// Share of the corpus' tokens held out for validation
    #[arg(long, value_name = "SHARE", help_heading = "Data")]
    pub validation: Option<f64>,
    /// Validate on this file instead
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub validation_file: Vec<PathBuf>,
    /// Documents joined and cut into windows, or one document a sequence
    #[arg(long, value_name = "HOW", help_heading = "Data", value_parser = ["windows", "documents"])]
    pub packing: Option<String>,
    /// Positions in a sequence; for `train` also those of the model
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub context: Option<u32>,
    /// A token before each document
    #[arg(long, value_name = "TOKEN", help_heading = "Data")]
    pub begin: Option<String>,
    /// A token after each document
    #[arg(long, value_name = "TOKEN", help_heading = "Data")]
    pub end: Option<String>,
    /// The token that fills sequences up
    #[arg(long, value_name = "TOKEN", help_heading = "Data")]
    pub pad: Option<String>,
    /// Count padding in the loss
    #[arg(long, help_heading = "Data")]
    pub count_padding: bool,
    /// Use so many batches of each epoch
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub take: Option<u32>,

    /// A tokenizer.json, or a model whose tokenizer is taken
    #[arg(long, value_name = "SOURCE", help_heading = "Tokenizer")]
    pub tokenizer: Option<String>,
    /// What kind of tokenizer is made of the corpus
    #[arg(long, value_name = "KIND", help_heading = "Tokenizer",
          value_parser = ["byte_level_bpe", "word_piece", "word_level"])]
    pub tokenizer_kind: Option<String>,
    /// Most tokens of a tokenizer that is made
    #[arg(long, value_name = "N", help_heading = "Tokenizer")]
    pub vocabulary: Option<u32>,

    /// Blocks
    #[arg(long, value_name = "N", help_heading = "Shape (train)")]
    pub layers: Option<u32>,
    /// Attention heads
    #[arg(long, value_name = "N", help_heading = "Shape (train)")]
    pub heads: Option<u32>,
    /// Numbers in a head's query, key or value
    #[arg(long, value_name = "N", help_heading = "Shape (train)")]
    pub head_width: Option<u32>,
    /// Length of a hidden state
    #[arg(long, value_name = "N", help_heading = "Shape (train)")]
    pub width: Option<u32>,
    /// Width of the feed-forward layer
    #[arg(long, value_name = "N", help_heading = "Shape (train)")]
    pub feed_forward: Option<u32>,
    /// Norms before the layers, as in GPT-2, or after the sums
    #[arg(long, value_name = "WHERE", help_heading = "Shape (train)", value_parser = ["pre", "post"])]
    pub norm: Option<String>,
    /// The non-linearity
    #[arg(long, value_name = "NAME", help_heading = "Shape (train)",
          value_parser = ["gelu_new", "gelu", "quick_gelu", "relu", "silu", "tanh"])]
    pub activation: Option<String>,
    /// Whether the head is the token embedding
    #[arg(long, value_name = "BOOL", help_heading = "Shape (train)")]
    pub tied: Option<bool>,
    /// Whether an untied head has a bias
    #[arg(long, value_name = "BOOL", help_heading = "Shape (train)")]
    pub head_bias: Option<bool>,
    /// First weights
    #[arg(long, value_name = "SCHEME", help_heading = "Shape (train)", value_parser = ["gpt2", "keras"])]
    pub initial: Option<String>,

    /// Share of numbers dropped, everywhere alike
    #[arg(long, value_name = "SHARE", help_heading = "Training")]
    pub dropout: Option<f64>,
    /// Train the blocks alone (all_but_layers), or those after the first N (first=N)
    #[arg(long, value_name = "WHAT", help_heading = "Training")]
    pub freeze: Option<String>,
    /// Train small matrices of this rank beside the frozen model
    #[arg(long, value_name = "RANK", help_heading = "Training")]
    pub lora_rank: Option<u32>,
    /// LoRA's change is multiplied by this over the rank
    #[arg(long, value_name = "ALPHA", help_heading = "Training")]
    pub lora_alpha: Option<f64>,
    /// What LoRA stands beside
    #[arg(long, value_name = "TARGET", help_heading = "Training", value_delimiter = ',',
          value_parser = ["attention", "attention_output", "feed_forward", "feed_forward_output"])]
    pub lora_targets: Vec<String>,
    /// The optimizer
    #[arg(long, value_name = "NAME", help_heading = "Training", value_parser = ["adam_w", "adam", "sgd", "muon"])]
    pub optimizer: Option<String>,
    /// The highest learning rate
    #[arg(long, alias = "lr", value_name = "RATE", help_heading = "Training")]
    pub learning_rate: Option<f64>,
    /// The course of the learning rate
    #[arg(long, value_name = "COURSE", help_heading = "Training", value_parser = ["constant", "linear", "cosine"])]
    pub schedule: Option<String>,
    /// Steps in which the rate grows to its highest
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub warmup: Option<u32>,
    /// Steps that it then stays there before it falls
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub hold: Option<u32>,
    /// The rate at the end, as a share of the highest
    #[arg(long, value_name = "SHARE", help_heading = "Training")]
    pub end_rate: Option<f64>,
    /// The step at which the end rate is reached
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub decay_steps: Option<u32>,
    #[arg(
        long,
        value_name = "SHARE",
        help_heading = "Training",
        help = "Adam's share of the mean gradient that a step keeps"
    )]
    pub beta1: Option<f64>,
    #[arg(
        long,
        value_name = "SHARE",
        help_heading = "Training",
        help = "Adam's share of the mean square that a step keeps"
    )]
    pub beta2: Option<f64>,
    /// Adam's least denominator
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epsilon: Option<f64>,
    /// The decay of matrices (adam_w, muon)
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub weight_decay: Option<f64>,
    /// The share of the last update that is kept (sgd, muon)
    #[arg(long, value_name = "SHARE", help_heading = "Training")]
    pub momentum: Option<f64>,
    /// Scale gradients down to this norm; 0 is off
    #[arg(long, value_name = "NORM", help_heading = "Training")]
    pub clip: Option<f64>,
    /// Sequences in a batch
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub batch: Option<u32>,
    /// Batches whose gradients make one step
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub accumulate: Option<u32>,
    /// How many steps
    #[arg(
        long,
        value_name = "N",
        help_heading = "Training",
        conflicts_with = "epochs"
    )]
    pub steps: Option<u32>,
    /// How many epochs
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epochs: Option<u32>,
    /// Stop once the smoothed loss is this low
    #[arg(long, value_name = "LOSS", help_heading = "Training")]
    pub stop_loss: Option<f64>,
    /// Stop after so many evaluations without improvement
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub patience: Option<u32>,
    /// Multiply brain floats: faster on GPUs, and on processors for which `bench` shows a higher rate in bf16
    #[arg(long, help_heading = "Training")]
    pub mixed_precision: bool,
    /// Keep less for the backward pass and compute it again
    #[arg(long, help_heading = "Training")]
    pub recompute: bool,

    /// Steps between evaluations; 0 is once an epoch
    #[arg(long, value_name = "N", help_heading = "Looking")]
    pub evaluate_every: Option<u32>,
    /// Batches of the validation set that are evaluated; 0 is all
    #[arg(long, value_name = "N", help_heading = "Looking")]
    pub evaluate_batches: Option<u32>,
    /// Steps between samples; 0 is once an epoch
    #[arg(long, value_name = "N", help_heading = "Looking")]
    pub sample_every: Option<u32>,
    /// Sample what follows this text (may be given several times) [default: a sample that begins with nothing]
    #[arg(long, value_name = "TEXT", help_heading = "Looking")]
    pub prompt: Vec<String>,
    /// Take no samples
    #[arg(long, help_heading = "Looking", conflicts_with = "prompt")]
    pub no_samples: bool,
    /// Most tokens of a sample
    #[arg(long, value_name = "N", help_heading = "Looking")]
    pub max_tokens: Option<u32>,
    /// The seed of the samples' draws
    #[arg(long, value_name = "SEED", help_heading = "Looking")]
    pub sample_seed: Option<u32>,
    /// Follow the odds of what comes after this text
    #[arg(long, value_name = "TEXT", help_heading = "Looking")]
    pub probe: Option<String>,
    /// Look n-grams of samples, of this length, up in the corpus; 0 is off
    #[arg(long, value_name = "N", help_heading = "Looking")]
    pub memorised: Option<u32>,
}

impl RunArgs {
    /// Where the run begins.
    pub fn restore(&self) -> Restore {
        match self.restore.as_str() {
            "fresh" => Restore::Fresh,
            "latest" => Restore::Latest,
            path => Restore::Path(PathBuf::from(path)),
        }
    }
}
