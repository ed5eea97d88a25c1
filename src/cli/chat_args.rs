//! Options of the subcommands that can put a prompt to a model as a message.

use toml::Value;

/// Whether and how the model is to answer.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ChatArgs {
    /// Put the prompt to the model as a user's message, by the model's own chat template
    #[arg(long, help_heading = "Model")]
    pub chat: bool,
    /// With --chat: what the model is told before the conversation
    #[arg(long, value_name = "TEXT", requires = "chat", help_heading = "Model")]
    pub system: Option<String>,
}

impl ChatArgs {
    /// What the flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, Value)> {
        let chat = self.chat.then_some(Value::Boolean(true));
        let system = self.system.clone().map(Value::String);
        let keys = [("model.chat", chat), ("model.system", system)];
        keys.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect()
    }
}
