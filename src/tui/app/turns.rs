//! A turn of the loop: a frame if one is due, then whatever comes first. And the last turn, which saves.

use std::io;
use std::iter;
use std::time::Duration;

use crossterm::event::Event as Input;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{App, TuiError, lanes, second};
use crate::engine::{Command, Event, TrainingNews};
use crate::tui::app::terminal::{Wish, writer};
use crate::tui::{Action, EngineLink, News};

/// Most inputs or events taken in before a frame that is due is drawn.
const BURST: usize = 1024;
/// Longest time that inputs are taken in for before signals are looked at.
const LONGEST_BURST: Duration = Duration::from_millis(50);
/// Longest wait for the engine's last texts on the way out.
const LAST_SAVE: Duration = Duration::from_secs(2);

/// Where everything comes from.
pub(super) struct Sources {
    pub(super) wishes: UnboundedReceiver<Wish>,
    pub(super) input: Receiver<io::Result<Input>>,
    pub(super) events: Receiver<Event>,
    pub(super) events_open: bool,
    pub(super) news: Receiver<TrainingNews>,
}

/// What came first and what else is there already.
pub(super) fn burst<T>(first: T, more: &mut Receiver<T>) -> impl Iterator<Item = T> {
    let more = iter::from_fn(|| more.try_recv().ok());
    iter::once(first).chain(more).take(BURST)
}

impl<L: EngineLink> App<'_, L> {
    /// Draws if that is due and the terminal has taken the frame before, then takes in what comes.
    pub(super) async fn turn(&mut self, sources: &mut Sources) -> Result<(), TuiError> {
        if let Some(error) = writer::failure() {
            return Err(error.into());
        }
        if self.changed && writer::is_idle() && Instant::now() >= self.due {
            self.draw()?;
        }
        let leaves = self.state.next_by_itself();
        let leaves = leaves.map(|at| self.start + at);
        tokio::select! {
            biased;
            Some(wish) = sources.wishes.recv() => self.wish(wish)?,
            // The next frame may be due, or the terminal has failed.
            () = writer::news() => {}
            first = sources.input.recv() => {
                let begun = Instant::now();
                // The end of input means that the terminal is gone.
                let first = first.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
                for one in burst(first, &mut sources.input) {
                    self.due = begun;
                    self.input(one?)?;
                    if begun.elapsed() > LONGEST_BURST {
                        break;
                    }
                }
            }
            first = sources.events.recv(), if sources.events_open => {
                sources.events_open = first.is_some();
                for event in burst(first.unwrap_or_else(Event::closed), &mut sources.events) {
                    self.hear(News::Engine(event))?;
                }
            }
            Some(first) = sources.news.recv() => {
                for one in burst(first, &mut sources.news) {
                    self.hear(News::Training(one))?;
                }
            }
            heard = second::hear(&mut self.second) => {
                for event in heard {
                    self.hear(News::Second(event))?;
                }
            }
            (engine, heard) = lanes::hear(&mut self.lanes) => {
                for event in heard {
                    self.hear(News::Lanes(engine, event))?;
                }
            }
            Some(news) = self.told.1.recv() => self.hear(news)?,
            () = sleep_until(self.due), if self.changed && writer::is_idle() => {}
            () = sleep_until(leaves.unwrap_or(self.due)), if leaves.is_some() && !self.changed => {
                self.changed = true;
            }
        }
        Ok(())
    }

    fn wish(&mut self, wish: Wish) -> Result<(), TuiError> {
        match wish {
            Wish::Leave => self.hear(News::Leave),
            Wish::Suspend => self.act(Action::Suspend),
            Wish::Continue => self.return_to_terminal(),
        }
    }

    /// At the end, whatever brought it about: what is new since the session was saved last, as far as the engine tells
    /// it in time. What fails by the way keeps nothing else from being saved.
    pub(super) async fn save_last(&mut self, events: &mut Receiver<Event>) {
        if self.state.saving.autosave_file.is_some() && self.state.engine.model.is_some() {
            self.link.cancel();
            let deadline = Instant::now() + LAST_SAVE;
            if self.link.send(Command::Save).is_ok() {
                while let Ok(Some(event)) = timeout_at(deadline, events.recv()).await {
                    let is_last = matches!(event, Event::Saved { .. });
                    if let Err(error) = self.hear(News::Engine(event)) {
                        tracing::warn!("while leaving: {error}");
                    }
                    if is_last {
                        break;
                    }
                }
            }
        }
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}
