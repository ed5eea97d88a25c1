//! The second engine, of the model that reads along: it comes and goes.

use tokio::sync::mpsc::Receiver;

use super::turns::burst;
use super::{App, TuiError};
use crate::engine::{Command, Event, SendError};
use crate::model::LoadRequest;
use crate::tui::{EngineLink, News};

/// What the second engine says next; waits for ever while there is none.
pub(super) async fn hear<L>(second: &mut Option<(L, Receiver<Event>)>) -> Vec<Event> {
    match second {
        Some((_, events)) => {
            let first = events.recv().await.unwrap_or_else(Event::closed);
            burst(first, events).collect()
        }
        None => std::future::pending().await,
    }
}

impl<L: EngineLink> App<'_, L> {
    /// Starts the second engine anew, with a model.
    pub(super) fn load_second(&mut self, request: LoadRequest) -> Result<(), TuiError> {
        self.end_second();
        self.second = Some((self.start_second)());
        match self.send_second(Command::Load(request)) {
            Some(news) => self.hear(news),
            None => Ok(()),
        }
    }

    /// Hands a command to the second engine. What keeps it from arriving is told as the engine would.
    pub(super) fn send_second(&self, command: Command) -> Option<News> {
        let (link, _) = self.second.as_ref()?;
        let error = link.send(command).err()?.error;
        let message = error.to_string();
        Some(News::Second(match error {
            SendError::Full => Event::Failed { message },
            SendError::Ended => Event::Died { message },
        }))
    }

    /// Without its handle, the second engine ends as soon as it notices.
    pub(super) fn end_second(&mut self) {
        if let Some((link, _)) = self.second.take() {
            link.cancel();
        }
    }
}
