//! The loop: takes in all that came, then draws at most one frame, none when nothing changed. What the engine says is
//! drawn at most 60 times a second; what the user does is drawn at once.

pub mod ascii;
mod beside;
pub mod clipboard;
pub mod clusters;
mod drawing;
mod following;
mod input;
mod lanes;
pub mod link;
pub mod models;
mod outside;
pub mod picture;
pub mod presets;
mod second;
mod surveying;
pub mod terminal;
mod turns;

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use self::following::Followed;
use self::turns::Sources;
use super::{
    Action, ColourLevel, Effect, EngineLink, KeymapError, LearnAction, News, Opening, PlayOptions,
    SessionFile, State, hear, update,
};
use crate::engine::{Command, Event, TrainingHandle, TrainingNews};
use crate::training::Control;
use crate::tui::app::clusters::Clusters;
use crate::tui::app::terminal::{Guard, Screen, stop_process, writer};
use crate::tui::state::history;
use crate::tui::state::options::TreeRecords;
use crate::tui::state::train::{completed, runs};
use crate::tui::vocabulary::theme::Theme;

/// Most frames a second, the user's own doings aside.
const FPS: u32 = 60;

/// Why the playground could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error(
        "the playground needs a terminal on standard input and output; use generate, odds or score in a pipe"
    )]
    NoTerminal,
    #[error(transparent)]
    Keymap(#[from] KeymapError),
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
    /// It is gone, or takes nothing: there is nobody to tell.
    #[error("the terminal takes nothing any more")]
    Deaf,
}

/// Runs the playground until the user, a signal or the end of the terminal ends it. The engine's events come over
/// `events`, commands go to `link`; the model that the options name is loaded first. `start_second` starts an engine for a
/// model beside that one. A run of training that goes on when the user leaves is left to the caller, see
/// [`TrainingHandle::finish`].
///
/// # Errors
/// When there is no terminal, the keys of the options cannot be, or the terminal fails. Whatever ends the playground,
/// the session is saved.
pub async fn run<L: EngineLink>(
    options: PlayOptions,
    link: L,
    events: Receiver<Event>,
    training: (&mut TrainingHandle, Receiver<TrainingNews>),
    start_second: impl Fn() -> (L, Receiver<Event>) + 'static,
) -> Result<(), TuiError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let session = options.session.clone();
    let lists = options.learn.open == Opening::List;
    let (training, news) = training;
    // From before the terminal is taken, so that no signal leaves it so.
    let (wish, wishes) = mpsc::unbounded_channel();
    terminal::listen(wish.clone())?;
    terminal::watch(wish)?;
    let mut app = App::new(options, link, training, Box::new(start_second))?;
    let mut sources = Sources {
        wishes,
        input: terminal::read_keys()?,
        events,
        events_open: true,
        news,
    };
    let mut ended = match session {
        Some(session) => app.hear(News::SessionRead(Ok(session))),
        None => app.perform(vec![Effect::Send(Command::Load(
            app.state.engine.load.clone(),
        ))]),
    };
    if lists && ended.is_ok() {
        ended = app.act(Action::Learn(LearnAction::List));
    }
    while ended.is_ok() && !app.over {
        ended = app.turn(&mut sources).await;
    }
    app.save_last(&mut sources.events).await;
    app.link.cancel();
    // The engine may be gone already, which is what is asked for.
    let _ = app.link.send(Command::Shutdown);
    drop(app);
    terminal::deadline::met();
    if writer::is_idle() && writer::failure().is_none() {
        ended
    } else {
        Err(TuiError::Deaf)
    }
}

/// Starts an engine.
type Start<L> = Box<dyn Fn() -> (L, Receiver<Event>)>;

struct App<'a, L> {
    state: State,
    link: L,
    training: &'a mut TrainingHandle,
    /// The engine of the model beside.
    second: Option<(L, Receiver<Event>)>,
    start_second: Start<L>,
    /// The engines of lanes of other models, by their numbers.
    lanes: Vec<lanes::Engine<L>>,
    // Dropped before the guard gives the terminal back.
    terminal: Terminal<CrosstermBackend<Screen>>,
    guard: Guard,
    /// The part of the terminal that is drawn.
    area: Rect,
    clusters: Clusters,
    theme: Theme,
    colours: ColourLevel,
    history_file: Option<PathBuf>,
    models_file: Option<PathBuf>,
    presets_file: Option<PathBuf>,
    progress_file: Option<PathBuf>,
    /// What threads that write files tell.
    told: (UnboundedSender<News>, UnboundedReceiver<News>),
    /// Runs that other processes work on.
    followed: Followed,
    /// Ends the look at what a run would learn from.
    survey: Option<Control>,
    /// The thread that writes the session.
    writing: Option<JoinHandle<()>>,
    tree_records: TreeRecords,
    ascii: bool,
    start: Instant,
    between_frames: Duration,
    /// When the next frame may be drawn.
    due: Instant,
    changed: bool,
    over: bool,
}

impl<'a, L: EngineLink> App<'a, L> {
    fn new(
        options: PlayOptions,
        link: L,
        training: &'a mut TrainingHandle,
        start_second: Start<L>,
    ) -> Result<Self, TuiError> {
        let past = options
            .history_file
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), history::read);
        let past = past.unwrap_or_else(|error| {
            tracing::warn!("the history of prompts could not be read: {error}");
            Vec::new()
        });
        let size = terminal::size()?;
        let area = Rect::from((ratatui::layout::Position::ORIGIN, size));
        let state = State::new(&options, past, size)?;
        let colours = options
            .colours
            .unwrap_or_else(|| ColourLevel::detect(|name| std::env::var(name).ok()));
        let guard = Guard::take(options.mouse)?;
        let now = Instant::now();
        Ok(Self {
            theme: Theme::new(state.screen.theme, colours),
            state,
            link,
            training,
            second: None,
            start_second,
            lanes: Vec::new(),
            terminal: Terminal::with_options(
                CrosstermBackend::new(Screen::default()),
                TerminalOptions {
                    viewport: Viewport::Fixed(area),
                },
            )?,
            guard,
            area,
            clusters: Clusters::default(),
            colours,
            history_file: options.history_file,
            models_file: options.models_file,
            presets_file: options.presets_file,
            progress_file: options.learn.progress_file,
            told: mpsc::unbounded_channel(),
            followed: Followed::default(),
            survey: None,
            writing: None,
            tree_records: options.tree_records,
            ascii: options.ascii,
            start: now,
            between_frames: Duration::from_secs(1) / options.fps.clamp(1, FPS),
            due: now,
            changed: true,
            over: false,
        })
    }

    fn act(&mut self, action: Action) -> Result<(), TuiError> {
        self.changed = true;
        let effects = update(&mut self.state, action);
        self.perform(effects)
    }

    fn hear(&mut self, news: News) -> Result<(), TuiError> {
        self.changed = true;
        let effects = hear(&mut self.state, news);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), TuiError> {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            let answer = match effect {
                Effect::Send(command) => self.link.send(command).err().map(News::Refused),
                Effect::SendSecond(command) => self.send_second(command),
                Effect::SendLanes(engine, command) => self.send_lanes(engine, command),
                Effect::RestartEngine => self
                    .link
                    .restart()
                    .err()
                    .map(|error| News::RestartFailed(error.to_string())),
                Effect::Train(command) => self
                    .training
                    .send(*command)
                    .err()
                    .map(|error| News::TrainingRefused(error.to_string())),
                other => {
                    self.perform_here(other)?;
                    None
                }
            };
            if let Some(news) = answer {
                self.changed = true;
                queue.extend(hear(&mut self.state, news));
            }
        }
        Ok(())
    }

    fn perform_here(&mut self, effect: Effect) -> Result<(), TuiError> {
        match effect {
            Effect::Look(request) => self.link.look(*request),
            Effect::Compare(request) => self.link.compare(*request),
            Effect::Grow(request) => self.link.grow(request.map(|request| *request)),
            Effect::LookAtLanes(None, requests) => self.link.look_at_lanes(requests),
            Effect::LookAtLanes(Some(engine), requests) => {
                if let Some(link) = self.lanes_link(engine) {
                    link.look_at_lanes(requests);
                }
            }
            Effect::LookLane(engine, request) => {
                if let Some(link) = self.lanes_link(engine) {
                    link.look(*request);
                }
            }
            Effect::LoadLanes(engine, request) => self.load_lanes(engine, *request)?,
            Effect::UnloadLanes(engine) => self.end_lanes(engine),
            Effect::CancelRun => self.link.cancel(),
            Effect::LoadSecond(request) => self.load_second(*request)?,
            Effect::UnloadSecond => self.end_second(),
            Effect::LookSecond(request) => {
                if let Some((link, _)) = &self.second {
                    link.look(*request);
                }
            }
            Effect::Remember(prompt) => {
                if let Some(Err(error)) = self
                    .history_file
                    .as_deref()
                    .map(|path| history::append(path, &prompt))
                {
                    tracing::warn!("the prompt could not be remembered: {error}");
                }
            }
            Effect::Copy(text) => self.copy(&text)?,
            Effect::TakeMouse(take) => self.guard.take_mouse(take)?,
            Effect::WriteSession {
                path,
                session,
                tell,
            } => self.write_session(path, session, tell),
            Effect::SetSessionAside(path) => self.set_session_aside(path),
            Effect::ReadSession(path) => self.in_background(move || {
                let read = SessionFile::read(&path);
                News::SessionRead(read.map(Box::new).map_err(|error| error.to_string()))
            }),
            Effect::ListModels(directory) => self.list_models(directory),
            Effect::RememberModel(source) => {
                if let Some(Err(error)) = self
                    .models_file
                    .as_deref()
                    .map(|path| history::append(path, &source))
                {
                    tracing::warn!("the model could not be remembered: {error}");
                }
            }
            Effect::ReadText { path, letters } => self.read_text(path, letters),
            Effect::WriteHandout(path, format, sheet) => self.write_handout(path, format, sheet),
            Effect::WriteTree(path, tree) => self.write_tree(path, tree),
            Effect::DrawScreen(path) => self.draw_screen(path),
            Effect::DrawChart {
                path,
                chart,
                caption,
            } => self.draw_chart(path, *chart, caption),
            Effect::SavePreset(name, sampler) => self.save_preset(name, sampler)?,
            Effect::KeepProgress(progress) => self.keep_progress(progress),
            Effect::Suspend => {
                self.guard.lend();
                stop_process()?;
                self.return_to_terminal()?;
            }
            Effect::Redraw => self.clear()?,
            Effect::Quit => self.over = true,
            Effect::ListRuns { directory, beside } => self.list_runs(directory, beside),
            Effect::WatchRuns(directory) => self.followed.watch(directory, self.told.0.clone()),
            Effect::ForgetRuns => self.followed.forget(),
            Effect::ReadResume(path) => {
                self.in_background(move || News::GoingOn(runs::resume(&path).map(Box::new)))
            }
            Effect::ReadRecipe { path, step } => self
                .in_background(move || News::RecipeRead(runs::recipe(&path, step).map(Box::new))),
            Effect::ExportRun { run, target, half } => self.export_run(run, target, half),
            Effect::DeleteRun(path) => self.delete_run(path),
            Effect::ReadGoingOn(start) => self.read_going_on(*start),
            Effect::Survey { recipe, measure } => self.survey(*recipe, measure),
            Effect::EndSurvey => self.end_survey(),
            Effect::Complete(typed) => self.in_background(move || {
                let (line, names) = completed(&typed);
                News::Completed { typed, line, names }
            }),
            Effect::ListRunNames(directory) => self.list_run_names(directory),
            Effect::FindRoom(directory) => self.find_room(directory),
            Effect::ReadRun { path, beside } => {
                self.followed.read(path, beside, self.told.0.clone());
            }
            Effect::Send(_)
            | Effect::SendSecond(_)
            | Effect::SendLanes(..)
            | Effect::RestartEngine
            | Effect::Train(_) => {}
        }
        Ok(())
    }
}
