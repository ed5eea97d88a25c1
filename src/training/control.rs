//! The reins of a run, for whoever started it: looked at before every step.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What was asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Requests {
    /// Write a checkpoint after this step.
    pub checkpoint: bool,
    /// Take this rate from now on.
    pub learning_rate: Option<f64>,
    pub stop: bool,
    pub abandon: bool,
}

#[derive(Debug, Default)]
struct State {
    paused: bool,
    /// Whether the run is held at the end of the epoch.
    to_epoch_end: bool,
    requests: Requests,
}

/// Steers a run from another thread. Copies steer the same run.
#[derive(Debug, Clone, Default)]
pub struct Control {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Control {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.shared.1.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the run before its next step.
    pub fn pause(&self) {
        self.change(|state| state.paused = true);
    }

    /// Lets it go on to the end of the epoch, and holds it there.
    pub fn pause_after_epoch(&self) {
        self.change(|state| (state.paused, state.to_epoch_end) = (false, true));
    }

    /// An epoch is over, and not the last: holds the run if that was asked for.
    pub(super) fn epoch_ended(&self) {
        self.change(|state| state.paused |= std::mem::take(&mut state.to_epoch_end));
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.change(|state| (state.paused, state.to_epoch_end) = (false, false));
    }

    /// Writes a checkpoint after the step under way.
    pub fn checkpoint(&self) {
        self.change(|state| state.requests.checkpoint = true);
    }

    /// Takes this learning rate from the next step on; the schedule goes on in proportion.
    pub fn set_learning_rate(&self, rate: f64) {
        self.change(|state| state.requests.learning_rate = Some(rate));
    }

    /// Saves and ends after the step under way. While the corpus is read: ends at once.
    pub fn stop(&self) {
        self.change(|state| state.requests.stop = true);
    }

    /// Ends without saving.
    pub fn abandon(&self) {
        self.change(|state| state.requests.abandon = true);
    }

    /// Whether the run is held.
    pub fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Whether the run is to end.
    pub fn is_ending(&self) -> bool {
        let requests = self.state().requests;
        requests.stop || requests.abandon
    }

    /// What was asked since the last call. What ends the run stays asked.
    pub(super) fn take(&self) -> Requests {
        let mut state = self.state();
        let requests = state.requests;
        state.requests.checkpoint = false;
        state.requests.learning_rate = None;
        requests
    }

    /// Waits while the run is held. Anything that is asked meanwhile ends the wait; only [`Self::resume`] and what
    /// ends the run end the pause.
    pub(super) fn wait(&self) {
        let state = self.state();
        let waits = |state: &mut State| state.paused && state.requests == Requests::default();
        drop(self.shared.1.wait_while(state, waits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_asked_and_requests_come_once() {
        let control = Control::default();
        control.pause();
        let waiter = control.clone();
        let thread = std::thread::spawn(move || {
            waiter.wait();
            waiter.take()
        });
        control.set_learning_rate(0.5);
        let taken = thread.join().expect("a thread");
        assert_eq!((taken.learning_rate, taken.stop), (Some(0.5), false));
        assert!(control.is_paused() && control.take() == Requests::default());
        control.pause_after_epoch();
        assert!(!control.is_paused());
        control.epoch_ended();
        assert!(control.is_paused());
        control.resume();
        control.epoch_ended();
        assert!(!control.is_paused());
        control.stop();
        control.wait();
        assert!(control.take().stop && control.take().stop && control.is_ending());
    }
}
