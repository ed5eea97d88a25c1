//! `generate`: text from a prompt, on standard output or into a file.

mod queue;
mod records;
mod sample_text;
mod speculative;
mod writer;

use std::path::PathBuf;

use tokio::sync::mpsc::Receiver;

use self::queue::{Batch, Queue};
use self::records::Records;
use self::sample_text::Cuts;
use self::speculative::Accepting;
use self::writer::Writer;
use super::base_args::BaseArgs;
use super::chat_args::ChatArgs;
use super::colour::{Painter, When};
use super::documents::Document;
use super::generation_args::GenerationArgs;
use super::input::PromptInput;
use super::interrupt::Interrupts;
use super::json::Header;
use super::output::Output;
use super::progress::Gauge;
use super::sampler_args::SamplerArgs;
use super::{CliError, runtime, slid, warn};
use crate::config::Config;
use crate::decoding::StopReason;
use crate::engine::{Command, EngineHandle, Event, PromptsRequest, RunState};
use crate::sampling::Method;

/// Generate text from a prompt
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub prompt: PromptInput,
    /// How many samples of each prompt; each has the seed after the one before
    #[arg(
        long,
        short = 'n',
        value_name = "N",
        default_value_t = 1,
        alias = "num-return-sequences"
    )]
    pub samples: usize,
    /// How many samples to generate at once, of one prompt and of several: one pass over the weights makes a token of each.
    /// The texts are the same as one by one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub batch: usize,
    #[command(flatten)]
    pub generation: GenerationArgs,
    /// Text to start from, the same as the prompt
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["text", "file"], hide_short_help = true)]
    pub prefix: Option<String>,
    /// Cut a sample off where this text begins
    #[arg(long, value_name = "TEXT")]
    pub truncate: Option<String>,
    /// Whether the prompt is part of the output; it is, but for answers to --chat
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, conflicts_with = "json",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub include_prefix: Option<bool>,
    /// With beam search: print every beam and its score, not just the best
    #[arg(long)]
    pub all_beams: bool,
    /// Write the samples to a file
    #[arg(long, short = 'o', value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The line between samples
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "====================",
        conflicts_with = "json"
    )]
    pub delimiter: String,
    /// A small model with the same tokens that runs ahead: several tokens come of one pass where it is right
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["out", "all_beams", "samples", "batch"],
          hide_short_help = true)]
    pub draft: Option<String>,
    /// With --draft: tokens that it proposes at once
    #[arg(long, value_name = "N", requires = "draft", default_value_t = 4,
          value_parser = clap::value_parser!(u8).range(1..=64), hide_short_help = true)]
    pub draft_tokens: u8,
    /// With --draft: which proposals are taken
    #[arg(
        long,
        value_name = "WHICH",
        requires = "draft",
        default_value = "shared",
        hide_short_help = true
    )]
    pub draft_accept: Accepting,
    /// With --draft: print what was proposed, accepted and refused, p beside q, instead of the text
    #[arg(long, requires = "draft", hide_short_help = true)]
    pub draft_rounds: bool,
    /// End each sample with a zero byte instead of a line break and the line between samples
    #[arg(long, conflicts_with_all = ["json", "delimiter", "all_beams"], hide_short_help = true)]
    pub print0: bool,
    /// When generated tokens are coloured by surprisal
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_short_help = true
    )]
    pub color: When,
    /// Print records instead, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub base: BaseArgs,
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub sampler: SamplerArgs,
}

impl GenerateArgs {
    /// What the flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, toml::Value)> {
        self.generation.overrides(|text| self.prompt.meant(text))
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When the model cannot be loaded or fails, the output cannot be written, or the user interrupts.
pub fn run(args: &GenerateArgs, config: &Config) -> Result<(), CliError> {
    if args.samples == 0 || args.batch == 0 {
        return Err(CliError::usage("--samples and --batch must be at least 1"));
    }
    if args.samples > 1 && config.sampler.method == Method::Greedy {
        warn("greedy takes the most probable token always: all samples are equal");
    }
    let documents = prompts(args)?;
    if let Some(draft) = &args.draft {
        let [Document { text, .. }] = documents.as_slice() else {
            return Err(CliError::usage("--draft runs ahead of one prompt"));
        };
        return speculative::run(args, draft, config, text, &cuts(args, config));
    }
    let (engine, events) = EngineHandle::spawn();
    runtime()?.block_on(drive(args, config, documents, &engine, events))
}

/// What samples go on with: an empty text where nothing was given.
fn prompts(args: &GenerateArgs) -> Result<Vec<Document>, CliError> {
    let of = |text: String| {
        vec![Document {
            file: None,
            text,
            is_whole: false,
        }]
    };
    match &args.prefix {
        Some(prefix) => Ok(of(args.prompt.meant(prefix))),
        None if args.prompt.input.file.is_empty() => {
            let read = args.prompt.read()?;
            Ok(if read.is_empty() {
                of(String::new())
            } else {
                read
            })
        }
        None => args.prompt.require(),
    }
}

/// Sends batch after batch to the engine and writes what comes back.
async fn drive(
    args: &GenerateArgs,
    config: &Config,
    documents: Vec<Document>,
    engine: &EngineHandle,
    mut events: Receiver<Event>,
) -> Result<(), CliError> {
    let mut generation = config.generation.clone();
    let cuts = cuts(args, config);
    generation.stop.extend(cuts.truncate.clone());
    let request = PromptsRequest {
        prompts: Vec::new(),
        sampler: config.sampler.clone(),
        generation,
        prompt_odds: args.json,
    };
    let output = match &args.out {
        Some(path) => Output::file(path)?,
        None => Output::data(),
    };
    let mut work = Gauge::beside(&output, false);
    let mut listener = if args.json {
        let mut header =
            Header::new("generate").with_settings(&request.sampler, &request.generation);
        header.prompt = (documents.len() == 1).then(|| documents[0].text.clone());
        let model = config.model.clone();
        let records = Records::new(output, header, model, cuts, args.all_beams);
        Listener::Records(Box::new(records))
    } else {
        let painter = Painter::new(args.color, &config.ui, output.is_terminal());
        let samples = args.samples.saturating_mul(documents.len());
        let writer = Writer::new(output, args, painter, cuts, config.model.chat, samples);
        Listener::Writer(Box::new(writer))
    };
    let mut queue = Queue::new(documents, request, args.samples, args.batch);
    let mut gauge = Gauge::new();
    let mut loaded = None;
    let mut interrupts = Interrupts::new()?;
    let mut interrupted = false;
    engine
        .send(Command::Load(config.model.clone()))
        .map_err(CliError::failed)?;
    loop {
        let event = tokio::select! {
            event = events.recv() => event.ok_or_else(|| CliError::failed("the engine ended"))?,
            () = interrupts.next() => {
                if interrupted {
                    return Err(CliError::Interrupted);
                }
                interrupted = true;
                engine.cancel();
                continue;
            }
        };
        listener.event(&event)?;
        let through = queue.count(&event);
        if matches!(
            event,
            Event::Token { .. } | Event::Beams { .. } | Event::Finished { .. }
        ) {
            let (done, all) = queue.progress();
            work.count("generating", done, all);
        }
        let ready = match event {
            Event::Progress(progress) => {
                gauge.load(&progress);
                false
            }
            Event::Loaded { model } => {
                gauge.clear();
                loaded = Some(model);
                true
            }
            Event::Slid { kept, dropped, .. } => {
                // Once: a long text slides again and again.
                if let Some(model) = loaded.take().filter(|_| !args.json) {
                    warn(&slid(&model, kept, dropped));
                }
                false
            }
            Event::Notice { message } => {
                warn(&message);
                false
            }
            // Of a batch whose prompts were still read no sample is told.
            Event::State {
                state: RunState::Idle,
            } if interrupted => true,
            Event::Failed { .. } if interrupted => return Err(CliError::Interrupted),
            Event::Failed { message } | Event::Died { message } => {
                gauge.clear();
                return Err(CliError::failed(message));
            }
            Event::Finished {
                reason: StopReason::Failed(message),
                ..
            } => return Err(CliError::failed(message)),
            _ => through,
        };
        if ready && interrupted {
            work.clear();
            listener.end()?;
            return Err(CliError::Interrupted);
        }
        if ready {
            let Some(next) = queue.next() else {
                work.clear();
                return listener.end();
            };
            engine
                .send(Command::Prompts(Box::new(next.request.clone())))
                .map_err(CliError::failed)?;
            listener.begin_batch(next)?;
        }
    }
}

/// Who writes what the engine tells.
enum Listener {
    Writer(Box<Writer>),
    Records(Box<Records>),
}

impl Listener {
    fn event(&mut self, event: &Event) -> Result<(), CliError> {
        match self {
            Self::Writer(writer) => writer.event(event),
            Self::Records(records) => records.event(event),
        }
    }

    fn begin_batch(&mut self, batch: Batch) -> Result<(), CliError> {
        match self {
            Self::Writer(writer) => writer.begin_batch(batch),
            Self::Records(records) => {
                records.begin_batch(batch);
                Ok(())
            }
        }
    }

    fn end(&mut self) -> Result<(), CliError> {
        match self {
            Self::Writer(writer) => writer.end(),
            Self::Records(records) => records.end(),
        }
    }
}

/// Where samples are cut.
fn cuts(args: &GenerateArgs, config: &Config) -> Cuts {
    let truncate = args.truncate.as_ref();
    let truncate = truncate.map(|text| args.prompt.meant(text));
    let mut stop = config.generation.stop.clone();
    // What is to be cut off is not kept, although it may be named as both.
    stop.retain(|text| Some(text) != truncate.as_ref());
    Cuts { stop, truncate }
}
