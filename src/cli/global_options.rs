//! Options of every subcommand.

use std::path::PathBuf;

use toml::Value;

use crate::model::DevicePreference;

/// Options of every subcommand.
#[derive(Debug, clap::Args)]
pub struct GlobalOptions {
    /// The model: `embedded`, a directory, a GGUF file, a run's name, or a Hugging Face id such as gpt2
    #[arg(
        long,
        short,
        global = true,
        value_name = "MODEL",
        help_heading = "Model"
    )]
    pub model: Option<String>,
    /// Where to compute: auto, cpu, cuda, metal, or one of several NVIDIA GPUs, such as cuda:1
    #[arg(long, global = true, value_name = "DEVICE", help_heading = "Model")]
    pub device: Option<DevicePreference>,
    /// What the large matrices are held in
    #[arg(long, global = true, value_name = "PRECISION", help_heading = "Model",
          value_parser = ["auto", "f32", "bf16", "f16", "q8_0", "q4_0"])]
    pub precision: Option<String>,
    /// Take hub models from the local cache only
    #[arg(long, global = true, help_heading = "Model")]
    pub offline: bool,
    /// Say nothing on standard error but what goes wrong: no progress, no remarks
    #[arg(long, short, global = true, hide_short_help = true)]
    pub quiet: bool,
    /// Read settings from this file, over those of the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl GlobalOptions {
    /// What the flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, Value)> {
        let texts = [
            ("model.source", &self.model),
            ("model.precision", &self.precision),
        ];
        let mut keys: Vec<_> = texts
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value.clone()?))))
            .collect();
        if let Some(device) = self.device {
            keys.push(("model.device".to_owned(), Value::String(device.to_string())));
        }
        if self.offline {
            keys.push(("model.offline".to_owned(), Value::Boolean(true)));
        }
        keys
    }
}
