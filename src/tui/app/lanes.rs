//! The engines of lanes of other models: each comes and goes with its lanes.

use std::future::poll_fn;
use std::task::Poll;

use tokio::sync::mpsc::Receiver;

use super::turns::burst;
use super::{App, TuiError};
use crate::engine::{Command, Event, SendError};
use crate::model::LoadRequest;
use crate::tui::{EngineLink, News};

/// One of them.
pub(super) struct Engine<L> {
    number: usize,
    link: L,
    events: Receiver<Event>,
    /// Whether its channel has not closed.
    open: bool,
}

/// What any of them says next, and which; waits for ever while there is none.
pub(super) async fn hear<L>(engines: &mut [Engine<L>]) -> (usize, Vec<Event>) {
    let (at, first) = poll_fn(|context| {
        for (at, engine) in engines.iter_mut().enumerate() {
            if engine.open
                && let Poll::Ready(event) = engine.events.poll_recv(context)
            {
                engine.open = event.is_some();
                return Poll::Ready((at, event));
            }
        }
        Poll::Pending
    })
    .await;
    let engine = &mut engines[at];
    let first = first.unwrap_or_else(Event::closed);
    (engine.number, burst(first, &mut engine.events).collect())
}

impl<L: EngineLink> App<'_, L> {
    /// The sending side of one.
    pub(super) fn lanes_link(&self, number: usize) -> Option<&L> {
        let mut engines = self.lanes.iter();
        let found = engines.find(|engine| engine.number == number);
        found.map(|engine| &engine.link)
    }

    /// Starts one anew, with a model.
    pub(super) fn load_lanes(
        &mut self,
        number: usize,
        request: LoadRequest,
    ) -> Result<(), TuiError> {
        self.end_lanes(number);
        let (link, events) = (self.start_second)();
        self.lanes.push(Engine {
            number,
            link,
            events,
            open: true,
        });
        match self.send_lanes(number, Command::Load(request)) {
            Some(news) => self.hear(news),
            None => Ok(()),
        }
    }

    /// Hands a command to one. What keeps it from arriving is told as the engine would.
    pub(super) fn send_lanes(&self, number: usize, command: Command) -> Option<News> {
        let link = self.lanes_link(number)?;
        if command == Command::Cancel {
            // What goes on ends within a token, whatever waits before.
            link.cancel();
            return None;
        }
        let error = link.send(command).err()?.error;
        let message = error.to_string();
        let told = match error {
            SendError::Full => Event::Failed { message },
            SendError::Ended => Event::Died { message },
        };
        Some(News::Lanes(number, told))
    }

    /// Without its handle, an engine ends as soon as it notices.
    pub(super) fn end_lanes(&mut self, number: usize) {
        if let Some(at) = self.lanes.iter().position(|it| it.number == number) {
            self.lanes.swap_remove(at).link.cancel();
        }
    }
}
