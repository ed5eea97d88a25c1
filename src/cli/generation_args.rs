//! How a text is drawn and where it ends, for whatever generates texts.

use toml::Value;

use super::seed::Seed;

/// What peers call --max-tokens: transformers, and llama.cpp twice.
pub const MAX_TOKENS: [&str; 3] = ["max-new-tokens", "n-predict", "predict"];

/// How texts are drawn and where they end.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GenerationArgs {
    /// The seed of the draws: of the first text's, where there are several
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    pub seed: Option<Seed>,
    /// Most tokens to generate a text
    #[arg(long, value_name = "N", aliases = MAX_TOKENS)]
    pub max_tokens: Option<usize>,
    /// End a text after this one (may be given several times)
    #[arg(long, value_name = "TEXT")]
    pub stop: Vec<String>,
    /// Go on past the model's end-of-text token
    #[arg(long, hide_short_help = true)]
    pub ignore_end: bool,
    /// Do not stop a text that repeats itself
    #[arg(long, hide_short_help = true)]
    pub allow_loops: bool,
}

impl GenerationArgs {
    /// What was given, as dotted keys of the configuration. `meant` says what is meant by a text that was given.
    pub fn overrides(&self, meant: impl Fn(&str) -> String) -> Vec<(String, Value)> {
        let mut keys = Vec::new();
        let mut set = |key: &str, value: Value| keys.push((key.to_owned(), value));
        if let Some(seed) = self.seed {
            // TOML's whole numbers are signed; larger seeds wrap around.
            set("generation.seed", Value::Integer(seed.number() as i64));
        }
        if let Some(max) = self.max_tokens {
            set("generation.max_tokens", Value::Integer(max as i64));
        }
        if !self.stop.is_empty() {
            let stop = self.stop.iter().map(|text| Value::String(meant(text)));
            set("generation.stop", Value::Array(stop.collect()));
        }
        if self.ignore_end {
            set("generation.stop_at_end_token", Value::Boolean(false));
        }
        if self.allow_loops {
            set("generation.detect_loops", Value::Boolean(false));
        }
        keys
    }
}
