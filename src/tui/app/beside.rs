//! The second engine, of the model that reads along: it comes and goes.

use tokio::sync::mpsc::Receiver;

use super::turns::burst;
use super::{App, TuiError};
use crate::engine::{Command, Event, SendError};
use crate::model::LoadRequest;
use crate::tui::{EngineLink, News};

/// What the second engine says next; waits for ever while there is none.
pub(super) async fn hear<L>(beside: &mut Option<(L, Receiver<Event>)>) -> Vec<Event> {
    match beside {
        Some((_, events)) => {
            let first = events.recv().await.unwrap_or_else(Event::closed);
            burst(first, events).collect()
        }
        None => std::future::pending().await,
    }
}

impl<L: EngineLink> App<'_, L> {
    /// Starts the second engine anew, with a model.
    pub(super) fn load_beside(&mut self, request: LoadRequest) -> Result<(), TuiError> {
        self.end_beside();
        self.beside = Some((self.second)());
        match self.send_beside(Command::Load(request)) {
            Some(news) => self.hear(news),
            None => Ok(()),
        }
    }

    /// Hands a command to the second engine. What keeps it from arriving is told as the engine would.
    pub(super) fn send_beside(&self, command: Command) -> Option<News> {
        let (link, _) = self.beside.as_ref()?;
        let error = link.send(command).err()?.error;
        let message = error.to_string();
        Some(News::Beside(match error {
            SendError::Full => Event::Failed { message },
            SendError::Ended => Event::Died { message },
        }))
    }

    /// Without its handle, the second engine ends as soon as it notices.
    pub(super) fn end_beside(&mut self) {
        if let Some((link, _)) = self.beside.take() {
            link.cancel();
        }
    }
}
