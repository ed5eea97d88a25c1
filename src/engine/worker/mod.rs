//! The engine's thread: serves commands between tokens, then looks, then one token, and so on.

mod changing;
mod comparing;
mod diverging;
mod examining;
mod growing;
mod lanes;
mod loading;
mod looking;
mod prompts;
mod repeating;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use self::growing::GrowingTree;
use self::repeating::Repeating;
use super::draft::{Draft, Given};
use super::error::TextsError;
use super::run::Run;
use super::shared::{Loader, Message, Shared};
use super::texts::Texts;
use super::{Command, Event, RestoreRequest, RunState, Subject, Then};
use crate::decoding::{Chooser, Counterfactual, DecodingError, Second, StopReason, TokenRecord};
use crate::model::LoadedModel;

/// Everything that the thread owns.
pub(super) struct Worker {
    messages: mpsc::Receiver<Message>,
    events: mpsc::Sender<Event>,
    shared: Arc<Shared>,
    loader: Loader,
    state: RunState,
    loaded: Option<LoadedModel>,
    texts: Texts,
    draft: Option<Draft>,
    /// What looks at the draft go by besides.
    draft_second: Second,
    /// The newest prompt to inspect that was not served yet.
    inspect: Option<Given>,
    /// The chain of the last look, compiled.
    look_chooser: Option<Chooser>,
    /// The comparison under way, and of which sample.
    comparison: Option<(usize, Counterfactual)>,
    /// The tree that grows.
    growing: Option<GrowingTree>,
    /// Whether looks at lanes wait.
    lanes_wait: bool,
    /// Runs of lanes that are made while nothing else goes on.
    repeating: Option<Repeating>,
}

/// Nobody listens any more, or the thread was told to end.
struct Ended;

impl Worker {
    pub(super) fn new(
        messages: mpsc::Receiver<Message>,
        events: mpsc::Sender<Event>,
        shared: Arc<Shared>,
        loader: Loader,
    ) -> Self {
        Self {
            messages,
            events,
            shared,
            loader,
            state: RunState::Empty,
            loaded: None,
            texts: Texts::default(),
            draft: None,
            draft_second: Second::default(),
            inspect: None,
            look_chooser: None,
            comparison: None,
            growing: None,
            lanes_wait: false,
            repeating: None,
        }
    }

    /// Serves until told to end, or until nobody listens.
    pub(super) fn run(mut self) {
        while let Ok(()) = self.turn() {}
    }

    /// All waiting commands, the newest inspection and look, a piece of a comparison, a level of a tree, and one token if
    /// a run goes on.
    fn turn(&mut self) -> Result<(), Ended> {
        let waits = self.has_to_compare()
            || self.growing.is_some()
            || self.lanes_wait
            || self.has_to_repeat();
        if self.state != RunState::Running && !waits {
            let message = self.messages.blocking_recv().ok_or(Ended)?;
            self.receive(message)?;
        }
        loop {
            match self.messages.try_recv() {
                Ok(message) => self.receive(message)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(Ended),
            }
        }
        if let Some(given) = self.inspect.take() {
            self.inspect(given)?;
        }
        if let Some(request) = self.shared.take_look() {
            self.look(request)?;
        }
        self.lanes_wait = self.look_at_lane()?;
        if let Some(request) = self.shared.take_compare() {
            self.start_comparison(&request)?;
        }
        self.compare()?;
        if let Some(wish) = self.shared.take_grow() {
            self.start_growing(wish)?;
        }
        self.grow()?;
        if self.state == RunState::Running {
            self.advance(RunState::Running)?;
        } else if self.repeating.is_some() {
            self.repeat()?;
        }
        Ok(())
    }

    fn receive(&mut self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Command(command) => self.serve(command),
            Message::Wake => Ok(()),
        }
    }

    fn serve(&mut self, command: Command) -> Result<(), Ended> {
        tracing::debug!(?command, "serving");
        match command {
            Command::Load(request) => self.load(&request),
            Command::Generate(request) => {
                let seed = request.generation.seed;
                let ending = (request.generation.max_tokens, request.then, seed);
                self.begin(ending, |loaded, cancelled| {
                    Run::start(loaded, &request, cancelled)
                })
            }
            Command::Prompts(request) => self.start_prompts(&request),
            Command::Lanes(request) => self.start_lanes(&request),
            Command::AddLane(lane) => self.add_lane(&lane),
            Command::SetLane { sample, lane } => self.set_lane(sample, &lane),
            Command::RemoveLane { sample } => self.change(None, |texts, _| {
                texts.remove_lane(sample)?;
                Ok(vec![Event::LaneRemoved { sample }])
            }),
            Command::Inspect { prompt } => {
                self.inspect = Some(Given::Text(prompt));
                Ok(())
            }
            Command::InspectTokens { ids } => {
                self.inspect = Some(Given::Tokens(ids));
                Ok(())
            }
            Command::Repeat(request) => self.start_repeating(*request),
            Command::Judge {
                lane,
                given,
                prompt,
            } => self.judge(lane, given, prompt),
            Command::Logits(request) => self.hand_out(&request),
            Command::Diverge { logits, rows } => self.diverge(&logits, rows),
            Command::Step => self.step(),
            Command::Pause => match self.state {
                RunState::Running => self.enter(RunState::Paused),
                _ => Ok(()),
            },
            Command::Resume => self.go_on(Then::Continue),
            Command::Cancel => self.cancel(),
            Command::SetSampler {
                sampler,
                generation,
            } => match (&mut self.texts.run, &self.loaded) {
                (Some(run), Some(loaded)) => {
                    let result = run.set_sampler(loaded, &sampler, &generation);
                    self.report(result)
                }
                _ => Ok(()),
            },
            Command::Select { sample } => self.change(None, |texts, _| {
                texts.select(sample)?;
                Ok(Vec::new())
            }),
            Command::Rewind { length, then } => self.change(Some(then), |texts, _| {
                texts.cut(length)?;
                Ok(vec![Event::Rewound { length }])
            }),
            Command::Replace {
                position,
                tokens,
                then,
            } => self.replace(position, &tokens, then),
            Command::Switch(branch) => {
                self.stop_for_another_text()?;
                self.change(None, |texts, loaded| {
                    Ok(vec![texts.switch(loaded, branch)?])
                })
            }
            Command::Name { branch, name } => self.change(None, |texts, _| {
                texts.branches_mut().name(branch, name)?;
                Ok(Vec::new())
            }),
            Command::Prune(branch) => self.change(None, |texts, _| {
                texts.branches_mut().prune(branch)?;
                Ok(Vec::new())
            }),
            Command::Show(branch) => match self.texts.show(branch) {
                Ok(tokens) => self.emit(Event::Branch { branch, tokens }),
                Err(error) => self.fail(&error),
            },
            Command::Save => {
                let session = self.texts.save();
                self.emit(Event::Saved { session })
            }
            Command::Examine { rows } => self.examine(rows),
            Command::Restore(request) => {
                self.stop_for_another_text()?;
                let RestoreRequest {
                    session,
                    sampler,
                    generation,
                } = *request;
                self.change(None, |texts, loaded| {
                    let shown = texts.restore(loaded, session, &sampler, &generation)?;
                    Ok(shown.into_iter().collect())
                })
            }
            Command::Shutdown => Err(Ended),
        }
    }

    /// Starts a run that ends after so many tokens, and its first text's draws are of this seed.
    fn begin(
        &mut self,
        (max_tokens, then, seed): (usize, Then, u64),
        start: impl FnOnce(
            &LoadedModel,
            &dyn Fn() -> bool,
        ) -> Result<(Run, Vec<TokenRecord>), DecodingError>,
    ) -> Result<(), Ended> {
        self.stop_repeating()?;
        let Some(loaded) = &self.loaded else {
            return self.fail(&TextsError::NoModel);
        };
        self.shared.clear_cancel();
        self.state = RunState::Running;
        self.emit(Event::State { state: self.state })?;
        let begun = Instant::now();
        let started = start(loaded, &|| self.shared.cancelled());
        let (run, tokens) = match started {
            Ok(started) => started,
            Err(error) => {
                self.report(Err(error))?;
                return self.enter(RunState::Idle);
            }
        };
        let seen = run.texts().next().map(|text| text.sequence().seen());
        let kept = seen.unwrap_or(tokens.len());
        let dropped = tokens.len() - kept;
        let lanes: Vec<_> = run.lane_events().collect();
        self.texts.begin(run, tokens.len(), seed);
        self.comparison = None;
        self.emit(Event::PromptRead {
            subject: Subject::Text,
            tokens,
            seconds: begun.elapsed().as_secs_f64(),
        })?;
        for lane in lanes {
            self.emit(lane)?;
        }
        if dropped > 0 {
            self.emit(Event::Slid {
                sample: 0,
                kept,
                dropped,
            })?;
        }
        self.list_branches()?;
        if max_tokens == 0 {
            return self.end(&StopReason::MaxTokens);
        }
        self.enter(match then {
            Then::Continue => RunState::Running,
            Then::Pause => RunState::Paused,
        })
    }

    fn inspect(&mut self, given: Given) -> Result<(), Ended> {
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        let begun = Instant::now();
        // An engine that was dropped need not read on.
        let dropped = || self.messages.is_closed();
        match Draft::read(self.draft.take(), loaded, given, &dropped) {
            Ok(draft) => {
                let tokens = draft.sequence().records().to_vec();
                self.draft = Some(draft);
                self.emit(Event::PromptRead {
                    subject: Subject::Draft,
                    tokens,
                    seconds: begun.elapsed().as_secs_f64(),
                })
            }
            Err(error) => self.report(Err(error)),
        }
    }

    fn step(&mut self) -> Result<(), Ended> {
        let Some(run) = &mut self.texts.run else {
            return self.fail(&TextsError::NoText);
        };
        if self.state != RunState::Running {
            run.revive();
        }
        self.shared.clear_cancel();
        self.advance(RunState::Paused)
    }

    /// Generates a token, then goes over to `next` unless the text ended.
    fn advance(&mut self, next: RunState) -> Result<(), Ended> {
        let (Some(run), Some(loaded)) = (&mut self.texts.run, &self.loaded) else {
            return self.enter(RunState::Idle);
        };
        if self.shared.cancelled() {
            return self.cancel();
        }
        match run.step(loaded, &|| self.shared.cancelled()) {
            Ok((events, ended)) => {
                for event in events {
                    self.emit(event)?;
                }
                self.enter(if ended { RunState::Idle } else { next })
            }
            Err(DecodingError::Cancelled) => self.cancel(),
            Err(error) => {
                self.fail(&error)?;
                self.enter(RunState::Idle)
            }
        }
    }

    fn cancel(&mut self) -> Result<(), Ended> {
        self.stop_repeating()?;
        self.shared.clear_cancel();
        match self.state {
            RunState::Running | RunState::Paused => self.end(&StopReason::Cancelled),
            _ => Ok(()),
        }
    }

    fn end(&mut self, reason: &StopReason) -> Result<(), Ended> {
        if let Some(run) = &mut self.texts.run {
            for event in run.end(reason) {
                self.emit(event)?;
            }
        }
        self.enter(RunState::Idle)
    }

    /// Ends a run whose text is about to be exchanged.
    fn stop_for_another_text(&mut self) -> Result<(), Ended> {
        self.comparison = None;
        self.cancel()
    }

    fn list_branches(&mut self) -> Result<(), Ended> {
        self.texts.list().map_or(Ok(()), |event| self.emit(event))
    }

    fn go_on(&mut self, then: Then) -> Result<(), Ended> {
        let Some(run) = &mut self.texts.run else {
            return self.fail(&TextsError::NoText);
        };
        self.shared.clear_cancel();
        run.revive();
        self.enter(match then {
            Then::Continue => RunState::Running,
            Then::Pause => RunState::Paused,
        })
    }

    fn enter(&mut self, state: RunState) -> Result<(), Ended> {
        if self.state == state {
            return Ok(());
        }
        self.state = state;
        if matches!(state, RunState::Idle | RunState::Paused) {
            // The current text has grown since the list was told.
            self.list_branches()?;
        }
        self.emit(Event::State { state })
    }

    /// Tells of an error. Being cancelled is none: the user asked for it.
    fn report(&self, result: Result<(), DecodingError>) -> Result<(), Ended> {
        match result {
            Ok(()) | Err(DecodingError::Cancelled) => Ok(()),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&self, error: &dyn std::fmt::Display) -> Result<(), Ended> {
        let message = error.to_string();
        tracing::warn!("{message}");
        self.emit(Event::Failed { message })
    }

    fn emit(&self, event: Event) -> Result<(), Ended> {
        self.events.blocking_send(event).map_err(|_| Ended)
    }
}
