//! What the flags of a generation say about the configuration. Their help is each subcommand's own.

use super::seed::Seed;

/// How a text is drawn and where it ends, as flags say it.
pub(super) struct GenerationFlags {
    pub(super) seed: Option<Seed>,
    pub(super) max_tokens: Option<usize>,
    pub(super) stop: Vec<String>,
    pub(super) ignore_end: bool,
    pub(super) allow_loops: bool,
}

impl GenerationFlags {
    /// What was given, as dotted keys.
    pub(super) fn overrides(self) -> Vec<(String, toml::Value)> {
        let mut keys = Vec::new();
        let mut set = |key: &str, value: toml::Value| keys.push((key.to_owned(), value));
        if let Some(seed) = self.seed {
            // TOML's whole numbers are signed; larger seeds wrap around.
            set(
                "generation.seed",
                toml::Value::Integer(seed.number() as i64),
            );
        }
        if let Some(max) = self.max_tokens {
            set("generation.max_tokens", toml::Value::Integer(max as i64));
        }
        if !self.stop.is_empty() {
            let stop = self.stop.into_iter().map(toml::Value::String);
            set("generation.stop", toml::Value::Array(stop.collect()));
        }
        if self.ignore_end {
            set("generation.stop_at_end_token", toml::Value::Boolean(false));
        }
        if self.allow_loops {
            set("generation.detect_loops", toml::Value::Boolean(false));
        }
        keys
    }
}
