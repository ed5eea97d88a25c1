//! The flags of a recipe: one for every key that has one, made of the table of keys.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, value_parser};
use toml::Value;

use super::CliError;
use crate::training::LayeredRecipe;
use crate::training::recipe::{Flag, Key, Takes, keys};

/// Keys of a recipe given as flags: all of them, or those of the corpus alone.
#[derive(Debug, Clone, Default)]
pub struct RecipeArgs<const CORPUS_ALONE: bool = false> {
    given: Vec<(&'static Key, Flag, Vec<String>)>,
}

/// Flags that say what a corpus is and how it is read.
pub type CorpusArgs = RecipeArgs<true>;

impl<const CORPUS_ALONE: bool> RecipeArgs<CORPUS_ALONE> {
    /// Sets the keys that were given. What was not stays as the recipe has it.
    ///
    /// # Errors
    /// When a value cannot be understood, or a file that it names not be read.
    pub fn apply(&self, recipe: &mut LayeredRecipe) -> Result<(), CliError> {
        for (key, flag, written) in &self.given {
            let written: Vec<&str> = written.iter().map(String::as_str).collect();
            let value = key.takes.read(&written).map_err(|problem| {
                CliError::usage(format!("--{} {}: {problem}", flag.name, written.join(",")))
            })?;
            key.lay(value, recipe);
            // One counts and the other does not.
            if key.path == "training.epochs" {
                recipe.set("training.steps", Value::Integer(0));
            }
        }
        Ok(())
    }

    /// Whether a key was given.
    pub fn has(&self, path: &str) -> bool {
        self.given.iter().any(|(key, ..)| key.path == path)
    }
}

/// What `-h` shows, the files besides; `--help` shows all.
const SHORT: [&str; 15] = [
    "",
    "run-name",
    "validation",
    "context",
    "layers",
    "width",
    "vocabulary",
    "epochs",
    "steps",
    "batch",
    "learning-rate",
    "lora-rank",
    "prompt",
    "sample-every",
    "evaluate-every",
];

/// The keys with a flag, and the heading of help below which it stands.
fn flags(corpus_alone: bool) -> impl Iterator<Item = (&'static str, &'static Key, Flag)> {
    keys()
        .filter(move |(_, key)| !corpus_alone || key.path.starts_with("data.corpus."))
        .filter_map(|(heading, key)| Some((heading, key, key.flag?)))
}

fn arg(heading: &'static str, key: &'static Key, flag: Flag) -> Arg {
    let arg = Arg::new(key.path)
        .help(flag.help)
        .hide_short_help(!SHORT.contains(&flag.name));
    let arg = if flag.name.is_empty() {
        arg.num_args(1..)
    } else {
        arg.long(flag.name).help_heading(heading)
    };
    // Names for what is typed by hand, and what excludes each other.
    let arg = match key.path {
        "run.name" => arg.aliases(["name", "run"]),
        "schedule.learning_rate" => arg.alias("lr"),
        "training.steps" => arg.conflicts_with("training.epochs"),
        "evaluation.samples" => arg.conflicts_with("evaluation.prompts"),
        _ => arg,
    };
    if flag.sets.is_some() {
        return arg.action(ArgAction::SetTrue);
    }
    let arg = arg.value_name(flag.value).action(if key.takes.is_list() {
        ArgAction::Append
    } else {
        ArgAction::Set
    });
    match key.takes {
        Takes::Text | Takes::Texts | Takes::Own(..) => arg,
        Takes::Path | Takes::Paths | Takes::Lines => arg.value_parser(value_parser!(PathBuf)),
        Takes::Whole => arg.value_parser(value_parser!(u32)),
        Takes::Real => arg.value_parser(value_parser!(f64)),
        Takes::Truth => arg.value_parser(value_parser!(bool)),
        Takes::Either(names) => arg.value_parser(*names),
        Takes::OneOf(choices) => arg.value_parser(choices.to_vec()),
        Takes::SomeOf(choices) => arg.value_parser(choices.to_vec()).value_delimiter(','),
    }
}

impl<const CORPUS_ALONE: bool> clap::Args for RecipeArgs<CORPUS_ALONE> {
    fn augment_args(command: Command) -> Command {
        let args = flags(CORPUS_ALONE).map(|(heading, key, flag)| arg(heading, key, flag));
        command.args(args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const CORPUS_ALONE: bool> FromArgMatches for RecipeArgs<CORPUS_ALONE> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (_, key, flag) in flags(CORPUS_ALONE) {
            let written: Vec<String> = match flag.sets {
                Some(value) if matches.get_flag(key.path) => vec![value.to_owned()],
                Some(_) => continue,
                None => {
                    let raw = matches.get_raw(key.path).into_iter().flatten();
                    raw.map(|value| value.to_string_lossy().into_owned())
                        .collect()
                }
            };
            if !written.is_empty() {
                self.given.push((key, flag, written));
            }
        }
        Ok(())
    }
}
