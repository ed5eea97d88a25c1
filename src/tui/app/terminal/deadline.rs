//! Ends the process when it was told to end and does not.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::fatal;

/// Time to save and leave in, after a signal or a hang-up: many times what is needed, so that it passes only where
/// something waits for ever, such as a disk that is gone.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    Set,
    Met,
}

static STATE: Mutex<State> = Mutex::new(State::Idle);
static CHANGED: Condvar = Condvar::new();

/// From now on the playground has to end in time.
pub(super) fn set() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if *state != State::Idle {
        return;
    }
    *state = State::Set;
    drop(state);
    let thread = thread::Builder::new().name("deadline".to_owned());
    // Without a thread nothing ends what hangs, but nothing else is lost.
    let _ = thread.spawn(|| {
        let state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = CHANGED.wait_timeout_while(state, LONGEST, |state| *state == State::Set);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *state == State::Set {
            tracing::error!("something kept the playground from ending: it was ended");
            fatal::give_back();
            std::process::exit(1);
        }
    });
}

/// The playground has ended.
pub fn met() {
    *STATE.lock().unwrap_or_else(PoisonError::into_inner) = State::Met;
    CHANGED.notify_all();
}
