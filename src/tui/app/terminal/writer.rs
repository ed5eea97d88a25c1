//! Writes to the terminal in a thread of its own, so that one that takes nothing keeps only that thread.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use super::taken;

/// What the thread has to tell.
#[derive(Default)]
struct State {
    /// Writes that were sent and are not done.
    pending: usize,
    /// Whether there is a thread.
    started: bool,
    failure: Option<io::Error>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);
/// Signalled after each write, for those who block.
static WRITTEN: Condvar = Condvar::new();
/// Signalled after each write, for the loop.
static NEWS: Notify = Notify::const_new();

static WRITES: LazyLock<Sender<Vec<u8>>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name("terminal".to_owned());
    let started = thread.spawn(move || write_all(&receiver)).is_ok();
    state().started = started;
    sender
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(writes: &Receiver<Vec<u8>>) {
    let mut out = io::stdout();
    for bytes in writes {
        done(out.write_all(&bytes).and_then(|()| out.flush()));
    }
}

fn done(written: io::Result<()>) {
    let mut state = state();
    state.pending -= 1;
    if let Err(error) = written {
        state.failure.get_or_insert(error);
    }
    drop(state);
    WRITTEN.notify_all();
    NEWS.notify_one();
}

/// Sends bytes to the terminal, after those that were sent before. Never waits.
pub fn send(bytes: Vec<u8>) {
    let writes = &*WRITES;
    let mut now = state();
    now.pending += 1;
    let started = now.started;
    drop(now);
    if !started {
        // The system has no thread for us; then the terminal may be waited for.
        let mut out = io::stdout();
        done(out.write_all(&bytes).and_then(|()| out.flush()));
    } else if writes.send(bytes).is_err() {
        done(Err(io::ErrorKind::BrokenPipe.into()));
    }
}

/// Whether the terminal has taken all that was sent.
pub fn is_idle() -> bool {
    state().pending == 0
}

/// Waits until something was written, or could not be.
pub async fn news() {
    NEWS.notified().await;
}

/// Why something could not be written, once.
pub fn failure() -> Option<io::Error> {
    state().failure.take()
}

/// Waits until all was written, but not longer than that. Returns whether it was.
pub fn settle(longest: Duration) -> bool {
    let waited = WRITTEN.wait_timeout_while(state(), longest, |state| state.pending > 0);
    let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    state.pending == 0
}

/// Collects a frame and sends it at once when flushed. What was not flushed when the terminal is given back, such as
/// half a frame after a panic, is never written.
#[derive(Debug, Default)]
pub struct Screen {
    frame: Vec<u8>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.frame);
        if taken::is_taken() && !frame.is_empty() {
            self.frame.reserve(frame.len());
            send(frame);
        }
        Ok(())
    }
}
