//! `session`: what the playground saved, as a hand-out.

use std::fs;
use std::path::{Path, PathBuf};

use super::output::Output;
use super::{CliError, interrupt, load, warn};
use crate::config::{self, Config};
use crate::decoding::{Generation, GenerationSettings, Likely, likeliest};
use crate::handout::{
    Borders, Format, LIKELIEST, RunDone, SavedText, Sheet, Text, model_name, unfold,
};
use crate::model::LoadedModel;
use crate::sampling::SamplerSettings;
use crate::training::{History, RUNS, RunDirectory};
use crate::tui::SessionFile;

/// Write a session of the playground as a page, or as Markdown
#[derive(Debug, clap::Args)]
pub struct SessionArgs {
    #[command(subcommand)]
    pub command: SessionCommand,
}

/// What to do with sessions.
#[derive(Debug, clap::Subcommand)]
pub enum SessionCommand {
    /// Write it as a hand-out: the text with the odds of each of its tokens, the sampler's chain, branches, lanes and samples
    Export(ExportSessionArgs),
}

/// Which session, and how it is written.
#[derive(Debug, clap::Args)]
pub struct ExportSessionArgs {
    /// The session's file; without it, where the playground was left last
    pub session: Option<PathBuf>,
    /// Write one page of HTML that needs nothing else
    #[arg(long, value_name = "FILE", required_unless_present = "markdown")]
    pub html: Option<PathBuf>,
    /// Write Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// With the curve of a run of training and what it wrote by epoch: the run, by its name or its path
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// The directory of all runs
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    pub runs: PathBuf,
    /// Do not load the model, and leave out what it would rather have said
    #[arg(long)]
    pub recorded: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such session or run, or a file cannot be written.
pub fn run(args: &SessionArgs, config: &Config) -> Result<(), CliError> {
    let SessionCommand::Export(args) = &args.command;
    let path = match &args.session {
        Some(path) => path.clone(),
        None => config::state_dir()
            .map(|directory| directory.join("session.json"))
            .filter(|path| path.exists())
            .ok_or_else(|| {
                CliError::failed("there is no session yet: the playground saves one as it is left")
            })?,
    };
    let session = SessionFile::read(&path).map_err(CliError::failed)?;
    let run = args.run.as_ref().map(|name| read_run(&args.runs, name));
    let run = run.transpose()?;
    let sheet = Sheet {
        run,
        borders: Borders(config.ui.marks_probability),
        ..sheet(session, &path, args.recorded)?
    };
    if sheet.is_empty() {
        return Err(CliError::failed(format!(
            "{} has no text: run a prompt in the playground first",
            path.display()
        )));
    }
    let mut output = Output::stdout();
    let wanted = [
        (&args.html, Format::Page),
        (&args.markdown, Format::Markdown),
    ];
    for (path, format) in wanted {
        if let Some(path) = path {
            fs::write(path, sheet.written(format))
                .map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
            output.line(&format!("{}", path.display()))?;
        }
    }
    output.flush()
}

fn read_run(runs: &Path, name: &str) -> Result<RunDone, CliError> {
    let run = RunDirectory::open(runs, name).map_err(CliError::failed)?;
    Ok(RunDone {
        name: run.name(),
        history: History::read(&run).map_err(CliError::failed)?,
    })
}

/// What a session has to hand out. Its model is loaded to tell what it would rather have said; where that cannot be, the
/// rest is told without.
fn sheet(session: SessionFile, path: &Path, recorded: bool) -> Result<Sheet, CliError> {
    let unfolded = unfold(session.texts).map_err(|error| {
        CliError::failed(format!(
            "{} is no session file of this program: {error}",
            path.display()
        ))
    })?;
    let loaded = if recorded || unfolded.texts.is_empty() {
        None
    } else {
        match load(&session.model) {
            Ok(loaded) => Some(loaded),
            Err(CliError::Interrupted) => return Err(CliError::Interrupted),
            Err(error) => {
                warn(&format!(
                    "{error}; what the model would rather have said is left out"
                ));
                None
            }
        }
    };
    let several = unfolded.texts.len() > 1;
    let mut texts = Vec::with_capacity(unfolded.texts.len());
    for saved in unfolded.texts {
        let lane = session.lanes.get(saved.sample);
        let lane = lane.filter(|lane| lane.drawn);
        let sampler = lane.map_or(&session.sampler, |lane| &lane.settings.sampler);
        let name = match lane {
            Some(lane) => lane.name.clone(),
            None if several => format!("Sample {}", saved.sample + 1),
            None => String::new(),
        };
        let likeliest = match &loaded {
            Some(loaded) => reread(loaded, &saved, sampler, &session.generation)?,
            None => Vec::new(),
        };
        texts.push(Text {
            name,
            sampler: sampler.clone(),
            seed: saved.lineage.seed,
            prompt_len: saved.lineage.prompt_len,
            tokens: saved.text.records().to_vec(),
            likeliest,
        });
    }
    let info = loaded.as_ref().map(|loaded| loaded.model.info());
    let prompt = texts.first().map_or_else(Vec::new, |text| {
        let given = text.tokens.iter().take(text.prompt_len);
        given.flat_map(|token| token.bytes.clone()).collect()
    });
    Ok(Sheet {
        model: model_name(&session.model.source),
        vocabulary: info.map(|info| info.vocabulary),
        prompt: String::from_utf8_lossy(&prompt).into_owned(),
        texts,
        in_view: None,
        branches: unfolded.branches,
        lesson: None,
        run: None,
        borders: Borders::default(),
    })
}

/// Has the model read a text again, and tells what was likeliest at each place of it.
fn reread(
    loaded: &LoadedModel,
    saved: &SavedText,
    sampler: &SamplerSettings,
    settings: &GenerationSettings,
) -> Result<Vec<Vec<Likely>>, CliError> {
    let vocabulary = loaded.model.info().vocabulary;
    let mut tokens = saved.text.records().iter();
    if let Some(token) = tokens.find(|token| token.id as usize >= vocabulary) {
        warn(&format!(
            "the session has the token {}, and its model has {vocabulary} alone: what that would rather have said is left out",
            token.id
        ));
        return Ok(Vec::new());
    }
    let mut generation = Generation::resume(loaded, saved.text.clone(), sampler, settings)
        .map_err(CliError::failed)?;
    let likely = likeliest(loaded, &mut generation, LIKELIEST, &interrupt::came);
    interrupt::check()?;
    likely.map_err(CliError::failed)
}
