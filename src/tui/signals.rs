//! The signals that end, stop and continue the playground.

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Leave,
    Suspend,
    Continue,
}

#[cfg(unix)]
pub use unix::{Signals, stop_process};

#[cfg(unix)]
mod unix {
    use std::io;

    use signal_hook::consts::{SIGCONT, SIGTSTP};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::Wish;

    /// SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP and SIGCONT, as a stream of wishes.
    pub struct Signals {
        terminate: Signal,
        hang_up: Signal,
        interrupt: Signal,
        quit: Signal,
        suspend: Signal,
        resume: Signal,
    }

    impl Signals {
        /// Starts to listen.
        ///
        /// # Errors
        /// When a handler cannot be installed.
        pub fn new() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
                suspend: signal(SignalKind::from_raw(SIGTSTP))?,
                resume: signal(SignalKind::from_raw(SIGCONT))?,
            })
        }

        /// The next wish.
        pub async fn next(&mut self) -> Wish {
            tokio::select! {
                _ = self.terminate.recv() => Wish::Leave,
                _ = self.hang_up.recv() => Wish::Leave,
                _ = self.interrupt.recv() => Wish::Leave,
                _ = self.quit.recv() => Wish::Leave,
                _ = self.suspend.recv() => Wish::Suspend,
                _ = self.resume.recv() => Wish::Continue,
            }
        }
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
pub use elsewhere::{Signals, stop_process};

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use super::Wish;

    /// Ctrl-Break and the like end the process by themselves; there is nothing to listen for.
    pub struct Signals;

    impl Signals {
        /// # Errors
        /// Never.
        pub fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for ever.
        pub async fn next(&mut self) -> Wish {
            std::future::pending().await
        }
    }

    /// There is no such thing as stopping a process here.
    ///
    /// # Errors
    /// Never.
    pub fn stop_process() -> io::Result<()> {
        Ok(())
    }
}
