//! The arguments.

use std::path::PathBuf;

use toml::Value;

use super::bench::BenchArgs;
use super::encode::EncodeArgs;
use super::export::ExportArgs;
use super::generate::GenerateArgs;
use super::models::ModelsArgs;
use super::odds::OddsArgs;
use super::play::PlayArgs;
use super::runs::RunsArgs;
use super::score::ScoreArgs;
use super::settings::ConfigArgs;
use super::tokens::TokensArgs;
use super::train::{FinetuneArgs, TrainArgs};

/// See a language model decide: a playground for sampling, in the terminal
#[derive(Debug, clap::Parser)]
#[command(name = "logitscope", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub options: GlobalOptions,
    #[command(subcommand)]
    pub command: Option<Subcommand>,
}

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
    /// Where to compute
    #[arg(long, global = true, value_name = "DEVICE", help_heading = "Model",
          value_parser = ["auto", "cpu", "cuda", "metal"])]
    pub device: Option<String>,
    /// The arithmetic of the large products
    #[arg(long, global = true, value_name = "PRECISION", help_heading = "Model",
          value_parser = ["auto", "f32", "bf16", "q8_0", "q4_0"])]
    pub precision: Option<String>,
    /// Take hub models from the local cache only
    #[arg(long, global = true, help_heading = "Model")]
    pub offline: bool,
    /// Read settings from this file, over those of the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl GlobalOptions {
    /// What the flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, Value)> {
        let texts = [
            ("model.source", &self.model),
            ("model.device", &self.device),
            ("model.precision", &self.precision),
        ];
        let mut keys: Vec<_> = texts
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value.clone()?))))
            .collect();
        if self.offline {
            keys.push(("model.offline".to_owned(), Value::Boolean(true)));
        }
        keys
    }
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    Play(PlayArgs),
    Generate(GenerateArgs),
    Odds(OddsArgs),
    Score(ScoreArgs),
    Tokens(TokensArgs),
    Models(ModelsArgs),
    Train(Box<TrainArgs>),
    Finetune(Box<FinetuneArgs>),
    Encode(EncodeArgs),
    Runs(RunsArgs),
    Export(ExportArgs),
    Bench(BenchArgs),
    Config(ConfigArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

impl Subcommand {
    /// What the subcommand's flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, Value)> {
        let whole = |key: &str, value: u64| (key.to_owned(), Value::Integer(value as i64));
        let (sampler, chat, mut keys) = match self {
            Self::Play(args) => {
                let max = args.max_tokens.map(|max| max as u64);
                let seed = args.seed.map(|seed| whole("generation.seed", seed));
                let max = max.map(|max| whole("generation.max_tokens", max));
                (
                    &args.sampler,
                    &args.chat,
                    seed.into_iter().chain(max).collect(),
                )
            }
            Self::Generate(args) => (&args.sampler, &args.chat, args.overrides()),
            Self::Odds(args) => {
                let seed = args.seed.map(|seed| whole("generation.seed", seed));
                (
                    &args.sampler,
                    &args.chat,
                    seed.into_iter().collect::<Vec<_>>(),
                )
            }
            _ => return Vec::new(),
        };
        keys.extend(chat.overrides());
        let sampler = sampler.settings.iter();
        keys.extend(sampler.map(|(field, value)| (format!("sampler.{field}"), value.clone())));
        keys
    }
}
