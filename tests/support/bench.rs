//! An engine under test and what it told.

use logitscope::engine::{Command, EngineHandle, Event, RunState};
use tokio::sync::mpsc::Receiver;

pub struct Bench {
    pub engine: EngineHandle,
    pub events: Receiver<Event>,
}

impl Bench {
    pub fn send(&self, command: Command) {
        self.engine
            .send(command)
            .expect("there is room for a command");
    }

    /// Waits for an event that fits, and returns all up to it.
    pub fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let event = self.events.blocking_recv().expect("the engine lives");
            seen.push(event);
            if fits(&seen[seen.len() - 1]) {
                return seen;
            }
        }
    }

    pub fn until_state(&mut self, wanted: RunState) -> Vec<Event> {
        self.until(|event| matches!(event, Event::State { state } if *state == wanted))
    }
}
