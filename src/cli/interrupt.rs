//! Interrupts of what computes in this thread: the first is noticed between two pieces of work, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::CliError;

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
