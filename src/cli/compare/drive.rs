//! Runs the lanes: an engine for each model, a run for each seed, one token of all lanes of a model at a time.

use std::future::poll_fn;
use std::task::Poll;

use tokio::sync::mpsc::Receiver;

use super::CompareArgs;
use super::lane::Lane;
use super::plan::Plan;
use super::records::Records;
use super::{picture, table};
use crate::cli::interrupt::Interrupts;
use crate::cli::json::{Header, Record};
use crate::cli::output::Output;
use crate::cli::progress::Gauge;
use crate::cli::{CliError, warn};
use crate::config::Config;
use crate::decoding::{GenerationSettings, LaneSettings, StopReason, TokenRecord};
use crate::engine::{Command, EngineHandle, Event, LanesRequest, RunState, Subject, Then};
use crate::model::{LoadRequest, ModelInfo};

/// An engine with one of the models.
struct Engine {
    handle: EngineHandle,
    events: Receiver<Event>,
    /// Places of its lanes among all.
    places: Vec<usize>,
    model: Option<ModelInfo>,
    /// The prompt in its tokens.
    prompt: Vec<TokenRecord>,
    /// Why it can do nothing more.
    failed: Option<String>,
}

struct Comparison<'a> {
    args: &'a CompareArgs,
    config: &'a Config,
    prompt: String,
    models: Vec<String>,
    engines: Vec<Engine>,
    lanes: Vec<Lane>,
    output: Output,
    /// Which run is drawn, from 0.
    run: u64,
    /// How far loading has come, and how far drawing.
    gauge: Gauge,
    work: Gauge,
    interrupts: Interrupts,
    interrupted: bool,
}

/// Loads the models, draws all lanes with each seed, and prints.
///
/// # Errors
/// When the first lane's model cannot be loaded, the output cannot be written, or the user interrupts.
pub async fn drive(
    args: &CompareArgs,
    config: &Config,
    plan: Plan,
    prompt: String,
) -> Result<(), CliError> {
    let mut engines = Vec::new();
    for (index, source) in plan.models.iter().enumerate() {
        let (handle, events) = EngineHandle::spawn();
        let request = LoadRequest {
            source: source.clone(),
            ..config.model.clone()
        };
        handle
            .send(Command::Load(request))
            .map_err(CliError::failed)?;
        let lanes = plan.lanes.iter().enumerate();
        let places = lanes.filter(|(_, lane)| lane.model == index);
        engines.push(Engine {
            handle,
            events,
            places: places.map(|(place, _)| place).collect(),
            model: None,
            prompt: Vec::new(),
            failed: None,
        });
    }
    let output = Output::stdout();
    let mut comparison = Comparison {
        args,
        config,
        prompt,
        models: plan.models,
        engines,
        lanes: plan.lanes.into_iter().map(Lane::new).collect(),
        work: Gauge::beside(&output, !args.json),
        output,
        run: 0,
        gauge: Gauge::new(),
        interrupts: Interrupts::new()?,
        interrupted: false,
    };
    comparison.load().await?;
    comparison.begin()?;
    for run in 0..args.seeds {
        if !comparison.interrupted {
            comparison.run(run).await?;
        }
    }
    comparison.end()
}

/// What an engine says next, and which. Nothing stands between: a thread that hands on would take the time of one that
/// computes.
async fn hear(engines: &mut [Engine]) -> (usize, Option<Event>) {
    poll_fn(|context| {
        for (index, engine) in engines.iter_mut().enumerate() {
            if let Poll::Ready(event) = engine.events.poll_recv(context) {
                return Poll::Ready((index, event));
            }
        }
        Poll::Pending
    })
    .await
}

impl Comparison<'_> {
    /// The next event, with the places of its lanes among all.
    async fn next(&mut self) -> Result<(usize, Event), CliError> {
        loop {
            let (index, event) = tokio::select! {
                (index, event) = hear(&mut self.engines) => {
                    (index, event.ok_or_else(|| CliError::failed("the engine ended"))?)
                }
                () = self.interrupts.next() => {
                    if self.interrupted {
                        return Err(CliError::Interrupted);
                    }
                    self.interrupted = true;
                    for engine in &self.engines {
                        engine.handle.cancel();
                    }
                    continue;
                }
            };
            let event = event.placed(&self.engines[index].places);
            return Ok((index, event));
        }
    }

    /// Waits until each model is there, or cannot be.
    async fn load(&mut self) -> Result<(), CliError> {
        while self
            .engines
            .iter()
            .any(|engine| engine.model.is_none() && engine.failed.is_none())
        {
            match self.next().await? {
                (_, Event::Progress(progress)) => self.gauge.load(&progress),
                (index, Event::Loaded { model }) => self.engines[index].model = Some(model),
                (_, Event::Notice { message }) => warn(&message),
                (index, Event::Failed { message } | Event::Died { message }) => {
                    self.gauge.clear();
                    if self.interrupted {
                        return Err(CliError::Interrupted);
                    }
                    if index == 0 {
                        return Err(CliError::failed(message));
                    }
                    self.fail(index, &message);
                }
                _ => {}
            }
        }
        self.gauge.clear();
        Ok(())
    }

    /// Prints what makes the records that follow.
    fn begin(&mut self) -> Result<(), CliError> {
        let Some(model) = self.engines[0].model.as_ref().filter(|_| self.args.json) else {
            return Ok(());
        };
        let first = &self.lanes[0].planned.settings;
        let generation = GenerationSettings {
            seed: first.seed,
            ..self.config.generation.clone()
        };
        let request = LoadRequest {
            source: self.models[0].clone(),
            ..self.config.model.clone()
        };
        let mut header = Header::new("compare")
            .with_model(model, &request)?
            .with_settings(&first.sampler, &generation);
        header.prompt = Some(self.prompt.clone());
        self.output.json(&Record::Header(&header))
    }

    /// An engine can do nothing more: its lanes have failed.
    fn fail(&mut self, index: usize, why: &str) {
        let engine = &mut self.engines[index];
        engine.failed = Some(why.to_owned());
        for &place in &engine.places {
            self.lanes[place].fail(why);
        }
    }

    /// Draws every lane once more, with the seeds that follow `run` runs.
    async fn run(&mut self, run: u64) -> Result<(), CliError> {
        self.run = run;
        for index in 0..self.engines.len() {
            if self.engines[index].failed.is_none() {
                self.start(index, run)?;
            }
        }
        while self.lanes.iter().any(|lane| lane.ended.is_none()) {
            let (index, event) = self.next().await?;
            self.hear(index, event)?;
            self.show_progress();
        }
        let first = self.lanes[0].tokens.clone();
        for place in 0..self.lanes.len() {
            let model = self.lanes[place].planned.model;
            if matches!(self.lanes[place].ended, Some(StopReason::Failed(_))) {
                continue;
            }
            let reference = if model == 0 || self.interrupted {
                None
            } else {
                self.read_along(place).await?
            };
            if let Some(model) = &self.engines[model].model {
                self.lanes[place].close(&first, model, reference);
                if self.args.json {
                    let records = Records {
                        models: &self.models,
                        run,
                    };
                    records.run(place, &self.lanes[place], &mut self.output)?;
                }
            }
        }
        Ok(())
    }

    /// Tokens that came, of all that there can be: a lane that ended early counts as a whole one.
    fn show_progress(&mut self) {
        let each = self.config.generation.max_tokens;
        let of_lane = |lane: &Lane| match &lane.ended {
            Some(_) => each,
            None => lane.tokens.len(),
        };
        let now: usize = self.lanes.iter().map(of_lane).sum();
        let a_run = self.lanes.len().saturating_mul(each);
        let done = a_run.saturating_mul(self.run as usize).saturating_add(now);
        let all = a_run.saturating_mul(self.args.seeds as usize);
        self.work.count("drawing", done, all);
    }

    fn start(&mut self, index: usize, run: u64) -> Result<(), CliError> {
        let engine = &self.engines[index];
        let lane = |&place: &usize| {
            let settings = &self.lanes[place].planned.settings;
            LaneSettings {
                seed: settings.seed.wrapping_add(run),
                ..settings.clone()
            }
        };
        let request = LanesRequest {
            prompt: self.prompt.clone(),
            generation: self.config.generation.clone(),
            lanes: engine.places.iter().map(lane).collect(),
            prompt_odds: self.args.json,
            then: Then::Continue,
        };
        let sent = engine.handle.send(Command::Lanes(Box::new(request)));
        sent.map_err(CliError::failed)?;
        for &place in &engine.places {
            self.lanes[place].begin();
        }
        Ok(())
    }

    /// Takes in what an engine says, and writes it if it is told.
    fn hear(&mut self, index: usize, event: Event) -> Result<(), CliError> {
        let open = |place: &usize| self.lanes[*place].ended.is_none();
        let places = self.engines[index].places.iter().copied();
        let open: Vec<usize> = places.filter(open).collect();
        match &event {
            Event::PromptRead {
                subject: Subject::Text,
                tokens,
                ..
            } => self.engines[index].prompt.clone_from(tokens),
            // An engine compares with the first of its own, not with the first of all.
            Event::Lane { sample, .. } if self.has_tokens_of_first(index) => {
                let first = &self.lanes[0].planned.settings;
                let apart = self.lanes[*sample].planned.settings.draws_as(first).err();
                self.lanes[*sample].apart = apart.filter(|_| *sample > 0).map(|it| it.to_string());
            }
            Event::Lane { sample, .. } => {
                self.lanes[*sample].apart =
                    Some("other tokens: a position is another place".to_owned());
            }
            Event::Token { sample, record } => self.lanes[*sample].tokens.push(record.clone()),
            Event::Finished { sample, reason, .. } => match reason {
                StopReason::Failed(why) => self.lanes[*sample].fail(why),
                reason => self.lanes[*sample].ended = Some(reason.clone()),
            },
            // Of a run whose prompt was still read no lane is told.
            Event::State {
                state: RunState::Idle,
            } if self.interrupted => {
                for &place in &open {
                    self.lanes[place].ended = Some(StopReason::Cancelled);
                }
            }
            Event::Notice { message } => warn(message),
            Event::Failed { message } | Event::Died { message } => self.fail(index, message),
            _ => {}
        }
        if !self.args.json {
            return Ok(());
        }
        let records = Records {
            models: &self.models,
            run: self.run,
        };
        match &event {
            Event::Failed { message } | Event::Died { message } => {
                records.failed(&open, message, &self.lanes, &mut self.output)
            }
            event => {
                let places = &self.engines[index].places;
                records.event(event, places, &self.lanes, &mut self.output)
            }
        }
    }

    /// Whether ids of an engine's model stand for the same tokens as those of the first lane's.
    fn has_tokens_of_first(&self, index: usize) -> bool {
        let set = |engine: &Engine| engine.model.as_ref().map(|model| model.token_set);
        set(&self.engines[0]) == set(&self.engines[index])
    }

    /// Lets the first lane's model read what another model has said: its mean surprisal in bits, of the tokens after the
    /// prompt. None where it cannot read it.
    async fn read_along(&mut self, place: usize) -> Result<Option<f32>, CliError> {
        let lane = &self.lanes[place];
        let index = lane.planned.model;
        let said = || self.engines[index].prompt.iter().chain(&lane.tokens);
        let command = if self.has_tokens_of_first(index) {
            let ids = said().map(|token| token.id).collect();
            Command::InspectTokens { ids }
        } else if self.config.model.chat || lane.tokens.is_empty() {
            return Ok(None);
        } else {
            let said: Vec<u8> = lane.tokens.iter().flat_map(|it| it.bytes.clone()).collect();
            let said = String::from_utf8_lossy(&said).into_owned();
            let prompt = format!("{}{said}", self.prompt);
            Command::Inspect { prompt }
        };
        let prompt = self.engines[0].prompt.len();
        self.engines[0]
            .handle
            .send(command)
            .map_err(CliError::failed)?;
        loop {
            match self.next().await? {
                (
                    0,
                    Event::PromptRead {
                        subject: Subject::Draft,
                        tokens,
                        ..
                    },
                ) => {
                    let later = tokens.iter().skip(prompt);
                    let bits = later.filter_map(|token| Some(token.odds?.surprisal));
                    let bits: Vec<f32> = bits.collect();
                    let mean = bits.iter().sum::<f32>() / bits.len().max(1) as f32;
                    return Ok((!bits.is_empty()).then_some(mean));
                }
                (0, Event::Failed { .. } | Event::Died { .. }) => return Ok(None),
                (index, event) => self.hear(index, event)?,
            }
        }
    }

    /// Prints what was found.
    fn end(mut self) -> Result<(), CliError> {
        self.work.clear();
        if self.args.json {
            let records = Records {
                models: &self.models,
                run: self.run,
            };
            records.totals(&self.lanes, &mut self.output)?;
        } else {
            table::print(&mut self.output, &self.lanes, &self.models)?;
        }
        self.output.flush()?;
        if let Some(path) = &self.args.chart {
            let model = self.engines[0].model.as_ref();
            picture::draw(self.args, path, &self.lanes, model, &self.prompt)?;
        }
        if self.interrupted {
            return Err(CliError::Interrupted);
        }
        let mut failed = self.lanes.iter().enumerate().filter_map(|(place, lane)| {
            let why = lane.failed.as_ref()?;
            Some(format!("lane {}: {why}", super::lane::letter(place)))
        });
        failed
            .next()
            .map_or(Ok(()), |why| Err(CliError::failed(why)))
    }
}
