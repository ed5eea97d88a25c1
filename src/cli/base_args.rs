//! The model that a finetuned one was made of, for the stage `difference`.

use toml::Value;

/// A model beside, for whatever draws or shows odds.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BaseArgs {
    /// A model with the same tokens that this one was made of, for --difference-weight
    #[arg(
        long,
        value_name = "MODEL",
        help_heading = "Model",
        hide_short_help = true
    )]
    pub base: Option<String>,
}

impl BaseArgs {
    /// What the flag says about the configuration, as a dotted key.
    pub fn overrides(&self) -> Option<(String, Value)> {
        let base = self.base.clone()?;
        Some(("model.base".to_owned(), Value::String(base)))
    }
}
