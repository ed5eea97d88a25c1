//! What ends a run from outside: an interrupt, a request to end, a terminal that hung up. All save first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::{CliError, stderr};
use crate::training::Control;

/// From now on the first signal saves and stops the run. A second interrupt or request quits at once; a hang-up never
/// does, since systems send one beside a request. Returns what tells whether a signal came.
///
/// # Errors
/// When a handler cannot be installed.
pub fn watch(control: &Control) -> Result<Arc<AtomicBool>, CliError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (control, seen) = (control.clone(), Arc::clone(&interrupted));
    let mut asked = false;
    listen(move |asks| {
        if asks && asked {
            std::process::exit(130);
        }
        asked |= asks;
        seen.store(true, Ordering::Relaxed);
        // Before it is told of: there may be nobody to tell.
        control.stop();
        if asks {
            stderr::clear_bar();
            stderr::warn("saving and stopping; interrupt again to quit at once");
        }
    })?;
    Ok(interrupted)
}

/// Calls `heard` for each signal, with whether it asks the program to end. Registered before this returns, so that no
/// signal finds the system's own handler.
#[cfg(unix)]
fn listen(mut heard: impl FnMut(bool) + Send + 'static) -> Result<(), CliError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let mut wanted = vec![SIGINT, SIGTERM];
    // Under `nohup` a run is to survive its terminal.
    if !is_ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    let mut signals = Signals::new(wanted)?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || {
        for signal in signals.forever() {
            heard(signal != SIGHUP);
        }
    })?;
    Ok(())
}

/// Whether whoever started this program wants a signal to be ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the action is filled in where the call succeeds, and read only then.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// As on other systems, for Ctrl-C.
#[cfg(not(unix))]
fn listen(mut heard: impl FnMut(bool) + Send + 'static) -> Result<(), CliError> {
    let runtime = crate::cli::runtime()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                heard(true);
            }
        });
    });
    Ok(())
}
