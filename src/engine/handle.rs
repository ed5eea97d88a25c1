//! The engine as seen from outside: a handle that never waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use super::shared::{Loader, Message, Shared};
use super::worker::Worker;
use super::{Command, CompareRequest, Event, GrowRequest, LookRequest, load};
use crate::text::panic_text;

/// Commands that may wait before the engine has served them.
const COMMANDS: usize = 64;
/// Events that may wait before the receiver has taken them; then the engine waits.
const EVENTS: usize = 1024;

/// A command could not be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("the model is busy with earlier commands: try again in a moment")]
    Full,
    #[error("the model's thread has ended: restart it")]
    Ended,
}

/// A command that could not be handed over, given back.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Unsent {
    /// What was to be sent.
    pub command: Box<Command>,
    /// Why it was not.
    pub error: SendError,
}

/// Sends commands to the engine's thread. Dropping it ends the thread.
pub struct EngineHandle {
    messages: mpsc::Sender<Message>,
    /// Kept so that the channel outlives a thread that dies.
    events: mpsc::Sender<Event>,
    shared: Arc<Shared>,
    loader: Loader,
}

impl EngineHandle {
    /// Starts an engine that loads with [`load()`]. No model is loaded yet.
    pub fn spawn() -> (Self, mpsc::Receiver<Event>) {
        Self::spawn_with(Arc::new(|request, progress| load(request, progress)))
    }

    /// Starts an engine that loads with `loader`.
    pub fn spawn_with(loader: Loader) -> (Self, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        let (messages, shared) = start_thread(events.clone(), Arc::clone(&loader));
        let handle = Self {
            messages,
            events,
            shared,
            loader,
        };
        (handle, receiver)
    }

    /// Hands a command over, without waiting.
    ///
    /// # Errors
    /// When too many commands wait, or the thread has ended: the command comes back.
    pub fn send(&self, command: Command) -> Result<(), Unsent> {
        let permit = self.messages.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => SendError::Full,
            mpsc::error::TrySendError::Closed(()) => SendError::Ended,
        });
        match permit {
            Ok(permit) => {
                permit.send(Message::Command(command));
                Ok(())
            }
            Err(error) => Err(Unsent {
                command: Box::new(command),
                error,
            }),
        }
    }

    /// Asks for a look. A request that was not served yet is dropped in favour of this one.
    pub fn look(&self, request: LookRequest) {
        let idle = self.shared.put_look(request);
        self.wake(idle);
    }

    /// Asks for looks at several texts beside each other, which come one by one. Those that were not served yet are dropped
    /// in favour of these.
    pub fn look_at_lanes(&self, requests: Vec<LookRequest>) {
        let idle = self.shared.put_lanes(requests);
        self.wake(idle);
    }

    /// Asks for a comparison of the whole text, in the background. It ends one that goes on.
    pub fn compare(&self, request: CompareRequest) {
        let idle = self.shared.put_compare(request);
        self.wake(idle);
    }

    /// Asks for the tree of what could follow, or for none any more. It ends one that grows, within one pass.
    pub fn grow(&self, request: Option<GrowRequest>) {
        let idle = self.shared.put_grow(request);
        self.wake(idle);
    }

    fn wake(&self, idle: bool) {
        if idle {
            // When the channel is full the engine is awake, and looks into the slots between commands anyway.
            let _ = self.messages.try_send(Message::Wake);
        }
    }

    /// Ends what the engine is doing, within one token.
    pub fn cancel(&self) {
        self.shared.cancel();
        // The command makes the engine lower the flag again; if there is no room for it, the next run does.
        let _ = self.send(Command::Cancel);
    }

    /// Starts a fresh thread in place of one that died. It has no model yet.
    ///
    /// # Errors
    /// When nobody receives events any more.
    pub fn restart(&mut self) -> Result<(), SendError> {
        if self.events.is_closed() {
            return Err(SendError::Ended);
        }
        (self.messages, self.shared) = start_thread(self.events.clone(), Arc::clone(&self.loader));
        Ok(())
    }
}

fn start_thread(
    events: mpsc::Sender<Event>,
    loader: Loader,
) -> (mpsc::Sender<Message>, Arc<Shared>) {
    let (messages, receiver) = mpsc::channel(COMMANDS);
    let shared = Arc::new(Shared::default());
    let for_thread = Arc::clone(&shared);
    let told = events.clone();
    let started = thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            let worker = Worker::new(receiver, events.clone(), for_thread, loader);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| worker.run())) {
                let message = format!("the model's thread panicked: {}", panic_text(&*panic));
                tracing::error!("{message}");
                let _ = events.blocking_send(Event::Died { message });
            }
        });
    if let Err(error) = started {
        let message = format!("the model's thread cannot be started: {error}");
        tracing::error!("{message}");
        let _ = told.try_send(Event::Died { message });
    }
    (messages, shared)
}
