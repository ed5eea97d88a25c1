//! Keys, pastes, the mouse and new sizes, read by a thread of its own: crossterm's reader does not come back from a
//! terminal that ended while it was read, and then spins. Here it keeps nobody but that thread, until [`super::watch`]
//! has noticed the end.

use std::io;
use std::thread;

use crossterm::event::{Event, read};
use tokio::sync::mpsc::{self, Receiver};

/// Inputs that may wait before the loop has taken them; then the terminal waits.
const INPUTS: usize = 1024;

/// Starts to read. An error is the last that comes.
///
/// # Errors
/// When the system has no thread for it.
pub fn read_keys() -> io::Result<Receiver<io::Result<Event>>> {
    let (sender, receiver) = mpsc::channel(INPUTS);
    let thread = thread::Builder::new().name("keys".to_owned());
    thread.spawn(move || {
        loop {
            let event = read();
            let is_last = event.is_err();
            if sender.blocking_send(event).is_err() || is_last {
                break;
            }
        }
    })?;
    Ok(receiver)
}
