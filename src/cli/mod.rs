//! The command line: one file per subcommand; `play` is the default.

mod args;
mod bar;
mod base_args;
mod bench;
mod chat_args;
mod colour;
mod compare;
mod completions;
mod config;
mod diff;
mod documents;
mod encode;
mod error;
mod export;
mod generate;
mod generation_args;
mod global_options;
mod guess;
mod help;
mod input;
mod interrupt;
mod json;
mod learn;
mod logging;
mod man;
mod models;
mod odds;
mod output;
mod picture_args;
mod play;
mod progress;
mod recipe_args;
mod runs;
mod sampler_args;
mod score;
mod seed;
mod session;
mod stderr;
mod table;
mod tokens;
mod train;
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use self::args::{Cli, Subcommand};
pub use self::error::CliError;
use self::play::PlayArgs;
use self::progress::Gauge;
use self::stderr::warn;
use crate::config::{Config, KeyProblem, Override, Sources};
use crate::engine;
use crate::model::{self, LoadRequest, LoadedModel, ModelInfo};
use crate::sampling::text_knob;
use crate::training::heap;
use crate::tui::Keymap;

/// Parses the arguments and runs the subcommand. Returns the process's exit code: 0 for success (a closed pipe is
/// none of our failures), 1 for a failure, 2 for wrong arguments or settings, 3 for a run whose loss became no number,
/// 130 when interrupted.
pub fn run() -> ExitCode {
    completions::answer();
    survive_limits();
    // Before any other thread is started.
    heap::share_where_space_is_limited();
    match is_room_to_start().and_then(|()| dispatch(parse(env::args_os().collect()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, CliError::ClosedPipe) {
                stderr::error(&error.to_string());
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// The libraries end the process where their small pieces find no room, so that is looked at before there are any. What
/// a model takes is for its loading to say.
fn is_room_to_start() -> Result<(), CliError> {
    /// Settings, a runtime, the stacks of a few threads, and what they read.
    const PROGRAM: u64 = 16 << 20;
    model::check_left(PROGRAM, "the program").map_err(CliError::failed)
}

/// Reads the arguments, or says what is wrong with them and ends the process.
fn parse(mut args: Vec<OsString>) -> Cli {
    let command = help::with_help(Cli::command());
    let read = |args: &[OsString]| command.clone().try_get_matches_from(args);
    let matches = read(&args).or_else(|error| match bare_prompt(&error) {
        Some(prompt) => {
            // Options may stand before it.
            let at = args.iter().position(|arg| *arg == *prompt);
            args.insert(at.unwrap_or(1), "play".into());
            read(&args)
        }
        None => Err(error),
    });
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| pointed(error).exit())
}

/// What was meant as a prompt where a subcommand is expected: more than one word.
fn bare_prompt(error: &clap::Error) -> Option<String> {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(text)))
            if text.contains(char::is_whitespace) =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}

/// An error that says what to type where a single word may have been meant as a prompt.
fn pointed(mut error: clap::Error) -> clap::Error {
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        let tip = format!("to open the playground with this prompt: logitscope play {word}").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

/// A file that may grow no more is an error of whoever writes it, as a full disk is, and not the end of the process.
fn survive_limits() {
    #[cfg(unix)]
    // SAFETY: to ignore a signal needs no handler.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

fn dispatch(cli: Cli) -> Result<(), CliError> {
    if cli.options.quiet {
        stderr::be_quiet();
    }
    let file = cli.options.config.clone();
    let command = cli
        .command
        .unwrap_or_else(|| Subcommand::Play(PlayArgs::default()));
    // These must work while the configuration is broken.
    match &command {
        Subcommand::Config(args) => return config::run(args, file),
        Subcommand::Completions { shell } => return completions::run(*shell),
        Subcommand::Man(args) => return man::run(args),
        _ => {}
    }
    let mut overrides = cli.options.overrides();
    overrides.extend(command.overrides());
    let config = Config::load(&config_sources(file, overrides)).map_err(CliError::usage)?;
    if let Some(problem) = logging::start(&config.log) {
        warn(&problem);
    }
    match &command {
        Subcommand::Play(args) => play::run(args, &config),
        Subcommand::Generate(args) => generate::run(args, &config),
        Subcommand::Compare(args) => compare::run(args, &config),
        Subcommand::Odds(args) => odds::run(args, &config),
        Subcommand::Tree(args) => tree::run(args, &config),
        Subcommand::Score(args) => score::run(args, &config),
        Subcommand::Diff(args) => diff::run(args, &config),
        Subcommand::Tokens(args) => tokens::run(args, &config),
        Subcommand::Models(args) => models::run(args),
        Subcommand::Train(args) => train::train(args, &cli.options, &config),
        Subcommand::Finetune(args) => train::finetune(args, &cli.options, &config),
        Subcommand::Encode(args) => encode::run(args, &cli.options, &config),
        Subcommand::Runs(args) => runs::run(args),
        Subcommand::Export(args) => export::run(args),
        Subcommand::Session(args) => session::run(args, &config),
        Subcommand::Bench(args) => bench::run(args, &config),
        Subcommand::Learn(args) => learn::run(args, &config),
        Subcommand::Guess(args) => guess::run(args, &config),
        Subcommand::Config(_) | Subcommand::Completions { .. } | Subcommand::Man(_) => Ok(()),
    }
}

/// Where settings come from, for this process.
fn config_sources(file: Option<PathBuf>, overrides: Vec<(String, toml::Value)>) -> Sources {
    let flag = |key: &str| {
        let field = key.rsplit('.').next().unwrap_or(key);
        match text_knob(field) {
            Some(knob) => format!("--{}", knob.flag),
            None => format!("--{}", field.replace('_', "-")),
        }
    };
    Sources {
        overrides: overrides
            .into_iter()
            .map(|(key, value)| Override {
                flag: flag(&key),
                key,
                value,
            })
            .collect(),
        check_keys,
        ..Sources::from_environment(file)
    }
}

/// What is wrong with the keys of actions, each by itself and with one another.
fn check_keys(keys: &BTreeMap<String, Vec<String>>) -> Vec<KeyProblem> {
    let problems = Keymap::problems(keys).into_iter();
    problems
        .map(|error| KeyProblem {
            message: error.to_string(),
            action: error.action,
        })
        .collect()
}

/// Loads a model in this thread, with a gauge on standard error.
fn load(request: &LoadRequest) -> Result<LoadedModel, CliError> {
    interrupt::watch()?;
    let mut gauge = Gauge::new();
    let loaded = engine::load(request, &mut |progress| {
        gauge.load(&progress);
        if interrupt::came() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    drop(gauge);
    interrupt::check()?;
    let loaded = loaded.map_err(CliError::failed)?;
    for notice in &loaded.notices {
        warn(notice);
    }
    Ok(loaded)
}

/// What is said where a text is longer than the model's context: it sees the last `kept` tokens, and `dropped` before
/// them no longer.
fn slid(model: &ModelInfo, kept: usize, dropped: usize) -> String {
    format!(
        "the text is longer than the context of {} tokens: the model sees its last {kept}, and the {dropped} before them no longer",
        model.context_length
    )
}

/// The runtime that waits for events, keys and signals. The model never runs on it.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::failed)
}

fn print_bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut output = output::Output::data();
    output.text(&String::from_utf8_lossy(bytes))?;
    output.flush()
}
