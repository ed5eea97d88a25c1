//! The signals that end, stop and continue the playground, heard by a thread of their own whatever the loop does.

use tokio::sync::mpsc::UnboundedSender;

use super::deadline;

/// What a signal, or a terminal that is gone, asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Leave,
    Suspend,
    Continue,
}

/// Tells the loop, which then has only so much time to leave.
pub(super) fn wish(wishes: &UnboundedSender<Wish>, wish: Wish) {
    if wishes.send(wish).is_ok() && wish == Wish::Leave {
        deadline::set();
    }
}

#[cfg(unix)]
pub use unix::{listen, stop_process};

#[cfg(unix)]
mod unix {
    use std::{io, thread};

    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;
    use tokio::sync::mpsc::UnboundedSender;

    use super::{Wish, wish};

    /// Listens for SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP and SIGCONT from now on.
    ///
    /// # Errors
    /// When a handler cannot be installed, or the system has no thread for it.
    pub fn listen(wishes: UnboundedSender<Wish>) -> io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || {
            for signal in signals.forever() {
                let meant = match signal {
                    SIGTSTP => Wish::Suspend,
                    SIGCONT => Wish::Continue,
                    _ => Wish::Leave,
                };
                wish(&wishes, meant);
            }
        })?;
        Ok(())
    }

    /// Stops this process as Ctrl-Z does; returns when it is continued.
    ///
    /// # Errors
    /// When the signal cannot be raised.
    pub fn stop_process() -> io::Result<()> {
        signal_hook::low_level::emulate_default_handler(SIGTSTP)
    }
}

#[cfg(not(unix))]
pub use elsewhere::{listen, stop_process};

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use tokio::sync::mpsc::UnboundedSender;

    use super::Wish;

    /// Ctrl-Break and the like end the process by themselves; there is nothing to listen for.
    ///
    /// # Errors
    /// Never.
    pub fn listen(_: UnboundedSender<Wish>) -> io::Result<()> {
        Ok(())
    }

    /// There is no such thing as stopping a process here.
    ///
    /// # Errors
    /// Never.
    pub fn stop_process() -> io::Result<()> {
        Ok(())
    }
}
