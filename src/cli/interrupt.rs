//! Interrupts of what computes in this thread: the first is noticed between two pieces of work, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::{CliError, stderr};

static SEEN: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on an interrupt is noticed ([`came`]) and does not end the process.
///
/// # Errors
/// When no handler can be installed.
pub fn watch() -> Result<(), CliError> {
    let seen = Arc::new(AtomicBool::new(false));
    if SEEN.set(Arc::clone(&seen)).is_ok() {
        register(&seen)?;
    }
    Ok(())
}

#[cfg(unix)]
fn register(seen: &Arc<AtomicBool>) -> Result<(), CliError> {
    use signal_hook::consts::SIGINT;
    use signal_hook::flag;

    // In this order: the first is not seen yet when it is asked whether one came before.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(seen))?;
    flag::register(SIGINT, Arc::clone(seen))?;
    Ok(())
}

/// The system's own handler ends the process.
#[cfg(not(unix))]
fn register(_: &Arc<AtomicBool>) -> Result<(), CliError> {
    Ok(())
}

/// Interrupts as they come, for what waits for other things too. None is lost that comes while nobody waits.
pub struct Interrupts {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Interrupts {
    /// From now on. Must be called within a runtime.
    ///
    /// # Errors
    /// When no handler can be installed.
    pub fn new() -> Result<Self, CliError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                signal: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        self.signal.recv().await;
        // An error says that there is no handler: then none comes.
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// From now on an interrupt ends the process: what waits for a person to type has nothing to finish.
///
/// # Errors
/// When no handler can be installed.
#[cfg(unix)]
pub fn end_at_once() -> Result<(), CliError> {
    use signal_hook::consts::SIGINT;
    use signal_hook::iterator::Signals;

    let mut signals = Signals::new([SIGINT])?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || {
        if signals.forever().next().is_some() {
            // Below what is being typed.
            stderr::line("");
            stderr::error(&CliError::Interrupted.to_string());
            std::process::exit(CliError::Interrupted.exit_code().into());
        }
    })?;
    Ok(())
}

/// As the system's own handler does.
#[cfg(not(unix))]
pub fn end_at_once() -> Result<(), CliError> {
    Ok(())
}

/// Whether an interrupt came.
pub fn came() -> bool {
    SEEN.get().is_some_and(|seen| seen.load(Ordering::Relaxed))
}

/// An error once an interrupt came.
///
/// # Errors
/// So.
pub fn check() -> Result<(), CliError> {
    if came() {
        Err(CliError::Interrupted)
    } else {
        Ok(())
    }
}
