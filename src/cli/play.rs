//! `play`, the default: the playground.

use std::path::{Path, PathBuf};

use super::base_args::BaseArgs;
use super::chat_args::ChatArgs;
use super::generation_args::MAX_TOKENS;
use super::sampler_args::SamplerArgs;
use super::seed::Seed;
use super::{CliError, runtime, warn};
use crate::config::{self, Ascii, ColorDepth, Config, Theme};
use crate::engine::{EngineHandle, TrainingHandle};
use crate::tui::{
    self, ColourLevel, LearnOptions, Opening, PlayOptions, SessionFile, ThemeName, Thresholds,
    TuiError,
};

/// Open the playground (the default)
#[derive(Debug, Default, clap::Args)]
pub struct PlayArgs {
    /// The prompt to start with
    pub prompt: Option<String>,
    /// The seed of the draws
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    pub seed: Option<Seed>,
    /// Most tokens to generate
    #[arg(long, value_name = "N", aliases = MAX_TOKENS)]
    pub max_tokens: Option<usize>,
    /// Go on where the last session ended
    #[arg(long, conflicts_with = "session")]
    pub resume: bool,
    /// Open a session that was saved to a file
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,
    #[command(flatten)]
    pub base: BaseArgs,
    /// For a room: one thing at a time, in big letters
    #[arg(long)]
    pub present: bool,
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub sampler: SamplerArgs,
}

/// Opens the playground and returns when the user leaves it.
///
/// # Errors
/// When there is no terminal, or it fails.
pub fn run(args: &PlayArgs, config: &Config) -> Result<(), CliError> {
    let learn = super::learn::options(Opening::Nothing);
    let autosave_file = config::state_dir().map(|directory| directory.join("session.json"));
    open(args, config, autosave_file, learn)
}

/// Opens the playground, which saves itself to a file all along, with lessons.
pub(super) fn open(
    args: &PlayArgs,
    config: &Config,
    autosave_file: Option<PathBuf>,
    learn: LearnOptions,
) -> Result<(), CliError> {
    let session = session(args, autosave_file.as_deref())?;
    let options = PlayOptions {
        prompt: args
            .prompt
            .clone()
            .unwrap_or_else(|| config.ui.prompt.clone()),
        suggested: args.prompt.is_none(),
        sampler: config.sampler.clone(),
        generation: config.generation.clone(),
        presets: config.presets(),
        load: config.model.clone(),
        keys: config.keys.clone(),
        theme: match config.ui.theme {
            Theme::Dark => ThemeName::Dark,
            Theme::Light => ThemeName::Light,
        },
        colours: match config.ui.color {
            ColorDepth::Auto => None,
            ColorDepth::None => Some(ColourLevel::None),
            ColorDepth::Ansi16 => Some(ColourLevel::Sixteen),
            ColorDepth::Ansi256 => Some(ColourLevel::TwoFiftySix),
            ColorDepth::True => Some(ColourLevel::True),
        },
        marking: config.ui.marking,
        thresholds: Thresholds {
            probability: config.ui.marks_probability,
            rank: config.ui.marks_rank,
            surprisal: config.ui.marks_surprisal,
            entropy: config.ui.marks_entropy,
            divergence: config.ui.marks_divergence,
        },
        present: args.present,
        mouse: config.ui.mouse,
        ascii: match config.ui.ascii {
            Ascii::Auto => tui::ascii_is_needed(|name| std::env::var(name).ok()),
            Ascii::Always => true,
            Ascii::Never => false,
        },
        autosave_file,
        session,
        resumed: args.resume,
        models_file: config::state_dir().map(|directory| directory.join("models")),
        presets_file: config::presets_path(),
        fps: config.ui.fps,
        log_file: config.log.path(),
        history_file: config::state_dir().map(|directory| directory.join("history")),
        tree_records: super::tree::of_screen,
        learn,
    };
    let (engine, events) = EngineHandle::spawn();
    let (mut training, news) = TrainingHandle::new();
    let runtime = runtime()?;
    let playground = tui::run(
        options,
        engine,
        events,
        (&mut training, news),
        EngineHandle::spawn,
    );
    let left = runtime.block_on(playground);
    let deaf = matches!(left, Err(TuiError::Deaf));
    save_training(&runtime, training, deaf);
    match left {
        Err(TuiError::Deaf) => Err(CliError::ClosedPipe),
        left => left.map_err(CliError::failed),
    }
}

/// Saves a run that still goes on, on a terminal that is the shell's again, unless that is `deaf`.
fn save_training(runtime: &tokio::runtime::Runtime, mut training: TrainingHandle, deaf: bool) {
    if !training.is_running() {
        return;
    }
    if !deaf {
        warn("saving the run that goes on; interrupt to quit without");
    }
    runtime.block_on(async {
        let saved = tokio::task::spawn_blocking(move || training.finish());
        tokio::select! {
            _ = saved => {}
            _ = tokio::signal::ctrl_c() => std::process::exit(130),
        }
    });
}

/// The session to begin with, if one was asked for.
fn session(
    args: &PlayArgs,
    autosaved: Option<&Path>,
) -> Result<Option<Box<SessionFile>>, CliError> {
    let path = match (&args.session, args.resume) {
        (Some(path), _) => path,
        (None, true) => autosaved.ok_or_else(|| {
            CliError::failed("there is no home directory that a session could have been saved in")
        })?,
        (None, false) => return Ok(None),
    };
    SessionFile::read(path)
        .map(|session| Some(Box::new(session)))
        .map_err(CliError::failed)
}
