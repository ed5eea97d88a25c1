//! The arguments.

use toml::Value;

use super::bench::BenchArgs;
use super::compare::CompareArgs;
use super::config::ConfigArgs;
use super::diff::DiffArgs;
use super::encode::EncodeArgs;
use super::export::ExportArgs;
use super::generate::GenerateArgs;
use super::global_options::GlobalOptions;
use super::guess::GuessArgs;
use super::learn::LearnArgs;
use super::man::ManArgs;
use super::models::ModelsArgs;
use super::odds::OddsArgs;
use super::play::PlayArgs;
use super::runs::RunsArgs;
use super::score::ScoreArgs;
use super::session::SessionArgs;
use super::tokens::TokensArgs;
use super::train::{FinetuneArgs, TrainArgs};
use super::tree::TreeArgs;

/// See a language model decide: a playground for sampling, in the terminal
#[derive(Debug, clap::Parser)]
#[command(name = "logitscope", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub options: GlobalOptions,
    #[command(subcommand)]
    pub command: Option<Subcommand>,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    Play(PlayArgs),
    Learn(LearnArgs),
    Guess(GuessArgs),
    Generate(GenerateArgs),
    Compare(Box<CompareArgs>),
    Odds(OddsArgs),
    Tree(TreeArgs),
    Score(ScoreArgs),
    Diff(DiffArgs),
    Tokens(TokensArgs),
    Models(ModelsArgs),
    Train(Box<TrainArgs>),
    Finetune(Box<FinetuneArgs>),
    Encode(EncodeArgs),
    Runs(RunsArgs),
    Export(ExportArgs),
    Session(SessionArgs),
    Bench(BenchArgs),
    Config(ConfigArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    Man(ManArgs),
}

impl Subcommand {
    /// What the subcommand's flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, Value)> {
        let whole = |key: &str, value: u64| (key.to_owned(), Value::Integer(value as i64));
        let (sampler, chat, mut keys) = match self {
            Self::Play(args) => {
                let max = args.max_tokens.map(|max| max as u64);
                let seed = args
                    .seed
                    .map(|seed| whole("generation.seed", seed.number()));
                let max = max.map(|max| whole("generation.max_tokens", max));
                (
                    &args.sampler,
                    &args.chat,
                    seed.into_iter().chain(max).collect(),
                )
            }
            Self::Generate(args) => (&args.sampler, &args.chat, args.overrides()),
            Self::Compare(args) => (&args.sampler, &args.chat, args.overrides()),
            Self::Odds(args) => {
                let seed = args
                    .seed
                    .map(|seed| whole("generation.seed", seed.number()));
                (
                    &args.sampler,
                    &args.chat,
                    seed.into_iter().collect::<Vec<_>>(),
                )
            }
            Self::Tree(args) => (&args.sampler, &args.chat, Vec::new()),
            _ => return Vec::new(),
        };
        let base = match self {
            Self::Play(args) => args.base.overrides(),
            Self::Generate(args) => args.base.overrides(),
            Self::Odds(args) => args.base.overrides(),
            _ => None,
        };
        keys.extend(base);
        keys.extend(chat.overrides());
        let sampler = sampler.settings.iter();
        keys.extend(sampler.map(|(field, value)| (format!("sampler.{field}"), value.clone())));
        keys
    }
}
