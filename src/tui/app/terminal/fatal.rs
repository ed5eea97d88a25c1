//! The signals of a process that is about to die (an abort because memory ran out, a stack that overflowed, a file that
//! was cut while it was mapped): the terminal is given back first.

#[cfg(unix)]
pub use unix::{give_back, watch};

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::OnceLock;

    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, STDIN_FILENO, STDOUT_FILENO, c_int};

    use super::super::taken;

    const FATAL: [c_int; 5] = [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE];

    /// All that a handler needs, made before it can be called: in it memory must not be allocated, nor a lock taken.
    struct Before {
        /// What makes the screen the shell's again.
        bytes: Vec<u8>,
        /// The terminal's modes, if it told them.
        modes: Option<libc::termios>,
        /// What was to be done with each of the signals.
        actions: [Option<libc::sigaction>; FATAL.len()],
    }

    static BEFORE: OnceLock<Before> = OnceLock::new();

    /// Notes the terminal's modes and catches the signals, once.
    pub fn watch() {
        let mut new = false;
        BEFORE.get_or_init(|| {
            new = true;
            Before {
                bytes: taken::restoring_bytes(),
                modes: modes(),
                actions: FATAL.map(action_of),
            }
        });
        if new {
            for signal in FATAL {
                // SAFETY: a zeroed `sigaction` is one without flags and with an empty mask.
                let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
                action.sa_sigaction = on_fatal as *const () as libc::sighandler_t;
                // On the stack that the standard library keeps for the handler of an overflow.
                action.sa_flags = libc::SA_ONSTACK | libc::SA_SIGINFO;
                // SAFETY: the handler does only what handlers may.
                unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
            }
        }
    }

    fn modes() -> Option<libc::termios> {
        let mut modes = MaybeUninit::uninit();
        // SAFETY: the modes are filled in where the call succeeds, and read only then.
        unsafe {
            let told = libc::tcgetattr(STDIN_FILENO, modes.as_mut_ptr()) == 0;
            told.then(|| modes.assume_init())
        }
    }

    fn action_of(signal: c_int) -> Option<libc::sigaction> {
        let mut action = MaybeUninit::uninit();
        // SAFETY: as above.
        unsafe {
            let told = libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0;
            told.then(|| action.assume_init())
        }
    }

    extern "C" fn on_fatal(signal: c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        give_back();
        // What was to be done is done next. A fault happens again where it happened; a signal that was sent, as an
        // abort sends it to itself, comes again.
        let place = FATAL.iter().position(|fatal| *fatal == signal);
        let before = place.and_then(|place| BEFORE.get()?.actions[place].as_ref());
        // SAFETY: the system hands out information on the signal, and the action is one that it gave.
        unsafe {
            let is_fault = info.as_ref().is_some_and(|info| info.si_code > 0);
            match before {
                Some(action) if is_fault => libc::sigaction(signal, action, ptr::null_mut()),
                _ => {
                    libc::signal(signal, libc::SIG_DFL);
                    libc::raise(signal)
                }
            };
        }
    }

    /// Gives the terminal back, if it is taken, with nothing but what a signal's handler may do.
    pub fn give_back() {
        if let Some(before) = BEFORE.get()
            && taken::let_go()
        {
            // A terminal that takes nothing is not waited for.
            let mut terminal = libc::pollfd {
                fd: STDOUT_FILENO,
                events: libc::POLLOUT,
                revents: 0,
            };
            // SAFETY: the pointers and lengths are those of living values.
            unsafe {
                if libc::poll(&raw mut terminal, 1, 0) == 1 && terminal.revents == libc::POLLOUT {
                    libc::write(
                        STDOUT_FILENO,
                        before.bytes.as_ptr().cast(),
                        before.bytes.len(),
                    );
                }
                if let Some(modes) = &before.modes {
                    libc::tcsetattr(STDIN_FILENO, libc::TCSANOW, modes);
                }
            }
        }
    }
}

/// Such signals are not known here.
#[cfg(not(unix))]
pub fn watch() {}

/// Gives the terminal back as far as that is possible.
#[cfg(not(unix))]
pub fn give_back() {}
