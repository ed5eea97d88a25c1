//! Notices that the terminal is gone, whether or not a signal says so: a program that is no session's leader, or whose
//! session has lost its terminal, gets none.

use tokio::sync::mpsc::UnboundedSender;

use super::wishes::{Wish, wish};

/// Watches the terminal on standard input and output, and wishes to leave once it is gone.
///
/// # Errors
/// When the system has no thread for it.
#[cfg(unix)]
pub fn watch(wishes: UnboundedSender<Wish>) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("hang-up".to_owned());
    thread.spawn(move || {
        unix::until_gone();
        wish(&wishes, Wish::Leave);
    })?;
    Ok(())
}

/// There is nothing to watch: the system ends the programs of a console that is closed.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn watch(_: UnboundedSender<Wish>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::io;

    use libc::{POLLERR, POLLHUP, POLLNVAL, STDIN_FILENO, STDOUT_FILENO, c_int, pollfd};

    /// Between two tries to read nothing, in milliseconds.
    const BETWEEN: c_int = 500;

    /// Waits until one of the two has hung up, or cannot be read.
    pub fn until_gone() {
        // Hang-ups are told of whether or not they are asked for. What cannot be polled says so at once, and is not.
        let mut watched = [STDIN_FILENO, STDOUT_FILENO].map(|fd| pollfd {
            fd,
            events: 0,
            revents: 0,
        });
        loop {
            // SAFETY: the pointer and the length are those of the array.
            let polled = unsafe { libc::poll(watched.as_mut_ptr(), 2, BETWEEN) };
            for terminal in &mut watched {
                if polled > 0 && terminal.revents & (POLLHUP | POLLERR) != 0 {
                    return;
                }
                if polled > 0 && terminal.revents & POLLNVAL != 0 {
                    // A negative one is passed over.
                    terminal.fd = -1;
                }
            }
            if reading_fails() {
                return;
            }
        }
    }

    /// Whether the terminal cannot be read although it is there, as in a background that no shell can bring to the
    /// front any more. Reads nothing to find out.
    fn reading_fails() -> bool {
        let mut nothing = [0u8; 0];
        // SAFETY: no byte is written to the buffer.
        let read = unsafe { libc::read(STDIN_FILENO, nothing.as_mut_ptr().cast(), 0) };
        read < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EIO)
    }
}
