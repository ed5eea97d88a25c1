//! The loop: takes in all that came, then draws at most one frame, none when nothing changed. What the engine says is
//! drawn at most 60 times a second; what the user does is drawn at once.

mod beside;
mod outside;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IsTerminal};
use std::iter;
use std::path::PathBuf;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{
    Event as Input, EventStream, KeyEventKind, MouseButton, MouseEvent, MouseEventKind,
};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use futures::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::guard::{Guard, Screen};
use super::keys::Key;
use super::signals::{Signals, Wish, stop_process};
use super::theme::Theme;
use super::{
    Action, ColourLevel, Effect, EngineLink, KeymapError, Mouse, MouseKind, PlayOptions,
    SessionFile, State, ascii, history, update, view,
};
use crate::engine::{Command, Event, TrainingHandle, TrainingNews};

/// Most frames a second, the user's own doings aside.
const FPS: u32 = 60;
/// Most inputs or events taken in before a frame that is due is drawn.
const BURST: usize = 1024;
/// Longest wait for the engine's last texts on the way out.
const LAST_SAVE: Duration = Duration::from_secs(2);

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
}

/// Runs the playground until the user or a signal ends it. The engine's events come over `events`, commands go to
/// `link`; the model that the options name is loaded first. `second` starts an engine for a model beside that one. A
/// run of training that goes on when the user leaves is left to the caller, see [`TrainingHandle::finish`].
///
/// # Errors
/// When there is no terminal, the keys of the options cannot be, or the terminal fails.
pub async fn run<L: EngineLink>(
    options: PlayOptions,
    link: L,
    mut events: Receiver<Event>,
    training: (&mut TrainingHandle, Receiver<TrainingNews>),
    second: impl Fn() -> (L, Receiver<Event>) + 'static,
) -> Result<(), TuiError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let session = options.session.clone();
    let (training, mut news) = training;
    let mut app = App::new(options, link, training, Box::new(second))?;
    let mut signals = Signals::new()?;
    let mut input = EventStream::new();
    let mut events_open = true;
    match session {
        Some(session) => app.act(Action::SessionRead(Ok(session)))?,
        None => app.perform(vec![Effect::Send(Command::Load(app.state.load.clone()))])?,
    }
    while !app.over {
        if app.changed && Instant::now() >= app.due {
            app.draw()?;
        }
        tokio::select! {
            biased;
            wish = signals.next() => app.wish(wish)?,
            first = input.next() => {
                let mut next = Some(first);
                for _ in 0..BURST {
                    let Some(one) = next else { break };
                    // The end of input means that the terminal is gone.
                    app.due = Instant::now();
                    app.input(one.ok_or(io::ErrorKind::UnexpectedEof).map_err(io::Error::from)??)?;
                    // Polled by this task's own waker: a stream polled with another one would wake that.
                    next = poll_fn(|context| Poll::Ready(match input.poll_next_unpin(context) {
                        Poll::Ready(more) => Some(more),
                        Poll::Pending => None,
                    }))
                    .await;
                }
            }
            first = events.recv(), if events_open => {
                events_open = first.is_some();
                for event in burst(first.unwrap_or_else(Event::closed), &mut events) {
                    app.act(Action::Engine(event))?;
                }
            }
            Some(first) = news.recv() => {
                for one in burst(first, &mut news) {
                    app.act(Action::Training(one))?;
                }
            }
            heard = beside::hear(&mut app.beside) => {
                for event in heard {
                    app.act(Action::Beside(event))?;
                }
            }
            Some(action) = app.told.1.recv() => app.act(action)?,
            () = sleep_until(app.due), if app.changed => {}
        }
    }
    app.save_last(&mut events).await?;
    app.link.cancel();
    // The engine may be gone already, which is what is asked for.
    let _ = app.link.send(Command::Shutdown);
    Ok(())
}

/// Starts an engine.
type Start<L> = Box<dyn Fn() -> (L, Receiver<Event>)>;

/// What came first and what else is there already.
fn burst<T>(first: T, more: &mut Receiver<T>) -> impl Iterator<Item = T> {
    let more = iter::from_fn(|| more.try_recv().ok());
    iter::once(first).chain(more).take(BURST)
}

struct App<'a, L> {
    state: State,
    link: L,
    training: &'a mut TrainingHandle,
    /// The engine of the model beside.
    beside: Option<(L, Receiver<Event>)>,
    second: Start<L>,
    // Dropped before the guard gives the terminal back.
    terminal: Terminal<CrosstermBackend<Screen>>,
    guard: Guard,
    theme: Theme,
    colours: ColourLevel,
    history_file: Option<PathBuf>,
    models_file: Option<PathBuf>,
    presets_file: Option<PathBuf>,
    /// What threads that write files tell.
    told: (UnboundedSender<Action>, UnboundedReceiver<Action>),
    /// The thread that writes the session.
    writing: Option<JoinHandle<()>>,
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
        second: Start<L>,
    ) -> Result<Self, TuiError> {
        let past = options
            .history_file
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), history::read);
        let past = past.unwrap_or_else(|error| {
            tracing::warn!("the history of prompts could not be read: {error}");
            Vec::new()
        });
        let (width, height) = crossterm::terminal::size()?;
        let state = State::new(&options, past, Size::new(width, height))?;
        let colours = options
            .colours
            .unwrap_or_else(|| ColourLevel::detect(|name| std::env::var(name).ok()));
        let guard = Guard::take(options.mouse)?;
        let now = Instant::now();
        Ok(Self {
            theme: Theme::new(state.theme, colours),
            state,
            link,
            training,
            beside: None,
            second,
            terminal: Terminal::new(CrosstermBackend::new(Screen::new()))?,
            guard,
            colours,
            history_file: options.history_file,
            models_file: options.models_file,
            presets_file: options.presets_file,
            told: mpsc::unbounded_channel(),
            writing: None,
            ascii: options.ascii,
            start: now,
            between_frames: Duration::from_secs(1) / options.fps.clamp(1, FPS),
            due: now,
            changed: true,
            over: false,
        })
    }

    fn input(&mut self, input: Input) -> Result<(), TuiError> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                match self.state.key_action(Key::from(key)) {
                    Some(action) => self.act(action),
                    None => Ok(()),
                }
            }
            Input::Paste(text) => self.act(Action::Paste(text)),
            Input::Resize(width, height) => self.act(Action::Resize(width, height)),
            Input::Mouse(event) => match mouse(event) {
                Some(moved) => self.act(Action::Mouse(moved)),
                None => Ok(()),
            },
            Input::Key(_) | Input::FocusGained | Input::FocusLost => Ok(()),
        }
    }

    fn wish(&mut self, wish: Wish) -> Result<(), TuiError> {
        match wish {
            Wish::Leave => self.act(Action::Leave),
            Wish::Suspend => self.act(Action::Suspend),
            Wish::Continue => self.return_to_terminal(),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), TuiError> {
        self.changed = true;
        let effects = update(&mut self.state, action);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), TuiError> {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            let answer = match effect {
                Effect::Send(command) => match self.link.send(command.clone()) {
                    Ok(()) => None,
                    Err(error) => Some(Action::Refused {
                        command: Box::new(command),
                        error,
                    }),
                },
                Effect::SendBeside(command) => self.send_beside(command),
                Effect::RestartEngine => self
                    .link
                    .restart()
                    .err()
                    .map(|error| Action::RestartFailed(error.to_string())),
                Effect::Train(command) => self
                    .training
                    .send(*command)
                    .err()
                    .map(Action::TrainingRefused),
                other => {
                    self.perform_here(other)?;
                    None
                }
            };
            if let Some(action) = answer {
                self.changed = true;
                queue.extend(update(&mut self.state, action));
            }
        }
        Ok(())
    }

    fn perform_here(&mut self, effect: Effect) -> Result<(), TuiError> {
        match effect {
            Effect::Look(request) => self.link.look(*request),
            Effect::Compare(request) => self.link.compare(*request),
            Effect::CancelRun => self.link.cancel(),
            Effect::LoadBeside(request) => self.load_beside(*request)?,
            Effect::UnloadBeside => self.end_beside(),
            Effect::LookBeside(request) => {
                if let Some((link, _)) = &self.beside {
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
            Effect::ReadSession(path) => {
                let read = SessionFile::read(&path);
                let read = read.map(Box::new).map_err(|error| error.to_string());
                self.act(Action::SessionRead(read))?;
            }
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
            Effect::DrawChart(path, chart) => self.draw_chart(path, *chart),
            Effect::SavePreset(name, sampler) => self.save_preset(name, sampler)?,
            Effect::Suspend => {
                self.guard.lend();
                stop_process()?;
                self.return_to_terminal()?;
            }
            Effect::Redraw => self.clear()?,
            Effect::Quit => self.over = true,
            Effect::ListRuns { directory, beside } => self.list_runs(directory, beside),
            Effect::ReadRun { path, beside } => self.read_run(path, beside),
            Effect::Send(_) | Effect::SendBeside(_) | Effect::RestartEngine | Effect::Train(_) => {}
        }
        Ok(())
    }

    /// At the end: what is new since the session was saved last, as far as the engine tells it in time.
    async fn save_last(&mut self, events: &mut Receiver<Event>) -> Result<(), TuiError> {
        if self.state.autosave_file.is_some() && self.state.model.is_some() {
            self.link.cancel();
            let deadline = Instant::now() + LAST_SAVE;
            if self.link.send(Command::Save).is_ok() {
                while let Ok(Some(event)) = timeout_at(deadline, events.recv()).await {
                    let is_last = matches!(event, Event::Saved { .. });
                    self.act(Action::Engine(event))?;
                    if is_last {
                        break;
                    }
                }
            }
        }
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
        Ok(())
    }

    /// After the process was stopped and continued.
    fn return_to_terminal(&mut self) -> Result<(), TuiError> {
        self.guard.take_again()?;
        self.clear()
    }

    /// Forgets what is on screen, so that the next frame is drawn whole.
    fn clear(&mut self) -> Result<(), TuiError> {
        let (width, height) = crossterm::terminal::size()?;
        // Not `Terminal::clear`, which asks the terminal where its cursor is and waits for the answer.
        self.terminal.resize(Rect::new(0, 0, width, height))?;
        self.act(Action::Resize(width, height))
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        let now = Instant::now();
        self.changed = false;
        let effects = update(&mut self.state, Action::Frame(now - self.start));
        self.perform(effects)?;
        self.theme = Theme::new(self.state.theme, self.colours);
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            view(&self.state, &self.theme, frame);
            if self.ascii {
                ascii::replace(frame.buffer_mut());
            }
        })?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        io::Write::flush(self.terminal.backend_mut())?;
        // A frame that comes late, as beside a busy model they do, is made up for by the next.
        let steady = self.due + self.between_frames;
        self.due = steady.max(now + self.between_frames / 2);
        Ok(())
    }
}

/// What a mouse event means; moving without a button means nothing.
fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Mouse {
        kind,
        column: event.column,
        row: event.row,
    })
}
